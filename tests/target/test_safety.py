"""Doors that could lead to a person, removals under other names, and what a dry run says."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.target.support import EVERY_VERB, MAIL, NOTE, SENT, json_lines, lines, rows

if TYPE_CHECKING:
    from tests.target.support import Desk, Row

ANSWER = {"channel": "email", "from_agent": True, "body_text": "On its way.", "via": "api"}
OFF = ", and the setting 'allow_sending' is off."
LATER = "2099-01-01T00:00:00Z"
KEY = ("external_id",)


def soon() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


DOORS = [
    {**ANSWER, "sent_datetime": LATER},
    {**ANSWER, "sent_datetime": soon()},
    {**MAIL, "actions": [{"name": "http"}]},
    {**ANSWER, "sent_datetime": SENT, "actions": [{"name": "setResponseText"}]},
    {**NOTE, "actions": [{"name": "http"}]},
    {**NOTE, "macros": [{"id": 9001}]},
    {**NOTE, "public": True},
    {**NOTE, "source": {"type": "email", "to": [{"address": "lea@shop.example"}]}},
    {**NOTE, "source": {"type": "internal-note", "cc": [{"address": "lea@shop.example"}]}},
    {**NOTE, "mention_ids": [1]},
]


@pytest.mark.parametrize("message", DOORS)
@pytest.mark.parametrize("inside", [False, True])
def test_a_message_that_may_reach_a_person_is_refused(
    desk: Desk, message: Row, *, inside: bool
) -> None:
    if inside:
        row = {"external_id": "t", "customer_email": "a@shop.example", "messages": [MAIL, message]}
        desk.write(*rows("tickets", row, keys=KEY), on_error="continue")
    else:
        row = {"external_id": "m", "ticket_id": desk.any("tickets")["id"], **message}
        desk.write(*rows("messages", row, keys=KEY), on_error="continue")
    assert len(desk.reasons) == 1
    assert desk.reasons[0].endswith(OFF)
    assert desk.written == []


@pytest.mark.parametrize(
    "message", [each for each in DOORS if not {"actions", "macros"} & each.keys()]
)
def test_a_stored_message_is_not_turned_into_one_that_reaches_a_person(
    desk: Desk, message: Row
) -> None:
    old = desk.any("messages")
    row = {"id": old["id"], "ticket_id": old["ticket_id"], **message}
    desk.write(*rows("update_messages", row, keys=["id"]), on_error="continue")
    assert desk.written == []
    assert len(desk.reasons) == 1
    assert desk.reasons[0].endswith(OFF)


@pytest.mark.parametrize("given", [{}, {"public": None}, {"public": False}])
def test_an_internal_note_is_never_public(desk: Desk, given: Row) -> None:
    ticket, old = desk.any("tickets")["id"], desk.any("messages")
    inside = {name: value for name, value in given.items() if value is not None}
    desk.write(
        *rows("messages", {"external_id": "m", "ticket_id": ticket, **NOTE, **given}, keys=KEY),
        *rows(
            "tickets",
            {"external_id": "t", "customer_email": "a@shop.example", "messages": [NOTE | inside]},
            keys=KEY,
        ),
        *rows("edits", {"id": old["id"], "ticket_id": old["ticket_id"], **NOTE, **given}),
        streams={"edits": "update_messages"},
    )
    bodies = [json.loads(each.body or "") for each in desk.sandbox.requests if each.method != "GET"]
    notes = [note for body in bodies for note in body.get("messages", [body])]
    assert [note["public"] for note in notes] == [False] * 3


SURVEY_STEPS = [
    [{"should_send_datetime": SENT, "sent_datetime": SENT}, {"sent_datetime": None}],
    [{"should_send_datetime": SENT, "sent_datetime": LATER}],
    [{"should_send_datetime": LATER, "sent_datetime": SENT}],
    [{"sent_datetime": LATER}],
    [{"score": 3}, {"should_send_datetime": LATER}],
]


@pytest.mark.parametrize("steps", SURVEY_STEPS)
def test_no_number_of_harmless_steps_makes_a_survey_that_is_sent(
    desk: Desk, steps: list[Row]
) -> None:
    survey = desk.any("satisfaction_surveys")["id"]
    for step in steps:
        desk.write(
            *rows("update_satisfaction_surveys", {"id": survey, **step}, keys=["id"]),
            streams={"*": {"nulls": "write"}},
            on_error="continue",
        )
    assert len(desk.reasons) == 1
    assert desk.reasons[0].endswith(OFF)


@pytest.mark.parametrize("sent", [None, SENT])
def test_a_survey_that_may_yet_be_sent_goes_to_no_other_person(
    desk: Desk, sent: str | None
) -> None:
    survey = desk.any("satisfaction_surveys")
    desk.sandbox.world.update(
        "satisfaction_surveys", survey["id"], should_send_datetime=LATER, sent_datetime=sent
    )
    other = next(row["id"] for row in desk.rows("customers") if row["id"] != survey["customer_id"])
    for customer in (survey["customer_id"], other):
        row = {"id": survey["id"], "customer_id": customer, "score": 4}
        desk.write(*rows("update_satisfaction_surveys", row, keys=["id"]), on_error="continue")
    assert len(desk.reasons) == (sent is None)
    assert all(reason.endswith(OFF) for reason in desk.reasons)


@pytest.mark.parametrize("data", [None, {}, {"vip": True}])
def test_emptying_the_data_of_a_customer_counts(desk: Desk, data: Row | None) -> None:
    row = {"customer_id": desk.any("customers")["id"], "data": data}
    desk.write(
        *rows("set_data_customers", row, keys=["customer_id"]),
        streams={"*": {"nulls": "write"}},
        max_deletes=0,
        on_error="continue",
    )
    assert len(desk.reasons) == (not data)
    assert len(desk.written) == bool(data)


@pytest.mark.parametrize(
    "change", [{"status": "pending"}, {"scheduled_datetime": SENT}, {"params": {"ticket_ids": [1]}}]
)
def test_a_job_that_somebody_planned_is_not_started_or_redirected(desk: Desk, change: Row) -> None:
    job = desk.any("jobs")["id"]
    desk.write(*rows("update_jobs", {"id": job, **change}, keys=["id"]), on_error="continue")
    assert desk.reasons == ["The job may apply a macro that sends messages" + OFF]


def test_a_kind_of_job_that_is_not_known_is_refused(desk: Desk) -> None:
    job = {"number": 1, "type": "sendCampaign", "params": {"ticket_ids": [1]}}
    desk.write(*rows("jobs", job, keys=["number"]), on_error="continue")
    assert desk.written == []
    assert desk.reasons[0].endswith(OFF)


def _tagged(desk: Desk) -> Row:
    return next(row for row in desk.rows("tickets") if len(row["tags"]) == 2)


def _with_values(desk: Desk) -> Row:
    return next(row for row in desk.rows("tickets") if row["custom_fields"])


def removals(desk: Desk) -> dict[str, tuple[list[Row], Row]]:
    """Streams that take something away, and their options."""
    tagged, valued = _tagged(desk), _with_values(desk)
    customer = desk.any("customers")["id"]
    channels = [{"type": "email", "address": "only@shop.example", "preferred": True}]
    team = next(row for row in desk.rows("teams") if row["members"])["id"]
    number = next(iter(valued["custom_fields"]))
    field = {"ticket_id": valued["id"], "custom_field_id": int(number)}
    job = {"type": "updateTicket", "params": {"ticket_ids": [1], "updates": {"spam": True}}}
    tags = {"type": "updateTicket", "params": {"ticket_ids": [1], "updates": {"tags": []}}}
    return {
        "set_ticket_tags": ([{"ticket_id": tagged["id"], "names": []}], {}),
        "remove_ticket_tags": (
            [{"ticket_id": tagged["id"], "name": tagged["tags"][0]["name"]}],
            {},
        ),
        "tickets": ([{"id": tagged["id"], "tags": ["x"]}], {"replace": ["tags"]}),
        "update_tickets": ([{"id": tagged["id"], "spam": True}], {"verbs": ["trash"]}),
        "trash_tickets": ([{"id": tagged["id"]}], {}),
        "replace_ticket_custom_fields": ([{"ticket_id": valued["id"], "custom_fields": []}], {}),
        "delete_ticket_custom_fields": ([field], {}),
        "ticket_custom_fields": ([field | {"value": None}], {"nulls": "write"}),
        "customers": ([{"id": customer, "channels": channels}], {"replace": ["channels"]}),
        "teams": ([{"id": team, "members": []}], {"replace": ["members"]}),
        "jobs": ([{"number": 1, **job}], {"verbs": ["delete"]}),
        "create_jobs": ([{"number": 2, **tags}], {"verbs": ["delete"]}),
    }


@pytest.mark.parametrize(
    "stream",
    [
        "set_ticket_tags",
        "remove_ticket_tags",
        "tickets",
        "update_tickets",
        "trash_tickets",
        "replace_ticket_custom_fields",
        "delete_ticket_custom_fields",
        "ticket_custom_fields",
        "customers",
        "teams",
        "jobs",
        "create_jobs",
    ],
)
def test_nothing_is_taken_away_if_nothing_may_be(desk: Desk, stream: str) -> None:
    records, options = removals(desk)[stream]
    keys = [name for name in ("id", "number", "ticket_id") if name in records[0]][:1]
    desk.write(
        *rows(stream, *records, keys=keys),
        streams={stream: options},
        max_deletes=0,
        on_error="continue",
    )
    assert desk.reasons == ["No more may be deleted in this run ('max_deletes' is 0)."]
    assert desk.written == []
    desk.write(*rows(stream, *records, keys=keys), streams={stream: options}, max_deletes=9)
    assert desk.written != []


def test_each_tag_that_is_taken_off_counts(desk: Desk) -> None:
    one, two = [row for row in desk.rows("tickets") if len(row["tags"]) == 2][:2]
    wipes = ({"ticket_id": row["id"], "names": []} for row in (one, two))
    desk.write(
        *rows("set_ticket_tags", *wipes, keys=["ticket_id"]),
        max_deletes=3,
        on_error="continue",
        max_parallelism=1,
    )
    assert [row["key"] for row in desk.rejects] == [{"ticket_id": two["id"]}]


def test_what_was_refused_takes_nothing_of_the_allowance(desk: Desk) -> None:
    ticket = _tagged(desk)
    gone = ({"ticket_id": ticket["id"], "tag_id": tag, "name": None} for tag in (3001, 5))
    tags = ({"ticket_id": ticket["id"], "name": tag["name"]} for tag in ticket["tags"])
    desk.write(*rows("deletes", {"id": 5}), streams={"deletes": "delete_tickets"}, max_deletes=1)
    desk.sandbox.fail(f"/api/tickets/{ticket['id']}/tags", method="DELETE", status=400)
    desk.write(
        *rows("gone", *gone, keys=["ticket_id", "tag_id"]),
        *rows("remove_ticket_tags", *tags, keys=["ticket_id", "name"]),
        streams={"gone": "remove_ticket_tags"},
        max_deletes=4,
        on_error="continue",
        max_parallelism=1,
    )
    assert desk.summary["remove_ticket_tags"]["deleted"] == 2


def test_a_dry_run_says_so_on_every_line_that_counts(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    desk.write(*rows("tags", {"name": "new"}, {"name": "newer"}, keys=["name"]), dry_run=True)
    counting = [each for each in caplog.messages if re.search(r"\d (created|requests)", each)]
    assert len(counting) >= 2
    assert all("dry run, nothing was written" in each for each in counting)


MISSING: dict[str, Row] = {
    "update_tickets": {"id": 5, "subject": "x"},
    "tickets": {"id": 5, "subject": "x"},
    "trash_tickets": {"id": 5},
    "update_customers": {"id": 5, "name": "x"},
    "update_tags": {"id": 5, "name": "x"},
    "update_messages": {"id": 5, "ticket_id": 83000001, **NOTE},
    "ticket_tags": {"ticket_id": 5, "name": "x"},
    "set_ticket_tags": {"ticket_id": 5, "names": ["x"]},
    "ticket_custom_fields": {"ticket_id": 5, "custom_field_id": 504, "value": "x"},
    "customer_custom_fields": {"customer_id": 5, "custom_field_id": 510, "value": 1},
    "set_data_customers": {"customer_id": 5, "data": {}},
    "merge_customers": {"source_id": 5, "target_id": 6},
    "create_tickets": {"number": 1, "customer_id": 5, "messages": [MAIL]},
    "delete_tickets": {"id": 5},
    "delete_customers": {"id": 5},
}


@pytest.mark.parametrize("stream", MISSING)
def test_a_dry_run_sees_what_is_not_there(desk: Desk, stream: str) -> None:
    """As the real run does: what was to be deleted and is gone is no mistake."""
    row = MISSING[stream]
    keys = [name for name in ("id", "number", "ticket_id", "customer_id") if name in row][:1]
    counts = []
    for dry in (True, False):
        desk.write(*rows(stream, row, keys=keys), dry_run=dry, on_error="continue")
        counts.append({k: n for k, n in desk.summary[stream].items() if k != "requests"})
        assert not dry or desk.written == []
    assert counts[0] == counts[1]
    assert counts[0] == ({"unchanged": 1} if "delete" in stream else {"rejected": 1})


def test_a_dry_run_asks_once_for_each_object(desk: Desk) -> None:
    ticket = desk.any("tickets")["id"]
    row = (
        {"ticket_id": ticket, "name": name, "_gorgias_action": verb}
        for name in "abc"
        for verb in ("add", "remove")
    )
    desk.write(
        *rows("ticket_tags", *row, keys=["ticket_id", "name"]),
        dry_run=True,
        streams={"*": EVERY_VERB},
    )
    assert len(desk.sandbox.requests) == 2  # what tags it has, and whether it is there


@pytest.mark.parametrize("more", [(), ("--config=ENV",)])
@pytest.mark.parametrize("said", [{}, {"dry_run": False}])
def test_a_variable_makes_a_run_dry_and_the_plan_is_left_alone_by_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...], said: Row
) -> None:
    plan = desk.folder / "plan.jsonl"
    text = lines(rows("tags", {"name": "new"}, keys=["name"]))
    monkeypatch.setenv("TARGET_GORGIAS_DRY_RUN", "true")
    assert desk.run_loudly(text, *more, plan_path=str(plan), **said).returncode == 0
    assert [line["operation"] for line in json_lines(plan)] == ["create-tag"]
    assert desk.written == []
    monkeypatch.delenv("TARGET_GORGIAS_DRY_RUN")
    assert desk.run_loudly(text, *more, plan_path=str(plan), **said).returncode == 0
    assert [line["operation"] for line in json_lines(plan)] == ["create-tag"]
    assert desk.written == ["POST /api/tags"]


def test_the_plan_tells_what_may_set_off_rules_or_a_survey(desk: Desk) -> None:
    plan = desk.folder / "plan.jsonl"
    one, two = [row["id"] for row in desk.rows("tickets") if row["status"] == "open"][:2]
    desk.write(
        *rows("tags", {"name": "new"}, keys=["name"]),
        *rows("update_tickets", {"id": one, "status": "closed"}, keys=["id"]),
        *rows("ticket_tags", {"ticket_id": two, "name": "x"}, keys=["ticket_id"]),
        *rows("messages", {"number": 1, "ticket_id": two, **MAIL}, keys=["number"]),
        *rows("ticket_custom_fields", {"ticket_id": two, "custom_field_id": 504, "value": "a"}),
        dry_run=True,
        plan_path=str(plan),
        max_parallelism=1,
    )
    assert {line["operation"]: line["may_set_off"] for line in json_lines(plan)} == {
        "create-tag": [],
        "update-ticket": ["rules", "survey"],
        "create-ticket-tags": ["rules"],
        "create-ticket-message": ["rules"],
        "update-ticket-custom-field": [],
    }
    counted = {s: c.get("may_set_off_rules", 0) for s, c in desk.summary.items()}
    assert sum(counted.values()) == 3
    assert counted["ticket_tags"] == 1
