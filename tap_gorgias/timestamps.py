"""Datetimes in one fixed-width UTC form, so that comparing strings is comparing times.

The API prints `2026-08-26T19:25:18.551095+00:00`, drops microseconds that are zero, and older
answers carry no offset, which means UTC. Runs once per datetime of every record, hence the short
cuts and no pendulum.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

WIDTH: Final = len("2026-08-26T19:25:18.551095+00:00")
WHOLE_SECONDS: Final = len("2026-08-26T19:25:18+00:00")
FIRST: Final = "0001-01-01T00:00:00.000000+00:00"


def canonical(value: str) -> str:
    """`value` as `2026-08-26T19:25:18.551095+00:00`.

    Raises:
        ValueError: it is not an ISO 8601 datetime.
    """
    if value.endswith("+00:00") and value[10:11] == "T":
        if len(value) == WIDTH:
            return value
        if len(value) == WHOLE_SECONDS:
            return f"{value[:19]}.000000+00:00"
    return from_datetime(datetime.fromisoformat(value))


def from_datetime(moment: datetime) -> str:
    """A datetime in the fixed-width form; a naive one is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="microseconds")


def earlier(position: str, span: timedelta) -> str:
    """The instant `span` before `position`, both in the fixed-width form."""
    moment = datetime.fromisoformat(position)
    floor = datetime.fromisoformat(FIRST)
    return from_datetime(moment - span if moment - floor > span else floor)


def share_of_time(first: str, now: str, last: str) -> float:
    """How far `now` lies between `first` and `last`, 0 to 1."""
    begin, at, end = (datetime.fromisoformat(value) for value in (first, now, last))
    whole = (end - begin).total_seconds()
    return min(1.0, max(0.0, (at - begin).total_seconds() / whole)) if whole > 0 else 1.0
