"""Messages of tickets."""

from __future__ import annotations

from dataclasses import replace

from gorgias_api.operations.base import Operation
from gorgias_api.operations.fields import Field
from gorgias_api.operations.shared import (
    BY_CREATION,
    CHANNEL,
    EXTERNAL_ID,
    META,
    PERSON,
    VIA,
)

READ, WRITE = "tickets:read", "tickets:write"

ADDRESS = (Field("name", "string", null=True), Field("address", "string", null=True))
SOURCE = Field(
    "source",
    "object",
    help="Addresses it goes from and to.",
    fields=(
        Field("type", "string", help="email, phone, internal-note, ..."),
        Field("from", "object", null=True, fields=ADDRESS),
        Field("to", "array", fields=ADDRESS),
        Field("cc", "array", fields=ADDRESS),
        Field("bcc", "array", fields=ADDRESS),
        Field("extra", "object", null=True),
    ),
)
ATTACHMENTS = Field(
    "attachments",
    "array",
    help="Uploaded before; see upload-file.",
    fields=(
        Field("url", "string", required=True),
        Field("name", "string", required=True),
        Field("content_type", "string", required=True),
        Field("size", "integer", null=True, help="Bytes."),
        Field("public", "boolean"),
        Field("extra", "object", null=True),
    ),
)
MESSAGE_ID = Field("message_id", "string", null=True, help="The id the carrier gave it.")
SENT = Field(
    "sent_datetime",
    "datetime",
    null=True,
    help="When it was sent; without it Gorgias sends the message.",
)
COMMON = (
    replace(CHANNEL, required=True),
    Field("from_agent", "boolean", required=True),
    replace(VIA, required=True),
    Field("body_text", "string", null=True),
    Field("body_html", "string", null=True),
    Field("subject", "string", null=True),
    Field("public", "boolean", help="false: an internal note."),
    replace(EXTERNAL_ID, longest=255),
    MESSAGE_ID,
    Field("integration_id", "integer", null=True, least=1),
    SOURCE,
    Field("sender", "object", fields=PERSON, help="By id or email."),
    Field("receiver", "object", fields=PERSON, help="By id or email; of outgoing messages only."),
    ATTACHMENTS,
    SENT,
    Field("failed_datetime", "datetime", null=True),
    Field("mention_ids", "array", items="integer", help="Users, in internal notes."),
)
MESSAGE = (
    *COMMON,
    Field("actions", "array"),
    Field("headers", "object"),
    Field("macros", "array", fields=(Field("id", "integer", required=True),)),
    replace(META, null=False),
    Field("created_datetime", "datetime"),
    Field("deleted_datetime", "datetime", null=True),
    Field("opened_datetime", "datetime", null=True),
    Field("stripped_text", "string", null=True),
    Field("stripped_html", "string", null=True),
    Field("stripped_signature", "string", null=True),
    Field("last_sending_error", "object", fields=(Field("error", "any"),)),
    Field("imported", "boolean", help="Whether it is history from elsewhere."),
)
"""A message to create, alone or with its ticket."""
ACTION = Field(
    "action",
    "string",
    one_of=("force", "retry", "cancel"),
    help="What to do about a failed action of the message.",
)

OPERATIONS = (
    Operation(
        "list-messages",
        "GET",
        "/api/messages",
        "List messages.",
        query=(*BY_CREATION, Field("ticket_id", "integer", least=1)),
        paged=True,
        scope=READ,
    ),
    Operation(
        "list-ticket-messages",
        "GET",
        "/api/tickets/{ticket_id}/messages",
        "List the messages of a ticket; deprecated in favour of list-messages.",
        query=(Field("page", "integer", least=1), Field("per_page", "integer", least=1)),
        scope=READ,
    ),
    Operation(
        "create-ticket-message",
        "POST",
        "/api/tickets/{ticket_id}/messages",
        "Add a message to a ticket; without sent_datetime Gorgias sends it.",
        query=(ACTION,),
        body=MESSAGE,
        shape="object",
        repeatable=False,
        scope=WRITE,
    ),
    Operation(
        "get-ticket-message",
        "GET",
        "/api/tickets/{ticket_id}/messages/{id}",
        "Get a message.",
        scope=READ,
    ),
    Operation(
        "update-ticket-message",
        "PUT",
        "/api/tickets/{ticket_id}/messages/{id}",
        "Change some fields of a message.",
        query=(ACTION,),
        body=(*COMMON, META, Field("headers", "object", null=True)),
        shape="object",
        scope=WRITE,
    ),
    Operation(
        "delete-ticket-message",
        "DELETE",
        "/api/tickets/{ticket_id}/messages/{id}",
        "Delete a message for good.",
        scope=WRITE,
    ),
)
