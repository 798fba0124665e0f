"""The input, line by line: what is no Singer message is named by its line, never by what it holds.

https://hub.meltano.com/singer/spec
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any, NoReturn

from singer_sdk.singerlib.encoding import SimpleSingerReader

from gorgias_api import GorgiasError

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Mapping

PARTS: Mapping[str, Mapping[str, type]] = {
    "SCHEMA": {"stream": str, "schema": dict},
    "RECORD": {"stream": str, "record": dict},
    "STATE": {"value": object},
    "ACTIVATE_VERSION": {"stream": str},
}
"""What each type of message must have."""
BATCH = "BATCH"
MARK = "\ufeff"
"""The byte-order mark, with which some editors begin a file."""


class InputError(GorgiasError):
    """The input is not what a tap writes."""


class MessageReader(SimpleSingerReader):
    """Reads messages, and refuses lines that are none.

    Raises:
        InputError: which line is wrong, and how.
    """

    def __init__(self) -> None:
        super().__init__()
        self._line = 0

    def process_lines(
        self, file_input: IO[str] | None, callbacks: dict[str, Callable[[dict[str, Any]], None]]
    ) -> Counter[str]:
        """Read every line; see the class."""
        try:
            return super().process_lines(self._messages(file_input), callbacks)
        except UnicodeDecodeError:
            message = f"The input after line {self._line} is not text in UTF-8."
            raise InputError(message) from None

    # It is only ever iterated over.
    def _messages(self, file_input: IO[str] | None) -> Any:  # noqa: ANN401
        """The lines that hold something, counting all of them."""
        for line in file_input or self.default_input:
            self._line += 1
            if text := line.removeprefix(MARK).strip():
                yield text

    def deserialize_json(self, line: str) -> dict[str, Any]:
        """The message in a line; see the class."""
        try:
            message = json.loads(line, parse_float=Decimal)
        except (ValueError, RecursionError):
            self._refuse("is not JSON")
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            self._refuse("has no 'type'")
        kind = message["type"]
        if kind == BATCH:
            message = (
                f"Line {self._line} of the input is a BATCH message, whose files are not read here:"
                " have the tap write RECORD messages, without its setting 'batch_config'."
            )
            raise InputError(message)
        if kind not in PARTS:
            self._refuse(f"is of a type that is none of {', '.join(PARTS)}")
        for part, expected in PARTS[kind].items():
            if part not in message or not isinstance(message[part], expected):
                self._refuse(f"is a {kind} message without a proper '{part}'")
        if kind == "SCHEMA":
            self._check_schema(message)
        return message

    def _check_schema(self, message: dict[str, Any]) -> None:
        keys = message.get("key_properties") or []
        if not isinstance(message["schema"].get("properties"), dict):
            self._refuse("is a SCHEMA message without 'properties'")
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            self._refuse("is a SCHEMA message whose 'key_properties' are no list of names")

    def _refuse(self, clause: str) -> NoReturn:
        message = f"Line {self._line} of the input is no Singer message: it {clause}."
        raise InputError(message)
