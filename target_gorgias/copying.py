"""Records of another account, as the tap gives them: their ids are keys here, not ids.

What is copied is history: nothing of it is sent, and it keeps its dates. What has no counterpart
(integrations, rules, macros, counts) is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gorgias_api.kinds import is_blank
from target_gorgias.naming import key_text
from target_gorgias.sending import NOTE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Record = dict[str, Any]

COMPUTED = frozenset(
    {
        "actions",
        "custom_fields",  # they come as records of their own
        "headers",
        "integration_id",
        "is_unread",
        "last_message_datetime",
        "last_received_message_datetime",
        "macros",
        "meta",
        "mention_ids",
    }
)


def localised(name: str, record: Mapping[str, Any]) -> Record:
    """A record of an entity with the ids of another account, as one that names objects by key."""
    copied = {
        column: value
        for column, value in record.items()
        if column != "id" and column not in COMPUTED and value is not None
    }
    for prefix in ("ticket", "customer"):
        key = copied.pop(f"{prefix}_id", None)
        if key is not None and not is_blank(key):
            copied[f"{prefix}_key"] = key
    return SHAPES.get(name, _as_it_is)(copied)


def _as_it_is(record: Record) -> Record:
    return record


def _person(value: Any) -> Record:  # noqa: ANN401 - any JSON
    """Whoever it is, by key and address."""
    if not isinstance(value, dict):
        return {}
    ways = {"key": value.get("id"), "email": value.get("email")}
    return {way: given for way, given in ways.items() if given is not None}


def _ticket(record: Record) -> Record:
    user = _person(record.pop("assignee_user", None))
    record.pop("assignee_team", None)
    shaped = record | {"customer": _person(record.get("customer"))}
    return shaped | ({"assignee_user": {"email": user["email"]}} if "email" in user else {})


def _message(record: Record) -> Record:
    """An agent is known by e-mail; a customer by key; a note and an answer have no receiver."""
    sender, receiver = _person(record.pop("sender", None)), _person(record.pop("receiver", None))
    written = record.get("from_agent") and record.get("channel") != NOTE
    outgoing = written and record.get("public", True)
    if record.get("from_agent"):
        sender.pop("key", None)
    if written and not record.get("sent_datetime"):
        record["sent_datetime"] = record.get("created_datetime")
    people = {"sender": sender} | ({"receiver": receiver} if outgoing else {})
    return record | {side: person for side, person in people.items() if person}


def _tag(record: Record) -> Record:
    return {column: value for column, value in record.items() if column != "tag_id"}


def _value(record: Record) -> Record:
    key = record.pop("custom_field_id", None)
    return record | ({} if key is None or is_blank(key) else {"custom_field_key": key_text(key)})


SHAPES: Mapping[str, Callable[[Record], Record]] = {
    "tickets": _ticket,
    "messages": _message,
    "ticket_tags": _tag,
    "ticket_custom_fields": _value,
    "customer_custom_fields": _value,
}
