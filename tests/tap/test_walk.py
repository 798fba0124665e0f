"""The walk against the sandbox: what it costs, what it gives, where it goes on."""

from __future__ import annotations

import json
from math import ceil
from typing import TYPE_CHECKING

import pytest

from gorgias_api import AnswerError, BadRequestError, Client, NotFoundError, ServerError
from tests.support import Output, settings, sync, truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from gorgias_sandbox.serve import Sandbox

LISTS = ("tickets", "customers", "messages", "events")


def asked(sandbox: Sandbox, stream: str) -> int:
    """How many requests a list has seen, and forget them."""
    count = sum(1 for seen in sandbox.requests if seen.path == f"/api/{stream}")
    sandbox.backend.requests.clear()
    return count


@pytest.mark.parametrize("stream", LISTS)
def test_a_first_sync_gives_every_row_for_one_request_per_hundred(
    sandbox: Sandbox, stream: str
) -> None:
    output = sync(sandbox, stream)
    rows = truth(sandbox, stream)
    assert set(output.merged(stream)) == {(row["id"],) for row in rows}
    assert len(output.records[stream]) == len(rows)
    assert asked(sandbox, stream) == ceil(len(rows) / 100)


@pytest.mark.parametrize("stream", LISTS)
def test_rows_come_oldest_first_and_the_bookmark_is_the_newest(
    sandbox: Sandbox, stream: str
) -> None:
    output = sync(sandbox, stream)
    bookmark = output.state["bookmarks"][stream]
    moments = [row[bookmark["replication_key"]] for row in output.records[stream]]
    assert moments == sorted(moments)
    assert bookmark == {
        "replication_key": bookmark["replication_key"],
        "replication_key_value": moments[-1],
    }


@pytest.mark.parametrize("changed", [0, 1, 99, 100, 101, 250])
def test_catching_up_costs_the_pages_that_changed_plus_one(
    open_sandbox: Callable[..., Sandbox], changed: int
) -> None:
    sandbox = open_sandbox(tickets=400)
    first = sync(sandbox, "tickets")
    ids = [row["id"] for row in truth(sandbox, "tickets")][:changed]
    with Client.from_settings(settings(sandbox)) as client:
        for ticket in ids:
            client.request("PUT", f"/api/tickets/{ticket}", data={"subject": f"New {ticket}"})
    sandbox.backend.requests.clear()
    second = sync(sandbox, "tickets", state=first.state)
    assert {row["id"] for row in second.records["tickets"]} >= set(ids)
    assert asked(sandbox, "tickets") <= ceil(changed / 100) + 1
    third = sync(sandbox, "tickets", state=second.state)
    assert asked(sandbox, "tickets") == 1
    assert third.state == second.state


def test_a_refused_cursor_begins_the_walk_again_without_repeating_what_is_out(
    sandbox: Sandbox,
) -> None:
    sandbox.fail("/api/messages", status=400, skip=2)
    output = sync(sandbox, "messages")
    rows = truth(sandbox, "messages")
    assert set(output.merged("messages")) == {(row["id"],) for row in rows}
    again = len(output.records["messages"]) - len(rows)
    assert 1 <= again < 10, "only rows at the bookmark's own instant come twice"


def test_a_backfill_that_was_killed_goes_on_at_the_next_page(sandbox: Sandbox) -> None:
    sandbox.fail("/api/messages", status=500, skip=2)
    output = Output()
    with pytest.raises(ServerError):
        sync(sandbox, "messages", into=output, max_retries=1)
    sandbox.backend.requests.clear()
    rest = sync(sandbox, "messages", state=output.state)
    rows = truth(sandbox, "messages")
    assert len(output.records["messages"]) == 200
    assert asked(sandbox, "messages") == ceil(len(rows) / 100) - 2
    assert len(output.records["messages"]) + len(rest.records["messages"]) == len(rows)
    assert set(output.merged("messages")) | set(rest.merged("messages")) == {
        (row["id"],) for row in rows
    }


def test_a_row_without_a_usable_date_is_set_aside_by_name_and_the_others_go_on(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    good = {"id": 8, "updated_datetime": "2026-01-01T00:00:00+00:00"}
    rows = [good, {"id": 7, "updated_datetime": "soon"}, {"id": 6, "updated_datetime": "later"}]
    body = json.dumps({"data": rows, "meta": {"next_cursor": None}})
    sandbox.fail("/api/tickets", status=200, body=body)
    assert [row["id"] for row in sync(sandbox, "tickets").records["tickets"]] == [8]
    told = [line for line in caplog.messages if "is set aside" in line]
    assert len(told) == 1
    assert "(id 7) is set aside: its 'updated_datetime' is text, not a datetime" in told[0]


def test_a_row_that_was_never_changed_counts_from_its_creation(sandbox: Sandbox) -> None:
    row = {"id": 7, "updated_datetime": None, "created_datetime": "2026-01-01T00:00:00+00:00"}
    sandbox.fail(
        "/api/tickets", status=200, body=json.dumps({"data": [row], "meta": {"next_cursor": None}})
    )
    (record,) = sync(sandbox, "tickets").records["tickets"]
    assert record["updated_datetime"] == "2026-01-01T00:00:00.000000+00:00"


@pytest.mark.parametrize("status", [400, 404, 410, 422])
def test_a_server_that_takes_no_cursor_at_all_ends_the_run(sandbox: Sandbox, status: int) -> None:
    for _ in range(20):
        sandbox.fail("/api/tickets", status=status, skip=1)
    with pytest.raises((BadRequestError, NotFoundError)):
        sync(sandbox, "tickets")
    assert asked(sandbox, "tickets") < 30


def test_pages_that_lead_in_a_circle_end_the_run(sandbox: Sandbox) -> None:
    row = {"id": 7, "updated_datetime": "2026-01-01T00:00:00+00:00"}
    body = json.dumps({"data": [row], "meta": {"next_cursor": "round"}})
    sandbox.fail("/api/tickets", status=200, body=body, times=9)
    with pytest.raises(AnswerError, match="points back to a page"):
        sync(sandbox, "tickets")


def test_a_cursor_refused_while_catching_up_costs_requests_but_no_row(
    open_sandbox: Callable[..., Sandbox],
) -> None:
    sandbox = open_sandbox(tickets=300)
    moments = sorted(row["updated_datetime"] for row in truth(sandbox, "tickets"))
    state = {"bookmarks": {"tickets": {"replication_key_value": moments[40]}}}
    sandbox.fail("/api/tickets", status=410, skip=1)
    output = sync(sandbox, "tickets", state=state)
    got = [row["updated_datetime"] for row in output.records["tickets"]]
    assert got == sorted(got)
    assert {row[:19] for row in got} >= {moment[:19] for moment in moments[40:]}
    assert asked(sandbox, "tickets") == 2 + 3


def test_a_bookmark_past_the_window_asks_for_nothing(sandbox: Sandbox) -> None:
    first = sync(sandbox, "tickets")
    sandbox.backend.requests.clear()
    again = sync(sandbox, "tickets", state=first.state, end_date="2025-06-01")
    assert asked(sandbox, "tickets") == 0
    assert again.state == first.state


def test_an_account_without_tickets_is_no_error(sandbox: Sandbox) -> None:
    first = sync(sandbox, "tickets")
    for row in list(sandbox.world.tables["tickets"]):
        sandbox.world.delete("tickets", row["id"])
    for state in (None, first.state):
        assert sync(sandbox, "tickets", state=state).records["tickets"] == []


def test_a_row_dated_in_the_future_does_not_hide_what_is_new(sandbox: Sandbox) -> None:
    rows = list(sandbox.world.tables["messages"])
    late = rows[-1] | {"created_datetime": "2099-01-01T00:00:00+00:00"}
    sandbox.world.insert("messages", late)
    first = sync(sandbox, "messages")
    assert first.state["bookmarks"]["messages"]["replication_key_value"] < "2099"
    with Client.from_settings(settings(sandbox)) as client:
        message = {"channel": "email", "via": "api", "from_agent": False, "body_text": "New"}
        path = f"/api/tickets/{rows[0]['ticket_id']}/messages"
        sender = {"email": "new@example.com"}
        made = client.request("POST", path, data=message | {"sender": sender})
    second = sync(sandbox, "messages", state=first.state)
    assert made["id"] in {row["id"] for row in second.records["messages"]}


def test_an_account_whose_clock_is_ahead_of_ours_is_still_caught_up_with_cheaply(
    open_sandbox: Callable[..., Sandbox],
) -> None:
    sandbox = open_sandbox(tickets=300)
    sandbox.clock.advance(400 * 86_400)
    with Client.from_settings(settings(sandbox)) as client:
        for row in truth(sandbox, "tickets"):
            client.request("PUT", f"/api/tickets/{row['id']}", data={"subject": "Later"})
            sandbox.clock.advance(60)
    first = sync(sandbox, "tickets")
    sandbox.backend.requests.clear()
    second = sync(sandbox, "tickets", state=first.state)
    assert asked(sandbox, "tickets") <= 2
    assert len(second.records["tickets"]) <= 100
