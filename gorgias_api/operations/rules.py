"""Rules: what Gorgias does by itself."""

from __future__ import annotations

from dataclasses import replace

from gorgias_api.operations.base import Operation
from gorgias_api.operations.fields import Field
from gorgias_api.operations.shared import BY_CREATION, DEACTIVATED

READ, WRITE = "rules:read", "rules:write"

NAME = Field("name", "string")
CODE = Field("code", "string", help="JavaScript.")
BODY = (
    Field("code_ast", "object", help="Derived from the code when absent."),
    Field("description", "string", null=True),
    Field("event_types", "string", help="With commas: ticket-created,ticket-updated,..."),
    Field("priority", "integer", help="The highest runs first."),
    replace(DEACTIVATED, help="Switches it off; null switches it on."),
)

OPERATIONS = (
    Operation(
        "list-rules", "GET", "/api/rules", "List rules.", query=BY_CREATION, paged=True, scope=READ
    ),
    Operation(
        "create-rule",
        "POST",
        "/api/rules",
        "Create a rule.",
        body=(replace(NAME, required=True), replace(CODE, required=True), *BODY),
        shape="object",
        repeatable=False,
        scope=WRITE,
    ),
    Operation(
        "update-rules-priorities",
        "POST",
        "/api/rules/priorities",
        "Set the order in which rules run.",
        body=(
            Field(
                "priorities",
                "array",
                required=True,
                least=1,
                fields=(
                    Field("id", "integer", required=True),
                    Field("priority", "integer", required=True),
                ),
            ),
        ),
        shape="object",
        scope=WRITE,
    ),
    Operation("get-rule", "GET", "/api/rules/{id}", "Get a rule.", scope=READ),
    Operation(
        "update-rule",
        "PUT",
        "/api/rules/{id}",
        "Change some fields of a rule.",
        body=(NAME, CODE, *BODY),
        shape="object",
        scope=WRITE,
    ),
    Operation("delete-rule", "DELETE", "/api/rules/{id}", "Delete a rule.", scope=WRITE),
)
