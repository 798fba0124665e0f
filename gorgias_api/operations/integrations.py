"""Integrations over HTTP, which are also how webhooks are made, and widgets."""

from __future__ import annotations

from dataclasses import replace

from gorgias_api.operations.base import Operation
from gorgias_api.operations.fields import Field
from gorgias_api.operations.shared import BY_CREATION, DEACTIVATED, PAGING, order_by

READ, WRITE = "integrations:read", "integrations:write"

METHOD = Field("method", "string", one_of=("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"))
SENT_TYPE = Field(
    "request_content_type", "string", help="application/json or application/x-www-form-urlencoded."
)
READ_TYPE = Field("response_content_type", "string", help="application/json.")
HTTP = (
    Field("url", "string", required=True, help="May hold {{ticket.customer.email}} and the like."),
    Field("form", "object", null=True),
    Field("headers", "object"),
    Field("hmac_secret", "string", help="Never shown again."),
    Field(
        "triggers",
        "object",
        help="When it is called.",
        fields=tuple(
            Field(name, "boolean")
            for name in (
                "ticket-created",
                "ticket-updated",
                "ticket-message-created",
                "ticket-self-unsnoozed",
                "ticket-message-failed",
                "ticket-assignment-updated",
                "ticket-status-updated",
                "ticket-handed-over",
            )
        ),
    ),
)
NEW_HTTP = (*HTTP, *(replace(field, required=True) for field in (METHOD, SENT_TYPE, READ_TYPE)))
INTEGRATION = (
    Field("name", "string", required=True),
    Field("description", "string", null=True),
    DEACTIVATED,
    Field("business_hours_id", "integer", null=True),
)
TYPE = Field("type", "string", one_of=("http",))

TEMPLATE = Field(
    "template",
    "object",
    help="What it shows, as nested widgets.",
    fields=(
        Field("type", "string", required=True, help="wrapper"),
        Field("widgets", "array", required=True, items="object"),
    ),
)
WIDGET_TYPE = Field(
    "type",
    "string",
    help="bigcommerce, custom, customer_external_data, http, klaviyo, magento2, recharge, "
    "shopify, smile, standalone, stripe, woocommerce or yotpo.",
)
WIDGET = (
    Field("context", "string", one_of=("ticket", "customer", "user"), help="user: deprecated."),
    Field("order", "integer", least=0),
    Field("integration_id", "integer", null=True),
    Field("app_id", "string", null=True),
    DEACTIVATED,
)

OPERATIONS = (
    Operation(
        "list-integrations",
        "GET",
        "/api/integrations",
        "List integrations.",
        query=(*BY_CREATION, TYPE),
        paged=True,
        scope=READ,
    ),
    Operation(
        "create-integration",
        "POST",
        "/api/integrations",
        "Create an HTTP integration.",
        body=(
            replace(TYPE, required=True),
            *INTEGRATION,
            Field("http", "object", fields=NEW_HTTP),
            Field("managed", "boolean"),
        ),
        shape="object",
        repeatable=False,
        scope=WRITE,
    ),
    Operation(
        "get-integration", "GET", "/api/integrations/{id}", "Get an integration.", scope=READ
    ),
    Operation(
        "update-integration",
        "PUT",
        "/api/integrations/{id}",
        "Change some fields of an integration.",
        body=(
            *INTEGRATION,
            Field("http", "object", fields=(*HTTP, METHOD, SENT_TYPE, READ_TYPE)),
        ),
        shape="object",
        scope=WRITE,
    ),
    Operation(
        "delete-integration",
        "DELETE",
        "/api/integrations/{id}",
        "Delete an integration.",
        scope=WRITE,
    ),
    Operation(
        "list-widgets",
        "GET",
        "/api/widgets",
        "List widgets.",
        query=(
            *PAGING,
            order_by("created_datetime", "order"),
            Field("integration_id", "integer"),
            Field("app_id", "string"),
        ),
        paged=True,
        scope=READ,
    ),
    Operation(
        "create-widget",
        "POST",
        "/api/widgets",
        "Create a widget, which shows data beside a ticket.",
        body=(replace(TEMPLATE, required=True), replace(WIDGET_TYPE, required=True), *WIDGET),
        shape="object",
        repeatable=False,
        scope=WRITE,
    ),
    Operation("get-widget", "GET", "/api/widgets/{id}", "Get a widget.", scope=READ),
    Operation(
        "update-widget",
        "PUT",
        "/api/widgets/{id}",
        "Change some fields of a widget.",
        body=(TEMPLATE, WIDGET_TYPE, *WIDGET),
        shape="object",
        scope=WRITE,
    ),
    Operation("delete-widget", "DELETE", "/api/widgets/{id}", "Delete a widget.", scope=WRITE),
)
