"""Whether a change need not be written: what it asks for is so already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_gorgias.comparing import agrees
from target_gorgias.contents import keeps_creation
from target_gorgias.entries import PENDING
from target_gorgias.finding import Match
from target_gorgias.ownership import OwnedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from target_gorgias.changes import Change
    from target_gorgias.entries import Entry
    from target_gorgias.keys import Keys
    from target_gorgias.ownership import Ownership


class Unchanged:
    """The changes that need not be written. Safe to share between threads.

    Args:
        keys: to tell whether it is clear what a change means.
        ownership: to tell whether it may have what it means.
        note: notes in the ledger that changes are written, and the id of their object.
        started: when the run began, in seconds since 1970.
    """

    def __init__(
        self,
        keys: Keys,
        ownership: Ownership,
        note: Callable[[Sequence[Change], int | None], None],
        started: float,
    ) -> None:
        self._keys = keys
        self._ownership = ownership
        self._note = note
        self._started = started

    def includes(self, change: Change, known: Entry | None) -> bool:
        """Whether a change need not be written: its object is as the record wants it."""
        if change.route.verb == "create" and known and known.gorgias_id is not None:
            # Whatever else it says now: what is created is created once.
            return known.verb != "trash"
        return change.route.skip_unchanged and self._is_so(change, known)

    def _is_so(self, change: Change, known: Entry | None) -> bool:
        """Whether what a change asks for holds, in Gorgias if it was looked up there."""
        same = known is not None and known.is_of(change.content)
        if change.route.compares and change.shown is None and known:
            return same and known.written < self._started  # else others may have undone it since
        if not change.route.compares or change.shown is None or change.shown.row is None:
            return same  # what is gone is as it was left
        if not change.shown.is_of_use(change) or (known and known.state == PENDING):
            return False
        if known and known.verb == "trash" != change.route.verb:
            return False  # its row is back, so it is to leave the trash
        verdict = agrees(change, change.shown.row)
        if verdict and not same:
            return self._take_note(change, known, change.shown.row)
        return same if verdict is None else verdict

    def _take_note(self, change: Change, known: Entry | None, row: dict[str, Any]) -> bool:
        """Note that an object is as a record wants it, unless that is to wait or be refused."""
        if known and not keeps_creation(change, known):
            return False
        if change.entity.of and not change.entity.create:
            if self._keys.is_open(change.references[change.entity.of]):
                return False
            self._note([change], row["id"])
            return True
        if not ("id" in change.own or (known and known.gorgias_id is not None)):
            try:
                self._ownership.check(change, Match(row, ("external_id",)))
            except OwnedError:
                return False
        self._note([change], row["id"])
        self._ownership.release(change)
        return True
