"""One-line properties, and the objects that several Gorgias records share.

Every property is nullable unless it is a key or a replication key. Nested objects spell out what
is known and stay open, so that what the API adds later still arrives.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import singer_sdk.typing as th

Field: TypeAlias = th.Property[Any]

_ANY_JSON = ["object", "array", "string", "number", "boolean", "null"]


def text(name: str, meaning: str, *, key: bool = False) -> Field:
    """Return a string property."""
    return th.Property(name, th.StringType, required=key, description=meaning)


def when(name: str, meaning: str, *, key: bool = False) -> Field:
    """Return a date-time property (UTC)."""
    return th.Property(name, th.DateTimeType, required=key, description=meaning)


def integer(name: str, meaning: str, *, key: bool = False) -> Field:
    """Return an integer property of 64 bits: event ids exceed 2**31."""
    return th.Property(name, th.IntegerType, required=key, description=meaning)


def number(name: str, meaning: str) -> Field:
    """Return a property that holds whole or decimal numbers."""
    return th.Property(name, th.DecimalType, description=meaning)


def flag(name: str, meaning: str) -> Field:
    """Return a boolean property."""
    return th.Property(name, th.BooleanType, description=meaning)


def code(name: str, meaning: str) -> Field:
    """Return a property for identifiers the API documents no type for; loaders store text."""
    return th.Property(name, th.CustomType({"type": ["string", "integer"]}), description=meaning)


def free(name: str, meaning: str) -> Field:
    """Return an object property with keys of the sender's choice.

    It declares no `properties`: with an empty list of them, the SDK's flattening would drop the
    column instead of writing it as JSON text.
    """
    kind = th.CustomType({"type": "object", "additionalProperties": True})
    return th.Property(name, kind, description=meaning)


def anything(name: str, meaning: str) -> Field:
    """Return a property for any JSON value; only for use inside objects, which load as JSON."""
    return th.Property(name, th.CustomType({"type": _ANY_JSON}), description=meaning)


def record(name: str, meaning: str, *fields: Field) -> Field:
    """Return an object property with known fields."""
    return th.Property(name, th.ObjectType(*fields), description=meaning)


def records(name: str, meaning: str, *fields: Field) -> Field:
    """Return an array of objects; without fields, of free ones.

    The items always carry `properties`, without which the SDK's type conforming fails.
    """
    return th.Property(name, th.ArrayType(th.ObjectType(*fields)), description=meaning)


def texts(name: str, meaning: str) -> Field:
    """Return an array of strings."""
    return th.Property(name, th.ArrayType(th.StringType), description=meaning)


def integers(name: str, meaning: str) -> Field:
    """Return an array of integers."""
    return th.Property(name, th.ArrayType(th.IntegerType), description=meaning)


def schema(*fields: Field) -> dict[str, Any]:
    """Return the JSON schema of a record with these fields."""
    return th.PropertiesList(*fields).to_dict()


# Field values, tags and attachments vanish without a trace of their own. The join on this instant
# tells the current rows from the gone ones.
READ_DATETIME: Field = when(
    "read_datetime",
    "When the tap read this row. The rows derived from it that are still true (field values, "
    "tags, attachments) carry the same instant; those with an earlier one are gone.",
    key=True,
)
PARENT_READ_DATETIME: Field = when(
    "read_datetime",
    "When the tap read the parent row. This row is current if the parent's `read_datetime` is the "
    "same, and gone from the parent if that is later.",
    key=True,
)

DECORATION = free("decoration", "Colour or emoji; `{}` or null when there is none.")
TAG_FIELDS: tuple[Field, ...] = (
    integer("id", "Id of the tag."),
    text("name", "Name of the tag."),
    DECORATION,
)
TEAM_FIELDS: tuple[Field, ...] = (
    integer("id", "Id of the team."),
    text("name", "Name of the team."),
    DECORATION,
)
PERSON_FIELDS: tuple[Field, ...] = (
    integer("id", "Id of the person; users and customers share one sequence of ids."),
    text("email", "Primary e-mail address; null when unknown."),
    text("name", "Full name; null when unknown."),
    text("firstname", "First name, derived from the full name; empty when unknown."),
    text("lastname", "Last name, derived from the full name; empty when unknown."),
    free("meta", "Further data on the person, such as how the name was set."),
)
USER_FIELDS: tuple[Field, ...] = (
    *PERSON_FIELDS,
    text("bio", "Short text the user wrote about themselves; null when there is none."),
)
ADDRESS_FIELDS: tuple[Field, ...] = (
    text("name", "Name shown with the address; null when there is none."),
    text("address", "E-mail address, phone number or handle."),
)
VALUE_FIELDS: tuple[Field, ...] = (
    text(
        "value",
        'The value as JSON text, such as `"gold"`, `12` or `true`; null when the field holds none.',
    ),
    text("value_text", "The value of a text field; null for other types."),
    number("value_number", "The value of a number field; null for other types."),
    flag("value_boolean", "The value of a yes/no field; null for other types."),
)
