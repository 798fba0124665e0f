"""What the last writes changed: noted in passing, worked out only when somebody looks."""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from itertools import count, groupby
from typing import TYPE_CHECKING, NamedTuple

from gorgias_sandbox.render import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gorgias_sandbox.contract import Json
    from gorgias_sandbox.dataset import Row
    from gorgias_sandbox.world import World

_REMEMBERED_CHANGES = 200
_SHOWN_WRITES = 50
_SHOWN_OBJECTS = 20
_LONGEST_VALUE = 200
_TITLES = ("body_text", "subject", "label", "name", "email", "type")


class Change(NamedTuple):
    """One row before and after; None: it was not there.

    Attributes:
        write: number of the write it belongs to.
        cause: of that write.
        time: seconds since the epoch on the sandbox's clock.
        table: where the row is.
        old: as it was.
        new: as it is.
    """

    write: int
    cause: str
    time: float
    table: str
    old: Row | None
    new: Row | None


class History:
    """The last changes of rows. Rows are never changed in place: keeping both costs nothing."""

    def __init__(self) -> None:
        self._changes: deque[Change] = deque(maxlen=_REMEMBERED_CHANGES)
        self._numbers = count(1)
        self._write: tuple[int, str] | None = None

    @contextmanager
    def write(self, cause: str) -> Iterator[None]:
        """Take all changes inside the block for one write, made by `cause`."""
        self._write = next(self._numbers), cause
        try:
            yield
        finally:
            self._write = None

    def note(self, time: float, table: str, old: Row | None, new: Row | None) -> None:
        """Remember one change."""
        number, cause = self._write or (next(self._numbers), "from outside")
        self._changes.append(Change(number, cause, time, table, old, new))

    def writes(self, world: World, after: int) -> list[Row]:
        """The last writes, newest first, that have a higher number than `after`.

        Returns:
            `{number, cause, time, objects, more}`: an object is `{table, id, title, what, fields}`
            with `created`, `updated` or `deleted`, a field is `{name, before, after}`, and `more`
            is how many objects were left out. A write without objects changed nothing in the end.
        """
        # A copy first: a test may write from its own thread.
        recent = [change for change in list(self._changes) if change.write > after]
        shown = [_told(world, list(group)) for _, group in groupby(recent, lambda each: each.write)]
        return shown[: -_SHOWN_WRITES - 1 : -1]


def _told(world: World, changes: list[Change]) -> Row:
    objects = [
        told
        for table, old, new in _folded(changes)
        if (told := _object(world, table, old, new)) is not None
    ]
    return {
        "number": changes[0].write,
        "cause": changes[0].cause,
        "time": changes[0].time,
        "objects": objects[:_SHOWN_OBJECTS],
        "more": max(0, len(objects) - _SHOWN_OBJECTS),
    }


def _folded(changes: Iterable[Change]) -> Iterator[tuple[str, Row | None, Row | None]]:
    """One change per object: a write may touch the same row more than once."""
    ends: dict[tuple[str, int], tuple[Row | None, Row | None]] = {}
    for change in changes:
        key = change.table, (change.old or change.new or {})["id"]
        first, _ = ends.get(key, (change.old, None))
        ends[key] = first, change.new
    for (table, _), (old, new) in ends.items():
        yield table, old, new


def _object(world: World, table: str, old: Row | None, new: Row | None) -> Row | None:
    row = new or old or {}
    before, after = _flat(world, old or {}), _flat(world, new or {})
    fields = [
        {"name": name, "before": _text(before.get(name)), "after": _text(after.get(name))}
        for name in before | after
        if before.get(name) != after.get(name)
    ]
    if not fields:
        return None
    return {
        "table": table,
        "id": row["id"],
        "title": next((_text(row[name]) for name in _TITLES if row.get(name)), ""),
        "what": "created" if old is None else "deleted" if new is None else "updated",
        "fields": fields,
    }


def _flat(world: World, row: Row) -> Row:
    """Paths such as `meta.a.b` -> value, with the names of tags and custom fields for their ids."""
    named = dict(row)
    if "tag_ids" in named:
        tags = world.tables["tags"]
        names = (str((tags.get(each) or {"name": each})["name"]) for each in row["tag_ids"])
        named["tags"] = ", ".join(names) or None
        del named["tag_ids"]
    if "field_values" in named:
        definitions = world.tables["custom_fields"]
        named["custom_fields"] = {
            (definitions.get(each) or {"label": each})["label"]: value
            for each, value in row["field_values"].items()
        }
        del named["field_values"]
    return dict(_leaves(named, ""))


def _leaves(value: Json, path: str) -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else str(name))
    else:
        yield path, None if value == [] else value


def _text(value: Json) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else encode(value).decode()
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
