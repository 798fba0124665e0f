"""Rows nobody would write: none is lost, none is written twice, and nobody is mailed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from target_gorgias.entities import ENTITIES
from target_gorgias.routes import OPERATIONS
from tests.target.support import Row, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.target.support import Desk

SIZE = 60
ODD: tuple[Any, ...] = (
    None,
    "",
    "x",
    0,
    5,
    -1,
    1.5,
    True,
    [],
    {},
    [1],
    {"id": 1},
    "null",
    "[1]",
    "12",
    "a\0b",
    "ü" * 300,
)


class Chance:
    """Rows with the columns of every kind of object, and values that often fit."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - repeatable
        self.tables = desk.sandbox.world.tables

    def row(self, number: int) -> Row:
        columns = self.chance.sample(sorted(COLUMNS), self.chance.randint(2, 12))
        chosen = {name: self.value(name) for name in columns}
        return {"number": number, **chosen}

    def value(self, name: str) -> Any:
        if self.chance.random() < 0.15:
            return self.chance.choice(ODD)
        return COLUMNS[name](self)

    def one(self, *values: Any) -> Any:
        return self.chance.choice(values)

    def flag(self) -> bool:
        return self.chance.random() < 0.5

    def id(self, table: str) -> int:
        ids: list[int] = [row["id"] for row in self.tables[table]]
        return self.chance.choice(ids or [1])

    def address(self) -> Any:
        known = [row["email"] for row in self.tables["customers"] if row["email"]]
        return self.one(f"new{self.chance.randint(1, 9)}@shop.example", self.chance.choice(known))

    def message(self) -> Row:
        names = ("channel", "from_agent", "public", "sent_datetime", "via", "body_text")
        return {name: self.value(name) for name in names if self.chance.random() < 0.9}


COLUMNS: Mapping[str, Callable[[Chance], Any]] = {
    "id": lambda c: c.id(c.one("tickets", "customers", "messages", "tags", "jobs")),
    "external_id": lambda c: f"e-{c.chance.randint(1, 9)}",
    "email": Chance.address,
    "name": lambda c: c.one("Name", "Another", "vip"),
    "names": lambda c: c.one(["a"], ["a", "b"], []),
    "ticket_id": lambda c: c.id("tickets"),
    "ticket_key": lambda c: str(c.chance.randint(0, 39)),
    "customer_id": lambda c: c.id("customers"),
    "customer_key": lambda c: str(c.chance.randint(0, 39)),
    "customer_email": Chance.address,
    "source_id": lambda c: c.id("customers"),
    "target_id": lambda c: c.id("customers"),
    "sender_email": Chance.address,
    "sender_id": lambda c: c.id("users"),
    "receiver_email": Chance.address,
    "assignee_user_id": lambda c: c.id("users"),
    "custom_field_id": lambda c: c.chance.randint(500, 513),
    "custom_fields": lambda c: {str(c.chance.randint(500, 513)): c.one(1, "x", c.flag())},
    "value": lambda c: c.one(1, "x", c.flag(), "Refund"),
    "tags": lambda c: c.one(["a"], "b", '["c"]'),
    "messages": lambda c: [c.message() for _ in range(c.chance.randint(0, 2))],
    "channel": lambda c: c.one("email", "internal-note", "sms", "api"),
    "from_agent": Chance.flag,
    "public": lambda c: c.one(c.flag(), None),
    "sent_datetime": lambda c: c.one(None, "2026-01-31T09:00:00Z"),
    "via": lambda c: c.one("api", "email"),
    "body_text": lambda c: c.one("Hello", None),
    "action": lambda c: c.one("force", "retry", "cancel", None),
    "subject": lambda c: c.one("a", "b"),
    "status": lambda c: c.one("open", "closed"),
    "trashed_datetime": lambda c: c.one(None, "2026-01-31T09:00:00Z"),
    "role": lambda _: {"name": "agent"},
    "score": lambda c: c.chance.randint(0, 6),
    "should_send_datetime": lambda c: c.one(None, "2030-01-31T09:00:00Z"),
    "type": lambda c: c.one("updateTicket", "deleteTicket", "applyMacro", "exportTicket"),
    "params": lambda c: {
        "ticket_ids": [c.id("tickets")],
        "updates": {"spam": True},
        "macro_id": c.id("macros"),
    },
    "members": lambda c: [{"id": c.id("users")}],
    "data": lambda c: c.one({"a": 1}, "text"),
    "label": lambda c: c.one("One", "Two"),
    "object_type": lambda c: c.one("Ticket", "Customer"),
    "_gorgias_action": lambda c: c.one(None, "update", "delete", c.one(*OPERATIONS)),
    "_sdc_deleted_at": lambda c: c.one(None, None, "2026-01-31T09:00:00Z"),
}


@pytest.mark.parametrize("seed", range(8))
def test_no_row_is_lost_or_written_twice_and_nobody_is_mailed(desk: Desk, seed: int) -> None:
    chance = Chance(desk, seed)
    messages: list[Row] = []
    for stream in chance.chance.sample(sorted(ENTITIES), 6):
        messages.append(schema(stream, *COLUMNS, keys=["number"]))
        messages += [record(stream, **chance.row(n)) for n in range(SIZE)]
    settings: Row = {"on_error": "continue", "hard_delete": seed % 2 == 0, "max_deletes": 20}
    tickets = {row["id"] for row in desk.rows("tickets")}
    assert desk.write(*messages, state(1), **settings) == [{"at": 1}]
    assert desk.sandbox.world.delivered == []
    counts = desk.summary
    accounted = {
        stream: sum(n for what, n in each.items() if what != "requests")
        for stream, each in counts.items()
    }
    assert set(accounted.values()) == {SIZE}
    assert sum(each.get("rejected", 0) for each in counts.values()) == len(desk.rejects)
    assert all(reason.endswith((".", "?")) for reason in desk.reasons)
    gone = tickets - {row["id"] for row in desk.rows("tickets")}
    assert len(gone) <= 20
    marks = [
        mark
        for table in ("tickets", "customers", "messages")
        for row in desk.rows(table)
        if ":" in (mark := row["external_id"] or "")
    ]
    assert len(marks) == len(set(marks))
