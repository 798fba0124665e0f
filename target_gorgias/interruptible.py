"""Work that the end of a run does not wait for, since it leaves nothing behind when it is cut."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, Future, wait
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from gorgias_api import GorgiasError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class EndedError(GorgiasError):
    """The run ends, so the work was not waited for."""


class Interruptible:
    """Does one piece of work after the other, in a thread that does not keep the program alive."""

    def __init__(self) -> None:
        self._given: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._ended: Future[None] = Future()
        self._thread = threading.Thread(target=self._work, name="interruptible", daemon=True)
        self._lock = threading.Lock()

    def run(self, work: Callable[[], T]) -> T:
        """What `work` gives.

        Raises:
            EndedError: the run ended first.
            GorgiasError: whatever `work` raises.
        """
        done: Future[T] = Future()
        with self._lock:
            if self._thread.ident is None:
                self._thread.start()
        self._given.put((done, work))
        either: list[Future[Any]] = [done, self._ended]
        wait(either, return_when=FIRST_COMPLETED)
        if not done.done():
            message = "The run ended before a file was uploaded."
            raise EndedError(message)
        return done.result()

    def end(self) -> None:
        """Wait for nothing any more."""
        self._given.put(None)
        self._ended.set_result(None)

    def _work(self) -> None:
        while given := self._given.get():
            done, work = given
            try:
                done.set_result(work())
            except GorgiasError as error:
                done.set_exception(error)
            finally:
                done.cancel()  # after an error that is a mistake of ours, so that it is not awaited
