"""Addresses and names of files: https://developers.gorgias.com/reference/download-file."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from gorgias_api.errors import UsageError

Progress = Callable[[int, int | None], None]
"""Told the bytes done so far, and how many there are where that is known."""

FILE_TYPE = "attachments"
NAMELESS = "file"
LONGEST, LONGEST_ENDING = 200, 20
"""Bytes of a name: file systems take 255, and a name for the time being needs some."""
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
SIZE = re.compile(r"[0-9]{1,18}")
INVISIBLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})


def file_parts(url: str) -> tuple[str, str]:
    """The domain hash and the resource name in the address of a file, percent-decoded.

    Raises:
        UsageError: the address has no two last parts, or they could lead elsewhere.
    """
    *_, domain_hash, name = _steps(url)
    return domain_hash, name


def download_path(url: str) -> str:
    """The path of the API under which the file at `url` is to be had.

    `url` may also be such a path, or `{file_type}/{domain_hash}/{resource_name}`.
    """
    match _steps(url):
        case [file_type, domain_hash, name] | ["api", file_type, "download", domain_hash, name]:
            steps = (file_type, "download", domain_hash, name)
        case [*_, domain_hash, name]:
            steps = (FILE_TYPE, "download", domain_hash, name)
    return "/".join(("/api", *(quote(step, safe="") for step in steps)))


def safe_name(name: str) -> str:
    """The last part of `name` as a file name any system takes, in its own script.

    No folder, nothing hidden, nothing invisible, no name of a device, no ending lost by length.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1].strip()
    clean = "".join(
        "_" if char in '<>:"|?*' or unicodedata.category(char) in INVISIBLE else char
        for char in last
    )
    clean = re.sub(r"^[.\s]+|(?<![.\s])[.\s]+$", "", clean)
    if DEVICES.match(clean):
        clean = f"_{clean}"
    ending = PurePosixPath(clean).suffix
    if len(ending.encode()) > LONGEST_ENDING:
        ending = ""
    stem = clean.removesuffix(ending)
    room = LONGEST - len(ending.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ") + ending or NAMELESS


def destination(place: str | Path, name: str, *, overwrite: bool) -> Path:
    """The file that `place` means: itself, or in a folder the one of that name, made safe.

    Raises:
        UsageError: it is there already, or ends in a slash and is no folder.
    """
    path = Path(place)
    if path.is_dir():
        path /= safe_name(name)
    elif str(place).endswith(("/", os.sep)):
        message = f"There is no folder {place}."
        raise UsageError(message)
    if path.is_dir() or (os.path.lexists(path) and not overwrite):
        message = f"There is already a {path}; it was not overwritten."
        raise UsageError(message)
    return path


def with_size(file: dict[str, Any]) -> dict[str, Any]:
    """An uploaded file as the API answers it, its size a number also where it was a text."""
    size = file.get("size")
    if isinstance(size, str) and SIZE.fullmatch(size):
        return {**file, "size": int(size)}
    return file


def unreadable(path: Path, error: OSError) -> UsageError:
    """The sentence for a file that cannot be read."""
    return UsageError(f"The file {path} cannot be read ({error.strerror}).")


def _steps(url: str) -> list[str]:
    with suppress(ValueError):  # not even an address, or text that no file system has
        url.encode()
        parts = urlsplit(url)
        _ = parts.port  # none: a password with a slash, whose rest would be taken for the path
        steps = [unquote(step) for step in parts.path.split("/") if step]
        if len(steps) > 1 and all(map(_is_plain, steps)):
            return steps
    message = "The address of the file does not end in a domain hash and a name."
    raise UsageError(message)


def _is_plain(part: str) -> bool:
    return bool(part.strip(". ")) and not {"/", "\\", "\0"} & set(part)
