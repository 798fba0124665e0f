"""The sinks: a record in, a change handed on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk.sinks import RecordSink

from target_gorgias.intake import Stream
from target_gorgias.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from singer_sdk.helpers.types import Context

    from target_gorgias.routes import Route
    from target_gorgias.target import TargetGorgias

Record = dict[str, Any]


class GorgiasSink(RecordSink):
    """Reads the records of one stream.

    Records are checked against what Gorgias takes, not against the schema of their stream: a wrong
    one is refused by itself, where the SDK would end the run.
    """

    def __init__(
        self,
        target: TargetGorgias,
        stream_name: str,
        schema: dict[str, Any],
        key_properties: Sequence[str] | None,
    ) -> None:
        """Refuse a stream that can never work before anything is written.

        Raises:
            UsageError: it stands for no operation, or its schema lacks a column.
        """
        super().__init__(target, stream_name, schema, key_properties)
        self._gorgias = target
        self._seen: dict[Route | None, set[str]] = {}
        self._told = target.columns_told.setdefault(stream_name, set())
        routes = target.rules.routes
        self._stream = Stream.named(routes, stream_name, self.key_properties, self.logger)
        if self._stream is None:
            self.logger.warning("The stream stands for no operation; it is skipped.")
        else:
            self._stream.check(schema["properties"])
            self._warn(schema["properties"])

    def process_record(self, record: Record, context: Context) -> None:  # noqa: ARG002
        """Hand on the change a record asks for.

        Raises:
            GorgiasError: the run cannot go on.
        """
        if self._stream is None:
            self._gorgias.skip()
            return
        try:
            change = self._stream.change(record)
        except Refused as refused:
            self._gorgias.refuse(self._stream.unreadable(record), refused)
            return
        if change is None:
            self._gorgias.leave(self.stream_name)
        else:
            self._warn(record, change.route)
            self._gorgias.take(change)

    def _warn(self, columns: Collection[str], route: Route | None = None) -> None:
        """Say once of each column that it is left out."""
        seen = self._seen.setdefault(route, set())
        if self._stream is None or not (new := set(columns) - seen):
            return
        seen |= new
        left_out = self._stream.left_out(new, route) - self._told
        if left_out:
            self._told |= left_out
            self._stream.warn(left_out)

    def get_validator(self) -> None:
        """None: see the class."""

    def _validate_and_parse(self, record: Record) -> Record:
        return record

    def _singer_validate_message(self, record: Record) -> None:
        """Leave a record without its key to be refused by itself."""

    def _remove_sdc_metadata_from_record(self, record: Record) -> None:
        """Leave them: `_sdc_deleted_at` says that a row is gone."""

    def _remove_sdc_metadata_from_schema(self) -> None:
        """Leave them likewise."""
