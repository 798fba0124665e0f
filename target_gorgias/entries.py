"""What the ledger holds: what became of records, and which of them wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from target_gorgias.contents import is_same

if TYPE_CHECKING:
    from collections.abc import Iterable

PENDING, DONE = "pending", "done"
Name = tuple[str, str]
"""Of a record: its stream and its key."""


class Entry(NamedTuple):
    """What became of a record."""

    stream: str
    key: str
    entity: str
    verb: str
    state: str
    gorgias_id: int | None
    """Of a tag or a field value, that of the object it is a part of; None once it was deleted."""
    external_id: str | None
    content: str
    """Hash of what was written; empty once that is gone without a row having asked for it."""
    written: float
    """Seconds since 1970."""

    def is_of(self, content: str) -> bool:
        """Whether this is what was written, without a doubt."""
        return self.state == DONE and is_same(self.content, content)

    @property
    def is_lost(self) -> bool:
        """Whether no object of it is known, although no row deleted one."""
        return self.state == DONE and self.gorgias_id is None and self.verb != "delete"

    @property
    def may_be_there(self) -> bool:
        """Whether nobody knows if the object was created."""
        return self.state == PENDING and self.gorgias_id is None

    @property
    def may_be_gone(self) -> bool:
        """Whether the object was to be deleted, and nobody knows if it was."""
        return self.state == PENDING and self.verb == "delete"


class Place(NamedTuple):
    """Where a record waits for an object."""

    number: int
    needs: str
    stream: str
    key: str


class Waiting(NamedTuple):
    """A record that waits."""

    number: int
    stream: str
    key: str
    record: dict[str, Any]


def objects(entries: Iterable[Entry]) -> set[int]:
    """The objects of entries that are there, as far as is known."""
    return {
        entry.gorgias_id
        for entry in entries
        if entry.gorgias_id is not None and not entry.may_be_gone
    }
