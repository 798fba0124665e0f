"""Files of JSON lines that hold what rows hold."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.json import serialize_json

from gorgias_api import GorgiasError
from gorgias_api.private import emptied, opened

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def begin(path: Path) -> None:
    """Empty a file, or make it; only its owner may read it.

    Raises:
        GorgiasError: it cannot be written.
    """
    try:
        os.close(emptied(path))
    except OSError as error:
        raise _unwritable(path, error) from None


def append(path: Path, line: Mapping[str, Any]) -> None:
    """Add a line to a file, which only its owner may read.

    Raises:
        GorgiasError: it cannot be written.
    """
    try:
        descriptor = opened(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        # Half a character, which no file can hold, is spelled out as JSON does.
        with os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace") as file:
            before = "" if _ends_well(descriptor) else "\n"
            file.write(before + serialize_json(line, ensure_ascii=False) + "\n")
    except OSError as error:
        raise _unwritable(path, error) from None


def _ends_well(descriptor: int) -> bool:
    """Whether the next line begins on its own: editors leave files that do not end with one."""
    status = os.fstat(descriptor)
    regular = stat.S_ISREG(status.st_mode)
    return not regular or not status.st_size or os.pread(descriptor, 1, status.st_size - 1) == b"\n"


def _unwritable(path: Path, error: OSError) -> GorgiasError:
    return GorgiasError(f"The file {path} cannot be written ({error.strerror}).")
