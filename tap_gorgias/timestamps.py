"""Datetimes in one fixed-width UTC form, so that comparing strings is comparing times.

The API prints `2026-08-26T19:25:18.551095+00:00`, drops microseconds that are zero, and older
answers carry no offset, which means UTC. Runs once per datetime of every record, hence the short
cuts and no pendulum.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

FIRST: Final = "0001-01-01T00:00:00.000000+00:00"
LAST: Final = "9999-12-31T23:59:59.999999+00:00"


def canonical(value: object) -> str:
    """`value` as `2026-08-26T19:25:18.551095+00:00`.

    Raises:
        ValueError: it is not an ISO 8601 datetime, or in UTC lies outside the years 1 to 9999.
    """
    if not isinstance(value, str):
        message = "not text"
        raise ValueError(message)  # noqa: TRY004 - to the caller, all that is no datetime is one
    moment = datetime.fromisoformat(value)
    # Weeks instead of months, commas, no colons, hour 24: all of that is ISO 8601 too.
    if value[4:17:3] == "--T::" and (value[11] != "2" or value[12] < "4"):
        if value[26:] == "+00:00" and value[19] == ".":
            return value
        if value[19:] == "+00:00":
            return f"{value[:19]}.000000+00:00"
    return from_datetime(moment)


def from_datetime(moment: datetime) -> str:
    """A datetime in the fixed-width form; a naive one is taken as UTC.

    Raises:
        ValueError: in UTC it lies outside the years 1 to 9999.
    """
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return aware.astimezone(UTC).isoformat(timespec="microseconds")
    except OverflowError:
        message = "outside the years 1 to 9999"
        raise ValueError(message) from None


def earlier(position: str, span: timedelta) -> str:
    """The instant `span` before `position`, or the first one; both in the fixed-width form."""
    moment = datetime.fromisoformat(position)
    floor = datetime.fromisoformat(FIRST)
    return from_datetime(moment - span if moment - floor > span else floor)


def share_of_time(first: str, now: str, last: str) -> float:
    """How far `now` lies between `first` and `last`, 0 to 1."""
    begin, at, end = (datetime.fromisoformat(value) for value in (first, now, last))
    whole = (end - begin).total_seconds()
    return min(1.0, max(0.0, (at - begin).total_seconds() / whole)) if whole > 0 else 1.0
