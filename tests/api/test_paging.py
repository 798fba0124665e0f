"""Lists are walked page by page, whatever shape a page has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gorgias_api import AnswerError, Page
from gorgias_api.paging import get_page, read_page
from tests.api.server import Reply, reply

if TYPE_CHECKING:
    from gorgias_api import Client
    from gorgias_sandbox.serve import Sandbox
    from tests.api.conftest import Connect
    from tests.api.server import Server


def page(rows: list[int], next_cursor: str | None) -> Reply:
    envelope = {"data": [{"id": row} for row in rows], "object": "list"}
    return reply(envelope | {"meta": {"prev_cursor": None, "next_cursor": next_cursor}})


def queries(server: Server) -> list[dict[str, list[str]]]:
    return [parse_qs(urlsplit(asked.target).query) for asked in server.asked]


def test_pages_are_followed_to_the_last_with_the_parameters_sent_each_time(
    client: Client, server: Server
) -> None:
    server.replies.extend([page([1, 2], "a/="), page([3], "b"), page([], None)])
    pages = list(client.paginate("/api/tickets", {"limit": 2, "order_by": "id:asc"}))
    assert [[row["id"] for row in each.rows] for each in pages] == [[1, 2], [3], []]
    assert [each.next_cursor for each in pages] == ["a/=", "b", None]
    asked = {"limit": ["2"], "order_by": ["id:asc"]}
    assert queries(server) == [asked, asked | {"cursor": ["a/="]}, asked | {"cursor": ["b"]}]


def test_a_walk_may_start_from_a_cursor_and_without_parameters(
    client: Client, server: Server
) -> None:
    server.replies.append(page([9], None))
    assert len(list(client.paginate("/api/tickets", cursor="saved"))) == 1
    assert queries(server) == [{"cursor": ["saved"]}]


@pytest.mark.parametrize("cursor", ["/Wzk=", "/", "a?b=c", 5])
def test_a_cursor_goes_back_as_it_came(client: Client, server: Server, cursor: Any) -> None:
    server.replies.extend([page([1], cursor), page([2], None)])
    assert len(list(client.paginate("/api/tickets"))) == 2
    assert queries(server)[1] == {"cursor": [str(cursor)]}


def test_a_page_is_asked_for_only_when_the_one_before_has_been_used(
    client: Client, server: Server
) -> None:
    server.replies.extend([page([1], "a"), page([2], None)])
    pages = client.paginate("/api/tickets")
    next(pages)
    assert len(server.asked) == 1


@pytest.mark.parametrize("cursors", [["a", "a"], ["a", "b", "a"]])
def test_a_list_that_leads_in_circles_ends_in_an_error(
    client: Client, server: Server, cursors: list[str]
) -> None:
    server.replies.extend(page([1], cursor) for cursor in cursors)
    with pytest.raises(AnswerError, match="points back to a page"):
        list(client.paginate("/api/tickets"))
    assert len(server.asked) == len(cursors)


def test_a_list_that_points_back_to_where_the_walk_began_ends_in_an_error(
    client: Client, server: Server
) -> None:
    server.replies.append(page([1], "saved"))
    with pytest.raises(AnswerError, match="points back to a page"):
        list(client.paginate("/api/tickets", cursor="saved"))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ([{"id": 1}], Page([{"id": 1}], None)),
        ([], Page([], None)),
        ({"data": [{"id": 1}]}, Page([{"id": 1}], None)),
        ({"data": [], "meta": None}, Page([], None)),
        ({"data": [], "meta": {}}, Page([], None)),
        ({"data": [], "meta": {"next_cursor": "x"}}, Page([], "x")),
    ],
)
def test_a_page_is_an_envelope_or_a_bare_array(answer: Any, expected: Page) -> None:
    assert read_page("GET /api/tickets", answer) == expected


@pytest.mark.parametrize("answer", [None, {}, {"data": None}, {"data": {"id": 1}}, "text", 5])
def test_anything_else_is_no_page(answer: Any) -> None:
    with pytest.raises(AnswerError) as caught:
        read_page("GET /api/tickets", answer)
    assert str(caught.value) == "GET /api/tickets was answered without a list of rows."


def test_one_page_may_be_asked_for_by_itself(client: Client, server: Server) -> None:
    server.answer = lambda asked: page([int("cursor=x" in asked.target)], None)
    assert get_page(client, "/api/tickets", {"limit": 1}, "x").rows == [{"id": 1}]


def test_every_ticket_of_the_sandbox_is_found_once_within_the_rate_limit(
    connect: Connect, sandbox: Sandbox
) -> None:
    client = connect(sandbox.url, username=sandbox.email, api_key=sandbox.api_key)
    for size in (1, 2, 100):
        found = [
            row["id"]
            for _ in range(15)
            for each in client.paginate("/api/tickets", {"limit": size})
            for row in each.rows
        ]
        assert sorted(found) == sorted(15 * [row["id"] for row in sandbox.world.tables["tickets"]])
    assert len(sandbox.requests) > 100
    assert {seen.status for seen in sandbox.requests} == {200}
