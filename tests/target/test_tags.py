"""Rows become tags of a ticket, the others of which stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.target.support import EVERY_VERB, rows

if TYPE_CHECKING:
    from tests.target.support import Desk, Row


def tags_of(desk: Desk, ticket: int) -> list[str]:
    return [tag["name"] for tag in desk.row("tickets", ticket)["tags"]]


@pytest.fixture
def tagged(desk: Desk) -> Row:
    """A ticket with two tags."""
    return next(row for row in desk.rows("tickets") if len(row["tags"]) == 2)


@pytest.mark.parametrize("stream", ["ticket_tags", "add_ticket_tags"])
@pytest.mark.parametrize("way", ["name", "names", "tag_id"])
def test_a_tag_is_added_and_the_others_stay(desk: Desk, tagged: Row, stream: str, way: str) -> None:
    ticket, before = tagged["id"], [tag["name"] for tag in tagged["tags"]]
    tag = next(row for row in desk.rows("tags") if row["name"] not in before)
    value = {"name": tag["name"], "names": [tag["name"]], "tag_id": tag["id"]}[way]
    counts = desk.once(
        *rows(stream, {"ticket_id": ticket, way: value}, keys=["ticket_id"]),
        writes=[f"POST /api/tickets/{ticket}/tags"],
        again={stream: {"unchanged": 1}},
    )
    assert counts == {stream: {"updated": 1, "requests": 2}}
    assert tags_of(desk, ticket) == [*before, tag["name"]]


def test_neighbours_go_out_together(desk: Desk, tagged: Row) -> None:
    ticket, other = tagged["id"], desk.rows("tickets")[-1]["id"]
    added = ({"ticket_id": ticket, "name": name} for name in "abc")
    counts = desk.once(
        *rows("ticket_tags", *added, {"ticket_id": other, "name": "d"}, keys=["ticket_id", "name"]),
        writes=[f"POST /api/tickets/{ticket}/tags", f"POST /api/tickets/{other}/tags"],
        again={"ticket_tags": {"unchanged": 4}},
    )
    assert counts == {"ticket_tags": {"updated": 4, "requests": 3}}
    assert tags_of(desk, ticket)[2:] == ["a", "b", "c"]
    assert tags_of(desk, other)[-1] == "d"


def test_no_request_grows_without_bounds(desk: Desk, tagged: Row) -> None:
    added = ({"ticket_id": tagged["id"], "name": f"tag {n}"} for n in range(150))
    desk.write(*rows("ticket_tags", *added, keys=["ticket_id", "name"]))
    assert len(desk.written) == 2
    assert len(tags_of(desk, tagged["id"])) == 152


def test_a_bad_row_among_its_neighbours_is_refused_alone(desk: Desk, tagged: Row) -> None:
    added = ({"ticket_id": tagged["id"], "tag_id": tag, "name": None} for tag in (3001, 5, 3003))
    desk.write(*rows("ticket_tags", *added, keys=["ticket_id", "tag_id"]), on_error="continue")
    assert [row["key"]["tag_id"] for row in desk.rejects] == [5]
    assert desk.summary["ticket_tags"] == {"updated": 2, "rejected": 1, "requests": 5}
    stored = desk.stored("tickets", tagged["id"])["tag_ids"]
    assert {3001, 3003} <= set(stored)


def test_a_tag_is_taken_off(desk: Desk, tagged: Row) -> None:
    ticket, (first, second) = tagged["id"], [tag["name"] for tag in tagged["tags"]]
    counts = desk.once(
        *rows("remove_ticket_tags", {"ticket_id": ticket, "name": first}),
        writes=[f"DELETE /api/tickets/{ticket}/tags"],
        again={"remove_ticket_tags": {"unchanged": 1}},
    )
    assert counts == {"remove_ticket_tags": {"deleted": 1, "requests": 2}}
    assert tags_of(desk, ticket) == [second]


def test_changes_of_one_ticket_keep_their_order(desk: Desk, tagged: Row) -> None:
    ticket = tagged["id"]
    desk.sandbox.fail(f"/api/tickets/{ticket}/tags", method="POST", delay=0.2)
    changes = (
        {"ticket_id": ticket, "name": "on and off", "_gorgias_action": action}
        for action in ("add", "remove", "add", "remove")
    )
    desk.write(*rows("ticket_tags", *changes), streams={"*": EVERY_VERB})
    assert "on and off" not in tags_of(desk, ticket)
    assert [line.split()[0] for line in desk.written] == ["POST", "DELETE"] * 2


@pytest.mark.parametrize("names", [["a", "b"], '["a", "b"]'])
def test_all_tags_are_set_and_the_log_warns(
    desk: Desk, tagged: Row, caplog: pytest.LogCaptureFixture, names: Any
) -> None:
    ticket = tagged["id"]
    counts = desk.once(
        *rows("set_ticket_tags", {"ticket_id": ticket, "names": names}, keys=["ticket_id"]),
        writes=[f"PUT /api/tickets/{ticket}/tags"],
        again={"set_ticket_tags": {"unchanged": 1}},
    )
    assert counts == {"set_ticket_tags": {"updated": 1, "requests": 2}}
    assert tags_of(desk, ticket) == ["a", "b"]
    assert f"Ticket {ticket} loses 2 tags that are not listed." in caplog.messages


def test_no_tags_at_all_are_set_by_an_empty_list(desk: Desk, tagged: Row) -> None:
    desk.write(*rows("set_ticket_tags", {"ticket_id": tagged["id"], "names": []}))
    assert tags_of(desk, tagged["id"]) == []


def test_tags_that_are_set_already_cost_no_write(desk: Desk, tagged: Row) -> None:
    names = [tag["name"] for tag in reversed(tagged["tags"])]
    desk.write(*rows("set_ticket_tags", {"ticket_id": tagged["id"], "names": names}))
    assert desk.written == []
    assert desk.summary == {"set_ticket_tags": {"unchanged": 1, "requests": 1}}


@pytest.mark.parametrize(
    ("stream", "row", "reason"),
    [
        (
            "set_ticket_tags",
            {"names": None},
            "'names' is missing: all the tags the ticket is to have, as a list.",
        ),
        ("ticket_tags", {"name": None}, "'name' is missing: the tag to add or remove."),
        ("ticket_tags", {"name": "x" * 257}, "'name' must not be longer than 256 characters."),
        ("ticket_tags", {"name": ["a"]}, "'name' must be text."),
    ],
)
def test_a_tag_that_is_none_is_refused(
    desk: Desk, tagged: Row, stream: str, row: Row, reason: str
) -> None:
    desk.write(*rows(stream, {"ticket_id": tagged["id"], **row}), on_error="continue")
    assert desk.reasons == [reason]


def test_a_row_that_does_not_say_which_ticket_is_refused(desk: Desk) -> None:
    desk.write(*rows("ticket_tags", {"ticket_id": None, "name": "a"}), on_error="continue")
    assert desk.reasons == ["Nothing says which ticket is meant."]
