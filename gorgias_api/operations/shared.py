"""Fields that several resources share."""

from __future__ import annotations

from gorgias_api.operations.fields import Field

CURSOR = Field("cursor", "string", help="Where to go on; from the answer before.")
LIMIT = Field("limit", "integer", help="Rows per page.", least=1, most=100)
PAGING = (CURSOR, LIMIT)


def order_by(*fields: str) -> Field:
    """The order of a list by one of these fields."""
    return Field("order_by", "string", help=f"{', '.join(fields)}; with :asc or :desc.")


BY_CREATION = (*PAGING, order_by("created_datetime"))
RELATIONSHIPS = Field(
    "relationships", "array", items="string", one_of=("custom_fields",), help="What comes along."
)

NAME = Field("name", "string", null=True)
EXTERNAL_ID = Field("external_id", "string", null=True, help="The id in another system.")
EMAIL = Field("email", "string", null=True, longest=320)
LANGUAGE = Field("language", "string", null=True, help="ISO 639-1 code, such as en.")
TIMEZONE = Field("timezone", "string", null=True, help="IANA name, such as Europe/Berlin.")
META = Field("meta", "object", null=True)
IDS = Field("ids", "array", items="integer", required=True, least=1)
DECORATION = Field("decoration", "object", null=True, fields=(Field("emoji", "any"),))
DEACTIVATED = Field("deactivated_datetime", "datetime", null=True)

CHANNELS = Field(
    "channels",
    "array",
    help="Ways to reach the customer.",
    fields=(
        Field("type", "string", required=True, help="email, phone, ..."),
        Field("address", "string", required=True),
        Field("preferred", "boolean"),
    ),
)
FIELD_VALUE = (
    Field("id", "integer", required=True, least=1, help="Of the custom field."),
    Field("value", "scalar", null=True),
)
FIELD_VALUES = Field("custom_fields", "array", fields=FIELD_VALUE)
"""Values of custom fields inside another object."""
ALL_FIELD_VALUES = Field(
    "values", "array", required=True, fields=FIELD_VALUE, help="All of them, as id and value."
)
ONE_FIELD_VALUE = Field("value", "scalar", required=True)

PERSON = (
    Field("id", "integer", least=1),
    EMAIL,
    NAME,
    Field("firstname", "string", null=True),
    Field("lastname", "string", null=True),
    EXTERNAL_ID,
    CHANNELS,
    LANGUAGE,
    TIMEZONE,
    META,
    Field("note", "string", null=True),
)
"""Somebody in a ticket or message: `id` or `email` says who, the rest may overwrite."""

CHANNEL = Field(
    "channel",
    "string",
    help="aircall, api, chat, contact_form, email, facebook, facebook-mention, "
    "facebook-messenger, facebook-recommendations, help-center, instagram-ad-comment, "
    "instagram-comment, instagram-direct-message, instagram-mention, internal-note, phone, sms, "
    "twitter, twitter-direct-message, whatsapp, yotpo-review, or one of your own.",
)
VIA = Field(
    "via",
    "string",
    help="How it came in: api, email, form, gorgias_chat, helpdesk, internal-note, phone, rule, "
    "shopify, sms, ...",
)
