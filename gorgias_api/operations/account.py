"""The account: its settings, what happened in it, its files, and search."""

from __future__ import annotations

from gorgias_api.operations.base import Operation
from gorgias_api.operations.fields import Field
from gorgias_api.operations.shared import BY_CREATION, NAME, PAGING

SETTING = (
    Field("type", "string", required=True, help="business-hours, ..."),
    Field("data", "object", null=True),
    NAME,
)
COMPARATORS = tuple(
    Field(
        f"created_datetime_{short}",
        "datetime",
        sent_as=f"created_datetime[{short}]",
        help=f"Created {words}.",
    )
    for short, words in (
        ("gt", "after"),
        ("gte", "at or after"),
        ("lt", "before"),
        ("lte", "at or before"),
    )
)

SEARCHABLE = (
    "agent",
    "customer",
    "customer_channel",
    "customer_channel_email",
    "customer_channel_phone",
    "customer_profile",
    "customers_by_phone",
    "integration",
    "tag",
    "team",
)
"""What can be searched for; tickets and messages cannot."""
UPLOADABLE = ("attachment", "public_attachment", "profile_picture", "widget_picture")
"""What a file is uploaded as."""

OPERATIONS = (
    Operation(
        "get-account",
        "GET",
        "/api/account",
        "Get the account: whether the credentials work, and what they open.",
        scope="account:read",
    ),
    Operation(
        "list-account-settings",
        "GET",
        "/api/account/settings",
        "List the settings of the account.",
        query=(Field("type", "string", help="business-hours, ..."), *PAGING),
        paged=True,
        scope="account:read",
    ),
    Operation(
        "create-account-setting",
        "POST",
        "/api/account/settings",
        "Create a setting of the account.",
        body=SETTING,
        shape="object",
        repeatable=False,
        scope="account:write",
    ),
    Operation(
        "update-account-setting",
        "PUT",
        "/api/account/settings/{id}",
        "Replace the data of a setting.",
        body=SETTING,
        shape="object",
        replaces=("data",),
        scope="account:write",
    ),
    Operation(
        "list-events",
        "GET",
        "/api/events",
        "List what happened in the account.",
        query=(
            *BY_CREATION,
            *COMPARATORS,
            Field("object_id", "integer"),
            Field(
                "object_type",
                "string",
                help="Ticket, Customer, TicketMessage, User, ...; only with object_id.",
            ),
            Field("types", "array", items="string", help="ticket-created, ticket-deleted, ..."),
            Field("user_ids", "array", items="integer", help="One, as documented.", most=1),
        ),
        paged=True,
        scope="events:read",
    ),
    Operation("get-event", "GET", "/api/events/{id}", "Get an event.", scope="events:read"),
    Operation(
        "search",
        "POST",
        "/api/search",
        "Find customers, users, teams, tags and integrations; not tickets and messages.",
        body=(
            Field(
                "type",
                "string",
                required=True,
                help=f"{', '.join(SEARCHABLE)}.",
            ),
            Field("query", "string"),
            Field("size", "integer", least=1, most=50, help="How many; 10 by default."),
        ),
        shape="object",
    ),
    Operation(
        "upload-file",
        "POST",
        "/api/upload",
        "Upload files, to refer to them in messages and elsewhere.",
        query=(Field("type", "string", one_of=UPLOADABLE),),
        body=(Field("files", "array", items="file", required=True, least=1),),
        shape="files",
        scope="tickets:write",
    ),
    Operation(
        "download-file",
        "GET",
        "/api/{file_type}/download/{domain_hash}/{resource_name}",
        "Download a file by the parts of its address.",
        response_type="binary",
        scope="tickets:read",
    ),
)
