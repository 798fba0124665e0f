"""Rows that cannot be written: each is named with its reason, and may be fed back in."""

from __future__ import annotations

import re
import threading
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from gorgias_api import ApiError, ForbiddenError, GorgiasError
from gorgias_api.masking import MASK, mask_text
from gorgias_api.operations import encode
from gorgias_api.operations.fields import FieldError
from target_gorgias.jsonl import append

if TYPE_CHECKING:
    from gorgias_api.clock import Clock
    from target_gorgias.changes import Change
    from target_gorgias.settings import Rules


CODE = re.compile(r"[^\s@\d]*\d[^\s@]*")


class Refused(GorgiasError):  # noqa: N818 - it says what became of the row
    """A row cannot be written as it is; the others can. The text is a sentence without its row."""

    status: int | None = None
    missing_scope: str | None = None
    """What the login lacks, for every row of the stream."""
    message = ""
    fields: Any = None
    logged = ""
    """The sentence for the log, where the text quotes the row."""

    @classmethod
    def by_gorgias(cls, error: ApiError, meaning: str = "") -> Refused:
        """What Gorgias said when it refused, and what that means if it does not say so itself."""
        refused = cls(meaning or MEANINGS.get(error.status, MEANINGS[400]) + str(error))
        refused.status = error.status
        if isinstance(error, ForbiddenError):
            refused.missing_scope = error.missing_scope
        refused.message, refused.fields = error.refusal.message, error.refusal.fields
        return refused


MEANINGS = {
    400: "Gorgias refused it: ",
    403: "This login may not do it: ",
    404: "Gorgias does not have it, or no longer: ",
    409: "It conflicts with what Gorgias has: ",
}
"""What a status means for a row."""


class TooManyError(GorgiasError):
    """A row was refused, and the settings say to stop."""


class Rejects:
    """The rows refused so far. Safe to share between threads.

    A line of the file is a Singer RECORD message with the reason beside it, so the file itself can
    be fed back in. It holds what the rows hold, so only its owner may read it.

    Args:
        rules: what the settings say.
        run: names this run.
        clock: tells when a row was refused.
    """

    def __init__(self, rules: Rules, run: str, clock: Clock) -> None:
        self.run = run
        self.path = rules.rejects_path
        self._rules = rules
        self._clock = clock
        self._lock = threading.Lock()
        self.count = 0

    def add(self, change: Change, refused: Refused, *, quietly: bool = False) -> None:
        """Note a refused row.

        Args:
            change: what it asked for.
            refused: why not.
            quietly: without a line on the log, which has one on the whole stream.

        Raises:
            TooManyError: this was one too many.
        """
        with self._lock:
            self.count += 1
            if self.path:
                now = self._clock.now().isoformat(timespec="seconds")
                append(self.path, {**_line(change, refused), "time": now, "run": self.run})
        where = mask_text(f"{change.stream}, {who(change)}: {refused.logged or refused}")
        if not self._rules.carry_on:
            message = f"{where} Mend the row, or set 'on_error' to 'continue' to go on without it."
            raise TooManyError(message)
        if not quietly:
            change.logger.warning("Refused: %s%s", where, _others(refused))
        if self._rules.max_rejects is not None and self.count > self._rules.max_rejects:
            message = (
                f"More than {self._rules.max_rejects} rows were refused ('max_rejects'); the last "
                f"one was {where}"
            )
            raise TooManyError(message)


def who(change: Change) -> str:
    """The key of a row for the log; without one, what it names."""
    if change.key_values:
        return f"key {', '.join(shown(str(part)) for part in change.key_values.values())}"
    named = [f"{column} {shown(str(value))}" for column, value in change.named.items()]
    return f"the row with {', '.join(named)}" if named else "a row without a key"


def _others(refused: Refused) -> str:
    """What it means for the other rows of the stream."""
    return " No further row of this stream is tried." if refused.missing_scope else ""


def shown(part: str) -> str:
    """A part of a key for the log: numbers and codes as they are, what may be a name hidden."""
    masked = mask_text(part)
    return masked if CODE.fullmatch(part) or masked == f"{MASK}@{MASK}" else MASK


def _line(change: Change, refused: Refused) -> dict[str, Any]:
    return {
        "type": "RECORD",
        "stream": change.stream,
        "key": readable(change.key_values),
        "names": readable(change.named),
        "operation": change.operation,
        "status": refused.status,
        "reason": str(refused),
        "message": refused.message,
        "fields": refused.fields,
        "record": readable(change.record),
    }


def readable(value: Any) -> Any:  # noqa: ANN401 - any value in, any JSON out
    """`value` as JSON with decimals, whose digits may be those of a key; the rest as text."""
    try:
        return _readable(value)
    except RecursionError:
        return "nested too deep to be shown"


def _readable(value: Any) -> Any:  # noqa: ANN401 - any value in, any JSON out
    if isinstance(value, dict):
        return {str(key): _readable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_readable(item) for item in value]
    if isinstance(value, Decimal) and value.is_finite():
        return value
    try:
        return encode(value)
    except FieldError:
        return str(value)
