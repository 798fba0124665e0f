"""Messages and what they do to their ticket (section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from gorgias_sandbox.call import refuse
from gorgias_sandbox.operations.people import customer_id_of, find_customer
from gorgias_sandbox.render import message_full
from gorgias_sandbox.replies import missing

if TYPE_CHECKING:
    from gorgias_sandbox.call import Call, Handler
    from gorgias_sandbox.contract import Json
    from gorgias_sandbox.dataset import Row
    from gorgias_sandbox.world import Actor, World

_NOTE = "internal-note"
_NEVER_DELIVERED = frozenset({_NOTE, "api"})
_EXCERPT_LENGTH = 200
_COPIED = (
    "message_id",
    "external_id",
    "integration_id",
    "subject",
    "body_text",
    "body_html",
    "stripped_html",
    "stripped_signature",
    "actions",
    "headers",
    "meta",
    "failed_datetime",
    "opened_datetime",
    "deleted_datetime",
    "last_sending_error",
)
_EDITABLE = (
    "channel",
    "via",
    "from_agent",
    "public",
    "source",
    "sent_datetime",
    *_COPIED,
)


def check_people(world: World, body: Row, customer: Row | None) -> None:
    """Make sure that sender and receiver may be who they are (section 5.4).

    Args:
        world: where users and customers are.
        body: of the message.
        customer: the ticket's, as a reference; the sender of an incoming message without one.

    Raises:
        Invalid: 400 about `sender`, `receiver` or `from_agent`.
    """
    sender, receiver = body.get("sender"), body.get("receiver")
    if is_note(body) and not body["from_agent"]:
        raise refuse(from_agent="Must be true for internal notes.")
    if receiver and (is_note(body) or not body["from_agent"]):
        raise refuse(receiver="Must not be set for this kind of message.")
    if body["from_agent"]:
        if sender and _user_id(world, sender) is None:
            raise refuse(sender="Must be an existing user.")
        _check_customer(world, receiver, "receiver")
    elif sender is None and customer is None:
        raise refuse(sender="Missing data for required field.")
    else:
        _check_customer(world, sender or customer, "sender")


def is_note(body: Row) -> bool:
    """Whether a message stays inside the team."""
    return body["channel"] == _NOTE or body.get("public") is False


def write(world: World, actor: Actor, ticket: Row, body: Row) -> Row:
    """Store a message whose people were checked; a message without `sent_datetime` is sent now.

    The ticket learns of it through `follow`.
    """
    message_id = world.next_id("messages")
    sender_id, receiver_id = _people(world, actor, ticket, body)
    note = is_note(body)
    leaves = body["from_agent"] and not note and body["channel"] not in _NEVER_DELIVERED
    if leaves and not body.get("sent_datetime"):
        world.delivered.append(message_id)
    sent = body.get("sent_datetime") or (None if note else world.now())
    row = {
        "id": message_id,
        "uri": f"/api/tickets/{ticket['id']}/messages/{message_id}/",
        "ticket_id": ticket["id"],
        "public": not note,
        "channel": body["channel"],
        "via": body["via"],
        "source": body.get("source") or {"type": body["channel"]},
        "sender_id": sender_id,
        "receiver_id": receiver_id,
        "auth_customer_identity": None,
        "rule_id": None,
        "intents": [],
        "from_agent": body["from_agent"],
        "stripped_text": body.get("stripped_text", body.get("body_text")),
        "attachments": attachments_of(body.get("attachments")),
        "macros": body.get("macros") or [],
        "imported": body.get("imported", ticket["imported"]),
        "created_datetime": body.get("created_datetime") or world.now(),
        "processed_datetime": world.now(),
        "sent_datetime": sent,
        "is_retriable": True,
        **{field: body.get(field) for field in _COPIED},
    }
    world.emit(actor, "ticket-message-created", "messages", message_id)
    return world.insert("messages", row)


def add(world: World, actor: Actor, ticket_id: int, body: Row) -> Row:
    """Store a message whose people were checked, and move its ticket."""
    ticket = world.tables["tickets"][ticket_id]
    message = write(world, actor, ticket, body)
    moved = {**follow(world, ticket), "updated_datetime": world.now()}
    if not message["from_agent"]:
        moved["is_unread"] = True
    world.update("tickets", ticket_id, **moved)
    world.emit(actor, "ticket-updated", "tickets", ticket_id)
    return message


def attachments_of(given: list[Row] | None) -> list[Row] | None:
    """Attachments with every field of theirs; null when there are none."""
    if not given:
        return None
    blank = {"url": None, "name": None, "size": None, "content_type": None}
    return [{**blank, "public": True, "extra": None, **each} for each in given]


def follow(world: World, ticket: Row) -> Row:
    """What a ticket shows of its messages, computed from them anew."""
    table = world.tables["messages"]
    messages = [table[each] for each in table.find("ticket_id", ticket["id"])]
    received = [each["created_datetime"] for each in messages if not each["from_agent"]]
    last = messages[-1] if messages else None
    return {
        "messages_count": len(messages),
        "excerpt": (last["body_text"] or "")[:_EXCERPT_LENGTH] if last else None,
        "last_message_datetime": last and last["created_datetime"],
        "last_received_message_datetime": received[-1] if received else None,
        "last_sent_message_not_delivered": bool(
            last and last["from_agent"] and last["failed_datetime"] is not None
        ),
    }


def list_page(call: Call) -> Json:
    """`GET /api/tickets/{id}/messages`: the deprecated list, by pages, oldest first (5.2)."""
    world, ticket = call.world, call.row("tickets", "ticket_id")
    page, size = call.query["page"], call.query["per_page"]
    ids = world.tables["messages"].find("ticket_id", ticket["id"])
    rows = [world.tables["messages"][each] for each in ids[(page - 1) * size : page * size]]
    uri = f"{ticket['uri']}messages/"
    pages = -(-len(ids) // size)

    def link(number: int) -> str:
        given = {"per_page": size} if "per_page=" in call.uri else {}
        return f"{uri}?{urlencode({'page': number, **given})}"

    meta = {
        "page": page,
        "per_page": size,
        "current_page": link(page),
        "item_count": len(ids),
        "nb_pages": pages,
    }
    if page < pages:
        meta["next_page"] = link(page + 1)
    data = [message_full(world, row) for row in rows]
    return {"data": data, "object": "list", "uri": uri, "meta": meta}


def create(call: Call) -> Row:
    """`POST /api/tickets/{id}/messages`: moves the ticket."""
    world, ticket = call.world, call.row("tickets", "ticket_id")
    customer_id = ticket["customer_id"]
    check_people(world, call.body, customer_id and {"id": customer_id})
    return message_full(world, add(world, call.actor, ticket["id"], call.body))


def get(call: Call) -> Row:
    """`GET /api/tickets/{id}/messages/{id}`."""
    return message_full(call.world, _message(call))


def update(call: Call) -> Row:
    """`PUT /api/tickets/{id}/messages/{id}`: neither moves the ticket nor emits (annex 4, row 22).

    `action` settles a failed message: `force` and `retry` send it, `cancel` deletes it.
    """
    world, old, body = call.world, _message(call), call.body
    ticket = call.row("tickets", "ticket_id")
    changes = {field: body[field] for field in _EDITABLE if field in body}
    if "attachments" in body:
        changes["attachments"] = attachments_of(body["attachments"])
    given = [side for side in ("sender", "receiver") if side in body]
    if given:
        check_people(world, {"public": old["public"], **body}, {"id": old["sender_id"]})
        ids = dict(
            zip(("sender", "receiver"), _people(world, call.actor, ticket, body), strict=True)
        )
        changes |= {f"{side}_id": ids[side] for side in given}
    if old["failed_datetime"] and call.query.get("action") in ("force", "retry"):
        changes |= {"failed_datetime": None, "last_sending_error": None}
        changes["sent_datetime"] = world.now()
    new = world.update("messages", old["id"], **changes)
    if call.query.get("action") == "cancel":
        _remove(world, ticket, old["id"])
    else:
        shown = follow(world, ticket)
        world.update("tickets", ticket["id"], excerpt=shown["excerpt"])
    return message_full(world, new)


def delete(call: Call) -> None:
    """`DELETE /api/tickets/{id}/messages/{id}`: neither moves the ticket nor emits."""
    _remove(call.world, call.row("tickets", "ticket_id"), _message(call)["id"])


def _remove(world: World, ticket: Row, message_id: int) -> None:
    world.delete("messages", message_id)
    world.update("tickets", ticket["id"], **follow(world, ticket))


def _message(call: Call) -> Row:
    message = call.row("messages")
    if message["ticket_id"] != call.id("ticket_id"):
        raise missing()
    return message


def _people(world: World, actor: Actor, ticket: Row, body: Row) -> tuple[int | None, int | None]:
    """Ids of sender and receiver; an agent's message without sender is the bot's."""
    sender, receiver = body.get("sender"), body.get("receiver")
    if not body["from_agent"]:
        customer = {"id": ticket["customer_id"]} if sender is None else sender
        return customer_id_of(world, actor, customer, "sender"), None
    sender_id = _bot_id(world) if sender is None else _user_id(world, sender)
    return sender_id, customer_id_of(world, actor, receiver, "receiver")


def _user_id(world: World, reference: Row) -> int | None:
    users = world.tables["users"]
    if reference.get("id") is not None:
        return reference["id"] if reference["id"] in users else None
    return next(iter(users.find("email", (reference.get("email") or "").lower())), None)


def _bot_id(world: World) -> int | None:
    users = world.tables["users"]
    return next((user["id"] for user in users if user["role"]["name"] == "bot"), None)


def _check_customer(world: World, reference: Row | None, field: str) -> None:
    """An unknown e-mail is fine: it becomes a customer."""
    if reference is None or find_customer(world, reference) is not None:
        return
    if reference.get("id") is not None or not reference.get("email"):
        raise refuse(**{field: "Must be a customer."})


HANDLERS: dict[str, Handler] = {
    "list-ticket-messages": list_page,
    "create-ticket-message": create,
    "get-ticket-message": get,
    "update-ticket-message": update,
    "delete-ticket-message": delete,
}
