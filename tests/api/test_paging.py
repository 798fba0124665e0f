"""Lists are walked page by page, whatever shape a page has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gorgias_api import AnswerError, Page, Retry
from gorgias_api.paging import EMPTY_PAGES, get_page, read_page, read_rows
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


@pytest.mark.parametrize("cursor", ["/Wzk=", "/", "a?b=c", "a b=="])
def test_a_cursor_goes_back_as_it_came(client: Client, server: Server, cursor: str) -> None:
    server.replies.extend([page([1], cursor), page([2], None)])
    assert len(list(client.paginate("/api/tickets"))) == 2
    assert queries(server)[1] == {"cursor": [cursor]}


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
    ("meta", "cursor"),
    [
        ({"next_cursor": None}, None),
        ({"next_cursor": "x"}, "x"),
        ({"next_cursor": "/x==", "prev_cursor": 5, "total_resources": None}, "/x=="),
    ],
)
def test_a_page_says_where_the_next_one_is_or_that_there_is_none(
    meta: Any, cursor: str | None
) -> None:
    answer = {"data": [{"id": 1}], "meta": meta}
    assert read_page("GET /api/tickets", answer) == Page([{"id": 1}], cursor)


def test_items_of_a_view_have_their_own_word_for_the_next_page() -> None:
    asked, path = "GET /api/views/9/items", "/api/views/9/items?cursor=a&direction=next"
    for said in (path, None):
        assert read_page(asked, {"data": [], "meta": {"next_items": said}}) == Page([], said)
    with pytest.raises(AnswerError, match=r"'meta\.next_items' is missing\.$"):
        read_page(asked, {"data": [], "meta": {"next_cursor": None}})


@pytest.mark.parametrize("answer", [[{"id": 1}], {"data": [{"id": 1}]}])
def test_settings_of_the_account_come_on_one_page(answer: Any) -> None:
    assert read_page("GET /api/account/settings", answer) == Page([{"id": 1}], None)
    paged = {"data": [], "meta": {"next_cursor": "x"}}
    assert read_page("GET /api/account/settings", paged) == Page([], "x")


NO_PAGES: dict[str, Any] = {
    "it is null": None,
    "it is a boolean": False,
    "it is a number": 5,
    "it is a list": [{"id": 1}],
    "it is a text": "jane@example.com",
    "'data' is missing": {"meta": {"next_cursor": None}},
    "'data' is null": {"data": None, "meta": {"next_cursor": None}},
    "'data' is an object": {"data": {"id": 1}, "meta": {"next_cursor": None}},
    "'meta' is missing": {"data": []},
    "'meta' is null": {"data": [], "meta": None},
    "'meta' is a boolean": {"data": [], "meta": False},
    "'meta' is a list": {"data": [], "meta": []},
    "'meta' is a text": {"data": [], "meta": "next_cursor"},
    "'meta.next_cursor' is missing": {"data": [], "meta": {}},
    "'meta.next_cursor' is an object": {"data": [], "meta": {"next_cursor": {"at": 1}}},
    "'meta.next_cursor' is a list": {"data": [], "meta": {"next_cursor": ["x"]}},
    "'meta.next_cursor' is a number": {"data": [], "meta": {"next_cursor": 0.0}},
    "'meta.next_cursor' is a boolean": {"data": [], "meta": {"next_cursor": False}},
    "'meta.next_cursor' is an empty text": {"data": [], "meta": {"next_cursor": ""}},
    "'meta.next_cursor' is no printable text": {"data": [], "meta": {"next_cursor": "\ud800\n"}},
}


@pytest.mark.parametrize(("what", "answer"), NO_PAGES.items(), ids=list(NO_PAGES))
def test_anything_else_is_no_page_and_is_asked_for_again_and_told(
    client: Client, server: Server, what: str, answer: Any
) -> None:
    server.replies.extend([reply(answer), page([1], None)])
    assert [each.rows for each in client.paginate("/api/tickets")] == [[{"id": 1}]]
    server.answer = lambda _: reply(answer)
    with pytest.raises(AnswerError) as caught:
        get_page(client, "/api/tickets", {}, "x", retry=Retry(tries=2))
    assert str(caught.value) == f"GET /api/tickets was answered with no page of a list: {what}."
    assert len(server.asked) == 2 + 2


def test_a_page_that_is_asked_for_by_the_name_of_its_list_is_held_to_the_same(
    client: Client, server: Server
) -> None:
    server.replies.extend([reply({"data": [], "meta": {}}), page([1], None)])
    assert client.call("list-tickets")["data"] == [{"id": 1}]
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("name", "fields"), [("list-ticket-tags", {"ticket_id": 1}), ("list-account-settings", {})]
)
@pytest.mark.parametrize("answer", [[{"id": 1}], {"data": [{"id": 1}]}])
def test_a_list_without_pages_needs_no_cursor(
    client: Client, server: Server, name: str, fields: dict[str, int], answer: Any
) -> None:
    server.replies.append(reply(answer))
    assert read_rows(name, client.call(name, **fields)) == [{"id": 1}]
    assert len(server.asked) == 1


@pytest.mark.parametrize("answer", [None, {}, {"data": None}, {"data": {"id": 1}}, "text", 5])
def test_what_holds_no_list_has_no_rows(answer: Any) -> None:
    with pytest.raises(AnswerError, match=r"^GET /api/x was answered without a list of rows\.$"):
        read_rows("GET /api/x", answer)


def test_empty_pages_without_end_are_an_error(client: Client, server: Server) -> None:
    server.answer = lambda _: page([], f"c{len(server.asked)}")
    with pytest.raises(AnswerError, match="50 empty pages one after the other"):
        list(client.paginate("/api/tickets"))
    assert len(server.asked) == EMPTY_PAGES


def test_empty_pages_between_others_are_followed(client: Client, server: Server) -> None:
    for start in (0, 100):
        server.replies.extend(page([], f"c{start + n}") for n in range(EMPTY_PAGES - 1))
        server.replies.append(page([start], f"r{start}"))
    server.replies.append(page([], None))
    rows = [row["id"] for each in client.paginate("/api/tickets") for row in each.rows]
    assert rows == [0, 100]


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
