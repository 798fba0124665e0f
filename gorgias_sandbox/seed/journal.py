"""The event log, and ids that follow time."""

from __future__ import annotations

from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, TypeAlias

from gorgias_sandbox.seed.clock import stamp

if TYPE_CHECKING:
    from random import Random

    from gorgias_sandbox.dataset import Row, Table

Dated: TypeAlias = tuple[int, "Row"]

_OBJECT_TYPES = {
    "account": "Account",
    "custom-field": "CustomField",
    "customer": "Customer",
    "integration": "Integration",
    "macro": "Macro",
    "rule": "Rule",
    "satisfaction-survey": "SatisfactionSurvey",
    "tag": "Tag",
    "team": "Team",
    "ticket": "Ticket",
    "ticket-message": "TicketMessage",
    "user": "User",
    "view": "View",
    "widget": "Widget",
}


class Journal:
    """Collects events in any order of time; ids are given once all are known."""

    def __init__(self, rng: Random) -> None:
        self._entries: list[Dated] = []
        self._late: list[tuple[Row, Row]] = []
        self._rng = rng

    def cause(self) -> str:
        """A fresh context: the uuid that events of one cause have in common."""
        bits = self._rng.getrandbits
        return f"{bits(32):08x}-6d3b-4a63-9c52-{bits(48):012x}"

    def record(
        self,
        at: int,
        kind: str,
        object_id: int | None,
        user_id: int | None = None,
        context: str | None = None,
        data: Row | None = None,
    ) -> Row:
        """Add an event (fact sheet, section 6.2) and return its row.

        Args:
            at: when it happened, in microseconds since 1970.
            kind: the event type; its object type follows from the words before the last ones.
            object_id: what it happened to; None when that is known later or there is none.
            user_id: who did it; None for the system.
            context: see `cause`.
            data: the payload, by type.
        """
        event = {
            "id": 0,
            "type": kind,
            "object_type": object_type(kind),
            "object_id": object_id,
            "user_id": user_id,
            "context": context,
            "data": data,
            "created_datetime": stamp(at),
            "uri": "",
        }
        self._entries.append((at, event))
        return event

    def record_about(
        self, row: Row, at: int, kind: str, user_id: int | None = None, context: str | None = None
    ) -> None:
        """Add an event about a row that has no id yet."""
        self._late.append((self.record(at, kind, None, user_id, context), row))

    def close(self, first_id: int) -> Table:
        """The rows of `events`, once every row has its id."""
        for event, row in self._late:
            event["object_id"] = row["id"]
        return number(self._entries, first_id, "/api/events/")


@cache
def object_type(kind: str) -> str | None:
    """The object type of an event type: that of the longest known prefix, None without one."""
    words = kind.split("-")
    for length in (2, 1):
        found = _OBJECT_TYPES.get("-".join(words[:length]))
        if found:
            return found
    return None


def number(dated: list[Dated], first: int, uri: str | None = None) -> Table:
    """Give rows ascending ids in order of time.

    Args:
        dated: moments and rows, in any order; ties keep the order they came in. Emptied.
        first: the lowest id.
        uri: the collection's path (`/api/events/`), for rows that have a `uri`.
    """
    dated.sort(key=itemgetter(0))
    table: Table = {}
    for serial, (_, row) in enumerate(dated, first):
        row["id"] = serial
        if uri is not None:
            row["uri"] = f"{uri}{serial}/"
        table[serial] = row
    dated.clear()
    return table
