"""Events and the deletions drawn from them (API pages `list-events`, `the-event-object`)."""

from __future__ import annotations

from tap_gorgias.schemas.fragments import free, integer, schema, text, when

EVENTS = schema(
    integer("id", "Id of the event; beyond 2**31.", key=True),
    text("type", "What happened, such as `ticket-created`; the set is open."),
    text("object_type", "Type of the object it happened to, such as `Ticket`; may be null."),
    integer("object_id", "Id of the object it happened to; may be null."),
    integer("user_id", "Id of the user who caused it; null for the system and for rules."),
    text("context", "UUID shared by the events of one cause; may be null."),
    free("data", "What changed; its keys depend on the type. Null for most types."),
    when("created_datetime", "When it happened.", key=True),
    text("uri", "API path of the event."),
)

DELETIONS = schema(
    integer("id", "Id of the event that told of the deletion.", key=True),
    text("object_type", "Type of the object that is gone, such as `Ticket` or `Customer`."),
    integer("object_id", "Id of the object that is gone."),
    when("deleted_datetime", "When the object was deleted or merged away."),
    integer(
        "merged_into_id",
        "Id of the object that took its place; null for a deletion, and for a merge whose event "
        "does not name it.",
    ),
    text("event_type", "Type of the event, such as `ticket-deleted` or `customer-merged`."),
    integer("user_id", "Id of the user who did it; null for the system and for rules."),
    when("created_datetime", "When the event was recorded.", key=True),
)
