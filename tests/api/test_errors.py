"""Every way in which an answer can be a refusal, and what the error then says and keeps quiet."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest

from gorgias_api import (
    AnswerError,
    ApiError,
    BadRequestError,
    Client,
    ConflictError,
    ForbiddenError,
    GorgiasError,
    MovedError,
    NotFoundError,
    RateLimitError,
    ServerError,
    TransportError,
    UnauthorizedError,
    UsageError,
)
from tests.api.conftest import API_KEY
from tests.api.server import Reply, refusal, reply

if TYPE_CHECKING:
    from gorgias_sandbox.serve import Sandbox
    from tests.api.conftest import Connect
    from tests.api.server import Server


PRIVATE = {"email": "jane@example.com", "q": "secret-word"}
PERSON = "/api/customers/jane@example.com"


def failure(
    client: Client, path: str = "/api/tickets/1", method: str = "GET", **params: str
) -> GorgiasError:
    with pytest.raises(GorgiasError) as caught:
        client.request(method, path, params=params)
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, MovedError),
        (400, BadRequestError),
        (401, UnauthorizedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (405, BadRequestError),
        (409, ConflictError),
        (413, BadRequestError),
        (422, BadRequestError),
        (429, RateLimitError),
        (500, ServerError),
        (503, ServerError),
    ],
)
def test_each_status_is_one_kind_of_error(
    connect: Connect, server: Server, status: int, kind: type[ApiError]
) -> None:
    server.answer = lambda _: refusal(status, "No such luck.")
    error = failure(connect(server.url, max_retries=1))
    assert type(error) is kind
    assert isinstance(error, ApiError)
    assert error.status == status
    assert str(error).startswith(f"GET /api/tickets/1 was answered {status}.")
    assert error.in_full.startswith(f"GET /api/tickets/1 was answered {status}: No such luck.")


def test_a_400_names_every_wrong_field_in_one_sentence(client: Client, server: Server) -> None:
    data = {
        "sender": ["Missing data for required field."],
        "messages": [{"channel": ["Not a valid choice."]}, {"source": {"to": ["Too short."]}}],
        "tags": {"0": {"name": ["One.", "Two."]}},
        "status": "Unknown.",
    }
    said = {"error": {"msg": "Failed to create ticket.", "data": data}}
    server.replies.append(reply(said, 400, X_Request_Id="r-1"))
    error = failure(client)
    assert str(error) == (
        "GET /api/tickets/1 was answered 400 (fields sender, messages.0.channel, "
        "messages.1.source.to, tags.0.name, status) [request r-1]."
    )
    assert error.in_full == (
        "GET /api/tickets/1 was answered 400: Failed to create ticket (sender: Missing data for "
        "required field.; messages.0.channel: Not a valid choice.; messages.1.source.to: Too "
        "short.; tags.0.name: One. Two.; status: Unknown.) [request r-1]."
    )
    assert isinstance(error, ApiError)
    assert error.refusal.fields == data


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad gateway</html>",
        b'"No."',
        b"[]",
        b"null",
        b'{"error": "No."}',
        b'{"error": null}',
        b'{"detail": "No."}',
        b"\xff\xfe",
    ],
)
def test_a_refusal_in_no_known_shape_is_still_one_sentence(
    client: Client, server: Server, body: bytes
) -> None:
    server.replies.append(Reply(400, body))
    assert str(failure(client)) == "GET /api/tickets/1 was answered 400."


def test_field_errors_that_are_no_object_are_told_too(client: Client, server: Server) -> None:
    server.replies.append(reply({"error": {"msg": "Bad", "data": ["One.", "Two."]}}, 400))
    error = failure(client)
    assert str(error) == "GET /api/tickets/1 was answered 400 (field data)."
    assert error.in_full == "GET /api/tickets/1 was answered 400: Bad (data: One. Two.)."


def test_wrong_credentials_are_one_sentence_that_says_what_to_do(sandbox: Sandbox) -> None:
    with Client.from_settings({"api_url": sandbox.api_url} | API_KEY) as client:
        error = failure(client, "/api/account")
    assert isinstance(error, UnauthorizedError)
    assert str(error).endswith("Check the credentials.")
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize(
    ("message", "scope"),
    [
        ("You do not have enough permissions. Missing scope: write:all.", "write:all"),
        ("Missing scope: satisfaction_survey:read.", "satisfaction_survey:read"),
        ("Messaging quota exceeded.", None),
    ],
)
def test_a_403_names_the_missing_scope_where_there_is_one(
    client: Client, server: Server, message: str, scope: str | None
) -> None:
    server.replies.append(refusal(403, message))
    error = failure(client)
    assert isinstance(error, ForbiddenError)
    assert error.missing_scope == scope


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
def test_a_redirect_is_not_followed_and_tells_into_which_customer_one_was_merged(
    client: Client, server: Server, method: str
) -> None:
    server.replies.append(Reply(301, b"", {"Location": f"{server.url}/api/customers/77"}))
    error = failure(client, "/api/customers/5", method)
    assert isinstance(error, MovedError)
    assert error.target_id == 77
    assert len(server.asked) == 1


@pytest.mark.parametrize("headers", [{}, {"Location": "https://login.example.com/"}])
def test_a_redirect_to_nowhere_known_has_no_target(
    client: Client, server: Server, headers: dict[str, str]
) -> None:
    server.replies.append(Reply(301, b"", headers))
    error = failure(client)
    assert isinstance(error, MovedError)
    assert error.target_id is None


def test_the_sandbox_answers_for_a_missing_ticket_with_a_404(
    connect: Connect, sandbox: Sandbox
) -> None:
    client = connect(sandbox.url, username=sandbox.email, api_key=sandbox.api_key)
    assert isinstance(failure(client, "/api/tickets/1"), NotFoundError)


@pytest.mark.parametrize("end", ["", "/", "/v1"])
def test_an_address_without_api_at_its_end_is_told_what_it_lacks(
    connect: Connect, sandbox: Sandbox, end: str
) -> None:
    url = f"{sandbox.url}{end}"
    client = connect(sandbox.url, api_url=url, username=sandbox.email, api_key=sandbox.api_key)
    right = f"{url.rstrip('/')}/api"
    assert str(failure(client)).endswith(
        f"was answered 404; the setting 'api_url' probably lacks its end: write '{right}'."
    )


@pytest.mark.parametrize(("end", "said"), [("", "Resource not found."), ("/api", "")])
def test_what_the_api_itself_did_not_find_is_no_fault_of_the_address(
    connect: Connect, server: Server, end: str, said: str
) -> None:
    server.replies.append(refusal(404, said))
    assert "api_url" not in str(failure(connect(server.url, api_url=f"{server.url}{end}")))


@pytest.mark.parametrize(
    "said", [Reply(lost=True), Reply(200, b"{}", length=10), Reply(silent=True)]
)
def test_without_a_whole_answer_the_outcome_is_unknown(
    connect: Connect, server: Server, said: Reply
) -> None:
    server.replies.append(said)
    error = failure(connect(server.url, max_retries=1, request_timeout=0.05))
    assert isinstance(error, TransportError)
    assert not error.refused
    assert str(error).startswith("GET /api/tickets/1 got no complete answer (")


def test_a_server_that_is_not_there_has_not_seen_the_request(
    connect: Connect, unused_url: str
) -> None:
    error = failure(connect(unused_url, max_retries=1))
    assert isinstance(error, TransportError)
    assert error.refused
    assert str(error) == (
        "GET /api/tickets/1 could not be sent: no connection to 127.0.0.1 (Connection refused); "
        "check 'domain', 'api_url' and the network."
    )


@pytest.mark.parametrize("body", [b"<html>Please log in</html>", b'{"data": [{"id"', b""])
def test_a_success_that_is_not_json_is_an_answer_error(
    connect: Connect, server: Server, body: bytes
) -> None:
    server.replies.append(Reply(200, body, {"Content-Type": "text/html"}))
    error = failure(connect(server.url, max_retries=1))
    assert isinstance(error, AnswerError)
    assert str(error) == (
        f"GET /api/tickets/1 was answered 200 with {len(body)} bytes of text/html that are not "
        "JSON."
    )


def every_reply() -> list[Reply]:
    leak = "jane@example.com and JANE+x@mail.example.org were refused, as %6Aane%40example.com"
    statuses = (301, 400, 401, 403, 404, 409, 429, 500)
    said = {"error": {"msg": leak, "data": {"jane@example.com": ["jane@example.com is taken."]}}}
    return [
        *(reply(said, status) for status in statuses),
        Reply(200, b"jane@example.com"),
        Reply(lost=True),
        Reply(200, b"{}", length=10),
    ]


@pytest.mark.parametrize("said", every_reply())
def test_no_error_and_no_cause_of_it_shows_a_query_an_email_or_a_credential(
    connect: Connect, server: Server, said: Reply
) -> None:
    server.answer = lambda _: said
    error = failure(connect(server.url, max_retries=1), PERSON, **PRIVATE)
    told = "".join(traceback.format_exception(error)).lower()
    assert "was answered" in told or "no complete answer" in told
    for word in ("jane@", "jane+x", "%40example", "secret-word", *API_KEY.values()):
        assert word not in told


def test_a_server_that_is_not_there_is_reported_without_the_query(
    connect: Connect, unused_url: str
) -> None:
    error = failure(connect(unused_url, max_retries=1), **PRIVATE)
    told = "".join(traceback.format_exception(error))
    assert "could not be sent" in told
    assert "example.com" not in told
    assert "secret-word" not in told


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example.com/api/tickets",
        "//evil.example.com/api/tickets",
        "/api/../oauth/token",
        "/api/%2e%2e/oauth/token",
        "/api/..?x=1",
        "/api\\tickets",
        "/api/",
        "",
    ],
)
def test_what_is_no_path_of_the_api_is_never_sent(
    client: Client, server: Server, path: str
) -> None:
    with pytest.raises(UsageError, match=r"is not a path of the API, such as '/api/tickets'\.$"):
        client.request("GET", path)
    assert not server.asked


def test_a_header_that_cannot_be_sent_is_a_mistake_in_the_call(
    client: Client, server: Server
) -> None:
    with pytest.raises(GorgiasError):
        client.request("GET", "/api/account", headers={"X-Note": "two\nlines"})
    assert not server.asked
