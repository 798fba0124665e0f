"""What became of the rows: now and then, and in the end."""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from typing import TYPE_CHECKING

from gorgias_api import GorgiasError
from gorgias_api.private import emptied

if TYPE_CHECKING:
    import logging
    from pathlib import Path

    from gorgias_api import Client

COUNTS = ("created", "updated", "unchanged", "deleted", "rejected", "requests")
PLANNED = (*COUNTS, "may_set_off_rules")
"""What a dry run counts: also the requests that rules or surveys may follow."""

EVERY = 30.0
"""Seconds between two lines on progress."""


class Summary:
    """Counts per stream, and a line on the log now and then. Safe to share between threads."""

    def __init__(self, client: Client, logger: logging.Logger, *, dry_run: bool = False) -> None:
        self._client = client
        self._counts = PLANNED if dry_run else COUNTS
        self._remark = " (dry run, nothing was written)" if dry_run else ""
        self._logger = logger
        self._lock = threading.Lock()
        self._streams: dict[str, Counter[str]] = {}
        self._said = client.clock.monotonic()

    def count(self, stream: str, what: str, times: int = 1) -> None:
        """Count one of `COUNTS`, or of `PLANNED` in a dry run."""
        with self._lock:
            self._streams.setdefault(stream, Counter())[what] += times
            now = self._client.clock.monotonic()
            due = now - self._said >= EVERY
            if due:
                self._said = now
        if due:
            self._say("So far")

    def as_dict(self) -> dict[str, dict[str, int]]:
        """The counts by stream, all of them."""
        with self._lock:
            return {
                stream: {what: counts[what] for what in self._counts}
                for stream, counts in sorted(self._streams.items())
            }

    @property
    def refused(self) -> int:
        """How many rows there were, if every one of them was refused; else 0."""
        with self._lock:
            totals = sum(self._streams.values(), Counter())
        others = any(totals[what] for what in COUNTS if what not in {"rejected", "requests"})
        return 0 if others else totals["rejected"]

    def tell(self, path: Path | None) -> None:
        """Log the counts, and write them to a file.

        Raises:
            GorgiasError: it cannot be written.
        """
        self._say("Done")
        if path is None:
            return
        try:
            with os.fdopen(emptied(path), "w", encoding="utf-8") as file:
                file.write(json.dumps(self.as_dict(), indent=2) + "\n")
        except OSError as error:
            message = f"The file {path} cannot be written ({error.strerror})."
            raise GorgiasError(message) from None

    def _say(self, when: str) -> None:
        for stream, counts in self.as_dict().items():
            told = ", ".join(
                f"{number} {what.replace('_', ' ')}" for what, number in counts.items() if number
            )
            self._logger.info("%s: %s%s.", stream, told, self._remark)
        self._logger.info("%s: %s%s.", when, self._client.budget.spent(), self._remark)
