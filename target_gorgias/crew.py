"""Work done side by side, in order where order matters, and state let out when it has come true.

Why it is right:

- Two pieces of work that share a name (the object they touch) never overlap and keep their order:
  each waits for the last earlier one of every name it has. What only reads an object waits for
  whoever wrote it last, and is waited for by whoever writes it next. Work only ever waits for
  earlier work, so nothing waits in a circle.
- A state is let out when all work handed in before it has ended well, and states keep their order:
  each waits at the number of the last work before it, and numbers are crossed off as work ends.
- Work that asks for it is put aside and done again later. Until it has ended, its names stay taken
  and no state goes past it; everything else goes on.
- Work that failed is never crossed off. The failure is raised to whoever hands in more or waits;
  nothing begins after it, and no later state comes out.
"""

from __future__ import annotations

import heapq
import math
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from gorgias_api.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable
    from concurrent.futures import Future

    from gorgias_api.clock import Clock

PER_WORKER = 16
"""Pieces of work that may wait for each worker: enough never to starve, few enough for memory."""
MOST_ASIDE = 100
"""Pieces of work put aside that make nobody wait who hands in more."""


class Later(Exception):  # noqa: N818 - it is no error
    """Raised by work that is to be done again in some seconds; `run` is what is left of it."""

    def __init__(self, seconds: float, run: Callable[[], None] | None = None) -> None:
        super().__init__(seconds)
        self.seconds = seconds
        self.run = run


@dataclass(eq=False)
class _Work:
    run: Callable[[], None]
    number: int
    names: Collection[Hashable]
    reads: Collection[Hashable]
    blockers: int = 0
    followers: list[_Work] = field(default_factory=list)


class Crew:
    """A few threads that share the work.

    Args:
        size: how many threads.
        let_out: called with each state once it is true; never twice at the same time.
        clock: says when work that was put aside is due.
    """

    def __init__(
        self, size: int, let_out: Callable[[Any], None], clock: Clock | None = None
    ) -> None:
        self._let_out = let_out
        self._clock = clock or SystemClock()
        self._aside: list[tuple[float, int, _Work]] = []  # heap, by when they are due
        self._waker: threading.Thread | None = None
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="write")
        self._room = size * PER_WORKER
        self._change = threading.Condition()
        self._last: dict[Hashable, _Work] = {}
        self._readers: dict[Hashable, dict[_Work, None]] = {}  # since the last that is no reader
        self._given = 0
        self._open: list[int] = []  # heap of the numbers handed in and not yet crossed off
        self._ended: set[int] = set()
        self._states: deque[tuple[int, Any]] = deque()
        self._emitting = threading.Lock()
        self._failure: BaseException | None = None
        self._stopped = False
        self._unfinished = 0

    def submit(
        self,
        names: Collection[Hashable],
        run: Callable[[], None],
        *,
        reads: Collection[Hashable] = (),
        patient: bool = True,
    ) -> None:
        """Hand in work on the objects of these names.

        Args:
            names: of the objects it touches.
            run: the work; may raise `Later`.
            reads: names of objects it only looks at.
            patient: wait while too much is waiting already; not from inside other work, which
                would wait for itself.

        Raises:
            BaseException: whatever made earlier work fail.
        """
        with self._change:
            if patient:
                if self._crowd >= 2 * self._room:
                    self._change.wait_for(lambda: self._crowd <= self._room or self._over)
                self._raise()
            self._given += 1
            work = _Work(run, self._given, names, reads)
            self._open.append(work.number)  # ever higher, so it stays a heap
            self._unfinished += 1
            for blocker in self._earlier(names, reads):
                blocker.followers.append(work)
                work.blockers += 1
            self._last.update(dict.fromkeys(names, work))
            for name in reads:
                self._readers.setdefault(name, {})[work] = None
            if not work.blockers:
                self._begin(work)

    def mark(self, state: Any) -> None:  # noqa: ANN401 - any JSON
        """Let `state` out as soon as everything handed in so far has ended well."""
        with self._change:
            self._states.append((self._given, state))
            # In a thread of the pool, where no signal can cut a line in two.
            if not self._over:
                self._pool.submit(self._let_out_states).add_done_callback(self._look)

    def wait(self) -> None:
        """Wait until nothing is under way, and every state that has come true is out.

        Raises:
            BaseException: whatever made some of it fail.
        """
        with self._change:
            self._change.wait_for(lambda: not self._unfinished or self._over)
            self._raise()
        if self._states:
            self._pool.submit(self._let_out_states).result()

    def stop(self) -> None:
        """Begin nothing further; comes back when what has begun has ended."""
        with self._change:
            self._stopped = True
            self._change.notify_all()
        if self._waker:
            self._waker.join()
        self._pool.shutdown()
        self._let_out_states()

    def _earlier(self, names: Collection[Hashable], reads: Collection[Hashable]) -> set[_Work]:
        """What must end before work with these names begins; whoever comes next waits for that."""
        found = {self._last[name] for name in (*names, *reads) if name in self._last}
        return found.union(*(self._readers.pop(name, {}) for name in names))

    @property
    def _over(self) -> bool:
        return self._stopped or self._failure is not None

    @property
    def _crowd(self) -> int:
        """How much work there is that somebody must wait for who hands in more."""
        return self._unfinished - min(len(self._aside), MOST_ASIDE)

    def _raise(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _begin(self, work: _Work) -> None:
        if not self._over:
            self._pool.submit(self._do, work).add_done_callback(self._look)

    def _do(self, work: _Work) -> None:
        with self._change:
            if self._over:
                return
        try:
            work.run()
        except Later as later:
            self._put_aside(work, later)
            return
        self._finish(work)
        if self._states:
            self._let_out_states()

    def _put_aside(self, work: _Work, later: Later) -> None:
        with self._change:
            work.run = later.run or work.run
            due = self._clock.monotonic() + later.seconds
            heapq.heappush(self._aside, (due, work.number, work))
            if self._waker is None:
                self._waker = threading.Thread(target=self._wake, name="wake", daemon=True)
                self._waker.start()
            self._change.notify_all()

    def _wake(self) -> None:
        """Begin again what was put aside, as soon as it is due."""
        with self._change:
            while not self._over:
                if not self._aside:
                    self._change.wait()
                elif (left := self._aside[0][0] - self._clock.monotonic()) > 0:
                    self._clock.wait(self._change, left)
                else:
                    self._begin(heapq.heappop(self._aside)[2])

    def _look(self, done: Future[None]) -> None:
        """Note a failure; the pool has caught it."""
        if error := done.exception():
            with self._change:
                self._failure = self._failure or error
                self._change.notify_all()

    def _finish(self, work: _Work) -> None:
        with self._change:
            self._ended.add(work.number)
            while self._open and self._open[0] in self._ended:
                self._ended.remove(heapq.heappop(self._open))
            for name in work.names:
                if self._last.get(name) is work:
                    del self._last[name]
            for name in work.reads:
                readers = self._readers.get(name, {})
                readers.pop(work, None)
                if not readers:
                    self._readers.pop(name, None)
            for follower in work.followers:
                follower.blockers -= 1
                if not follower.blockers:
                    self._begin(follower)
            self._unfinished -= 1
            if (
                not self._unfinished or self._crowd == self._room
            ):  # whoever waits, waits for one of these
                self._change.notify_all()

    def _let_out_states(self) -> None:
        """Let out the newest state that has come true; the ones before it say nothing more."""
        with self._emitting:
            with self._change:
                first = self._open[0] if self._open else math.inf
                true = list(takewhile(lambda state: state[0] < first, self._states))
            if true:
                self._let_out(true[-1][1])
            for _ in true:
                self._states.popleft()  # only now: what did not come out is not forgotten
