"""What `debug_requests` writes down, and what it keeps quiet."""

from __future__ import annotations

import logging
import time
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

from gorgias_api.masking import mask_text, mask_value
from tests.api.conftest import API_KEY, OAUTH
from tests.api.server import Reply, refusal, reply

if TYPE_CHECKING:
    from tests.api.conftest import Connect
    from tests.api.server import Server

BASIC = b64encode(f"{API_KEY['username']}:{API_KEY['api_key']}".encode()).decode()


@pytest.fixture(autouse=True)
def everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


def ours(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "gorgias_api"]


def test_an_exchange_is_one_line_with_all_that_helps(
    connect: Connect, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    said = {"id": 1, "email": "jane@example.com", "name": "Jané"}
    server.replies.append(reply(said, 201, X_Gorgias_Account_Api_Call_Limit="6/40"))
    client = connect(server.url, debug_requests=True)
    client.request("POST", "/api/customers", params={"x": 1}, data={"email": "jane@example.com"})
    assert ours(caplog) == [
        (
            "POST /api/customers?x=1 -> 201 in 0 ms, budget 6/40, "
            'sent {"email": "***@***"}, answered {"id": 1, "email": "***@***", "name": "Jané"}'
        )
    ]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (Reply(204, b""), "nothing"),
        (Reply(200, b"\x89PNG"), "4 bytes"),
        (Reply(200, b"<html>"), "6 bytes"),
    ],
)
def test_a_body_that_is_not_json_is_told_by_its_size(
    connect: Connect, server: Server, caplog: pytest.LogCaptureFixture, said: Reply, told: str
) -> None:
    server.replies.append(said)
    client = connect(server.url, debug_requests=True)
    client.request("DELETE", "/api/tickets/1", response_type="binary")
    assert ours(caplog) == [
        (
            f"DELETE /api/tickets/1 -> {said.status} in 0 ms, budget unknown, sent nothing, "
            f"answered {told}"
        )
    ]


def test_refusals_are_logged_too(
    connect: Connect, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.replies.extend([refusal(429, Retry_After="1"), reply(1)])
    connect(server.url, debug_requests=True).request("GET", "/api/tickets")
    lines = [line for line in ours(caplog) if "->" in line]
    assert [" -> 429 " in line for line in lines] == [True, False]


def test_nothing_is_logged_unless_asked(
    connect: Connect, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    connect(server.url).request("GET", "/api/tickets")
    assert ours(caplog) == []


@pytest.mark.parametrize("debug", [True, False])
def test_no_log_holds_a_key_or_a_person(
    connect: Connect, server: Server, caplog: pytest.LogCaptureFixture, *, debug: bool
) -> None:
    client = connect(server.url, debug_requests=debug)
    person = {"email": "jane@example.com", "note": "write to JANE.DOE+x@mail.example.org"}
    server.replies.extend([refusal(500, "jane@example.com"), reply(person), reply(person)])
    client.request("PUT", "/api/customers/1", params={"email": "jane@example.com"}, data=person)
    client.request("GET", "/api/customers/jane%40example.com", headers={"X-Api-Key": "k"})
    assert caplog.text
    for word in ("jane", "JANE", API_KEY["api_key"], API_KEY["username"], BASIC):
        assert word not in caplog.text


def test_no_log_holds_a_token(
    connect: Connect, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = {"access_token": "acc3ss", "refresh_token": "r3fresh", "expires_in": 3600}
    server.replies.append(reply(tokens))
    connect(server.url, debug_requests=True, **OAUTH).request("GET", "/api/account")
    assert len(ours(caplog)) == 1
    for secret in ("acc3ss", "r3fresh", OAUTH["client_secret"], OAUTH["refresh_token"]):
        assert secret not in caplog.text


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "api_key",
        "apiKey",
        "X-Api-Key",
        "password",
        "access_token",
        "refresh_token",
        "client_secret",
        "hmac_secret",
        "Cookie",
        "code",
    ],
)
def test_values_with_a_secret_s_name_are_hidden_at_any_depth(name: str) -> None:
    body = {"http": {"headers": [{name: "s3cret"}]}, name: {"inner": "s3cret"}}
    assert mask_value(body) == {"http": {"headers": [{name: "***"}]}, name: "***"}


@pytest.mark.parametrize(
    "value", [None, 5, True, 1.5, "text", [], {}, {"api_key": None}, {"next_cursor": "WyJu="}]
)
def test_everything_else_stays_as_it_is(value: Any) -> None:
    assert mask_value(value) == value


@pytest.mark.parametrize(
    "email",
    [
        "jane@example.com",
        "Jane.Doe+shop@mail.example.org",
        "jane%40example.com",
        "jane%2Bshop%40example.com",
        "o'brien@example.com",
        "jane_doe@xn--bcher-kva.example",
        "jane@bücher.example",
        "jane@example.рф",
        "jané@example.com",
    ],
)
def test_no_part_of_an_email_address_is_left(email: str) -> None:
    assert mask_text(f"Write to <{email}>, or not.") == "Write to <***@***>, or not."


def test_what_is_no_email_address_is_left_alone() -> None:
    text = "At 8 @ noon, @jane, #5 and 50%40 of 2@2 from https://acme.example/a?b=c."
    assert mask_text(text) == text


def test_a_long_text_is_masked_in_no_time() -> None:
    started = time.process_time()
    mask_text("x" * 20_000)
    assert time.process_time() - started < 0.5
