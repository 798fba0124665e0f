"""Mistakes in the settings: one sentence each, before anything is written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gorgias_api import GorgiasError, SettingsError
from target_gorgias import ledger
from target_gorgias.target import TargetGorgias
from tests.target.support import Row, rows, state

if TYPE_CHECKING:
    from tests.target.support import Desk

MISTAKES: list[tuple[Row, str]] = [
    ({"api_keyy": "x"}, "There is no setting 'api_keyy': did you mean 'api_key'?"),
    ({"batch_size_rows": 5}, "There is no setting 'batch_size_rows'"),
    ({"domain": "a.b/c"}, "The setting 'domain' does not name a Gorgias account"),
    ({"api_key": None}, "The setting 'api_key' is missing"),
    ({"api_url": "http://gorgias.example"}, "The setting 'api_url' must be an https address"),
    ({"on_error": "stop"}, "The setting 'on_error' must be 'fail' or 'continue'."),
    ({"on_unknown_stream": "x"}, "The setting 'on_unknown_stream' must be 'fail' or 'skip'."),
    ({"max_rejects": -1}, "The setting 'max_rejects' must not be below 0."),
    ({"max_rejects": "few"}, "The setting 'max_rejects' must be of type integer."),
    ({"max_deletes": -1}, "The setting 'max_deletes' must not be below 0."),
    ({"max_deletes": True}, "The setting 'max_deletes' must be of type integer."),
    ({"max_parallelism": 0}, "The setting 'max_parallelism' must be 1 to 64, not 0."),
    ({"max_parallelism": 65}, "The setting 'max_parallelism' must be 1 to 64, not 65."),
    ({"allow_sending": "maybe"}, "'allow_sending' must be of type boolean: true or false"),
    ({"dry_run": 2}, "The setting 'dry_run' must be of type boolean: true or false"),
    ({"plan_path": "/nowhere/plan", "dry_run": True}, "'plan_path' must be a file in a folder"),
    ({"rejects_path": "/nowhere/rejects.jsonl"}, "'rejects_path' must be a file in a folder"),
    ({"rejects_path": "x" * 300}, "'rejects_path' must be a file in a folder that exists."),
    ({"rejects_path": "."}, "'rejects_path' must be a file in a folder that exists."),
    ({"summary_path": "/nowhere/summary.json"}, "'summary_path' must be a file in a folder"),
    ({"streams": []}, "The setting 'streams' must be of type object, as JSON."),
    ({"streams": {"a": 5}}, "'streams' for 'a' must name an operation, or be an object."),
    ({"streams": {"a": None}}, "'streams' for 'a' must name an operation, or be an object."),
    (
        {"streams": {"a": "update_ticket"}},
        "'update_ticket', which is no operation: did you mean 'update_tickets'?",
    ),
    ({"streams": {"a": {"operation": 5}}}, "names '5', which is no operation."),
    (
        {"streams": {"a": {"operations": "tickets"}}},
        "has no option 'operations': did you mean 'operation'?",
    ),
    ({"streams": {"a": {"ids": "mine"}}}, "must have 'gorgias' or 'source' for 'ids'."),
    ({"streams": {"a": {"nulls": True}}}, "must have 'leave' or 'write' for 'nulls'."),
    ({"streams": {"a": {"replace": "tags"}}}, "must have a list of columns for 'replace'."),
    ({"streams": {"a": {"replace": ["tag"]}}}, "cannot replace 'tag': did you mean 'tags'?"),
    ({"streams": {"a": {"replace": ["subject"]}}}, "cannot replace 'subject'"),
]


@pytest.mark.parametrize(("mistake", "sentence"), MISTAKES)
def test_a_mistake_in_a_setting_is_named(desk: Desk, mistake: Row, sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        desk.write(**mistake)
    assert sentence in str(caught.value)
    assert str(caught.value).endswith((".", "?"))


LEDGERS = [
    ("mysql://somebody:secret@host/db", "must be an SQLAlchemy URL of SQLite or PostgreSQL"),
    ("ledger.db", "must be an SQLAlchemy URL of SQLite or PostgreSQL"),
    ("postgresql+pg8000://a:b@host/db", "needs 'singer-gorgias\\[postgres\\]' to be installed"),
    ("sqlite+nonsense:///x", "must be an SQLAlchemy URL of SQLite or PostgreSQL"),
    ("postgresql://a:b@host:port/db", "must be an SQLAlchemy URL of SQLite or PostgreSQL"),
    ("sqlite://", "must name a file"),
    ("sqlite:///:memory:", "must name a file"),
    ("sqlite:////proc/nowhere/ledger.db", "cannot be written"),
    ("sqlite:////tmp", "must name a file"),
]


@pytest.mark.parametrize(("url", "sentence"), LEDGERS)
def test_a_ledger_that_cannot_be_is_named(desk: Desk, url: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence) as caught:
        desk.write(ledger_url=url)
    assert "secret" not in str(caught.value)


def test_a_ledger_that_is_no_database_is_one_sentence(desk: Desk) -> None:
    path = desk.folder / "other.db"
    path.write_text("This is no database." * 500)
    ended = desk.run("", ledger_url=f"sqlite:///{path}")
    assert ended.returncode == 1
    assert (
        "other.db cannot be used (the file is no SQLite database); nothing more is written."
        in ended.stderr
    )
    assert "Traceback" not in ended.stderr


def test_a_database_that_nobody_answers_for_is_one_sentence(desk: Desk) -> None:
    ended = desk.run("", ledger_url="postgresql://somebody:secret@127.0.0.1:9/db")
    assert ended.returncode == 1
    assert "The ledger postgresql+psycopg://somebody:***@127.0.0.1:9/db cannot be" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "secret" not in ended.stderr


def test_the_ledger_lies_next_to_the_tokens_by_default(desk: Desk) -> None:
    store = desk.folder / "home" / "tokens.json"
    tags = rows("tags", {"name": "a"}, keys=["name"])
    desk.write(*tags, ledger_url=None, token_store=str(store))
    desk.forget()
    desk.write(*tags, ledger_url=None, token_store=str(store))
    assert desk.written == []
    assert (desk.folder / "home" / "tokens.ledger.db").stat().st_mode & 0o777 == 0o600


def test_ledgers_of_two_accounts_may_share_a_database(desk: Desk) -> None:
    tags = rows("tags", {"name": "a"}, keys=["name"])
    desk.write(*tags)
    other = desk.sandbox.api_url.replace("127.0.0.1", "localhost")
    desk.write(*tags, api_url=other)
    assert desk.summary["tags"]["updated"] == 1


@pytest.mark.parametrize("text", ["", "[1]", "{broken"])
def test_a_settings_file_that_cannot_be_read_is_one_sentence(tmp_path: Path, text: str) -> None:
    ended = command(tmp_path, text)
    assert ended.returncode == 2
    assert "The settings file" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({}, "The setting 'domain' is missing"),
        ({"api_keyy": "x"}, "did you mean 'api_key'"),
        (
            {"domain": "acme", "username": "a@acme.example", "api_key": "k", "streams": {"a": "b"}},
            "names 'b', which is no operation.",
        ),
    ],
)
def test_a_mistake_in_the_settings_is_one_sentence_and_exit_code_2(
    tmp_path: Path, config: Row, sentence: str
) -> None:
    ended = command(tmp_path, json.dumps(config))
    assert ended.returncode == 2
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr


def command(tmp_path: Path, config: str) -> subprocess.CompletedProcess[str]:
    path = tmp_path / "config.json"
    path.write_text(config)
    line = [sys.executable, "-m", "target_gorgias", f"--config={path}"]
    return subprocess.run(line, input="", capture_output=True, text=True, check=False)  # noqa: S603 - our own module


def test_about_names_every_setting() -> None:
    about = [sys.executable, "-m", "target_gorgias", "--about", "--format=json"]
    ended = subprocess.run(about, capture_output=True, text=True, check=True)  # noqa: S603 - our own module
    told = json.loads(ended.stdout)["settings"]["properties"].keys()
    assert {"streams", "ledger_url", "allow_sending", "hard_delete", "stream_maps"} <= told
    assert not {"batch_size_rows", "load_method", "add_record_metadata"} & told


def test_the_target_tells_its_settings_to_nobody() -> None:
    with pytest.raises(SettingsError) as caught:
        TargetGorgias(config={"api_key": ["secret"]})
    assert "secret" not in str(caught.value)


def test_mistakes_are_found_only_when_asked_for() -> None:
    assert TargetGorgias(validate_config=False).config == {}


def test_two_runs_at_once_are_one_sentence(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "PATIENCE", 0.1)
    first = ledger.Ledger(desk.settings["ledger_url"], desk.sandbox.api_url)
    with pytest.raises(ledger.LedgerError, match="Another run is using the ledger sqlite:///"):
        desk.write(*rows("tags", {"name": "a"}))
    first.close()
    desk.write(*rows("tags", {"name": "a"}))
    assert desk.summary["tags"]["created"] == 1


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="needs a disk that is always full")
@pytest.mark.parametrize("name", ["rejects_path", "plan_path", "summary_path"])
def test_a_file_that_cannot_be_written_ends_the_run_in_one_sentence(desk: Desk, name: str) -> None:
    settings = {name: str(FULL), "dry_run": name == "plan_path", "on_error": "continue"}
    with pytest.raises(GorgiasError, match=r"/dev/full cannot be written \(No space left on"):
        desk.write(*rows("tags", {"name": []}, {"name": "a"}), state(1), **settings)
    assert desk.states == ([{"at": 1}] if name == "summary_path" else [])
