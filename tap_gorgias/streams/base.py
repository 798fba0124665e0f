"""What all streams share: from a batch of the walk to Singer messages, and state."""

from __future__ import annotations

import abc
from datetime import timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.singerlib import RecordMessage
from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL

from gorgias_api import SettingsError
from gorgias_api.paging import get_page
from tap_gorgias.conform import compile_row
from tap_gorgias.rows import Sieve
from tap_gorgias.schemas import JSON_TEXT
from tap_gorgias.settings import ACTIVATE
from tap_gorgias.timestamps import FIRST, canonical, earlier, from_datetime
from tap_gorgias.walk import Batch, Bookmark, Plan, Walk, insist

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from singer_sdk.helpers.types import Context
    from singer_sdk.mapper import StreamMap

    from gorgias_api import Page
    from tap_gorgias.tap import TapGorgias
    from tap_gorgias.walk import Request, Row

CURSOR = "backfill_cursor"
FULL_READ = "full_read_datetime"


class GorgiasStream(Stream):
    """A stream whose records come in batches.

    `batches` runs in a thread of its own and only fetches; `emit` runs in the main thread.
    """

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE  # `conform` does it, once
    path: ClassVar[str]
    scope: ClassVar[str]
    """What an OAuth2 token needs: https://developers.gorgias.com/docs/oauth2-scopes."""
    params: ClassVar[Mapping[str, Any]] = {}
    _tap: TapGorgias

    @abc.abstractmethod
    def batches(self) -> Iterator[Batch]:
        """Everything there is to read, a page at a time."""

    def open(self) -> None:
        """Announce this stream and the ones derived from it."""
        for stream in self.family():
            if stream.selected:
                stream._write_schema_message()  # noqa: SLF001 - a stream like this one
                # The SDK adds a missing entry when it is first read, which must not happen in
                # another thread while the state is being written.
                stream.bookmark()
        wanted = self.config.get(ACTIVATE.name, ACTIVATE.default)
        if self.selected and self.complete and wanted:
            self._stream_version = self._initialized_at

    def close(self) -> None:
        """After the last row: tell the loader that rows it did not see are gone."""
        # A row that was set aside is not gone.
        if self._stream_version is not None and not self.set_aside:
            self._write_activate_version_message(self._stream_version)

    complete: ClassVar[bool] = True
    """Whether a run gives all rows there are, whatever is set, so that others are gone."""

    def emit(self, batch: Batch) -> Iterator[Row]:
        """Write the records of a batch and of the streams derived from it; give each record."""
        derived = self.derived()
        for row in map(self.shape, self._dated(batch.rows)):
            for inner in derived:
                inner.follow(row)
            if not self.selected:
                continue
            record = self.conform(row)
            self._write_record_message(record)
            self.records += 1
            yield record
        for stream in self.family():
            stream.advance(batch.bookmark)

    @cached_property
    def stream_maps(self) -> list[StreamMap]:
        """What becomes of the records; one map at least."""
        return self._tap.maps.of(self)

    def _generate_record_messages(self, record: Row) -> Generator[RecordMessage, None, None]:
        """As the SDK does it, less what `conform` has done: dropping and converting fields."""
        for stream_map in self.stream_maps:
            mapped = stream_map.transform(record)
            if mapped is not None:
                yield RecordMessage(
                    stream=stream_map.stream_alias,
                    record=mapped,
                    version=self._stream_version,
                    time_extracted=self._tap.client.clock.now(),
                )

    def shape(self, row: Row) -> Row:
        """The row as the schema names it, before types are seen to."""
        return row

    def derived(self) -> list[DerivedStream]:
        """The selected streams that live on this one's rows."""
        return [
            stream
            for stream in self.child_streams
            if isinstance(stream, DerivedStream) and stream.selected
        ]

    def family(self) -> list[GorgiasStream]:
        """This stream and the selected ones derived from it."""
        return [self, *self.derived()]

    def _dated(self, rows: list[Row]) -> list[Row]:
        """Rows with the instant at which they were read, where the schema has it."""
        if "read_datetime" in self.schema["properties"]:
            read = from_datetime(self._tap.client.clock.now())
            for row in rows:
                row["read_datetime"] = read
        return rows

    @cached_property
    def records(self) -> int:
        """How many records this run has written."""
        return 0

    @cached_property
    def requests(self) -> int:
        """How many requests this run has sent for the stream."""
        return 0

    @property
    def set_aside(self) -> int:
        """How many rows this run could make no record of."""
        return self.sieve.set_aside

    @cached_property
    def sieve(self) -> Sieve:
        """Lets pass what a record can be made of."""
        return Sieve(self.name, self.schema, self.logger)

    def ask(self, params: Mapping[str, Any], cursor: str | None = None, ahead: float = 0) -> Page:
        """The usable rows of one page of the stream's list."""
        self.requests += 1
        page = get_page(self._tap.client, self.path, params, cursor, ahead)
        return page._replace(rows=list(self.sieve(page.rows)))

    full_read_begun: str | None = None
    """When this run began to read everything again, if `full_pass_every` asked for it."""

    def bookmark(self) -> Bookmark:
        """Where the last run left off."""
        if self.replication_method != REPLICATION_INCREMENTAL:
            return Bookmark()
        state = self.stream_state
        position = state.get("replication_key_value")
        try:
            return Bookmark(position and canonical(position), state.get(CURSOR))
        except (ValueError, AttributeError):
            message = f"The state of '{self.name}' holds a bookmark that is no datetime."
            raise SettingsError(message) from None

    def advance(self, bookmark: Bookmark) -> None:
        """Say in the state what is out."""
        if self.full_read_begun:
            self.stream_state[FULL_READ] = self.full_read_begun
        if self.replication_method != REPLICATION_INCREMENTAL or not self.selected:
            return
        state = self.stream_state
        if bookmark.position:
            state["replication_key"] = self.replication_key
            state["replication_key_value"] = bookmark.position
        state.pop(CURSOR, None)
        if bookmark.cursor:
            state[CURSOR] = bookmark.cursor

    @cached_property
    def conform(self) -> Callable[[Mapping[str, Any]], Row]:
        """Turns a row into a record of the schema, without what is not selected."""
        mask = self.mask

        def is_selected(path: tuple[str, ...]) -> bool:
            return mask[tuple(part for name in path for part in ("properties", name))]

        texts = JSON_TEXT.get(self.name, frozenset())
        return compile_row(self.effective_schema, self._report, is_selected, texts)

    def get_records(self, context: Context | None) -> Iterator[Row]:  # noqa: ARG002 - no partitions
        """The rows as the API gives them."""
        for batch in self.batches():
            yield from batch.rows

    def _sync_records(
        self,
        context: Context | None = None,
        *,
        write_messages: bool = True,
    ) -> Generator[Row, Any, Any]:
        """One stream by itself, as the SDK's connection test runs it."""
        del context, write_messages
        for stream in self.derived():
            stream._write_schema_message()  # noqa: SLF001 - a stream like this one
        for batch in self.batches():
            for record in self.emit(batch):
                self._check_max_record_limit(current_record_index=self.records - 1)
                yield record
        self._write_state_message()

    def _report(self, field: str, problem: str) -> None:
        self.logger.warning("The field '%s' of '%s' %s.", field, self.name, problem)


class IncrementalStream(GorgiasStream):
    """A list in the order of its replication key, read by the walk."""

    complete = False
    lookback: ClassVar[timedelta] = timedelta(0)
    ordered: ClassVar[bool] = True
    """Whether the list can be asked for in the order of the replication key."""
    filters: ClassVar[bool] = False
    """Whether the list can be limited by date: only that of events can."""

    def batches(self) -> Iterator[Batch]:
        """What has changed since the bookmark of the stream, or of the derived one furthest back.

        Each derived stream has a bookmark of its own, so that one that is selected later gets
        the rows of the past too.
        """
        start = min(
            (stream.bookmark() for stream in self.family() if stream.selected),
            key=lambda mark: (mark.position or "", mark.cursor is None),
        )
        window = self._tap.window
        now = from_datetime(self._tap.client.clock.now())
        if self._is_full_pass_due(start, now):
            self.full_read_begun = now
            start = Bookmark()
        plan = Plan(
            key=self.replication_key or "",
            now=now,
            since=window.start,
            until=window.end,
            lookback=window.lookback.get(self.name, self.lookback),
            filters=self.filters,
            ordered=self.ordered,
        )
        return self._prepared(Walk(self, plan, start).batches())

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
        return self.ask(params, request.cursor, request.ahead)


class FullStream(GorgiasStream):
    """A list that is read completely every time. `variants` are parameters to read it with."""

    variants: ClassVar[tuple[Mapping[str, Any], ...]] = ({},)
    paged: ClassVar[bool] = True

    def batches(self) -> Iterator[Batch]:
        """Every row."""
        size = {"limit": self._tap.page_size} if self.paged else {}
        for variant in self.variants:
            params = {**self.params, **variant, **size}
            for page, _ in insist(partial(self.ask, params)):
                yield Batch(page.rows, Bookmark(), 0.0)


class ObjectStream(GorgiasStream):
    """One object."""

    def batches(self) -> Iterator[Batch]:
        """The object, as the only row."""
        self.requests += 1
        answer = self._tap.client.request("GET", self.path)
        yield Batch(list(self.sieve([answer])), Bookmark(), 1.0)


class DerivedStream(GorgiasStream):
    """Rows that live inside another stream's rows, and so cost no request of their own."""

    complete = False
    state_partitioning_keys = ()

    def prepare(self, rows: list[Row]) -> None:
        """Fetch what else is needed for rows of the parent; runs in the parent's thread."""

    @abc.abstractmethod
    def rows(self, parent: Row) -> Iterator[Row]:
        """The rows inside a row of the parent, usable or not."""

    def follow(self, parent: Row) -> None:
        """Write the records inside a row of the parent."""
        for row in self.sieve(self.rows(parent)):
            self._write_record_message(self.conform(row))
            self.records += 1

    def batches(self) -> Iterator[Batch]:
        """Nothing of its own: `follow` is called for every row of the parent."""
        return iter(())
