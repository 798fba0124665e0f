"""The account's event feed."""

from __future__ import annotations

from typing import ClassVar

from tap_gorgias import schemas
from tap_gorgias.streams.base import IncrementalStream


class Events(IncrementalStream):
    """Events (https://developers.gorgias.com/reference/list-events)."""

    name = "events"
    path = "/api/events"
    primary_keys: ClassVar = ["id"]
    replication_key = "created_datetime"
    filters = True
    schema = schemas.EVENTS
