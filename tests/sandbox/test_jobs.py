"""Jobs act a moment later, or not at all (section 18)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gorgias_sandbox.clock import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from gorgias_sandbox.serve import Sandbox

    Ask = Callable[..., requests.Response]


def create(ask: Ask, kind: str, **params: Any) -> dict[str, Any]:
    answer = ask("POST", "/jobs", {"type": kind, "params": params})
    assert answer.status_code == 201, answer.text
    job: dict[str, Any] = answer.json()
    return job


def status(ask: Ask, job: dict[str, Any]) -> str:
    return str(ask("GET", f"/jobs/{job['id']}").json()["status"])


def in_minutes(desk: Sandbox, minutes: int) -> str:
    return (parse(desk.world.now()) + timedelta(minutes=minutes)).isoformat()


@pytest.fixture
def tickets(desk: Sandbox) -> list[int]:
    return [row["id"] for row in desk.world.tables["tickets"]][:3]


def test_an_update_job_runs_and_changes_its_tickets(
    desk: Sandbox, ask: Ask, tickets: list[int]
) -> None:
    updates = {"priority": "critical", "tags": [{"name": "by job"}]}
    job = create(ask, "updateTicket", ticket_ids=[*tickets, 5], updates=updates)
    assert (job["status"], job["ended_datetime"]) == ("pending", None)
    desk.clock.advance(0.6)
    assert status(ask, job) == "running"
    assert ask("GET", f"/tickets/{tickets[0]}").json()["priority"] != "critical"
    desk.clock.advance(1)
    assert status(ask, job) == "done"
    for ticket_id in tickets:
        shown = ask("GET", f"/tickets/{ticket_id}").json()
        assert shown["priority"] == "critical"
        assert [tag["name"] for tag in shown["tags"]] == ["by job"]


def test_a_job_takes_a_ticket_once_however_often_it_is_named(
    desk: Sandbox, ask: Ask, tickets: list[int]
) -> None:
    job = create(ask, "deleteTicket", ticket_ids=tickets * 2)
    desk.clock.advance(2)
    assert status(ask, job) == "done"
    assert not any(ticket_id in desk.world.tables["tickets"] for ticket_id in tickets)


def test_a_delete_job_can_name_its_tickets_by_a_filter(desk: Sandbox, ask: Ask) -> None:
    create(ask, "deleteTicket", view={"filters": "eq(ticket.status, 'closed')"})
    desk.clock.advance(2)
    ask("GET", "/jobs")
    left = {row["status"] for row in desk.world.tables["tickets"]}
    assert left == {"open"}


def test_a_macro_job_tags_answers_and_closes(desk: Sandbox, ask: Ask) -> None:
    ticket = next(row for row in desk.world.tables["tickets"] if row["status"] == "open")
    actions = [
        {"name": "addTags", "arguments": {"tags": "macro one, macro two"}},
        {"name": "setResponseText", "arguments": {"body_text": "Thank you"}},
        {"name": "setStatus", "arguments": {"status": "open"}},
        {"name": "setPriority"},
    ]
    macro = ask("POST", "/macros", {"name": "Thanks", "actions": actions}).json()
    create(ask, "applyMacro", ticket_ids=[ticket["id"]], macro_id=macro["id"], apply_and_close=True)
    desk.clock.advance(2)
    shown = ask("GET", f"/tickets/{ticket['id']}").json()
    assert shown["status"] == "closed"
    assert {"macro one", "macro two"} <= {tag["name"] for tag in shown["tags"]}
    assert shown["messages"][-1]["body_text"] == "Thank you"
    assert ask("GET", f"/macros/{macro['id']}").json()["usage"] == 1


def test_a_scheduled_job_waits_can_be_moved_and_can_be_cancelled(
    desk: Sandbox, ask: Ask, tickets: list[int]
) -> None:
    params = {"ticket_ids": tickets}
    body = {"type": "deleteTicket", "params": params, "scheduled_datetime": in_minutes(desk, 10)}
    job = ask("POST", "/jobs", body).json()
    assert job["status"] == "scheduled"
    later = {"scheduled_datetime": in_minutes(desk, 20)}
    assert ask("PUT", f"/jobs/{job['id']}", later).status_code == 202
    desk.clock.advance(15 * 60)
    assert status(ask, job) == "scheduled"
    assert ask("DELETE", f"/jobs/{job['id']}").status_code == 204
    desk.clock.advance(60 * 60)
    shown = ask("GET", f"/jobs/{job['id']}").json()
    assert shown["status"] == "canceled"
    assert shown["cancelled_datetime"] is not None
    assert all(ticket_id in desk.world.tables["tickets"] for ticket_id in tickets)
    assert ask("PUT", f"/jobs/{job['id']}", later).status_code == 400


def test_cancelling_a_running_job_may_be_too_late(
    desk: Sandbox, ask: Ask, tickets: list[int]
) -> None:
    job = create(ask, "deleteTicket", ticket_ids=tickets)
    desk.clock.advance(0.6)
    ask("DELETE", f"/jobs/{job['id']}")
    assert status(ask, job) == "cancel_requested"
    desk.clock.advance(1)
    shown = ask("GET", f"/jobs/{job['id']}").json()
    assert shown["status"] == "done"
    assert shown["cancel_requested_datetime"] is not None


def test_a_job_whose_updates_cannot_be_done_ends_in_error(
    desk: Sandbox, ask: Ask, tickets: list[int]
) -> None:
    job = create(ask, "updateTicket", ticket_ids=tickets, updates={"customer": {"id": 5}})
    desk.clock.advance(2)
    shown = ask("GET", f"/jobs/{job['id']}").json()
    assert shown["status"] == "errored"
    assert shown["failed_datetime"] is not None


def test_a_job_is_cancelled_by_its_status_too(ask: Ask) -> None:
    job = create(ask, "exportTicket")
    changed = ask("PUT", f"/jobs/{job['id']}", {"status": "canceled", "params": {}}).json()
    assert changed["status"] == "canceled"


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("deleteTicket", {}),
        ("updateTicket", {"ticket_ids": [1]}),
        ("updateTicket", {"ticket_ids": [1], "updates": {"priority": "urgent"}}),
        ("applyMacro", {"ticket_ids": [1], "macro_id": 5}),
    ],
)
def test_a_job_that_makes_no_sense_is_refused(ask: Ask, kind: str, params: Any) -> None:
    assert ask("POST", "/jobs", {"type": kind, "params": params}).status_code == 400


def test_a_job_is_scheduled_an_hour_ahead_at_most(desk: Sandbox, ask: Ask) -> None:
    body = {"type": "exportTicket", "params": {}, "scheduled_datetime": in_minutes(desk, 61)}
    assert ask("POST", "/jobs", body).status_code == 400
