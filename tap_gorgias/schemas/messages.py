"""Messages and their attachments (API pages `list-messages`, `the-ticketmessage-object`)."""

from __future__ import annotations

from tap_gorgias.schemas.fragments import (
    ADDRESS_FIELDS,
    PARENT_READ_DATETIME,
    PERSON_FIELDS,
    READ_DATETIME,
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

_REPLY_FIELDS: tuple[Field, ...] = (
    integer("integration_id", "Id of the integration the message went through."),
    anything("message_id", "Id of the message."),
    when("created_datetime", "When the message was created."),
    text("body_text", "The message as plain text."),
)
_FILE_NAME = text("name", "Name of the file.")
_FILE_URL = text("url", "Where the file can be downloaded.")
_FILE_TYPE = text("content_type", "Media type of the file, such as `image/png`.")
_FILE_PUBLIC = flag("public", "Whether the URL works without credentials; null when unknown.")
_FILE_EXTRA = free("extra", "Further data; null when there is none.")

MESSAGES = schema(
    integer("id", "Id of the message.", key=True),
    text("uri", "API path of the message."),
    text("message_id", "Id at the carrier, such as an e-mail's Message-ID; null when none."),
    integer("ticket_id", "Id of the ticket the message belongs to."),
    text("external_id", "Id of the message in another system; null when none was given."),
    flag("public", "False for internal notes."),
    text("channel", "Channel of the message, such as `email`, or a custom slug."),
    text("via", "How the message reached Gorgias, such as `email` or `api`."),
    record(
        "source",
        "Addresses of the message; null or with parts missing where the channel has none.",
        text("type", "Kind of source, such as `email` or `phone`."),
        record("from", "Address it was sent from.", *ADDRESS_FIELDS),
        records("to", "Addresses it was sent to.", *ADDRESS_FIELDS),
        records("cc", "Addresses it was copied to.", *ADDRESS_FIELDS),
        records("bcc", "Addresses it was copied to unseen.", *ADDRESS_FIELDS),
        free("extra", "Further data, such as `include_thread`."),
    ),
    record("sender", "Who wrote it, user or customer; null when unknown.", *PERSON_FIELDS),
    record("receiver", "Whom it was written to; null for most received ones.", *PERSON_FIELDS),
    free("auth_customer_identity", "Identity the customer proved in a chat; null when none."),
    integer("integration_id", "Id of the integration it went through; null when none."),
    integer("rule_id", "Id of the rule that wrote it; null when none did."),
    records(
        "intents",
        "What the message is about, as recognised some time after it arrived.",
        text("name", "The intent, such as `shipping/status`."),
        flag("rejected", "Whether an agent refused it; null while nobody has judged."),
        flag("is_user_feedback", "Whether an agent, not the machine, named it."),
    ),
    flag("from_agent", "Whether an agent or a rule wrote it."),
    text("subject", "Subject; null when there is none."),
    text("body_text", "The whole message as plain text; null when there is none."),
    text("body_html", "The whole message as HTML; null when there is none."),
    text("stripped_text", "Plain text without quoted replies and signature; may be null."),
    text("stripped_html", "HTML without quoted replies and signature; may be null."),
    text("stripped_signature", "The signature cut off; null when none was found."),
    records(
        "attachments",
        "Attached files, also in the stream `attachments`; null when there are none.",
        _FILE_URL,
        _FILE_NAME,
        integer("size", "Size in bytes; null when the API does not say."),
        _FILE_TYPE,
        _FILE_PUBLIC,
        _FILE_EXTRA,
    ),
    records("actions", "Outside actions run with the message; null when there are none."),
    records(
        "macros",
        "The macros used to write it.",
        integer("id", "Id of the macro."),
    ),
    free("headers", "Headers of an e-mail; null for other channels."),
    free("meta", "Further data, such as `current_page` of a chat; null when there is none."),
    flag("imported", "Whether it was imported rather than sent or received; null when unknown."),
    when("created_datetime", "When the message was created.", key=True),
    when("processed_datetime", "When Gorgias took it in; null in older messages."),
    when("sent_datetime", "When it was sent; null until then and for internal notes."),
    when("failed_datetime", "When sending failed; null when it did not."),
    when("deleted_datetime", "When it was deleted; null while it exists."),
    when("opened_datetime", "When the receiver opened it; null when not known to be opened."),
    record(
        "last_sending_error",
        "Why sending last failed; null when it did not.",
        anything("error", "The error as the carrier or Gorgias gave it."),
    ),
    flag("is_retriable", "Whether sending can be tried again."),
    record("replied_by", "The answer, on social channels; null elsewhere.", *_REPLY_FIELDS),
    record(
        "replied_to", "The message answered, on social channels; null elsewhere.", *_REPLY_FIELDS
    ),
    READ_DATETIME,
)

ATTACHMENTS = schema(
    integer("message_id", "Id of the message.", key=True),
    integer("position", "Place among the attachments of the message, from 0.", key=True),
    integer("ticket_id", "Id of the ticket the message belongs to."),
    _FILE_NAME,
    _FILE_URL,
    integer("size", "Size in bytes; null when the API does not say."),
    _FILE_TYPE,
    _FILE_PUBLIC,
    _FILE_EXTRA,
    text("location", "Where the tap saved the file; null unless downloads are on."),
    when("message_created_datetime", "`created_datetime` of the message.", key=True),
    PARENT_READ_DATETIME,
)
