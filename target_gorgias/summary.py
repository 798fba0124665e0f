"""What became of the rows, per stream."""

from __future__ import annotations

import json
import threading
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging
    from pathlib import Path

COUNTS = ("created", "updated", "unchanged", "deleted", "rejected", "requests")


class Summary:
    """Counts per stream. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._streams: dict[str, Counter[str]] = {}

    def count(self, stream: str, what: str, times: int = 1) -> None:
        """Count one of `COUNTS`."""
        with self._lock:
            self._streams.setdefault(stream, Counter())[what] += times

    def as_dict(self) -> dict[str, dict[str, int]]:
        """The counts by stream, each of `COUNTS`."""
        with self._lock:
            return {
                stream: {what: counts[what] for what in COUNTS}
                for stream, counts in sorted(self._streams.items())
            }

    def tell(self, logger: logging.Logger, path: Path | None) -> None:
        """Log the counts, and write them to a file."""
        streams = self.as_dict()
        for stream, counts in streams.items():
            logger.info("%s: %s.", stream, ", ".join(f"{n} {what}" for what, n in counts.items()))
        if path:
            path.write_text(json.dumps(streams, indent=2) + "\n", encoding="utf-8")
