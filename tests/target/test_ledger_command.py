"""The command that shows and forgets what the ledger says."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from contextlib import closing, redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING

import pytest

from target_gorgias import ledger_cli
from target_gorgias.entries import PENDING, Entry
from target_gorgias.ledger import Ledger
from tests.target.support import MAIL, NOTE, Ended, rows

if TYPE_CHECKING:
    from tests.target.support import Desk, Row

KEY = ("number",)
TICKET = {"customer_email": "lea@shop.example", "messages": [MAIL]}


def command(desk: Desk, *arguments: str, **variables: str) -> Ended:
    """Run it with the settings of the target."""
    config = desk.folder / "config.json"
    config.write_text(json.dumps(desk.settings | {"stream_maps": {}}))
    out, log = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patched, redirect_stdout(out), redirect_stderr(log):
        patched.setattr(sys, "argv", [ledger_cli.NAME, f"--config={config}", *arguments])
        for name, value in variables.items():
            patched.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            ledger_cli.main()
    code = ended.value.code
    return Ended(code if isinstance(code, int) else 0, out.getvalue(), log.getvalue())


def listed(desk: Desk, *arguments: str) -> list[Row]:
    ended = command(desk, "list", *arguments)
    assert ended.returncode == 0
    return [json.loads(line) for line in ended.stdout.splitlines()]


def names(found: list[Row]) -> list[tuple[str, str]]:
    return [(each["stream"], each["key"]) for each in found]


def test_entries_are_listed_and_forgotten_and_their_rows_found_again(desk: Desk) -> None:
    tickets = rows("tickets", *({"number": n, **TICKET} for n in range(3)), keys=KEY)
    tags = rows("tags", {"name": "a"}, keys=["name"])
    desk.write(*tickets, *tags)
    with closing(Ledger(desk.settings["ledger_url"], desk.sandbox.api_url)) as ledger:
        ledger.put(Entry("tags", "b", "tags", "create", PENDING, None, None, "hash", 1.0))
        ledger.wait("tickets:99", "messages", "5", {"record": {**NOTE}, "key_properties": []})
    every = [("tags", "a"), ("tags", "b"), *(("tickets", str(n)) for n in range(3))]
    assert names(listed(desk)) == [*every, ("messages", "5")]
    assert names(listed(desk, "--stream=tickets", "--key=0", "--key=2")) == [every[2], every[4]]
    assert names(listed(desk, "--state=pending")) == [("tags", "b")]
    (waiting,) = listed(desk, "--state=waiting")
    assert waiting["needs"] == "tickets:99"
    (shown,) = listed(desk, "--stream=tickets", "--key=1")
    ticket = desk.the("tickets", external_id="tickets:1")["id"]
    assert shown | {"written": ""} == {
        "stream": "tickets",
        "key": "1",
        "entity": "tickets",
        "verb": "upsert",
        "state": "done",
        "gorgias_id": ticket,
        "external_id": "tickets:1",
        "written": "",
    }

    assert command(desk, "forget", "--stream=tickets", "--key=1", "--key=2").returncode == 0
    assert command(desk, "forget", "--stream=messages").returncode == 0
    assert names(listed(desk)) == every[:3]
    count = len(desk.rows("tickets"))
    desk.forget()
    desk.write(*tickets, look_before_create=True)
    assert len(desk.rows("tickets")) == count
    assert desk.summary["tickets"]["updated"] == 2
    assert f"PUT /api/tickets/{ticket}" in desk.written


def test_a_dry_run_in_the_settings_keeps_nothing_from_being_forgotten(desk: Desk) -> None:
    desk.write(*rows("tags", {"name": "a"}, keys=["name"]))
    ended = command(desk, "forget", "--stream=tags", TARGET_GORGIAS_DRY_RUN="true")
    assert (ended.returncode, listed(desk)) == (0, [])


@pytest.mark.parametrize(
    ("arguments", "variables", "code", "sentence"),
    [
        (["forget", "--stream=tags"], {}, 1, "has no such record of the stream 'tags'."),
        (["forget"], {}, 2, "Missing option '--stream'."),
        (["list", "--state=lost"], {}, 2, "'lost' is not one of"),
        (["list"], {"TARGET_GORGIAS_LEDGER_URL": "mysql://h/d"}, 2, "must be an SQLAlchemy URL"),
        (
            ["list"],
            {"TARGET_GORGIAS_LEDGER_URL": "postgresql://127.0.0.1:9/d"},
            1,
            "nothing answers",
        ),
    ],
)
def test_a_mistake_is_one_sentence(
    desk: Desk, arguments: list[str], variables: dict[str, str], code: int, sentence: str
) -> None:
    ended = command(desk, *arguments, **variables)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert sentence in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_a_run_that_has_the_ledger_is_waited_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("target_gorgias.ledger.PATIENCE", 1)
    with closing(Ledger(desk.settings["ledger_url"], desk.sandbox.api_url)):
        ended = command(desk, "list")
    assert ended.returncode == 1
    assert "Another run is using the ledger" in ended.stderr


def test_it_runs_by_itself() -> None:
    command = [sys.executable, "-m", "target_gorgias.ledger_cli", "--help"]
    ended = subprocess.run(command, capture_output=True, check=True, text=True)  # noqa: S603 - ours
    assert "forget" in ended.stdout
