"""Columns and streams are known by their names, however a warehouse spells them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from gorgias_api import SettingsError, UsageError
from target_gorgias.columns import folded
from target_gorgias.fields import columns
from target_gorgias.routes import OPERATIONS, Route
from tests.target.support import EVERY_VERB, MAIL, TICKET, lines, record, rows, schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.target.support import Desk, Row

TICKET_ID = 83000001


def upper(name: str) -> str:
    return name.upper()


def camel(name: str) -> str:
    bare = name.lstrip("_")
    head, *tail = bare.split("_")
    return name[: len(name) - len(bare)] + head + "".join(map(str.capitalize, tail))


def pascal(name: str) -> str:
    spelled = camel(name)
    bare = spelled.lstrip("_")
    return spelled[: len(spelled) - len(bare)] + bare[:1].upper() + bare[1:]


SPELLINGS = [upper, camel, pascal]


def spelled(spell: Callable[[str], str], row: Row) -> Row:
    return {spell(name): value for name, value in row.items()}


ROWS: list[tuple[str, Row, list[str], str]] = [
    ("update_tickets", {"id": TICKET_ID, "subject": "New"}, ["id"], "updated"),
    ("tickets", {"number": 1, **TICKET, "customer_email": "a@b.example"}, ["number"], "created"),
    ("customers", {"external_id": "7", "email": "lea@shop.example"}, ["external_id"], "created"),
    ("ticket_tags", {"ticket_id": TICKET_ID, "name": "new"}, ["ticket_id", "name"], "updated"),
    (
        "ticket_custom_fields",
        {"ticket_id": TICKET_ID, "custom_field_id": 505, "value": 3},
        ["ticket_id", "custom_field_id"],
        "updated",
    ),
    ("messages", {"number": 1, "ticket_id": TICKET_ID, **MAIL}, ["number"], "created"),
    ("set_data_customers", {"customer_id": 519543214, "data": {"a": 1}}, [], "updated"),
    ("merge_customers", {"source_id": 519543214, "target_id": 519543215}, [], "updated"),
    ("tags", {"name": "new", "_gorgias_action": "CREATE"}, ["name"], "created"),
    ("tags", {"name": "vip", "_gorgias_action": "delete"}, ["name"], "deleted"),
    ("tickets", {"id": TICKET_ID, "_sdc_deleted_at": "2026-01-31 09:00:00 UTC"}, [], "deleted"),
]


@pytest.mark.parametrize("spell", SPELLINGS)
@pytest.mark.parametrize("case", ROWS)
def test_a_column_may_be_spelled_in_any_way(
    desk: Desk,
    spell: Callable[[str], str],
    case: tuple[str, Row, list[str], str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    stream, row, keys, outcome = case
    if outcome == "deleted" and stream == "tags":
        desk.write(*rows("tags", {"name": "vip"}))
    desk.write(
        *rows(stream, spelled(spell, row), keys=[spell(key) for key in keys]),
        streams={"*": EVERY_VERB},
    )
    assert desk.summary[stream][outcome] == 1
    assert "mean nothing" not in caplog.text
    desk.forget()
    desk.write(*rows(stream, row, keys=keys), streams={"*": {"compare": "ledger"} | EVERY_VERB})
    if not row.keys() & {"_gorgias_action", "_sdc_deleted_at"}:
        assert desk.summary[stream] == {"unchanged": 1}, "it is the same row to the ledger"
        assert desk.written == []


def test_the_names_of_keys_may_be_spelled_otherwise_than_the_columns(desk: Desk) -> None:
    head = schema("customers", "EXTERNAL_ID", "NAME") | {"key_properties": ["external_id"]}
    desk.write(head, record("customers", EXTERNAL_ID="7", NAME="Lea"))
    assert desk.the("customers", external_id="7")["name"] == "Lea"


def test_names_inside_json_are_taken_as_they_are(desk: Desk) -> None:
    row = {"ID": 519543214, "DATA": {"LoyaltyTier": "gold", "loyalty_tier": "silver"}}
    desk.write(*rows("set_data_customers", row))
    held = desk.stored("customers", 519543214)["data"]
    assert held == {"LoyaltyTier": "gold", "loyalty_tier": "silver"}


def test_a_list_to_replace_may_be_spelled_in_any_way(desk: Desk) -> None:
    streams = {"tickets": {"replace": ["TAGS"]}}
    desk.write(*rows("tickets", {"ID": TICKET_ID, "TAGS": ["only"]}), streams=streams)
    assert [tag["name"] for tag in desk.row("tickets", TICKET_ID)["tags"]] == ["only"]
    with pytest.raises(SettingsError, match="cannot replace 'tagsz': did you mean 'tags'"):
        desk.write(streams={"tickets": {"replace": ["tagsz"]}})


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_two_columns_of_an_operation_are_spelled_alike(operation: str) -> None:
    verb, name = OPERATIONS[operation]
    known = columns(Route(verb=verb, name=name))
    assert len({folded(column) for column in known}) == len(known)


@pytest.mark.parametrize(
    ("stream", "given", "both"),
    [
        ("tickets", ["id", "ID", "subject"], ("id", "ID", "id")),
        ("update_tickets", ["TicketId", "id", "customer_id", "customerId"], ("customer_id",)),
        ("ticket_tags", ["ticket_id", "TICKETID", "name"], ("ticket_id", "TICKETID")),
        ("messages", ["ticket_id", "channel", "from_agent", "FromAgent"], ("FromAgent",)),
        ("tags", ["name", "_sdc_deleted_at", "_SDC_DELETED_AT"], ("_SDC_DELETED_AT",)),
        ("tags", ["name", "_gorgias_action", "_GORGIAS_ACTION"], ("_GORGIAS_ACTION",)),
    ],
)
def test_two_columns_that_come_to_one_name_are_named(
    desk: Desk, stream: str, given: list[str], both: tuple[str, ...]
) -> None:
    with pytest.raises(UsageError, match="both stand for") as caught:
        desk.write(schema(stream, *given))
    assert all(f"'{name}'" in str(caught.value) for name in both)


def test_a_row_with_both_is_refused_if_its_schema_has_only_one(desk: Desk) -> None:
    both = record("tags", name="a", NAME="b")
    desk.write(schema("tags", "name"), both, record("tags", NAME="c"), on_error="continue")
    assert desk.reasons == [
        "The columns 'name' and 'NAME' both stand for 'name': leave one of them out."
    ]
    assert desk.the("tags", name="c")


@pytest.mark.parametrize(
    "stream",
    [
        "public-update_tickets",
        "PUBLIC-UPDATE_TICKETS",
        "db.schema.update_tickets",
        '"DB"."SCHEMA"."UPDATE_TICKETS"',
        "db-schema-update_tickets",
        "`my-project.dataset.update_tickets`",
        "[dbo].[update_tickets]",
        "Update_Tickets",
        "updateTickets",
    ],
)
def test_a_schema_in_front_of_a_stream_is_understood(desk: Desk, stream: str) -> None:
    desk.write(*rows(stream, {"id": TICKET_ID, "subject": "New"}))
    assert desk.row("tickets", TICKET_ID)["subject"] == "New"
    assert desk.summary[stream]["updated"] == 1


def test_every_entity_is_understood_behind_a_schema(desk: Desk) -> None:
    desk.write(*rows("REVERSE-TICKET_TAGS", {"TICKET_ID": TICKET_ID, "NAME": "new"}))
    assert "new" in [tag["name"] for tag in desk.row("tickets", TICKET_ID)["tags"]]


@pytest.mark.parametrize(
    ("stream", "streams", "table"),
    [
        ("public-tags", {"public-tags": "users"}, "users"),
        ("PUBLIC-TAGS", {"tags": {"operation": "teams"}}, "teams"),
        ("PUBLIC-TAGS", {"public-*": "teams"}, "teams"),
        ("tags-users", {"tags-*": "teams"}, "teams"),
    ],
)
def test_a_setting_wins_over_the_name(desk: Desk, stream: str, streams: Any, table: str) -> None:
    row = {"name": "New", "email": "new@acme.example", "role": {"name": "agent"}}
    desk.write(*rows(stream, row), streams=streams, allow_sending=True)
    assert desk.the(table, name="New")


@pytest.mark.parametrize("stream", ["tags-tickets", "tickets.update_tags", "USERS-TEAMS"])
def test_a_name_that_may_stand_for_two_things_is_refused(desk: Desk, stream: str) -> None:
    with pytest.raises(UsageError, match=r"may stand for '.*' or '.*': name its operation"):
        desk.write(schema(stream, "name"))


def test_the_nearest_name_is_that_of_the_table(desk: Desk) -> None:
    with pytest.raises(UsageError, match="did you mean 'update_tickets'"):
        desk.write(schema("PUBLIC-UPDATE_TICKTS", "id"))


@pytest.mark.parametrize(
    ("stream", "given", "sentence"),
    [
        ("customers", ["nam", "emial"], "none of its columns means anything to 'upsert_customers'"),
        ("customers", ["number", "emial"], "Did you mean 'email' by 'emial'?"),
        ("tags", ["NMAE"], "Did you mean 'name' by 'NMAE'?"),
        ("ticket_tags", ["tickt_id", "name"], "Did you mean 'ticket_id' by 'tickt_id'?"),
        ("update_tickets", ["external_idd", "subject"], "Did you mean 'external_id' by"),
        ("macros", ["qqqqqqqq", "_sdc_batched_at"], "means anything to 'upsert_macros'."),
    ],
)
def test_a_stream_that_says_nothing_fails_with_the_nearest_name(
    desk: Desk, stream: str, given: list[str], sentence: str
) -> None:
    keys = ["number"] if "number" in given else []
    with pytest.raises(UsageError, match="cannot be written") as caught:
        desk.write(schema(stream, *given, keys=keys))
    assert sentence in str(caught.value)


def test_a_column_that_is_left_out_is_a_warning_once(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    row = {"id": TICKET_ID, "subjet": "x", "priority": "high", "_sdc_batched_at": "2026"}
    extra = record("tickets", id=TICKET_ID, subjet="y", priorty="low")
    desk.write(*rows("tickets", row, row), *rows("tickets", {**row, "status": "open"}), extra)
    said = [each for each in caplog.records if "mean nothing" in each.message]
    assert [(each.levelname, each.message) for each in said] == [
        ("WARNING", "Columns that mean nothing here: subjet (did you mean 'subject'?)."),
        ("WARNING", "Columns that mean nothing here: priorty (did you mean 'priority'?)."),
    ]


def test_what_only_some_rows_of_a_stream_cannot_take_is_told(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    row = {"id": TICKET_ID, "subject": "New", "messages": [MAIL]}
    acting = ({**row, "_gorgias_action": verb} for verb in ("update", "update", "delete"))
    desk.write(*rows("tickets", *acting), streams={"*": EVERY_VERB})
    told = [each.message for each in caplog.records if "mean nothing" in each.message]
    assert told == ["Columns that mean nothing here: messages."]


def test_it_is_exit_code_2(desk: Desk) -> None:
    ended = desk.run(lines([schema("tags", "nam", "label")]))
    assert (ended.returncode, "Traceback" in ended.stderr) == (2, False)
    assert json.loads((desk.folder / "summary.json").read_text()) == {}


@pytest.mark.parametrize("stream", ["update_tickets", "update_customers", "update_tags"])
@pytest.mark.parametrize(
    "more", [{}, {"statuss": "closed"}, {"_sdc_deleted_at": None}, {"_sdc_batched_at": 1}]
)
def test_a_stream_that_updates_nothing_fails_before_it_begins(
    desk: Desk, stream: str, more: Row
) -> None:
    with pytest.raises(UsageError, match="it has 'id', and nothing to update") as raised:
        desk.write(*rows(stream, {"id": 1, **more}, keys=["id"]))
    assert ("Did you mean 'status'" in str(raised.value)) == (
        "statuss" in more and stream == "update_tickets"
    )
