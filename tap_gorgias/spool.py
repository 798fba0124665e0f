"""Pages that wait: the first few in memory, the rest in a file that the system deletes."""

from __future__ import annotations

import pickle
import tempfile
from collections import deque
from typing import IO, Generic, TypeVar

Item = TypeVar("Item")


class Spool(Generic[Item]):
    """A double-ended queue whose memory stays bounded, however much waits in it.

    The oldest `in_memory` items are kept as they are, later ones in an unnamed temporary file,
    if one can be written.
    Not for use by several threads at once.
    """

    def __init__(self, in_memory: int) -> None:
        self._in_memory = in_memory
        self._near: deque[Item] = deque()
        self._far: deque[tuple[int, int]] = deque()
        self._file: IO[bytes] | None = None

    def __len__(self) -> int:
        return len(self._near) + len(self._far)

    def append(self, item: Item) -> bool:
        """Add an item at the young end.

        Returns:
            Whether there was room; without it (a full or read-only disk), nothing has changed.
        """
        if len(self._near) < self._in_memory and not self._far:
            self._near.append(item)
            return True
        data = pickle.dumps(item, pickle.HIGHEST_PROTOCOL)
        start = self._far[-1][0] + self._far[-1][1] if self._far else 0
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed by `close`
            self._file.seek(start)
            if self._file.write(data) < len(data):
                return False
        except OSError:
            return False
        self._far.append((start, len(data)))
        return True

    def pop_oldest(self) -> Item:
        """Take the item that has waited longest.

        Raises:
            IndexError: nothing waits.
        """
        return self._near.popleft() if self._near else self._read(self._far.popleft())

    def pop_newest(self) -> Item:
        """Take the item that was added last.

        Raises:
            IndexError: nothing waits.
        """
        return self._read(self._far.pop()) if self._far else self._near.pop()

    def close(self) -> None:
        """Forget everything."""
        self._near.clear()
        self._far.clear()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _read(self, place: tuple[int, int]) -> Item:
        start, length = place
        if self._file is None:
            message = "The spool is closed."
            raise ValueError(message)
        self._file.seek(start)
        item: Item = pickle.loads(self._file.read(length))  # noqa: S301 - our own, unnamed file
        return item
