"""Satisfaction surveys (fact sheet, section 15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gorgias_sandbox.seed.clock import DAY, HOUR, SECOND, stamp
from gorgias_sandbox.seed.dice import chance, pick, turn
from gorgias_sandbox.seed.journal import Dated, Journal, number

if TYPE_CHECKING:
    from random import Random

    from gorgias_sandbox.dataset import Row, Table

_FIRST_ID = 2_201
_SCORES = (1, 2, 3, 4, 4, 5, 5, 5, 5, 5)
_WORDS = {1: "Still waiting.", 2: None, 3: "It took a while.", 4: None, 5: "Fast and kind! 🌟"}


class SurveyDesk:
    """Asks customers how it went.

    Args:
        rng: source of randomness.
        journal: where answers are written down.
        now: nothing happens later than this, in microseconds since 1970.
    """

    def __init__(self, rng: Random, journal: Journal, now: int) -> None:
        self._rng = rng
        self._journal = journal
        self._now = now
        self._pending: list[Dated] = []

    def finish(self) -> Table:
        """The rows of `satisfaction_surveys`."""
        return number(self._pending, _FIRST_ID, "/api/satisfaction-surveys/")

    def ask(self, ticket: Row, closed: int) -> None:
        """A survey for a ticket that was closed; sent a day later, answered by some."""
        serial = len(self._pending)
        will_be_sent = not turn(serial, 12, 5)
        due = (closed + DAY) // SECOND * SECOND
        row: Row = {
            "id": 0,
            "body_text": None,
            "created_datetime": stamp(closed),
            "customer_id": ticket["customer_id"],
            "meta": {"source": "help desk"} if turn(serial, 6, 1) else None,
            "score": None,
            "scored_datetime": None,
            "sent_datetime": stamp(due) if will_be_sent and due <= self._now else None,
            "should_send_datetime": stamp(due) if will_be_sent else None,
            "ticket_id": ticket["id"],
            "uri": "",
        }
        self._pending.append((closed, row))
        answered = due + int(self._rng.expovariate(1 / 30) * HOUR)
        if row["sent_datetime"] and answered <= self._now and chance(self._rng, 0.55):
            row["score"] = pick(self._rng, _SCORES)
            row["body_text"] = _WORDS[row["score"]]
            row["scored_datetime"] = stamp(answered)
            self._journal.record_about(row, answered, "satisfaction-survey-responded")
