"""Messages, and the attachments in their rows."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from gorgias_api.settings import read
from tap_gorgias import schemas
from tap_gorgias.attachments import Saver
from tap_gorgias.settings import DOWNLOAD
from tap_gorgias.streams.base import DerivedStream
from tap_gorgias.streams.incremental import IncrementalStream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_gorgias.order import Row


class Messages(IncrementalStream):
    """Messages of all tickets (https://developers.gorgias.com/reference/list-messages).

    Delivery, failure, opening and intents are written into a message after its creation and no
    date tells. Most of it happens within the day.
    """

    name = "messages"
    path = "/api/messages"
    scope = "tickets:read"
    primary_keys: ClassVar = ["id"]
    replication_key = "created_datetime"
    lookback = timedelta(days=1)
    schema = schemas.MESSAGES


class Attachments(DerivedStream):
    """Files of messages, one row each, and where they were saved, if they are."""

    name = "attachments"
    primary_keys: ClassVar = ["message_id", "position"]
    replication_key = "message_created_datetime"
    parent_stream_type = Messages
    schema = schemas.ATTACHMENTS

    @cached_property
    def _saver(self) -> Saver | None:
        place = read(DOWNLOAD, self.config)
        return Saver(self._tap.client, place, self.logger) if place else None

    @cached_property
    def _places(self) -> dict[int, dict[str, str | None]]:
        """Where the files of a message were saved, until its rows are written."""
        return {}

    def prepare(self, rows: list[Row]) -> None:
        """Save the files of a page of messages."""
        if self._saver is None:
            return
        urls = {row["id"]: list(_urls(row)) for row in rows}
        places = self._saver.save([url for some in urls.values() for url in some])
        for message, some in urls.items():
            self._places[message] = {url: places[url] for url in some}

    def rows(self, parent: Row) -> Iterator[Row]:
        """One row per attachment."""
        places = self._places.pop(parent["id"], {})
        for position, file in self.sieve.objects(parent, "attachments"):
            url = file.get("url")
            yield {
                **file,
                "message_id": parent["id"],
                "position": position,
                "ticket_id": parent.get("ticket_id"),
                "location": places.get(url) if isinstance(url, str) else None,
                "message_created_datetime": parent["created_datetime"],
                "read_datetime": parent["read_datetime"],
            }


def _urls(row: Row) -> Iterator[str]:
    """The addresses of a message's files that are addresses."""
    files = row.get("attachments")
    for file in files if isinstance(files, list) else []:
        if isinstance(file, dict) and isinstance(file.get("url"), str):
            yield file["url"]
