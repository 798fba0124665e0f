"""Files of messages: each local one is uploaded once, then referred to.

https://developers.gorgias.com/reference/upload-file
"""

from __future__ import annotations

import hashlib
import mimetypes
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from target_gorgias.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_gorgias.changes import Change
    from target_gorgias.gateway import Gateway
    from target_gorgias.ledger import Ledger

KEPT = ("url", "name", "content_type", "size", "public", "extra")


class Attachments:
    """Turns what records say of files into what Gorgias takes. Safe to share between threads."""

    def __init__(self, gateway: Gateway, ledger: Ledger) -> None:
        self._gateway = gateway
        self._ledger = ledger
        self._lock = threading.Lock()

    def of(self, change: Change, message: Mapping[str, Any]) -> dict[str, Any]:
        """A message whose local files are uploaded.

        An attachment is the path of a file, an address, or an object with `path` or `url`.

        Raises:
            Refused: a file cannot be read, or an attachment is none of these.
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
        item = _as_object(given)
        kept = {name: item[name] for name in KEPT if item.get(name) is not None}
        if "path" in item:
            return self._uploaded(change, Path(item["path"])) | kept
        name = Path(urlsplit(item["url"]).path).name or "attachment"
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return {"name": name, "content_type": kind, **kept}

    def _uploaded(self, change: Change, path: Path) -> dict[str, Any]:
        with self._lock:  # the same file may be wanted twice at once
            try:
                with path.open("rb") as file:
                    held = hashlib.file_digest(file, "sha256")
            except (OSError, ValueError) as error:
                why = getattr(error, "strerror", None) or error
                message = f"The file {path} of 'attachments' cannot be read ({why})."
                raise Refused(message) from None
            held.update(path.name.encode())
            digest = held.hexdigest()
            known = self._ledger.file(digest)
            if known is None:
                known = self._gateway.upload(change, path)
                self._ledger.put_file(digest, known)
            return known


def _as_object(given: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    item = given if isinstance(given, dict) else {"path": given}
    place = item.get("path") or item.get("url")
    try:
        parts = urlsplit(place) if isinstance(place, str) else None
    except ValueError:
        parts = None
    if not parts or not place:
        message = "An attachment must be the path of a file, or an object with 'path' or 'url'."
        raise Refused(message)
    if parts.scheme == "file":
        place = unquote(parts.path)
    there = "url" if parts.scheme in {"http", "https"} else "path"
    return {name: item[name] for name in item if name not in {"path", "url"}} | {there: place}
