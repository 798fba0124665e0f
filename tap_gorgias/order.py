"""Where rows stand in a list, and whether the list keeps to the order it was asked for."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

from tap_gorgias.timestamps import FIRST, LAST, canonical

Row = dict[str, Any]

TOLERATED = 0.1
"""Share of neighbours in the wrong order: a row can change between being sorted and being shown."""


def position(row: Row, key: str) -> str:
    """Where `row` stands in the order of `key`; a row never changed counts from its creation."""
    return canonical(row.get(key) or row.get("created_datetime") or FIRST)


class Ties(NamedTuple):
    """Rows at one instant: how many, and the highest id among them."""

    rows: int = 0
    highest: int = 0

    def with_row(self, row: Row) -> Ties:
        """And this one."""
        return Ties(self.rows + 1, max(self.highest, row["id"]))


class Sighting:
    """What a walk has seen of a list since it last began at one of its ends.

    Rows that are dated ahead of the server's time tell nothing of how far the list was read. On the
    way up, neither does what comes after one: rows that change until then stand before it, behind
    us. All of them count as dated ahead.

    Attributes:
        key: what the list was asked to be ordered by.
        began: the server's time when the first page came.
        starts_dated: whether the very first row has a date.
        ends_ahead: whether the very last row is dated ahead.
        first: position of the dated row that came first, but for those dated ahead.
        last: position of the dated row that came last, but for those dated ahead.
        at_first: the dated rows that stand where the first one does.
        at_last: the dated rows that stand where the last one does.
        newest: the highest position of all rows, dated or not.
        dated: positions of the dated rows of the last page.
        pages: how many pages came.
        inversions: neighbours in the wrong order.
    """

    def __init__(self, key: str, *, descending: bool) -> None:
        self.key = key
        self.began = FIRST
        self.starts_dated = self.ends_ahead = False
        self.first: str | None = None
        self.last: str | None = None
        self.at_first = self.at_last = Ties()
        self.newest = FIRST
        self.dated: list[str] = []
        self.pages = self.inversions = 0
        self.is_ordered = True
        self._descending = descending
        self._ahead = LAST
        self._pairs = 0
        self._border: list[str] = []

    def see(self, rows: list[Row], now: str) -> list[tuple[str, Row]]:
        """Take a page that came at `now`; gives its rows with their positions."""
        if not self.pages:
            self.began = now
            self.starts_dated = bool(rows and rows[0].get(self.key))
        self.pages += 1
        spots = [(position(row, self.key), row) for row in rows]
        self.newest = max([self.newest, *(at for at, _ in spots)])
        self.dated = [at for at, row in spots if row.get(self.key)]
        self._compare(self.dated)
        for at, row in spots:
            self.ends_ahead = bool(row.get(self.key)) and (at > now or at >= self._ahead)
            if self.ends_ahead and not self._descending:
                self._ahead = min(self._ahead, at)
            if self.ends_ahead or not row.get(self.key):
                continue
            if self.first is None:
                self.first = at
            if at == self.first:
                self.at_first = self.at_first.with_row(row)
            self.at_last = (self.at_last if at == self.last else Ties()).with_row(row)
            self.last = at
        return spots

    def _compare(self, positions: list[str]) -> None:
        """Count the neighbours in the wrong order, across the border of pages too."""
        for one, other in pairwise([*self._border, *positions]):
            self.inversions += (one < other) if self._descending else (one > other)
            self._pairs += 1
        self._border = positions[-1:] or self._border
        if self.inversions > max(1, TOLERATED * self._pairs):
            self.is_ordered = False


class Ascending:
    """Whether rows come in the order of their creation: nothing that exists can slip through then.

    A list in another order may move while it is read.
    """

    def __init__(self) -> None:
        self._last = FIRST
        self.is_kept = True

    def take(self, rows: list[Row]) -> None:
        """The next page; rows without a usable date do not count."""
        for row in rows:
            try:
                at = canonical(row["created_datetime"])
            except (KeyError, ValueError, AttributeError):
                continue
            self.is_kept &= at >= self._last
            self._last = at
