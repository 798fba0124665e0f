"""Voice calls, their events and recordings (API page `the-voicecall-object` and its siblings)."""

from __future__ import annotations

from tap_gorgias.schemas.fragments import (
    code,
    flag,
    free,
    integer,
    records,
    schema,
    text,
    when,
)

VOICE_CALLS = schema(
    integer("id", "Id of the call.", key=True),
    integer("integration_id", "Id of the phone integration; may be null."),
    integer("ticket_id", "Id of the call's ticket; may be null."),
    integer("phone_number_id", "Id of the account's phone number; may be null."),
    integer("customer_id", "Id of the customer on the line; may be null."),
    text("external_id", "Id of the call at the provider; may be null."),
    text("provider", "Provider of the line, such as `twilio`."),
    text("status", "State of the call, such as `completed`."),
    text("termination_status", "How the call ended; null until then."),
    text("error_code", "Why the call failed; null when it did not."),
    text("direction", "`inbound` or `outbound`."),
    text("phone_number_source", "Number of the caller."),
    text("country_source", "Country code of the caller's number, ISO 3166 alpha-2."),
    text("phone_number_destination", "Number called."),
    text("country_destination", "Country code of the number called, ISO 3166 alpha-2."),
    integer("duration", "Length of the call in seconds; may be null."),
    when("started_datetime", "When the call began; may be null."),
    when("created_datetime", "When the call was recorded in Gorgias.", key=True),
    when("updated_datetime", "When the row last changed."),
    integer("initiated_by_agent_id", "Id of the user who called; null for inbound calls."),
    integer("last_answered_by_agent_id", "Id of the user who last answered; null if none did."),
    integer("last_rang_agent_id", "Id of the user whose phone last rang; null if none did."),
    integer("last_monitoring_agent_id", "Id of the user who last listened in; null if none did."),
    text("monitoring_status", "How the call is monitored, such as `listening`; null if it is not."),
    integer("queue_id", "Id of the queue the call waited in; null for none."),
    text("status_in_queue", "State in that queue, such as `waiting`; null outside one."),
    code("answered_by_external_customer_id", "Id of the outside party who answered; null if none."),
    text("answered_by_external_number", "Outside number that answered; null if none did."),
    flag("has_voicemail", "Whether the caller left a voicemail."),
    flag("has_call_recording", "Whether the call was recorded."),
    records(
        "summaries",
        "Summaries of the call's recordings.",
        integer("id", "Id of the summary."),
        integer("recording_id", "Id of the recording it sums up."),
        text("summary", "The summary."),
        when("created_datetime", "When the summary was written."),
    ),
    text("transcriptions", "Transcriptions as JSON text; null where the API gives none."),
)

VOICE_CALL_EVENTS = schema(
    integer("id", "Id of the event.", key=True),
    text("type", "What happened, such as `phone-call-answered`; the set is open."),
    integer("account_id", "Number of the account."),
    integer("call_id", "Id of the call."),
    integer("user_id", "Id of the user involved; null when none was."),
    integer("customer_id", "Id of the customer involved; null when none was."),
    when("created_datetime", "When it happened.", key=True),
    free("meta", "Further data; null when there is none."),
)

VOICE_CALL_RECORDINGS = schema(
    integer("id", "Id of the recording.", key=True),
    integer("call_id", "Id of the call."),
    text("external_id", "Id of the recording at the provider; may be null."),
    text("url", "Where the recording can be heard; may be null."),
    integer("duration", "Length in seconds; may be null."),
    text("type", "Call recording or voicemail, such as `call-recording`."),
    when("created_datetime", "When the recording was made.", key=True),
    when("deleted_datetime", "When the recording was deleted; null while it exists."),
    integer("deleted_by_user_id", "Id of the user who deleted it; null while it exists."),
    code("error_code", "Why recording failed; null when it did not."),
    text("transcription_status", "State of the transcription, such as `completed`; may be null."),
)
