"""Secrets come from files, standard input or a keyring too, and no message repeats a value."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from gorgias_api.arguments import without_values
from gorgias_api.cli.secrets import SECRETS
from tests.api.command import Gorgias

if TYPE_CHECKING:
    from pathlib import Path

    from gorgias_sandbox.serve import Sandbox

SECRET = "s3cr3t-v4lue"


@pytest.fixture
def gorgias(sandbox: Sandbox) -> Gorgias:
    """The command with all settings but the key."""
    return Gorgias(None, api_url=sandbox.api_url, username=sandbox.email)


def flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


@pytest.mark.parametrize("option", ["--api-key-file", "--password-file"])
@pytest.mark.parametrize("written", ["{}", "{}\n", " {}\r\n\n"])
def test_a_secret_may_come_from_a_file(
    gorgias: Gorgias, sandbox: Sandbox, tmp_path: Path, option: str, written: str
) -> None:
    (tmp_path / "key").write_text(written.format(sandbox.api_key))
    assert gorgias(option, tmp_path / "key", "account").json["domain"] == "acme"


def test_a_secret_may_come_from_standard_input_before_the_body(
    gorgias: Gorgias, sandbox: Sandbox
) -> None:
    key = f"{sandbox.api_key}\n"
    assert gorgias("--api-key-file", "-", "account", stdin=key).json["domain"] == "acme"
    words = ("--api-key-file", "-", "call", "create-tag", "--input", "-")
    assert gorgias(*words, stdin=f'{key}{{"name": "new"}}').json["name"] == "new"


def test_every_secret_has_an_option_for_a_file(tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("two\nlines")
    for setting in SECRETS:
        for name in setting.names:
            ended = Gorgias()(f"{flag(name)}-file", tmp_path / "wrong", "account")
            assert ended.code == 2
            assert f"{flag(setting.name)}-file' must hold the secret in one line" in ended.err


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file"),
        (b"", "must hold the secret in one line"),
        (b" \n", "must hold the secret in one line"),
        (b"s3cr3t-v4lue\ns3cr3t-v4lue\n", "must hold the secret in one line"),
        (b"s3cr3t-v4lue" * 10_000, "must hold the secret in one line"),
        (b"s3cr3t-v4lue\xff", "not text in UTF-8"),
    ],
)
def test_a_file_without_a_secret_is_one_sentence_without_what_it_holds(
    gorgias: Gorgias, tmp_path: Path, content: bytes | None, why: str
) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    ended = gorgias("--api-key-file", tmp_path / "key", "account")
    assert (ended.code, ended.out) == (2, "")
    assert why in ended.err
    assert SECRET not in ended.err


def test_an_endless_file_is_not_read_to_its_end(gorgias: Gorgias) -> None:
    assert gorgias("--api-key-file", "/dev/zero", "account").code == 2


def test_a_secret_is_given_once(gorgias: Gorgias, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SECRET)
    ended = gorgias("--api-key", SECRET, "--api-key-file", tmp_path / "key", "account")
    assert ended.code == 2
    assert "Both '--api-key' and '--api-key-file' are given" in ended.err
    ended = gorgias("--api-key-file", "-", "--client-secret-file", "-", "account", stdin="x\ny\n")
    assert "Only one secret can come from standard input." in ended.err
    assert SECRET not in ended.err


class NoKeyringError(Exception):
    """As the library raises where no keyring is."""


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    """The library, as if it were installed, and what it keeps by service and name."""
    kept: dict[tuple[str, str], str] = {}

    def get_password(service: str, name: str) -> str | None:
        if service == "broken":
            raise NoKeyringError(SECRET)
        return kept.get((service, name))

    library, errors = ModuleType("keyring"), ModuleType("keyring.errors")
    library.get_password = get_password  # type: ignore[attr-defined]  # a module made here
    errors.KeyringError = NoKeyringError  # type: ignore[attr-defined]  # likewise
    monkeypatch.setitem(sys.modules, "keyring", library)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    return kept


def test_a_secret_may_come_from_a_keyring(
    gorgias: Gorgias, sandbox: Sandbox, keyring: dict[tuple[str, str], str]
) -> None:
    keyring["help desk", "api_key"] = sandbox.api_key
    assert gorgias("--keyring", "help desk", "account").json["domain"] == "acme"
    assert gorgias("account", GORGIAS_KEYRING="help desk").json["domain"] == "acme"
    assert "'api_key' is missing" in gorgias("--keyring", "another", "account").err
    keyring["help desk", "api_key"] = "old"
    key = ("--api-key", sandbox.api_key)
    assert gorgias("--keyring", "help desk", *key, "account").json["domain"] == "acme"


def test_a_keyring_that_is_not_there_is_one_sentence(
    gorgias: Gorgias, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)  # as where it is not installed
    ended = gorgias("--keyring", "x", "account")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        "gorgias: The option '--keyring' needs 'singer-gorgias[keyring]' to be installed.\n"
    )


@pytest.mark.usefixtures("keyring")
def test_a_keyring_that_fails_is_one_sentence_without_its_words(gorgias: Gorgias) -> None:
    ended = gorgias("--keyring", "broken", "account")
    assert ended.code == 2
    assert ended.err == ("gorgias: The keyring of this system cannot be used (NoKeyringError).\n")


@pytest.mark.parametrize(
    "words",
    [
        ("request", "GET", "/api/x", "--header", f"Authorization: {SECRET}"),
        ("request", "GET", "/api/x", "--param", SECRET),
        ("request", "GET", "/api/x", "--form", SECRET),
        ("request", "GET", "/api/x", "--file", SECRET),
        ("request", "GET", "/api/x", f"token={SECRET}"),
        ("request", "GET", f"https://x/?token={SECRET}"),
        ("request", f"token={SECRET}", "/api/x"),
        ("request", "GET", "/api/x", "--headr", f"X={SECRET}"),
        ("request", "GET", "/api/x", f"--headr=X={SECRET}"),
        (f"api_key={SECRET}",),
        (f"api_key={SECRET} with blanks", "account"),
        ("account", f"api_key={SECRET}"),
        ("call", f"api_key={SECRET}"),
        ("call", "get-ticket", f"api_key={SECRET}"),
        ("download", f"token={SECRET}"),
        ("search", f"api_key={SECRET}"),
        (f"--api_key={SECRET}", "account"),
        (f"--api-key{SECRET}", "account"),
        ("account", SECRET),
    ],
)
def test_no_message_repeats_a_value(gorgias: Gorgias, words: tuple[str, ...]) -> None:
    ended = gorgias("--api-key", "k", *words)
    assert ended.code
    assert ended.err
    assert SECRET not in ended.out + ended.err


@pytest.mark.parametrize("module", ["tap_gorgias", "target_gorgias", "target_gorgias.ledger_cli"])
def test_no_message_of_tap_and_target_repeats_a_value(module: str) -> None:
    command = [sys.executable, "-m", module, f"api_key={SECRET}"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert ended.returncode == 2
    assert "api_key=***" in ended.stderr
    assert SECRET not in ended.stdout + ended.stderr


@settings_of_hypothesis(max_examples=200)
@given(
    name=st.text(st.characters(categories=["L", "N"]), max_size=5),
    value=st.text(min_size=1, max_size=8).map(lambda text: f"<{text}>"),
)
def test_a_value_is_hidden_as_it_is_and_as_python_shows_it(name: str, value: str) -> None:
    word = f"{name}={value}"
    for message in (f"No such command {word!r}.", f"'{word}' is wrong."):
        assert value not in without_values(message, ["request", word])
