"""What the state says of a stream: how far it is read, in a form that a killed run can go on from.

Written as `{"bookmarks": {"tickets": {…}}}`, with `replication_key` and `replication_key_value` as
the Singer specification has them, and beside them only what is not the rule:

- `backfill_cursor`: the first read is not through; the page at this cursor comes next.
- `descent`: a way down is not through. What lies between its ends is out too; the page at its
  cursor comes next.
- `again_from`: rows from here up to the bookmark were about to be given again.
- `instant_out_to`: rows at the bookmark's own instant are out too, the highest id among them being
  this. Only noted where there is a page of them or more.
- `unordered`: the server did not keep to the order it was asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tap_gorgias.timestamps import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping


class Descent(NamedTuple):
    """An unfinished way down: rows from `top` to `bottom` are out."""

    top: str
    bottom: str
    cursor: str | None = None


class Bookmark(NamedTuple):
    """Everything before `position` is out; the other fields are explained above."""

    position: str | None = None
    cursor: str | None = None
    descent: Descent | None = None
    again_from: str | None = None
    instant_out_to: int | None = None
    unordered: bool = False

    @property
    def old_cursor(self) -> str | None:
        """The cursor with which an interrupted walk goes on."""
        return self.cursor or (self.descent.cursor if self.descent else None)

    def without_cursor(self) -> Bookmark:
        """The same, for a server that no longer takes the cursor."""
        descent = self.descent and self.descent._replace(cursor=None)
        return self._replace(cursor=None, descent=descent)


def read_bookmark(state: Mapping[str, Any]) -> Bookmark:
    """The bookmark in a stream's part of the state.

    Raises:
        ValueError: it holds something that is no datetime.
        TypeError, AttributeError, KeyError: it holds something of another shape.
    """
    position, again = state.get("replication_key_value"), state.get("again_from")
    out_to = state.get("instant_out_to")
    descent = state.get("descent")
    return Bookmark(
        position=canonical(position) if position else None,
        cursor=state.get("backfill_cursor"),
        descent=Descent(canonical(descent["from"]), canonical(descent["to"]), descent.get("cursor"))
        if descent
        else None,
        again_from=canonical(again) if again else None,
        instant_out_to=out_to if type(out_to) is int else None,
        unordered=state.get("unordered") is True,
    )


def write_bookmark(bookmark: Bookmark, key: str, state: MutableMapping[str, Any]) -> None:
    """Put a bookmark into a stream's part of the state, in the place of the one before."""
    descent = bookmark.descent
    parts = {
        "replication_key": key if bookmark.position else None,
        "replication_key_value": bookmark.position,
        "backfill_cursor": bookmark.cursor,
        "descent": descent
        and {"from": descent.top, "to": descent.bottom, "cursor": descent.cursor},
        "again_from": bookmark.again_from,
        "instant_out_to": bookmark.instant_out_to,
        "unordered": bookmark.unordered or None,
    }
    for name, value in parts.items():
        state.pop(name, None)
        if value is not None:
            state[name] = value


def earliest(bookmarks: list[Bookmark]) -> Bookmark:
    """What holds for all of several streams that are read together."""
    least = min(
        bookmarks,
        key=lambda mark: (mark.position or "", mark.cursor is None, mark.descent is not None),
    )
    again = [mark.again_from for mark in bookmarks if mark.again_from]
    out_to = [mark.instant_out_to for mark in bookmarks if mark.position == least.position]
    return least._replace(
        again_from=min(again, default=None),
        instant_out_to=min(each or 0 for each in out_to) or None,
        unordered=any(mark.unordered for mark in bookmarks),
    )
