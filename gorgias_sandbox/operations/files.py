"""Uploads and downloads (section 8)."""

from __future__ import annotations

import hashlib
from itertools import cycle, islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from gorgias_sandbox.replies import Content, missing
from gorgias_sandbox.world import StoredFile

if TYPE_CHECKING:
    from gorgias_sandbox.call import Call, Handler, Part
    from gorgias_sandbox.dataset import Row
    from gorgias_sandbox.world import World

_FOLDERS = {
    "attachment": "attachments",
    "public_attachment": "public_attachments",
    "profile_picture": "profile_pictures",
    "widget_picture": "widget_pictures",
}


def upload(call: Call) -> list[Row]:
    """`POST /api/upload`: stored under `/{folder}/{domain hash}/{name}-{uuid}.{ext}`."""
    return [_store(call, part) for part in call.body]


def download(call: Call) -> Content:
    """`GET /api/{file_type}/download/{domain_hash}/{resource_name}`.

    The files that seeded messages refer to consist of their own name, repeated to their size.
    """
    path = "/".join(
        ("", *(call.path[name] for name in ("file_type", "domain_hash", "resource_name")))
    )
    stored = call.world.files.get(path) or _seeded(call.world, path)
    if stored is None:
        raise missing()
    return Content(stored.content, stored.media_type)


def _store(call: Call, part: Part) -> Row:
    name = PurePosixPath(part.name)
    domain_hash = hashlib.sha256(call.world.domain.encode()).hexdigest()[:12]
    file_name = f"{name.stem}-{call.world.uuid()}{name.suffix}"
    path = f"/{_FOLDERS[call.query['type']]}/{domain_hash}/{file_name}"
    call.world.files[path] = StoredFile(part.content, part.media_type)
    size = len(part.content)
    return {
        "content_type": part.media_type,
        "name": name.name,
        "size": str(size) if call.options.upload_size_as_string else size,
        "url": f"{call.base}{quote(path)}",
    }


def _seeded(world: World, path: str) -> StoredFile | None:
    for message in world.tables["messages"]:
        for each in message["attachments"] or ():
            if unquote(urlsplit(each["url"]).path) == path:
                content = bytes(islice(cycle(each["name"].encode()), int(each["size"] or 0)))
                return StoredFile(content, each["content_type"])
    return None


HANDLERS: dict[str, Handler] = {"upload-file": upload, "download-file": download}
