"""A server that misbehaves: nothing is written twice or lost, and one sentence says why."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from gorgias_api import GorgiasError, ServerError, TransportError, UnauthorizedError
from tests.target.support import MAIL, NOTE, QuickClock, lines, rows, state, until

if TYPE_CHECKING:
    from tests.target.support import Desk, Row

KEY = ("external_id",)
CREATES: dict[str, Row] = {
    "customers": {"external_id": "x-1", "email": "lea@shop.example", "name": "Lea"},
    "tickets": {"external_id": "x-1", "customer_email": "lea@shop.example", "messages": [MAIL]},
    "messages": {"external_id": "x-1", "ticket_id": 83000001, **NOTE},
    "tags": {"name": "x-1"},
    "teams": {"name": "x-1"},
    "views": {"name": "x-1"},
    "macros": {"name": "x-1"},
    "jobs": {"number": 1, "type": "exportTicket", "params": {}},
    "users": {"email": "x-1@acme.example", "name": "X", "role": {"name": "agent"}},
    "custom_fields": {
        "object_type": "Ticket",
        "label": "x-1",
        "definition": {"data_type": "text", "input_settings": {"input_type": "input"}},
    },
}
FAULTS: dict[str, Row] = {
    "lost before": {"reset": "before"},
    "lost after": {"reset": "after"},
    "500": {"status": 500},
    "503": {"status": 503},
    "HTML": {"status": 200, "body": "<html>", "headers": {"content-type": "text/html"}},
    "half an answer": {"truncate": True},
    "an answer of another kind": {"status": 201, "body": "[]"},
    "429": {"status": 429, "headers": {"retry-after": "3"}},
}
NO_ROWS = '{"data": [], "meta": {"next_cursor": null}}'
PATHS = {"messages": "/api/tickets/83000001/messages", "custom_fields": "/api/custom-fields"}


def count(desk: Desk, stream: str) -> int:
    return len(desk.sandbox.world.tables[stream])


@pytest.mark.parametrize(
    ("stream", "fault"),
    [
        (stream, fault)
        for stream in CREATES
        for fault in (FAULTS if stream == "tickets" else ("lost after", "HTML", "half an answer"))
        if (stream, fault) != ("users", "HTML")  # an invitation is not sent twice in a run
    ],
)
def test_what_is_created_is_created_once_whatever_happens(
    desk: Desk, stream: str, fault: str
) -> None:
    row, before = CREATES[stream], count(desk, stream)
    path = PATHS.get(stream, f"/api/{stream}")
    desk.sandbox.fail(path, method="POST", **FAULTS[fault])
    keys = KEY if "external_id" in row else [next(iter(row))]
    messages = rows(stream, row, keys=keys)
    desk.write(*messages, allow_sending=True)
    assert count(desk, stream) == before + 1
    assert desk.rejects == []
    assert desk.summary[stream].keys() - {"requests"} <= {"created", "updated"}
    desk.forget()
    desk.write(*messages, allow_sending=True)
    assert desk.written == []


@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "an answer of another kind"])
def test_what_is_changed_is_changed_once_whatever_happens(desk: Desk, fault: str) -> None:
    ticket = desk.any("tickets")["id"]
    desk.sandbox.fail(f"/api/tickets/{ticket}", method="PUT", **FAULTS[fault])
    desk.write(*rows("tickets", {"id": ticket, "subject": "New"}, keys=["id"]))
    assert desk.row("tickets", ticket)["subject"] == "New"
    assert desk.summary["tickets"]["updated"] == 1


@pytest.mark.parametrize("fault", ["lost before", "lost after", "500"])
def test_what_is_deleted_is_deleted_whatever_happens(desk: Desk, fault: str) -> None:
    ticket = desk.any("tickets")["id"]
    desk.sandbox.fail(f"/api/tickets/{ticket}", method="DELETE", **FAULTS[fault])
    desk.write(*rows("delete_tickets", {"id": ticket}, keys=["id"]))
    assert ticket not in {row["id"] for row in desk.rows("tickets")}
    assert desk.rejects == []


@pytest.mark.parametrize("fault", ["lost before", "lost after", "500"])
def test_a_merge_is_done_whatever_happens(desk: Desk, fault: str) -> None:
    one, two, *_ = (row["id"] for row in desk.rows("customers"))
    desk.sandbox.fail("/api/customers/merge", **FAULTS[fault])
    desk.write(*rows("merge_customers", {"source_id": one, "target_id": two}))
    assert desk.sandbox.world.merged == {one: two}
    assert desk.rejects == []


def test_an_answer_that_comes_late_makes_nothing_twice(desk: Desk) -> None:
    class Patient(QuickClock):
        def sleep(self, seconds: float) -> None:
            time.sleep(0.4)
            super().sleep(seconds)

    desk.clock = Patient()
    desk.sandbox.fail("/api/customers", method="POST", delay=0.5)
    desk.write(*rows("customers", CREATES["customers"], keys=KEY), request_timeout=0.2)
    desk.the("customers", external_id="x-1")
    assert desk.written == ["POST /api/customers"]


def test_gorgias_is_asked_to_wait_no_less_than_it_says(desk: Desk) -> None:
    desk.sandbox.fail("/api/tags", method="POST", status=429, headers={"retry-after": "7"}, times=2)
    began = desk.clock.monotonic()
    desk.write(*rows("tags", {"name": "x"}))
    assert desk.clock.monotonic() - began >= 14
    assert desk.summary["tags"]["created"] == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 500}, ServerError),
        ({"reset": "before"}, TransportError),
        ({"status": 401}, UnauthorizedError),
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET", None])
def test_what_is_nobodys_fault_ends_the_run_and_the_next_one_goes_on(
    desk: Desk, fault: Row, error: type[GorgiasError], method: str | None
) -> None:
    people = [{"external_id": f"c-{n}", "name": f"Name {n}"} for n in range(6)]
    messages = [*rows("customers", *people, keys=KEY), state(1)]
    skipped = 0 if method == "GET" else 3
    desk.sandbox.fail("/api", method=method, skip=skipped, times=1000, **fault)
    with pytest.raises(error):
        desk.write(*messages, on_error="continue")
    assert desk.states == []
    assert desk.rejects == []
    desk.sandbox.backend.faults.clear()
    assert desk.write(*messages) == [{"at": 1}]
    made = [
        row["external_id"]
        for row in desk.rows("customers")
        if row["name"] in {each["name"] for each in people}
    ]
    assert sorted(made) == [f"c-{n}" for n in range(6)]


def test_a_create_whose_answer_was_lost_is_looked_up_by_the_next_run(desk: Desk) -> None:
    row = {"number": 7, "customer_email": "lea@shop.example", "messages": [MAIL]}
    messages = rows("tickets", row, keys=["number"])
    _cut_off_after_one(desk)
    with pytest.raises(GorgiasError):
        desk.write(*messages)
    desk.sandbox.backend.faults.clear()
    desk.forget()
    desk.write(*messages)
    assert desk.the("tickets", external_id="tickets:7")
    assert desk.written == []


@pytest.mark.parametrize("stream", ["tickets", "create_tickets"])
def test_a_lost_create_is_found_even_if_its_row_has_another_external_id_by_now(
    desk: Desk, stream: str
) -> None:
    row = {"number": 7, "customer_email": "lea@shop.example", "messages": [MAIL]}
    before = count(desk, "tickets")
    _cut_off_after_one(desk)
    with pytest.raises(GorgiasError):
        desk.write(*rows(stream, row | {"external_id": "old"}, keys=["number"]))
    desk.sandbox.backend.faults.clear()
    desk.write(*rows(stream, row | {"external_id": "new"}, keys=["number"]))
    assert count(desk, "tickets") == before + 1
    if stream == "tickets":
        assert desk.the("tickets", external_id="new")


@pytest.mark.parametrize("stream", ["customers", "tags", "users", "satisfaction_surveys"])
def test_a_lost_create_that_is_refused_for_being_there_is_found_in_the_end(
    desk: Desk, stream: str
) -> None:
    surveyed = {row["ticket_id"] for row in desk.rows("satisfaction_surveys")}
    free = next(row for row in desk.rows("tickets") if row["id"] not in surveyed)
    survey = {"ticket_id": free["id"], "customer_id": free["customer"]["id"], "score": 5}
    row, before = (CREATES | {"satisfaction_surveys": survey})[stream], count(desk, stream)
    path, nobody = f"/api/{stream.replace('_', '-')}", {"status": 200, "body": NO_ROWS}
    desk.sandbox.fail(path, method="POST", reset="after")
    desk.sandbox.fail(path, method="GET", times=2, **nobody)  # the list lags, as lists may
    desk.write(*rows(stream, row, keys=[next(iter(row))]), allow_sending=True)
    assert count(desk, stream) == before + 1
    assert desk.rejects == []


def test_a_create_is_noted_before_it_leaves(desk: Desk) -> None:
    desk.sandbox.fail("/api/customers", method="POST", delay=0.4)
    messages = rows("customers", {"external_id": "c-1", "name": "Lea"}, keys=KEY)
    before = count(desk, "customers")
    running = threading.Thread(target=desk.write, args=messages)
    running.start()
    until(lambda: noted(desk) == [("c-1", "pending")])
    assert count(desk, "customers") == before
    running.join()
    assert noted(desk) == [("c-1", "done")]


def noted(desk: Desk) -> list[tuple[str, str]]:
    """Keys and states in the ledger, as another process sees them."""
    with closing(sqlite3.connect(desk.folder / "ledger.db")) as ledger:
        found: list[tuple[str, str]] = ledger.execute(
            "select key, state from gorgias_ledger"
        ).fetchall()
    return found


def test_a_job_whose_answer_was_lost_is_not_started_again(desk: Desk) -> None:
    job = {"number": 1, "type": "exportTicket", "params": {}}
    before = count(desk, "jobs")
    desk.sandbox.fail("/api/jobs", method="POST", reset="after")
    desk.sandbox.fail("/api/jobs", method="GET", status=503, times=99)
    with pytest.raises(GorgiasError):
        desk.write(*rows("jobs", job | {"meta": {"why": "a"}}, keys=["number"]))
    desk.sandbox.backend.faults.clear()
    desk.write(*rows("jobs", job | {"meta": {"why": "b"}}, keys=["number"]))
    assert count(desk, "jobs") == before + 1


def _cut_off_after_one(desk: Desk) -> None:
    """One create comes through, its answer does not, and nobody can look."""
    desk.sandbox.fail("/api/tickets", method="POST", reset="after")
    desk.sandbox.fail("/api/tickets", method="GET", status=503, times=99)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"status": 500}, "was answered 500"),
        ({"status": 401}, "Check the credentials."),
        ({"reset": "before"}, "/api/customers"),
        (FAULTS["HTML"], "that are not JSON."),
    ],
)
def test_the_end_of_a_run_is_one_sentence(desk: Desk, fault: Row, sentence: str) -> None:
    desk.sandbox.fail("/api/customers", times=99, **fault)
    row = {"external_id": "c-1", "name": "Lea"}
    ended = desk.run(lines(rows("customers", row, keys=KEY)), max_retries=1)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stderr.count("ERROR") == 1


def test_nobody_at_home_is_one_sentence(desk: Desk) -> None:
    more: dict[str, Any] = {"api_url": "http://127.0.0.1:9/api", "max_retries": 1}
    ended = desk.run(lines(rows("tags", {"name": "a"})), **more)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr


def test_wrong_credentials_are_one_sentence_and_refuse_no_row(desk: Desk) -> None:
    ended = desk.run(lines(rows("tags", {"name": "a"})), api_key="wrong", on_error="continue")
    assert ended.returncode == 1
    assert "Check the credentials." in ended.stderr
    assert desk.rejects == []
