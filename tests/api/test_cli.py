"""The command `gorgias`: what it prints, and how it ends."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from gorgias_api.cli import main
from tests.api.conftest import API_KEY
from tests.api.server import Reply, refusal, reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gorgias_sandbox.serve import Sandbox
    from tests.api.server import Server

NAMES = ("DOMAIN", "USERNAME", "API_KEY", "API_URL", "MAX_RETRIES", "ACCESS_TOKEN")


@pytest.fixture(autouse=True)
def _environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(f"GORGIAS_{name}", raising=False)
        monkeypatch.delenv(f"TAP_GORGIAS_{name}", raising=False)
    monkeypatch.setenv("GORGIAS_API_URL", f"{server.url}/api")
    monkeypatch.setenv("TAP_GORGIAS_USERNAME", API_KEY["username"])
    monkeypatch.setenv("GORGIAS_API_KEY", API_KEY["api_key"])


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    """The command sets up logging for its whole process; this one lives on."""
    handlers, level = list(logging.root.handlers), logging.root.level
    yield
    logging.root.handlers[:], logging.root.level = handlers, level


@pytest.fixture
def gorgias(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["gorgias", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


def test_account_prints_what_the_api_answers(gorgias: Any, server: Server) -> None:
    server.replies.append(reply({"domain": "acmé"}))
    assert gorgias("account") == (0, '{\n  "domain": "acmé"\n}\n', "")
    assert server.targets() == ["GET /api/account"]


def test_request_sends_parameters_and_body(
    gorgias: Any,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "body.json"
    file.write_text('{"from": "file"}')
    monkeypatch.setattr("sys.stdin", file.open())
    bodies = ('{"from": "text"}', f"@{file}", "-", "null")
    for body in bodies:
        parameters = ("--param", "types=a", "--param", "types=b=c")
        assert gorgias("request", "put", "/api/x", *parameters, "--data", body)[0] == 0
    sys.stdin.close()
    assert server.targets() == ["PUT /api/x?types=a&types=b%3Dc"] * 4
    sent = [json.loads(asked.body) for asked in server.asked]
    assert sent == [{"from": "text"}, {"from": "file"}, {"from": "file"}, None]


def test_an_empty_answer_prints_nothing(gorgias: Any, server: Server) -> None:
    server.replies.append(Reply(204, b""))
    assert gorgias("request", "DELETE", "/api/tickets/1") == (0, "", "")


def test_a_refusal_is_one_sentence_and_exit_code_1(gorgias: Any, server: Server) -> None:
    server.replies.append(refusal(404, "Resource not found."))
    assert gorgias("request", "GET", "/api/tickets/1") == (
        1,
        "",
        "gorgias: GET /api/tickets/1 was answered 404: Resource not found.\n",
    )


def test_a_server_that_is_not_there_is_exit_code_1(gorgias: Any, unused_url: str) -> None:
    code, out, err = gorgias("--api-url", f"{unused_url}/api", "--max-retries", "1", "account")
    assert (code, out) == (1, "")
    assert err == (
        "gorgias: GET /api/account could not be sent: no connection to 127.0.0.1 (Connection "
        "refused); check 'domain', 'api_url' and the network.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--domain", "evil.com/", "account"], "does not name a Gorgias account"),
        (["--access-token", "t0ken", "account"], "Two kinds of credentials are set"),
        (["--config", "absent.json", "account"], "cannot be read as JSON (FileNotFoundError)"),
        (["request", "GET", "https://evil.example.com/"], "is not a path of the API"),
        (["request", "GET", "/api/x", "--param", "limit"], "is not of the form NAME=VALUE"),
        (["request", "GET", "/api/x", "--data", "{"], "The body is not JSON"),
        (["request", "GET", "/api/x", "--data", "@absent.json"], "absent.json cannot be read"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(
    gorgias: Any,
    server: Server,
    arguments: list[str],
    complaint: str,
) -> None:
    code, out, err = gorgias(*arguments)
    assert (code, out) == (2, "")
    assert complaint in err
    assert err.startswith("gorgias: ")
    assert err.count("\n") == 1
    assert "t0ken" not in err
    assert not server.asked


@pytest.mark.parametrize("arguments", [["nonsense"], ["account", "--nonsense"], ["request", "GET"]])
def test_a_command_nobody_knows_is_one_sentence_and_exit_code_2(
    gorgias: Any, arguments: list[str]
) -> None:
    code, out, err = gorgias(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("gorgias: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("contents", "complaint"),
    [
        ("{", "cannot be read as JSON (JSONDecodeError)"),
        ("\udcff", "cannot be read as JSON (UnicodeDecodeError)"),
        ("[]", "does not hold an object"),
        ('{"api_kye": "k"}', "There is no setting 'api_kye': did you mean 'api_key'?"),
        ('{"max_retries": "k"}', "must be of type integer"),
    ],
)
def test_a_settings_file_that_cannot_be_used_is_exit_code_2(
    gorgias: Any,
    tmp_path: Path,
    contents: str,
    complaint: str,
) -> None:
    config = tmp_path / "config.json"
    config.write_bytes(contents.encode(errors="surrogateescape"))
    code, _, err = gorgias("--config", str(config), "account")
    assert code == 2
    assert complaint in err


def test_a_flag_wins_over_the_environment_and_that_over_the_file(
    gorgias: Any,
    server: Server,
    tmp_path: Path,
) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"user_agent": "file/1", "api_key": "from-the-file"}))
    assert gorgias("--config", str(config), "account")[0] == 0
    assert gorgias("--config", str(config), "--user-agent", "flag/1", "account")[0] == 0
    assert [asked.headers["User-Agent"] for asked in server.asked] == ["file/1", "flag/1"]


def test_a_flag_wins_over_an_alias_in_the_file(gorgias: Any, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"subdomain": "acme", "password": "from-the-file"}))
    assert gorgias("--config", str(config), "--domain", "other", "account")[0] == 0


def test_debug_requests_are_shown_without_the_key(gorgias: Any) -> None:
    code, _, err = gorgias("--debug-requests", "account")
    assert code == 0
    assert "GET /api/account -> 200" in err
    assert API_KEY["api_key"] not in err
    assert API_KEY["username"] not in err


def test_help_names_every_setting_and_no_value(gorgias: Any) -> None:
    code, out, _ = gorgias("--help")
    assert code == 0
    assert "--rate-limit-share" in out
    assert API_KEY["api_key"] not in out


def test_the_installed_command_talks_to_the_sandbox(sandbox: Sandbox) -> None:
    command = [sys.executable, "-c", "from gorgias_api.cli import main; main()"]
    settings = ["--api-url", sandbox.api_url, "--username", sandbox.email]

    def run(key: str) -> subprocess.CompletedProcess[str]:
        whole = [*command, *settings, "--api-key", key, "account"]
        return subprocess.run(whole, capture_output=True, text=True, check=False)  # noqa: S603 - our own command

    right, wrong = run(sandbox.api_key), run("wr0ng")
    assert (right.returncode, right.stderr) == (0, "")
    assert json.loads(right.stdout)["domain"] == "acme"
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr.startswith("gorgias: GET /api/account was answered 401")
    assert wrong.stderr.count("\n") == 1
    assert "wr0ng" not in wrong.stderr
