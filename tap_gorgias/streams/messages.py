"""Messages."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from tap_gorgias import schemas
from tap_gorgias.streams.base import IncrementalStream


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
