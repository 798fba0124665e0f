"""Which failures are worth another try, and after how long.

- 429: always. The request was not applied; the budget closes for as long as the API asks (at
  most `LONGEST_WAIT` seconds), for 2, 4, 8 … seconds where it does not say.
- No connection at all: always. The server cannot have seen the request.
- 5xx, a lost connection, a timeout, an answer cut short or not JSON: only when the request is
  `safe`, that is, when applying it twice leaves the same as applying it once. GET, HEAD, PUT and
  DELETE are, a POST is not unless its caller says so.
- Everything else is final: the same request would be refused again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gorgias_api.errors import AnswerError, RateLimitError, ServerError, TransportError

if TYPE_CHECKING:
    import random

    from gorgias_api.errors import GorgiasError

SAFE_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PUT"})
LONGEST_WAIT = 60.0
RATE_LIMIT_TRIES = 20
"""429s say nothing about the request itself, so they have a count of their own."""


def is_transient(error: GorgiasError, *, safe: bool) -> bool:
    """Whether the same request may succeed when sent again, and no harm is done by sending it."""
    if isinstance(error, TransportError) and error.refused:
        return True
    return safe and isinstance(error, (TransportError, AnswerError, ServerError))


def rate_limit_wait(error: RateLimitError, tries: int) -> float:
    """Seconds for which nobody should send after the `tries`-th 429 in a row."""
    asked = error.retry_after
    return min(LONGEST_WAIT, 2.0**tries if asked is None else max(asked, 0.1))


def transient_wait(tries: int, chance: random.Random) -> float:
    """Seconds before the next try after the `tries`-th failure: 1, 2, 4 … with jitter."""
    return min(LONGEST_WAIT, 2.0 ** (tries - 1)) * chance.uniform(0.5, 1.0)
