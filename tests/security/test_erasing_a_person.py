"""The commands of the page on erasing a person leave nothing of that person anywhere."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import requests

from demo.meltano import PROJECT, without_settings
from gorgias_sandbox.options import Options
from gorgias_sandbox.serve import serve
from tests.security.erasing import DELETED, PAGE, SEEN, SHELL, WAREHOUSES, statements
from tests.security.hashing import columns
from tests.support import settings, sync
from tests.target.support import lines, rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gorgias_sandbox.serve import Sandbox
    from tests.support import Output, Row

EMAIL, NAME, PHONE, KEY = "lea@shop.example", "Lea Braun", "+4930555017", "crm-7"
WORDS = (EMAIL, NAME, PHONE, KEY)
MAIL = {"channel": "email", "via": "email", "from_agent": False}
PROGRAMS = {
    "gorgias": '-c "from gorgias_api.cli import main; main()"',
    "target-gorgias-ledger": "-m target_gorgias.ledger_cli",
}
FORMER = 990_001
"""Id of a customer who was merged into the person."""


@pytest.fixture(scope="module")
def desk() -> Iterator[Sandbox]:
    with serve(Options(tickets=4, rate_limit=None)) as sandbox:
        yield sandbox
    gc.unfreeze()  # what the seed froze would seem to leak


def make(desk: Sandbox, path: str, body: Row) -> Row:
    url = f"{desk.api_url}{path}"
    answer = requests.post(url, json=body, auth=(desk.email, desk.api_key), timeout=10)
    assert answer.status_code == 201, answer.text
    made: Row = answer.json()
    return made


def said_by(email: str, text: str, **more: Any) -> Row:
    return {**MAIL, "sender": {"email": email}, "body_text": text, **more}


@pytest.fixture(scope="module")
def person(desk: Sandbox) -> int:
    """Id of a customer with a ticket, who also wrote, and was written to, in one of another's."""
    channels = [{"type": "email", "address": EMAIL}, {"type": "phone", "address": PHONE}]
    about = {"email": EMAIL, "name": NAME, "external_id": KEY, "channels": channels}
    person = make(desk, "/customers", about)
    text = f"I am {NAME}, call {PHONE}."
    own = {"via": "email", "messages": [said_by(EMAIL, text)], "subject": f"From {NAME}"}
    make(desk, "/tickets", {**own, "customer": {"id": person["id"]}, "tags": [{"name": "vip"}]})
    other = make(
        desk, "/tickets", {"via": "email", "messages": [said_by("kim@example.com", "Hello.")]}
    )
    to_both = {"from": {"address": "kim@example.com"}, "to": [{"address": "shop@example.com"}]}
    copied = {**to_both, "cc": [{"address": EMAIL, "name": NAME}]}
    place = f"/tickets/{other['id']}/messages"
    make(desk, place, said_by("kim@example.com", "With a copy.", source=copied))
    make(desk, place, said_by(EMAIL, text))
    return int(person["id"])


@pytest.fixture(scope="module")
def loaded(desk: Sandbox, person: int) -> Output:
    """What a replica of the account holds, with calls and a former self of the person."""
    output = sync(desk, *columns().keys() - {"reports"})
    call = {"id": 990_002, "customer_id": person, "phone_number_source": PHONE}
    output.records["voice_calls"].append(call)
    for stream in ("voice_call_events", "voice_call_recordings"):
        output.records[stream].append({"id": 990_003, "call_id": 990_002, "url": f"/{PHONE}"})
    merged = {"id": 990_004, "object_type": "Customer", "object_id": FORMER}
    output.records["deletions"].append({**merged, "merged_into_id": person})
    survey = {"id": 990_005, "customer_id": FORMER, "body_text": f"Thanks, {NAME}"}
    output.records["satisfaction_surveys"].append(survey)
    message = next(row for row in output.records["messages"] if EMAIL in json.dumps(row["sender"]))
    file = {"message_id": message["id"], "position": 0, "name": NAME, "location": f"files/{KEY}"}
    output.records["attachments"].append(file)
    return output


@pytest.mark.parametrize("name", WAREHOUSES)
def test_the_page_s_sql_leaves_nothing_of_a_person_and_all_of_the_others(
    name: str, loaded: Output, person: int, tmp_path: Path
) -> None:
    warehouse = WAREHOUSES[name]
    seen = statements(SEEN)
    steps = [*statements(warehouse.whose), *seen, *statements(DELETED)]
    dump = [f"select * from {stream}" for stream in columns()]  # noqa: S608 - our own names
    given = [*warehouse.filled(loaded.records), *dump, *steps, *dump]
    answers = warehouse.run(tmp_path, given)
    after = dict(zip(columns(), answers[-len(dump) :], strict=True))
    start = len(given) - len(dump) - len(steps)
    before = dict(zip(columns(), answers[start - len(dump) : start], strict=True))
    listed = answers[start + len(steps) - len(statements(DELETED)) - len(seen) :][: len(seen)]
    assert all(word in json.dumps(before, default=str) for word in WORDS)
    assert [word for word in WORDS if word in json.dumps(after, default=str)] == []
    gone = {stream: len(before[stream]) - len(after[stream]) for stream in columns()}
    one = {
        *("customers", "customer_details", "tickets", "ticket_tags", "attachments"),
        *("voice_calls", "voice_call_events", "voice_call_recordings", "satisfaction_surveys"),
    }
    assert gone["messages"] == 3
    assert {stream: gone[stream] for stream in one} == dict.fromkeys(one, 1)
    hers = {"messages", "events", "view_items", "ticket_custom_fields", "customer_custom_fields"}
    assert {stream for stream, number in gone.items() if number} <= hers | one
    assert len(listed[0]) == 2  # messages in the other's ticket
    assert listed[1] == [(f"files/{KEY}",)]
    assert person not in {row[0] for row in after["customers"]}


@pytest.fixture
def folder(desk: Sandbox, person: int, tmp_path: Path) -> Path:
    """A folder with all that target, tap and loader keep of the person and of somebody else."""
    config = settings(desk) | {
        "ledger_url": f"sqlite:///{tmp_path}/ledger.db",
        "rejects_path": str(tmp_path / "rejects.jsonl"),
        "summary_path": str(tmp_path / "summary.json"),
        "on_error": "continue",
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    people = [
        {"external_id": KEY, "email": EMAIL, "name": NAME, "timezone": "Europe/Berlin"},
        {"external_id": "crm-8", "email": "kim@example.com", "name": "Kim"},
        {"external_id": "crm-9", "email": f"no address of {NAME}"},
        {"external_id": "crm-10", "email": "nor this"},
    ]
    given = lines(rows("customers", *people, keys=["external_id"]))
    plan = {"TARGET_GORGIAS_DRY_RUN": "true", "TARGET_GORGIAS_PLAN_PATH": f"{tmp_path}/plan.jsonl"}
    for variables in (plan, {}):
        subprocess.run(
            [sys.executable, "-m", "target_gorgias", "--config=config.json", "--config=ENV"],
            input=given.encode(),
            cwd=tmp_path,
            env=environment(tmp_path) | variables,
            check=True,
            capture_output=True,
        )
    for place in ("logs/elt/run.log", "logs/other.log", "files/a b.pdf", "files/other.pdf"):
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(NAME if place.startswith(("logs/elt", "files/a")) else "nothing")
    (tmp_path / "files.txt").write_text("files/a b.pdf\n")
    tables = desk.world.tables
    own = tables["tickets"].find("customer_id", person)
    elsewhere = [row for row in tables["messages"] if row["ticket_id"] not in own]
    listed = [f"{row['ticket_id']} {row['id']}\n" for row in elsewhere if _concerns(row, person)]
    (tmp_path / "messages.txt").write_text("".join(listed))
    (tmp_path / "state.json").write_text(json.dumps(sync(desk).state))
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, arguments in PROGRAMS.items():
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
        (programs / name).chmod(0o700)
    return tmp_path


def _concerns(message: Any, person: int) -> bool:
    return message["sender_id"] == person or EMAIL in json.dumps(message["source"])


def environment(folder: Path, **more: str) -> dict[str, str]:
    kept = without_settings(os.environ)
    path = f"{folder}/bin:{os.environ['PATH']}"
    return kept | {"PATH": path, "PYTHONPATH": str(PROJECT), "HOME": str(folder)} | more


def holding(folder: Path, *words: str) -> set[str]:
    """The files that hold one of the words, wherever in them."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(folder))
        for path in files
        if any(word.encode() in path.read_bytes() for word in words)
    }


def test_the_page_s_commands_leave_nothing_of_a_person_and_all_of_the_others(
    desk: Sandbox, folder: Path, person: int
) -> None:
    kept = {"ledger.db", "rejects.jsonl", "plan.jsonl", "logs/elt/run.log", "files/a b.pdf"}
    assert holding(folder, *WORDS) == kept
    others = {row["id"] for row in desk.world.tables["customers"]} - {person}
    ended = subprocess.run(  # noqa: S603 - our own page
        ["/bin/bash", "-euo", "pipefail", "-c", "\n".join(SHELL)],
        cwd=folder,
        env=environment(
            folder,
            GORGIAS_API_URL=desk.api_url,
            GORGIAS_USERNAME=desk.email,
            GORGIAS_API_KEY=desk.api_key,
        ),
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    assert '"key": "crm-7"' in ended.stdout
    assert holding(folder, *WORDS) == set()
    assert holding(folder, "crm-8") == {"ledger.db"}
    assert holding(folder, "crm-10") == {"rejects.jsonl"}
    assert (folder / "rejects.jsonl").stat().st_mode & 0o777 == 0o600
    assert {path.name for path in folder.rglob("other.*")} == {"other.log", "other.pdf"}
    assert {row["id"] for row in desk.world.tables["customers"]} == others
    held = [dict(row) for row in desk.world.tables["messages"]]
    assert [word for word in WORDS if word in json.dumps(held, default=str)] == []


def test_the_page_has_a_part_for_each_place() -> None:
    parts = {line[3:] for line in PAGE.splitlines() if line.startswith("## ")}
    assert parts >= {
        *("Help desk", "Warehouse", "Ledger", "Rejects, plans and summaries"),
        *("Saved attachments", "State and logs"),
    }
