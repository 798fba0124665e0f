"""Files that are never there by half."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

from gorgias_api.errors import UsageError
from gorgias_api.private import FILE, renamed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file next to `path` that takes its name, and the place of what was there, at the end.

    Only its owner may read it. A link at `path` is replaced, not followed. A kill at any moment
    leaves the old file or the new one. When the block raises, the new one is thrown away; a kill
    leaves it behind as a hidden `.part`.

    Raises:
        UsageError: it cannot be written; the reason is the system's own.
    """
    if path.is_dir():  # noticed now, not when all is done
        message = f"The file {path} cannot be written (Is a directory)."
        raise UsageError(message)
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        # O_EXCL follows no link either.
        with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, FILE), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        renamed(part, path)
    except OSError as error:
        message = f"The file {path} cannot be written ({error.strerror})."
        raise UsageError(message) from error
    finally:
        with suppress(OSError):  # it has its name now, or never came to be
            part.unlink()


def sweep(path: Path) -> None:
    """Remove what kills have left behind of `replacing`. Nobody else may be writing to `path`."""
    ours = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{8,16}}\.part")
    for part in path.parent.iterdir():
        if ours.fullmatch(part.name):
            part.unlink(missing_ok=True)
