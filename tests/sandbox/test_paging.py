"""Pages and cursors (section 1.7)."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorgias_sandbox.clock import micros
from gorgias_sandbox.paging import Place, window
from gorgias_sandbox.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from gorgias_sandbox.serve import Sandbox

    Ask = Callable[..., requests.Response]

FIELD = ("created_datetime",)
MOMENTS = st.integers(0, 5).map(
    # Half seconds: text order and time order differ, and many rows share a moment.
    lambda half: f"2026-01-01T00:00:0{half // 2}{'.5' * (half % 2)}+00:00"
)
CHANGES = st.lists(
    st.tuples(st.sampled_from(["insert", "move", "remove"]), st.integers(0, 30), MOMENTS),
    max_size=6,
)


def walk(ask: Ask, path: str) -> list[dict[str, Any]]:
    """Every row of a list, page after page."""
    rows: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        more = f"&cursor={cursor}" if cursor else ""
        answer = ask("GET", f"{path}{more}")
        assert answer.status_code == 200, answer.text
        rows += answer.json()["data"]
        cursor = answer.json()["meta"]["next_cursor"]
    return rows


def disturb(table: Table, changes: list[tuple[str, int, str]]) -> set[int]:
    """Apply changes, and tell which rows they touched."""
    touched = set()
    for kind, row_id, moment in changes:
        if kind == "remove":
            if row_id in table:
                table.remove(row_id)
        elif (kind == "insert") != (row_id in table):
            table.put({"id": row_id, "created_datetime": moment})
        touched.add(row_id)
    return touched


@given(
    moments=st.lists(MOMENTS, min_size=1, max_size=25),
    steps=st.lists(CHANGES, max_size=8),
    limit=st.integers(1, 7),
    descending=st.booleans(),
)
def test_changes_while_paging_neither_skip_nor_repeat_an_untouched_row(
    moments: list[str], steps: list[list[tuple[str, int, str]]], limit: int, *, descending: bool
) -> None:
    table = Table(
        {number: {"id": number, "created_datetime": each} for number, each in enumerate(moments)}
    )
    seen: list[int] = []
    touched: set[int] = set()
    place = None
    remaining = iter(steps)
    while True:
        entries = table.ordered(FIELD)
        page = window(entries, descending=descending, limit=limit, place=place)
        seen += page.ids
        if page.next is None:
            break
        place = Place(forward=True, entry=page.next)
        touched |= disturb(table, next(remaining, []))
    untouched = set(range(len(moments))) - touched
    assert sorted(row_id for row_id in seen if row_id in untouched) == sorted(untouched)
    order = [(micros(moments[each]), each) for each in seen if each in untouched]
    assert order == sorted(order, reverse=descending)


@given(
    moments=st.lists(MOMENTS, min_size=1, max_size=25),
    limit=st.integers(1, 7),
    odd_only=st.booleans(),
)
def test_walking_back_gives_the_same_pages(
    moments: list[str], limit: int, *, odd_only: bool
) -> None:
    table = Table(
        {number: {"id": number, "created_datetime": each} for number, each in enumerate(moments)}
    )
    entries = table.ordered(FIELD)

    def cut(place: Place | None) -> Any:
        keep = (lambda row_id: row_id % 2 == 1) if odd_only else None
        return window(entries, descending=True, limit=limit, place=place, keep=keep)

    pages = [cut(None)]
    while pages[-1].next:
        pages.append(cut(Place(forward=True, entry=pages[-1].next)))
    back = pages[-1]
    for page in reversed(pages[:-1]):
        back = cut(Place(forward=False, entry=back.previous))
        assert back.ids == page.ids
    assert back.previous is None


@pytest.mark.parametrize(
    "path",
    [
        "/tickets?limit=7",
        "/tickets?limit=7&order_by=updated_datetime:asc",
        "/customers?limit=7&order_by=updated_datetime:desc",
        "/tags?limit=7&order_by=usage:desc,name:desc",
        "/tags?limit=7&order_by=name:asc",
        "/users?limit=3&order_by=role.name:desc",
        "/macros?limit=3",
        "/macros?limit=3&order_by=updated_datetime:asc",
        "/macros?limit=3&order_by=language:asc&archived=false",
        "/custom-fields?limit=2&object_type=Ticket",
        "/widgets?limit=2&order_by=order:asc",
        "/events?limit=50&order_by=created_datetime",
    ],
)
def test_every_order_can_be_walked_to_its_end(ask: Ask, path: str) -> None:
    ids = [row["id"] for row in walk(ask, path)]
    everything = path.replace("limit=7", "limit=100").replace("limit=3", "limit=100")
    assert ids
    assert len(ids) == len(set(ids))
    assert ids == [row["id"] for row in walk(ask, everything.replace("limit=2", "limit=100"))]


def test_a_cursor_is_the_last_row_as_naive_utc_text(ask: Ask) -> None:
    page = ask("GET", "/tickets?limit=3&order_by=updated_datetime:asc").json()
    last = page["data"][-1]
    content = json.loads(base64.urlsafe_b64decode(page["meta"]["next_cursor"]))
    assert content == ["next", last["updated_datetime"].removesuffix("+00:00"), last["id"]]
    assert page["meta"]["prev_cursor"] is None
    assert page["uri"] == "/api/tickets?limit=3&order_by=updated_datetime%3Aasc"
    assert ask("GET", "/jobs").json()["uri"] == "/api/jobs?"


def test_the_envelope_says_total_resources_only_where_the_service_does(ask: Ask) -> None:
    for path in ("/tickets", "/users", "/integrations", "/tags"):
        assert ask("GET", path).json()["meta"]["total_resources"] is None
    for path in ("/jobs", "/teams", "/customers"):
        assert "total_resources" not in ask("GET", path).json()["meta"]


def test_broken_and_foreign_cursors_are_refused(ask: Ask) -> None:
    cursor = ask("GET", "/tickets?limit=3").json()["meta"]["next_cursor"]
    forged = base64.urlsafe_b64encode(b'["next","2026-01-01T00:00:00",1]').decode()
    for path in (
        "/tickets?cursor=rubbish",
        f"/tickets?cursor={forged}",
        f"/messages?cursor={cursor}",
        f"/tickets?order_by=updated_datetime:asc&cursor={cursor}",
    ):
        answer = ask("GET", path)
        assert answer.status_code == 400, path
        assert answer.json()["error"]["data"] == {"cursor": ["Invalid cursor."]}


def test_a_cursor_expires(desk: Sandbox, ask: Ask) -> None:
    desk.backend.change(cursor_ttl=10)
    cursor = ask("GET", "/tickets?limit=3").json()["meta"]["next_cursor"]
    path = f"/tickets?limit=3&cursor={cursor}"
    desk.clock.advance(10)
    assert ask("GET", path).status_code == 200
    desk.clock.advance(1)
    assert ask("GET", path).status_code == 400


@pytest.mark.parametrize(
    ("first", "last", "low_inside", "high_inside"),
    [("gte", "lt", True, False), ("gt", "lte", False, True)],
)
def test_events_can_be_cut_out_of_time(
    desk: Sandbox, ask: Ask, first: str, last: str, *, low_inside: bool, high_inside: bool
) -> None:
    moments = {event["id"]: event["created_datetime"] for event in desk.world.tables["events"]}
    low, high = sorted(moments.values())[10], sorted(moments.values())[-10]
    query = urlencode({f"created_datetime[{first}]": low, f"created_datetime[{last}]": high})
    found = walk(ask, f"/events?limit=25&{query}")
    inside = {
        event_id
        for event_id, moment in moments.items()
        if micros(low) + (not low_inside) <= micros(moment) < micros(high) + high_inside
    }
    assert {event["id"] for event in found} == inside


def test_events_are_found_by_what_they_are_about(desk: Sandbox, ask: Ask) -> None:
    ticket = next(iter(desk.world.tables["tickets"]))["id"]
    query = f"/events?object_type=Ticket&object_id={ticket}"
    found = ask("GET", f"{query}&types=ticket-created&types=ticket-closed").json()["data"]
    assert {event["object_id"] for event in found} == {ticket}
    assert {event["type"] for event in found} <= {"ticket-created", "ticket-closed"}
    assert ask("GET", "/events?object_type=Ticket").status_code == 400
    assert ask("GET", "/events?types=no-such-event").status_code == 400
    assert ask("GET", "/events?user_ids=1&user_ids=2").status_code == 400
