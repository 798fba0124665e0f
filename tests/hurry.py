"""A program's clock whose waits are over at once, for programs that are run as a whole."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from unittest import mock

from gorgias_api.clock import SystemClock

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator


class _Hurry(SystemClock):
    """The machine's clock, but for waits: they are over at once, and count as time gone by."""

    waited = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + _Hurry.waited

    def sleep(self, seconds: float) -> None:
        _Hurry.waited += seconds

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        _Hurry.waited += seconds
        condition.wait(0.001)


@contextmanager
def hurried() -> Iterator[None]:
    """Have every clock of this process hurry while the block lasts."""
    methods = {name: vars(_Hurry)[name] for name in ("monotonic", "sleep", "wait")}
    with mock.patch.multiple(SystemClock, **methods):
        yield
