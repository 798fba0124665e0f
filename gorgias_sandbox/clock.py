"""Time: where it comes from, and how the API writes it (section 1.8)."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Seconds since the epoch, which a test may move forward."""

    def time(self) -> float:
        """The current moment in seconds since the epoch."""
        ...

    def advance(self, seconds: float) -> None:
        """Move the clock by `seconds`."""
        ...


class SystemClock:
    """Real time, plus whatever it was advanced by."""

    def __init__(self) -> None:
        self._offset = 0.0

    def time(self) -> float:
        """The current moment in seconds since the epoch."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock by `seconds`."""
        self._offset += seconds


class ManualClock:
    """Time that stands still until it is advanced: two requests may share one instant."""

    def __init__(self, start: datetime | None = None) -> None:
        """Start at `start`, or at the present moment."""
        self._now = (start or datetime.now(UTC)).timestamp()

    def time(self) -> float:
        """The current moment in seconds since the epoch."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock by `seconds`."""
        self._now += seconds


def parse(text: str) -> datetime:
    """Read ISO 8601 with `Z`, an offset, or none (then it is UTC).

    Raises:
        ValueError: `text` is no datetime.
    """
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def micros(text: str) -> int:
    """Microseconds since the epoch, for ordering: two spellings of one moment are equal."""
    moment = datetime.fromisoformat(text)
    # Subtracting sees to the offset; every row of a table passes here when an index is built.
    age = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    return (age.days * 86_400 + age.seconds) * 1_000_000 + age.microseconds


def write(moment: datetime) -> str:
    """The way responses print a moment: UTC offset, microseconds dropped when zero."""
    return moment.astimezone(UTC).isoformat()


def write_seconds(seconds: float) -> str:
    """`write` for seconds since the epoch."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()
