"""Rows of several streams in turns: as fast as one stream, and in order for each object."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from gorgias_sandbox.faults import Fault, FaultPlan
from tests.target.support import MAIL, NOTE, record, rows, schema, state

if TYPE_CHECKING:
    from gorgias_sandbox.serve import Sandbox
    from tests.target.support import Desk, Row

AT_ONCE = 4


class Traffic(FaultPlan):
    """Answers a little late, and notes how many requests were under way at once."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self._sandbox = sandbox
        self._arrived = len(sandbox.requests)
        self.most = 0

    def draw(self, method: str, path: str) -> Fault | None:  # noqa: ARG002 - any request
        self._arrived += 1
        self.most = max(self.most, self._arrived - len(self._sandbox.requests))
        return Fault(delay=0.02)


def in_turns(*streams: tuple[str, list[str], list[Row]]) -> list[Row]:
    """The schemas, then one row of each stream after the other."""
    heads = [schema(name, *records[0], keys=keys) for name, keys, records in streams]
    turns = zip(*(records for *_, records in streams), strict=True)
    names = [name for name, *_ in streams]
    return heads + [
        record(name, **row) for turn in turns for name, row in zip(names, turn, strict=True)
    ]


def test_rows_of_two_streams_in_turns_are_written_side_by_side(desk: Desk) -> None:
    tickets = [row["id"] for row in desk.rows("tickets")]
    messages = in_turns(
        ("update_tickets", ["id"], [{"id": each, "subject": "New"} for each in tickets[:8]]),
        (
            "ticket_tags",
            ["ticket_id"],
            [{"ticket_id": each, "name": "new"} for each in tickets[8:16]],
        ),
    )
    desk.sandbox.backend.faults = traffic = Traffic(desk.sandbox)
    desk.write(*messages)
    assert traffic.most >= AT_ONCE
    assert len(desk.written) == 16


def test_what_refers_to_a_row_of_another_stream_finds_it_without_asking(desk: Desk) -> None:
    numbers = range(20)
    messages = in_turns(
        (
            "customers",
            ["number"],
            [{"number": n, "email": f"n{n}@shop.example"} for n in numbers],
        ),
        (
            "tickets",
            ["number"],
            [{"number": n, "customer_key": str(n), "messages": [MAIL]} for n in numbers],
        ),
        (
            "ticket_tags",
            ["ticket_key"],
            [{"ticket_key": str(n), "name": "new"} for n in numbers],
        ),
        (
            "messages",
            ["number"],
            [{"number": n, "ticket_key": str(n), **NOTE} for n in numbers],
        ),
    )
    desk.write(*messages, streams={"customers": "create_customers"})
    assert len(desk.written) == 80
    assert len(desk.sandbox.requests) == 80
    made = [row for row in desk.rows("tickets") if str(row["external_id"]).startswith("tickets:")]
    assert {row["customer"]["email"] for row in made} == {f"n{n}@shop.example" for n in numbers}
    assert all([tag["name"] for tag in row["tags"]] == ["new"] for row in made)


def test_a_customer_whom_a_ticket_names_by_address_is_created_once(desk: Desk) -> None:
    addresses = [f"n{n}@shop.example" for n in range(20)]
    messages = in_turns(
        ("create_customers", ["email"], [{"email": each, "name": "N"} for each in addresses]),
        (
            "tickets",
            ["customer_email"],
            [{"customer_email": each, "messages": [MAIL]} for each in addresses],
        ),
    )
    desk.write(*messages, max_parallelism=16)
    found = [row["name"] for row in desk.rows("customers") if row["email"] in addresses]
    assert found == ["N"] * 20


@pytest.mark.parametrize("seed", range(8))
def test_each_object_ends_as_the_last_row_says_however_the_streams_name_it(
    desk: Desk, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable
    kept = desk.rows("tickets")[:4]
    for number, row in enumerate(kept):
        desk.sandbox.world.update("tickets", row["id"], external_id=f"x{number}")
    expected: dict[int, dict[str, Any]] = {row["id"]: {} for row in kept}
    lines = [
        schema("by_id", "subject", "_gorgias_action", keys=["id"]),
        schema("by_mark", "subject", keys=["external_id"]),
        schema("tags_by_id", "_gorgias_action", keys=["ticket_id", "name"]),
        schema("tags_by_mark", "_gorgias_action", keys=["ticket_external_id", "name"]),
    ]
    for number in range(60):
        which = chance.randrange(4)
        ticket, mark = kept[which]["id"], f"x{which}"
        name, verb = chance.choice("ab"), chance.choice(["add", "remove"])
        kind = chance.choice(["by_id", "by_mark", "tags_by_id", "tags_by_mark"])
        line: Row = {
            "by_id": {"id": ticket, "subject": f"S{number}"},
            "by_mark": {"external_id": mark, "subject": f"S{number}"},
            "tags_by_id": {"ticket_id": ticket, "name": name, "_gorgias_action": verb},
            "tags_by_mark": {"ticket_external_id": mark, "name": name, "_gorgias_action": verb},
        }[kind]
        expected[ticket]["subject" if "subject" in line else name] = line.get("subject", verb)
        lines.append(record(kind, **line))
        if chance.random() < 0.1:
            lines.append(state(number))
    streams: Row = {
        "by_*": "update_tickets",
        "tags_*": {"operation": "ticket_tags", "verbs": ["remove"]},
    }
    desk.write(*lines, streams=streams)
    for ticket, wanted in expected.items():
        row = desk.row("tickets", ticket)
        tags = {tag["name"] for tag in row["tags"]}
        assert row["subject"] == wanted.pop("subject", row["subject"])
        assert {name: name in tags for name in wanted} == {
            name: verb == "add" for name, verb in wanted.items()
        }


def test_an_object_goes_after_what_was_written_before(desk: Desk) -> None:
    ticket = desk.rows("tickets")[0]["id"]
    others = [row["id"] for row in desk.rows("tickets")[1:9]]
    desk.write(
        schema("notes", *NOTE, "ticket_id", keys=["number"]),
        schema("delete_tickets", keys=["id"]),
        *(record("notes", number=n, ticket_id=each, **NOTE) for n, each in enumerate(others)),
        record("notes", number=99, ticket_id=ticket, **NOTE),
        record("delete_tickets", id=ticket),
        *(record("notes", number=n + 10, ticket_id=each, **NOTE) for n, each in enumerate(others)),
        streams={"notes": "messages"},
    )
    assert desk.summary["notes"]["created"] == 17
    methods = [line.split()[0] for line in desk.written]
    assert methods.index("DELETE") == 9


@pytest.mark.parametrize("by", ["tag", "ticket"])
def test_tags_of_a_ticket_go_out_together_however_the_rows_are_sorted(desk: Desk, by: str) -> None:
    tickets = [row["id"] for row in desk.rows("tickets")[:20]]
    pairs = [(ticket, name) for ticket in tickets for name in ("a", "b", "c")]
    if by == "tag":
        pairs.sort(key=lambda pair: pair[1])
    added = ({"ticket_id": ticket, "name": name} for ticket, name in pairs)
    desk.write(*rows("ticket_tags", *added, keys=["ticket_id", "name"]))
    assert len(desk.written) == 20
    assert desk.summary["ticket_tags"]["updated"] == 60


def test_a_removal_between_two_additions_keeps_its_place(desk: Desk) -> None:
    ticket = desk.rows("tickets")[0]["id"]
    verbs = [("x", "add"), ("y", "add"), ("x", "remove"), ("z", "add"), ("x", "add")]
    changes = ({"ticket_id": ticket, "name": n, "_gorgias_action": v} for n, v in verbs)
    desk.write(*rows("ticket_tags", *changes), streams={"*": {"verbs": ["remove"]}})
    assert {"x", "y", "z"} <= {tag["name"] for tag in desk.row("tickets", ticket)["tags"]}
    assert [line.split()[0] for line in desk.written] == ["POST", "DELETE", "POST"]
