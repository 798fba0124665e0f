"""A file on its way in: what a broken try brought is not asked for again."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import IO, TYPE_CHECKING

from gorgias_api.errors import AnswerError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gorgias_api.files import Progress

CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18})")
LENGTH = re.compile(r"[0-9]{1,18}")


class Incoming:
    """Takes the answers of one download into a seekable file, which it empties, try after try.

    After a try that broke off the rest is asked for with a `Range`. It is taken if the server
    answers with exactly that rest of the same file; whoever answers with the whole file, or
    anything else, makes it begin again. What was announced and what came must be equally long.
    The bytes are kept as they came, also where the server says that they are compressed.

    Args:
        into: where they go; it is emptied.
        largest: how many there may be.
        progress: told how many have come, and how many there are.
    """

    def __init__(self, into: IO[bytes], largest: int, progress: Progress | None = None) -> None:
        into.seek(0)
        into.truncate()
        self._into = into
        self._largest = largest
        self._progress = progress
        self._size = 0
        self._total: int | None = None
        self._version: str | None = None

    def headers(self) -> dict[str, str]:
        """What to ask with. No compression: the parts of a file must be parts of its bytes."""
        asked = {"Accept-Encoding": "identity"}
        if self._size and self._total:
            asked["Range"] = f"bytes={self._size}-"
            if self._version:
                asked["If-Range"] = self._version
        return asked

    def receive(self, status: int, headers: Mapping[str, str], chunks: Iterable[bytes]) -> None:
        """Take the body of a success.

        Raises:
            AnswerError: not what was asked for, or not all of it; the next try is told.
            TooLargeError: more than there may be.
        """
        if status != HTTPStatus.PARTIAL_CONTENT:
            self._begin(headers)
        elif not self._continues(headers):
            self._size = 0
            message = "Another part of the file came than was asked for."
            raise AnswerError(message)
        self._check(self._total or 0)
        self._into.seek(self._size)
        self._into.truncate()
        for chunk in chunks:
            self._check(self._size + len(chunk))
            self._into.write(chunk)
            self._size += len(chunk)
            if self._progress:
                self._progress(self._size, self._total)
        if self._total not in (None, self._size):
            came, self._size = self._size, 0
            message = f"{came} bytes of a file came, not the {self._total} that were announced."
            raise AnswerError(message)

    def forget(self) -> bool:
        """Begin again with the next try; tells whether there was anything to forget."""
        had, self._size = self._size, 0
        return bool(had)

    def _check(self, size: int) -> None:
        if size > self._largest:
            message = f"A file has more than the {self._largest} bytes of 'max_download_size'."
            raise TooLargeError(message)

    def _begin(self, headers: Mapping[str, str]) -> None:
        length = headers.get("Content-Length", "")
        self._size = 0
        self._total = int(length) if LENGTH.fullmatch(length) else None
        self._version = _version(headers)

    def _continues(self, headers: Mapping[str, str]) -> bool:
        """Whether a 206 holds the rest of what is there, and of the same version."""
        found = CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))
        same = self._version is None or _version(headers) in (None, self._version)
        rest = (str(self._size), str(self._total))
        return found is not None and found.groups() == rest and same


def _version(headers: Mapping[str, str]) -> str | None:
    """What names this very version of the file; a weak tag does not."""
    tag = headers.get("ETag", headers.get("Last-Modified"))
    return None if tag and tag.startswith("W/") else tag
