"""What a row says: null and blank text say nothing, and warehouses spell the rest in many ways."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

from gorgias_api.kinds import is_blank

if TYPE_CHECKING:
    from gorgias_api.operations import Field

TEXT_KINDS = frozenset({"string", "scalar"})
"""A stream whose nulls are written says by blank text in them that they are to be empty."""
WHOLE = frozenset({"source", "attachments"})
"""Objects in which a null is as good as any other value."""


def says_nothing(value: object) -> bool:
    """Whether it is null, or text of nothing but blanks."""
    return value is None or is_blank(value)


def pruned(field: Field, value: Any) -> Any:  # noqa: ANN401 - any JSON
    """A value without what says nothing inside it; None when that was all.

    Only the fields that Gorgias has are looked at, not what is inside JSON of somebody's own.
    """
    if field.name in WHOLE:
        return value
    if isinstance(value, dict) and field.kind == "object" and field.fields:
        known = field.by_name
        inner = {
            name: pruned(known[name], each) if name in known else each
            for name, each in value.items()
        }
        kept = {
            name: each
            for name, each in inner.items()
            if not (name in known and says_nothing(each))
            or (each is None and name in known and known[name].required)
        }
        return kept if kept or not value else None
    if isinstance(value, list) and field.kind == "array":
        items = [pruned(field.item, each) for each in value]
        said = [each for each in items if not says_nothing(each)]
        return said if said or not value else None
    return value


def storable(value: Any) -> Any:  # noqa: ANN401 - any JSON in, the same JSON out
    """A value without NUL and halves of characters at any depth: some receivers fail on them."""
    if isinstance(value, str):
        clean = value.isprintable()
        return value if clean else value.replace("\0", "").encode(errors="replace").decode()
    if isinstance(value, dict):
        return {storable(name): storable(each) for name, each in value.items()}
    return [storable(each) for each in value] if isinstance(value, list) else value


def decoded(text: str) -> Any:  # noqa: ANN401 - any JSON
    """What a text holds if it is JSON, else the text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def unwrapped(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """An object, a list or null that came as JSON in text; anything else as it is."""
    if not isinstance(value, str):
        return value
    found = decoded(value)
    return found if isinstance(found, dict | list | None) else value


def names_in(text: str) -> list[str] | None:
    """Names in a text: JSON, an array as PostgreSQL prints it, or separated by commas.

    A name with a comma in it stands in double quotes: `"late, again",vip`.
    """
    found = decoded(text)
    if isinstance(found, list | None):
        return found
    bare = text.strip()
    if bare.startswith("{") and bare.endswith("}"):
        bare = bare[1:-1]
    try:
        (names,) = csv.reader([bare], skipinitialspace=True)
    except (csv.Error, ValueError):  # it is no line of such names, but has to be one all the same
        names = bare.split(",")
    return [name.strip() for name in names]
