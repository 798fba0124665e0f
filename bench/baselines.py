"""What the tap is measured against: a plain loop, and the SDK without our code.

python -m bench.baselines loop|sdk --config=FILE [--catalog=FILE]
"""

from __future__ import annotations

import json
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import requests
from requests.auth import HTTPBasicAuth
from singer_sdk import RESTStream, Tap
from singer_sdk.pagination import JSONPathPaginator

from tap_gorgias.schemas import TICKETS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk.helpers.types import Context

QUERY: dict[str, Any] = {"limit": 100, "order_by": "updated_datetime:asc"}


def loop(config: dict[str, Any]) -> None:
    """Requests and the standard library's JSON, nothing checked."""
    with requests.Session() as session:
        session.auth = (config["username"], config["api_key"])
        cursor = None
        while True:
            query = QUERY | ({"cursor": cursor} if cursor else {})
            page = session.get(f"{config['api_url']}/tickets", params=query, timeout=60).json()
            for row in page["data"]:
                line = {"type": "RECORD", "stream": "tickets", "record": row}
                sys.stdout.write(json.dumps(line) + "\n")
            cursor = page["meta"]["next_cursor"]
            if cursor is None:
                return


class PlainTickets(RESTStream[str]):
    """Tickets as a tap would have them that overrides no more than it must."""

    name = "tickets"
    path = "/tickets"
    primary_keys: ClassVar = ["id"]
    replication_key = "updated_datetime"
    schema = TICKETS
    records_jsonpath = "$.data[*]"

    @property
    def url_base(self) -> str:
        """The API."""
        return str(self.config["api_url"])

    @cached_property
    def authenticator(self) -> HTTPBasicAuth:
        """The API key."""
        return HTTPBasicAuth(self.config["username"], self.config["api_key"])

    def get_new_paginator(self) -> JSONPathPaginator:
        """The cursor, found by a path in the body."""
        return JSONPathPaginator("$.meta.next_cursor")

    def get_url_params(
        self, context: Context | None, next_page_token: str | None
    ) -> dict[str, Any]:
        """The page after the token."""
        del context
        return QUERY | ({"cursor": next_page_token} if next_page_token else {})


class PlainTap(Tap):
    """One stream, and the SDK's own way with it."""

    name = "tap-plain"

    def discover_streams(self) -> Sequence[PlainTickets]:
        """The one stream."""
        return [PlainTickets(self)]


def main(kind: str, config: dict[str, Any]) -> None:
    """Run one of them."""
    if kind == "loop":
        loop(config)
    else:
        PlainTap(config=config).sync_all()


if __name__ == "__main__":
    main(sys.argv[1], json.loads(Path(sys.argv[2].partition("=")[2]).read_text()))
