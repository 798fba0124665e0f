"""Beginning again when the server no longer takes its cursor: it promises none for long.

https://developers.gorgias.com/reference/pagination
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from gorgias_api import (
    AnswerError,
    ApiError,
    GorgiasError,
    RateLimitError,
    ServerError,
    TransportError,
)
from gorgias_api.paging import follow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gorgias_api import Page

logger = logging.getLogger(__name__)

RESTARTS = 5
"""Refused cursors in a row, without any progress between them, before it is given up."""
MOST_IN_PART, MOST = 20, 100
"""Refused cursors in all: while the bookmark stays as it is, and however far it comes. It is in the
state, so the next run goes on there."""


class Restarts:
    """How often one list has been begun again."""

    def __init__(self) -> None:
        self._strikes = self._in_part = self._all = 0
        self._reached: tuple[object, int] = (None, 0)

    def allows(self, error: GorgiasError, pages: int, out: object = None, *, is_old: bool) -> bool:
        """Whether to begin again without the cursor that was answered with `error`.

        What refuses a cursor is not documented, so any refusal may. An old cursor, saved by an
        earlier run, may also make a server stumble.

        Args:
            error: what came of asking with a cursor.
            pages: how many came since the list was begun.
            out: what the bookmark says; a change is progress, as are more pages than before.
            is_old: whether the cursor was saved by an earlier run.
        """
        failed = isinstance(error, (AnswerError, TransportError, ServerError))
        refused = isinstance(error, ApiError) and not isinstance(error, RateLimitError)
        if not (is_old if failed else refused):
            return False
        before, most = self._reached
        is_progress = out != before or pages > most
        self._strikes = 0 if is_progress else self._strikes + 1
        self._reached = (out, pages if out != before else max(most, pages))
        self._in_part = self._in_part + 1 if out == before else 1
        self._all += 1
        if self._strikes >= RESTARTS or self._in_part > MOST_IN_PART or self._all > MOST:
            return False
        logger.info("The server does not take a cursor; reading on without it. %s", error)
        return True


def read_whole(ask: Callable[[str | None], Page]) -> Iterator[tuple[Page, bool]]:
    """Pages of a list from its start, each with whether the list begins again with it.

    Raises:
        GorgiasError: whatever `ask` raises without a cursor, or too often with one.
    """
    restarts, again, is_through = Restarts(), False, False
    while not is_through:
        count, cursor = 0, None
        try:
            for page in follow(ask):
                yield page, again
                count, cursor, again = count + 1, page.next_cursor, False
            is_through = True
        except GorgiasError as error:
            if cursor is None or not restarts.allows(error, count, is_old=False):
                raise
            again = True
