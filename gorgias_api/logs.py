"""What every log record of a program passes before a handler sees it, whoever writes it."""

from __future__ import annotations

import logging
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from gorgias_api.known_secrets import MASK, NAMES
from gorgias_api.masking import cleaned

if TYPE_CHECKING:
    from types import TracebackType

LONGEST = 10_000
"""Characters of a line; `debug_requests` logs whole bodies."""
FRAMES = 20
SILENT = ("urllib3",)
"""Loggers, with those under them, that log requests and headers as they are."""
TEXT = {"args", "exc_info", "exc_text", "msg", "stack_info"}
"""The attributes of a record that its message is made of."""

_call_handlers = logging.Logger.callHandlers


def clean_logs(*silent: str, structured: tuple[type, ...] = ()) -> None:
    """Clean every record of this process from now on.

    It is done where loggers hand records to handlers, so no configuration, logger, filter or
    handler that is added later is passed over. Each record becomes one line: known secrets and
    e-mail addresses are hidden, unseen characters are spelled out. Of an exception only its kind
    and place are logged, as its text may hold anything.

    Args:
        silent: further loggers that log data and are not heard at all.
        structured: types of single arguments that formatters read themselves; such an argument
            is kept where the message is clean, all others become part of the text.
    """
    unheard = SILENT + silent

    def call_handlers(self: logging.Logger, record: logging.LogRecord) -> None:
        if not any(f"{record.name}.".startswith(f"{name}.") for name in unheard):
            clean_record(record, structured)
            _call_handlers(self, record)

    # What `logging` offers for this, record factories and filters, misses what comes after them.
    logging.Logger.callHandlers = call_handlers  # type: ignore[method-assign]  # see above


def clean_record(record: logging.LogRecord, structured: tuple[type, ...] = ()) -> None:
    """Clean a record in place; see `clean_logs`."""
    said = _message(record)
    text = cleaned(_with_places(_text(record.msg) if said is None else said, record), LONGEST)
    match record.args:
        case (argument,) if text == said and isinstance(argument, structured):
            pass
        case _:
            record.msg, record.args = text, None
    record.exc_info = record.exc_text = record.stack_info = None
    for name, value in vars(record).items():
        if name not in TEXT:
            vars(record)[name] = _clean(value, name)


def _message(record: logging.LogRecord) -> str | None:
    with suppress(Exception):  # arguments that do not fit, or refuse to be text, end no program
        return record.getMessage()
    return None


def _text(value: object) -> str:
    with suppress(Exception):  # as above
        return str(value)
    return type(value).__name__


def _with_places(text: str, record: logging.LogRecord) -> str:
    """The message, with kinds and places in place of what exceptions say."""
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    told: list[str] = []
    while error is not None and len(told) < FRAMES:
        for said in (_text(error), *(arg for arg in error.args if isinstance(arg, str))):
            if said:
                text = text.replace(said, type(error).__name__)
        told.append(f"{type(error).__name__} at {_places(error.__traceback__)}")
        hidden = error.__suppress_context__
        error = error.__cause__ or (None if hidden else error.__context__)
    if told:
        text = f"{text} ({' after '.join(told)})"
    return f"{text} {record.stack_info}" if record.stack_info else text


def _places(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)[-FRAMES:]
    return " > ".join(f"{each.filename}:{each.lineno}" for each in frames) or "no place"


def _clean(value: Any, name: str) -> Any:  # noqa: ANN401 - whatever somebody adds to a record
    """What somebody adds to a record for structured logs."""
    if value is not None and NAMES.search(name):
        return MASK
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, dict):
        return {cleaned(str(key)): _clean(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item, name) for item in value]
    return cleaned(_text(value), LONGEST)
