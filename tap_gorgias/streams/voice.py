"""Phone calls. Their lists take neither an order nor a date."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from tap_gorgias import schemas
from tap_gorgias.streams.incremental import IncrementalStream


class VoiceStream(IncrementalStream):
    """A list that comes in an order of its own."""

    primary_keys: ClassVar = ["id"]
    scope = "tickets:read"  # not documented for these lists; the error names the right one
    replication_key = "created_datetime"
    ordered = False


class VoiceCalls(VoiceStream):
    """Calls (https://developers.gorgias.com/reference/list-voice-calls).

    A call's end, voicemail and summaries are written after its creation; a day covers them.
    """

    name = "voice_calls"
    path = "/api/phone/voice-calls"
    lookback = timedelta(days=1)
    schema = schemas.VOICE_CALLS


class VoiceCallEvents(VoiceStream):
    """What happened in calls (https://developers.gorgias.com/reference/list-voice-call-events)."""

    name = "voice_call_events"
    path = "/api/phone/voice-call-events"
    schema = schemas.VOICE_CALL_EVENTS


class VoiceCallRecordings(VoiceStream):
    """Recordings (https://developers.gorgias.com/reference/list-voice-call-recordings).

    A day of look-back sees a recording's length, and a deletion soon after.
    """

    name = "voice_call_recordings"
    path = "/api/phone/voice-call-recordings"
    lookback = timedelta(days=1)
    schema = schemas.VOICE_CALL_RECORDINGS
