"""Rows of one kind, with the indexes that filters and orders need."""

from __future__ import annotations

from bisect import bisect_left, insort
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from gorgias_sandbox.clock import micros
from gorgias_sandbox.contract import Json

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from gorgias_sandbox.dataset import Row

Entry: TypeAlias = tuple[Json, ...]
"""Where a row stands in an order: its sort keys, then its id."""

_BEFORE_ALL = -1
_PRIORITIES = {"low": 0, "normal": 1, "high": 2, "critical": 3}
_TEXT_FIELDS = frozenset({"name", "email", "role.name", "language"})


class Table:
    """Rows by id. Indexes are built when first asked for and kept up to date from then on.

    Rows are never changed in place: `put` a changed copy.
    """

    def __init__(self, rows: dict[int, Row]) -> None:
        self._rows = dict(rows)
        self._lookups: dict[str, dict[Hashable, set[int]]] = {}
        self._orders: dict[tuple[str, ...], list[Entry]] = {}
        self.rendered: dict[int, bytes] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def __contains__(self, row_id: object) -> bool:
        return row_id in self._rows

    def __getitem__(self, row_id: int) -> Row:
        return self._rows[row_id]

    def get(self, row_id: int | None) -> Row | None:
        """The row with this id, if there is one."""
        return None if row_id is None else self._rows.get(row_id)

    def put(self, row: Row) -> None:
        """Insert the row, or replace the one with its id."""
        row_id: int = row["id"]
        old = self._rows.get(row_id)
        self._rows[row_id] = row
        self.rendered.pop(row_id, None)
        for field, lookup in self._lookups.items():
            _move(lookup, row_id, _values(old, field), _values(row, field))
        for fields, entries in self._orders.items():
            before = None if old is None else entry(old, fields)
            after = entry(row, fields)
            if before != after:
                if before is not None:
                    del entries[bisect_left(entries, before)]
                insort(entries, after)

    def remove(self, row_id: int) -> Row:
        """Take the row out and return it."""
        row = self._rows.pop(row_id)
        self.rendered.pop(row_id, None)
        for field, lookup in self._lookups.items():
            _move(lookup, row_id, _values(row, field), frozenset())
        for fields, entries in self._orders.items():
            del entries[bisect_left(entries, entry(row, fields))]
        return row

    def find(self, field: str, value: Hashable) -> list[int]:
        """Ids, ascending, of the rows whose `field` is `value` or, for a list, holds it.

        `email` and `address` (any of a customer's channels) are in lower case.
        """
        if field not in self._lookups:
            lookup: dict[Hashable, set[int]] = {}
            for row in self:
                _move(lookup, row["id"], frozenset(), _values(row, field))
            self._lookups[field] = lookup
        return sorted(self._lookups[field].get(value, ()))

    def ordered(self, fields: tuple[str, ...]) -> list[Entry]:
        """All rows in ascending order of `fields`, then id. Do not change the list."""
        if fields not in self._orders:
            self._orders[fields] = self.entries(fields, self._rows)
        return self._orders[fields]

    def entries(self, fields: tuple[str, ...], ids: Iterable[int]) -> list[Entry]:
        """The rows with these ids in ascending order of `fields`, then id."""
        return sorted(entry(self._rows[row_id], fields) for row_id in ids)


def entry(row: Row, fields: tuple[str, ...]) -> Entry:
    """Where the row stands when ordered by `fields`."""
    return (*(_sort_key(row, field) for field in fields), row["id"])


def cursor_values(place: Entry, fields: tuple[str, ...]) -> list[Json]:
    """The sort keys of an entry as a cursor shows them: moments are naive UTC text."""
    return [
        _naive(key) if field.endswith("_datetime") and key != _BEFORE_ALL else key
        for field, key in zip(fields, place[:-1], strict=True)
    ]


def place_of(values: list[Json], row_id: int, fields: tuple[str, ...]) -> Entry:
    """The inverse of `cursor_values`.

    Raises:
        ValueError: the values are not of these fields.
    """
    keys = [
        micros(value) if field.endswith("_datetime") and isinstance(value, str) else value
        for field, value in zip(fields, values, strict=True)
    ]
    return (*keys, row_id)


def _naive(microseconds: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    return moment.replace(tzinfo=None).isoformat()


def _sort_key(row: Row, field: str) -> Json:
    value: Json = row
    for part in field.split("."):
        value = value[part]
    if field in _TEXT_FIELDS:
        return (value or "").casefold()
    if value is None:
        return _BEFORE_ALL
    if field.endswith("_datetime"):
        return micros(value)
    return _PRIORITIES[value] if field == "priority" and isinstance(value, str) else value


def _values(row: Row | None, field: str) -> frozenset[Hashable]:
    if row is None:
        return frozenset()
    if field == "address":
        return frozenset(each["address"].lower() for each in row["channels"])
    value: Json = row[field]
    if isinstance(value, list):
        return frozenset(value)
    if field == "email" and value is not None:
        return frozenset({value.lower()})
    return frozenset({value})


def _move(
    lookup: dict[Hashable, set[int]],
    row_id: int,
    before: frozenset[Hashable],
    after: frozenset[Hashable],
) -> None:
    for value in before - after:
        lookup[value].discard(row_id)
    for value in after - before:
        lookup.setdefault(value, set()).add(row_id)
