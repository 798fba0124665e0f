"""How a connection that is kept is used."""

from __future__ import annotations

import socket
import time

import pytest

from gorgias_api import Client
from tests.api.conftest import API_KEY
from tests.api.server import scripted

REQUESTS = 75
DELAY = 0.04
"""Seconds for which Linux keeps an acknowledgement back."""


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="only Linux has the switch")
def test_a_server_that_sends_head_and_body_apart_is_not_kept_waiting() -> None:
    with (
        scripted(keep_alive=True) as server,
        Client.from_settings(API_KEY | {"api_url": f"{server.url}/api"}) as client,
    ):
        began = time.monotonic()
        for _ in range(REQUESTS):
            client.request("GET", "/api/account")
        assert time.monotonic() - began < REQUESTS * DELAY / 3
