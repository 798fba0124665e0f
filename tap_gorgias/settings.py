"""The settings of the tap beyond the shared ones, and what they mean."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pendulum
from pendulum.parsing.exceptions import ParserError

from gorgias_api import SettingsError
from gorgias_api.settings import SHARED, Setting, read
from tap_gorgias.timestamps import from_datetime

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

START = Setting(
    "start_date",
    "string",
    "Rows from this instant on (ISO 8601; a date means midnight UTC). Without it, everything.",
)
END = Setting(
    "end_date",
    "string",
    "Rows before this instant (ISO 8601). The bookmark never passes it.",
)
PAGE_SIZE = Setting(
    "page_size",
    "integer",
    "Rows per request, 1 to 100. Smaller pages only cost more requests.",
    default=100,
    aliases=("ticket_view_page_size",),
)
LOOKBACK = Setting(
    "lookback",
    "object",
    "How far before its bookmark a stream is read again, as ISO 8601 durations by stream, such as "
    '`{"messages": "P2D"}`, for the changes that Gorgias does not date.',
)
FULL_PASS = Setting(
    "full_pass_every",
    "object",
    "How often a stream is read again from the start, as ISO 8601 durations by stream, such as "
    '`{"tickets": "P7D"}`, for changes of old rows that Gorgias does not date. Off by default.',
)
TRASHED = Setting(
    "include_trashed", "boolean", "Whether trashed tickets are read too.", default=True
)
INTEGRATION_HTTP = Setting(
    "include_integration_http",
    "boolean",
    "Whether `integrations.http` is read, the request that an HTTP integration sends: its headers "
    "and its URL may hold credentials.",
    default=False,
)
DOWNLOAD = Setting(
    "download_attachments_to",
    "string",
    "Folder, or any fsspec URL such as `s3://bucket/files`, to save attachments to; the stream "
    "`attachments` says where each file is. Off by default.",
)
REPORTS = Setting(
    "reports",
    "array",
    "Statistics for the stream `reports`: objects with `name`, `scope`, `measures`, and if wanted "
    "`dimensions`, `granularity` (hour, day, week, month; default day), `timezone` and `filters`, "
    "in the words of Gorgias' statistics API.",
)
FORBIDDEN = Setting(
    "on_forbidden",
    "string",
    "What to do with a stream the credentials have no permission for: `skip` it with a warning, "
    "or `fail`.",
    default="skip",
)
ACTIVATE = Setting(
    "emit_activate_version_messages",
    "boolean",
    "Tell the loader, after the last row of a completely read stream, that all others are gone.",
    default=True,
)
SETTINGS = (
    START,
    END,
    PAGE_SIZE,
    LOOKBACK,
    FULL_PASS,
    TRASHED,
    INTEGRATION_HTTP,
    DOWNLOAD,
    REPORTS,
    FORBIDDEN,
    ACTIVATE,
)
OWN = (*SHARED, *SETTINGS)
LARGEST_PAGE = 100


@dataclass(frozen=True)
class Window:
    """Which rows are wanted: half-open, in the fixed-width form of `timestamps`."""

    start: str | None = None
    end: str | None = None
    lookback: Mapping[str, timedelta] = field(default_factory=dict)
    full_pass: Mapping[str, timedelta] = field(default_factory=dict)


def window(config: Mapping[str, Any], streams: Collection[str]) -> Window:
    """The window the settings ask for.

    Raises:
        SettingsError: a date, a duration or a stream's name that means nothing.
    """
    start, end = _instant(START, config), _instant(END, config)
    if start and end and start >= end:
        message = "The setting 'start_date' must lie before 'end_date'."
        raise SettingsError(message)
    lookback = durations(LOOKBACK, config, streams)
    return Window(start, end, lookback, durations(FULL_PASS, config, streams))


def durations(
    setting: Setting, config: Mapping[str, Any], streams: Collection[str]
) -> dict[str, timedelta]:
    """The durations a setting gives by stream.

    Raises:
        SettingsError: a stream that does not exist, or something that is no duration.
    """
    spans = {}
    for stream, text in (read(setting, config) or {}).items():
        if stream not in streams:
            message = (
                f"The setting '{setting.name}' names '{stream}', which is not a stream that is "
                "read by date."
            )
            raise SettingsError(message)
        if text is None:
            continue
        span = _parse(text)
        if not isinstance(span, pendulum.Duration) or span < timedelta(0):
            message = (
                f"The setting '{setting.name}' gives '{stream}' something that is not an ISO 8601 "
                "duration, such as 'P1D' or 'PT30M'."
            )
            raise SettingsError(message)
        spans[stream] = span.as_timedelta()
    return spans


def page_size(config: Mapping[str, Any]) -> int:
    """Rows per request.

    Raises:
        SettingsError: Gorgias would refuse it.
    """
    size: int = read(PAGE_SIZE, config)
    if not 1 <= size <= LARGEST_PAGE:
        message = f"The setting 'page_size' must be 1 to {LARGEST_PAGE}, not {size}."
        raise SettingsError(message)
    return size


def skips_forbidden(config: Mapping[str, Any]) -> bool:
    """Whether a stream without permission is skipped.

    Raises:
        SettingsError: neither `skip` nor `fail`.
    """
    choice = read(FORBIDDEN, config)
    if choice not in {"skip", "fail"}:
        message = f"The setting '{FORBIDDEN.name}' must be 'skip' or 'fail', not '{choice}'."
        raise SettingsError(message)
    return bool(choice == "skip")


def _instant(setting: Setting, config: Mapping[str, Any]) -> str | None:
    text = read(setting, config)
    if text is None:
        return None
    moment = _parse(text)
    with suppress(ValueError):  # in UTC, it may lie outside of the calendar
        if isinstance(moment, pendulum.DateTime):
            return from_datetime(moment)
    message = (
        f"The setting '{setting.name}' is not an ISO 8601 date or datetime, such as "
        "'2026-01-31' or '2026-01-31T08:00:00Z'."
    )
    raise SettingsError(message)


def _parse(text: Any) -> Any:  # noqa: ANN401 - pendulum decides, the caller checks
    try:
        return pendulum.parse(text) if isinstance(text, str) else None
    except (ParserError, ValueError, OverflowError):
        return None
