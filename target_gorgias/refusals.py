"""Rows that cannot be written: each is named with its reason, and may be fed back in."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING, Any

from gorgias_api import ApiError, GorgiasError
from gorgias_api.masking import mask_text
from gorgias_api.operations import encode
from gorgias_api.operations.fields import FieldError

if TYPE_CHECKING:
    from target_gorgias.changes import Change
    from target_gorgias.settings import Rules


class Refused(GorgiasError):  # noqa: N818 - it says what became of the row
    """A row cannot be written as it is; the others can. The text is a sentence without its row."""

    status: int | None = None
    message = ""
    fields: Any = None

    @classmethod
    def by_gorgias(cls, error: ApiError) -> Refused:
        """What Gorgias said when it refused."""
        refused = cls(str(error))
        refused.status = error.status
        refused.message, refused.fields = error.refusal.message, error.refusal.fields
        return refused


class TooManyError(GorgiasError):
    """A row was refused, and the settings say to stop."""


class Rejects:
    """The rows refused so far. Safe to share between threads.

    A line of the file is a Singer RECORD message with the reason beside it, so the file itself can
    be fed back in. It holds what the rows hold, so only its owner may read it.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._lock = threading.Lock()
        self.count = 0

    def add(self, change: Change, refused: Refused) -> None:
        """Note a refused row.

        Raises:
            TooManyError: this was one too many.
        """
        with self._lock:
            self.count += 1
            if self._rules.rejects_path:
                self._write(_line(change, refused))
        where = mask_text(f"{change.stream}, key {change.key}: {refused}")
        if not self._rules.carry_on:
            message = f"{where} Mend the row, or set 'on_error' to 'continue' to go on without it."
            raise TooManyError(message)
        change.logger.warning("Refused: %s", where)
        if self._rules.max_rejects is not None and self.count > self._rules.max_rejects:
            message = (
                f"More than {self._rules.max_rejects} rows were refused ('max_rejects'); the last "
                f"one was {where}"
            )
            raise TooManyError(message)

    def _write(self, line: dict[str, Any]) -> None:
        path = self._rules.rejects_path
        descriptor = os.open(str(path), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with open(descriptor, "a", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _line(change: Change, refused: Refused) -> dict[str, Any]:
    return {
        "type": "RECORD",
        "stream": change.stream,
        "key": change.key_values,
        "operation": change.operation,
        "status": refused.status,
        "reason": str(refused),
        "message": refused.message,
        "fields": refused.fields,
        "record": readable(change.record),
    }


def readable(value: Any) -> Any:  # noqa: ANN401 - any value in, any JSON out
    """`value` as JSON; what JSON cannot hold, as text."""
    if isinstance(value, dict):
        return {str(key): readable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [readable(item) for item in value]
    try:
        return encode(value)
    except FieldError:
        return str(value)
