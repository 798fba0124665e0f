"""Values in the forms that warehouses give them, as the ones that Gorgias has for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_gorgias.entities import VIA
from target_gorgias.notes import with_author
from target_gorgias.said import decoded, names_in, pruned, says_nothing, unwrapped

if TYPE_CHECKING:
    from gorgias_api.operations import Field

LOCAL_FILES = "attachments"
NAMES = frozenset({"tags", "names"})
"""Text in them that is no JSON holds names, separated by commas."""
VALUE_COLUMNS = frozenset({"value_text", "value_number", "value_boolean"})
"""Beside them a `value` is JSON in text: so the tap writes the values of custom fields."""


def shaped(field: Field, value: Any, *, nulls: bool) -> Any:  # noqa: ANN401 - any value
    """Lists of names, values by field id, and paths of files in the form Gorgias has for them.

    Args:
        field: that the value is for.
        value: as the column holds it.
        nulls: keep nulls and blank text inside it.
    """
    if isinstance(value, str) and not says_nothing(value):
        value = _from_text(field, value)
    value = _listed(field, value, nulls=nulls)
    return value if nulls else pruned(field, value)


def scalar(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """What a text holds that is JSON for certain."""
    found = decoded(value) if isinstance(value, str) else value
    return value if isinstance(found, dict | list) else found


def _from_text(field: Field, text: str) -> Any:  # noqa: ANN401 - any JSON
    if field.name in NAMES:
        return names_in(text)
    if field.name == LOCAL_FILES:
        found = unwrapped(text)
        return [found] if isinstance(found, str) else found
    return unwrapped(text) if field.kind in {"object", "array", "any"} else text


def _listed(field: Field, value: Any, *, nulls: bool) -> Any:  # noqa: ANN401 - any JSON
    if field.name == "custom_fields" and isinstance(value, dict):
        value = [
            {"id": key, "value": entry.get("value") if isinstance(entry, dict) else entry}
            for key, entry in value.items()
        ]
    if not isinstance(value, list):
        return value
    if field.name == "custom_fields" and not nulls:
        # A value that is no value says nothing about its field; one without any is refused.
        said = [each for each in value if not _is_unsaid(each)]
        return said if said or not value else None
    if field.name == "messages":
        return [_message(_as_object(each)) for each in value]
    return [_tag(_as_object(each)) for each in value] if field.name == "tags" else value


def _as_object(given: Any) -> Any:  # noqa: ANN401 - any JSON
    """An object that came as JSON in text; a name that is JSON by chance stays a name."""
    found = unwrapped(given)
    return found if isinstance(found, dict) else given


def _is_unsaid(entry: Any) -> bool:  # noqa: ANN401 - any JSON
    return isinstance(entry, dict) and "value" in entry and says_nothing(entry["value"])


def _message(given: Any) -> Any:  # noqa: ANN401 - any JSON
    return VIA | with_author(given) if isinstance(given, dict) else given


def _tag(given: Any) -> Any:  # noqa: ANN401 - any JSON
    """A tag by name; what else Gorgias shows of it, it does not take back."""
    if isinstance(given, dict):
        return {name: given[name] for name in ("name", "decoration") if given.get(name)}
    return {"name": given} if isinstance(given, str) and not says_nothing(given) else given
