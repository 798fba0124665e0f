"""Tags on tickets: by id or by name, and how often each is used (section 4.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gorgias_sandbox.call import refuse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gorgias_sandbox.dataset import Row
    from gorgias_sandbox.world import Actor, World

COLORS = ("#1f45c2", "#16a085", "#c0392b", "#8e44ad", "#d35400", "#2c3e50")
"""A tag without a decoration gets one of them."""


def tag_ids_of(world: World, actor: Actor, ids: Iterable[int], named: Iterable[Row]) -> list[int]:
    """The tags meant, without repetition; unknown names become new tags.

    Raises:
        Invalid: 400, an unknown id.
    """
    tags = world.tables["tags"]
    found = list(ids)
    for tag_id in found:
        if tag_id not in tags:
            raise refuse(ids=f"Tag {tag_id} does not exist.")
    for each in named:
        known = tags.find("name", each["name"])
        found.append(known[0] if known else create_tag(world, actor, each)["id"])
    return list(dict.fromkeys(found))


def create_tag(world: World, actor: Actor, body: Row) -> Row:
    """Add a tag whose name is free."""
    tag_id = world.next_id("tags")
    world.emit(actor, "tag-created", "tags", tag_id)
    return world.insert(
        "tags",
        {
            "id": tag_id,
            "name": body["name"],
            "description": body.get("description"),
            "decoration": body.get("decoration") or {"color": COLORS[tag_id % len(COLORS)]},
            "usage": 0,
            "uri": f"/api/tags/{tag_id}/",
            "created_datetime": world.now(),
            "deleted_datetime": None,
        },
    )


def count_usage(world: World, before: Iterable[int], after: Iterable[int]) -> None:
    """Keep `usage` true when a ticket's tags change."""
    old, new = set(before), set(after)
    tags = world.tables["tags"]
    for tag_id in old ^ new:
        change = 1 if tag_id in new else -1
        world.update("tags", tag_id, usage=max(0, tags[tag_id]["usage"] + change))
