"""Definitions of custom fields (section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gorgias_sandbox.call import refuse
from gorgias_sandbox.operations import records

if TYPE_CHECKING:
    from gorgias_sandbox.call import Call, Handler
    from gorgias_sandbox.contract import Json
    from gorgias_sandbox.dataset import Row


def update_many(call: Call) -> Json:
    """`PUT /api/custom-fields`: a bare array of changes."""
    fields = call.world.tables["custom_fields"]
    for item in call.body:
        if item["id"] not in fields:
            raise refuse(id=f"Custom field {item['id']} does not exist.")
    for item in call.body:
        records.change(call, CUSTOM_FIELD, fields[item["id"]], item)
    return call.plain_list([fields[item["id"]] for item in call.body])


def _fields(_call: Call, body: Row, old: Row) -> Row:
    kind = body.get("object_type", old["object_type"])
    if old["object_type"] is None:
        return {**body, "requirement_type": "visible"} if kind == "Ticket" else body
    if old["object_type"] != kind:
        raise refuse(object_type="Cannot be changed.")
    return body


CUSTOM_FIELD = records.Resource(
    "custom-field",
    "custom_fields",
    uri=None,
    blank={
        "id": None,
        "external_id": None,
        "object_type": None,
        "label": None,
        "description": None,
        "priority": None,
        "required": False,
        "managed_type": None,
        "definition": None,
        "created_datetime": None,
        "updated_datetime": None,
        "deactivated_datetime": None,
    },
    fields=_fields,
)

HANDLERS: dict[str, Handler] = {
    **records.handlers(CUSTOM_FIELD, "create", "get", "update"),
    "update-custom-fields": update_many,
}
