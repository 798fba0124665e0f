"""Tickets: list, get, and everything that changes one (section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gorgias_sandbox.call import refuse
from gorgias_sandbox.operations import field_values, messages
from gorgias_sandbox.operations.labels import count_usage, tag_ids_of
from gorgias_sandbox.operations.lists import Listing, by, lister
from gorgias_sandbox.operations.people import customer_id_of
from gorgias_sandbox.operations.ticket_events import specific_events
from gorgias_sandbox.operations.views import view_filter
from gorgias_sandbox.render import ticket_full
from gorgias_sandbox.world import Actor

if TYPE_CHECKING:
    from collections.abc import Callable

    from gorgias_sandbox.call import Call, Handler
    from gorgias_sandbox.contract import Json
    from gorgias_sandbox.dataset import Row
    from gorgias_sandbox.world import World

_OBJECT = "Ticket"
_ENRICHED_AFTER = 1.5
_COMMON_WORDS = {
    "en": ("the", "and", "is", "my", "you"),
    "de": ("der", "die", "und", "ist", "mein"),
    "fr": ("le", "la", "et", "est", "mon"),
}
_PLAIN_FIELDS = (
    "external_id",
    "status",
    "priority",
    "channel",
    "via",
    "from_agent",
    "language",
    "subject",
    "meta",
    "is_unread",
    "opened_datetime",
    "last_received_message_datetime",
    "last_message_datetime",
    "closed_datetime",
    "snooze_datetime",
    "trashed_datetime",
)


def _touched_by_rule(call: Call, rule_id: Json) -> Callable[[Row], bool]:
    table = call.world.tables["messages"]
    ids = {table[each]["ticket_id"] for each in table.find("rule_id", rule_id)}
    return lambda row: row["id"] in ids


LISTING = Listing(
    "tickets",
    indexes={
        "customer_id": by("customer_id"),
        "external_id": by("external_id"),
        "ticket_ids": lambda table, ids: {each for each in ids if each in table},
    },
    filters={
        "rule_id": _touched_by_rule,
        "trashed": lambda _call, trashed: lambda row: trashed or row["trashed_datetime"] is None,
        "view_id": view_filter,
    },
    total=True,
)


def change(world: World, actor: Actor, ticket_id: int, changes: Row) -> Row:
    """Set fields of a ticket row; it moves, and emits, only when one differs (section 4.5).

    Custom-field values are set apart from this: they move nothing.
    """
    old = world.tables["tickets"][ticket_id]
    if "status" in changes and changes["status"] != old["status"]:
        closed = world.now() if changes["status"] == "closed" else None
        changes = {"closed_datetime": closed, **changes}
    different = {field: value for field, value in changes.items() if value != old[field]}
    if not different:
        return old
    new = world.update("tickets", ticket_id, **different, updated_datetime=world.now())
    count_usage(world, old["tag_ids"], new["tag_ids"])
    world.emit(actor, "ticket-updated", "tickets", ticket_id)
    for kind, data in specific_events(old, new):
        world.emit(actor, kind, "tickets", ticket_id, data)
    return new


def apply(world: World, actor: Actor, ticket_id: int, body: Row) -> Row:
    """Do what the body of an update asks for; `updated_datetime` in it has no effect.

    Raises:
        Invalid: 400, it refers to something that does not exist.
    """
    changes = {field: body[field] for field in _PLAIN_FIELDS if field in body}
    if "spam" in body:
        changes["spam"] = bool(body["spam"])
    changes |= _relations(world, actor, body)
    if body.get("custom_fields") is not None:
        values = field_values.values_of(world, _OBJECT, body["custom_fields"])
        field_values.set_values(world, _OBJECT, world.tables["tickets"][ticket_id], values)
    return change(world, actor, ticket_id, changes)


def remove(world: World, actor: Actor, ticket_id: int) -> None:
    """Take a ticket out with its messages; only `ticket-deleted` tells. Surveys outlive it."""
    for message_id in world.tables["messages"].find("ticket_id", ticket_id):
        world.delete("messages", message_id)
    row = world.delete("tickets", ticket_id)
    count_usage(world, row["tag_ids"], ())
    world.emit(actor, "ticket-deleted", "tickets", ticket_id)


def get(call: Call) -> Row:
    """`GET /api/tickets/{id}`."""
    return ticket_full(call.world, call.row("tickets"), on_get=True)


def create(call: Call) -> Row:
    """`POST /api/tickets`: the ticket and its first messages."""
    world, actor, body = call.world, call.actor, call.body
    first = body["messages"][0]
    customer = body.get("customer") or first.get("receiver" if first["from_agent"] else "sender")
    for each in body["messages"]:
        messages.check_people(world, each, customer)
    values = field_values.values_of(world, _OBJECT, body.get("custom_fields") or [])
    relations = _relations(world, actor, {**body, "customer": customer})
    ticket_id = world.next_id("tickets")
    world.emit(actor, "ticket-created", "tickets", ticket_id)
    blank = _blank(world, ticket_id, body)
    row = world.insert("tickets", {**blank, **relations, "field_values": values})
    for each in body["messages"]:
        messages.write(world, actor, row, each)
    shown = messages.follow(world, row)
    dated = ("last_message_datetime", "last_received_message_datetime")
    shown |= {field: body[field] for field in dated if body.get(field)}
    row = world.update("tickets", ticket_id, **shown)
    count_usage(world, (), row["tag_ids"])
    if call.options.enrichment:
        world.later(
            world.seconds() + _ENRICHED_AFTER, lambda: _enrich(world, actor.context, ticket_id)
        )
    return ticket_full(world, row, on_get=False)


def update(call: Call) -> Row:
    """`PUT /api/tickets/{id}`."""
    row = apply(call.world, call.actor, call.row("tickets")["id"], call.body)
    return ticket_full(call.world, row, on_get=False)


def delete(call: Call) -> None:
    """`DELETE /api/tickets/{id}`."""
    remove(call.world, call.actor, call.row("tickets")["id"])


def _relations(world: World, actor: Actor, body: Row) -> Row:
    """The ids behind the nested objects that the body has."""
    found: Row = {}
    if "customer" in body:
        found["customer_id"] = customer_id_of(world, actor, body["customer"], "customer")
    for field, table in (("assignee_user", "users"), ("assignee_team", "teams")):
        if field in body:
            assignee_id = (body[field] or {}).get("id")
            if assignee_id is not None and assignee_id not in world.tables[table]:
                raise refuse(**{field: "Does not exist."})
            found[f"{field}_id"] = assignee_id
    if body.get("tags") is not None:
        found["tag_ids"] = tag_ids_of(world, actor, (), body["tags"])
    return found


def _blank(world: World, ticket_id: int, body: Row) -> Row:
    """A new ticket without messages; what the body leaves out comes from its first message."""
    first = body["messages"][0]
    now = world.now()
    closed = now if body["status"] == "closed" else None
    return {
        "id": ticket_id,
        "uri": f"/api/tickets/{ticket_id}/",
        "external_id": body.get("external_id"),
        "status": body["status"],
        "priority": body["priority"],
        "channel": body.get("channel") or first["channel"],
        "via": body["via"],
        "from_agent": body.get("from_agent", first["from_agent"]),
        "spam": bool(body.get("spam")),
        "imported": bool(body.get("imported")),
        "customer_id": None,
        "assignee_user_id": None,
        "assignee_team_id": None,
        "language": body.get("language"),
        "subject": body.get("subject", first.get("subject")),
        "summary": None,
        "excerpt": None,
        "messages_count": 0,
        "integrations": [],
        "last_sent_message_not_delivered": False,
        "meta": body.get("meta"),
        "tag_ids": [],
        "field_values": {},
        "is_unread": not first["from_agent"],
        "created_datetime": body.get("created_datetime") or now,
        "opened_datetime": body.get("opened_datetime"),
        "last_received_message_datetime": None,
        "last_message_datetime": None,
        "processed_datetime": now,
        "updated_datetime": now,
        "closed_datetime": body.get("closed_datetime") or closed,
        "snooze_datetime": body.get("snooze_datetime"),
        "trashed_datetime": body.get("trashed_datetime"),
    }


def _enrich(world: World, context: str, ticket_id: int) -> None:
    """The end of the asynchronous work on a new ticket (section 4.5)."""
    ticket = world.tables["tickets"].get(ticket_id)
    if ticket is None:
        return
    language = ticket["language"] or _guess_language(f"{ticket['subject']} {ticket['excerpt']}")
    world.update("tickets", ticket_id, language=language, updated_datetime=world.now())
    world.emit(Actor(None, context), "ticket-updated", "tickets", ticket_id)


def _guess_language(text: str) -> str:
    words = text.casefold().split()
    counts = {language: sum(map(words.count, common)) for language, common in _COMMON_WORDS.items()}
    return max(counts, key=counts.__getitem__)


HANDLERS: dict[str, Handler] = {
    "list-tickets": lister(LISTING),
    "create-ticket": create,
    "get-ticket": get,
    "update-ticket": update,
    "delete-ticket": delete,
}
