"""Tags and field values: parts of a ticket or a customer, some of which Gorgias only replaces.

Where it replaces a whole list, the list is read, merged and written; the ledger has no say in it.
Several rows about the same object go out together where that saves requests.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from gorgias_api.operations import Field, FieldError
from gorgias_api.paging import read_rows
from target_gorgias.changes import Reference
from target_gorgias.deleting import deletions
from target_gorgias.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_gorgias.changes import Change
    from target_gorgias.deleting import Allowance
    from target_gorgias.finding import Finder
    from target_gorgias.gateway import Gateway

READ_AND_REPLACE = 3
"""So many values of one object take fewer requests when its list is read and written back."""
NOT_FOUND = 404
TYPED: tuple[Literal["number", "boolean"], ...] = ("number", "boolean")
"""Types of field whose values may come as text."""
TAG_COLUMNS = frozenset({"name", "names", "tag_id"})


class _Values(NamedTuple):
    """The operations on the field values of one kind of object."""

    object_type: str
    path_field: str
    list: str
    replace: str
    set: str
    delete: str


VALUES: Mapping[str, _Values] = {
    "ticket_custom_fields": _Values(
        "Ticket",
        "ticket_id",
        "list-ticket-custom-fields",
        "update-ticket-custom-fields",
        "update-ticket-custom-field",
        "delete-ticket-custom-field",
    ),
    "customer_custom_fields": _Values(
        "Customer",
        "customer_id",
        "list-customer-custom-field-values",
        "update-customer-custom-field-values",
        "update-customer-custom-field-value",
        "delete-customer-custom-field-value",
    ),
}


class Parts:
    """Writes tags and field values. Safe to share between threads."""

    def __init__(self, gateway: Gateway, finder: Finder, allowance: Allowance) -> None:
        self._gateway = gateway
        self._finder = finder
        self._allowance = allowance
        self._lock = threading.Lock()
        self._types: dict[str, dict[int, str]] = {}

    def write(self, changes: Sequence[Change]) -> tuple[str, int]:
        """Write changes of one kind to one object; say what they count as, and its id.

        Raises:
            Refused: at least one of them cannot be written.
            NotThereYet: the object, or a field, is to come.
        """
        first = changes[0]
        owner = self._finder.id_of(first, first.references.get(first.entity.of) or _nothing(first))
        if first.route.name == "ticket_tags":
            return self._tags(changes, owner), owner
        return self._values(changes, owner, VALUES[first.route.name]), owner

    def _tags(self, changes: Sequence[Change], ticket: int) -> str:
        first = changes[0]
        names = [name for change in changes for name in change.values.get("names", [])]
        names += [change.values["name"] for change in changes if "name" in change.values]
        ids = [
            change.values["tag_id"]
            for change in changes
            if "tag_id" in change.values and "name" not in change.values
        ]
        if first.route.verb == "set":
            return self._set_tags(first, ticket, names)
        if not all(TAG_COLUMNS & change.values.keys() for change in changes):
            message = "'name' is missing: the tag to add or remove."
            raise Refused(message)
        if not names and not ids:
            return "unchanged"
        operation = "create-ticket-tags" if first.route.verb == "add" else "delete-ticket-tags"
        given = {"names": list(dict.fromkeys(names)), "ids": list(dict.fromkeys(ids))}
        asked = {field: tags for field, tags in given.items() if tags}
        with self._allowance.spend(changes, deletions(operation, asked)):
            self._gateway.call(first, operation, ticket_id=ticket, **asked)
        return "updated" if first.route.verb == "add" else "deleted"

    def _set_tags(self, change: Change, ticket: int, names: list[str]) -> str:
        if "names" not in change.values:
            message = "'names' is missing: all the tags the ticket is to have, as a list."
            raise Refused(message)
        path = "list-ticket-tags"
        there = change.shown.tags if change.shown else None
        if there is None:
            before = read_rows(path, self._gateway.call(change, path, ticket_id=ticket))
            there = {tag["name"] for tag in before}
        if there == set(names):
            return "unchanged"
        if gone := there - set(names):
            change.logger.warning("Ticket %d loses %d tags that are not listed.", ticket, len(gone))
        with self._allowance.spend([change], len(gone)):
            self._gateway.call(change, "update-ticket-tags", ticket_id=ticket, names=names)
        return "updated"

    def _values(self, changes: Sequence[Change], owner: int, values: _Values) -> str:
        first = changes[0]
        at = {values.path_field: owner}
        if first.route.verb == "delete":
            for change in changes:
                self._clear(change, at, values, self._field(change))
            return "deleted"
        wanted: dict[int, Any] = {}
        for change in changes:
            wanted |= self._wanted(change, values)
        if first.route.verb == "replace" or len(wanted) >= READ_AND_REPLACE:
            return self._write_list(first, at, values, wanted)
        if cleared := sum(value is None for value in wanted.values()):
            self._allowance.make_sure(first, cleared)
        for field, value in wanted.items():
            if value is None:
                self._clear(first, at, values, field)
            else:
                self._gateway.call(first, values.set, **at, id=field, value=value)
        return "updated"

    def _clear(self, change: Change, at: Mapping[str, int], values: _Values, field: int) -> None:
        try:
            with self._allowance.spend([change]):
                self._gateway.call(change, values.delete, **at, id=field)
        except Refused as refused:
            if refused.status != NOT_FOUND:  # what is not there need not be cleared
                raise

    def _write_list(
        self, change: Change, at: Mapping[str, int], values: _Values, wanted: dict[int, Any]
    ) -> str:
        answer = self._gateway.call(change, values.list, **at)
        rows = read_rows(values.list, answer)
        before = {row["field"]["id"]: row["value"] for row in rows}
        after = wanted if change.route.verb == "replace" else before | wanted
        after = {field: value for field, value in after.items() if value is not None}
        if after == before:
            return "unchanged"
        gone = before.keys() - after.keys()
        if change.route.verb == "replace" and gone:
            change.logger.warning(
                "%s %d loses %d values that are not listed.",
                values.object_type,
                *at.values(),
                len(gone),
            )
        listed = [{"id": field, "value": value} for field, value in after.items()]
        with self._allowance.spend([change], len(gone)):
            self._gateway.call(change, values.replace, **at, values=listed)
        return "updated"

    def _wanted(self, change: Change, values: _Values) -> dict[int, Any]:
        """The values a change asks for, by field; None clears."""
        given = {each["id"]: each["value"] for each in change.values.get("custom_fields", ())}
        if "value" in change.values and change.route.verb != "replace":
            given[self._field(change)] = change.values["value"]
        if not change.values.keys() & {"custom_fields", "value"}:
            needed = "custom_fields" if change.route.verb == "replace" else "value"
            message = f"'{needed}' is missing."
            if needed == "value" and "value" in map(str.lower, change.record):
                message = "'value' is empty, which clears only if the option 'nulls' is 'write'."
            raise Refused(message)
        return {field: self._typed(change, values, field, value) for field, value in given.items()}

    def _field(self, change: Change) -> int:
        if "custom_field_id" in change.values:
            return int(change.values["custom_field_id"])
        if "custom_field_key" not in change.values:
            message = "'custom_field_id' is missing."
            raise Refused(message)
        ways = {"key": change.values["custom_field_key"]}
        stream = change.route.stream_of("custom_field", "custom_fields", change.stream)
        return self._finder.id_of(change, Reference("custom_fields", ways, stream=stream))

    def _typed(self, change: Change, values: _Values, field: int, value: Any) -> Any:  # noqa: ANN401
        """A text that may be a number or a boolean, as the type the field has."""
        if not isinstance(value, str):
            return value
        for kind in TYPED:
            try:
                read = Field("value", kind).read(value.strip())
            except FieldError:
                continue
            if self._type(change, values.object_type, field) == kind:
                return read
        return value

    def _type(self, change: Change, object_type: str, field: int) -> str | None:
        with self._lock:
            if object_type not in self._types:
                rows = self._gateway.rows(change, "list-custom-fields", object_type=object_type)
                self._types[object_type] = {
                    row["id"]: row["definition"]["data_type"] for row in rows
                }
            return self._types[object_type].get(field)


def _nothing(change: Change) -> Reference:
    return Reference(change.entity.references[change.entity.of], {})
