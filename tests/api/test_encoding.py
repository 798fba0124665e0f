"""JSON comes compressed, files do not."""

from __future__ import annotations

import gzip
import io
import logging
import zlib
from typing import TYPE_CHECKING

import pytest

from gorgias_api import GorgiasError, TransportError
from tests.api.server import Reply

if TYPE_CHECKING:
    from gorgias_api import Client
    from tests.api.conftest import Connect
    from tests.api.server import Server

BODY = b'{"data": [{"id": 1}], "meta": {"next_cursor": null}}'
LIMIT = {"X-Gorgias-Account-Api-Call-Limit": "6/40"}
PACKED = {"gzip": gzip.compress(BODY), "deflate": zlib.compress(BODY)}


def packed(encoding: str, body: bytes) -> Reply:
    return Reply(200, body, {"Content-Encoding": encoding, **LIMIT})


def test_json_is_asked_for_compressed_and_everything_else_as_it_is(
    client: Client, server: Server
) -> None:
    client.request("GET", "/api/tickets")
    client.request("POST", "/api/tickets", data={})
    client.request("GET", "/api/x", response_type="text")
    client.request("GET", "/api/x", response_type="binary")
    client.download("/api/attachments/download/h/a.png", io.BytesIO())
    asked = [each.headers["Accept-Encoding"] for each in server.asked]
    assert asked == ["gzip, deflate"] * 2 + ["identity"] * 3


@pytest.mark.parametrize("encoding", PACKED)
def test_a_compressed_answer_is_read_counted_and_logged_like_any_other(
    connect: Connect, server: Server, caplog: pytest.LogCaptureFixture, encoding: str
) -> None:
    caplog.set_level(logging.INFO, "gorgias_api")
    server.replies.append(packed(encoding, PACKED[encoding]))
    client = connect(server.url, debug_requests=True)
    (page,) = client.paginate("/api/tickets")
    assert page.rows == [{"id": 1}]
    assert client.budget.limit == 40
    assert f"answered {BODY.decode()}" in caplog.text
    assert "budget 6/40" in caplog.text


@pytest.mark.parametrize(
    "broken",
    [
        packed("gzip", b"no gzip"),
        packed("gzip", PACKED["gzip"][:20]),
        packed("gzip", PACKED["gzip"][:-12] + b"\0" * 12),
        packed("deflate", PACKED["gzip"]),
        packed("br", BODY[:9]),
    ],
)
def test_a_broken_one_is_asked_for_again_and_told_in_one_sentence(
    connect: Connect, server: Server, broken: Reply
) -> None:
    server.replies.extend([broken, packed("gzip", PACKED["gzip"])])
    client = connect(server.url, max_retries=2)
    assert client.request("GET", "/api/tickets")["data"] == [{"id": 1}]
    server.answer = lambda _: broken
    with pytest.raises(GorgiasError, match=r"^GET /api/tickets [^\n]*\.$"):
        client.request("GET", "/api/tickets")
    assert len(server.asked) == 4


def test_a_broken_answer_to_a_post_leaves_its_outcome_unknown(
    client: Client, server: Server
) -> None:
    server.replies.append(packed("gzip", b"no gzip"))
    with pytest.raises(TransportError) as caught:
        client.request("POST", "/api/tickets", data={})
    assert not caught.value.refused
    assert len(server.asked) == 1
