"""Time in the seed: integer microseconds since 1970 (UTC), and when people write and answer."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from gorgias_sandbox.seed.dice import chance

if TYPE_CHECKING:
    from random import Random

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_HISTORY_DAYS = 730
_FOUNDING_DAYS = 12

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = _EPOCH.replace(tzinfo=None)  # prints faster
_OPENS, _CLOSES = 9 * HOUR, 18 * HOUR
_SUNDAY = 6
_NEWEST_MINUTES_AGO = (23, 14, 8, 4, 1)
_TIE_EVERY = 97
_SWEEP_PERIOD = 28 * DAY
_SWEEP_OFFSET = 3 * HOUR + 250_117
_WEEKDAY_TRAFFIC = (1.35, 1.15, 1.05, 1.0, 0.95, 0.55, 0.6)
_HOUR_TRAFFIC = (
    *(2, 1, 1, 1, 1, 2, 4, 8, 13, 17, 19, 18),
    *(16, 15, 16, 16, 15, 14, 14, 15, 14, 11, 7, 4),
)


def micros(moment: datetime) -> int:
    """Microseconds since 1970 of an aware datetime."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


@lru_cache(maxsize=512)  # the rows of one ticket share many moments
def stamp(at: int) -> str:
    """A moment as the API prints it: UTC offset, microseconds dropped when zero."""
    return f"{(_NAIVE_EPOCH + timedelta(0, 0, at)).isoformat()}+00:00"


def arrivals(rng: Random, count: int, now: int) -> list[int]:
    """When `count` tickets arrive, ascending, over the two years before `now`.

    Traffic grows, follows the week and the day, and peaks before Christmas. Some moments have no
    fraction of a second, some occur twice, and the newest lie minutes before `now`.
    """
    newest = [now - ago * MINUTE for ago in _NEWEST_MINUTES_AGO[-count:]] if count else []
    last = now - HOUR
    first_day = last // DAY - _HISTORY_DAYS + 1
    days = range(first_day, first_day + _HISTORY_DAYS)
    day_weights = list(accumulate(_traffic(day, day - first_day) for day in days))
    hours, hour_weights = range(24), list(accumulate(_HOUR_TRAFFIC))
    drawn = count - len(newest)
    moments = []
    for day, hour in zip(
        rng.choices(days, cum_weights=day_weights, k=drawn),
        rng.choices(hours, cum_weights=hour_weights, k=drawn),
        strict=True,
    ):
        at = day * DAY + hour * HOUR + int(rng.random() * HOUR)
        at = at if at <= last else at - 7 * DAY
        moments.append(at - at % SECOND if chance(rng, 0.08) else at)
    moments.sort()
    for index in range(_TIE_EVERY, drawn, _TIE_EVERY):
        moments[index] = moments[index - 1]
    return moments + newest


def founding_moment(now: int) -> int:
    """When the account is opened: days before the first ticket may arrive."""
    return (now // DAY - _HISTORY_DAYS - _FOUNDING_DAYS) * DAY


def staffed(at: int) -> int:
    """The moment itself when somebody is at work, else the next opening of the shop."""
    day, time = divmod(at, DAY)
    if time >= _CLOSES:
        day, time = day + 1, _OPENS
    if _weekday(day) == _SUNDAY:
        day, time = day + 1, _OPENS
    return day * DAY + max(time, _OPENS)


def answer_time(rng: Random, asked: int, typical_minutes: float, started: int) -> int:
    """When a question gets its answer: next opening plus a delay that depends on the week.

    The team gets quicker over the years, and is slower in busy weeks.
    """
    week = (asked - started) // (7 * DAY)
    load = (1.25 - 0.004 * week) * (1 + 0.35 * math.sin(week * math.tau / 11))
    if _is_peak_season(asked // DAY):
        load *= 1.7
    return staffed(asked) + int(typical_minutes * load * rng.lognormvariate(0, 0.8) * MINUTE)


def next_sweep(at: int) -> int:
    """The next four-weekly clean-up, at which many rows change in the same microsecond."""
    return (at // _SWEEP_PERIOD + 1) * _SWEEP_PERIOD + _SWEEP_OFFSET


def _traffic(day: int, age: int) -> float:
    growth = 0.4 + 0.6 * age / _HISTORY_DAYS
    season = 1.8 if _is_peak_season(day) else 1.0
    return growth * season * _WEEKDAY_TRAFFIC[_weekday(day)]


def _weekday(day: int) -> int:
    return (day + 3) % 7  # 1970-01-01 was a Thursday


def _is_peak_season(day: int) -> bool:
    date = _EPOCH + timedelta(days=day)
    return (11, 20) <= (date.month, date.day) <= (12, 23)
