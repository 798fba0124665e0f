"""`tap-gorgias | target-gorgias` copies an account: two processes, one pipe, nothing twice."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections import Counter, defaultdict
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from gorgias_api import Client
from gorgias_sandbox.options import Options
from gorgias_sandbox.serve import serve
from tap_gorgias.tap import TapGorgias
from tests.support import Row, plain, settings, truth

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gorgias_sandbox.serve import Sandbox

STREAMS = frozenset(
    {
        *("customers", "customer_custom_fields", "custom_fields", "messages"),
        *("tags", "ticket_custom_fields", "ticket_tags", "tickets"),
    }
)
PATIENCE = 120
GORGIAS = "Gorgias says it by itself"
ELSEWHERE = "it refers to what is not copied"
NO_FIELD = "no operation takes it"
PRIVATE = "it means something in its own account only"
DIFFERENT = {
    "customers": {
        "id": GORGIAS,
        "created_datetime": GORGIAS,
        "updated_datetime": GORGIAS,
        "meta": GORGIAS,
        "note": "not documented as a field to write",
        "data": "an operation of its own writes it",
        "custom_fields": "compared by label",
    },
    "tickets": {
        "id": GORGIAS,
        "uri": GORGIAS,
        "updated_datetime": GORGIAS,
        "assignee_team": ELSEWHERE,
        "assignee_user": "compared by e-mail address",
        "customer": "compared by e-mail address",
        "custom_fields": "compared by label",
        "excerpt": GORGIAS,
        "integrations": ELSEWHERE,
        "is_unread": GORGIAS,
        "meta": PRIVATE,
        "summary": NO_FIELD,
        "tags": "compared by name",
    },
    "messages": {
        "id": GORGIAS,
        "uri": GORGIAS,
        "processed_datetime": GORGIAS,
        "auth_customer_identity": NO_FIELD,
        "actions": "Gorgias would perform them again",
        "headers": PRIVATE,
        "integration_id": ELSEWHERE,
        "intents": NO_FIELD,
        "is_retriable": NO_FIELD,
        "macros": ELSEWHERE,
        "meta": PRIVATE,
        "receiver": "compared by e-mail address",
        "replied_by": NO_FIELD,
        "replied_to": NO_FIELD,
        "rule_id": ELSEWHERE,
        "sender": "compared by e-mail address",
        "ticket_id": "compared through the ledger",
    },
}
"""The fields that are not the same in the copy, and why."""
FILLED = {
    "customers": {"external_id": "given by the target"},
    "tickets": {
        "external_id": "given by the target",
        "from_agent": "that of the first message",
    },
    "messages": {
        "external_id": "given by the target",
        "imported": "false",
        "sent_datetime": "when it was written, so that it is not sent now",
        "source": "the channel",
    },
}
"""The fields that have a value in the copy where there was none, and which."""
COUNTED = ("messages_count", "last_message_datetime", "last_received_message_datetime")
"""The fields of a ticket that lack what was refused."""
BOT = "acme.helper@bots.example"


@dataclass
class Copy:
    """A full account, one without tickets, and the runs from the one to the other."""

    source: Sandbox
    goal: Sandbox
    folder: Path

    def run(self, state: Row | None = None, **tap: Any) -> Row | None:
        """Copy; give the last state."""
        self.goal.backend.requests.clear()
        self._file("rejects.jsonl").unlink(missing_ok=True)
        target = {
            "ledger_url": f"sqlite:///{self._file('ledger.db')}",
            "streams": {"*": {"ids": "source"}},
            "on_error": "continue",
            "rejects_path": str(self._file("rejects.jsonl")),
        }
        reads = [
            f"--config={self._json('tap', settings(self.source) | tap)}",
            f"--catalog={self._json('catalog', catalog())}",
            *([f"--state={self._json('state', state)}"] if state else []),
        ]
        writes = [f"--config={self._json('target', settings(self.goal) | target)}"]
        with subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "tap_gorgias", *reads], stdout=subprocess.PIPE
        ) as extractor:
            loader = subprocess.run(  # noqa: S603 - likewise
                [sys.executable, "-m", "target_gorgias", *writes],
                stdin=extractor.stdout,
                stdout=subprocess.PIPE,
                timeout=PATIENCE,
                check=True,
            )
        assert extractor.returncode == 0
        lines = loader.stdout.splitlines()
        return json.loads(lines[-1]) if lines else None

    @property
    def written(self) -> Counter[str]:
        """The requests of the last run that changed something."""
        return Counter(
            f"{seen.method} {seen.path}"
            for seen in self.goal.requests
            if seen.method != "GET" and seen.status < 400
        )

    @property
    def rejects(self) -> list[Row]:
        """What the last run refused."""
        path = self._file("rejects.jsonl")
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def id_of(self, table: str, row_id: int) -> int | None:
        """What a row of the source has become."""
        query = "select gorgias_id from gorgias_ledger where stream = ? and key = ?"
        with closing(sqlite3.connect(self._file("ledger.db"))) as ledger:
            found = ledger.execute(query, (table, str(row_id))).fetchone()
        return found and int(found[0])

    def pairs(self, table: str) -> Iterator[tuple[Row, Row]]:
        """Rows of the source and their copies."""
        copies = {row["id"]: row for row in plain(truth(self.goal, table))}
        for row in plain(truth(self.source, table)):
            if (copied := self.id_of(table, row["id"])) is not None:
                yield row, copies.pop(copied)
        assert copies == {}

    def _file(self, name: str) -> Path:
        return self.folder / name

    def _json(self, name: str, content: Row) -> Path:
        path = self._file(f"{name}.json")
        path.write_text(json.dumps(content))
        return path


def catalog() -> Row:
    """The tap's catalog with the streams that can be copied."""
    found: Row = TapGorgias(validate_config=False).catalog_dict
    for stream in found["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = stream["tap_stream_id"] in STREAMS
    return found


@contextmanager
def accounts(folder: Path, tickets: int) -> Iterator[Copy]:
    """A full account, and one without tickets that has one of its agents."""
    full = Options(tickets=tickets, rate_limit=None)
    empty = Options(tickets=0, seed=2, rate_limit=None)
    with serve(full) as source, serve(empty) as goal:
        users = (sandbox.world.tables["users"] for sandbox in (source, goal))
        theirs, ours = (
            next(row for row in table if row["role"]["name"] == "agent") for table in users
        )
        goal.world.update("users", ours["id"], email=theirs["email"])
        yield Copy(source, goal, folder)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """An account that was copied once. Its external ids tell nobody apart: Gorgias lets them."""
    with accounts(tmp_path_factory.mktemp("copy"), tickets=150) as made:
        for table in ("customers", "tickets", "messages"):
            for row in list(made.source.world.tables[table])[:2]:
                made.source.world.update(table, row["id"], external_id="one of two")
        made.run()
        yield made


@pytest.mark.parametrize("table", ["customers", "tickets", "messages"])
def test_every_field_that_can_be_is_the_same(copy: Copy, table: str) -> None:
    pairs = list(copy.pairs(table))
    assert pairs
    refused = {row["record"]["ticket_id"] for row in copy.rejects if row["stream"] == "messages"}
    for row, copied in pairs:
        apart = {*DIFFERENT[table], *(COUNTED if row["id"] in refused else ())}
        filled = {name for name in FILLED[table] if row[name] is None}
        for name in row.keys() - apart - filled:
            assert copied[name] == row[name], (table, row["id"], name)


def test_tickets_keep_their_people_tags_and_values(copy: Copy) -> None:
    labels = {
        sandbox.url: {str(row["id"]): row["label"] for row in sandbox.world.tables["custom_fields"]}
        for sandbox in (copy.source, copy.goal)
    }

    def shown(row: Row, sandbox: Sandbox) -> Any:
        values = {
            labels[sandbox.url][key]: each["value"] for key, each in row["custom_fields"].items()
        }
        return email(row.get("customer")), [tag["name"] for tag in row.get("tags", [])], values

    for table in ("tickets", "customers"):
        for row, copied in copy.pairs(table):
            assert shown(copied, copy.goal) == shown(row, copy.source), row["id"]


def test_messages_keep_their_people_and_their_ticket(copy: Copy) -> None:
    users = {row["email"] for row in copy.goal.world.tables["users"]}
    senders = set()
    for row, copied in copy.pairs("messages"):
        assert copied["ticket_id"] == copy.id_of("tickets", row["ticket_id"])
        assert email(copied["receiver"]) == (email(row["receiver"]) if row["from_agent"] else None)
        sender = email(row["sender"])
        known = not row["from_agent"] or sender in users
        assert email(copied["sender"]) == (sender if known else BOT)
        senders |= {sender} & users
    assert senders, "no agent is in both accounts"


def email(person: Row | None) -> Any:
    return person and person["email"]


def test_only_what_gorgias_does_not_take_is_refused(copy: Copy) -> None:
    tables = copy.source.world.tables
    lost = {
        row["id"]
        for row in tables["messages"]
        if not (
            row["from_agent"]
            or row["sender_id"]
            or tables["tickets"][row["ticket_id"]]["customer_id"]
        )
    }
    bare = {
        row["id"]
        for row in tables["tickets"]
        if not {*tables["messages"].find("ticket_id", row["id"])} - lost
    }
    assert lost
    assert bare
    refused = defaultdict(set)
    for row in copy.rejects:
        name = "id" if row["stream"] in {"messages", "tickets"} else "ticket_id"
        refused[row["stream"]].add(row["record"][name])
    assert refused.pop("messages") == lost
    assert refused.pop("tickets") == bare
    assert all(tickets <= bare for tickets in refused.values())


def test_nothing_of_a_copy_is_sent_to_anybody(copy: Copy) -> None:
    assert copy.goal.world.delivered == []


def test_changes_are_copied_and_nothing_else(copy: Copy) -> None:
    state = copy.run()
    assert copy.written == {}
    first, second, third = [row for row in truth(copy.source, "tickets") if row["customer"]][:3]
    number = next(
        row["id"]
        for row in copy.source.world.tables["custom_fields"]
        if row["label"] == "Order value"
    )
    tags = {row["name"] for row in copy.source.world.tables["tags"]}
    new = min(tags - {tag["name"] for tag in second["tags"]})
    mail = {"channel": "email", "via": "email", "from_agent": False, "body_text": "One more thing."}
    with Client.from_settings(settings(copy.source)) as client:
        client.call("create-ticket-message", ticket_id=first["id"], **mail)
        client.call("create-ticket-tags", ticket_id=second["id"], names=[new])
        client.call(
            "update-ticket",
            id=third["id"],
            status="closed" if third["status"] == "open" else "open",
        )
        client.call("update-ticket-custom-field", ticket_id=third["id"], id=number, value=77)
    copy.run(state)
    copies = [copy.id_of("tickets", row["id"]) for row in (first, second, third)]
    field = copy.id_of("custom_fields", number)
    assert copy.written == {
        f"POST /api/tickets/{copies[0]}/messages": 1,
        f"PUT /api/tickets/{copies[1]}": 1,
        f"POST /api/tickets/{copies[1]}/tags": 1,
        f"PUT /api/tickets/{copies[2]}": 1,
        f"PUT /api/tickets/{copies[2]}/custom-fields/{field}": 1,
    }
    copy.run(state)
    assert copy.written == {}


def test_small_pages_make_the_same_copy(tmp_path: Path) -> None:
    with accounts(tmp_path, tickets=60) as copy:
        copy.run(page_size=10)
        assert len(list(copy.pairs("messages"))) + 1 == len(copy.source.world.tables["messages"])
        copy.run(page_size=7)
        assert copy.written == {}
