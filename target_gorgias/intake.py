"""From the messages of a tap to changes, and which streams can never work."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from gorgias_api import UsageError
from gorgias_api.operations import OPERATIONS
from target_gorgias.changes import Change
from target_gorgias.columns import Columns, folded, valued
from target_gorgias.copying import COMPUTED, localised
from target_gorgias.fields import columns
from target_gorgias.keys import CREATING, REFERRING
from target_gorgias.naming import MARKED_WITH, WAYS
from target_gorgias.records import Reader
from target_gorgias.refusals import Refused, readable
from target_gorgias.routes import DELETED, Route
from target_gorgias.shapes import VALUE_COLUMNS

if TYPE_CHECKING:
    import logging
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from target_gorgias.routes import Routes

NOT_IN_EVERY_ROW = frozenset({"messages", "from_agent"})
"""The first message of a ticket may come from a stream of its own; of a note it is known whom it
is from."""
REMOVING = frozenset({"delete", "trash", "remove"})
"""Verbs of rows whose other columns are beside the point."""
_FIELD = {"custom_field_id", "custom_field_key"}
PARTS_NEED: Mapping[tuple[str, str], tuple[set[str], ...]] = {
    ("ticket_tags", "add"): ({"name", "names", "tag_id"},),
    ("ticket_tags", "remove"): ({"name", "names", "tag_id"},),
    ("ticket_tags", "set"): ({"names"},),
} | {
    (f"{owner}_custom_fields", verb): needs
    for owner in ("ticket", "customer")
    for verb, needs in (
        ("set", (_FIELD | {"custom_fields"}, {"value", "custom_fields"})),
        ("replace", ({"custom_fields"},)),
        ("delete", (_FIELD,)),
    )
}


class Stream(NamedTuple):
    """One stream: its route, and how its records are read."""

    routes: Routes
    route: Route
    reader: Reader

    @classmethod
    def named(
        cls, routes: Routes, name: str, key_properties: Sequence[str], logger: logging.Logger
    ) -> Stream | None:
        """The stream; None when it is to be skipped.

        Raises:
            UsageError: it stands for no operation.
        """
        route = routes.of_stream(name)
        if route is None:
            return None
        return cls(routes, route, Reader(name, key_properties, logger))

    def change(self, record: dict[str, Any]) -> Change | None:
        """What a record asks for; None when that is nothing.

        Raises:
            Refused: it cannot be told.
        """
        try:
            control = _control(self.routes.action_field).renamed(record)
            route = self.routes.of_record(self.route, control)
            if route is None:
                return None
            named = self._columns(route).renamed(control)
        except UsageError as error:
            raise Refused(str(error)) from None
        shaped = localised(route.name, named) if route.foreign else named
        return self.reader.read(shaped, route, record)

    def unreadable(self, record: dict[str, Any]) -> Change:
        """A record that cannot be read, to be refused by its key."""
        names = self.route.key or self.reader.key_properties
        key = {name: readable(valued(record, name)) for name in names}
        return Change(
            stream=self.reader.stream,
            key=", ".join(map(str, key.values())),
            key_values=key,
            route=self.route,
            record=record,
            logger=self.reader.logger,
        )

    def check(self, given: Collection[str]) -> None:
        """Refuse a stream whose records can never be written.

        Args:
            given: the columns its schema has.

        Raises:
            UsageError: what is missing, or which columns are one too many.
        """
        columns = self._of_stream(given)
        where = f"The stream '{self.reader.stream}' cannot be written"
        try:
            columns.check(given)
        except UsageError as error:
            message = f"{where}: {str(error)[0].lower()}{str(error)[1:]}"
            raise UsageError(message) from None
        meant = {meaning for column in given if (meaning := columns.meaning(column))}
        by_row = self.routes.action_field in meant  # each record says for itself what it is
        missing = set() if by_row else _missing(self.route, meant)
        if missing:
            words = " or ".join(f"'{way}'" for way in sorted(missing))
            message = f"{where}: '{self.route}' needs {words}."
            raise UsageError(message + columns.hint(given, missing))
        control = {DELETED, self.routes.action_field}
        owner = _ways(self.route.entity.of) if self.route.entity.of else set()
        fields = meant - control - owner
        keys = {columns.meaning(name) for name in self.route.key or self.reader.key_properties}
        if self.route.verb == "update" and not by_row and len(fields) == 1 and keys <= fields:
            message = f"{where}: it has '{min(fields)}', and nothing to update."
            raise UsageError(message + columns.hint(given))
        if given and not meant:
            message = f"{where}: none of its columns means anything to '{self.route}'."
            raise UsageError(message + columns.hint(given))
        self._check_identity(given, meant)

    def left_out(self, given: Collection[str], route: Route | None) -> set[str]:
        """The columns that mean nothing.

        Args:
            given: the columns.
            route: that of a record; else what any record of the stream may do counts.
        """
        if route is not None and route.verb in REMOVING - {self.route.verb}:
            return set()
        columns = self._of_stream(given) if route is None else self._columns(route)
        keys = {folded(name) for name in (*self.reader.key_properties, *self.route.key)}
        return {column for column in columns.unknown(given) if folded(column) not in keys}

    def warn(self, left_out: Collection[str]) -> None:
        """Say which columns are left out, and what they may have meant."""
        listed = self._columns(self.route).listed(left_out)
        self.reader.logger.warning("Columns that mean nothing here: %s.", listed)

    def _columns(self, *routes: Route) -> Columns:
        return _known(frozenset(routes), self.routes.action_field)

    def _of_stream(self, given: Collection[str]) -> Columns:
        """What means something to the records of a stream with these columns."""
        action = self.routes.action_field
        if not any(map(_control(action).meaning, given)):
            return self._columns(self.route)
        verbs = self.route.entity.verbs
        return self._columns(self.route, *(replace(self.route, verb=verb) for verb in verbs))

    def _check_identity(self, given: Collection[str], meant: set[str]) -> None:
        """Make sure that rows which may create something can be known again.

        Args:
            given: the columns of the stream.
            meant: what they stand for.

        Raises:
            UsageError: what a key could be.
        """
        route, stream = self.route, self.reader.stream
        here = set(map(folded, given))
        if missing := [name for name in route.key if folded(name) not in here]:
            message = f"The stream '{stream}' has no column '{missing[0]}', which is in its 'key'."
            raise UsageError(message)
        may_create = route.verb in CREATING or (
            self.routes.action_field in meant and route.verb not in REFERRING
        )
        if route.key or self.reader.key_properties or not (may_create and route.entity.create):
            return
        names = [set(find.same) for find in route.entity.finds if MARKED_WITH not in find.same]
        names += [] if route.foreign else [{"id"}]
        if any(all(_is_said(route, name, meant) for name in each) for each in names):
            return
        named = " or ".join(
            " and ".join(f"'{name}'" for name in sorted(each)) for each in names if each != {"id"}
        )
        message = (
            f"The stream '{stream}' has nothing by which its rows could be known again, and would "
            f"create them anew with every change: name its key in the setting 'streams', such as "
            f"{{'{stream}': {{'operation': '{route}', 'key': ['number']}}}}"
            + (f", or give it {named}." if named else ".")
        )
        raise UsageError(message)


def _is_said(route: Route, name: str, given: set[str]) -> bool:
    """Whether a stream has a column for a field, or for the object that it names."""
    prefix = name.removesuffix("_id")
    return name in given or (prefix in route.entity.references and bool(_ways(prefix) & given))


@cache
def _control(action_field: str) -> Columns:
    return Columns({DELETED, action_field})


@cache
def _known(routes: frozenset[Route], action_field: str) -> Columns:
    known = {DELETED, action_field}.union(*map(columns, routes))
    for route in routes:
        if route.foreign:
            known |= COMPUTED
        if "value" in known:
            known |= VALUE_COLUMNS
    return Columns(known)


def _missing(route: Route, given: set[str]) -> set[str]:
    """Columns of which a stream lacks one; empty when it lacks nothing."""
    return next((ways for ways in _needs(route) if not ways & given), set())


def _needs(route: Route) -> Iterator[set[str]]:
    """Sets of columns of which a stream must have one each."""
    if route.verb == "merge":
        yield from (_ways("source"), _ways("target"))
    if route.entity.of:
        yield _ways(route.entity.of)
    if not route.entity.create:
        yield from PARTS_NEED[route.name, route.verb]
    elif route.verb in {"update", "delete", "trash", "set_data"} and not route.foreign:
        yield _itself(route)
    if route.verb == "set_data":
        yield {"data"}
    for name in _required(route) - route.entity.defaults.keys() - NOT_IN_EVERY_ROW:
        prefix = name.removesuffix("_id")
        yield _ways(prefix) if prefix in route.entity.references else {name}


def _required(route: Route) -> set[str]:
    """Fields without which neither of the operations that a route may become is possible."""
    operations = {
        "create": [route.entity.create],
        "update": [route.entity.update],
        "upsert": [route.entity.create, route.entity.update],
    }.get(route.verb, [])
    required = [
        {field.name for field in OPERATIONS[name].body if field.required} for name in operations
    ]
    return set.intersection(*required) if required else set()


def _ways(prefix: str) -> set[str]:
    return {prefix, *(f"{prefix}_{way}" for way in WAYS)}


def _itself(route: Route) -> set[str]:
    prefixes = {name.removesuffix("_id") for name in route.entity.naming}
    prefixes &= route.entity.references.keys()
    if route.verb == "set_data":
        prefixes.add("customer")
    return {"id", *route.entity.naming}.union(*map(_ways, prefixes))
