"""Voice calls with their events and recordings (fact sheet, section 19)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gorgias_sandbox.seed.clock import SECOND, stamp
from gorgias_sandbox.seed.dice import turn
from gorgias_sandbox.seed.journal import Dated, number

if TYPE_CHECKING:
    from random import Random

    from gorgias_sandbox.dataset import Row, Table
    from gorgias_sandbox.seed.customers import Patron

_FIRST_CALL_ID, _FIRST_EVENT_ID, _FIRST_RECORDING_ID, _FIRST_SUMMARY_ID = 3_001, 71_001, 8_101, 1
_ACCOUNT_ID = 9
_LONGEST_SECONDS = 900


class Exchange:
    """The shop's telephone. Calls come in order of time.

    Args:
        rng: source of randomness.
        mailbox_number: the shop's own number.
    """

    def __init__(self, rng: Random, mailbox_number: str) -> None:
        self._rng = rng
        self._number = mailbox_number
        self._calls: Table = {}
        self._events: list[Dated] = []
        self._recordings: list[Dated] = []

    def finish(self) -> dict[str, Table]:
        """The three tables of the voice endpoints."""
        recordings = number(self._recordings, _FIRST_RECORDING_ID)
        for recording in recordings.values():
            summaries = self._calls[recording["call_id"]]["summaries"]
            for summary in summaries:
                summary["recording_id"] = recording["id"]
        return {
            "voice_calls": self._calls,
            "voice_call_events": number(self._events, _FIRST_EVENT_ID),
            "voice_call_recordings": recordings,
        }

    def call(self, ticket: Row, patron: Patron, at: int, seconds: int, agent: int) -> None:
        """A call of the customer: answered by the agent, or left on the voicemail.

        Args:
            ticket: the ticket the call opened.
            patron: who calls.
            at: when, in microseconds since 1970.
            seconds: how long it took, at least 20.
            agent: whose telephone rang.
        """
        serial = len(self._calls)
        missed = turn(serial, 4, 3)
        row = self._row(serial, at, seconds)
        row["ticket_id"] = None if turn(serial, 7, 5) else ticket["id"]
        row["customer_id"] = None if turn(serial, 7, 4) else patron.row["id"]
        row["integration_id"] = None if turn(serial, 7, 6) else patron.channel.integration_id
        row["phone_number_source"] = patron.row["channels"][0]["address"]
        if turn(serial, 7, 2):
            row["direction"] = "outbound"
            row["initiated_by_agent_id"] = agent
        if turn(serial, 6, 1):
            row["monitoring_status"] = "listening"
            row["last_monitoring_agent_id"] = agent
        row["last_rang_agent_id"] = None if turn(serial, 8, 3) else agent
        row["has_voicemail"] = missed
        row["has_call_recording"] = not missed
        if missed:
            row["status"] = "missed"
            row["status_in_queue"] = "waiting"
            self._log(row, at, "incoming-phone-call", "missed-phone-call", "voicemail-recording")
        elif turn(serial, 6, 4):
            row["answered_by_external_number"] = "+12005550193"
            row["answered_by_external_customer_id"] = patron.row["id"]
            self._log(row, at, "incoming-phone-call", "completed-phone-call", "call-recording")
        else:
            row["last_answered_by_agent_id"] = agent
            self._log(row, at, "phone-call-ringing", "phone-call-answered", "completed-phone-call")
            self._summarise(row, serial, at, seconds)
        self._record(row, serial, at, seconds)
        self._calls[row["id"]] = row

    def _row(self, serial: int, at: int, seconds: int) -> Row:
        return {
            "id": _FIRST_CALL_ID + serial,
            "integration_id": None,
            "ticket_id": None,
            "phone_number_id": 5 if serial % 3 else None,
            "customer_id": None,
            "external_id": f"CA{self._rng.getrandbits(64):016x}" if serial % 10 else None,
            "provider": "twilio",
            "status": "completed",
            "direction": "inbound",
            "phone_number_source": "",
            "country_source": "US",
            "phone_number_destination": self._number,
            "country_destination": "US",
            "duration": seconds,
            "started_datetime": stamp(at - at % SECOND),
            "created_datetime": stamp(at),
            "updated_datetime": stamp(at + (seconds + 1) * SECOND),
            "initiated_by_agent_id": None,
            "last_answered_by_agent_id": None,
            "last_rang_agent_id": None,
            "last_monitoring_agent_id": None,
            "monitoring_status": None,
            "queue_id": 3 if serial % 5 else None,
            "status_in_queue": None,
            "answered_by_external_customer_id": None,
            "answered_by_external_number": None,
            "has_voicemail": False,
            "has_call_recording": True,
            "summaries": [],
        }

    def _log(self, call: Row, at: int, *kinds: str) -> None:
        for place, kind in enumerate(kinds):
            then = at + place * call["duration"] * SECOND // 2
            agent = call["last_answered_by_agent_id"]
            event = {
                "id": 0,
                "type": kind,
                "account_id": _ACCOUNT_ID,
                "call_id": call["id"],
                "user_id": agent,
                "customer_id": None if agent else call["customer_id"],
                "created_datetime": stamp(then),
                "meta": {"duration": call["duration"]} if kind.startswith("completed") else None,
            }
            self._events.append((then, event))

    def _summarise(self, call: Row, serial: int, at: int, seconds: int) -> None:
        summary = {
            "id": _FIRST_SUMMARY_ID + serial,
            "recording_id": None,
            "summary": "The customer asks about an order; the agent explains the next steps.",
            "created_datetime": stamp(at + (seconds + 1) * SECOND),
        }
        call["summaries"].append(summary)

    def _record(self, call: Row, serial: int, at: int, seconds: int) -> None:
        ended = at + seconds * SECOND
        broken, deleted = turn(serial, 13, 5), turn(serial, 13, 2)
        recording = {
            "id": 0,
            "call_id": call["id"],
            "external_id": None if broken else f"RE{self._rng.getrandbits(64):016x}",
            "url": None if broken or deleted else f"https://recordings.example/{call['id']}",
            "duration": None if broken else seconds,
            "type": "voicemail" if call["has_voicemail"] else "call-recording",
            "created_datetime": stamp(ended),
            "deleted_datetime": stamp(ended + SECOND) if deleted else None,
            "deleted_by_user_id": call["last_rang_agent_id"] if deleted else None,
            "error_code": 31_005 if broken else None,
        }
        self._recordings.append((ended, recording))
