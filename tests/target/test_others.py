"""Rows become what tickets and customers are not: surveys, tags, people, views, macros, jobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.target.support import MAIL, SENT, rows

if TYPE_CHECKING:
    from tests.target.support import Desk, Row

TEXT_FIELD = {"data_type": "text", "input_settings": {"input_type": "input"}}


@dataclass(frozen=True)
class Thing:
    """A kind of object: a row that makes one, by what it is known, and a change to it."""

    path: str
    row: Row
    names: tuple[str, ...]
    change: Row
    keys: tuple[str, ...] = ()
    settings: Row = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    """Columns that its list shows in another form."""


THINGS = {
    "tags": Thing(
        "/api/tags",
        {"name": "Gold", "description": "Best customers", "decoration": '{"color": "#1f45c2"}'},
        names=("name",),
        change={"description": "The best"},
        hidden=("decoration",),
    ),
    "users": Thing(
        "/api/users",
        {"email": "new@acme.example", "name": "New Agent", "role": {"name": "agent"}},
        names=("email",),
        change={"name": "Old Agent"},
        settings={"allow_sending": True},
    ),
    "teams": Thing(
        "/api/teams",
        {"name": "Night", "members": [{"id": 519543203}]},
        names=("name",),
        change={"description": "After eight"},
        hidden=("members",),
    ),
    "views": Thing(
        "/api/views",
        {"name": "Mine", "filters": "eq(ticket.status, 'open')", "fields": '["id", "tags"]'},
        names=("name",),
        change={"order_dir": "asc"},
        hidden=("fields",),
    ),
    "macros": Thing(
        "/api/macros",
        {"name": "Hello", "actions": [{"name": "addTags", "arguments": {"tags": "a"}}]},
        names=("name",),
        change={"language": "fr"},
        hidden=("actions",),
    ),
    "custom_fields": Thing(
        "/api/custom-fields",
        {"object_type": "Customer", "label": "Size", "definition": TEXT_FIELD},
        names=("label", "object_type"),
        change={"description": "Of shirts"},
    ),
}


def known(thing: Thing) -> Row:
    return {name: thing.row[name] for name in thing.names}


@pytest.mark.parametrize("name", THINGS)
@pytest.mark.parametrize("verb", ["", "upsert_", "create_"])
def test_it_is_created(desk: Desk, name: str, verb: str) -> None:
    thing, stream = THINGS[name], verb + name
    counts = desk.once(
        *rows(stream, thing.row, keys=thing.names),
        writes=[f"POST {thing.path}"],
        again={stream: {"unchanged": 1}},
        **thing.settings,
    )
    assert counts[stream]["created"] == 1
    made = desk.the(name, **known(thing))
    shown = {column: made[column] for column in thing.row.keys() - set(thing.hidden)}
    assert shown.items() <= thing.row.items()


@pytest.mark.parametrize("name", THINGS)
def test_the_same_again_from_another_stream_is_an_update(desk: Desk, name: str) -> None:
    thing = THINGS[name]
    desk.write(*rows(name, thing.row, keys=thing.names), **thing.settings)
    made = desk.the(name, **known(thing))
    desk.once(
        *rows("again", known(thing) | thing.change),
        streams={"again": name},
        writes=[f"PUT {thing.path}/{made['id']}"],
        again={"again": {"unchanged": 1}},
    )
    assert thing.change.items() <= desk.the(name, **known(thing)).items()


@pytest.mark.parametrize("name", THINGS)
@pytest.mark.parametrize("way", ["id", "name"])
def test_it_is_updated(desk: Desk, name: str, way: str) -> None:
    thing, stream = THINGS[name], f"update_{name}"
    desk.write(*rows(name, thing.row, keys=thing.names), **thing.settings)
    made = desk.the(name, **known(thing))
    named = {"id": made["id"]} if way == "id" else known(thing)
    counts = desk.once(
        *rows(stream, named | thing.change, keys=named),
        writes=[f"PUT {thing.path}/{made['id']}"],
        again={stream: {"unchanged": 1}},
    )
    assert counts[stream]["updated"] == 1
    assert thing.change.items() <= desk.row(name, made["id"]).items()


@pytest.mark.parametrize("name", [name for name in THINGS if name != "custom_fields"])
@pytest.mark.parametrize("way", ["id", "name"])
def test_it_is_deleted(desk: Desk, name: str, way: str) -> None:
    thing, stream = THINGS[name], f"delete_{name}"
    desk.write(*rows(name, thing.row, keys=thing.names), **thing.settings)
    made = desk.the(name, **known(thing))
    named = {"id": made["id"]} if way == "id" else known(thing)
    counts = desk.once(
        *rows(stream, named, keys=named),
        writes=[f"DELETE {thing.path}/{made['id']}"],
        again={stream: {"unchanged": 1}},
    )
    assert counts[stream]["deleted"] == 1
    assert made["id"] not in {row["id"] for row in desk.rows(name)}


@pytest.mark.parametrize("name", THINGS)
def test_an_update_of_what_is_not_there_is_refused(desk: Desk, name: str) -> None:
    thing = THINGS[name]
    row = known(thing) | thing.change
    desk.write(*rows(f"update_{name}", row, keys=thing.names), on_error="continue")
    what = {"custom_fields": "custom field"}.get(name, name.removesuffix("s"))
    assert desk.reasons == [f"There is no such {what} in Gorgias."]
    assert desk.written == []


@pytest.mark.parametrize("name", THINGS)
def test_of_two_rows_of_one_name_at_the_same_time_one_becomes_an_object(
    desk: Desk, name: str
) -> None:
    thing = THINGS[name]
    many = (thing.row | {"number": n} for n in range(6))
    desk.write(*rows(name, *many, keys=["number"]), **thing.settings, on_error="continue")
    assert desk.the(name, **known(thing))
    assert (desk.summary[name]["created"], desk.summary[name]["rejected"]) == (1, 5)


def test_a_new_member_of_a_team_is_added_and_the_others_stay(desk: Desk) -> None:
    team = next(row for row in desk.rows("teams") if len(row["members"]) > 1)
    members = {member["id"] for member in team["members"]}
    new = next(row["id"] for row in desk.rows("users") if row["id"] not in members)
    desk.write(*rows("teams", {"id": team["id"], "members": [{"id": new}]}, keys=["id"]))
    after = desk.row("teams", team["id"])["members"]
    assert {member["id"] for member in after} == members | {new}


def test_members_of_a_team_are_replaced_if_so_set_and_the_log_warns(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    team = next(row for row in desk.rows("teams") if len(row["members"]) > 1)
    only = team["members"][0]["id"]
    desk.write(
        *rows("teams", {"id": team["id"], "members": [{"id": only}]}, keys=["id"]),
        streams={"teams": {"replace": ["members"]}},
    )
    assert [each["id"] for each in desk.row("teams", team["id"])["members"]] == [only]
    gone = len(team["members"]) - 1
    assert f"teams {team['id']} loses {gone} of its members." in caplog.messages


@pytest.mark.parametrize("stream", ["satisfaction_surveys", "create_satisfaction_surveys"])
def test_a_survey_is_created_and_never_sent(desk: Desk, stream: str) -> None:
    ticket = next(
        row["id"]
        for row in desk.sandbox.world.tables["tickets"]
        if row["customer_id"]
        and row["id"] not in {each["ticket_id"] for each in desk.rows("satisfaction_surveys")}
    )
    customer = desk.stored("tickets", ticket)["customer_id"]
    row = {"ticket_id": ticket, "customer_id": customer, "score": "5", "scored_datetime": SENT}
    counts = desk.once(
        *rows(stream, row, keys=["ticket_id"]),
        writes=["POST /api/satisfaction-surveys"],
        again={stream: {"unchanged": 1}},
    )
    assert counts[stream]["created"] == 1
    made = desk.the("satisfaction_surveys", ticket_id=ticket)
    assert (made["score"], made["should_send_datetime"]) == (5, None)


@pytest.mark.parametrize("stream", ["satisfaction_surveys", "update_satisfaction_surveys"])
@pytest.mark.parametrize("way", ["id", "ticket_id", "ticket_external_id"])
def test_a_survey_is_updated(desk: Desk, stream: str, way: str) -> None:
    ids = {row["id"]: row["external_id"] for row in desk.rows("tickets") if row["external_id"]}
    survey = next(
        (row for row in desk.rows("satisfaction_surveys") if row["ticket_id"] in ids), None
    )
    if survey is None:
        survey = desk.rows("satisfaction_surveys")[0]
        desk.sandbox.world.update("tickets", survey["ticket_id"], external_id="t-9")
        ids[survey["ticket_id"]] = "t-9"
    value = {
        "id": survey["id"],
        "ticket_id": survey["ticket_id"],
        "ticket_external_id": ids[survey["ticket_id"]],
    }[way]
    counts = desk.once(
        *rows(stream, {way: value, "body_text": "Thank you"}, keys=[way]),
        writes=[f"PUT /api/satisfaction-surveys/{survey['id']}"],
        again={stream: {"unchanged": 1}},
    )
    assert counts[stream]["updated"] == 1
    assert desk.row("satisfaction_surveys", survey["id"])["body_text"] == "Thank you"


def test_of_two_rows_about_the_survey_of_one_ticket_one_becomes_a_survey(desk: Desk) -> None:
    surveyed = {each["ticket_id"] for each in desk.rows("satisfaction_surveys")}
    ticket = next(row for row in desk.rows("tickets") if row["id"] not in surveyed)
    many = (
        {"number": n, "ticket_id": ticket["id"], "customer_id": ticket["customer"]["id"]}
        for n in range(6)
    )
    desk.write(*rows("satisfaction_surveys", *many, keys=["number"]), on_error="continue")
    assert len(desk.rejects) == 5
    assert desk.the("satisfaction_surveys", ticket_id=ticket["id"])


def test_a_survey_of_a_row_that_is_still_to_come_waits(desk: Desk) -> None:
    desk.write(
        *rows(
            "satisfaction_surveys",
            {"ticket_key": "7", "customer_key": "5", "score": 4},
            keys=["ticket_key"],
        ),
        *rows("tickets", {"number": 7, "messages": [MAIL], "customer_key": "5"}, keys=["number"]),
        *rows("customers", {"number": 5, "email": "lea@shop.example"}, keys=["number"]),
    )
    made = desk.the("tickets", external_id="tickets:7")["id"]
    assert desk.the("satisfaction_surveys", ticket_id=made)["score"] == 4
    assert desk.rejects == []


JOB = {
    "type": "updateTicket",
    "params": {"ticket_ids": [83000001], "updates": {"status": "closed"}},
}


@pytest.mark.parametrize("stream", ["jobs", "create_jobs"])
def test_a_job_is_started_once(desk: Desk, stream: str) -> None:
    counts = desk.once(
        *rows(stream, {"number": 1, **JOB, "meta": {"why": "test"}}, keys=["number"]),
        writes=["POST /api/jobs"],
        again={stream: {"unchanged": 1}},
    )
    assert counts == {stream: {"created": 1, "requests": 1}}
    job = desk.rows("jobs")[-1]
    assert job["meta"] == {"why": "test", "singer_gorgias": f"{stream}:1"}


@pytest.mark.parametrize("meta", [{"why": "test"}, {}])
def test_a_job_is_only_canceled_by_its_id(desk: Desk, meta: Row) -> None:
    soon = (datetime.now(UTC) + timedelta(minutes=30)).isoformat()
    desk.write(*rows("jobs", {"number": 1, **JOB, "scheduled_datetime": soon}, keys=["number"]))
    row = {"id": None, "type": "updateTicket", "meta": meta}
    desk.write(*rows("delete_jobs", row), on_error="continue")
    assert desk.reasons == ["Nothing says which job is meant."]
    assert desk.rows("jobs")[-1]["status"] == "scheduled"


def test_a_job_is_changed_and_canceled(desk: Desk) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=30)
    when = {"scheduled_datetime": soon.isoformat()}
    desk.write(*rows("jobs", {"number": 1, **JOB, **when}, keys=["number"]))
    job = desk.rows("jobs")[-1]["id"]
    desk.once(
        *rows("update_jobs", {"id": job, "meta": {"a": 1}}, keys=["id"]),
        *rows("delete_jobs", {"id": job}, keys=["id"]),
        writes=[f"PUT /api/jobs/{job}", f"DELETE /api/jobs/{job}"],
        again={"update_jobs": {"unchanged": 1}, "delete_jobs": {"unchanged": 1}},
    )
    after = desk.row("jobs", job)
    assert (after["status"], after["meta"]) == ("canceled", {"a": 1})
