"""Whether an object is already as a change wants it, by what a list shows of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from gorgias_api.operations import OPERATIONS, Field, FieldError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from target_gorgias.changes import Change, Reference

Row = dict[str, Any]
Verdict = bool | None
"""None: as far as the list shows it."""


def agrees(change: Change, row: Row) -> Verdict:
    """Whether what a change asks for is so; None when the list does not show all of it.

    Args:
        change: an update, or a change of tags or field values.
        row: the object, or the one it is a part of.
    """
    if change.route.name == "ticket_tags":
        return _tags(change, row)
    if change.route.name.endswith("_custom_fields"):
        return _field_values(change, row)
    if change.route.verb == "trash":
        return row.get("trashed_datetime") is not None
    verdicts = [_field(change, row, name, value) for name, value in _updated(change)]
    verdicts += [_named(row, prefix, ref) for prefix, ref in change.references.items()]
    return all_of(verdicts)


def all_of(verdicts: Iterable[Verdict]) -> Verdict:
    """False if one of them is, None if one of them is, else true."""
    found = set(verdicts)
    return False if False in found else None if None in found else True


def _updated(change: Change) -> Iterable[tuple[str, Any]]:
    operation = OPERATIONS[change.entity.update]
    taken = {field.name for field in operation.query + operation.body}
    return ((name, value) for name, value in change.values.items() if name in taken)


def _field(change: Change, row: Row, name: str, value: Any) -> Verdict:  # noqa: ANN401 - any JSON
    if name not in row:
        return None
    there, replaces = row[name], name in change.route.replace
    if name == "tags" and isinstance(there, list):
        wanted, given = {tag["name"] for tag in value or ()}, {tag["name"] for tag in there}
        return wanted == given if replaces else wanted <= given
    if name == "custom_fields" and isinstance(there, dict):
        return _same_values({each["id"]: each["value"] for each in value or ()}, row, replaces)
    if name == "members" and isinstance(there, list):
        wanted, given = {each["id"] for each in value or ()}, {each["id"] for each in there}
        return wanted == given if replaces else wanted <= given
    if name == "trashed_datetime":
        return (there is None) == (value is None)
    return _same(value, there)


def _same(wanted: Any, there: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether a value is there; of an object, the fields that are asked for."""
    if isinstance(wanted, dict) and isinstance(there, dict):
        return all(_same(value, there.get(name)) for name, value in wanted.items())
    if isinstance(wanted, list) and isinstance(there, list):
        return len(wanted) == len(there) and all(map(_same, wanted, there))
    if isinstance(wanted, str) and isinstance(there, str) and wanted != there:
        return _moment(wanted) is not None and _moment(wanted) == _moment(there)
    return bool(wanted == there)


def _moment(text: str) -> datetime | None:
    """A date and time to the second; None for any other text."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(microsecond=0) if moment.tzinfo else None


def _named(row: Row, prefix: str, reference: Reference) -> Verdict:
    """Whether an object refers to another one."""
    if prefix not in row:
        return None
    there: Mapping[str, Any] = row[prefix] or {}
    if not reference.ways:
        return not there
    for way in ("id", "external_id", "email"):
        if way in reference.ways and there.get(way) is not None:
            return str(reference.ways[way]).casefold() == str(there[way]).casefold()
    return False if not there else None


def _tags(change: Change, row: Row) -> Verdict:
    tags = row.get("tags")
    if not isinstance(tags, list):
        return None
    names, ids = {tag["name"] for tag in tags}, {tag.get("id") for tag in tags}
    wanted = set(change.values.get("names", []))
    if change.route.verb == "set":
        return wanted == names if "names" in change.values else False
    numbers: set[Any] = set()
    if "name" in change.values:
        wanted.add(change.values["name"])
    elif "tag_id" in change.values:
        numbers.add(change.values["tag_id"])
    if not wanted and not numbers:
        return None  # it says nothing that could be compared
    if change.route.verb == "add":
        return wanted <= names and numbers <= ids
    return not (wanted & names or numbers & ids)


def _field_values(change: Change, row: Row) -> Verdict:
    if not isinstance(row.get("custom_fields"), dict):
        return None
    given = {each["id"]: each["value"] for each in change.values.get("custom_fields", ())}
    if change.route.verb == "replace":
        return (
            _same_values(given, row, replaces=True) if "custom_fields" in change.values else False
        )
    if change.route.verb == "delete" or "value" in change.values:
        field = change.values.get("custom_field_id")
        if field is None:
            return None  # it is named by a key that only the ledger knows
        given[field] = None if change.route.verb == "delete" else change.values["value"]
    return _same_values(given, row, replaces=False) if given else False


def _same_values(wanted: Mapping[int, Any], row: Row, replaces: bool) -> bool:  # noqa: FBT001
    there = {int(field): each["value"] for field, each in row["custom_fields"].items()}
    if replaces:
        return {field: value for field, value in wanted.items() if value is not None} == there
    return all(_same_value(value, there.get(int(field))) for field, value in wanted.items())


def _same_value(wanted: Any, there: Any) -> bool:  # noqa: ANN401 - of any type
    """A text may be a number or a boolean: what is there tells."""
    if isinstance(wanted, str) and isinstance(there, int | float):
        kind: Literal["boolean", "number"] = "boolean" if isinstance(there, bool) else "number"
        try:
            return bool(Field("value", kind).read(wanted.strip()) == there)
        except FieldError:
            return False
    return bool(wanted == there)
