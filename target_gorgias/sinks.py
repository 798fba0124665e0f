"""The sinks: a record in, a change handed on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk.sinks import RecordSink

from target_gorgias.intake import Stream
from target_gorgias.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk.helpers.types import Context

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
        routes = target.rules.routes
        self._stream = Stream.named(routes, stream_name, self.key_properties, self.logger)
        if self._stream is None:
            self.logger.warning("The stream stands for no operation; it is skipped.")
        else:
            self._stream.check(schema["properties"])

    def process_record(self, record: Record, context: Context) -> None:  # noqa: ARG002
        """Hand on the change a record asks for.

        Raises:
            GorgiasError: the run cannot go on.
        """
        if self._stream is None:
            return
        try:
            change = self._stream.change(record)
        except Refused as refused:
            self._gorgias.refuse(self._stream.unreadable(record), refused)
            return
        if change is None:
            self._gorgias.leave(self.stream_name)
        else:
            self._gorgias.take(change)

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
