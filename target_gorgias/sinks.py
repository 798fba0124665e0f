"""The one sink: a record in, a request out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk.sinks import RecordSink

from gorgias_api import UsageError
from target_gorgias.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk.helpers.types import Context

    from target_gorgias.target import TargetGorgias


class GorgiasSink(RecordSink):
    """Writes each record of a stream as soon as it comes."""

    def __init__(
        self,
        target: TargetGorgias,
        stream_name: str,
        schema: dict[str, Any],
        key_properties: Sequence[str] | None,
    ) -> None:
        """Refuse a stream that can never work before anything is written.

        Raises:
            UsageError: the target does not write this stream, or its schema lacks a field.
        """
        super().__init__(target, stream_name, schema, key_properties)
        if stream_name not in OPERATIONS:
            message = (
                f"The stream '{stream_name}' is not one this target writes: "
                f"{', '.join(OPERATIONS)}. Rename it with 'stream_maps'."
            )
            raise UsageError(message)
        self._gorgias = target
        self._operation = OPERATIONS[stream_name]
        missing = set(self._operation.fields) - set(schema["properties"])
        if missing:
            message = f"The stream '{stream_name}' lacks the field '{min(missing)}'."
            raise UsageError(message)

    def process_record(self, record: dict[str, Any], context: Context) -> None:  # noqa: ARG002
        """Send the request a record stands for.

        Raises:
            UsageError: the record lacks a value, or its value is not JSON.
            ApiError: Gorgias refused it.
        """
        operation = self._operation
        key = {name: record.get(name) for name in self.key_properties}
        missing = [name for name in operation.fields if record.get(name) is None]
        if missing:
            message = f"A record of '{self.stream_name}' ({key}) has no '{missing[0]}'."
            raise UsageError(message)
        try:
            body = operation.body(record)
        except ValueError as error:
            message = f"A record of '{self.stream_name}' ({key}) has a value that is not JSON."
            raise UsageError(message) from error
        path = operation.path.format_map(record)
        # Every operation here may be repeated: see `target_gorgias.operations`.
        self._gorgias.client.request(operation.method, path, data=body, safe=True)
        self._gorgias.written[self.stream_name] += 1
