"""Customers, their field values and details (API pages `list-customers`, `get-customer`)."""

from __future__ import annotations

from tap_gorgias.schemas.fragments import (
    PARENT_READ_DATETIME,
    READ_DATETIME,
    VALUE_FIELDS,
    Field,
    flag,
    free,
    integer,
    record,
    records,
    schema,
    text,
    when,
)

_UPDATED = "When the customer last changed; field values, `data` and merges into it do not count."
_LIST_FIELDS: tuple[Field, ...] = (
    integer("id", "Id of the customer; users share the same sequence of ids.", key=True),
    text("external_id", "Id of the customer in another system; null when none was given."),
    flag("active", "False once the customer was deactivated."),
    text("email", "Primary e-mail address; null when unknown."),
    text("name", "Full name; null when unknown."),
    text("firstname", "First name, derived from the full name; empty when unknown."),
    text("lastname", "Last name, derived from the full name; empty when unknown."),
    text("language", "Preferred language, ISO 639-1; null when unknown."),
    text("timezone", "IANA time zone; null when unknown."),
    when("created_datetime", "When the customer was created."),
    free("meta", "Further data, such as `name_set_via`; null when there is none."),
    text("data", "Data set through the API with an API key, as JSON text; null when none was set."),
    text("note", "Note the agents keep on the customer; null when there is none."),
    free("custom_fields", "Field values, keyed by field id: `id` and `value`; `{}` when none."),
)
_OWNER_FIELDS: tuple[Field, ...] = (
    integer("id", "Id of the customer."),
    text("name", "Name of the customer."),
)

CUSTOMERS = schema(
    *_LIST_FIELDS,
    when("updated_datetime", _UPDATED, key=True),
    READ_DATETIME,
)

CUSTOMER_CUSTOM_FIELDS = schema(
    integer("customer_id", "Id of the customer.", key=True),
    integer("custom_field_id", "Id of the field's definition.", key=True),
    *VALUE_FIELDS,
    when("customer_updated_datetime", "`updated_datetime` of the customer.", key=True),
    PARENT_READ_DATETIME,
)

CUSTOMER_DETAILS = schema(
    *_LIST_FIELDS,
    when("updated_datetime", _UPDATED),
    records(
        "channels",
        "The addresses the customer can be reached at.",
        integer("id", "Id of the channel."),
        text("type", "Kind of channel: `email`, `phone`, `chat` and others, or a custom slug."),
        text("address", "E-mail address, phone number or handle."),
        flag("preferred", "Whether it is the first choice among channels of its type."),
        when("created_datetime", "When the channel was added."),
        when("updated_datetime", "When the channel last changed."),
        when("deleted_datetime", "When the channel was removed; null while in use."),
        record("customer", "The customer the channel belongs to.", *_OWNER_FIELDS),
        record("user", "Legacy copy of `customer`.", *_OWNER_FIELDS),
    ),
    free("integrations", "Shop and app data by integration id; each has `__integration_type__`."),
    free("customer", "Legacy link of the customer to itself; null wherever it was seen."),
    free("external_data", "Data set through the API by apps, keyed by app id."),
    free("ecommerce_data", "Data of connected shops; `{}` when there is none."),
)
