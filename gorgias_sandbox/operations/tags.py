"""Tags: create, update, delete, merge (section 10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gorgias_sandbox.call import refuse
from gorgias_sandbox.operations import records
from gorgias_sandbox.operations.labels import create_tag
from gorgias_sandbox.operations.mentions import deactivate_views, macro_tags, refuse_if_in_rules
from gorgias_sandbox.replies import conflict

if TYPE_CHECKING:
    from gorgias_sandbox.call import Call, Handler
    from gorgias_sandbox.dataset import Row
    from gorgias_sandbox.world import World


def create(call: Call) -> Row:
    """`POST /api/tags`."""
    _check_name(call.world, call.body["name"], None)
    return create_tag(call.world, call.actor, call.body)


def delete_many(call: Call) -> None:
    """`DELETE /api/tags`: all or none; unknown ids are passed over."""
    tags = call.world.tables["tags"]
    rows = [tags[tag_id] for tag_id in call.body["ids"] if tag_id in tags]
    for row in rows:
        _check_unused(call, row)
    for row in rows:
        records.remove(call, TAG, row)


def merge(call: Call) -> Row:
    """`PUT /api/tags/{id}/merge`: tickets change their tags without moving."""
    world, target = call.world, call.row("tags", "destination_tag_id")
    tags = world.tables["tags"]
    sources = [tags.get(tag_id) for tag_id in call.body["source_tags_ids"]]
    if None in sources or target in sources:
        raise refuse(source_tags_ids="Every tag must exist and differ from the destination.")
    for source in filter(None, sources):
        _replace(world, source["id"], target["id"])
        world.delete("tags", source["id"])
        world.emit(call.actor, "tag-merged", "tags", source["id"])
    usage = len(world.tables["tickets"].find("tag_ids", target["id"]))
    return world.update("tags", target["id"], usage=usage)


def _fields(call: Call, body: Row, old: Row) -> Row:
    if "name" in body:
        _check_name(call.world, body["name"], old["id"])
    return body


def _check_name(world: World, name: str, owner: int | None) -> None:
    if set(world.tables["tags"].find("name", name)) - {owner}:
        raise conflict()


def _check_unused(call: Call, row: Row) -> None:
    refuse_if_in_rules(call.world, row["name"])
    macros = [
        each["name"] for each in call.world.tables["macros"] if row["name"] in macro_tags(each)
    ]
    if macros:
        raise conflict({"macros": macros}, "It is used by macros.")


def _untie(call: Call, row: Row) -> None:
    _check_unused(call, row)
    deactivate_views(call.world, row["name"])
    _replace(call.world, row["id"], None)


def _replace(world: World, tag_id: int, by: int | None) -> None:
    """Put another tag, or none, in the place of this one."""
    tickets = world.tables["tickets"]
    for ticket_id in tickets.find("tag_ids", tag_id):
        swapped = [by if each == tag_id else each for each in tickets[ticket_id]["tag_ids"]]
        kept = [each for each in dict.fromkeys(swapped) if each is not None]
        world.update("tickets", ticket_id, tag_ids=kept)


def _renamed(call: Call, old: Row) -> None:
    if call.world.tables["tags"][old["id"]]["name"] != old["name"]:
        call.world.emit(call.actor, "tag-renamed", "tags", old["id"])


TAG = records.Resource(
    "tag",
    "tags",
    uri="/api/tags/{id}/",
    blank={},
    fields=_fields,
    before_delete=_untie,
    afterwards=_renamed,
)

HANDLERS: dict[str, Handler] = {
    **records.handlers(TAG, "get", "update", "delete"),
    "create-tag": create,
    "delete-tags": delete_many,
    "merge-tags": merge,
}
