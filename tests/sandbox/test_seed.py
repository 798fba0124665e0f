"""The sandbox starts with a believable, complete and consistent help desk."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from gorgias_sandbox.seed import build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gorgias_sandbox.dataset import Dataset, Row

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
REFERENCES = {  # table -> field -> tables one of which holds the id
    "teams": {"member_ids": "users"},
    "tickets": {
        "customer_id": "customers",
        "assignee_user_id": "users",
        "assignee_team_id": "teams",
        "tag_ids": "tags",
        "field_values": "custom_fields",
    },
    "customers": {"field_values": "custom_fields"},
    "messages": {
        "ticket_id": "tickets",
        "sender_id": "users customers",
        "receiver_id": "customers",
        "integration_id": "integrations",
        "rule_id": "rules",
    },
    "events": {"user_id": "users"},
    "widgets": {"integration_id": "integrations"},
    "jobs": {"user_id": "users"},
    "satisfaction_surveys": {"customer_id": "customers", "ticket_id": "tickets"},
    "voice_calls": {
        "ticket_id": "tickets",
        "customer_id": "customers",
        "integration_id": "integrations",
        "last_answered_by_agent_id": "users",
        "last_rang_agent_id": "users",
    },
    "voice_call_events": {
        "call_id": "voice_calls",
        "user_id": "users",
        "customer_id": "customers",
    },
    "voice_call_recordings": {"call_id": "voice_calls", "deleted_by_user_id": "users"},
}
NULLABLE = {  # table -> fields the API may leave null, as the fact sheet has them
    "users": "bio country language external_id client_id deactivated_datetime timezone",
    "teams": "description",
    "customers": "external_id email name language timezone meta data note",
    "tickets": "external_id from_agent imported customer_id assignee_user_id assignee_team_id"
    " language subject summary excerpt meta processed_datetime opened_datetime"
    " last_received_message_datetime last_message_datetime closed_datetime snooze_datetime"
    " trashed_datetime",
    "messages": "message_id external_id source sender_id receiver_id auth_customer_identity"
    " integration_id rule_id subject body_text body_html stripped_text stripped_html"
    " stripped_signature attachments actions macros headers meta imported processed_datetime"
    " sent_datetime failed_datetime opened_datetime deleted_datetime last_sending_error"
    " replied_by replied_to",
    "events": "object_type object_id user_id context data",
    "tags": "description decoration deleted_datetime",
    "custom_fields": "external_id description priority managed_type updated_datetime"
    " deactivated_datetime",
    "views": "category decoration search section_id deactivated_datetime filters_ast order_by"
    " order_dir",
    "macros": "external_id intent language updated_datetime archived_datetime",
    "rules": "description event_types deactivated_datetime settings",
    "integrations": "description http decoration application_id business_hours_id"
    " deactivated_datetime locked_datetime",
    "widgets": "integration_id app_id deactivated_datetime updated_datetime",
    "jobs": "meta scheduled_datetime started_datetime locked_datetime ended_datetime"
    " failed_datetime cancel_requested_datetime cancelled_datetime",
    "satisfaction_surveys": "body_text meta score scored_datetime sent_datetime"
    " should_send_datetime",
    "voice_calls": "integration_id ticket_id phone_number_id customer_id external_id"
    " last_answered_by_agent_id last_rang_agent_id last_monitoring_agent_id monitoring_status"
    " queue_id status_in_queue answered_by_external_customer_id answered_by_external_number"
    " initiated_by_agent_id",
    "voice_call_events": "user_id customer_id meta",
    "voice_call_recordings": "external_id url duration deleted_datetime deleted_by_user_id"
    " error_code",
}
PLANNED = {"snooze_datetime", "should_send_datetime", "scheduled_datetime"}


@pytest.fixture(scope="module")
def data() -> Dataset:
    return build(seed=1, tickets=300, now=NOW)


@pytest.fixture(scope="module")
def conversations(data: Dataset) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {ticket_id: [] for ticket_id in data.tables["tickets"]}
    for message in data.tables["messages"].values():
        found[message["ticket_id"]].append(message)
    return found


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def moments(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Every datetime inside a row, with its key."""
    if isinstance(value, dict):
        for inner_key, inner in value.items():
            yield from moments(inner, str(inner_key))
    elif isinstance(value, list):
        for inner in value:
            yield from moments(inner, key)
    elif isinstance(value, str) and key.endswith("_datetime"):
        yield key, value


def fingerprint(data: Dataset) -> str:
    return sha256(json.dumps([data.tables, data.account, data.merged]).encode()).hexdigest()


def test_the_same_arguments_give_the_same_rows_in_another_process(data: Dataset) -> None:
    program = (
        "import json; from datetime import UTC, datetime; from hashlib import sha256;"
        "from gorgias_sandbox.seed import build;"
        "d = build(seed=1, tickets=300, now=datetime(2026, 11, 23, 12, tzinfo=UTC));"
        "print(sha256(json.dumps([d.tables, d.account, d.merged]).encode()).hexdigest())"
    )
    printed = subprocess.check_output([sys.executable, "-c", program], text=True)  # noqa: S603 - our own program
    assert printed.strip() == fingerprint(data)


def test_another_seed_gives_other_rows(data: Dataset) -> None:
    assert fingerprint(build(seed=2, tickets=300, now=NOW)) != fingerprint(data)


@pytest.mark.parametrize("tickets", [0, 1, 4, 30])
def test_a_tiny_account_can_be_built(tickets: int) -> None:
    assert len(build(seed=1, tickets=tickets, now=NOW).tables["tickets"]) <= tickets


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("table", NULLABLE)
def test_a_nullable_field_is_null_somewhere_and_set_somewhere(table: str, seed: int) -> None:
    rows = build(seed=seed, tickets=300, now=NOW).tables[table].values()
    one_sided = {
        field: sorted(seen)
        for field in NULLABLE[table].split()
        if len(seen := {row[field] is None for row in rows}) == 1
    }
    assert one_sided == {}


@pytest.mark.parametrize("table", NULLABLE)
def test_no_other_field_is_ever_null(data: Dataset, table: str) -> None:
    nullable = set(NULLABLE[table].split())
    null = {key for row in data.tables[table].values() for key in row if row[key] is None}
    assert null <= nullable


def test_rows_of_a_table_have_the_same_fields(data: Dataset) -> None:
    for name, table in data.tables.items():
        shapes = {tuple(row) for row in table.values()}
        # A customer field has no requirement_type.
        assert len(shapes) == (2 if name == "custom_fields" else 1), name


def test_ids_ascend_and_rows_carry_their_own(data: Dataset) -> None:
    for table in data.tables.values():
        assert list(table) == sorted(table)
        assert all(row["id"] == row_id for row_id, row in table.items())


def test_users_and_customers_share_one_sequence(data: Dataset) -> None:
    assert max(data.tables["users"]) < min(data.tables["customers"])


@pytest.mark.parametrize("table", REFERENCES)
def test_every_id_resolves(data: Dataset, table: str) -> None:
    for field, targets in REFERENCES[table].items():
        known = {row_id for target in targets.split() for row_id in data.tables[target]}
        for row in data.tables[table].values():
            value = row[field]
            ids = value if isinstance(value, list | dict) else [] if value is None else [value]
            assert set(ids) <= known, (field, row["id"])


def test_an_event_is_about_a_row_or_about_something_that_was_deleted(data: Dataset) -> None:
    tables = {
        "Ticket": "tickets",
        "TicketMessage": "messages",
        "Customer": "customers",
        "SatisfactionSurvey": "satisfaction_surveys",
        "CustomField": "custom_fields",
    }
    events = data.tables["events"].values()
    gone = {
        (event["object_type"], event["object_id"])
        for event in events
        if event["type"].endswith("-deleted") or event["type"] == "tag-merged"
    }
    for event in events:
        kind, object_id = event["object_type"], event["object_id"]
        if kind is None:
            continue
        present = object_id in data.tables[tables.get(kind, f"{kind.lower()}s")]
        assert present != ((kind, object_id) in gone), event


def test_events_have_large_ids_that_follow_time(data: Dataset) -> None:
    events = list(data.tables["events"].values())
    assert min(data.tables["events"]) > 2**31
    for earlier, later in pairwise(events):
        assert moment(earlier["created_datetime"]) <= moment(later["created_datetime"])


@pytest.mark.parametrize("table", ["messages", "tickets", "customers", "satisfaction_surveys"])
def test_newer_rows_have_higher_ids(data: Dataset, table: str) -> None:
    created = [moment(row["created_datetime"]) for row in data.tables[table].values()]
    assert created == sorted(created)


def test_only_what_is_planned_lies_in_the_future(data: Dataset) -> None:
    for table in data.tables.values():
        for row in table.values():
            late = {key for key, text in moments(row) if moment(text) > NOW}
            assert late <= PLANNED, row


def test_datetimes_are_printed_as_the_api_prints_them(data: Dataset) -> None:
    printed = {text for table in data.tables.values() for _, text in moments(table)}
    assert all(text == moment(text).astimezone(UTC).isoformat() for text in printed)
    assert {"." in text for text in printed} == {True, False}


@pytest.mark.parametrize("table", ["tickets", "customers", "messages", "events", "tags"])
def test_timestamps_tie(data: Dataset, table: str) -> None:
    created = [row["created_datetime"] for row in data.tables[table].values()]
    assert len(set(created)) < len(created)


@pytest.mark.parametrize("table", ["tickets", "customers"])
def test_updates_tie_too(data: Dataset, table: str) -> None:
    changed = [
        row["updated_datetime"]
        for row in data.tables[table].values()
        if row["updated_datetime"] != row["created_datetime"]
    ]
    assert len(set(changed)) < len(changed)


def test_nothing_is_updated_before_it_was_created(data: Dataset) -> None:
    for table in data.tables.values():
        for row in table.values():
            if row.get("updated_datetime"):
                assert moment(row["updated_datetime"]) >= moment(row["created_datetime"])


def test_the_newest_changes_are_minutes_old(data: Dataset) -> None:
    newest = sorted(moment(row["updated_datetime"]) for row in data.tables["tickets"].values())
    assert all((NOW - at).total_seconds() < 1800 for at in newest[-3:])


def test_a_ticket_agrees_with_its_messages(
    data: Dataset, conversations: dict[int, list[Row]]
) -> None:
    for ticket_id, ticket in data.tables["tickets"].items():
        messages = conversations[ticket_id]
        received = [row["created_datetime"] for row in messages if not row["from_agent"]]
        assert ticket["messages_count"] == len(messages)
        assert ticket["last_received_message_datetime"] == (received or [None])[-1]
        if messages:
            last = messages[-1]
            assert ticket["last_message_datetime"] == last["created_datetime"]
            assert ticket["excerpt"] == (last["stripped_text"] and last["stripped_text"][:200])


def test_a_ticket_is_updated_by_its_last_message_and_event(
    data: Dataset, conversations: dict[int, list[Row]]
) -> None:
    last = {
        ticket_id: max(moment(row["created_datetime"]) for row in messages)
        for ticket_id, messages in conversations.items()
        if messages
    }
    for event in data.tables["events"].values():
        if event["object_type"] == "Ticket" and event["object_id"] in last:
            at = moment(event["created_datetime"])
            last[event["object_id"]] = max(last[event["object_id"]], at)
    for ticket_id, at in last.items():
        ticket = data.tables["tickets"][ticket_id]
        updated = moment(ticket["updated_datetime"])
        # What happened to an imported ticket before the import left no events.
        assert updated == at if ticket["imported"] is False else updated >= at


def test_a_closed_ticket_and_no_other_says_when_it_was_closed(data: Dataset) -> None:
    for ticket in data.tables["tickets"].values():
        assert (ticket["status"] == "closed") == (ticket["closed_datetime"] is not None)


def test_customers_write_and_users_answer(data: Dataset) -> None:
    users, tickets = data.tables["users"], data.tables["tickets"]
    for message in data.tables["messages"].values():
        if message["from_agent"]:
            assert message["sender_id"] in users
        else:
            assert message["sender_id"] == tickets[message["ticket_id"]]["customer_id"]
            assert message["receiver_id"] is None
        if not message["public"]:
            assert (message["from_agent"], message["receiver_id"]) == (True, None)


def test_merged_customers_are_gone_and_their_trail_is_in_the_events(data: Dataset) -> None:
    customers, events = data.tables["customers"], data.tables["events"].values()
    trail = {
        event["data"]["source_customer_id"]: event["object_id"]
        for event in events
        if event["type"] == "customer-merged"
    }
    deleted = {event["object_id"] for event in events if event["type"] == "customer-deleted"}
    assert data.merged
    assert trail == data.merged
    assert deleted > set(data.merged)
    assert not deleted & set(customers)
    assert set(data.merged.values()) <= set(customers)


def test_deleted_tickets_leave_a_gap_and_an_event(data: Dataset) -> None:
    tickets = data.tables["tickets"]
    missing = set(range(min(tickets), max(tickets) + 1)) - set(tickets)
    events = data.tables["events"].values()
    assert missing
    assert missing == {row["object_id"] for row in events if row["type"] == "ticket-deleted"}


def test_texts_hold_what_breaks_careless_readers(data: Dataset) -> None:
    texts = [row["body_text"] or "" for row in data.tables["messages"].values()]
    assert sum(len(text.encode()) > 100_000 for text in texts) == 1
    assert sum("\0" in text for text in texts) == 1


def test_a_few_customers_have_no_address_and_a_few_have_several(data: Dataset) -> None:
    customers = data.tables["customers"].values()
    assert {len(row["channels"]) for row in customers} >= {1, 2}
    assert any(row["integrations"] for row in customers)
    assert any(row["external_data"] for row in customers)
    addresses = [
        (channel["type"], channel["address"]) for row in customers for channel in row["channels"]
    ]
    assert len(addresses) == len(set(addresses))


def test_all_rare_states_of_a_ticket_occur(data: Dataset) -> None:
    tickets = data.tables["tickets"].values()
    assert any(row["spam"] for row in tickets)
    assert {"open", "closed"} == {row["status"] for row in tickets}
    assert {row["priority"] for row in tickets} == {"critical", "high", "normal", "low"}
    kinds = {row["type"] for row in data.tables["events"].values()}
    assert kinds >= {"ticket-reopened", "ticket-trashed", "ticket-snoozed", "ticket-marked-spam"}


def test_jobs_come_in_every_status(data: Dataset) -> None:
    assert {row["status"] for row in data.tables["jobs"].values()} == {
        *("pending", "scheduled", "running", "done"),
        *("cancel_requested", "canceled", "errored", "fatal_errored"),
    }


def test_usage_of_a_tag_counts_its_tickets(data: Dataset) -> None:
    for tag_id, tag in data.tables["tags"].items():
        used = sum(tag_id in row["tag_ids"] for row in data.tables["tickets"].values())
        assert tag["usage"] == used


def test_amounts_grow_with_the_number_of_tickets() -> None:
    tables = build(seed=1, tickets=2_000, now=NOW).tables
    per_ticket = {name: len(table) / 2_000 for name, table in tables.items()}
    closed = sum(row["status"] == "closed" for row in tables["tickets"].values())
    assert 2.3 < per_ticket["messages"] < 2.8
    assert 4 < per_ticket["events"] < 5.2
    assert 0.5 < per_ticket["customers"] < 0.7
    assert 0.15 < len(tables["satisfaction_surveys"]) / closed < 0.25


def test_questions_come_on_weekdays_and_answers_take_opening_hours() -> None:
    messages = build(seed=1, tickets=2_000, now=NOW).tables["messages"].values()
    asked = [moment(row["created_datetime"]) for row in messages if not row["from_agent"]]
    weekend = sum(at.weekday() >= 5 for at in asked) / len(asked)
    night = sum(at.hour < 6 for at in asked) / len(asked)
    assert weekend < 0.25
    assert night < 0.15


def test_languages_and_writing_systems_mix() -> None:
    tables = build(seed=1, tickets=2_000, now=NOW).tables
    text = "".join(row["stripped_text"] or "" for row in tables["messages"].values())
    assert {row["language"] for row in tables["tickets"].values()} > {"en", "fr", "de", "ja", "ar"}
    for sample in ("🙏", "注文", "طلب", "e\u0301", "สวัสดี"):
        assert sample in text
