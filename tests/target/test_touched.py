"""Whatever a warehouse gives: a row touches what it may, and nothing else.

The model knows what the README promises, and nothing of how it is kept.
"""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

from gorgias_api import Client
from tests.support import settings
from tests.target.support import lines, record, schema

if TYPE_CHECKING:
    import pytest

    from tests.target.support import Desk, Row

STREAMS = ("crm", "shop")
RUNS, ROWS = 3, 14
FORMS = ("{}", '"{}"', '" {} "', "{}.0")
BLANK = ('""', '" "', "null")
SPELLED = {
    "external_id": ("external_id", "EXTERNAL_ID", "externalId"),
    "email": ("email", "EMAIL", "Email"),
}
TOUCHED_BY = {"customers": "name", "teams": "description"}
"""The column in which each row says which one it is."""


class Model:
    """Which object a row may touch: its own; else a free one that has its name."""

    def __init__(self, entity: str) -> None:
        self.column = TOUCHED_BY[entity]
        self.owners: dict[int, str] = {}

    def may_touch(self, row: Row, before: Row | None) -> bool:
        if before is None:
            return row[self.column] not in self.owners.values()
        if before["id"] in self.owners:
            return bool(self.owners[before["id"]] == row[self.column])
        if row[self.column] in self.owners.values():
            return False
        if self.column == "description":
            return bool(before["name"] == row["name"])
        if row["external_id"] is not None and before["external_id"] == row["external_id"]:
            return True
        address = (before["email"] or "").lower()
        marks = (None, row["external_id"] or row[self.column])
        return address == row["email"] and before["external_id"] in marks

    def check(self, rows: list[Row], before: dict[int, Row], after: dict[int, Row]) -> None:
        assert before.keys() <= after.keys()
        for name in ("external_id", "email", "name") if self.column == "name" else ("name",):
            named = [row[name] for row in after.values() if row[name] and name != self.column]
            assert len(named) == len(set(named))
        for number, now in after.items():
            then = before.get(number)
            if then is None or {**now, "updated_datetime": 0} != {**then, "updated_datetime": 0}:
                by = [row for row in rows if row[self.column] == now[self.column]]
                assert any(self.may_touch(row, then) for row in by), (then, now)
                self.owners[number] = now[self.column]


def test_a_row_touches_what_it_may_and_nothing_else(desk: Desk, seed: int, entity: str) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable
    model = Model(entity)
    with Client.from_settings(settings(desk.sandbox)) as client:
        if entity == "customers":
            client.call("create-customer", email="e1@shop.example", external_id="elsewhere")
            client.call("create-customer", email="e2@shop.example")
            client.call("create-customer", email="e3@shop.example", external_id="3")
        else:
            client.call("create-team", name="e1")
    for _ in range(RUNS):
        rows, text = written(chance, entity)
        before = {row["id"]: row for row in desk.rows(entity)}
        refused = len(desk.rejects)
        desk.feed(text, streams=dict.fromkeys(STREAMS, entity), on_error="continue")
        model.check(rows, before, {row["id"]: row for row in desk.rows(entity)})
        new = len(desk.rows(entity)) - len(before)
        happened = {"created": new, "rejected": len(desk.rejects) - refused}
        check_counts(desk.summary, rows, happened)


def check_counts(summary: Row, rows: list[Row], happened: dict[str, int]) -> None:
    """Every row is counted once, as what happened to it."""
    for stream in STREAMS:
        counts = summary.get(stream, {})
        told = sum(n for what, n in counts.items() if what != "requests")
        assert told == sum(row["stream"] == stream for row in rows)
    for what, number in happened.items():
        assert sum(counts.get(what, 0) for counts in summary.values()) == number


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if {"seed", "entity"} <= set(metafunc.fixturenames):
        given = [(seed, entity) for entity in TOUCHED_BY for seed in range(20)]
        metafunc.parametrize(("seed", "entity"), given)


def written(chance: random.Random, entity: str) -> tuple[list[Row], str]:
    """Rows as they are meant, and as a warehouse writes them."""
    columns = ("email", "external_id", "name", "description")
    text = [lines([schema(stream, *columns, keys=["number"])]) for stream in STREAMS]
    meant: list[Row] = []
    for _ in range(ROWS):
        stream, number = chance.choice(STREAMS), chance.randint(1, 4)
        row: Row = {"number": number, TOUCHED_BY[entity]: f"{stream}:{number}"}
        given: dict[str, Any] = {"number": chance.choice(FORMS).format(number)}
        if entity == "customers":
            row |= {"email": None, "external_id": None}
            if chance.random() < 0.8:
                row["email"] = f"e{chance.randint(1, 5)}@shop.example"
            if chance.random() < 0.5:
                row["external_id"] = str(chance.randint(1, 4))
            form = chance.choice(('"{}"', '" {} "'))
            given |= {
                "email": form.format(row["email"]),
                "external_id": chance.choice(FORMS).format(row["external_id"]),
            }
            if chance.random() < 0.3:
                given["email"] = given["email"].upper()
            for name in ("email", "external_id"):
                if row[name] is None:
                    given[name] = chance.choice(BLANK)
        else:
            row["name"] = f"e{chance.randint(1, 5)}"
        shown = {name: f"<{name}>" if name in given else value for name, value in row.items()}
        line = json.dumps(record(stream, **spelled(chance, shown))) + "\n"
        for name, value in given.items():
            line = line.replace(f'"<{name}>"', value)
        text.append(line)
        meant.append(row | {"stream": stream})
    return meant, "".join(text)


def spelled(chance: random.Random, row: Row) -> Row:
    """A row with its columns as some warehouse spells them."""
    return {chance.choice(SPELLED.get(name, (name,))): value for name, value in row.items()}
