"""A dry run: it writes nothing, and says what would be written."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from tests.target.support import MAIL, NOTE, json_lines, rows, state

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
        *rows(
            "customer_custom_fields",
            *(
                {"customer_key": "c-1", "custom_field_id": field, "value": value}
                for field, value in ((510, 7), (511, True), (512, "x"))
            ),
            keys=["customer_key", "custom_field_id"],
        ),
        *rows(
            "set_data_customers", {"customer_key": "c-1", "data": {"a": 1}}, keys=["customer_key"]
        ),
        *rows("tickets", ticket, keys=KEY),
        *rows("messages", other, keys=KEY),
        *rows("notes", note, keys=KEY),
        *rows("ticket_tags", {"ticket_key": "t-1", "name": "vip"}),
        *rows("set_ticket_tags", {"ticket_key": "t-1", "names": ["vip", "gold"]}),
        *rows(
            "ticket_custom_fields",
            *({"ticket_key": "t-1", "custom_field_id": field, "value": 3} for field in (505, 506)),
            {"ticket_key": "t-1", "custom_field_id": 507, "value": True},
        ),
        *rows("closings", {"external_id": "t-1", "status": "closed"}, keys=KEY),
        *rows(
            "satisfaction_surveys",
            {"ticket_key": "t-1", "customer_key": "c-1", "score": 5},
            keys=["ticket_key"],
        ),
        *rows("delete_tickets", {"id": gone}, keys=["id"]),
        state(1),
    ]


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
        counts.pop("may_set_off_rules", None)
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
        "body": {
            **LEA,
            "channels": [{"type": "email", "address": "lea@shop.example", "preferred": True}],
        },
        "may_set_off": [],
    }


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
        dry_run=True,
        on_error="continue",
        max_deletes=10,
    )
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
