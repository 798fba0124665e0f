"""Rows that wait in the ledger for an object that is to come, and those that wait behind them.

Why it is right: a row that waits is kept for the next run only once a state has gone out that says
that it was taken. Until then its source gives it again after a run that ended early, perhaps
corrected, perhaps not at all; so such a row is forgotten when the next run begins.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

from gorgias_api import UsageError
from target_gorgias.intake import Stream
from target_gorgias.keys import CREATING, need
from target_gorgias.neighbours import TOGETHER
from target_gorgias.refusals import Refused, readable

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from target_gorgias.changes import Change
    from target_gorgias.entries import Place, Waiting
    from target_gorgias.keys import Keys
    from target_gorgias.ledger import Ledger
    from target_gorgias.routes import Routes


class _First(NamedTuple):
    """A row that waits, and others behind it."""

    entity: str
    stream: str
    key: str

    @classmethod
    def of(cls, change: Change) -> _First:
        return cls(change.route.name, change.stream, change.key)


class WaitingRows:
    """The rows that wait. Safe to share between threads.

    Args:
        ledger: where they wait.
        keys: is told which keys are open.
        routes: what streams stand for.
        logger: of the run.
        superseded: told of a row of which a later version has come.
    """

    def __init__(
        self,
        ledger: Ledger,
        keys: Keys,
        routes: Routes,
        logger: logging.Logger,
        superseded: Callable[[Change], None],
    ) -> None:
        self._ledger = ledger
        self._keys = keys
        self._routes = routes
        self._logger = logger
        self._superseded = superseded
        self._behind: dict[Hashable, _First] = {}
        self._uncovered: dict[tuple[str, str], int] = {}
        """Positions in the input of those of which no state says that they were taken."""
        self._lock = threading.Lock()
        ledger.drop_uncovered()
        waiting = ledger.all_waiting()
        self._needed = {each.needs for each in waiting}
        # Whether they are of this run, which counts its own rows.
        self._waiting = {(each.stream, each.key): False for each in waiting}

    def keep(self, change: Change, needs: str) -> None:
        """Keep a change until what it needs is there."""
        self._keys.leave_open(change)
        if change.route.verb in CREATING and not change.route.foreign:  # has one row per object
            self._behind.update(dict.fromkeys(change.own_names, _First.of(change)))
        self._replace_waiting(change)
        self._needed.add(needs)
        name = (change.stream, change.key)
        if not change.waited:
            self._waiting[name] = True
            with self._lock:
                self._uncovered[name] = change.position
        record = {"record": readable(change.record), "key_properties": list(change.key_values)}
        with self._lock:
            self._ledger.wait(needs, *name, record, covered=name not in self._uncovered)

    def cover(self, position: int) -> None:
        """Note that a state is about to go out for all records up to this position."""
        with self._lock:
            names = [name for name, at in self._uncovered.items() if at <= position]
            self._ledger.cover(names)
            for name in names:
                del self._uncovered[name]

    def replace_earlier(self, change: Change) -> None:
        """Forget what an earlier run left waiting of a record that has come again."""
        if self._waiting.get((change.stream, change.key)) is False:
            self._ledger.supersede(change.stream, change.key)
            del self._waiting[change.stream, change.key]

    def needed_first(self, changes: Sequence[Change]) -> str | None:
        """What changes need that are about an object whose row waits; None if there is none."""
        if self._keys.ended or not self._behind or may_be_first(changes[0]):
            return None  # a ticket may wait for its first message
        for name in {name for change in changes for name in change.names} & self._behind.keys():
            first = self._behind[name]
            if all((first.stream, first.key) != (each.stream, each.key) for each in changes):
                return need(first.entity, "key", first.key, first.stream)
        return None

    def neighbours(self, places: Sequence[Place]) -> Iterator[dict[int, Change]]:
        """What waits, by number; neighbours that may go out together are together."""
        held: dict[int, Change] = {}
        for place in places:
            change = self.at(place.number)
            if change is None:
                continue
            last = next(reversed(held.values()), change)
            apart = change.together is None or len(held) >= TOGETHER
            if held and (apart or last.together != change.together):
                yield held
                held = {}
            held[place.number] = change
        if held:
            yield held

    def at(self, number: int) -> Change | None:
        """The change that still waits under this number."""
        waiting = self._ledger.waiting_at(number)
        return waiting and self.change(waiting)

    def for_object(self, change: Change) -> Iterator[Waiting]:
        """What waits for the object of a change, by its key or by another way to name it."""
        name = change.route.name
        for way, value in change.own.items():
            yield from self.waiting_for(need(name, way, value))
        yield from self.waiting_for(need(name, "key", change.key, change.stream))
        if self._keys.is_only_one(change):
            yield from self.waiting_for(need(name, "key", change.key))

    def waiting_for(self, needs: str) -> list[Waiting]:
        """What waits for this."""
        return self._ledger.waiting(needs) if needs in self._needed else []

    def change(self, waiting: Waiting) -> Change | None:
        """The change that waits; None when other settings no longer know what it stands for."""
        names, record = waiting.record["key_properties"], waiting.record["record"]
        logger = self._logger.getChild(waiting.stream)
        try:
            stream = Stream.named(self._routes, waiting.stream, names, logger)
            change = stream and stream.change(record)
        except (Refused, UsageError):
            return None
        if change:
            change.waited = True
        return change

    def supersede(self, change: Change) -> None:
        """Let an earlier version of a record wait no longer, now that this one is written."""
        self.pass_by(change)
        if (change.stream, change.key) in self._waiting:
            self._replace_waiting(change)
            self._ledger.supersede(change.stream, change.key)
            del self._waiting[change.stream, change.key]

    def pass_by(self, change: Change) -> None:
        """Let nothing wait behind a row any more."""
        for name in change.own_names & self._behind.keys():
            if self._behind[name] == _First.of(change):
                del self._behind[name]

    def _replace_waiting(self, change: Change) -> None:
        """Tell of the earlier version of a record that waits and will not be written any more."""
        if self._waiting.get((change.stream, change.key)) and not change.waited:
            self._superseded(change)


def may_be_first(change: Change) -> bool:
    """Whether a change may be the first message of a ticket."""
    return change.route.name == "messages" and change.route.verb in {"create", "upsert"}
