"""Tickets, their tags and the values of their custom fields."""

from __future__ import annotations

from dataclasses import replace

from gorgias_api.operations.base import Operation
from gorgias_api.operations.fields import Field
from gorgias_api.operations.messages import MESSAGE
from gorgias_api.operations.shared import (
    ALL_FIELD_VALUES,
    CHANNEL,
    EXTERNAL_ID,
    FIELD_VALUES,
    LANGUAGE,
    META,
    ONE_FIELD_VALUE,
    PAGING,
    PERSON,
    RELATIONSHIPS,
    VIA,
    order_by,
)

READ, WRITE = "tickets:read", "tickets:write"

ASSIGNEE = (Field("id", "integer", null=True, help="null: nobody."),)
BODY = (
    Field("assignee_team", "object", null=True, fields=ASSIGNEE),
    Field("assignee_user", "object", null=True, fields=ASSIGNEE),
    replace(CHANNEL, help=f"By default that of the first message. {CHANNEL.help}"),
    Field("closed_datetime", "datetime", null=True),
    replace(FIELD_VALUES, null=True),
    Field("customer", "object", null=True, fields=PERSON, help="By id or email."),
    replace(EXTERNAL_ID, longest=255),
    Field("from_agent", "boolean", null=True),
    replace(LANGUAGE, help="ISO 639-1 code; detected when absent."),
    Field("last_message_datetime", "datetime", null=True),
    Field("last_received_message_datetime", "datetime", null=True),
    META,
    Field("opened_datetime", "datetime", null=True),
    Field("priority", "string", help="critical, high, normal or low."),
    Field("snooze_datetime", "datetime", null=True, help="Until when; null wakes it."),
    Field("spam", "boolean", null=True),
    Field("status", "string", one_of=("open", "closed")),
    Field("subject", "string", null=True, longest=998),
    Field(
        "tags",
        "array",
        null=True,
        help="By name.",
        fields=(
            Field("name", "string", required=True, longest=256),
            Field("decoration", "object", null=True),
        ),
    ),
    Field("trashed_datetime", "datetime", null=True, help="null takes it out of the trash."),
    Field("updated_datetime", "datetime", null=True),
)
UPDATE = (*BODY, VIA, Field("is_unread", "boolean"))
TAGS = (
    Field("ids", "array", items="integer", help="Tags by id."),
    Field("names", "array", items="string", help="Tags by name; upper and lower case differ."),
)

OPERATIONS = (
    Operation(
        "list-tickets",
        "GET",
        "/api/tickets",
        "List tickets, without their messages.",
        query=(
            *PAGING,
            order_by("created_datetime", "updated_datetime"),
            Field("customer_id", "integer", least=1),
            Field("external_id", "string"),
            Field("view_id", "integer", least=1, help="Only what this view shows."),
            Field("rule_id", "integer", least=1),
            Field("ticket_ids", "array", items="integer", least=1, most=100),
            Field("trashed", "boolean", help="Whether to include the trash; true by default."),
        ),
        paged=True,
        scope=READ,
    ),
    Operation(
        "create-ticket",
        "POST",
        "/api/tickets",
        "Create a ticket with its first messages.",
        body=(
            Field("messages", "array", required=True, least=1, most=500, fields=MESSAGE),
            *BODY,
            replace(VIA, required=True),
            Field("created_datetime", "datetime", null=True, help="May lie in the past."),
            Field("split_from", "integer", help="The ticket this one was split from."),
            Field("imported", "boolean", help="Whether it is history from elsewhere."),
        ),
        shape="object",
        repeatable=False,
        scope=WRITE,
    ),
    Operation(
        "get-ticket",
        "GET",
        "/api/tickets/{id}",
        "Get a ticket with its messages.",
        query=(RELATIONSHIPS,),
        scope=READ,
    ),
    Operation(
        "update-ticket",
        "PUT",
        "/api/tickets/{id}",
        "Change some fields of a ticket.",
        body=UPDATE,
        shape="object",
        replaces=("tags", "custom_fields"),
        scope=WRITE,
    ),
    Operation(
        "delete-ticket",
        "DELETE",
        "/api/tickets/{id}",
        "Delete a ticket and its messages for good.",
        scope=WRITE,
    ),
    Operation(
        "list-ticket-tags",
        "GET",
        "/api/tickets/{ticket_id}/tags",
        "List the tags of a ticket.",
        scope=READ,
    ),
    Operation(
        "create-ticket-tags",
        "POST",
        "/api/tickets/{ticket_id}/tags",
        "Add tags to a ticket.",
        body=TAGS,
        shape="object",
        scope=WRITE,
    ),
    Operation(
        "update-ticket-tags",
        "PUT",
        "/api/tickets/{ticket_id}/tags",
        "Replace the tags of a ticket; without any, clear them.",
        body=TAGS,
        shape="object",
        replaces=("ids", "names"),
        scope=WRITE,
    ),
    Operation(
        "delete-ticket-tags",
        "DELETE",
        "/api/tickets/{ticket_id}/tags",
        "Take tags off a ticket.",
        body=TAGS,
        shape="object",
        scope=WRITE,
    ),
    Operation(
        "list-ticket-custom-fields",
        "GET",
        "/api/tickets/{ticket_id}/custom-fields",
        "List the custom field values of a ticket.",
        scope=READ,
    ),
    Operation(
        "update-ticket-custom-fields",
        "PUT",
        "/api/tickets/{ticket_id}/custom-fields",
        "Replace the custom field values of a ticket.",
        body=(ALL_FIELD_VALUES,),
        shape="list",
        replaces=("values",),
        scope=WRITE,
    ),
    Operation(
        "update-ticket-custom-field",
        "PUT",
        "/api/tickets/{ticket_id}/custom-fields/{id}",
        "Set one custom field of a ticket.",
        body=(ONE_FIELD_VALUE,),
        shape="value",
        scope=WRITE,
    ),
    Operation(
        "delete-ticket-custom-field",
        "DELETE",
        "/api/tickets/{ticket_id}/custom-fields/{id}",
        "Clear one custom field of a ticket.",
        scope=WRITE,
    ),
)
