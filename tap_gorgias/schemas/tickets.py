"""Tickets in list shape, what is derived from them, and tickets by view.

API pages `list-tickets`, `the-ticket-object` and `list-view-items`.
"""

from __future__ import annotations

from tap_gorgias.schemas.fragments import (
    DECORATION,
    PARENT_READ_DATETIME,
    PERSON_FIELDS,
    READ_DATETIME,
    TAG_FIELDS,
    TEAM_FIELDS,
    USER_FIELDS,
    VALUE_FIELDS,
    Field,
    anything,
    flag,
    free,
    integer,
    record,
    records,
    schema,
    text,
    when,
)

_UPDATED = "When the ticket last changed; field values do not count."
_LIST_FIELDS: tuple[Field, ...] = (
    integer("id", "Id of the ticket.", key=True),
    text("uri", "API path of the ticket."),
    text("external_id", "Id of the ticket in another system; null when none was given."),
    text("status", "`open` or `closed`; see also the snooze and trash instants and `spam`."),
    text("priority", "`critical`, `high`, `normal` or `low`."),
    text("channel", "Channel the ticket began on, such as `email`, or a custom slug."),
    text("via", "How the first message reached Gorgias, such as `email` or `api`."),
    flag("from_agent", "Whether an agent wrote the first message; null when unknown."),
    flag("spam", "Whether the ticket was marked as spam."),
    record("customer", "The customer who asked; null when there is none.", *PERSON_FIELDS),
    record("assignee_user", "The agent in charge; null when unassigned.", *USER_FIELDS),
    record("assignee_team", "The team in charge; null when unassigned.", *TEAM_FIELDS),
    text("language", "Language of the ticket, ISO 639-1; null until detected."),
    text("subject", "Subject, up to 998 characters; null when there is none."),
    record(
        "summary",
        "Summary written by Gorgias' AI; null when there is none.",
        text("content", "The summary."),
        when("created_datetime", "When the summary was first written."),
        when("updated_datetime", "When the summary was last rewritten."),
        anything("triggered_by", "Who or what asked for the summary."),
    ),
    text("excerpt", "The first 200 characters or so of the last message."),
    integer("messages_count", "Number of messages, internal notes included."),
    records(
        "integrations",
        "The integrations its messages went through.",
        text("name", "Name of the integration."),
        text("address", "Address of the integration, such as an e-mail address."),
        text("type", "Type of the integration, such as `email`."),
    ),
    flag("last_sent_message_not_delivered", "Whether the last message sent failed to arrive."),
    free("meta", "Further data; null when there is none."),
    records("tags", "The tags on the ticket, also in the stream `ticket_tags`.", *TAG_FIELDS),
    free("custom_fields", "Field values, keyed by field id: `id` and `value`; `{}` when none."),
    flag("is_unread", "Whether the ticket has news no agent has opened; one flag per account."),
    when("created_datetime", "When the ticket was created; imported tickets may be back-dated."),
    when("opened_datetime", "When an agent first opened the ticket; null until then."),
    when("last_received_message_datetime", "When the customer last wrote; null if never."),
    when("last_message_datetime", "When the last message was written; null without messages."),
    when("closed_datetime", "When the ticket was closed; null while open."),
    when("snooze_datetime", "Until when the ticket is snoozed; null when it is not."),
    when("trashed_datetime", "When the ticket was moved to the trash; null outside the trash."),
)

TICKETS = schema(
    *_LIST_FIELDS,
    when("updated_datetime", _UPDATED, key=True),
    READ_DATETIME,
)

TICKET_CUSTOM_FIELDS = schema(
    integer("ticket_id", "Id of the ticket.", key=True),
    integer("custom_field_id", "Id of the field's definition.", key=True),
    *VALUE_FIELDS,
    when("ticket_updated_datetime", "`updated_datetime` of the ticket.", key=True),
    PARENT_READ_DATETIME,
)

TICKET_TAGS = schema(
    integer("ticket_id", "Id of the ticket.", key=True),
    integer("tag_id", "Id of the tag.", key=True),
    text("name", "Name of the tag."),
    DECORATION,
    integer("position", "Place among the tags of the ticket, from 0."),
    when("ticket_updated_datetime", "`updated_datetime` of the ticket.", key=True),
    PARENT_READ_DATETIME,
)

VIEW_ITEMS = schema(
    integer("view_id", "Id of the view the ticket shows in.", key=True),
    *_LIST_FIELDS,
    when("updated_datetime", _UPDATED),
)
