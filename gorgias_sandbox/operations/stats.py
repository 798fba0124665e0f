"""Statistics (section 20), computed from tickets, messages and surveys.

Scopes that nothing in the sandbox feeds (voice, automation, quality) answer zeros.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from statistics import mean, median
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gorgias_sandbox.call import refuse
from gorgias_sandbox.clock import parse, write
from gorgias_sandbox.operations.facts import SCOPES, Fact
from gorgias_sandbox.replies import ApiError, Content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gorgias_sandbox.call import Call, Handler
    from gorgias_sandbox.contract import Json
    from gorgias_sandbox.dataset import Row

_LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class _Period:
    start: datetime
    end: datetime

    def holds(self, moment: str | None) -> bool:
        return moment is not None and self.start <= parse(moment) < self.end


def report(call: Call) -> Json:
    """`POST /api/reporting/stats`."""
    query = call.body["query"]
    scope = SCOPES[query["scope"]]
    measures = query.get("measures") or list(scope.measures)
    dimensions = query.get("dimensions") or []
    _check_names("dimensions", dimensions, scope.dimensions)
    _check_names("measures", measures, scope.measures)
    period = _period(query["filters"])
    chosen = _choice(query["filters"])
    steps = query.get("time_dimensions") or []
    zone = ZoneInfo(query["timezone"])
    groups: dict[tuple[Json, ...], list[Fact]] = {}
    for fact in scope.facts(call.world, query["filters"]):
        if period.holds(fact.moment) and chosen(fact):
            times = [_step(fact, each, zone) for each in steps]
            names = [fact.dimensions.get(name) for name in dimensions]
            groups.setdefault((*times, *names), []).append(fact)
    if not groups and not dimensions and not steps:
        groups[()] = []
    keys = [
        *(f"{each['dimension']}.{each.get('granularity', 'day')}" for each in steps),
        *dimensions,
    ]
    rows = [
        {
            **dict(zip(keys, group, strict=True)),
            **{name: _measure(name, facts) for name in measures},
        }
        for group, facts in groups.items()
    ]
    return _paged(call, _sorted(rows, keys, query.get("order") or []))


def overview(call: Call) -> Json:
    """`POST /api/stats/{name}`: the one legacy statistic that was seen to answer."""
    rows, period, previous = _overview(call)
    meta = {
        "start_datetime": write(period.start),
        "end_datetime": write(period.end),
        "previous_start_datetime": write(previous.start),
        "previous_end_datetime": write(previous.end),
    }
    return {"data": {"data": rows}, "meta": meta}


def download(call: Call) -> Content:
    """`POST /api/stats/{name}/download`: the same as CSV."""
    rows, _, _ = _overview(call)
    text = StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return Content(text.getvalue().encode(), "text/csv")


def _overview(call: Call) -> tuple[list[Row], _Period, _Period]:
    if call.path["name"] != "overview":
        raise ApiError(400, f"The statistic {call.path['name']} does not exist.")
    given = call.body["filters"].get("period")
    if not isinstance(given, dict) or not {"start_datetime", "end_datetime"} <= given.keys():
        raise refuse(filters="period with start_datetime and end_datetime is required.")
    period = _Period(_moment(given["start_datetime"]), _moment(given["end_datetime"]))
    previous = _Period(period.start - (period.end - period.start), period.start)
    rows = []
    for scope in ("tickets-created", "tickets-closed", "messages-sent", "messages-received"):
        moments = [fact.moment for fact in SCOPES[scope].facts(call.world, [])]
        value, before = (sum(map(span.holds, moments)) for span in (period, previous))
        rows.append(
            {
                "name": f"total_{scope.replace('-', '_')}",
                "type": "number",
                "value": value,
                "delta": value - before,
                "more_is_better": scope == "tickets-closed",
            }
        )
    return rows, period, previous


def _check_names(field: str, given: Iterable[str], known: Iterable[str]) -> None:
    if unknown := set(given) - set(known):
        raise refuse(**{field: f"Not available in this scope: {', '.join(sorted(unknown))}."})


def _period(filters: list[Row]) -> _Period:
    """The period that filters ask for; its end is exclusive."""
    found = {each["member"]: each.get("values") or [None] for each in filters}
    if not {"periodStart", "periodEnd"} <= found.keys():
        raise refuse(filters="periodStart and periodEnd are required.")
    period = _Period(_moment(found["periodStart"][0]), _moment(found["periodEnd"][0]))
    if period.end - period.start > _LONGEST:
        raise refuse(filters="The period is longer than 366 days.")
    return period


def _moment(text: Json) -> datetime:
    try:
        return parse(text)
    except (TypeError, ValueError):
        raise refuse(filters="Not a valid datetime.") from None


def _choice(filters: list[Row]) -> Callable[[Fact], bool]:
    """A test for the filters on dimensions; members that no fact has do not count."""

    def passes(fact: Fact) -> bool:
        for each in filters:
            if each["member"] in fact.dimensions:
                hit = fact.dimensions[each["member"]] in each.get("values", [])
                if hit != (each["operator"] != "not-one-of"):
                    return False
        return True

    return passes


def _step(fact: Fact, wanted: Row, zone: ZoneInfo) -> str:
    """The start of the hour, day, week or month in which a fact falls."""
    moment = parse(fact.moment or "").astimezone(zone)
    step = moment.replace(minute=0, second=0, microsecond=0, tzinfo=None)
    granularity = wanted.get("granularity", "day")
    if granularity != "hour":
        step = step.replace(hour=0)
    if granularity == "week":
        step -= timedelta(days=step.weekday())
    if granularity == "month":
        step = step.replace(day=1)
    return step.isoformat(timespec="milliseconds")


def _measure(name: str, facts: list[Fact]) -> float | None:
    values = [fact.value for fact in facts if fact.value is not None]
    if name == "responseRate":
        return len(values) / len(facts) if facts else None
    if name.startswith("average"):
        return mean(values) if values else None
    if name.startswith("median"):
        return median(values) if values else None
    return len(values)


def _sorted(rows: list[Row], keys: list[str], order: list[list[str]]) -> list[Row]:
    for field, direction in reversed([*order, *([key, "asc"] for key in keys)]):
        if rows and field in rows[0]:
            rows.sort(
                key=lambda row: (row[field] is not None, row[field]), reverse=direction == "desc"
            )
    return rows


def _paged(call: Call, rows: list[Row]) -> Json:
    """Pages by position: a report is computed anew for each."""
    cursor = call.query.get("cursor", "0")
    if not cursor.isdecimal():
        raise refuse(cursor="Invalid cursor.")
    start, limit = int(cursor), call.query["limit"]
    end = start + limit
    meta = {
        "prev_cursor": str(max(0, start - limit)) if start else None,
        "next_cursor": str(end) if end < len(rows) else None,
    }
    return {"data": rows[start:end], "meta": meta}


HANDLERS: dict[str, Handler] = {
    "retrieve-reporting-statistic": report,
    "retrieve-statistic": overview,
    "download-statistic": download,
}
