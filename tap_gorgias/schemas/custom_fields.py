"""Definitions of custom fields (API page `list-custom-fields`)."""

from __future__ import annotations

from tap_gorgias.schemas.fragments import flag, free, integer, record, schema, text, when

CUSTOM_FIELDS = schema(
    integer("id", "Id of the field; values refer to it.", key=True),
    text("external_id", "Id of the field in another system; null when none was given."),
    text("object_type", "What the field belongs to: `Ticket` or `Customer`."),
    text("label", "Name shown to agents."),
    text("description", "Help text; null when there is none."),
    integer("priority", "Place in the list, 0 to 5000, highest first; null when never set."),
    flag("required", "Whether agents must fill it in before they close a ticket."),
    text("requirement_type", "When it must be filled in: `visible`, `conditional`; may be null."),
    text(
        "managed_type", "Purpose Gorgias manages the field for, such as `contact_reason`; or null."
    ),
    record(
        "definition",
        "Type of the values and how they are entered.",
        text("data_type", "Type of the values: `text`, `number` or `boolean`."),
        free(
            "input_settings",
            "`input_type`, and with it `choices` and `default`, `min` and `max`, or `placeholder`. "
            "Levels of a choice are parted by `::`.",
        ),
    ),
    when("created_datetime", "When the field was created."),
    when("updated_datetime", "When the definition last changed; null if it never did."),
    when("deactivated_datetime", "When the field was archived; null while in use."),
)
