"""Satisfaction surveys (section 15). A survey never moves its ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gorgias_sandbox.call import refuse
from gorgias_sandbox.operations import records
from gorgias_sandbox.replies import conflict

if TYPE_CHECKING:
    from gorgias_sandbox.call import Call, Handler
    from gorgias_sandbox.dataset import Row


def _fields(call: Call, body: Row, old: Row) -> Row:
    tables = call.world.tables
    for field, table in (("customer_id", "customers"), ("ticket_id", "tickets")):
        if field in body and body[field] != old[field] and body[field] not in tables[table]:
            raise refuse(**{field: "Does not exist."})
    if "ticket_id" in body:
        surveys = tables["satisfaction_surveys"].find("ticket_id", body["ticket_id"])
        if set(surveys) - {old["id"]}:
            raise conflict()
    unset = {"created_datetime"} if body.get("created_datetime") is None else set()
    return {field: value for field, value in body.items() if field not in unset}


def _tell_of_score(call: Call, old: Row) -> None:
    row = call.world.tables["satisfaction_surveys"][old["id"]]
    if old["score"] is None and row["score"] is not None:
        kind = "satisfaction-survey-responded"
        call.world.emit(call.actor, kind, "satisfaction_surveys", row["id"])


SURVEY = records.Resource(
    "satisfaction-survey",
    "satisfaction_surveys",
    uri="/api/satisfaction-surveys/{id}/",
    blank={
        "id": None,
        "body_text": None,
        "created_datetime": None,
        "customer_id": None,
        "meta": None,
        "score": None,
        "scored_datetime": None,
        "sent_datetime": None,
        "should_send_datetime": None,
        "ticket_id": None,
        "uri": None,
    },
    fields=_fields,
    afterwards=_tell_of_score,
    silent=True,
)

HANDLERS: dict[str, Handler] = records.handlers(SURVEY, "create", "get", "update")
