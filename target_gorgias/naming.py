"""How rows name objects: what is a name, in which form, and by what a row can be known again.

Warehouses give the same name in many forms: an id as `5077.0`, an address padded with blanks, a
column that is empty where nothing is meant. Each name has one form here, and blank text is none.
"""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from gorgias_api.kinds import is_blank
from gorgias_api.operations import Field, encode
from gorgias_api.operations.fields import DIGITS
from target_gorgias.columns import folded

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from target_gorgias.changes import Change

Record = dict[str, Any]

WAYS: Mapping[str, Field] = {
    "id": Field("id", "integer", least=1, most=2**63 - 1),
    "key": Field("key", "string"),
    "external_id": Field("external_id", "string", longest=255),
    "email": Field("email", "string", longest=320),
}
"""How a record names an object: by Gorgias' id, by the key of the record it was made from, by its
external id, or by an e-mail address."""
PERSONS = ("sender", "receiver")
"""People inside a message."""
WHOLE = re.compile(r"([-+]?[0-9]{1,40})\.0*")
MARKED_WITH = "meta"
"""By which a job is recognised, and which no row names it by."""


def identifier(value: Any) -> Any:  # noqa: ANN401 - whatever the column holds
    """A name in its one form: without blanks around, and a whole number without a fraction.

    None for blank text. What is no name at all is left for its field to refuse.
    """
    match value:
        case str():
            return value.strip() or None
        case float() if math.isfinite(value) and value == int(value):
            return int(value)
        case Decimal() if value.is_finite() and value.adjusted() < DIGITS and value == int(value):
            return int(value)
    return value


def unqualified(way: str, value: Any) -> Any:  # noqa: ANN401 - a name
    """A key without the stream that it may be of."""
    return value.partition(":")[2] or value if way == "key" else value


def is_fraction(value: object) -> bool:
    """Whether a value in its one form is a number that no object can be named by."""
    return isinstance(value, float | Decimal)


def tidy(record: Record, ways: Collection[str], names: Collection[str]) -> Record:
    """A record whose names are in their one form; those that are blank are not said.

    Args:
        record: its columns.
        ways: columns whose value is an id, a key, an external id or an e-mail address.
        names: other columns by which an object is found, whose blanks around belong to it.
    """
    tidied = dict(record)
    for column in tidied.keys() & {*ways, *names}:
        value = tidied[column]
        if is_blank(value):
            del tidied[column]
        elif column in ways:
            tidied[column] = _whole(column, identifier(value))
    return tidied


def tidy_object(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """An object that names another one, such as `{"id": 5}`; None if all it holds is blank."""
    if not isinstance(value, dict):
        return value
    said = tidy(value, WAYS.keys(), [name for name in value if name not in WAYS])
    return None if value and not said else said


def _whole(column: str, value: Any) -> Any:  # noqa: ANN401 - whatever the column holds
    """Text such as `17.0` as `17` where an id of Gorgias is meant."""
    is_id = column == "id" or (column.endswith("_id") and not column.endswith("external_id"))
    found = WHOLE.fullmatch(value) if is_id and isinstance(value, str) else None
    return found[1] if found else value


def names_of(change: Change) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The names by which a record can be known again, best first: their fields and values.

    That of a part, such as a message, holds its whole: another one may have parts of that name.
    """
    entity = change.entity
    said: Record = {f"{prefix}_id": dict(ref.ways) for prefix, ref in change.references.items()}
    said |= {**change.values, **change.own}
    within = (f"{entity.of}_id",) if entity.of else ()
    for same in (("id",), *(find.same for find in entity.finds)):
        fields = same if same == ("id",) else (*same, *within)
        known = said if same != ("id",) else change.own
        if MARKED_WITH not in fields and all(known.get(field) for field in fields):
            values = [known[field] for field in fields]
            yield fields, values[0] if len(values) == 1 else values


def natural_key(change: Change) -> str | None:
    """A key for a record that has no other: what it names; None if that is nothing."""
    return next((_as_key(*name) for name in names_of(change)), None)


def is_known_by(change: Change, same: tuple[str, ...]) -> bool:
    """Whether the key of a record is this name and nothing else.

    Such a record means whatever has the name.
    """
    if change.key_values:
        fields = {_field(change, column) for column in change.key_values}
    else:
        fields = set(next(names_of(change), ((),))[0])
    whole = {folded(f"{change.entity.of}_id")}
    return set(map(folded, fields)) - whole == set(map(folded, same)) - whole


def keys_of_keyless(change: Change, same: tuple[str, ...]) -> set[str]:
    """The keys of records that have none but the name which a record has, too."""
    return {_as_key(fields, value) for fields, value in names_of(change) if {*same} <= {*fields}}


def key_text(value: Any) -> str:  # noqa: ANN401 - whatever a key holds
    """A value of a key as text: the same for 1, 1.0 and `" 1 "`.

    Raises:
        FieldError: it cannot be kept.
    """
    named = identifier(value)
    return named if isinstance(named, str) else json.dumps(encode(named), ensure_ascii=False)


def _as_key(fields: tuple[str, ...], value: Any) -> str:  # noqa: ANN401 - any JSON
    return json.dumps(["+".join(fields), value], sort_keys=True)


def _field(change: Change, column: str) -> str:
    """The field that a column stands for, such as `ticket_id` for `ticket_key`."""
    for prefix in change.entity.references:
        if folded(column) in map(folded, (prefix, *(f"{prefix}_{way}" for way in WAYS))):
            return f"{prefix}_id"
    return column
