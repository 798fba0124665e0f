"""What an agent does to a ticket while a row is written to it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gorgias_sandbox.faults import Fault, FaultPlan
from tests.target.support import rows

if TYPE_CHECKING:
    from gorgias_sandbox.serve import Sandbox
    from tests.target.support import Desk, Row


class Agent(FaultPlan):
    """Adds a tag and sets a field just before each write arrives."""

    def __init__(self, sandbox: Sandbox, ticket: int, tag: int) -> None:
        super().__init__()
        self._world, self._ticket, self._tag = sandbox.world, ticket, tag

    def draw(self, method: str, path: str) -> Fault | None:
        if method != "GET":
            row = self._world.tables["tickets"][self._ticket]
            tags = list(dict.fromkeys([*row["tag_ids"], self._tag]))
            values = {**row["field_values"], 506: 77}
            self._world.update("tickets", self._ticket, tag_ids=tags, field_values=values)
        return super().draw(method, path)


@pytest.mark.parametrize("stream", ["update_tickets", "tickets"])
@pytest.mark.parametrize(
    ("more", "requests"),
    [
        ({}, ["POST"]),
        ({"subject": "New"}, ["POST", "PUT"]),
        ({"status": "closed", "custom_fields": {"507": True}}, ["POST", "PUT", "PUT"]),
    ],
)
def test_what_an_agent_adds_meanwhile_stays(
    desk: Desk, stream: str, more: Row, requests: list[str]
) -> None:
    ticket = next(row for row in desk.rows("tickets") if not row["tags"])["id"]
    tag = desk.rows("tags")[-1]
    desk.sandbox.backend.faults = Agent(desk.sandbox, ticket, tag["id"])
    desk.write(*rows(stream, {"id": ticket, "tags": ["new one"], **more}, keys=["id"]))
    after = desk.row("tickets", ticket)
    assert {each["name"] for each in after["tags"]} == {tag["name"], "new one"}
    assert after["custom_fields"]["506"]["value"] == 77
    assert after["subject"] == more.get("subject", after["subject"])
    assert [line.split()[0] for line in desk.written] == requests
    assert [each.method for each in desk.sandbox.requests] == ["GET", *requests]


def test_tags_are_on_before_a_ticket_is_closed(desk: Desk) -> None:
    """Rules look at them then."""
    ticket = desk.any("tickets")["id"]
    row = {"id": ticket, "tags": ["no-survey"], "status": "closed"}
    desk.write(*rows("update_tickets", row, keys=["id"]))
    assert desk.written == [f"POST /api/tickets/{ticket}/tags", f"PUT /api/tickets/{ticket}"]


def test_a_list_that_replaces_is_read_and_written(desk: Desk) -> None:
    ticket = next(row for row in desk.rows("tickets") if len(row["tags"]) == 2)["id"]
    desk.write(
        *rows("update_tickets", {"id": ticket, "tags": ["only"]}, keys=["id"]),
        streams={"update_tickets": {"replace": ["tags"]}},
    )
    assert [tag["name"] for tag in desk.row("tickets", ticket)["tags"]] == ["only"]
    assert desk.written == [f"PUT /api/tickets/{ticket}"]


def test_a_value_that_an_update_clears_counts_as_a_removal(desk: Desk) -> None:
    ticket = next(row for row in desk.rows("tickets") if row["custom_fields"])
    values = dict.fromkeys(ticket["custom_fields"])
    desk.write(
        *rows("update_tickets", {"id": ticket["id"], "custom_fields": values}, keys=["id"]),
        streams={"*": {"nulls": "write"}},
        max_deletes=0,
        on_error="continue",
    )
    assert desk.reasons == ["No more may be deleted in this run ('max_deletes' is 0)."]
