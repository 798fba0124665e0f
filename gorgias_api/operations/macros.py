"""Macros: answers and actions at a click."""

from __future__ import annotations

from dataclasses import replace

from gorgias_api.operations.base import Operation
from gorgias_api.operations.fields import Field
from gorgias_api.operations.shared import EXTERNAL_ID, IDS, LANGUAGE, PAGING, order_by

READ, WRITE = "macros:read", "macros:write"
EVERYTHING = "write:all"
"""What the API asked for when macros were taken out of the archive."""

NAME = Field("name", "string")
BODY = (
    Field(
        "actions",
        "array",
        fields=(
            Field("name", "string", required=True, help="addTags, setResponseText, ..."),
            Field("title", "string", null=True),
            Field("type", "string", help="user"),
            Field("arguments", "object", null=True),
            Field("description", "string", null=True),
        ),
    ),
    EXTERNAL_ID,
    Field("intent", "string", null=True, help="shipping/status, refund/request, ..."),
    LANGUAGE,
)
SOME_IDS = replace(IDS, most=30)

OPERATIONS = (
    Operation(
        "list-macros",
        "GET",
        "/api/macros",
        "List macros.",
        query=(
            *PAGING,
            order_by(
                "name", "created_datetime", "updated_datetime", "usage", "relevance", "language"
            ),
            Field("search", "string"),
            Field("tags", "array", items="string", help="Macros that add all of these."),
            Field("languages", "array", items="string", help="Macros in any of these."),
            Field("ticket_id", "integer", least=1, help="To order by relevance."),
            Field("message_id", "integer", least=1),
            Field("number_predictions", "integer", least=0),
            Field("archived", "boolean"),
        ),
        paged=True,
        scope=READ,
    ),
    Operation(
        "create-macro",
        "POST",
        "/api/macros",
        "Create a macro.",
        body=(replace(NAME, required=True), *BODY),
        shape="object",
        repeatable=False,
        scope=WRITE,
    ),
    Operation(
        "bulk-archive-macros",
        "PUT",
        "/api/macros/archive",
        "Archive macros; the answer tells for each whether it worked.",
        body=(SOME_IDS,),
        shape="object",
        scope=EVERYTHING,
    ),
    Operation(
        "bulk-unarchive-macros",
        "PUT",
        "/api/macros/unarchive",
        "Take macros out of the archive; the answer tells for each whether it worked.",
        body=(SOME_IDS,),
        shape="object",
        scope=EVERYTHING,
    ),
    Operation("get-macro", "GET", "/api/macros/{id}", "Get a macro.", scope=READ),
    Operation(
        "update-macro",
        "PUT",
        "/api/macros/{id}",
        "Change some fields of a macro.",
        body=(NAME, *BODY),
        shape="object",
        replaces=("actions",),
        scope=WRITE,
    ),
    Operation("delete-macro", "DELETE", "/api/macros/{id}", "Delete a macro.", scope=WRITE),
)
