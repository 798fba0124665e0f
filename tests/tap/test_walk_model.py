"""The walk on a list in memory, with everything at once: kills, changes, ties, lost cursors."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gorgias_api import ForbiddenError, NotFoundError, Page, TransportError
from gorgias_api.errors import Refusal
from tap_gorgias.bookmarks import read_bookmark, write_bookmark
from tap_gorgias.timestamps import from_datetime
from tap_gorgias.walk import Plan, Request, Walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gorgias_api import GorgiasError
    from tap_gorgias.order import Row

KEY = "updated_datetime"
START = datetime(2026, 1, 1, tzinfo=UTC)
SIZE = 4
REFUSALS: list[GorgiasError] = [
    error(Refusal(method="GET", path="/api/rows", status=status))
    for error, status in ((NotFoundError, 404), (ForbiddenError, 403))
]
REFUSALS.append(TransportError("The connection was lost."))


class Shelf:
    """A list as the API has it: rows by id, keyset pages, cursors that can be called back."""

    def __init__(self, *, nulls_first: bool) -> None:
        self.rows: dict[int, Row] = {}
        self.time = START
        self.changes: Iterator[tuple[str, int]] = iter(())
        self.refusal: GorgiasError | None = None
        self.asked = 0
        self.run = 0
        self._nulls_first = nulls_first

    def now(self) -> str:
        return from_datetime(self.time)

    def change(self, kind: str, number: int) -> None:
        """One thing happens."""
        self.time += timedelta(seconds=number % 7 * 40, microseconds=1)
        ids = list(self.rows)
        one = ids[number % len(ids)] if ids else 0
        if kind == "add" or not ids:
            self._put(len(self.rows) + number * 1000, self.now())
        elif kind == "touch":
            self._put(one, self.now())
        elif kind == "tie":
            for each in ids[: number % 14]:
                self._put(each, self.now())
        elif kind == "future":
            self._put(one, from_datetime(self.time + timedelta(days=400)))
        elif kind == "soon":  # ahead of the time now, and past it a change or two later
            self._put(one, from_datetime(self.time + timedelta(seconds=number)))
        elif kind == "undated":
            # At the old end of a list, nobody would look for a new row.
            self._put(number * 1000 + 7, self.now() if self._nulls_first else None)
        elif kind == "delete":
            del self.rows[one]

    def _put(self, key: int, changed: str | None) -> None:
        created = self.rows.get(key, {}).get("created_datetime", self.now())
        self.rows[key] = {"id": key, KEY: changed, "created_datetime": created, "run": self.time}

    def page(self, request: Request) -> Page:
        """As the API gives it; something may happen before each answer."""
        self.asked += 1
        for change in self.changes:
            self.change(*change)
            break
        self.time += timedelta(microseconds=1)
        after: Any = None
        if request.cursor:
            run, *after = json.loads(request.cursor)
            if run != self.run and self.refusal:
                raise self.refusal
        nulls = 0 if self._nulls_first else 2
        places = {
            (nulls if row[KEY] is None else 1, row[KEY] or "", key): key
            for key, row in self.rows.items()
        }
        order = sorted(places, reverse=request.order == "desc")
        if after:
            order = [
                at
                for at in order
                if (at > tuple(after)) == (request.order == "asc") and at != tuple(after)
            ]
        more = len(order) > SIZE
        picked = order[:SIZE]
        cursor = json.dumps([self.run, *picked[-1]]) if more else None
        return Page([dict(self.rows[places[at]]) for at in picked], cursor)


class Replica:
    """A warehouse: rows by key, and in a second table what is derived from them."""

    def __init__(self) -> None:
        self.parents: dict[int, Row] = {}
        self.derived: dict[int, int] = {}
        self.read: dict[int, int] = {}
        self.state: Row = {}
        self.lines = 0

    def take(self, shelf: Shelf, lookback: timedelta, kill: int | None) -> bool:
        """One run, killed after so many lines; whether it came to its end."""
        plan = Plan(name="rows", key=KEY, now=shelf.now, lookback=lookback, page_size=SIZE)
        left = kill
        for batch in Walk(shelf, plan, read_bookmark(self.state)).batches():
            for row in batch.rows:
                for table in ("derived", "parent"):
                    if left == 0:
                        return False
                    left = None if left is None else left - 1
                    self.lines += 1
                    if table == "derived":
                        self.derived[row["id"]] = shelf.run
                    else:
                        self.parents[row["id"]] = row
                        self.read[row["id"]] = shelf.run
            if left == 0:
                return False
            state: Row = {}
            write_bookmark(batch.bookmark, KEY, state)
            self.state = json.loads(json.dumps(state))
        return True


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(
            ["add", "add", "touch", "touch", "tie", "future", "soon", "undated", "delete"]
        ),
        st.integers(0, 200),
    ),
    max_size=12,
)
RUNS = st.lists(
    st.tuples(CHANGES, CHANGES, st.integers(0, 60), st.sampled_from([None, *REFUSALS])), max_size=6
)


@settings(max_examples=400, deadline=None)
@given(
    before=st.integers(0, 60),
    runs=RUNS,
    nulls_first=st.booleans(),
    lookback=st.sampled_from([timedelta(0), timedelta(minutes=30)]),
)
@example(
    before=18,
    runs=[
        (
            [("add", 0), ("add", 0), ("future", 0)],
            [("touch", 1), ("add", 0), ("add", 0), ("add", 0), ("future", 6), ("tie", 6)],
            41,
            None,
        )
    ],
    nulls_first=False,
    lookback=timedelta(0),
)
@example(
    before=19,
    runs=[
        ([], [], 9, None),
        ([], [], 1, REFUSALS[0]),
        ([], [("add", 0), ("tie", 5)], 43, None),
    ],
    nulls_first=False,
    lookback=timedelta(0),
)
@example(
    before=9,
    runs=[
        ([("soon", 196), ("add", 0)], [], 17, None),
        ([("touch", 1), ("add", 6)], [], 0, None),
    ],
    nulls_first=False,
    lookback=timedelta(0),
)
@example(
    before=10,
    runs=[
        (
            [*(("soon", ahead) for ahead in (140, 161, 182, 154, 175)), ("add", 0), ("add", 0)],
            [("add", 0), ("add", 0), ("touch", 8), ("add", 6)],
            60,
            None,
        ),
    ],
    nulls_first=False,
    lookback=timedelta(0),
)
def test_in_the_end_the_replica_equals_the_list_and_nothing_is_torn(
    before: int,
    runs: list[Any],
    nulls_first: bool,  # noqa: FBT001 - drawn
    lookback: timedelta,
) -> None:
    shelf, replica = Shelf(nulls_first=nulls_first), Replica()
    for number in range(before):
        shelf.change("add", number)
    for key in list(shelf.rows)[3::5]:
        shelf.rows[key][KEY] = None
    for between, during, kill, refusal in runs:
        shelf.run += 1
        for change in between:
            shelf.change(*change)
        shelf.changes, shelf.refusal = iter(during), refusal
        replica.take(shelf, lookback, kill)
    shelf.run += 1
    shelf.changes = iter(())
    shelf.refusal = None
    assert replica.take(shelf, lookback, None)
    assert {key: replica.parents[key] for key in shelf.rows if key in replica.parents} == shelf.rows
    torn = {key for key in shelf.rows if replica.read[key] != replica.derived[key]}
    assert not torn
    for _ in range(2):  # the first one may have to read an instant with many rows once more
        shelf.run += 1
        shelf.asked = 0
        assert replica.take(shelf, timedelta(0), None)
    ahead = sum(1 for row in shelf.rows.values() if (row[KEY] or "") > shelf.now())
    undated = sum(1 for row in shelf.rows.values() if row[KEY] is None)
    assert shelf.asked <= 2 + (ahead + undated) // SIZE + bool(ahead) * 8
