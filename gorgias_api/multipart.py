"""Files in a request body, read from disk only while they are sent.

https://developers.gorgias.com/reference/upload-file: `multipart/form-data`, a part per file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from urllib3.fields import RequestField
from urllib3.filepost import choose_boundary

from gorgias_api.errors import UsageError
from gorgias_api.files import unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gorgias_api.files import Progress

CHUNK = 64 * 1024


@dataclass(frozen=True)
class FilePart:
    """A file of a request: the name of its part (for an upload its label), and where it is.

    `file_name` is what the server is told; by default the file's own name. `contents` are sent
    instead of what is on disk.
    """

    name: str
    path: Path | str
    file_name: str | None = None
    contents: bytes | None = None


Paths = str | Path | FilePart | Iterable[str | Path | FilePart]


def labelled(paths: Paths, label: str | None) -> list[FilePart]:
    """One file or several, each under the label or its own name.

    Raises:
        UsageError: there is none.
    """
    given = [paths] if isinstance(paths, str | Path | FilePart) else list(paths)
    if not given:
        message = "There is no file to upload."
        raise UsageError(message)
    return [
        each if isinstance(each, FilePart) else FilePart(label or Path(each).name, each)
        for each in given
    ]


class Multipart:
    """A `multipart/form-data` body. Each iteration opens the files anew, so it can be repeated.

    Raises:
        UsageError: a file cannot be read.
    """

    def __init__(
        self,
        form: Mapping[str, Any],
        files: Iterable[FilePart],
        progress: Progress | None = None,
    ) -> None:
        boundary = choose_boundary()
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._progress = progress
        self._pieces: list[bytes | _Contents] = []
        parts: list[_Part] = [*map(_field, _pairs(form)), *map(_file, files)]
        for head, contents in parts:
            opening = f"--{boundary}\r\n{head.render_headers()}"
            self._pieces += [opening.encode(errors="replace"), contents, b"\r\n"]
        self._pieces.append(f"--{boundary}--\r\n".encode())
        self._size = sum(map(len, self._pieces))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        done = 0
        for piece in self._pieces:
            for chunk in [piece] if isinstance(piece, bytes) else piece:
                yield chunk
                done += len(chunk)
                if self._progress:
                    self._progress(done, self._size)


class _Contents:
    """What a file held when it was first looked at; as many bytes, if it has grown since."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with _opened(path) as file:
                status = os.fstat(file.fileno())
        except OSError as error:
            raise unreadable(path, error) from error
        if not stat.S_ISREG(status.st_mode):
            message = f"The file {path} is no regular file."
            raise UsageError(message)
        self._size = status.st_size

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        left = self._size
        try:
            with _opened(self._path) as file:
                while left:
                    chunk = file.read(min(CHUNK, left))
                    if not chunk:
                        message = f"The file {self._path} became shorter while it was sent."
                        raise UsageError(message)
                    left -= len(chunk)
                    yield chunk
        except OSError as error:
            raise unreadable(self._path, error) from error


def _opened(path: Path) -> BinaryIO:
    """A file to read; one of a kind that has another end is not waited for."""
    flags = getattr(os, "O_NONBLOCK", 0)
    return open(path, "rb", opener=lambda name, mode: os.open(name, mode | flags))


_Part = tuple[RequestField, bytes | _Contents]


def _pairs(form: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in form.items():
        for each in value if isinstance(value, (list, tuple)) else (value,):
            yield name, str(each)


def _field(pair: tuple[str, str]) -> _Part:
    name, text = pair
    return RequestField.from_tuples(name, ""), text.encode()


def _file(part: FilePart) -> _Part:
    path = Path(part.path)
    told = (part.file_name or path.name, b"")
    contents = _Contents(path) if part.contents is None else part.contents
    return RequestField.from_tuples(part.name, told), contents
