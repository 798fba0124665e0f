"""Rows as the API shows them: relations kept as ids become objects (sections 3.4, 4.4, 5.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from gorgias_sandbox.contract import Json
    from gorgias_sandbox.dataset import Row
    from gorgias_sandbox.world import World

encode = msgspec.json.Encoder().encode
"""JSON, compact."""

_TICKET_FULL_ONLY = ("imported", "processed_datetime", "assignee_user_id", "assignee_team_id")
_TICKET_LIST_ONLY = (
    "excerpt",
    "messages_count",
    "integrations",
    "last_sent_message_not_delivered",
)
_CUSTOMER_FULL_ONLY = ("channels", "integrations")
_CUSTOMER_GET_ONLY = ("external_data", "ecommerce_data")


def listed(world: World, table: str, row: Row) -> bytes:
    """The row as an element of its list endpoint, encoded."""
    shape = _LIST_SHAPES.get(table)
    return encode(row if shape is None else shape(world, row))


def short_person(row: Row | None) -> Row | None:
    """The form of a user or customer inside tickets and messages."""
    if row is None:
        return None
    return {
        "id": row["id"],
        "email": row["email"],
        "name": row["name"],
        "firstname": row["firstname"],
        "lastname": row["lastname"],
        "meta": row["meta"],
    }


def field_values(row: Row) -> dict[str, Row]:
    """Custom-field values keyed by field id as string (section 1.9)."""
    values: dict[int, Json] = row["field_values"]
    return {str(field_id): {"id": field_id, "value": value} for field_id, value in values.items()}


def ticket_listed(world: World, row: Row) -> Row:
    """A ticket as `GET /api/tickets` shows it."""
    shown = _with_relations(world, row)
    for field in _TICKET_FULL_ONLY:
        del shown[field]
    return shown


def ticket_full(world: World, row: Row, *, on_get: bool) -> Row:
    """A ticket as create, update and (`on_get`) retrieve answer it."""
    shown = _with_relations(world, row)
    for field in _TICKET_LIST_ONLY:
        del shown[field]
    if not shown["custom_fields"]:
        del shown["custom_fields"]
    customer = world.tables["customers"].get(row["customer_id"])
    shown["customer"] = customer and customer_full(customer, on_get=on_get)
    if on_get:
        shown["requester"] = shown["customer"]
    hidden = {"headers", "deleted_datetime"} | ({"macros"} if on_get else set())
    messages = world.tables["messages"]
    shown["messages"] = [
        {field: value for field, value in message_full(world, each).items() if field not in hidden}
        for each in (messages[message_id] for message_id in messages.find("ticket_id", row["id"]))
    ]
    shown["events"] = []
    surveys = world.tables["satisfaction_surveys"]
    survey = next((surveys[each] for each in surveys.find("ticket_id", row["id"])), None)
    shown["satisfaction_survey"] = survey if survey and survey["score"] is not None else None
    shown["reply_options"] = {
        channel: {"answerable": True} for channel in (row["channel"], "internal-note")
    }
    return shown


def message_full(world: World, row: Row) -> Row:
    """A message as every message endpoint shows it."""
    shown = {
        **row,
        "sender": short_person(person(world, row["sender_id"])),
        "receiver": short_person(person(world, row["receiver_id"])),
    }
    del shown["sender_id"], shown["receiver_id"]
    return shown


def person(world: World, person_id: int | None) -> Row | None:
    """The user or customer with this id: they share one sequence."""
    return world.tables["users"].get(person_id) or world.tables["customers"].get(person_id)


def customer_listed(row: Row) -> Row:
    """A customer as `GET /api/customers` shows it."""
    shown = {**row, "custom_fields": field_values(row)}
    del shown["field_values"]
    for field in (*_CUSTOMER_FULL_ONLY, *_CUSTOMER_GET_ONLY):
        del shown[field]
    return shown


def customer_full(row: Row, *, on_get: bool) -> Row:
    """A customer as create, update and (`on_get`) retrieve answer it."""
    shown = {**customer_listed(row), "customer": None}
    for field in _CUSTOMER_FULL_ONLY + (_CUSTOMER_GET_ONLY if on_get else ()):
        shown[field] = row[field]
    return shown


def team_full(world: World, row: Row) -> Row:
    """A team with its members in short form."""
    users = filter(None, map(world.tables["users"].get, row["member_ids"]))
    members = [
        {"id": user["id"], "name": user["name"], "email": user["email"], "meta": {}}
        for user in users
    ]
    shown = {**row, "members": members}
    del shown["member_ids"]
    return shown


def _with_relations(world: World, row: Row) -> Row:
    """Every stored field of a ticket, with objects in the place of ids."""
    agent = world.tables["users"].get(row["assignee_user_id"])
    team = world.tables["teams"].get(row["assignee_team_id"])
    tags = map(world.tables["tags"].__getitem__, row["tag_ids"])
    shown = {
        **row,
        "customer": short_person(world.tables["customers"].get(row["customer_id"])),
        "assignee_user": agent and {**(short_person(agent) or {}), "bio": agent["bio"]},
        "assignee_team": team and _part(team, "id", "name", "decoration"),
        "tags": [_part(tag, "id", "name", "decoration") for tag in tags],
        "custom_fields": field_values(row),
    }
    del shown["customer_id"], shown["tag_ids"], shown["field_values"]
    return shown


def _part(row: Row, *fields: str) -> Row:
    return {field: row[field] for field in fields}


_LIST_SHAPES: dict[str, Callable[[World, Row], Row]] = {
    "customers": lambda _world, row: customer_listed(row),
    "messages": message_full,
    "teams": team_full,
    "tickets": ticket_listed,
}
