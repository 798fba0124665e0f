"""Several walks side by side, their batches in the order in which they arrive.

Each stream's pages can only be asked for one after the other, so latency would leave most of the
rate budget unused if the streams took turns. Here each walk has a thread that does nothing but
fetch; whoever iterates over the feed does everything else, in one thread, and so needs no locks.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Generic, NamedTuple, Self, TypeVar

from tap_gorgias.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

Item = TypeVar("Item")

IN_MEMORY = 4
MOST = 500
"""Items of one stream that may wait before its walk waits too; fewer where no disk takes them."""


class Ended(NamedTuple):
    """A walk is over; `error` says why it broke off."""

    error: BaseException | None


class Feed(Generic[Item]):
    """Use as a context manager, then iterate once; leaving it lets the walks stop."""

    def __init__(self, walks: Mapping[str, Callable[[], Iterator[Item]]]) -> None:
        self._walks = walks
        self._spools: dict[str, Spool[Item]] = {name: Spool(IN_MEMORY) for name in walks}
        self._arrived: deque[tuple[str, Ended | None]] = deque()
        self._changed = threading.Condition()
        self.stopped = False

    def __enter__(self) -> Self:
        for name in self._walks:
            # Daemons: a request that hangs must not hold up the end of the process.
            threading.Thread(target=self._run, args=(name,), name=name, daemon=True).start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()
        with self._changed:
            for spool in self._spools.values():
                spool.close()

    def stop(self) -> None:
        """Give nothing more; may be called from a signal handler of the iterating thread."""
        with self._changed:
            self.stopped = True
            self._changed.notify_all()

    def __iter__(self) -> Iterator[tuple[str, Item | Ended]]:
        """Every item of every walk, and `Ended` as the last of each, until stopped."""
        running = len(self._walks)
        while running:
            with self._changed:
                while not self._arrived and not self.stopped:
                    self._changed.wait()
                if self.stopped:
                    return
                name, ended = self._arrived.popleft()
                item = ended or self._spools[name].pop_oldest()
                self._changed.notify_all()
            running -= ended is not None
            yield name, item

    def _run(self, name: str) -> None:
        with _Outcome() as outcome:
            for item in self._walks[name]():
                if not self._put(name, item):
                    break
        with self._changed:
            self._arrived.append((name, Ended(outcome.error)))
            self._changed.notify_all()

    def _put(self, name: str, item: Item) -> bool:
        """Hand over an item; false when nobody wants more."""
        spool = self._spools[name]
        with self._changed:
            while not self.stopped and not (len(spool) < MOST and spool.append(item)):
                self._changed.wait()
            if not self.stopped:
                self._arrived.append((name, None))
                self._changed.notify_all()
            return not self.stopped


class _Outcome:
    """Keeps whatever ends a thread, for the thread that waits for it to raise or to read."""

    error: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self.error = error
        return True
