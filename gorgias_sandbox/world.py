"""What the account holds: tables, ids, events, and changes that are still to come."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING
from uuid import UUID

from gorgias_sandbox.clock import write_seconds
from gorgias_sandbox.history import History
from gorgias_sandbox.render import listed
from gorgias_sandbox.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from gorgias_sandbox.clock import Clock
    from gorgias_sandbox.contract import Json
    from gorgias_sandbox.dataset import Dataset, Row

OBJECT_TYPES = {
    "account_settings": "Account",
    "customers": "Customer",
    "custom_fields": "CustomField",
    "integrations": "Integration",
    "macros": "Macro",
    "messages": "TicketMessage",
    "rules": "Rule",
    "satisfaction_surveys": "SatisfactionSurvey",
    "tags": "Tag",
    "teams": "Team",
    "tickets": "Ticket",
    "users": "User",
    "views": "View",
    "widgets": "Widget",
}
"""Table -> `object_type` of its events."""

TABLES = (
    *OBJECT_TYPES,
    "events",
    "jobs",
    "voice_calls",
    "voice_call_events",
    "voice_call_recordings",
)

_EVENT_IDS_ABOVE = 2**31
_SHORT_FORM = ("email", "name", "firstname", "lastname", "meta", "bio", "decoration")
_EMBEDDED_IN = {
    "customers": ("tickets", "messages"),
    "tags": ("tickets",),
    "teams": ("tickets",),
    "users": ("tickets", "messages", "teams"),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who causes a change: a user (None: the system), and the uuid that groups its events."""

    user_id: int | None
    context: str


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An uploaded file."""

    content: bytes
    media_type: str


class World:
    """The state of one account. Every rule of the API works on this object."""

    def __init__(self, dataset: Dataset, *, clock: Clock, random: Random, domain: str) -> None:
        self.tables = {name: Table(dataset.tables.get(name, {})) for name in TABLES}
        self.account = dataset.account
        self.domain = domain
        self.merged = dict(dataset.merged)
        self.files: dict[str, StoredFile] = {}
        self.data_versions: dict[tuple[int, str | None], str] = {}
        self.delivered: list[int] = []
        """Ids of the messages that a real account would have sent to a person."""
        self.history = History()
        self._clock = clock
        self._random = random
        self._settling: float | None = None
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._agenda_order = count()
        self._sequences = self._first_free_ids()

    def seconds(self) -> float:
        """The current moment, or that of the deferred change being applied."""
        return self._clock.time() if self._settling is None else self._settling

    def now(self) -> str:
        """`seconds` as the API writes moments."""
        return write_seconds(self.seconds())

    def uuid(self) -> str:
        """A fresh random uuid."""
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def next_id(self, table: str) -> int:
        """A fresh id. Users and customers share one sequence, `channels` have their own."""
        return next(self._sequences["customers" if table == "users" else table])

    def insert(self, table: str, row: Row) -> Row:
        """Add a row that has its id."""
        self.tables[table].put(row)
        self.history.note(self.seconds(), table, None, row)
        return row

    def update(self, table: str, row_id: int, **changes: Json) -> Row:
        """Replace fields of a row; unknown ids raise `KeyError`."""
        old = self.tables[table][row_id]
        new = {**old, **changes}
        self.tables[table].put(new)
        self.history.note(self.seconds(), table, old, new)
        if any(old.get(field) != new.get(field) for field in _SHORT_FORM):
            self._forget_embedded(table)
        return new

    def delete(self, table: str, row_id: int) -> Row:
        """Take a row out."""
        self._forget_embedded(table)
        row = self.tables[table].remove(row_id)
        self.history.note(self.seconds(), table, row, None)
        return row

    def listed(self, table: str, row_id: int) -> bytes:
        """The row as its list endpoint shows it, encoded; rendered once per change."""
        rendered = self.tables[table].rendered
        if row_id not in rendered:
            rendered[row_id] = listed(self, table, self.tables[table][row_id])
        return rendered[row_id]

    def emit(self, actor: Actor, kind: str, table: str, object_id: int, data: Json = None) -> None:
        """Record an event (section 6.2) about the object `object_id` of `table`."""
        event_id = self.next_id("events")
        # Not through `insert`: the history tells of the change itself.
        self.tables["events"].put(
            {
                "id": event_id,
                "context": actor.context,
                "created_datetime": self.now(),
                "data": data,
                "object_id": object_id,
                "object_type": OBJECT_TYPES[table],
                "type": kind,
                "user_id": actor.user_id,
                "uri": f"/api/events/{event_id}/",
            }
        )

    def later(self, when: float, change: Callable[[], None]) -> None:
        """Apply `change` as if at `when` (seconds), once the clock has passed it."""
        heapq.heappush(self._agenda, (when, next(self._agenda_order), change))

    def settle(self) -> None:
        """Apply every deferred change that is due, each at its own moment."""
        while self._agenda and self._agenda[0][0] <= self._clock.time():
            when, _, change = heapq.heappop(self._agenda)
            self._settling = when
            try:
                with self.history.write("a moment later"):
                    change()
            finally:
                self._settling = None

    def _forget_embedded(self, table: str) -> None:
        for other in _EMBEDDED_IN.get(table, ()):
            self.tables[other].rendered.clear()

    def _first_free_ids(self) -> dict[str, count[int]]:
        highest = {name: max((row["id"] for row in rows), default=0) for name, rows in self._all()}
        tables = {kind: name for name, kind in OBJECT_TYPES.items()}
        for event in self.tables["events"]:
            # An id is never given twice, even when only its deletion is on record.
            name = tables.get(event["object_type"])
            if name is not None and event["object_id"] is not None:
                highest[name] = max(highest[name], event["object_id"])
        highest["customers"] = max(highest["customers"], highest["users"], *self.merged, 0)
        highest["events"] = max(highest["events"], _EVENT_IDS_ABOVE)
        channels = (each["id"] for row in self.tables["customers"] for each in row["channels"])
        highest["channels"] = max(channels, default=0)
        return {name: count(top + 1) for name, top in highest.items()}

    def _all(self) -> list[tuple[str, Table]]:
        return list(self.tables.items())
