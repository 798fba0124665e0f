"""Macros (section 13)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gorgias_sandbox.call import refuse
from gorgias_sandbox.operations import records
from gorgias_sandbox.operations.lists import Listing, answer, containing
from gorgias_sandbox.operations.mentions import macro_tags, refuse_if_in_rules, rules_with

if TYPE_CHECKING:
    from gorgias_sandbox.call import Call, Handler
    from gorgias_sandbox.contract import Json
    from gorgias_sandbox.dataset import Row

LISTING = Listing(
    "macros",
    filters={
        "archived": lambda _call, archived: (
            lambda row: (row["archived_datetime"] is not None) == archived
        ),
        "languages": lambda _call, languages: lambda row: row["language"] in languages,
        "search": containing("name"),
        "tags": lambda _call, tags: lambda row: macro_tags(row).issuperset(tags),
    },
)


def list_macros(call: Call) -> bytes:
    """`GET /api/macros`: unarchived ones unless asked; relevance is taken to be usage."""
    query = {"archived": False, **call.query}
    if query["order_by"].startswith("relevance"):
        if "ticket_id" not in query:
            raise refuse(order_by="Relevance needs ticket_id.")
        query["order_by"] = query["order_by"].replace("relevance", "usage")
    return answer(replace(call, query=query), LISTING)


def archive(call: Call) -> Json:
    """`PUT /api/macros/archive`: what became of each id; used macros stay."""
    return {"data": [_archive(call, macro_id) for macro_id in call.body["ids"]]}


def unarchive(call: Call) -> Json:
    """`PUT /api/macros/unarchive`: what became of each id."""
    return {"data": [_unarchive(call, macro_id) for macro_id in call.body["ids"]]}


def _archive(call: Call, macro_id: int) -> Row:
    macro = call.world.tables["macros"].get(macro_id)
    error = None
    if macro is None:
        status = "not_found"
    elif macro["archived_datetime"] is not None:
        status = "already_archived"
    elif rules := rules_with(call.world, macro["name"]):
        status = "macro_used"
        names = [rule["name"] for rule in rules]
        error = {"msg": "The macro is used by rules.", "data": {"rules": names}}
    else:
        status = "archived"
        _set_archived(call, macro_id, call.world.now())
    return {"id": macro_id, "status": status, "error": error}


def _unarchive(call: Call, macro_id: int) -> Row:
    macro = call.world.tables["macros"].get(macro_id)
    if macro is None:
        status = "not_found"
    elif macro["archived_datetime"] is None:
        status = "already_not_archived"
    else:
        status = "unarchived"
        _set_archived(call, macro_id, None)
    return {"id": macro_id, "status": status, "error": None}


def _set_archived(call: Call, macro_id: int, moment: str | None) -> None:
    world = call.world
    world.update("macros", macro_id, archived_datetime=moment, updated_datetime=world.now())
    world.emit(call.actor, "macro-updated", "macros", macro_id)


MACRO = records.Resource(
    "macro",
    "macros",
    uri="/api/macros/{id}/",
    blank={
        "id": None,
        "uri": None,
        "name": None,
        "external_id": None,
        "intent": None,
        "language": None,
        "usage": 0,
        "actions": [],
        "created_datetime": None,
        "updated_datetime": None,
        "archived_datetime": None,
    },
    before_delete=lambda call, row: refuse_if_in_rules(call.world, row["name"]),
    born_updated=False,
)

HANDLERS: dict[str, Handler] = {
    **records.handlers(MACRO, "create", "get", "update", "delete"),
    "list-macros": list_macros,
    "bulk-archive-macros": archive,
    "bulk-unarchive-macros": unarchive,
}
