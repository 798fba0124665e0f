"""Events, calls, their events and recordings: read only but for one deletion (sections 6, 19)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gorgias_sandbox.replies import missing

if TYPE_CHECKING:
    from gorgias_sandbox.call import Call, Handler


def getter(table: str) -> Handler:
    """Answer the row the path names."""
    return lambda call: call.world.listed(table, call.row(table)["id"])


def delete_recording(call: Call) -> None:
    """`DELETE /api/phone/voice-call-recordings/{id}`: the row stays, marked and without sound."""
    row = call.row("voice_call_recordings")
    if row["deleted_datetime"] is not None:
        raise missing()
    call.world.update(
        "voice_call_recordings",
        row["id"],
        url=None,
        deleted_datetime=call.world.now(),
        deleted_by_user_id=call.actor.user_id,
    )


HANDLERS: dict[str, Handler] = {
    "get-event": getter("events"),
    "get-voice-call": getter("voice_calls"),
    "get-voice-call-event": getter("voice_call_events"),
    "get-voice-call-recording": getter("voice_call_recordings"),
    "delete-voice-call-recording": delete_recording,
}
