"""Files of messages, saved to a folder or any other place fsspec knows."""

from __future__ import annotations

import re
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import fsspec

from gorgias_api import ForbiddenError, NotFoundError, UsageError
from gorgias_api.files import file_parts

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable

    from gorgias_api import Client

AT_ONCE = 8
UNSAFE = re.compile(r"[^\w.@+ -]|^[.\s]+")
IN_MEMORY = 1 << 20


class Saver:
    """Saves each file once, under its domain hash and its name, which Gorgias makes unique.

    A file that is there already, from this run or an earlier one, is not asked for again. It gets
    its name when it is complete, so a kill leaves nothing half under it.
    """

    def __init__(self, client: Client, place: str, logger: logging.Logger) -> None:
        self._client = client
        self._logger = logger
        self._base = place.rstrip("/")
        self._files, self._root = fsspec.url_to_fs(self._base)

    def save(self, urls: Iterable[str]) -> dict[str, str | None]:
        """Save the files at these addresses, several at once.

        Returns:
            Each address with the place of its file, None where the file is not to be had.

        Raises:
            GorgiasError: the API fails in another way; see `gorgias_api.errors`.
        """
        wanted = sorted(set(urls))
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="attachments") as pool:
            return dict(zip(wanted, pool.map(self._save, wanted), strict=True))

    def _save(self, url: str) -> str | None:
        try:
            folder, name = (UNSAFE.sub("_", part) for part in file_parts(url))
        except UsageError:
            self._logger.warning("An attachment has an address that names no file; it is left out.")
            return None
        path = f"{self._root}/{folder}/{name}"
        if self._files.exists(path) or self._fetch(url, path):
            return f"{self._base}/{folder}/{name}"
        return None

    def _fetch(self, url: str, path: str) -> bool:
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
            try:
                self._client.download(url, file)
            except (NotFoundError, ForbiddenError) as error:
                self._logger.warning("An attachment is not to be had: %s", error)
                return False
            file.seek(0)
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
            with self._files.open(f"{path}.part", "wb") as part:
                shutil.copyfileobj(file, part)
        self._files.mv(f"{path}.part", path)
        return True
