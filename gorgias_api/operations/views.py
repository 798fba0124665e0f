"""Views: saved filters, and the tickets they show."""

from __future__ import annotations

from gorgias_api.operations.base import Operation
from gorgias_api.operations.fields import Field
from gorgias_api.operations.shared import BY_CREATION, CURSOR, DECORATION, LIMIT, order_by

READ, WRITE = "tickets:read", "tickets:write"

BODY = (
    Field("slug", "string", help="Deprecated; some sources say a new view needs one."),
    Field("name", "string"),
    Field("type", "string", help="ticket-list"),
    Field("visibility", "string", one_of=("public", "shared", "private")),
    DECORATION,
    Field(
        "fields",
        "array",
        items="string",
        help="Columns: id, details, tags, customer, last_message, name, email, created, updated, "
        "assignee, assignee_team, channel, closed, language, last_received_message, "
        "integrations, snooze, status, subject, priority.",
    ),
    Field("filters", "string", help="Such as eq(ticket.status, 'open')."),
    Field("order_by", "string", help="Such as updated_datetime."),
    Field("order_dir", "string", one_of=("asc", "desc")),
    Field("search", "string", null=True),
    Field("section_id", "integer", null=True),
    Field("shared_with_teams", "array", items="integer", most=100),
    Field("shared_with_users", "array", items="integer", most=100),
)
ITEMS = (
    CURSOR,
    Field("direction", "string", one_of=("prev", "next")),
    Field("ignored_item", "integer", help="From the answer before."),
    LIMIT,
    order_by(
        "created_datetime",
        "updated_datetime",
        "last_message_datetime",
        "last_received_message_datetime",
        "closed_datetime",
        "snooze_datetime",
        "priority",
    ),
)

OPERATIONS = (
    Operation(
        "list-views", "GET", "/api/views", "List views.", query=BY_CREATION, paged=True, scope=READ
    ),
    Operation(
        "create-view",
        "POST",
        "/api/views",
        "Create a view.",
        body=BODY,
        shape="object",
        repeatable=False,
        scope=WRITE,
    ),
    Operation("get-view", "GET", "/api/views/{id}", "Get a view.", scope=READ),
    Operation(
        "update-view",
        "PUT",
        "/api/views/{id}",
        "Change some fields of a view.",
        body=BODY,
        shape="object",
        scope=WRITE,
    ),
    Operation("delete-view", "DELETE", "/api/views/{id}", "Delete a view.", scope=WRITE),
    Operation(
        "list-view-items",
        "GET",
        "/api/views/{view_id}/items",
        "List the tickets that a view shows.",
        query=ITEMS,
        paged=True,
        scope=READ,
    ),
    Operation(
        "update-view-items",
        "PUT",
        "/api/views/{view_id}/items",
        "List what a view would show with these changes, which are not stored; view 0 is none.",
        query=ITEMS,
        paged=True,
        body=(Field("view", "object", fields=BODY),),
        shape="object",
        scope=READ,
    ),
)
