"""Files that are never there by half."""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

from gorgias_api.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READABLE, PRIVATE = 0o666, 0o600
"""Modes of a new file; the user's umask still takes from them."""


@contextmanager
def replacing(path: Path, mode: int = READABLE) -> Iterator[IO[bytes]]:
    """A file next to `path` that takes its name, and the place of what was there, at the end.

    A kill at any moment leaves the old file or the new one. When the block raises, the new one is
    thrown away; a kill leaves it behind as a hidden `.part`.

    Raises:
        UsageError: it cannot be written; the reason is the system's own.
    """
    if path.is_dir():  # noticed now, not when all is done
        message = f"The file {path} cannot be written (Is a directory)."
        raise UsageError(message)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        message = f"The file {path} cannot be written ({error.strerror})."
        raise UsageError(message) from error
    finally:
        with suppress(OSError):  # it has its name now, or never came to be
            part.unlink()
