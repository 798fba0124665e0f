"""Singer messages on standard output, counted where their bytes are written."""

from __future__ import annotations

import os
import sys
from collections import Counter
from typing import TYPE_CHECKING, Protocol

from singer_sdk.contrib.msgspec import MsgSpecWriter
from singer_sdk.singerlib.encoding.simple import RecordMessage

from gorgias_api import GorgiasError

if TYPE_CHECKING:
    from singer_sdk.singerlib.encoding.simple import Message

PIPEFUL = 1 << 18


class Pipe(Protocol):
    """What lines are written to."""

    def write(self, data: memoryview, /) -> int:
        """Take some of the bytes, and tell how many."""
        ...

    def flush(self) -> None:
        """Pass them on."""
        ...


class LineWriter(MsgSpecWriter):
    """Writes messages as lines. Records wait for a `flush` or for any other message.

    Attributes:
        written: records by the name of their stream on the output, once their bytes are out.
    """

    def __init__(self, output: Pipe | None = None) -> None:
        super().__init__()
        self.written: Counter[str] = Counter()
        self._output = output
        self._lines = bytearray()
        self._waiting: Counter[str] = Counter()

    def write_message(self, message: Message) -> None:
        """Take one message; anything but a record is written at once, after all before it."""
        self._lines += self.format_message(message)
        if isinstance(message, RecordMessage):
            self._waiting[message.stream] += 1
            if len(self._lines) < PIPEFUL:
                return
        self.flush()

    def flush(self) -> None:
        """Write what waits.

        Raises:
            GorgiasError: it cannot be written; the reason is the system's own.
        """
        output = self._output or getattr(sys.stdout, "buffer", None)
        if output is None:
            message = "The output cannot be written (standard output is closed)."
            raise GorgiasError(message)
        rest, self._lines = memoryview(self._lines), bytearray()
        try:
            while rest:
                # A signal makes a write to a full pipe come back with only a part done.
                rest = rest[output.write(rest) :]
            output.flush()
        except BrokenPipeError:
            message = "The loader stopped reading; see its log for why."
        except OSError as error:
            message = f"The output cannot be written ({error.strerror})."
        else:
            self.written += self._waiting
            self._waiting.clear()
            return
        # What is still buffered has nowhere to go; Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise GorgiasError(message)
