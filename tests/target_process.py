"""The target in a process of its own, to be killed. Imports little, so that it starts fast."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gorgias_api import Client, GorgiasError
from gorgias_api.settings import Settings
from target_gorgias.refusals import TooManyError
from target_gorgias.target import TargetGorgias

if TYPE_CHECKING:
    import threading

ENDED_EARLY, REFUSED = 3, 4
LEFT_OPEN = "it is not sent twice: the next run looks first"
"""Said of a row that is refused, and still to be written."""
SPEED = 200.0
EPOCH = 1_700_000_000.0


class FastClock:
    """Time that passes so much faster, in every process alike, so that waits are short."""

    def __init__(self, speed: float = SPEED) -> None:
        self._speed = speed

    def now(self) -> datetime:
        return datetime.fromtimestamp(EPOCH + (time.time() - EPOCH) * self._speed, UTC)

    def monotonic(self) -> float:
        return time.monotonic() * self._speed

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / self._speed)

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        condition.wait(seconds / self._speed)


class HurriedTarget(TargetGorgias):
    """The target in fast time."""

    speed: float

    @cached_property
    def client(self) -> Client:
        return Client(Settings.from_mapping(self.config), FastClock(self.speed))


def run_target(config: dict[str, Any], source: str, states: str, speed: float = SPEED) -> None:
    """Write a file of Singer messages; the states go to the end of another file."""
    os.dup2(os.open(states, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), 1)
    sys.stdout = os.fdopen(1, "w")
    target = HurriedTarget(config=config)
    target.speed = speed
    try:
        with Path(source).open(encoding="utf-8") as lines:
            target.listen(lines)
    except TooManyError as error:
        target.logger.error("%s", error)  # noqa: TRY400 - one sentence, as a user sees it
        sys.exit(ENDED_EARLY if LEFT_OPEN in str(error) else REFUSED)
    except GorgiasError as error:
        target.logger.error("%s", error)  # noqa: TRY400 - likewise
        sys.exit(ENDED_EARLY)
