"""Calling a request until it succeeds or another try is no use, and saying what is waited for."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import backoff

from gorgias_api.errors import ApiError, GorgiasError, RateLimitError
from gorgias_api.retry import RATE_LIMIT_TRIES, rate_limit_wait

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from gorgias_api.budget import RateBudget
    from gorgias_api.clock import Clock
    from gorgias_api.retry import Retry

    Once = Callable[[], Any]

logger = logging.getLogger("gorgias_api")


class Persistence:
    """Tries again as `gorgias_api.retry` allows. Safe to share between threads.

    The waits are taken from our clock in the handlers; `backoff` itself waits for nothing.
    """

    def __init__(self, clock: Clock, budget: RateBudget, chance: random.Random) -> None:
        self._clock = clock
        self._budget = budget
        self._chance = chance
        self._caller = cache(self._made)  # `backoff` builds slowly

    def call(self, once: Once, retry: Retry, *, safe: bool) -> Any:  # noqa: ANN401 - as `once`
        """What `once` gives.

        Raises:
            GorgiasError: that of the last try.
        """
        return self._caller(retry, safe=safe)(once)

    def _made(self, retry: Retry, *, safe: bool) -> Callable[[Once], Any]:
        def make_room(details: Any) -> None:  # noqa: ANN401 - backoff's own dict
            error, tries = details["exception"], details["tries"]
            wait = rate_limit_wait(error, tries)
            # One line for all who wait at the same gate.
            if self._budget.close(wait):
                self._tell(error, wait, f"try {tries + 1} of {RATE_LIMIT_TRIES}")

        def pause(details: Any) -> None:  # noqa: ANN401 - backoff's own dict
            error, tries = details["exception"], details["tries"]
            asked = error.retry_after if isinstance(error, ApiError) else None
            wait = retry.wait(tries, self._chance, asked)
            self._tell(error, wait, f"try {tries + 1} of {retry.tries}")
            self._clock.sleep(wait)

        within_limit = backoff.on_exception(
            backoff.constant,
            RateLimitError,
            interval=0,
            jitter=None,
            max_tries=RATE_LIMIT_TRIES,
            on_backoff=make_room,
            logger=None,
        )(_call)
        persistent: Callable[[Once], Any] = backoff.on_exception(
            backoff.constant,
            GorgiasError,
            interval=0,
            jitter=None,
            max_tries=retry.tries,
            giveup=lambda error: not retry.allows(error, safe=safe),
            on_backoff=pause,
            logger=None,
        )(within_limit)
        return persistent

    def _tell(self, error: GorgiasError, wait: float, next_try: str) -> None:
        until = self._clock.now() + timedelta(seconds=wait)
        logger.warning(
            "%s Waiting %.1f s, until %s UTC, for %s.",
            error,
            wait,
            until.strftime("%H:%M:%S"),
            next_try,
        )


def _call(once: Once) -> Any:  # noqa: ANN401 - as `once`
    return once()
