"""Which failures are worth another try, and after how long.

- 429: always. The request was not applied; the budget closes for as long as the API asks (at
  most `LONGEST_WAIT` seconds), for 2, 4, 8 … seconds where it does not say.
- No connection at all: always. The server cannot have seen the request. But not where nothing
  will change: a certificate that is not trusted.
- 5xx, a lost connection, a timeout, an answer cut short or not JSON: only when the request is
  `safe`, that is, when applying it twice leaves the same as applying it once. GET, HEAD, PUT and
  DELETE are, a POST is not unless its caller says so.
- Everything else is final, an answer that is too large included: the same request would be
  refused again.

A server that says how long to wait (`Retry-After`) is not asked sooner, up to `LONGEST_WAIT`.
By default a server that is down is given three to six minutes, by chance, to come back.

How often and how patiently is a `Retry`: the account's settings give one to every request, and a
caller may give a request its own. Only there can somebody ask for all errors to be repeated; then
a refused request, and one that may have been applied already, is sent again too. 429s keep their
own count, since they say nothing about the request itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gorgias_api.errors import (
    AnswerError,
    ApiError,
    RateLimitError,
    ServerError,
    TooLargeError,
    TransportError,
    UsageError,
)

if TYPE_CHECKING:
    import random

    from gorgias_api.errors import GorgiasError

SAFE_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PUT"})
LONGEST_WAIT = 60.0
LONGEST_DELAY = 24 * 3600.0
RATE_LIMIT_TRIES = 20
TRIES = 12
DOUBLINGS = 30
"""After so many a wait has long reached its bound; a float ends after a thousand."""


@dataclass(frozen=True, kw_only=True)
class Retry:
    """How often and how patiently one request is tried.

    Attributes:
        tries: how often at most, the first one included.
        delay: seconds before the second try, at most a day.
        exponential: double the delay after each try, up to a minute, and take off up to half of
            it by chance, so that many clients do not come back at once.
        all_errors: try again whatever went wrong, also when a request may then be applied twice.

    Raises:
        UsageError: no number of tries, or no length of time.
    """

    tries: int = TRIES
    delay: float = 1.0
    exponential: bool = True
    all_errors: bool = False

    def __post_init__(self) -> None:
        if self.tries < 1 or not 0 <= self.delay <= LONGEST_DELAY:
            message = "A request is tried at least once, and again after 0 seconds to a day."
            raise UsageError(message)

    def allows(self, error: GorgiasError, *, safe: bool) -> bool:
        """Whether to send the same request again after `error`."""
        if isinstance(error, TransportError) and error.refused:
            return self.all_errors or not error.final
        if isinstance(error, RateLimitError | TooLargeError):
            return False
        if isinstance(error, AnswerError) and error.final:
            return False
        kinds = (TransportError, AnswerError, ApiError if self.all_errors else ServerError)
        return (safe or self.all_errors) and isinstance(error, kinds)

    def wait(self, tries: int, chance: random.Random, asked: float | None = None) -> float:
        """Seconds before the next try after the `tries`-th failure.

        Args:
            tries: how many there were.
            chance: what takes off up to half.
            asked: for how long the server asked to be left alone.
        """
        least = min(LONGEST_WAIT, asked or 0.0)
        if not self.exponential:
            return max(least, self.delay)
        grown = self.delay * 2.0 ** min(tries - 1, DOUBLINGS)
        return max(least, min(max(LONGEST_WAIT, self.delay), grown) * chance.uniform(0.5, 1.0))


def rate_limit_wait(error: RateLimitError, tries: int) -> float:
    """Seconds for which nobody should send after the `tries`-th 429 in a row."""
    asked = error.retry_after
    return min(LONGEST_WAIT, 2.0**tries if asked is None else max(asked, 0.1))
