"""Voice calls, what happened in them, and their recordings."""

from __future__ import annotations

from gorgias_api.operations.base import Operation
from gorgias_api.operations.fields import Field
from gorgias_api.operations.shared import PAGING

READ, WRITE = "tickets:read", "tickets:write"

OF_CALL = (*PAGING, Field("call_id", "integer", least=1))

OPERATIONS = (
    Operation(
        "list-voice-calls",
        "GET",
        "/api/phone/voice-calls",
        "List voice calls.",
        query=(*PAGING, Field("ticket_id", "integer", least=1)),
        paged=True,
        scope=READ,
    ),
    Operation(
        "get-voice-call", "GET", "/api/phone/voice-calls/{id}", "Get a voice call.", scope=READ
    ),
    Operation(
        "list-voice-call-events",
        "GET",
        "/api/phone/voice-call-events",
        "List what happened in voice calls.",
        query=OF_CALL,
        paged=True,
        scope=READ,
    ),
    Operation(
        "get-voice-call-event",
        "GET",
        "/api/phone/voice-call-events/{id}",
        "Get an event of a voice call.",
        scope=READ,
    ),
    Operation(
        "list-voice-call-recordings",
        "GET",
        "/api/phone/voice-call-recordings",
        "List recordings of voice calls.",
        query=OF_CALL,
        paged=True,
        scope=READ,
    ),
    Operation(
        "get-voice-call-recording",
        "GET",
        "/api/phone/voice-call-recordings/{id}",
        "Get a recording of a voice call.",
        scope=READ,
    ),
    Operation(
        "delete-voice-call-recording",
        "DELETE",
        "/api/phone/voice-call-recordings/{id}",
        "Delete a recording of a voice call.",
        scope=WRITE,
    ),
)
