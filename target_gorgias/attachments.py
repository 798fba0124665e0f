"""Files of messages: each local one is uploaded once, then referred to.

https://developers.gorgias.com/reference/upload-file
"""

from __future__ import annotations

import hashlib
import mimetypes
import threading
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from target_gorgias.local_files import UNFIT
from target_gorgias.refusals import Refused
from target_gorgias.said import says_nothing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_gorgias.changes import Change
    from target_gorgias.gateway import Gateway
    from target_gorgias.interruptible import Interruptible
    from target_gorgias.ledger import Ledger
    from target_gorgias.local_files import LocalFiles

KEPT = ("name", "content_type", "size", "public", "extra")
WEB = ("http://", "https://")


class Attachments:
    """Turns what records say of files into what Gorgias takes. Safe to share between threads."""

    def __init__(
        self, gateway: Gateway, ledger: Ledger, files: LocalFiles, aside: Interruptible
    ) -> None:
        self._gateway = gateway
        self._ledger = ledger
        self._files = files
        self._aside = aside
        self._lock = threading.Lock()

    def of(self, change: Change, message: Mapping[str, Any]) -> dict[str, Any]:
        """A message whose local files are uploaded.

        An attachment is the path of a file, an address, or an object with `path` or `url`.

        Raises:
            Refused: a file may not or cannot be read, or an attachment is none of these.
        """
        given = message.get("attachments")
        if not given:
            return dict(message)
        if isinstance(given, str):
            given = [given]
        if not isinstance(given, list):
            message_ = "'attachments' must be a list of files."
            raise Refused(message_)
        return {**message, "attachments": [self._reference(change, each) for each in given]}

    def _reference(self, change: Change, given: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
        item = given if isinstance(given, dict) else _as_object(given)
        kept = {name: item[name] for name in KEPT if item.get(name) is not None}
        url = None if says_nothing(item.get("url")) else _address(item["url"])
        if not says_nothing(item.get("path")):
            return self._uploaded(change, item["path"]) | kept
        if url is None:
            raise _shapeless()
        name = PurePosixPath(urlsplit(url).path).name or "attachment"
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return {"url": url, "name": name, "content_type": kind, **kept}

    def _uploaded(self, change: Change, path: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
        if not isinstance(path, str):
            raise _shapeless()
        if change.route.foreign:
            message = "A row with 'ids: source' comes from another account and names no local file."
            raise Refused(message)
        with self._lock:  # the same file may be wanted twice at once
            file = self._aside.run(partial(self._files.read, path))
            held = hashlib.sha256(file.contents)
            held.update(file.name.encode(errors="replace"))
            digest = held.hexdigest()
            known = self._ledger.file(digest)
            if known is None:
                known = self._aside.run(partial(self._gateway.upload, change, file))
                self._ledger.put_file(digest, known)
            return known


def _as_object(given: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    is_address = isinstance(given, str) and given.strip().lower().startswith(WEB)
    return {"url" if is_address else "path": given}


def _address(given: Any) -> str:  # noqa: ANN401 - any JSON
    """An address as it is. It is never a path: what else it may be, this machine does not open."""
    text = given.strip() if isinstance(given, str) else ""
    try:
        is_address = text.lower().startswith(WEB) and bool(urlsplit(text).hostname)
    except ValueError:
        is_address = False
    if not is_address or UNFIT.search(text):
        message = "The 'url' of an attachment must be an address with http or https."
        raise Refused(message)
    return text


def _shapeless() -> Refused:
    return Refused("An attachment must be the path of a file, or an object with 'path' or 'url'.")
