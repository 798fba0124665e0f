"""Statistics, as configured: https://developers.gorgias.com/reference/retrieve-statistics."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec
import pendulum

from gorgias_api import SettingsError
from gorgias_api.paging import read_page
from gorgias_api.settings import read
from tap_gorgias import schemas
from tap_gorgias.bookmarks import Bookmark
from tap_gorgias.restart import read_whole
from tap_gorgias.settings import REPORTS
from tap_gorgias.streams.base import GorgiasStream
from tap_gorgias.timestamps import earlier, from_datetime
from tap_gorgias.walk import Batch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gorgias_api import Page
    from tap_gorgias.order import Row

ROWS = 10_000
DAYS = 365
"""Of one query; the API takes 366."""
EARLIEST = "2000-01-01T00:00:00.000000+00:00"
"""Before there was anything to count; also keeps weeks and time zones within the calendar."""
LOOKBACK = timedelta(days=7)
"""Numbers of the past days still move: late answers, surveys, reopened tickets."""
TIME_DIMENSIONS = {
    "auto-qa": "closedDatetime",
    "first-response-time": "firstAgentMessageDatetime",
    "human-first-response-time": "firstAgentMessageDatetime",
    "messages-received": "sentDatetime",
    "messages-sent": "sentDatetime",
    "one-touch-tickets": "closedDatetime",
    "response-time": "sentDatetime",
    "tags": "timestamp",
    "ticket-sla": "anchorDatetime",
    "tickets-closed": "closedDatetime",
    "zero-touch-tickets": "closedDatetime",
}


class Report(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of the setting `reports`, in the words of the API."""

    name: str
    scope: str
    measures: list[str]
    dimensions: list[str] = []
    granularity: Literal["hour", "day", "week", "month"] = "day"
    timezone: str = "UTC"
    filters: list[dict[str, Any]] = []

    @property
    def time_dimension(self) -> str:
        """The date by which the scope counts."""
        return TIME_DIMENSIONS.get(self.scope, "createdDatetime")

    def query(self, start: pendulum.Date, end: pendulum.Date) -> dict[str, Any]:
        """The body that asks for the days from `start` to before `end`."""
        period = [
            {"member": "periodStart", "operator": "afterDate", "values": [start.isoformat()]},
            {"member": "periodEnd", "operator": "beforeDate", "values": [end.isoformat()]},
        ]
        time = {"dimension": self.time_dimension, "granularity": self.granularity}
        return {
            "query": {
                "scope": self.scope,
                "filters": [*period, *self.filters],
                "timezone": self.timezone,
                "dimensions": self.dimensions,
                "measures": self.measures,
                "time_dimensions": [time],
            }
        }

    def row(self, answer: Row) -> Row:
        """A row of the answer as the schema wants it; its period may be anything."""
        keys = [name for name in answer if name.partition(".")[0] == self.time_dimension]
        dimensions = {name: answer.get(name) for name in self.dimensions}
        digest = hashlib.sha256(json.dumps(dimensions, sort_keys=True).encode()).hexdigest()
        return {
            "report": self.name,
            "period": answer[keys[0]] if keys else None,
            "dimensions_hash": digest[:16],
            "dimensions": dimensions,
            "measures": {name: answer.get(name) for name in self.measures},
            "granularity": self.granularity,
            "timezone": self.timezone,
        }


def reports_of(config: Mapping[str, Any]) -> list[Report]:
    """What the setting `reports` asks for.

    Raises:
        SettingsError: an entry lacks a field, or has one that does not fit; or two have one name.
    """
    try:
        reports = msgspec.convert(_without_nulls(read(REPORTS, config) or []), list[Report])
    except msgspec.ValidationError as error:
        message = f"The setting 'reports' does not fit: {error}."
        raise SettingsError(message) from error
    for report in reports:
        if not report.name.strip():
            message = "The setting 'reports' has an entry whose name is blank."
            raise SettingsError(message)
        try:
            pendulum.timezone(report.timezone)
        except (OSError, ValueError):
            message = f"The report '{report.name}' names a time zone that does not exist."
            raise SettingsError(message) from None
    names = [report.name for report in reports]
    if len(set(names)) < len(names):
        message = "The setting 'reports' has two entries of the same name."
        raise SettingsError(message)
    return reports


def _without_nulls(entries: list[Any]) -> list[Any]:
    return [
        {name: value for name, value in entry.items() if value is not None}
        if isinstance(entry, dict)
        else entry
        for entry in entries
    ]


class Reports(GorgiasStream):
    """Rows of the configured reports, by period; recent periods are read again every time."""

    name = "reports"
    path = "/api/reporting/stats"
    scope = "statistics:read"
    primary_keys: ClassVar = ["report", "period", "dimensions_hash"]
    replication_key = "period"
    complete = False
    schema = schemas.REPORTS

    @cached_property
    def reports(self) -> list[Report]:
        """What the settings ask for."""
        return reports_of(self.config)

    def bookmark(self) -> Bookmark:
        """Where the last run left off, if it ran these very reports."""
        known = self.stream_state.get("reports") == self._fingerprint
        return super().bookmark() if known else Bookmark()

    def advance(self, bookmark: Bookmark) -> None:
        """Remember which reports the bookmark is about."""
        super().advance(bookmark)
        if bookmark.position:
            self.stream_state["reports"] = self._fingerprint

    @property
    def _fingerprint(self) -> str:
        return hashlib.sha256(msgspec.json.encode(self.reports)).hexdigest()[:16]

    def batches(self) -> Iterator[Batch]:
        """The periods since the bookmark; it moves when all reports are through."""
        window, now = self._tap.window, from_datetime(self._tap.client.clock.now())
        until = min(window.end or now, now)
        known = self.bookmark().position
        since = max(EARLIEST, window.start or earlier(until, timedelta(days=DAYS)))
        if known:
            lookback = window.lookback.get(self.name, LOOKBACK)
            since = max(since, earlier(min(known, now), lookback))
        for report in self.reports if since < until else ():
            for begin, end in _spans(report, _moment(since), _moment(until)):
                for page, _ in read_whole(partial(self._page, report.query(begin, end))):
                    yield Batch(list(self._rows(report, page)), self.bookmark(), 0.0)
        if self.reports:
            yield Batch([], Bookmark(until), 1.0)

    def _rows(self, report: Report, page: Page) -> Iterator[Row]:
        return self.sieve(row if type(row) is not dict else report.row(row) for row in page.rows)

    def _page(self, body: Row, cursor: str | None) -> Page:
        self.requests += 1
        params = {"limit": ROWS, "cursor": cursor}
        read = partial(read_page, f"POST {self.path}")
        return read(
            self._tap.client.request(
                "POST", self.path, params=params, data=body, safe=True, check=read
            )
        )


def _moment(position: str) -> pendulum.DateTime:
    return pendulum.instance(datetime.fromisoformat(position))


def _spans(
    report: Report, since: pendulum.DateTime, until: pendulum.DateTime
) -> Iterator[tuple[pendulum.Date, pendulum.Date]]:
    """Whole periods from `since` to `until`, cut into what one query may ask for."""
    unit = "day" if report.granularity == "hour" else report.granularity
    begin = since.in_timezone(report.timezone).start_of(unit).date()
    last = until.in_timezone(report.timezone).date().add(days=1)
    while begin < last:
        end = begin.add(days=DAYS)
        end = min(last, end if unit == "day" else end.start_of(unit))
        yield begin, end
        begin = end
