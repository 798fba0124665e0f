"""From the messages of a tap to changes, and which streams can never work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gorgias_api import UsageError
from gorgias_api.operations import OPERATIONS
from target_gorgias.changes import Change, Reader, columns
from target_gorgias.copying import localised
from target_gorgias.keys import CREATING, REFERRING
from target_gorgias.naming import MARKED_WITH, WAYS
from target_gorgias.refusals import Refused, readable

if TYPE_CHECKING:
    import logging
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from target_gorgias.routes import Route, Routes

LEFT_ALONE = ("_sdc_",)
FROM_ELSEWHERE = "messages"
"""The first one of a ticket may come from a stream of its own."""
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
            route = self.routes.of_record(self.route, record)
        except UsageError as error:
            raise Refused(str(error)) from None
        if route is None:
            return None
        shaped = localised(route.name, record) if route.foreign else record
        return self.reader.read(shaped, route, record)

    def unreadable(self, record: dict[str, Any]) -> Change:
        """A record that cannot be read, to be refused by its key."""
        columns = self.route.key or self.reader.key_properties
        key = {name: readable(record.get(name)) for name in columns}
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
            UsageError: what is missing.
        """
        if self.routes.action_field in given:
            self._check_identity(set(given))
            return  # each record says for itself what it is
        missing = _missing(self.route, set(given))
        if missing:
            message = (
                f"The stream '{self.reader.stream}' cannot be written: '{self.route}' needs "
                f"{missing}."
            )
            raise UsageError(message)
        self._check_identity(set(given))
        meant = columns(self.route) | {*self.reader.key_properties, *self.route.key}
        unused = sorted(column for column in set(given) - meant if column[:5] not in LEFT_ALONE)
        if unused:
            self.reader.logger.info("Columns that mean nothing here: %s.", ", ".join(unused))

    def _check_identity(self, given: set[str]) -> None:
        """Make sure that rows which may create something can be known again.

        Raises:
            UsageError: what a key could be.
        """
        route, stream = self.route, self.reader.stream
        if missing := sorted(set(route.key) - given):
            message = f"The stream '{stream}' has no column '{missing[0]}', which is in its 'key'."
            raise UsageError(message)
        may_create = route.verb in CREATING or (
            self.routes.action_field in given and route.verb not in REFERRING
        )
        if route.key or self.reader.key_properties or not (may_create and route.entity.create):
            return
        names = [set(find.same) for find in route.entity.finds if MARKED_WITH not in find.same]
        names += [] if route.foreign else [{"id"}]
        if any(all(_is_said(route, name, given) for name in each) for each in names):
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


def _missing(route: Route, given: set[str]) -> str:
    """What a stream lacks, in words; empty when it lacks nothing."""
    for ways in _needs(route):
        if not ways & given:
            return " or ".join(f"'{way}'" for way in sorted(ways))
    return ""


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
    for name in _required(route) - route.entity.defaults.keys() - {FROM_ELSEWHERE}:
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
