"""Values of custom fields on tickets and customers (section 7.1).

Setting or removing a value moves no `updated_datetime` and emits no event (section 4.5).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gorgias_sandbox.call import refuse
from gorgias_sandbox.replies import missing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gorgias_sandbox.contract import Json
    from gorgias_sandbox.dataset import Row
    from gorgias_sandbox.world import World

_TYPES: dict[str, tuple[type, ...]] = {"text": (str,), "number": (int, float), "boolean": (bool,)}
_TABLES = {"Ticket": "tickets", "Customer": "customers"}


def values_of(world: World, object_type: str, items: Iterable[Row]) -> dict[int, Json]:
    """Read `[{id, value}]` as field id -> value; null values are left out.

    Raises:
        Invalid: 400, no such field for this type of object, or a value it cannot hold.
    """
    values = {item["id"]: item.get("value") for item in items}
    for field_id, value in values.items():
        _check(world.tables["custom_fields"].get(field_id), object_type, value)
    return {field_id: value for field_id, value in values.items() if value is not None}


def shown_values(world: World, object_type: str, row: Row) -> list[Row]:
    """`CustomFieldValue` objects of a ticket or customer row."""
    return [_shown(world, object_type, field_id, row) for field_id in row["field_values"]]


def set_values(world: World, object_type: str, row: Row, values: dict[int, Json]) -> Row:
    """Make these the only values of the row; return it as it is then."""
    if values == row["field_values"]:
        return row
    return world.update(_TABLES[object_type], row["id"], field_values=values)


def set_one(world: World, object_type: str, row: Row, field_id: int, value: Json) -> Row:
    """Set one value beside the others, and show it.

    Raises:
        ApiError: 404, no such field for this type of object.
        Invalid: 400, a value it cannot hold.
    """
    _definition(world, object_type, field_id)
    item = values_of(world, object_type, [{"id": field_id, "value": value}])
    row = set_values(world, object_type, row, {**row["field_values"], **item})
    return _shown(world, object_type, field_id, row)


def remove_one(world: World, object_type: str, row: Row, field_id: int) -> None:
    """Remove one value; removing what is not there is no error.

    Raises:
        ApiError: 404, no such field for this type of object.
    """
    _definition(world, object_type, field_id)
    kept = {each: value for each, value in row["field_values"].items() if each != field_id}
    set_values(world, object_type, row, kept)


def _definition(world: World, object_type: str, field_id: int) -> Row:
    field = world.tables["custom_fields"].get(field_id)
    if field is None or field["object_type"] != object_type:
        raise missing()
    return field


def _shown(world: World, object_type: str, field_id: int, row: Row) -> Row:
    shown: Row = {"field": world.tables["custom_fields"][field_id]}
    if object_type == "Ticket":
        shown["prediction"] = None
    shown["value"] = row["field_values"][field_id]
    return shown


def _check(field: Row | None, object_type: str, value: Json) -> None:
    if field is None or field["object_type"] != object_type:
        raise refuse(id="This custom field does not exist.")
    if value is None:
        return
    definition = field["definition"]
    if type(value) not in _TYPES[definition["data_type"]]:
        raise refuse(value=f"Not a valid {definition['data_type']}.")
    settings = definition["input_settings"]
    choices = settings.get("choices")
    if choices is not None and value not in choices:
        raise refuse(value="Not a valid choice.")
    low, high = settings.get("min"), settings.get("max")
    if (low is not None and value < low) or (high is not None and value > high):
        raise refuse(value="Not a valid number.")
