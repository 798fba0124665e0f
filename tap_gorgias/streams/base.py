"""What all streams share: from a batch of the walk to Singer messages, and state."""

from __future__ import annotations

import abc
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.singerlib import RecordMessage
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE, REPLICATION_INCREMENTAL

from gorgias_api import SettingsError
from gorgias_api.paging import get_page
from tap_gorgias.bookmarks import Bookmark, read_bookmark, write_bookmark
from tap_gorgias.conform import compile_row
from tap_gorgias.rows import Sieve
from tap_gorgias.schemas import JSON_TEXT
from tap_gorgias.state import FULL_READ
from tap_gorgias.timestamps import from_datetime
from tap_gorgias.walk import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping

    from singer_sdk.helpers.types import Context
    from singer_sdk.mapper import StreamMap
    from singer_sdk.singerlib import Catalog

    from gorgias_api import Page
    from gorgias_api.retry import Retry
    from tap_gorgias.order import Row
    from tap_gorgias.tap import TapGorgias


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
                if stream.is_complete and self._tap.activates:
                    stream._stream_version = self._initialized_at  # noqa: SLF001 - likewise
                elif stream.replication_key and stream.replication_method == REPLICATION_FULL_TABLE:
                    self.logger.warning(
                        "'%s' is read in full, but the loader is not told which rows are gone: %s.",
                        stream.name,
                        "'emit_activate_version_messages' is off"
                        if stream.is_complete
                        else "only a part of them is read, or in an order that may change",
                    )

    def close(self) -> None:
        """After the last row: tell the loader that rows it did not see are gone, if that is so."""
        for stream in self.family():
            if (version := stream._stream_version) is None:  # noqa: SLF001 - a stream like this one
                continue
            if stream.is_certain and not stream.set_aside:
                stream._write_activate_version_message(version)  # noqa: SLF001 - likewise
            else:
                self.logger.warning(
                    "Not every row of '%s' was read for certain, so the loader is not told which "
                    "ones are gone; the next run may tell it.",
                    stream.name,
                )

    complete: ClassVar[bool] = True
    """Whether a run gives all rows there are, whatever is set."""

    @property
    def is_complete(self) -> bool:
        """Whether this run gives all rows there are, so that others are gone."""
        return self.complete

    is_certain = True
    """False once a living row may have been missed."""
    has_answered = False
    """Whether the API has given anything, so that the permission is there."""

    def emit(self, batch: Batch) -> Iterator[Row]:
        """Write the records of a batch and of the streams derived from it; give each record."""
        derived = self.derived()
        for row in map(self.shape, self._dated(filter(self.wants, batch.rows))):
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

    def wants(self, row: Row) -> bool:  # noqa: ARG002 - all of them, unless a stream says otherwise
        """Whether a row is one of this stream's."""
        return True

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

    def _dated(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Rows with the instant at which they were read, where the schema has it."""
        if "read_datetime" not in self.schema["properties"]:
            return iter(rows)
        read = {"read_datetime": from_datetime(self._tap.client.clock.now())}
        return (row | read for row in rows)

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

    def ask(
        self,
        params: Mapping[str, Any],
        cursor: str | None = None,
        ahead: float = 0,
        retry: Retry | None = None,
    ) -> Page:
        """The usable rows of one page of the stream's list."""
        self.requests += 1
        page = get_page(self._tap.client, self.path, params, cursor, ahead, retry)
        self.has_answered = True
        return page._replace(rows=list(self.sieve(page.rows)))

    def sample(self) -> Batch:
        """A few rows, for a test of the connection."""
        return next(iter(self.batches()), Batch([], Bookmark(), 1.0))

    def apply_catalog(self, catalog: Catalog) -> None:
        """Take selection, keys and method from a catalog; the replication key is the stream's own.

        Raises:
            SettingsError: the catalog asks for what the API cannot give.
        """
        keys, key = self.primary_keys, self.replication_key
        super().apply_catalog(catalog)
        asked, self.replication_key = self.replication_key, key
        self.primary_keys = self.primary_keys or keys
        possible = {REPLICATION_FULL_TABLE, *([REPLICATION_INCREMENTAL] if key else [])}
        if self.replication_method not in possible or asked not in (None, key):
            message = (
                f"The catalog wants '{self.name}' replicated as {self.replication_method}"
                f"{f' by {asked!r}' if asked else ''}, but it can only be "
                f"{' or '.join(sorted(possible))}{f' by {key!r}' if key else ''}."
            )
            raise SettingsError(message)

    full_read_begun: str | None = None
    """When this run began to read everything again, if `full_pass_every` asked for it."""

    def bookmark(self) -> Bookmark:
        """Where the last run left off."""
        state = self.stream_state
        if self.replication_method != REPLICATION_INCREMENTAL:
            return Bookmark()
        try:
            return read_bookmark(state)
        except (ValueError, TypeError, AttributeError, KeyError):
            message = f"The state of '{self.name}' holds a bookmark that cannot be read."
            raise SettingsError(message) from None

    def advance(self, bookmark: Bookmark) -> None:
        """Say in the state what is out."""
        if self.full_read_begun:
            self.stream_state[FULL_READ] = self.full_read_begun
        # Rows that change on the way down, or in a list without order, can be missed this time.
        self.is_certain &= not (bookmark.descent or bookmark.unordered)
        if self.replication_method == REPLICATION_INCREMENTAL and self.selected:
            write_bookmark(bookmark, self.replication_key or "", self.stream_state)

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
        self._tap.message_writer.flush()

    def _report(self, field: str, problem: str) -> None:
        self.logger.warning("The field '%s' of '%s' %s.", field, self.name, problem)


class DerivedStream(GorgiasStream):
    """Rows that live inside another stream's rows, and so cost no request of their own."""

    complete = False
    state_partitioning_keys = ()

    @property
    def is_complete(self) -> bool:
        """As the stream it lives on, which is read completely if this one asks for it."""
        window = self._tap.window
        is_full = self.replication_method == REPLICATION_FULL_TABLE
        return is_full and window.start is None and window.end is None

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
