"""Users, who work in the account, and their teams."""

from __future__ import annotations

from dataclasses import replace

from gorgias_api.operations.base import Operation
from gorgias_api.operations.fields import Field
from gorgias_api.operations.shared import DECORATION, META, NAME, PAGING, order_by

READ, WRITE = "users:read", "users:write"

ROLES = "admin, agent, basic-agent, bot, internal-agent, lite-agent or observer-agent."
REAL_NAME = Field("name", "string")
EMAIL = Field("email", "string", longest=320)
ROLE = Field("role", "object", fields=(Field("name", "string", required=True, help=ROLES),))
USER = (
    Field("bio", "string", null=True),
    Field("country", "string", null=True, help="Two letters, such as DE."),
    Field("external_id", "string", help="The id in another system."),
    Field("language", "string", null=True, help="fr or en."),
    replace(META, null=False),
    Field("timezone", "string", help="IANA name, such as Europe/Berlin."),
    Field("active", "boolean", help="Not documented."),
)
TEAM = (
    Field("description", "string", null=True),
    DECORATION,
    Field(
        "members",
        "array",
        fields=(
            Field("id", "integer", required=True, least=1),
            NAME,
            Field("email", "string", null=True),
            META,
        ),
    ),
)

OPERATIONS = (
    Operation(
        "list-users",
        "GET",
        "/api/users",
        "List users.",
        query=(
            *PAGING,
            order_by("created_datetime", "name", "email", "role.name"),
            Field("email", "string"),
            Field("external_id", "string"),
            Field("roles", "array", items="string", help=ROLES),
            Field("search", "string"),
            Field("available_first", "boolean"),
        ),
        paged=True,
        scope=READ,
    ),
    Operation(
        "create-user",
        "POST",
        "/api/users",
        "Create a user, who is invited by e-mail and takes a seat.",
        body=(
            replace(EMAIL, required=True),
            replace(REAL_NAME, required=True),
            replace(ROLE, required=True),
            *USER,
            Field("firstname", "string", help="Not documented."),
            Field("lastname", "string", help="Not documented."),
        ),
        shape="object",
        repeatable=False,
        scope=WRITE,
    ),
    Operation("get-user", "GET", "/api/users/{id}", "Get a user; 0 is yourself.", scope=READ),
    Operation(
        "update-user",
        "PUT",
        "/api/users/{id}",
        "Change some fields of a user.",
        body=(
            replace(EMAIL, help="Needs password_confirmation."),
            REAL_NAME,
            ROLE,
            *USER,
            Field("firstname", "string", null=True, help="Not documented."),
            Field("lastname", "string", null=True, help="Not documented."),
            Field("new_password", "string", help="Needs old_password."),
            Field("old_password", "string"),
            Field("password_confirmation", "string"),
            Field("two_fa_code", "string", null=True),
        ),
        shape="object",
        replaces=("meta",),
        scope=WRITE,
    ),
    Operation("delete-user", "DELETE", "/api/users/{id}", "Delete a user.", scope=WRITE),
    Operation(
        "list-teams",
        "GET",
        "/api/teams",
        "List teams.",
        query=(*PAGING, order_by("created_datetime", "name")),
        paged=True,
        scope=READ,
    ),
    Operation(
        "create-team",
        "POST",
        "/api/teams",
        "Create a team.",
        body=(replace(REAL_NAME, required=True), *TEAM),
        shape="object",
        repeatable=False,
        scope=WRITE,
    ),
    Operation("get-team", "GET", "/api/teams/{id}", "Get a team.", scope=READ),
    Operation(
        "update-team",
        "PUT",
        "/api/teams/{id}",
        "Change some fields of a team.",
        body=(REAL_NAME, *TEAM),
        shape="object",
        replaces=("members",),
        scope=WRITE,
    ),
    Operation("delete-team", "DELETE", "/api/teams/{id}", "Delete a team.", scope=WRITE),
)
