"""Time that passes at once, for the client and the sandbox alike."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 31, 8, tzinfo=UTC)


class ManualClock:
    """Every wait is over as soon as it is asked for, and is written down in `waits` (seconds)."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self._passed = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Wall-clock time."""
        return START + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self._passed

    def time(self) -> float:
        """Seconds since 1970, as the sandbox asks for them."""
        return self.now().timestamp()

    def advance(self, seconds: float) -> None:
        """Let time pass without anybody waiting."""
        with self._lock:
            self._passed += seconds

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self.waits.append(seconds)
            self._passed += max(seconds, 1e-6)

    def wait(self, _condition: threading.Condition, seconds: float) -> None:
        """Let time pass: nobody else is there to notify."""
        self.sleep(seconds)
