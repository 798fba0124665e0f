"""Looking ahead: what many changes at hand need to know of Gorgias, asked in few requests."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakValueDictionary

from target_gorgias.directory import WAYS, Directory
from target_gorgias.gateway import PAGE
from target_gorgias.refusals import Refused
from target_gorgias.trouble import TROUBLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gorgias_api.operations import Call
    from target_gorgias.changes import Change
    from target_gorgias.entries import Entry
    from target_gorgias.gateway import Gateway
    from target_gorgias.keys import Keys
    from target_gorgias.ledger import Ledger

Row = dict[str, Any]
LISTS: Mapping[str, tuple[str, Sequence[Mapping[str, str]]]] = {
    "tags": ("list-tags", ({},)),
    "users": ("list-users", ({},)),
    "teams": ("list-teams", ({},)),
    "views": ("list-views", ({},)),
    "macros": ("list-macros", ({},)),
    "custom_fields": (
        "list-custom-fields",
        ({"object_type": "Ticket"}, {"object_type": "Customer"}),
    ),
}
"""Lists that are read as a whole: few objects, and no filter by id."""
TABLES = {"custom-fields": "custom_fields"}
"""Paths that are not called like what they hold."""
PARTS = {
    "ticket_tags": "tags",
    "ticket_custom_fields": "custom_fields",
    "customer_custom_fields": "custom_fields",
}
"""Fields of an object that hold its parts."""


class Shown:
    """An object as a list showed it, and the fields that were written to it since.

    Args:
        row: the object; None when it is not there.
        is_another: it is not the one that is meant now, so it says nothing of that.
    """

    def __init__(self, row: Row | None, *, is_another: bool = False) -> None:
        self.row = row
        self._is_another = is_another
        self._written: set[str] = set()

    def is_of_use(self, change: Change) -> bool:
        """Whether it is what a change is about, and nothing was written to those fields since."""
        if self._is_another:
            return False
        if change.route.name in PARTS:
            return PARTS[change.route.name] not in self._written
        return self._written.isdisjoint({*change.values, *change.references, "trashed_datetime"})

    @property
    def tags(self) -> set[str] | None:
        """The tags of a ticket, with those that were written since; None when that is unknown."""
        if self.row is None or self._is_another or "tags" in self._written:
            return None
        return {tag["name"] for tag in self.row.get("tags") or ()}

    def wrote(self, call: Call, *, sure: bool) -> None:
        """Note what a request has done to it, or may have done."""
        part = call.path.split("/")[4:5]
        body = call.data if isinstance(call.data, dict) else {}
        if not part:
            self._written |= body.keys()
        elif sure and part == ["tags"] and self.row and not body.get("ids"):
            self.row["tags"] = _after(call.method, self.row.get("tags") or [], body["names"])
        else:
            self._written.add(part[0].replace("-", "_"))


def _after(method: str, tags: list[Row], names: list[str]) -> list[Row]:
    """The tags of a ticket after some of them were added, taken off or replaced by others."""
    left = [] if method == "PUT" else [tag for tag in tags if tag["name"] not in names]
    return left if method == "DELETE" else [*left, *({"name": name} for name in names)]


class _Meant(NamedTuple):
    """The object that is compared."""

    table: str
    number: int


class Looker:
    """Looks ahead for changes. Safe to share between threads."""

    def __init__(self, gateway: Gateway, ledger: Ledger, keys: Keys, directory: Directory) -> None:
        self._gateway = gateway
        self._ledger = ledger
        self._keys = keys
        self._directory = directory
        self._lock = threading.Lock()
        self._shown: WeakValueDictionary[_Meant, Shown] = WeakValueDictionary()
        self._lists: dict[str, dict[int, Shown]] = {}
        gateway.on_write(self._written)

    def look(self, changes: Sequence[Change]) -> None:
        """Look up what the changes are about; where that fails, they are written without.

        Raises:
            GorgiasError: the run cannot go on.
        """
        known = self._ledger.known([(change.stream, change.key) for change in changes])
        try:
            self._read_customers(changes, known)
            self._compare([each for each in changes if _is_compared(each, known)], known)
        except (Refused, *TROUBLE) as failed:
            told = failed.for_log if isinstance(failed, Refused) else failed
            changes[0].logger.warning("Rows cannot be compared with Gorgias: %s", told)

    @staticmethod
    def concerns(change: Change) -> bool:
        """Whether looking ahead may save requests for a change."""
        return change.route.compares or _adds_tags(change) or _asks_for_customer(change) > 0

    def _read_customers(
        self, changes: Sequence[Change], known: Mapping[tuple[str, str], Entry | None]
    ) -> None:
        new = [
            change
            for change in changes
            if not ((entry := known[change.stream, change.key]) and entry.gorgias_id is not None)
        ]
        compared = [c for c in changes if c.route.compares and _table(c) == "customers"]
        worth = math.inf if compared else float(sum(map(_asks_for_customer, new)))
        if worth:
            first = next(iter(compared or filter(_asks_for_customer, new)))
            self._directory.read_ahead(
                lambda cursor: self._gateway.call(
                    first,
                    "list-customers",
                    limit=PAGE,
                    order_by="created_datetime:desc",
                    cursor=cursor,
                ),
                worth,
            )

    def _compare(
        self, changes: Sequence[Change], known: Mapping[tuple[str, str], Entry | None]
    ) -> None:
        meant = self._meant(changes, known)
        by_table: dict[str, list[Change]] = {}
        for change in changes:
            if each := meant.get(id(change)):
                by_table.setdefault(each.table, []).append(change)
        for table, some in by_table.items():
            shown = self._rows(some[0], table, {meant[id(change)].number for change in some})
            for change in some:
                at = shown.get(meant[id(change)].number)
                if at and not _is_named_so(change, at.row):
                    at = Shown(at.row, is_another=True)
                change.shown = at

    def _meant(
        self, changes: Sequence[Change], known: Mapping[tuple[str, str], Entry | None]
    ) -> dict[int, _Meant]:
        """The objects that changes are about, as far as that takes no request."""
        found: dict[int, _Meant] = {}
        written = {
            id(change): _Meant(_table(change), entry.gorgias_id)
            for change in changes
            if (entry := known[change.stream, change.key]) and entry.gorgias_id is not None
            if _table(change) != change.route.name and entry.is_of(change.content)
        }
        asked: dict[tuple[str, str, str], dict[str, list[Change]]] = {}
        for change in changes:
            table, entry = _table(change), known[change.stream, change.key]
            part = table != change.route.name
            owner = change.references.get(change.entity.of)
            ways = (owner.ways if owner else {}) if part else change.own
            if "id" in ways:
                found[id(change)] = _Meant(table, int(ways["id"]))
            elif not part and entry and entry.gorgias_id is not None:
                found[id(change)] = _Meant(table, entry.gorgias_id)
            else:
                stream, key = self._keys.named(owner) if owner and "key" in ways else ("", None)
                for way, value in (("key", key), ("external_id", ways.get("external_id"))):
                    if value is not None:
                        of_stream = stream if way == "key" else ""
                        values = asked.setdefault((table, way, of_stream), {})
                        values.setdefault(str(value), []).append(change)
        for (table, way, stream), values in asked.items():
            for value, numbers in self._ledger.ids_by(table, way, values, stream).items():
                if len(numbers) == 1:
                    (number,) = numbers
                    for change in values[value]:
                        found.setdefault(id(change), _Meant(table, number))
        return written | found

    def _rows(self, change: Change, table: str, ids: set[int]) -> Mapping[int, Shown]:
        """Objects by id; those that are not there as such."""
        if table == "tickets":
            fresh: dict[int, Row | None] = dict.fromkeys(ids)
            for some in _in_hundreds(sorted(ids)):
                rows = self._gateway.rows(change, "list-tickets", ticket_ids=some)
                fresh |= {row["id"]: row for row in rows}
            return {number: self._keep(_Meant(table, number), fresh[number]) for number in ids}
        if table == "customers":
            rows_ = {number: self._directory.by_id(number) for number in ids}
            return {n: self._keep(_Meant(table, n), row) for n, row in rows_.items() if row}
        with self._lock:
            listed = self._lists.get(table)
        if listed is None:
            name, filters = LISTS[table]
            listed = {
                row["id"]: self._keep(_Meant(table, row["id"]), row)
                for given in filters
                for row in self._gateway.rows(change, name, **given)
            }
            with self._lock:
                self._lists[table] = listed
        return listed

    def _keep(self, meant: _Meant, row: Row | None) -> Shown:
        with self._lock:
            self._shown[meant] = shown = Shown(row)
        return shown

    def _written(self, call: Call, sure: bool) -> None:  # noqa: FBT001 - a callback
        """What was looked up no longer holds, once something is written."""
        steps = call.path.split("/")
        table = TABLES.get(steps[2], steps[2])
        numbers = [int(step) for step in steps[3:4] if step.isdecimal()]
        if table == "customers":
            numbers += [int(n) for name, n in call.params.items() if name.endswith("_id")]
            for number in numbers:
                self._directory.written(number)
        with self._lock:
            for number in numbers:
                if shown := self._shown.get(_Meant(table, number)):
                    shown.wrote(call, sure=sure)


def _table(change: Change) -> str:
    """What a change is compared with: its object, or the one it is a part of."""
    part = change.entity.of and not change.entity.create
    return change.entity.references[change.entity.of] if part else change.route.name


def _is_named_so(change: Change, row: Row | None) -> bool:
    """Whether the object that a part was written to is the one that its row names now."""
    owner = change.references.get(change.entity.of)
    if row is None or owner is None or change.entity.create or {"id", "key"} & owner.ways.keys():
        return True
    return all(
        str(row.get(way)).casefold() == str(value).casefold() for way, value in owner.ways.items()
    )


def _adds_tags(change: Change) -> bool:
    """Whether a change of a ticket adds those tags that are not there."""
    adds = change.route.name == "tickets" and change.route.verb in {"upsert", "update"}
    return adds and "tags" in change.values and "tags" not in change.route.replace


def _is_compared(change: Change, known: Mapping[tuple[str, str], Entry | None]) -> bool:
    entry = known[change.stream, change.key]
    changed = not (entry and entry.is_of(change.content))
    return change.route.compares or (_adds_tags(change) and changed)


def _asks_for_customer(change: Change) -> int:
    """How many requests it takes to see whether the customer of a row is there."""
    if change.route.name != "customers" or change.route.verb not in {"upsert", "update"}:
        return 0
    return 0 if "id" in change.own else sum(way in change.own for way in WAYS)


def _in_hundreds(ids: list[int]) -> Iterator[list[int]]:
    yield from (ids[start : start + PAGE] for start in range(0, len(ids), PAGE))
