"""The brakes: dry runs, what would reach a person, how much may be deleted."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from tests.target.support import MAIL, NOTE, SENT, json_lines, record, rows, schema, state

if TYPE_CHECKING:
    from tests.target.support import Desk, Row

ANSWER = {"channel": "email", "from_agent": True, "body_text": "On its way."}
KEY = ("external_id",)
LEA = {"external_id": "c-1", "email": "lea@shop.example", "name": "Lea"}


def everything(desk: Desk) -> list[Row]:
    """One stream after the other, each of which needs what the one before it made."""
    ticket = {"external_id": "t-1", "customer_key": "c-1", "subject": "Hello", "tags": ["new"]}
    note = {"external_id": "m-1", "ticket_external_id": "t-1", **NOTE}
    other = {**MAIL, "external_id": "m-2", "ticket_key": "t-1", "sender_key": "c-1"}
    gone = desk.rows("tickets")[-1]["id"]
    return [
        *rows("customers", LEA, keys=KEY),
        *rows("customer_custom_fields",
              *({"customer_key": "c-1", "custom_field_id": field, "value": value}
                for field, value in ((510, 7), (511, True), (512, "x"))),
              keys=["customer_key", "custom_field_id"]),
        *rows("set_data_customers", {"customer_key": "c-1", "data": {"a": 1}},
              keys=["customer_key"]),
        *rows("tickets", ticket, keys=KEY),
        *rows("messages", other, keys=KEY),
        *rows("notes", note, keys=KEY),
        *rows("ticket_tags", {"ticket_key": "t-1", "name": "vip"}),
        *rows("set_ticket_tags", {"ticket_key": "t-1", "names": ["vip", "gold"]}),
        *rows("ticket_custom_fields",
              *({"ticket_key": "t-1", "custom_field_id": field, "value": 3}
                for field in (505, 506)), {"ticket_key": "t-1", "custom_field_id": 507,
                                           "value": True}),
        *rows("closings", {"external_id": "t-1", "status": "closed"}, keys=KEY),
        *rows("satisfaction_surveys", {"ticket_key": "t-1", "customer_key": "c-1", "score": 5},
              keys=["ticket_key"]),
        *rows("delete_tickets", {"id": gone}, keys=["id"]),
        state(1),
    ]  # fmt: skip


STREAMS = {"closings": "update_tickets", "notes": "messages"}


def test_a_dry_run_writes_nothing_and_counts_as_the_real_one(desk: Desk) -> None:
    messages, before = everything(desk), desk.sandbox.world.tables["events"]
    events = len(before)
    plan = desk.folder / "plan.jsonl"
    assert desk.write(*messages, streams=STREAMS, dry_run=True, plan_path=str(plan)) == []
    assert desk.written == []
    assert len(desk.sandbox.world.tables["events"]) == events
    dry = desk.summary
    assert desk.rejects == []
    planned = [f"{line['method']} {line['path'].split('/')[2]}" for line in json_lines(plan)]

    desk.forget()
    assert desk.write(*messages, streams=STREAMS) == [{"at": 1}]
    real = desk.summary
    written = [f"{line.split()[0]} {line.split('/')[2]}" for line in desk.written]
    assert sorted(planned) == sorted(written)
    for counts in (*dry.values(), *real.values()):
        counts.pop("requests", None)
    assert dry == real


def test_the_plan_of_a_dry_run_says_what_would_be_sent(desk: Desk) -> None:
    plan = desk.folder / "plan.jsonl"
    plan.write_text("from another time\n")
    desk.write(*rows("customers", LEA, keys=KEY), dry_run=True, plan_path=str(plan))
    (line,) = json_lines(plan)
    assert line == {
        "stream": "customers",
        "key": {"external_id": "c-1"},
        "operation": "create-customer",
        "method": "POST",
        "path": "/api/customers",
        "query": {},
        "body": {**LEA, "channels": [
            {"type": "email", "address": "lea@shop.example", "preferred": True}]},
    }  # fmt: skip


def test_the_plan_of_a_dry_run_is_for_its_owner_only(desk: Desk) -> None:
    plan = desk.folder / "plan.jsonl"
    desk.write(*rows("customers", LEA, keys=KEY), dry_run=True, plan_path=str(plan))
    assert stat.S_IMODE(plan.stat().st_mode) == 0o600


def test_a_dry_run_names_what_it_would_refuse(desk: Desk) -> None:
    ticket = desk.any("tickets")["id"]
    desk.write(
        *rows("messages", {"external_id": "m", "ticket_id": ticket, **ANSWER}, keys=KEY),
        *rows("tickets", {"external_id": "t", "subject": "No message"}, keys=KEY),
        *rows("delete_tickets", *({"id": row["id"]} for row in desk.rows("tickets")), keys=["id"]),
        dry_run=True, on_error="continue", max_deletes=10,
    )  # fmt: skip
    assert desk.summary["messages"]["rejected"] == 1
    assert desk.summary["tickets"]["rejected"] == 1
    assert desk.summary["delete_tickets"]["deleted"] == 10
    assert desk.written == []


def test_a_dry_run_after_a_real_one_plans_only_what_changed(desk: Desk) -> None:
    plan = desk.folder / "plan.jsonl"
    desk.write(*rows("customers", LEA, keys=KEY))
    both = (LEA, LEA | {"external_id": "c-2", "email": "ben@shop.example"})
    desk.write(*rows("customers", *both, keys=KEY), dry_run=True, plan_path=str(plan))
    assert [line["key"] for line in json_lines(plan)] == [{"external_id": "c-2"}]


# What a person would get


OUT = "Gorgias would send this message to a person, since it has no 'sent_datetime'"
OFF = "and the setting 'allow_sending' is off."


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"sent_datetime": None},
        {"channel": "sms"},
        {"channel": "Internal-Note"},
        {"public": True},
        {"from_agent": "true"},
        {"imported": True},
    ],
)
def test_a_message_that_would_be_sent_is_refused(desk: Desk, change: Row) -> None:
    row = {"external_id": "m", "ticket_id": desk.any("tickets")["id"], **ANSWER, **change}
    desk.write(*rows("messages", row, keys=KEY), on_error="continue")
    assert desk.reasons == [f"{OUT}, {OFF}"]
    assert desk.written == []


@pytest.mark.parametrize("text", [False, True])
def test_a_message_inside_a_ticket_that_would_be_sent_is_refused(desk: Desk, *, text: bool) -> None:
    inside = [MAIL, ANSWER]
    row = {"external_id": "t", "customer_email": "lea@shop.example",
           "messages": json.dumps(inside) if text else inside}  # fmt: skip
    desk.write(*rows("tickets", row, keys=KEY), on_error="continue")
    assert desk.reasons == [f"{OUT}, {OFF}"]
    assert desk.written == []


def test_a_first_message_that_would_be_sent_is_refused_and_its_ticket_with_it(desk: Desk) -> None:
    desk.write(
        *rows("tickets", {"number": 7, "subject": "x"}, keys=["number"]),
        *rows("messages", {"number": 1, "ticket_key": 7, **ANSWER}, keys=["number"]),
        on_error="continue",
    )
    assert desk.reasons == [
        f"{OUT}, {OFF}",
        "A ticket needs at least one message, and none came that names it.",
    ]
    assert desk.written == []


@pytest.mark.parametrize("action", ["force", "retry"])
@pytest.mark.parametrize("stream", ["update_messages", "messages"])
def test_an_action_that_sends_is_refused(desk: Desk, stream: str, action: str) -> None:
    old = desk.any("messages")
    row = {"id": old["id"], "ticket_id": old["ticket_id"], **NOTE, "action": action}
    desk.write(*rows(stream, row, keys=["id"]), on_error="continue")
    assert desk.reasons == [f"The action '{action}' may send the message, {OFF}"]
    assert desk.written == []


def test_new_users_are_refused(desk: Desk) -> None:
    row = {"email": "new@acme.example", "name": "New", "role": {"name": "agent"}}
    desk.write(*rows("users", row, keys=["email"]), on_error="continue")
    assert desk.reasons == [f"Gorgias invites a new user by e-mail, {OFF}"]
    assert desk.written == []


@pytest.mark.parametrize("stream", ["satisfaction_surveys", "update_satisfaction_surveys"])
def test_a_survey_that_would_be_sent_is_refused(desk: Desk, stream: str) -> None:
    survey = desk.any("satisfaction_surveys")["id"]
    row = {"id": survey, "should_send_datetime": "2030-01-01T00:00:00Z"}
    desk.write(*rows(stream, row, keys=["id"]), on_error="continue")
    assert desk.reasons == [
        "Gorgias would send this survey to a person, since it has a 'should_send_datetime', " + OFF
    ]
    assert desk.written == []


@pytest.mark.parametrize("kind", ["applyMacro", "applymacro"])
def test_a_job_that_applies_a_macro_is_refused(desk: Desk, kind: str) -> None:
    params = {"ticket_ids": [desk.any("tickets")["id"]], "macro_id": desk.any("macros")["id"]}
    desk.write(*rows("jobs", {"number": 1, "type": kind, "params": params}, keys=["number"]),
               on_error="continue")  # fmt: skip
    assert len(desk.rejects) == 1
    assert desk.sandbox.world.delivered == []


def test_nothing_reaches_a_person_whatever_the_rows_say(desk: Desk) -> None:
    ticket, old = desk.any("tickets")["id"], desk.any("messages")
    at = {"ticket_id": ticket}
    everything_that_sends = [
        *rows("messages", *({"number": n, **at, **ANSWER, **change} for n, change in enumerate(
            [{}, {"sent_datetime": ""}, {"action": "force", "sent_datetime": SENT},
             {"action": "force"}, {"public": "true"}, {"channel": "api"}, {"via": "helpdesk"}])),
             keys=["number"]),
        *rows("edits", *({"id": old["id"], "ticket_id": old["ticket_id"], **ANSWER, **change}
                         for change in [{}, {"action": "retry"}, {"sent_datetime": None}])),
        *rows("tickets", {"number": 1, "messages": [ANSWER], "customer_email": "a@shop.example"},
              {"number": 2, "messages": [MAIL, ANSWER | {"public": 1}],
               "customer_email": "a@shop.example"}, keys=["number"]),
        *rows("users", {"email": "new@acme.example", "name": "N", "role": '{"name": "agent"}'}),
    ]  # fmt: skip
    desk.write(*everything_that_sends, streams={"edits": "update_messages"}, on_error="continue")
    assert desk.sandbox.world.delivered == []
    assert desk.written == []
    assert len(desk.rejects) == 13


def test_what_is_allowed_is_sent_once(desk: Desk) -> None:
    row = {"external_id": "m", "ticket_id": desk.any("tickets")["id"], **ANSWER}
    for _ in range(2):
        desk.write(*rows("messages", row, keys=KEY), allow_sending=True)
    (sent,) = desk.sandbox.world.delivered
    assert desk.row("messages", sent)["body_text"] == "On its way."


# How much may go


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
        *rows("messages", {"id": message["id"], "ticket_id": message["ticket_id"], **NOTE,
                           "action": "cancel"}),
        *rows("tickets", {"id": desk.any("tickets")["id"], "trashed_datetime": SENT}),
        *rows("jobs", {"number": 1, "type": "deleteTicket", "params": {"ticket_ids": [83000001]}},
              keys=["number"]),
        max_deletes=0, on_error="continue",
    )  # fmt: skip
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
    "params", [{"view_id": 7001}, {"view": {"filters": ""}}, {}, {"ticket_ids": None}]
)
def test_a_job_that_deletes_must_say_which_tickets(desk: Desk, params: Row) -> None:
    desk.write(
        *rows("jobs", {"number": 1, "type": "deleteTicket", "params": params}, keys=["number"]),
        on_error="continue",
    )
    assert len(desk.reasons) == 1
    assert "ticket_ids" in desk.reasons[0]
    assert desk.written == []


@pytest.mark.parametrize(
    "job",
    [
        {"type": "deleteTicket", "params": {"ticket_ids": [83000001, 83000002]}},
        {"type": "updateTicket",
         "params": {"ticket_ids": [83000001, 83000002], "updates": {"trashed_datetime": SENT}}},
    ],
)  # fmt: skip
def test_a_job_that_deletes_or_trashes_more_than_allowed_is_refused(desk: Desk, job: Row) -> None:
    desk.write(*rows("jobs", {"number": 1, **job}, keys=["number"]), max_deletes=1,
               on_error="continue")  # fmt: skip
    assert desk.reasons == ["No more may be deleted in this run ('max_deletes' is 1)."]
    desk.write(*rows("jobs", {"number": 1, **job}, keys=["number"]), max_deletes=2)
    assert desk.summary["jobs"]["created"] == 1


def test_what_a_job_works_on_is_not_changed_unless_sending_and_deleting_are_allowed(
    desk: Desk,
) -> None:
    job = desk.any("jobs")["id"]
    row = {"id": job, "params": {"ticket_ids": [83000001, 83000002]}}
    desk.write(*rows("update_jobs", row, keys=["id"]), on_error="continue")
    desk.write(*rows("update_jobs", row, keys=["id"]), on_error="continue", allow_sending=True,
               max_deletes=1)  # fmt: skip
    assert desk.reasons == [
        f"The job may apply a macro that sends messages, {OFF}",
        "No more may be deleted in this run ('max_deletes' is 1).",
    ]
    assert desk.written == []


def test_a_job_that_deletes_counts_each_of_its_tickets(desk: Desk) -> None:
    ids = [row["id"] for row in desk.rows("tickets")]
    jobs = ({"number": n, "type": "deleteTicket", "params": {"ticket_ids": ids[:n]}}
            for n in (4, 2, 3))  # fmt: skip
    desk.write(*rows("jobs", *jobs, keys=["number"]), max_deletes=5, on_error="continue",
               max_parallelism=1)  # fmt: skip
    assert [row["key"] for row in desk.rejects] == [{"number": 2}, {"number": 3}]


def test_rows_that_merely_vanished_from_a_source_are_never_deleted(desk: Desk) -> None:
    ticket = desk.any("tickets")
    vanished = {"type": "ACTIVATE_VERSION", "stream": "tickets", "version": 2}
    desk.write(*rows("tickets", {"id": ticket["id"]}, keys=["id"]), vanished, hard_delete=True)
    assert desk.written == []
