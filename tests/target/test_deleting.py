"""How much a run may delete, under whatever name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.target.support import EVERY_VERB, NOTE, SENT, record, rows, schema

if TYPE_CHECKING:
    from tests.target.support import Desk, Row


@pytest.mark.parametrize("stream", ["delete_tickets", "trash_tickets", "tickets"])
def test_no_more_goes_than_is_allowed(desk: Desk, stream: str) -> None:
    there = [row["id"] for row in desk.rows("tickets") if not row["trashed_datetime"]]
    gone = ({"id": ticket, "_sdc_deleted_at": SENT} for ticket in there)
    desk.write(*rows(stream, *gone, keys=["id"]), max_deletes=3, on_error="continue")
    assert desk.summary[stream]["deleted"] == 3
    assert set(desk.reasons) == {"No more may be deleted in this run ('max_deletes' is 3)."}
    left = [row for row in desk.rows("tickets") if not row["trashed_datetime"]]
    assert len(left) == len(desk.rejects) == len(there) - 3


def test_nobody_goes_if_nobody_may(desk: Desk) -> None:
    one, two, *_ = (row["id"] for row in desk.rows("customers"))
    message = desk.any("messages")
    desk.write(
        *rows("delete_customers", {"id": one}, keys=["id"]),
        *rows("merge_customers", {"source_id": one, "target_id": two}),
        *rows("delete_messages", {"id": message["id"], "ticket_id": message["ticket_id"]}),
        *rows(
            "messages",
            {"id": message["id"], "ticket_id": message["ticket_id"], **NOTE, "action": "cancel"},
        ),
        *rows("tickets", {"id": desk.any("tickets")["id"], "trashed_datetime": SENT}),
        *rows(
            "jobs",
            {"number": 1, "type": "deleteTicket", "params": {"ticket_ids": [83000001]}},
            keys=["number"],
        ),
        max_deletes=0,
        on_error="continue",
        streams={"*": EVERY_VERB},
    )
    assert set(desk.reasons) == {"No more may be deleted in this run ('max_deletes' is 0)."}
    assert len(desk.reasons) == 6
    assert desk.written == []


def test_what_is_not_there_to_be_deleted_is_not_counted(desk: Desk) -> None:
    ticket = desk.any("tickets")["id"]
    gone = [{"external_id": f"never-{n}", "id": None} for n in range(5)]
    head = schema("delete_tickets", "external_id", "id")
    desk.write(
        head,
        *(record("delete_tickets", **row) for row in gone),
        record("delete_tickets", id=ticket),
        max_deletes=1,
    )
    assert desk.summary["delete_tickets"]["deleted"] == 1


@pytest.mark.parametrize(
    "params",
    [
        {"view_id": 7001},
        {"view": {"filters": ""}},
        {"ticket_ids": [], "view_id": 7001},
        {"ticket_ids": [83000001], "view_id": 7001},
        {"ticket_ids": []},
        {},
        {"ticket_ids": None},
    ],
)
def test_a_job_that_deletes_must_say_which_tickets(desk: Desk, params: Row) -> None:
    desk.write(
        *rows("jobs", {"number": 1, "type": "deleteTicket", "params": params}, keys=["number"]),
        on_error="continue",
        streams={"*": EVERY_VERB},
    )
    assert len(desk.reasons) == 1
    assert "ticket_ids" in desk.reasons[0]
    assert desk.written == []


@pytest.mark.parametrize(
    "job",
    [
        {"type": "deleteTicket", "params": {"ticket_ids": [83000001, 83000002]}},
        {
            "type": "updateTicket",
            "params": {"ticket_ids": [83000001, 83000002], "updates": {"trashed_datetime": SENT}},
        },
    ],
)
def test_a_job_that_deletes_or_trashes_more_than_allowed_is_refused(desk: Desk, job: Row) -> None:
    options: Row = {"streams": {"*": EVERY_VERB}, "on_error": "continue"}
    desk.write(*rows("jobs", {"number": 1, **job}, keys=["number"]), **options, max_deletes=1)
    assert desk.reasons == ["No more may be deleted in this run ('max_deletes' is 1)."]
    desk.write(*rows("jobs", {"number": 1, **job}, keys=["number"]), **options, max_deletes=2)
    assert desk.summary["jobs"]["created"] == 1


def test_what_a_job_works_on_is_not_changed_unless_sending_and_deleting_are_allowed(
    desk: Desk,
) -> None:
    job = desk.any("jobs")["id"]
    row = {"id": job, "params": {"ticket_ids": [83000001, 83000002]}}
    desk.write(*rows("update_jobs", row, keys=["id"]), on_error="continue")
    desk.write(
        *rows("update_jobs", row, keys=["id"]),
        on_error="continue",
        allow_sending=True,
        max_deletes=1,
        streams={"*": EVERY_VERB},
    )
    assert desk.reasons == [
        "The job may apply a macro that sends messages, and the setting 'allow_sending' is off.",
        "No more may be deleted in this run ('max_deletes' is 1).",
    ]
    assert desk.written == []


def test_a_job_that_deletes_counts_each_of_its_tickets(desk: Desk) -> None:
    ids = [row["id"] for row in desk.rows("tickets")]
    jobs = (
        {"number": n, "type": "deleteTicket", "params": {"ticket_ids": ids[:n]}} for n in (4, 2, 3)
    )
    desk.write(
        *rows("jobs", *jobs, keys=["number"]),
        max_deletes=5,
        on_error="continue",
        max_parallelism=1,
        streams={"*": EVERY_VERB},
    )
    assert [row["key"] for row in desk.rejects] == [{"number": 2}, {"number": 3}]


def test_rows_that_merely_vanished_from_a_source_are_never_deleted(desk: Desk) -> None:
    ticket = desk.any("tickets")
    vanished = {"type": "ACTIVATE_VERSION", "stream": "tickets", "version": 2}
    desk.write(*rows("tickets", {"id": ticket["id"]}, keys=["id"]), vanished, hard_delete=True)
    assert desk.written == []
