"""Satisfaction surveys: one per ticket."""

from __future__ import annotations

from dataclasses import replace

from gorgias_api.operations.base import Operation
from gorgias_api.operations.fields import Field
from gorgias_api.operations.shared import BY_CREATION, META

READ, WRITE = "satisfaction_survey:read", "satisfaction_survey:write"

CUSTOMER = Field("customer_id", "integer")
TICKET = Field("ticket_id", "integer")
BODY = (
    Field("body_text", "string", null=True, longest=1000, help="What the customer wrote."),
    Field("created_datetime", "datetime", null=True),
    META,
    Field("score", "integer", null=True, least=1, most=5),
    Field("scored_datetime", "datetime", null=True),
    Field("sent_datetime", "datetime", null=True),
    Field("should_send_datetime", "datetime", null=True, help="null: Gorgias never sends it."),
)

OPERATIONS = (
    Operation(
        "list-satisfaction-surveys",
        "GET",
        "/api/satisfaction-surveys",
        "List satisfaction surveys.",
        query=(*BY_CREATION, Field("ticket_id", "integer", least=1)),
        paged=True,
        scope=READ,
    ),
    Operation(
        "create-satisfaction-survey",
        "POST",
        "/api/satisfaction-surveys",
        "Create the satisfaction survey of a ticket.",
        body=(replace(CUSTOMER, required=True), replace(TICKET, required=True), *BODY),
        shape="object",
        repeatable=False,
        scope=WRITE,
    ),
    Operation(
        "get-satisfaction-survey",
        "GET",
        "/api/satisfaction-surveys/{id}",
        "Get a satisfaction survey.",
        scope=READ,
    ),
    Operation(
        "update-satisfaction-survey",
        "PUT",
        "/api/satisfaction-surveys/{id}",
        "Change some fields of a satisfaction survey.",
        body=(CUSTOMER, TICKET, *BODY),
        shape="object",
        scope=WRITE,
    ),
)
