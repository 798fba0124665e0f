"""The file of refused rows when it is fed back in: read and written at the same time.

Refused again, a row goes to a file beside it, which takes the place of the first one once every
row was dealt with. Until then the first one stays as it is, so a run that is killed loses nothing;
what it leaves beside it is taken up by the next run, whatever that reads.
"""

from __future__ import annotations

import hashlib
import json
import os
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any, Self

from singer_sdk.singerlib.json import serialize_json

from gorgias_api import GorgiasError
from gorgias_api.private import opened, refuse_link, renamed
from target_gorgias.jsonl import append, begin

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from target_gorgias.refusals import Rejects

PART = 1 << 20
"""Bytes that are copied at a time."""


class Replay:
    """A run with a file of refused rows, which may be what it reads.

    Args:
        rejects: to be told where to write.
        source: what is read.
        keep: leave the file as it is, as a dry run does.
        logger: to say when it cannot be replaced.

    Raises:
        GorgiasError: a file cannot be read or written.
    """

    def __init__(
        self, rejects: Rejects, source: IO[str], *, keep: bool, logger: logging.Logger
    ) -> None:
        self._rejects = rejects
        self._source = source
        self._keep = keep
        self._logger = logger
        self._path = rejects.path.absolute() if rejects.path else None
        self._reads = self._path is not None and _is_of(source, self._path)
        self._done = False
        self.mixed = False
        """Whether the input holds something that is neither refused again nor written."""

    def __enter__(self) -> Self:
        """Take up what a run left that was killed, and keep apart what is read and written."""
        if self._path:
            self._add_beside(self._path)
            if self._reads:
                self._rejects.path = _beside(self._path)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Keep every row of a run that did not come to its end."""
        if self._path and self._reads and not self._done:
            if self._keep:
                _beside(self._path).unlink(missing_ok=True)
            else:
                self._add_beside(self._path)

    def done(self) -> None:
        """Every row was dealt with: leave only those in the file that are still refused."""
        if not self._path or not self._reads or self._keep:
            return
        if self.mixed:
            self._logger.warning(
                "The file %s holds more than refused rows; those of this run are added to it.",
                self._path,
            )
            return
        beside = _beside(self._path)
        if not beside.exists():
            begin(beside)
        try:
            read = os.lseek(self._source.fileno(), 0, os.SEEK_CUR)
            _copy(self._path, beside, read)  # others may have added to it meanwhile
            renamed(beside, self._path)
        except OSError as error:
            raise _unusable(self._path, error) from None
        self._done = True

    def _add_beside(self, path: Path) -> None:
        """Add the rows beside a file to it that are not in it, as they are."""
        beside = _beside(path)
        try:
            refuse_link(beside)
            if not beside.exists():
                return
            there = {_row(line) for line in _lines(path)}
            for line in _lines(beside):
                if _row(line) not in there:
                    append(path, line)
            _flush(path)
            beside.unlink()
        except OSError as error:
            raise _unusable(path, error) from None


def _is_of(source: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(source.fileno()), path.stat())
    except OSError:  # it has no descriptor, or there is no file yet
        return False


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The refused rows in a file; what a kill or a person cut short is none."""
    if not path.exists():
        return
    with os.fdopen(opened(path, os.O_RDONLY), encoding="utf-8") as file:
        for line in file:
            try:
                found = json.loads(line, parse_float=Decimal)
            except (ValueError, RecursionError):
                continue
            if isinstance(found, dict) and "reason" in found:
                yield found


def _row(line: dict[str, Any]) -> bytes:
    """What is the same for the same row, whatever it was refused for."""
    row = [line.get("stream"), line.get("key"), line.get("record")]
    return hashlib.sha256(serialize_json(row, sort_keys=True).encode()).digest()


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")


def _copy(source: Path, into: Path, start: int) -> None:
    """Add what a file holds from some byte on to another one, which is on the disk afterwards."""
    descriptor = opened(into, os.O_RDWR | os.O_APPEND | os.O_CREAT)
    with source.open("rb") as given, os.fdopen(descriptor, "ab") as file:
        given.seek(start)
        while part := given.read(PART):
            file.write(part)
        file.flush()
        os.fsync(descriptor)


def _unusable(path: Path, error: OSError) -> GorgiasError:
    return GorgiasError(f"The file {path} cannot be read and written ({error.strerror}).")
