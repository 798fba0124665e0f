"""Keyset pages and their cursors (section 1.7)."""

from __future__ import annotations

import base64
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from gorgias_sandbox.render import encode
from gorgias_sandbox.replies import Invalid
from gorgias_sandbox.table import cursor_values, place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gorgias_sandbox.clock import Clock
    from gorgias_sandbox.table import Entry

_REMEMBERED_CURSORS = 100_000
_MOST_FIRST = "usage"


@dataclass(frozen=True, slots=True)
class Order:
    """Fields to sort by; ties go by id in the same direction."""

    fields: tuple[str, ...]
    descending: bool

    @classmethod
    def parse(cls, text: str) -> Order:
        """Read `order_by`: `usage:desc,name:desc`, or a deprecated bare field."""
        parts = [part.partition(":") for part in text.split(",")]
        direction = parts[0][2] or ("desc" if text == _MOST_FIRST else "asc")
        return cls(tuple(field for field, _, _ in parts), direction == "desc")


@dataclass(frozen=True, slots=True)
class Place:
    """A decoded cursor: the rows after (`forward`) or before an entry."""

    forward: bool
    entry: Entry


@dataclass(frozen=True, slots=True)
class Page:
    """One page: ids in order, and the entries its cursors stand on (None: no such page)."""

    ids: list[int]
    previous: Entry | None
    next: Entry | None


def window(
    entries: Sequence[Entry],
    *,
    descending: bool,
    limit: int,
    place: Place | None = None,
    keep: Callable[[int], bool] | None = None,
    bounds: tuple[int, int] | None = None,
) -> Page:
    """Cut a page out of entries in ascending order.

    Args:
        entries: all rows in question.
        descending: walk them from the end.
        limit: the most rows on the page.
        place: where to start; None is the beginning.
        keep: which ids count; None is all.
        bounds: half-open range of positions in `entries` that count.
    """
    low, high = bounds or (0, len(entries))
    forward = place is None or place.forward
    upwards = forward != descending
    if place is None:
        start = low if upwards else high - 1
    elif upwards:
        start = max(bisect_right(entries, place.entry), low)
    else:
        start = min(bisect_left(entries, place.entry), high) - 1
    ahead = range(start, high) if upwards else range(start, low - 1, -1)
    behind = range(start - 1, low - 1, -1) if upwards else range(start + 1, high)

    def matching(positions: range) -> list[Entry]:
        found = (entries[each] for each in positions)
        return list(islice((each for each in found if keep is None or keep(each[-1])), limit + 1))

    picked = matching(ahead)
    more = len(picked) > limit
    picked = picked[:limit]
    other_side = place is not None and any(keep is None or keep(entries[at][-1]) for at in behind)
    if not forward:
        picked.reverse()
    has_previous, has_next = (other_side, more) if forward else (more, other_side)
    return Page(
        ids=[each[-1] for each in picked],
        previous=picked[0] if picked and has_previous else None,
        next=picked[-1] if picked and has_next else None,
    )


class Cursors:
    """Cursors given out: base64 of `["next", sort value, id]`.

    A cursor works only where it was given out, in the same order, and while it is young.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._issued: dict[tuple[str, str], float] = {}

    def issue(
        self, purpose: str, entry: Entry | None, order: Order, *, forward: bool
    ) -> str | None:
        """A cursor on an entry; `purpose` names the list and order it is good for."""
        if entry is None:
            return None
        values = cursor_values(entry, order.fields)
        direction = "next" if forward else "prev"
        content = [direction, values[0] if len(values) == 1 else values, entry[-1]]
        token = base64.urlsafe_b64encode(encode(content)).decode()
        self._issued.pop((purpose, token), None)
        self._issued[purpose, token] = self._clock.time()
        if len(self._issued) > _REMEMBERED_CURSORS:
            del self._issued[next(iter(self._issued))]
        return token

    def read(self, purpose: str, token: str, order: Order, ttl: float | None) -> Place:
        """Where a cursor points.

        Raises:
            Invalid: the cursor is broken, from elsewhere, or older than `ttl` seconds.
        """
        issued = self._issued.get((purpose, token))
        if issued is None or (ttl is not None and self._clock.time() - issued > ttl):
            raise Invalid({"cursor": ["Invalid cursor."]})
        direction, values, row_id = msgspec.json.decode(base64.urlsafe_b64decode(token))
        keys = values if len(order.fields) > 1 else [values]
        return Place(direction == "next", place_of(keys, row_id, order.fields))
