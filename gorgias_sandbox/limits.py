"""The account's rate limit: one leaky bucket for all callers (section 1.4)."""

from __future__ import annotations

import math


class LeakyBucket:
    """Every request pours one unit in; a full bucket drains evenly in one window."""

    def __init__(self) -> None:
        self._level = 0.0
        self._moment = 0.0

    def level(self, limit: int, window: float, now: float) -> float:
        """Units in the bucket at `now` (seconds)."""
        elapsed = max(0.0, now - self._moment)
        return max(0.0, self._level - elapsed * limit / window)

    def used(self, limit: int, window: float, now: float) -> int:
        """`level`, rounded up."""
        return math.ceil(self.level(limit, window, now))

    def pour(self, limit: int, window: float, now: float) -> int:
        """Count one request.

        Returns:
            0 when it fits, else the whole seconds to wait until it would; then nothing is counted.
        """
        self._level = self.level(limit, window, now)
        self._moment = now
        excess = self._level + 1 - limit
        if excess > 0:
            return max(1, math.ceil(excess * window / limit))
        self._level += 1
        return 0
