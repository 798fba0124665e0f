"""The rate budget: how a process uses all of an account's rate limit and never meets a 429.

The API allows 40 requests per 20 s for an API key and 80 for OAuth2, counted per account, and
says `used/limit` with every answer (https://developers.gorgias.com/reference/limitations). It
does not say when a used slot comes back: the sources speak of a leaky bucket, of 2 a second with
a burst of 40, and of windows; Enterprise accounts get the same counts per 10 s.

So a request is let go when either of two things proves that it fits, whatever the server counts,
as long as we are alone on the account:

*By our own log.* A request counts, for the server, from some moment between sending it and
receiving its answer. If fewer than `limit` of ours are in flight or were answered in the last
20 s, then any 20 s window and any leaky bucket has room. Others on the account are added as last
seen (`used` minus our own), draining at the documented rate; that being a guess, two slots then
stay free.

*By the server's word.* `used`, plus every request whose arrival that answer may not yet have
counted, is the most the server can hold now when we are alone; what it forgets only lowers it.
Two slots stay free against rounding. This is what wins the extra of buckets that drain faster
than a full window; how much of it depends on how steadily answers come in.

Until a first answer has told the limit and what a former run left in the bucket, one request is
in flight at a time. An answer without that header means no limit, until a 429 says otherwise; a
429 closes the gate for everybody until the time the API asked for. When several wait, the one
with the most work ahead of it goes first, because a chain of pages can only be walked one answer
at a time: the longest chain must never wait behind a short one.
"""

from __future__ import annotations

import itertools
import math
import threading
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gorgias_api.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gorgias_api.clock import Clock

WINDOW = 20.0
LIMIT = 40
SPARE = 2
NEWS = 1.0
"""Seconds by which several threads that meet one full bucket may disagree about its end."""


@dataclass(eq=False)
class Ticket:
    """One request that holds a slot, or waits for one."""

    ahead: float
    number: int
    answered_before: int = 0
    answered: bool = False
    reading: tuple[int, int] | None = None
    """`used, limit` of the answer, to be set by whoever sent the request."""


class RateBudget:
    """Slots of one account's rate limit, shared by all threads of this process."""

    def __init__(self, clock: Clock, share: float = 1.0) -> None:
        self.limit: float = math.inf
        self.sent = 0
        self.refused = 0
        self._clock = clock
        self._began = clock.monotonic()
        self._share = share
        self._changed = threading.Condition()
        self._numbers = itertools.count()
        self._waiting: list[Ticket] = []
        self._in_flight = 0
        self._answers: deque[float] = deque()
        self._answered = 0
        self._heard = False
        self._others = (0.0, 0.0)
        self._ceiling: int | None = None
        self._closed_until = -math.inf
        self._stopped = False

    @contextmanager
    def slot(self, ahead: float = 0.0) -> Iterator[Ticket]:
        """Wait for a slot and hold it for the length of one request.

        Args:
            ahead: requests that depend on this one, as far as known; the most goes first.
        """
        ticket = self._acquire(ahead)
        try:
            yield ticket
            ticket.answered = True
        finally:
            self._release(ticket)

    def close(self, seconds: float) -> bool:
        """Nobody sends for that many seconds: the API answered 429.

        It has not counted the request it refused, so that one moves from our log to the others'.

        Returns:
            Whether this is news: the gate was open, or stays closed for longer than it would have.
        """
        with self._changed:
            if math.isinf(self.limit):
                self.limit = LIMIT
            if self._answers:
                self._answers.pop()
                others, seen = self._others
                self._others = (min(others + 1, self.limit), seen)
            self.refused += 1
            now = self._clock.monotonic()
            news = now >= self._closed_until or now + seconds > self._closed_until + NEWS
            self._closed_until = max(self._closed_until, now + seconds)
            return news

    def stop(self) -> None:
        """Send away everybody who waits, now and later: the client is closed."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def spent(self) -> str:
        """For the log: how many requests were sent in how long, and what part of the budget."""
        seconds = self._clock.monotonic() - self._began
        text = f"{self.sent} requests in {seconds:.0f} s"
        if self.refused:
            text += f", {self.refused} refused for the rate limit"
        earned = self.limit * self._share * seconds / WINDOW
        return text + (f", {min(1.0, self.sent / earned):.0%} of the budget" if earned else "")

    def _acquire(self, ahead: float) -> Ticket:
        with self._changed:
            ticket = Ticket(ahead, next(self._numbers))
            self._waiting.append(ticket)
            try:
                while not self._stopped and (wait := self._wait(ticket)) is not None:
                    self._clock.wait(self._changed, wait)
            finally:
                self._waiting.remove(ticket)
            if self._stopped:
                message = "The client is closed."
                raise UsageError(message)
            self._in_flight += 1
            self.sent += 1
            ticket.answered_before = self._answered
            self._changed.notify_all()
            return ticket

    def _release(self, ticket: Ticket) -> None:
        with self._changed:
            now = self._clock.monotonic()
            self._in_flight -= 1
            self._answered += 1
            self._heard |= ticket.answered
            self._forget(now)
            self._answers.append(now)
            if ticket.reading:
                used, self.limit = ticket.reading
                # No server counts what it refuses; a count that no window could drain is a lie.
                used = min(used, ticket.reading[1])
                self._ceiling = used - ticket.answered_before - 1
                self._others = (max(0.0, used - len(self._answers) - self._in_flight), now)
            self._changed.notify_all()

    def _wait(self, ticket: Ticket) -> float | None:
        """Seconds until `ticket` may go at the earliest; None when it may go now."""
        now = self._clock.monotonic()
        if now < self._closed_until:
            return self._closed_until - now
        if ticket is not min(self._waiting, key=lambda other: (-other.ahead, other.number)):
            return WINDOW
        if not self._heard:
            return WINDOW if self._in_flight else None
        if math.isinf(self.limit):
            return None
        return None if self._told_free() else self._until_proven_free(now)

    def _told_free(self) -> bool:
        """The server's word; not for a process that may only use its share."""
        if self._ceiling is None or self._share < 1:
            return False
        return self._ceiling + self.sent < self.limit - SPARE

    def _until_proven_free(self, now: float) -> float | None:
        """Seconds until our own log proves a free slot, None for now."""
        self._forget(now)
        own = self._in_flight + len(self._answers)
        others, seen = self._others
        drain = self.limit / WINDOW
        others = max(0.0, others - (now - seen) * drain)
        room = max(1, self.limit - SPARE) if others else self.limit
        over = own + others - room + 1
        if own < max(1, int(self.limit * self._share)) and over <= 0:
            return None
        expiry = self._answers[0] + WINDOW - now if self._answers else WINDOW
        return min(expiry, over / drain) if 0 < over <= others else expiry

    def _forget(self, now: float) -> None:
        """Drop the answers that no window of the server can still count."""
        while self._answers and self._answers[0] <= now - WINDOW:
            self._answers.popleft()
