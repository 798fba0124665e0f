"""Streams that are read on from where the last run left off."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE, REPLICATION_INCREMENTAL

from gorgias_api.retry import Retry
from tap_gorgias.bookmarks import Bookmark, earliest
from tap_gorgias.rows import Sieve
from tap_gorgias.state import FULL_READ
from tap_gorgias.streams.base import GorgiasStream
from tap_gorgias.timestamps import FIRST, earlier, from_datetime
from tap_gorgias.walk import Batch, Plan, Request, Walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gorgias_api import Page
    from tap_gorgias.order import Row

STARTED = "start_date"
BRIEF = Retry(tries=2)
"""For a cursor of an earlier run, which is not worth waiting for."""


class IncrementalStream(GorgiasStream):
    """A list in the order of its replication key, read by the walk."""

    complete = False
    lookback: ClassVar[timedelta] = timedelta(0)
    ordered: ClassVar[bool] = True
    """Whether the list can be asked for in the order of the replication key."""
    filters: ClassVar[bool] = False
    """Whether the list can be limited by date: only that of events can."""

    @property
    def is_complete(self) -> bool:
        """Only where the catalog asks for everything, and no window leaves something out."""
        window = self._tap.window
        is_full = self.replication_method == REPLICATION_FULL_TABLE
        return is_full and self.ordered and window.start is None and window.end is None

    def open(self) -> None:
        """Announce the family, and remember from where on it is read."""
        super().open()
        if self.selected and self.replication_method == REPLICATION_INCREMENTAL:
            self._remember_window()

    def batches(self) -> Iterator[Batch]:
        """What has changed since the bookmark."""
        window = self._tap.window
        plan = Plan(
            name=self.name,
            key=self.replication_key or "",
            now=self._server_time,
            since=window.start,
            until=window.end,
            lookback=window.lookback.get(self.name, self.lookback),
            filters=self.filters,
            ordered=self.ordered,
            page_size=self._tap.page_size,
        )
        return self._prepared(Walk(self, plan, self._start).batches())

    @cached_property
    def _start(self) -> Bookmark:
        """The bookmark of the stream, or of the derived one furthest back.

        Each derived stream has a bookmark of its own, so that one that is selected later gets
        the rows of the past too.
        """
        start = earliest([stream.bookmark() for stream in self.family() if stream.selected])
        now = self._server_time()
        if self._is_full_pass_due(start, now):
            self.full_read_begun = now
            return Bookmark()
        return start

    def _server_time(self) -> str:
        return from_datetime(self._tap.client.server_now())

    def _remember_window(self) -> None:
        """Keep in the state from where on rows were read; say so if more of them are wanted now."""
        wanted, state = self._tap.window.start, self.stream_state
        if self._start == Bookmark():
            state.pop(STARTED, None)
            if wanted:
                state[STARTED] = wanted
        elif STARTED in state and (wanted or FIRST) < state[STARTED]:
            self.logger.warning(
                "'%s' was read from %s on, and a 'start_date' before that has no effect on a "
                "stream with a state: to get the older rows, run once without the state (with "
                "Meltano, `--full-refresh`).",
                self.name,
                state[STARTED],
            )

    def _is_full_pass_due(self, start: Bookmark, now: str) -> bool:
        every = self._tap.window.full_pass.get(self.name)
        if every is None or start.cursor:
            return False
        last = self.stream_state.get(FULL_READ)
        return last is None or last <= earlier(now, every)

    def _prepared(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        for batch in batches:
            for stream in self.derived():
                stream.prepare(batch.rows)
            yield batch

    @cached_property
    def sieve(self) -> Sieve:
        """A row that was never changed stands where its creation puts it."""
        return Sieve(self.name, self.schema, self.logger, self.replication_key)

    def shape(self, row: Row) -> Row:
        """A row that was never changed is dated by its creation, as the walk places it."""
        if self.replication_key and not row.get(self.replication_key):
            row[self.replication_key] = row.get("created_datetime")
        return row

    def page(self, request: Request) -> Page:
        """One page of the list in the order the walk wants."""
        params: dict[str, Any] = {**self.params, "limit": self._tap.page_size}
        if self.ordered:
            params["order_by"] = f"{self.replication_key}:{request.order}"
        if request.since and request.since > FIRST:
            params[f"{self.replication_key}[gte]"] = request.since
        if request.until:
            params[f"{self.replication_key}[lt]"] = request.until
        return self.ask(params, request.cursor, request.ahead, BRIEF if request.is_old else None)

    def sample(self) -> Batch:
        """The newest rows."""
        page = self.page(Request("desc", None, None, None, 0.0, is_old=False))
        return Batch(page.rows, Bookmark(), 1.0)
