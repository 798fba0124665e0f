"""Views, their items, and their filter language (section 12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gorgias_sandbox.filters import compiled, parse
from gorgias_sandbox.replies import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import requests

    from gorgias_sandbox.serve import Sandbox

    Ask = Callable[..., requests.Response]

FACTS: dict[str, Any] = {
    "ticket.status": "open",
    "ticket.count": 3,
    "ticket.tags.name": ["a", "b"],
    "ticket.nothing": None,
    "ticket.at": "2026-01-01T00:00:00+00:00",
    "ticket.user": 7,
    "current_user.id": 7,
}


def resolve(path: Sequence[str]) -> Any:
    return FACTS[".".join(path)]


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("", True),
        ("eq(ticket.status, 'open')", True),
        ('eq(ticket.status, "closed")', False),
        ("eq(ticket.tags.name, 'b')", True),
        ("neq(ticket.status, 'open')", False),
        ("eq(ticket.nothing, null)", True),
        ("gt(ticket.count, 2) && lte(ticket.count, 3)", True),
        ("gte(ticket.count, 3.5)", False),
        ("gte(ticket.at, '2026-01-01')", True),
        ("lt(ticket.at, '2025-12-31T23:00:00-02:00')", True),
        ("gt(ticket.nothing, 1)", False),
        ("gt(ticket.status, 1)", False),
        ("lt(ticket.at, '2026-99-99')", False),
        ("containsAny(ticket.tags.name, ['b', 'c'])", True),
        ("containsAll(ticket.tags.name, ['b', 'c'])", False),
        ("containsAll(ticket.tags.name, ['b', 'a'])", True),
        ("notContainsAny(ticket.tags.name, ['c'])", True),
        ("isEmpty(ticket.nothing) && isNotEmpty(ticket.tags.name)", True),
        ("eq(ticket.user, '{{current_user.id}}')", True),
        ("containsAny(ticket.user, ['{{ current_user.id }}'])", True),
        ("eq(ticket.count, 1) || eq(ticket.count, 3) && eq(ticket.status, 'open')", True),
        ("(eq(ticket.count, 3) || eq(ticket.count, 1)) && eq(ticket.status, 'no')", False),
        (r"eq(ticket.status, 'it\'s')", False),
        ("eq(ticket.status, true)", False),
    ],
)
def test_a_filter_holds_or_does_not(text: str, *, holds: bool) -> None:
    assert compiled(parse(text))(resolve) is holds


@pytest.mark.parametrize(
    "text",
    [
        "eq(ticket.status",
        "eq(ticket.status, 'open'",
        "eq(ticket.status, 'open') &&",
        "eq(ticket.status, 'open') eq",
        "ticket.status == 'open'",
        "startsWith(ticket.status, 'o')",
        "eq('open', ticket.status)",
        "eq(ticket.status, ticket.status)",
        "eq(ticket.status)",
        "eq(ticket.status, 'open)",
    ],
)
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        compiled(parse(text))
    assert list(refusal.value.errors) == ["filters"]


def items(ask: Ask, path: str) -> list[int]:
    found = []
    link: str | None = f"/api{path}"
    while link is not None:
        page = ask("GET", link.removeprefix("/api")).json()
        found += [row["id"] for row in page["data"]]
        link = page["meta"]["next_items"]
    return found


def test_items_are_the_tickets_that_pass_in_the_order_of_the_view(desk: Sandbox, ask: Ask) -> None:
    body = {
        "name": "Closed ones",
        "filters": "eq(ticket.status, 'closed')",
        "order_by": "created_datetime",
        "order_dir": "asc",
    }
    view = ask("POST", "/views", body).json()
    assert view["slug"] == "closed-ones"
    assert view["filters_ast"]["body"][0]["expression"]["callee"]["name"] == "eq"
    tickets = [row for row in desk.world.tables["tickets"] if row["status"] == "closed"]
    expected = [row["id"] for row in sorted(tickets, key=lambda row: row["created_datetime"])]
    path = f"/views/{view['id']}/items"
    assert items(ask, f"{path}?limit=7") == expected
    assert items(ask, f"{path}?limit=7&order_by=created_datetime:desc") == expected[::-1]
    assert {
        row["id"] for row in ask("GET", f"/tickets?view_id={view['id']}").json()["data"]
    } <= set(expected)


def test_items_can_be_walked_back(desk: Sandbox, ask: Ask) -> None:
    view = next(row["id"] for row in desk.world.tables["views"] if row["name"] == "All")
    first = ask("GET", f"/views/{view}/items?limit=3").json()
    second = ask("GET", first["meta"]["next_items"].removeprefix("/api")).json()
    again = ask("GET", second["meta"]["prev_items"].removeprefix("/api")).json()
    assert again["data"] == first["data"]
    assert first["meta"]["prev_items"] is None
    assert second["meta"]["current_cursor"] in first["meta"]["next_items"].replace("%3D", "=")


def test_a_search_needs_no_view_and_changes_nothing(desk: Sandbox, ask: Ask) -> None:
    views = list(desk.world.tables["views"])
    newest = max(row["updated_datetime"] for row in desk.world.tables["tickets"])
    body = {"view": {"filters": f"gte(ticket.updated_datetime, '{newest}')"}}
    answer = ask("PUT", "/views/0/items", body)
    assert answer.status_code == 202
    assert {row["updated_datetime"] for row in answer.json()["data"]} == {newest}
    assert list(desk.world.tables["views"]) == views
    for filters in (
        "isNotEmpty(ticket.tags) && isEmpty(ticket.assignee_team)",
        "eq(ticket.customer.email, 'nobody@example.org')",
        "containsAny(ticket.tags.id, [1])",
        "eq(ticket.assignee_user.id, '{{current_user.id}}')",
    ):
        assert ask("PUT", "/views/0/items", {"view": {"filters": filters}}).status_code == 202


@pytest.mark.parametrize(
    "view", [{"filters": "eq(ticket.colour, 'red')"}, {"order_by": "colour"}, {"filters": "eq("}]
)
def test_a_view_that_cannot_be_evaluated_is_refused(ask: Ask, view: dict[str, str]) -> None:
    assert ask("PUT", "/views/0/items", {"view": view}).status_code == 400


def test_views_of_customers_list_customers(desk: Sandbox, ask: Ask) -> None:
    view = next(row for row in desk.world.tables["views"] if row["type"] == "customer-list")
    data = ask("GET", f"/views/{view['id']}/items?limit=2").json()["data"]
    assert all(row["id"] in desk.world.tables["customers"] for row in data)
    assert len(ask("GET", f"/customers?view_id={view['id']}&limit=5").json()["data"]) == 5
    assert ask("GET", "/tickets?view_id=5").status_code == 400


def test_system_views_stay(desk: Sandbox, ask: Ask) -> None:
    view = next(row["id"] for row in desk.world.tables["views"] if row["category"] == "system")
    assert ask("DELETE", f"/views/{view}").status_code == 403
