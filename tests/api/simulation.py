"""Threads in made-up time: one runs at a time, and time passes only while all of them wait."""

from __future__ import annotations

import heapq
import itertools
import math
import threading
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

EPOCH = datetime(2026, 1, 31, 8, tzinfo=UTC)
LIMIT, WINDOW = 40, 20.0
ROUNDING = 1e-9
TICK = 1e-6
"""No wait is shorter, as on a real machine: adding less may not move a floating point clock."""


class Answered(NamedTuple):
    """What a server says to one request: whether it is refused, and its count after it."""

    refused: bool
    used: int
    retry_after: float


class Server(Protocol):
    """Somebody who counts requests; `arrive` is called with ascending seconds."""

    def arrive(self, now: float) -> Answered:
        """Count one request."""
        ...


class LeakyBucket:
    """Drains without a pause, a full bucket in one window."""

    def __init__(self, level: float = 0.0, window: float = WINDOW) -> None:
        self._level, self._moment, self._rate = level, 0.0, LIMIT / window

    def arrive(self, now: float) -> Answered:
        """Pour one in, if there is room."""
        self._level = max(0.0, self._level - (now - self._moment) * self._rate)
        self._moment = now
        over = self._level + 1 - LIMIT - ROUNDING
        if over <= 0:
            self._level += 1
        return Answered(over > 0, math.ceil(self._level), max(1, math.ceil(over / self._rate)))


class SlidingWindow:
    """Remembers when each request of the last window came."""

    def __init__(self, level: float = 0.0) -> None:
        self._log = deque([0.0] * int(level))

    def arrive(self, now: float) -> Answered:
        """Note one more, if there is room."""
        while self._log and self._log[0] <= now - WINDOW:
            self._log.popleft()
        refused = len(self._log) >= LIMIT
        wait = self._log[0] + WINDOW - now if refused else 0.0
        if not refused:
            self._log.append(now)
        return Answered(refused, len(self._log), max(1, math.ceil(wait)))


class FixedWindow:
    """Counts from zero at every multiple of the window (shifted by `phase`)."""

    def __init__(self, level: float = 0.0, phase: float = 7.0) -> None:
        self._used, self._phase, self._window = int(level), phase, phase // WINDOW

    def arrive(self, now: float) -> Answered:
        """Count one more, if there is room."""
        window = (now + self._phase) // WINDOW
        if window != self._window:
            self._used, self._window = 0, window
        refused = self._used >= LIMIT
        self._used += not refused
        wait = (window + 1) * WINDOW - self._phase - now
        return Answered(refused, self._used, max(1, math.ceil(wait)))


class Actor:
    """One thread of the simulation."""

    def __init__(self, work: Callable[[], None]) -> None:
        self.work = work
        self.turn = threading.Semaphore(0)
        self.entry = 0
        self.waits = False
        self.failure: BaseException | None = None


class Simulation:
    """A `gorgias_api.clock.Clock` for the threads that `run` starts. Repeats itself exactly.

    A thread that waits on a condition is woken by time, and whenever another thread has got
    something done, as if that had notified the condition.
    """

    def __init__(self) -> None:
        self._time = 0.0
        self._agenda: list[tuple[float, int, Actor]] = []
        self._entries = itertools.count(1)
        self._parked = threading.Semaphore(0)
        self._running: Actor | None = None

    def now(self) -> datetime:
        """Wall-clock time."""
        return EPOCH + timedelta(seconds=self._time)

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self._time

    def sleep(self, seconds: float) -> None:
        """Let others run for that long."""
        self._pause(seconds, waits=False)

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        """Let go of `condition` and let others run."""
        condition.release()
        self._pause(seconds, waits=True)
        condition.acquire()

    def run(self, *works: Callable[[], None]) -> float:
        """Run every function in a thread of its own until all have ended.

        Returns:
            The seconds that passed.
        """
        actors = [Actor(work) for work in works]
        threads = [threading.Thread(target=self._live, args=(actor,)) for actor in actors]
        for actor, thread in zip(actors, threads, strict=True):
            self._enter(actor, 0.0)
            thread.start()
        started = self._time
        while self._agenda:
            moment, entry, actor = heapq.heappop(self._agenda)
            if entry == actor.entry:
                self._time = moment
                self._step(actor, actors)
        for thread in threads:
            thread.join()
        for actor in actors:
            if actor.failure:
                raise actor.failure
        return self._time - started

    def _step(self, actor: Actor, actors: list[Actor]) -> None:
        idle, actor.waits = actor.waits, False
        self._running = actor
        actor.turn.release()
        self._parked.acquire()
        if not (idle and actor.waits):
            for other in actors:
                if other.waits and other is not actor:
                    self._enter(other, 0.0)

    def _pause(self, seconds: float, *, waits: bool) -> None:
        actor = self._running
        assert actor, "only threads of the simulation may wait"
        actor.waits = waits
        self._enter(actor, max(seconds, TICK))
        self._parked.release()
        actor.turn.acquire()

    def _enter(self, actor: Actor, seconds: float) -> None:
        actor.entry = next(self._entries)
        heapq.heappush(self._agenda, (self._time + seconds, actor.entry, actor))

    def _live(self, actor: Actor) -> None:
        actor.turn.acquire()
        try:
            actor.work()
        except BaseException as failure:  # noqa: BLE001 - `run` raises it again
            actor.failure = failure
        self._parked.release()
