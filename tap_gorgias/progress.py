"""What a person sees of a run: how far it is, and in the end what it did."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable, Mapping

    from gorgias_api import Client
    from tap_gorgias.streams import GorgiasStream

EVERY = 30.0
"""Seconds between two lines on progress."""


class Progress:
    """Writes to the log now and then, and at the end."""

    def __init__(self, client: Client, logger: logging.Logger, written: Mapping[str, int]) -> None:
        """`written` tells the records that are on the output, by the stream's name there."""
        self._client = client
        self._logger = logger
        self._written = written
        self._said = client.clock.monotonic()
        self._through: dict[str, float] = {}

    def note(self, stream: GorgiasStream, through: float) -> None:
        """A batch of `stream` is out, which takes it that far through time (0 to 1)."""
        self._through[stream.name] = through
        now = self._client.clock.monotonic()
        if now - self._said >= EVERY:
            self._said = now
            parts = (f"{name} {share:.0%}" for name, share in sorted(self._through.items()))
            spent = self._client.budget.spent()
            self._logger.info("Through time: %s. So far %s.", ", ".join(parts), spent)

    def summarise(self, streams: Iterable[GorgiasStream]) -> None:
        """One line per stream, and one for the run."""
        for stream in streams:
            maps = stream.stream_maps if stream.selected else ()
            for name in dict.fromkeys(each.stream_alias for each in maps) or (stream.name,):
                self._logger.info(
                    "%s: %d records, %d requests.", name, self._written[name], stream.requests
                )
            if stream.set_aside:
                self._logger.warning(
                    "%s: %d rows were set aside, because they are not as documented.",
                    stream.name,
                    stream.set_aside,
                )
        self._logger.info("Done: %s.", self._client.budget.spent())
