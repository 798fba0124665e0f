"""Jobs: changes to many tickets, and exports, done by Gorgias in its own time."""

from __future__ import annotations

from dataclasses import replace

from gorgias_api.operations.base import Operation
from gorgias_api.operations.fields import Field
from gorgias_api.operations.shared import BY_CREATION, META
from gorgias_api.operations.tickets import UPDATE

READ, WRITE = "jobs:read", "jobs:write"

TYPE = Field(
    "type",
    "string",
    help="applyMacro, deleteTicket, exportTicket, exportMacro, importMacro, updateTicket, "
    "exportTicketDrilldown or exportConvertCampaignSalesDrilldown.",
)
STATUS = Field(
    "status",
    "string",
    help="pending, scheduled, running, done, cancel_requested, canceled, errored or fatal_errored.",
)
PARAMS = Field(
    "params",
    "object",
    fields=(
        Field("ticket_ids", "array", items="integer"),
        Field("view_id", "integer"),
        Field("view", "object", fields=(Field("filters", "string"),)),
        Field("macro_id", "integer"),
        Field("apply_and_close", "boolean"),
        Field("updates", "object", fields=UPDATE),
        Field("start_datetime", "datetime", null=True),
        Field("end_datetime", "datetime", null=True),
        Field("url", "string"),
        Field("context", "object"),
    ),
)
SCHEDULED = Field("scheduled_datetime", "datetime", null=True, help="At most 60 minutes from now.")

OPERATIONS = (
    Operation(
        "list-jobs",
        "GET",
        "/api/jobs",
        "List jobs.",
        query=(*BY_CREATION, STATUS, TYPE),
        paged=True,
        scope=READ,
    ),
    Operation(
        "create-job",
        "POST",
        "/api/jobs",
        "Start a job, such as a change to many tickets.",
        body=(replace(TYPE, required=True), replace(PARAMS, required=True), SCHEDULED, META),
        shape="object",
        repeatable=False,
        scope=WRITE,
    ),
    Operation("get-job", "GET", "/api/jobs/{id}", "Get a job and how far it is.", scope=READ),
    Operation(
        "update-job",
        "PUT",
        "/api/jobs/{id}",
        "Change a job that has not started.",
        body=(PARAMS, META, SCHEDULED, STATUS),
        shape="object",
        scope=WRITE,
    ),
    Operation(
        "delete-job", "DELETE", "/api/jobs/{id}", "Cancel a job; it stays listed.", scope=WRITE
    ),
)
