"""From the messages of a tap to changes, and which streams can never work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gorgias_api import UsageError
from gorgias_api.operations import OPERATIONS
from target_gorgias.changes import WAYS, Change, Reader, columns, fields_of
from target_gorgias.copying import localised
from target_gorgias.refusals import Refused, readable

if TYPE_CHECKING:
    import logging
    from collections.abc import Collection, Sequence

    from target_gorgias.routes import Route, Routes

LEFT_ALONE = ("_sdc_",)


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
        key = {name: readable(record.get(name)) for name in self.reader.key_properties}
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
            return  # each record says for itself what it is
        missing = _missing(self.route, set(given))
        if missing:
            message = (
                f"The stream '{self.reader.stream}' cannot be written: '{self.route}' needs "
                f"{missing}."
            )
            raise UsageError(message)
        unused = sorted(
            column for column in set(given) - columns(self.route) if column[:5] not in LEFT_ALONE
        )
        if unused:
            self.reader.logger.info("Columns that mean nothing here: %s.", ", ".join(unused))


def _missing(route: Route, given: set[str]) -> str:
    """What a stream lacks, in words; empty when it lacks nothing."""
    needs = [_ways(prefix) for prefix in _needed_references(route)]
    names_itself = route.verb in {"update", "delete", "trash", "set_data"}
    if names_itself and not route.foreign:
        needs.append(_itself(route))
    needs += [{name} for name in _needed_fields(route)]
    for ways in needs:
        if not ways & given:
            return " or ".join(f"'{way}'" for way in sorted(ways))
    return ""


def _needed_references(route: Route) -> list[str]:
    if route.verb == "merge":
        return ["source", "target"]
    return [route.entity.of] if route.entity.of else []


def _ways(prefix: str) -> set[str]:
    return {prefix, *(f"{prefix}_{way}" for way in WAYS)}


def _itself(route: Route) -> set[str]:
    finds = {name for find in route.entity.finds for name in find.same}
    return {"id", *finds} | (_ways("customer") if route.verb == "set_data" else set())


def _needed_fields(route: Route) -> list[str]:
    if not route.entity.create:
        return _needed_parts(route)
    if route.verb == "set_data":
        return ["data"]
    if route.verb != "create":
        return []
    operation = OPERATIONS[route.entity.create]
    references = {name for prefix in route.entity.references for name in _ways(prefix)}
    defaults = set(route.entity.defaults)
    return [
        field.name
        for field in operation.body
        if field.required and field.name not in references | defaults
    ]


def _needed_parts(route: Route) -> list[str]:
    """Parts may be named in two ways, one by one or all together."""
    fields = fields_of(route)
    if len(fields) == 1:
        return list(fields)
    return ["value"] if route.verb == "set" and "custom_fields" not in fields else []
