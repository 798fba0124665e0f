"""Whatever happens, a program ends in a sentence and exit code 1 or 2, without a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from gorgias_api.cli import main as gorgias
from gorgias_api.lastresort import LastResort
from tests.api.conftest import OAUTH
from tests.api.server import Reply, Server, reply, scripted
from tests.security.here import run_here
from tests.security.test_odd_answers import ODD, RAW, SECRET, always, tells, variables
from tests.target.support import lines, rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAMS = {
    "gorgias": ("-c", "from gorgias_api.cli import main; main()", "account"),
    "login": ("-c", "from gorgias_api.cli import main; main()", "login", "--no-browser"),
    "tap": ("-m", "tap_gorgias", "--config=ENV"),
    "target": ("-m", "target_gorgias", "--config=ENV"),
    "ledger": ("-m", "target_gorgias.ledger_cli", "--config=ENV", "list"),
    "sandbox": ("-m", "gorgias_sandbox", "--port=0", "--tickets=0"),
}
BROKEN = f"""
import sys
def broken(*_, **__):
    raise KeyError({SECRET!r})
import gorgias_api.settings, gorgias_sandbox.serve
gorgias_api.settings.Settings.from_mapping = broken
gorgias_sandbox.serve.backend_for = broken
"""
"""Run before a program: whatever it is asked for then meets an error that nobody expects."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with scripted() as server:
        yield server


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_unexpected_error_is_named_by_kind_and_place(tmp_path: Path, program: str) -> None:
    how, what, *more = PROGRAMS[program]
    run = f"import runpy\nrunpy.run_module({what!r}, run_name='__main__')" if how == "-m" else what
    command = [sys.executable, "-c", BROKEN + run, *more]
    if how == "-m":
        command = [sys.executable, "-c", f"{BROKEN}sys.argv[0] = {what!r}\n{run}", *more]
    ended = subprocess.run(  # noqa: S603 - our own modules
        command,
        input=b"",
        capture_output=True,
        check=False,
        timeout=30,
        env=os.environ | {"HOME": str(tmp_path), "TAP_GORGIAS_DOMAIN": "acme"},
    )
    told = ended.stderr.decode()
    assert ended.returncode == 1, told
    assert "Traceback" not in told
    assert SECRET not in told
    assert "KeyError in " in told
    assert "unexpected error" in told.splitlines()[-1]


def test_what_is_expected_passes_the_last_resort() -> None:
    said: list[str] = []
    with pytest.raises(SystemExit) as ended, LastResort("x", said.append):
        sys.exit(2)
    assert ended.value.code == 2
    with pytest.raises(KeyboardInterrupt), LastResort("x", said.append):
        raise KeyboardInterrupt
    assert said == []


TOKENS: dict[str, Reply] = {
    **{name: Reply(200, body) for name, body in RAW.items()},
    **{f"{name} as answer": reply(value) for name, value in ODD.items()},
    **{f"{name} as token": reply({"access_token": value}) for name, value in ODD.items()},
    **{
        f"{name} as lifetime": reply({"access_token": "t", "expires_in": value})
        for name, value in ODD.items()
    },
    **{
        f"{name} as next": reply({"access_token": "t", "refresh_token": value})
        for name, value in ODD.items()
    },
}


def test_odd_answers_of_the_token_endpoint_are_told_in_a_sentence(
    server: Server, tmp_path: Path
) -> None:
    environment = variables("GORGIAS", server, tmp_path, **OAUTH)
    for name, answer in TOKENS.items():
        (tmp_path / "tokens.json").unlink(missing_ok=True)
        server.answer = always(answer)
        ended = run_here(gorgias, "account", **environment)
        tells(ended)
        assert "unexpected" not in ended.err, name


@pytest.mark.parametrize(
    "stored",
    [
        *("[]", "1", "null", '"x"', "{", "[" * 100_000, '{"x": 1}', '{"expires_at": "soon"}'),
        *('{"access_token": 5}', '{"access_token": "a", "expires_at": {}}', '{"origin": []}'),
    ],
)
def test_a_token_store_of_another_kind_is_told_in_a_sentence(
    server: Server, tmp_path: Path, stored: str
) -> None:
    (tmp_path / "tokens.json").write_text(stored)
    server.answer = lambda _asked: reply(1)
    ended = run_here(gorgias, "account", **variables("GORGIAS", server, tmp_path, **OAUTH))
    assert ended.code == 2
    assert "'token_store'" in ended.err
    assert "unexpected" not in ended.err


@pytest.mark.parametrize("secret", ["κλειδί", "k\u20acy", "\u2028", "k\ud800", "a\0b", "a\nb", "é"])
@pytest.mark.parametrize(
    "given",
    [
        {"username": "a@example.com", "api_key": "?"},
        {"username": "?", "api_key": "k"},
        {**OAUTH, "client_secret": "?"},
        {**OAUTH, "client_id": "?"},
        {**OAUTH, "refresh_token": "?"},
        {"access_token": "?"},
        {"access_token": "t", "user_agent": "?"},
    ],
)
def test_a_secret_beyond_latin_1_is_sent_or_refused_in_a_sentence(
    server: Server, tmp_path: Path, secret: str, given: dict[str, str]
) -> None:
    server.answer = lambda asked: reply({"access_token": "t"} if "token" in asked.target else 1)
    settings: dict[str, Any] = {name: value.replace("?", secret) for name, value in given.items()}
    settings |= {"api_url": f"{server.url}/api", "token_store": str(tmp_path / "tokens.json")}
    config = tmp_path / "config.json"
    config.write_text(json.dumps(settings))
    ended = run_here(gorgias, "--config", config, "account")
    assert ended.code in {0, 2}
    assert "unexpected" not in ended.err
    assert secret not in ended.err


@pytest.mark.parametrize("words", [("GÉT", "/api/x"), ("G T", "/api/x"), ("GET\r\n", "/api/x")])
def test_a_verb_that_http_does_not_have_is_a_mistake(
    server: Server, tmp_path: Path, words: tuple[str, str]
) -> None:
    ended = run_here(gorgias, "request", *words, **variables("GORGIAS", server, tmp_path))
    assert ended.code in {1, 2}
    assert "unexpected" not in ended.err


def test_certificates_in_a_pipe_are_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for place in (pipe, "/dev/zero", tmp_path / "none"):
        account = {
            "GORGIAS_DOMAIN": "acme",
            "GORGIAS_ACCESS_TOKEN": "t",
            "GORGIAS_MAX_RETRIES": "1",
        }
        ended = run_here(gorgias, "account", REQUESTS_CA_BUNDLE=str(place), **account)
        assert ended.code == 2
        assert "REQUESTS_CA_BUNDLE" in ended.err


def test_odd_answers_show_no_traceback_in_real_processes(server: Server, tmp_path: Path) -> None:
    server.answer = lambda _asked: Reply(200, RAW["a row 900 deep"])
    given = lines(rows("tags", {"name": "vip", "key": "1"}, keys=["key"])).encode()
    for program, prefix in (("tap", "TAP_"), ("target", "TARGET_")):
        ended = subprocess.run(  # noqa: S603 - our own modules
            [sys.executable, *PROGRAMS[program]],
            input=given,
            capture_output=True,
            check=False,
            timeout=60,
            env=os.environ | variables(f"{prefix}GORGIAS", server, tmp_path),
        )
        assert ended.returncode == 1
        assert b"Traceback" not in ended.stderr
        assert b"unexpected" not in ended.stderr
