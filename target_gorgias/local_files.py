"""Local files that rows may name: regular ones of bounded size, below one place."""

from __future__ import annotations

import os
import posixpath
import re
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

import fsspec
from fsspec.implementations.local import LocalFileSystem

from gorgias_api import SettingsError
from target_gorgias.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LARGEST = 25 * 1024 * 1024
"""Bytes of a file. Mail servers take no more, and Gorgias documents no limit."""
CHUNK = 1024 * 1024
UNFIT = re.compile(r"[\0-\x1f\x7f-\x9f\\]")
"""In a name: control characters, and what stands between folders elsewhere."""
SETTING = "attachments_from"
FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
FILE = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # opening a FIFO would wait for its other end
    | getattr(os, "O_NOCTTY", 0)
)


class LocalFile(NamedTuple):
    """A file as it was at one moment."""

    name: str
    contents: bytes


class LocalFiles:
    """Reads the files that rows name. Safe to share between threads.

    Args:
        place: a folder, or an fsspec URL; None refuses every file.

    Raises:
        SettingsError: the place cannot be used.
    """

    def __init__(self, place: str | None) -> None:
        self._place = _place(place) if place else None

    def read(self, named: str) -> LocalFile:
        """A file by its path, absolute or relative to the place.

        Raises:
            Refused: it may not be read, or cannot be.
        """
        if self._place is None:
            message = (
                f"Local files in 'attachments' are refused until the setting '{SETTING}' names "
                "the folder that they may come from."
            )
            raise Refused(message)
        steps = _steps(self._place.relative(named), named)
        try:
            contents = self._place.read(steps)
        except _UnfitError as unfit:
            raise refused(named, str(unfit)) from None
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise refused(named, f"cannot be read ({why})") from None
        return LocalFile(steps[-1], contents)


class _UnfitError(Exception):
    """A file that is there and may not be used. The text is a clause."""


class _Place(Protocol):
    def relative(self, named: str) -> str | None:
        """What is left of a path below the place; None when it leads elsewhere."""

    def read(self, steps: list[str]) -> bytes:
        """What a file holds.

        Raises:
            _UnfitError: it is no regular file, lies elsewhere or is too large.
            OSError: it cannot be read.
        """


class _Folder:
    """A folder of this machine."""

    def __init__(self, folder: str) -> None:
        if not os.path.isdir(folder) or os.open not in os.supports_dir_fd:  # noqa: PTH112 - no Path
            message = f"The setting '{SETTING}' must be a folder that exists, or an fsspec URL."
            raise SettingsError(message)
        self._root = os.path.realpath(folder)
        self._starts = {os.path.abspath(folder), self._root}  # noqa: PTH100 - without following

    def relative(self, named: str) -> str | None:
        if named.lower().startswith("file:"):
            try:
                parts = urlsplit(named)
            except ValueError:  # not even an address
                return None
            if parts.netloc not in {"", "localhost"}:
                return None
            named = unquote(parts.path)
        return _without(named, self._starts)

    def read(self, steps: list[str]) -> bytes:
        # What is not below the place is never looked at, and no link is followed on opening: a
        # file that is replaced meanwhile leads nowhere else.
        found = os.path.realpath(os.path.join(self._root, *steps))  # noqa: PTH118 - no Path
        inside = Path(os.path.relpath(found, self._root)).parts
        if inside[:1] == (os.pardir,):
            raise _UnfitError(OUTSIDE)
        if not inside:
            raise _UnfitError(IRREGULAR)
        with _opened(self._root, inside) as file:
            status = os.fstat(file)
            if not stat.S_ISREG(status.st_mode):
                raise _UnfitError(IRREGULAR)
            if status.st_size > LARGEST:
                raise _UnfitError(TOO_LARGE)
            with open(file, "rb", closefd=False) as contents:
                return _limited(contents)


class _Storage:
    """Any other place that fsspec knows."""

    def __init__(self, url: str, files: Any, root: str) -> None:  # noqa: ANN401 - without types
        self._files = files
        self._root = root.rstrip("/")
        self._url = url.rstrip("/")

    def relative(self, named: str) -> str | None:
        if "://" in (rest := named.removeprefix(f"{self._url}/")):
            return None
        return _without(rest, set())

    def read(self, steps: list[str]) -> bytes:
        if any(_is_coded(step) for step in steps):
            raise _UnfitError(OUTSIDE)
        path = "/".join((self._root, *steps))
        about = self._files.info(path)
        if about.get("type") != "file":
            raise _UnfitError(IRREGULAR)
        if (about.get("size") or 0) > LARGEST:
            raise _UnfitError(TOO_LARGE)
        with self._files.open(path, "rb") as contents:
            return _limited(contents)


OUTSIDE = f"lies outside of the place in the setting '{SETTING}'"
IRREGULAR = "is no regular file"
TOO_LARGE = f"is larger than {LARGEST // 1024 // 1024} MB"


def refused(named: str, clause: str) -> Refused:
    """The refusal of a row for a file; the log does not get the name, which is the row's."""
    found = Refused(f"The file '{named}' of 'attachments' {clause}.")
    found.logged = f"A file of 'attachments' {clause}."
    return found


def _place(given: str) -> _Place:
    if "://" not in given and "::" not in given:
        return _Folder(os.path.expanduser(given))  # noqa: PTH111 - no Path
    try:
        files, root = fsspec.url_to_fs(given)
    except (ImportError, OSError, ValueError) as error:
        message = f"The setting '{SETTING}' cannot be used ({type(error).__name__})."
        raise SettingsError(message) from None
    if isinstance(files, LocalFileSystem):
        return _Folder(root)
    if "::" in given or given.lower().startswith("http"):
        message = f"The setting '{SETTING}' must be a folder, or the fsspec URL of one storage."
        raise SettingsError(message)
    return _Storage(given, files, root)


def _without(named: str, starts: set[str]) -> str | None:
    """A path without the folder that it starts with; None for one that starts elsewhere."""
    for start in starts:
        if named.startswith(f"{start.rstrip('/')}/"):
            return named.removeprefix(start).lstrip("/")
    return None if named.startswith(("/", "~")) else named


def _steps(path: str | None, named: str) -> list[str]:
    """The steps of a path below a place.

    Raises:
        Refused: it leads out of it.
    """
    if path is None or UNFIT.search(path):
        raise refused(named, OUTSIDE)
    steps = posixpath.normpath(path).split("/")
    if steps[0] in {"", os.pardir}:
        raise refused(named, OUTSIDE)
    if steps == [os.curdir]:
        raise refused(named, IRREGULAR)
    return steps


def _is_coded(step: str) -> bool:
    """Whether a storage that decodes names would be led elsewhere, however often it does so."""
    while (plain := unquote(step)) != step:
        step = plain
        if step in {os.curdir, os.pardir} or "/" in step or UNFIT.search(step):
            return True
    return False


@contextmanager
def _opened(root: str, steps: Sequence[str]) -> Iterator[int]:
    """The descriptor of a file, reached step by step from a folder without following a link."""
    at = os.open(root, FOLDER)
    try:
        for number, step in enumerate(steps, 1):
            inner = os.open(step, FILE if number == len(steps) else FOLDER, dir_fd=at)
            os.close(at)
            at = inner
        yield at
    finally:
        os.close(at)


def _limited(file: Any) -> bytes:  # noqa: ANN401 - any kind of file
    """What a file holds, however much it grows meanwhile."""
    held = bytearray()
    while chunk := file.read(CHUNK):
        held += chunk
        if len(held) > LARGEST:
            raise _UnfitError(TOO_LARGE)
    return bytes(held)
