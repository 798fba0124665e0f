"""Whose fault it is when a request of a row fails again and again: the row's, or the server's.

- The same operation was sent after the row's first failure and answered well: it is the row.
- It was not: first others get their turn. If they fail too, it is the server.
- Nobody else is left to tell: it is the server, unless it was written to before and now says 500,
  which is what an application answers that stumbles over what it was sent.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gorgias_api import AnswerError, ApiError, ServerError, TransportError

if TYPE_CHECKING:
    from gorgias_api import GorgiasError

TROUBLE = (ServerError, TransportError, AnswerError)
"""What does not say whether a request was applied, or could ever be."""
Row = tuple[str, str]
"""Its stream and its key."""
Blame = Literal["row", "server", "unclear"]
STUMBLED = 500


@dataclass
class _Failing:
    """An operation of a row that fails."""

    first: int
    last: int


class Trouble:
    """Which rows fail, and what is answered well meanwhile. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._moment = 0
        self._good: dict[str, int] = {}
        self._wrote = False
        self._rows: dict[Row, dict[str, _Failing]] = {}
        self._had_turn: set[Row] = set()
        """For these, others had their turn since they fail."""

    def sent(self) -> int:
        """The moment at which a request is sent."""
        with self._lock:
            self._moment += 1
            return self._moment

    def answered(self, operation: str, sent: int, *, wrote: bool = True) -> None:
        """An operation that was sent at a moment was answered well.

        Args:
            operation: its name.
            sent: the moment.
            wrote: whether it changes anything.
        """
        with self._lock:
            self._wrote |= wrote
            self._good[operation] = max(self._good.get(operation, 0), sent)

    def failed(self, row: Row, operation: str, error: GorgiasError) -> None:
        """An operation of a row failed, be it for the first time or again."""
        if not isinstance(error, TROUBLE):
            return
        with self._lock:
            self._note(row, operation)

    def is_over(self, row: Row) -> None:
        """Something became of a row."""
        if row in self._rows:
            with self._lock:
                del self._rows[row]
                self._had_turn.discard(row)

    def blame(self, row: Row, error: GorgiasError) -> Blame:
        """Whose fault an error is that is left after all tries; `unclear` once at most."""
        with self._lock:
            mine = self._rows.get(row) or {"": self._note(row, "")}
            if any(self._good.get(name, 0) > each.first for name, each in mine.items()):
                return "row"
            if row not in self._had_turn:
                self._had_turn.add(row)
                return "unclear"
            began = min(each.first for each in mine.values())
            others = (
                each.last
                for name in self._rows
                if name != row
                for each in self._rows[name].values()
            )
            alone = all(last < began for last in others)
            stumbled = isinstance(error, ApiError) and error.status == STUMBLED
            return "row" if stumbled and self._wrote and alone else "server"

    def is_alone(self, row: Row) -> bool:
        """Whether no other row fails."""
        with self._lock:
            return self._rows.keys() <= {row}

    def _note(self, row: Row, operation: str) -> _Failing:
        self._moment += 1
        failing = self._rows.setdefault(row, {}).setdefault(
            operation, _Failing(self._moment, self._moment)
        )
        failing.last = self._moment
        return failing
