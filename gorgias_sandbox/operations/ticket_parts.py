"""Tags and custom-field values of one ticket (sections 4.1, 7.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gorgias_sandbox.call import refuse
from gorgias_sandbox.operations import field_values
from gorgias_sandbox.operations.labels import tag_ids_of
from gorgias_sandbox.operations.tickets import change

if TYPE_CHECKING:
    from gorgias_sandbox.call import Call, Handler
    from gorgias_sandbox.contract import Json
    from gorgias_sandbox.dataset import Row

_OBJECT = "Ticket"


def list_tags(call: Call) -> Json:
    """`GET /api/tickets/{id}/tags`: full tags."""
    tags = call.world.tables["tags"]
    row = call.row("tickets", "ticket_id")
    return call.plain_list([tags[tag_id] for tag_id in row["tag_ids"]])


def add_tags(call: Call) -> None:
    """`POST /api/tickets/{id}/tags`: a tag already there changes nothing."""
    row = _row_for_tags(call)
    _set_tags(call, row, [*row["tag_ids"], *_asked(call)])


def replace_tags(call: Call) -> None:
    """`PUT /api/tickets/{id}/tags`: `{}` clears."""
    _set_tags(call, call.row("tickets", "ticket_id"), _asked(call))


def remove_tags(call: Call) -> None:
    """`DELETE /api/tickets/{id}/tags`: a tag that is not there changes nothing."""
    row = _row_for_tags(call)
    tags = call.world.tables["tags"]
    names = call.body.get("names", [])
    gone = {
        *call.body.get("ids", []),
        *(each for name in names for each in tags.find("name", name)),
    }
    _set_tags(call, row, [tag_id for tag_id in row["tag_ids"] if tag_id not in gone])


def list_values(call: Call) -> Json:
    """`GET /api/tickets/{id}/custom-fields`."""
    return _shown(call, call.row("tickets", "ticket_id"))


def put_values(call: Call) -> Json:
    """`PUT /api/tickets/{id}/custom-fields`: values left out are deleted."""
    row = call.row("tickets", "ticket_id")
    values = field_values.values_of(call.world, _OBJECT, call.body)
    return _shown(call, field_values.set_values(call.world, _OBJECT, row, values))


def put_value(call: Call) -> Row:
    """`PUT /api/tickets/{id}/custom-fields/{id}`."""
    row = call.row("tickets", "ticket_id")
    return field_values.set_one(call.world, _OBJECT, row, call.id(), call.body)


def delete_value(call: Call) -> None:
    """`DELETE /api/tickets/{id}/custom-fields/{id}`."""
    row = call.row("tickets", "ticket_id")
    field_values.remove_one(call.world, _OBJECT, row, call.id())


def _row_for_tags(call: Call) -> Row:
    if not call.body.get("ids") and not call.body.get("names"):
        raise refuse(ids="At least one of ids and names is required.")
    return call.row("tickets", "ticket_id")


def _asked(call: Call) -> list[int]:
    named = [{"name": name} for name in call.body.get("names", [])]
    return tag_ids_of(call.world, call.actor, call.body.get("ids", []), named)


def _set_tags(call: Call, row: Row, tag_ids: list[int]) -> None:
    wanted = list(dict.fromkeys(tag_ids))
    if set(wanted) != set(row["tag_ids"]):
        change(call.world, call.actor, row["id"], {"tag_ids": wanted})


def _shown(call: Call, row: Row) -> Json:
    return call.plain_list(field_values.shown_values(call.world, _OBJECT, row))


HANDLERS: dict[str, Handler] = {
    "list-ticket-tags": list_tags,
    "create-ticket-tags": add_tags,
    "update-ticket-tags": replace_tags,
    "delete-ticket-tags": remove_tags,
    "list-ticket-custom-fields": list_values,
    "update-ticket-custom-fields": put_values,
    "update-ticket-custom-field": put_value,
    "delete-ticket-custom-field": delete_value,
}
