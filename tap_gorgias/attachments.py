"""Files of messages, saved to a folder or any other place fsspec knows."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import fsspec
from fsspec.implementations.local import LocalFileSystem

from gorgias_api import (
    AnswerError,
    ApiError,
    RateLimitError,
    SettingsError,
    TransportError,
    UnauthorizedError,
    UsageError,
)
from gorgias_api.atomic import replacing
from gorgias_api.files import file_parts, safe_name
from gorgias_api.places import shown
from gorgias_api.private import make_folder, refuse_link

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable, Iterator

    from gorgias_api import Client

AT_ONCE = 8
IN_MEMORY = 1 << 20
LONGEST_ENDING = 10


def _safe(part: str) -> str:
    """A name any storage takes. What had to be changed keeps a mark of what it was."""
    clean = safe_name(part)
    if clean == part:
        return part
    stem, dot, ending = clean.rpartition(".")
    mark = hashlib.sha256(part.encode()).hexdigest()[:8]
    return f"{stem}-{mark}.{ending}" if dot and len(ending) < LONGEST_ENDING else f"{clean}-{mark}"


class Saver:
    """Saves each file once, under its domain hash and its name, which Gorgias makes unique.

    A file that is there already, from this run or an earlier one, is not asked for again. It gets
    its name when it is complete, so a kill leaves nothing half under it. Until then it has a hidden
    one, which no attachment can have. On this machine only the owner may read files and folders,
    and no link below the place is followed.
    """

    def __init__(self, client: Client, place: str, logger: logging.Logger) -> None:
        self._client = client
        self._logger = logger
        self._base = shown(place.rstrip("/"))
        with self._usable():
            self._files, self._root = fsspec.url_to_fs(place.rstrip("/"))

    @contextmanager
    def _usable(self) -> Iterator[None]:
        """Turn what the place has against it into a sentence.

        Raises:
            SettingsError: it cannot be used; the reason is the system's own.
        """
        try:
            yield
        except (ImportError, OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            message = (
                f"The place {self._base} of the setting 'download_attachments_to' cannot be used "
                f"({why})."
            )
            raise SettingsError(message) from None

    def save(self, urls: Iterable[str]) -> dict[str, str | None]:
        """Save the files at these addresses, several at once.

        Returns:
            Each address with the place of its file, None where the file is not to be had.

        Raises:
            GorgiasError: the API fails in another way; see `gorgias_api.errors`.
        """
        places = {url: self._place(url) for url in urls}
        # Several addresses of one file: one of them is enough.
        wanted = {place: url for url, place in places.items() if place}
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="attachments") as pool:
            saved = dict(zip(wanted, pool.map(self._save, wanted, wanted.values()), strict=True))
        return {url: saved.get(place or "") for url, place in places.items()}

    def _place(self, url: str) -> str | None:
        """Where a file goes, below the base."""
        try:
            return "/".join(_safe(part) for part in file_parts(url))
        except UsageError:
            self._logger.warning("An attachment has an address that names no file; it is left out.")
            return None

    def _save(self, place: str, url: str) -> str | None:
        path = f"{self._root}/{place}"
        with self._usable():
            there = self._exists(path) or self._fetch(url, path)
        return f"{self._base}/{place}" if there else None

    @property
    def _local(self) -> bool:
        return isinstance(self._files, LocalFileSystem)

    def _exists(self, path: str) -> bool:
        if self._local:
            refuse_link(Path(path).parent)
            return Path(path).is_file() and not Path(path).is_symlink()
        return bool(self._files.exists(path))

    def _fetch(self, url: str, path: str) -> bool:
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
            try:
                self._client.download(url, file)
            except (UnauthorizedError, RateLimitError):
                raise
            except (ApiError, AnswerError, TransportError) as error:
                # One file must not keep all others from arriving; the next run tries again.
                self._logger.warning("An attachment is not to be had: %s", error)
                return False
            file.seek(0)
            (_keep if self._local else self._put)(file, path)
        return True

    def _put(self, file: IO[bytes], path: str) -> None:
        folder, _, name = path.rpartition("/")
        part = f"{folder}/.{name}.{secrets.token_hex(8)}.part"
        self._files.makedirs(folder, exist_ok=True)
        with self._files.open(part, "wb") as copy:
            shutil.copyfileobj(file, copy)
        self._files.mv(part, path)


def _keep(file: IO[bytes], path: str) -> None:
    """Copy a file to this machine's disk, for its owner only.

    Raises:
        OSError: its folder cannot be made, or is a link.
        UsageError: it cannot be written.
    """
    place = Path(path)
    make_folder(place.parent)
    refuse_link(place.parent)
    with replacing(place) as copy:
        shutil.copyfileobj(file, copy)
