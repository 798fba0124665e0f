"""Blank, padded and fractional names, and rows that several others could be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gorgias_api import GorgiasError, SettingsError, UsageError
from tests.target.support import MAIL, NOTE, Row, lines, record, rows, schema

if TYPE_CHECKING:
    from tests.target.support import Desk

KEY = ("number",)
ON = {"on_error": "continue"}
MINE: Row = {"customer_email": "lea@shop.example", "messages": [MAIL]}
BLANKS = ["", " ", "\t"]


def row_of(entity: str, **more: Any) -> Row:
    """A row that makes an object, without anything that names it."""
    ticket: Row = {"ticket_id": 83000001, **NOTE}
    made: dict[str, Row] = {"customers": {}, "tickets": MINE, "messages": ticket}
    return made[entity] | more


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize("entity", ["customers", "tickets", "messages"])
def test_a_blank_external_id_is_none(desk: Desk, entity: str, blank: str) -> None:
    before = len(desk.rows(entity))
    both = (row_of(entity, number=n, external_id=blank, name=f"N{n}") for n in (1, 2))
    desk.write(*rows(entity, *both, keys=KEY))
    assert len(desk.rows(entity)) == before + 2
    assert desk.summary[entity]["created"] == 2


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize(
    ("entity", "column"),
    [
        *(("customers", name) for name in ("id", "external_id", "email")),
        *(("tickets", name) for name in ("id", "external_id")),
        *((name, "name") for name in ("tags", "teams", "views", "macros")),
        ("users", "email"),
    ],
)
@pytest.mark.parametrize("verb", ["update", "delete"])
def test_a_blank_name_leads_to_nothing(
    desk: Desk, verb: str, entity: str, column: str, blank: str
) -> None:
    before = desk.rows(entity)
    named = {"number": 1, column: blank} | ({} if column == "name" else {"name": "New"})
    desk.write(*rows(f"{verb}_{entity}", named, keys=KEY), **ON)
    assert desk.written == []
    assert desk.rows(entity) == before


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize(
    "column",
    ["ticket_id", "ticket_external_id", "ticket_key", "ticket"],
)
def test_a_part_of_a_blank_ticket_is_of_none(desk: Desk, column: str, blank: str) -> None:
    desk.write(
        *rows("tickets", row_of("tickets", number=1, external_id=blank), keys=KEY),
        *rows(
            "ticket_tags", {column: {"id": blank} if column == "ticket" else blank, "name": "vip"}
        ),
        **ON,
    )
    assert desk.reasons == ["Nothing says which ticket is meant."]
    assert not [path for path in desk.written if "tags" in path]


@pytest.mark.parametrize("options", [{}, {"nulls": "write"}])
@pytest.mark.parametrize(
    "blank", [{"customer_id": ""}, {"customer_email": " "}, {"customer": {"id": "", "email": " "}}]
)
def test_a_blank_reference_takes_nobody_off(desk: Desk, blank: Row, options: Row) -> None:
    ticket = next(row for row in desk.rows("tickets") if row["customer"])
    update = {"id": ticket["id"], "subject": "New", **blank}
    desk.write(*rows("update_tickets", update, keys=["id"]), streams={"update_tickets": options})
    after = desk.row("tickets", ticket["id"])
    assert (after["subject"], after["customer"]) == ("New", ticket["customer"])


@pytest.mark.parametrize("given", ["5077.0", '"5077"', '" 5077 "', "5077", "5.077e3"])
@pytest.mark.parametrize("entity", ["customers", "tickets", "messages"])
def test_a_whole_external_id_is_the_same_in_every_form(desk: Desk, entity: str, given: str) -> None:
    before = len(desk.rows(entity))
    desk.write(*rows(entity, row_of(entity, number=1, external_id="5077"), keys=KEY))
    again = rows(entity, row_of(entity, number=1, external_id="?", subject="x"), keys=KEY)
    desk.feed(lines(again).replace('"?"', given))
    assert len(desk.rows(entity)) == before + 1
    assert desk.the(entity, external_id="5077")


@pytest.mark.parametrize("given", ["{}.0", '"{}.0"', '" {} "', '"{}"', '" {}.00 "'])
@pytest.mark.parametrize("column", ["id", "customer_id"])
def test_a_whole_id_is_the_same_in_every_form(desk: Desk, column: str, given: str) -> None:
    ticket, someone = desk.any("tickets")["id"], desk.any("customers")["id"]
    named = {"id": ticket, "subject": "New", "customer_id": someone} | {column: "?"}
    text = given.format(ticket if column == "id" else someone)
    desk.feed(lines(rows("update_tickets", named, keys=["id"])).replace('"?"', text))
    after = desk.row("tickets", ticket)
    assert (after["subject"], after["customer"]["id"]) == ("New", someone)


@pytest.mark.parametrize("given", ["1.5", "true", "NaN", "Infinity", '"1.5"'])
@pytest.mark.parametrize("column", ["id", "external_id"])
def test_what_is_no_name_is_refused(desk: Desk, column: str, given: str) -> None:
    if (column, given) == ("external_id", '"1.5"'):
        return  # text is text
    messages = rows("customers", {"number": 1, column: "?", "name": "New"}, keys=KEY)
    desk.feed(lines(messages).replace('"?"', given), **ON)
    assert desk.written == []
    assert len(desk.reasons) == 1


@pytest.mark.parametrize("given", ["1.0", '"1"', '" 1 "', "1", "1e0"])
def test_a_key_is_the_same_in_every_form(desk: Desk, given: str) -> None:
    before = len(desk.rows("customers"))
    desk.write(*rows("customers", {"number": 1, "email": "lea@shop.example"}, keys=KEY))
    again = rows("customers", {"number": "?", "email": "eva@shop.example"}, keys=KEY)
    desk.feed(lines(again).replace('"?"', given))
    assert len(desk.rows("customers")) == before + 1
    assert desk.the("customers", external_id="customers:1")["email"] == "eva@shop.example"


def test_padded_addresses_are_the_same(desk: Desk) -> None:
    one = desk.any("customers")
    padded = {"email": f" {one['email']} ", "language": "fr"}
    desk.write(*rows("update_customers", padded, keys=["email"]))
    assert desk.row("customers", one["id"])["language"] == "fr"


@pytest.mark.parametrize("way", ["keyed", "keyless"])
def test_messages_with_one_external_id_are_looked_up_within_their_tickets(
    desk: Desk, way: str
) -> None:
    first, second, *_ = (row["id"] for row in desk.rows("tickets"))
    keys = ["ticket_id", "external_id"] if way == "keyed" else []

    def both(text: str) -> list[Row]:
        of = ({"ticket_id": each, "external_id": "m", **NOTE} for each in (first, second))
        return rows("messages", *(row | {"body_text": text} for row in of), keys=keys)

    desk.write(*both("One"))
    desk.write(*both("Two"), ledger_url=f"sqlite:///{desk.folder}/lost.db")
    found = {
        row["ticket_id"]: row["body_text"]
        for row in desk.rows("messages")
        if row["external_id"] == "m"
    }
    assert found == {first: "Two", second: "Two"}


KEYLESS: dict[str, Row] = {
    "tickets": MINE,
    "messages": {"ticket_id": 83000001, **NOTE},
    "customers": {"name": "Lea"},
    "create_tickets": MINE,
    "create_jobs": {"type": "exportTicket", "params": {}},
    "users": {"name": "A"},
    "tags": {"description": "A"},
    "custom_fields": {"label": "A", "definition": {}},
}


@pytest.mark.parametrize("stream", KEYLESS)
def test_rows_that_cannot_be_known_again_are_refused_before_anything_is_written(
    desk: Desk, stream: str
) -> None:
    with pytest.raises(UsageError, match="'key': "):
        desk.write(*rows("tags", {"name": "a"}), *rows("x", KEYLESS[stream]), streams={"x": stream})
    assert desk.written in ([], ["POST /api/tags"])


@pytest.mark.parametrize("stream", ["messages", "tickets", "customers"])
def test_so_are_rows_that_say_for_themselves_what_they_do(desk: Desk, stream: str) -> None:
    with pytest.raises(UsageError, match="'key': "):
        desk.write(*rows(stream, KEYLESS[stream] | {"_gorgias_action": "create"}))
    assert desk.written == []


@pytest.mark.parametrize("stream", ["messages", "tickets", "create_tickets", "create_jobs"])
def test_columns_named_as_key_are_the_identity(desk: Desk, stream: str) -> None:
    made = KEYLESS[stream] | {"nr": 7}
    if stream == "create_jobs":
        made |= {
            "type": "updateTicket",
            "params": {"ticket_ids": [83000001], "updates": {"status": "closed"}},
        }
    options = {"streams": {stream: {"key": ["nr"]}}}
    desk.write(*rows(stream, made), **options)
    desk.forget()
    desk.write(*rows(stream, made | {"one_more": 1}), **options)
    assert desk.written == []
    assert desk.summary == {stream: {"unchanged": 1}}


def test_columns_named_as_key_win_over_the_declared_key(desk: Desk) -> None:
    before = len(desk.rows("customers"))
    both = ({"number": n, "crm": "a", "name": f"N{n}"} for n in (1, 2))
    desk.write(*rows("customers", *both, keys=KEY), streams={"customers": {"key": ["crm"]}})
    assert len(desk.rows("customers")) == before + 1
    assert desk.the("customers", external_id="customers:a")["name"] == "N2"


def test_a_key_of_columns_that_do_not_come_is_refused(desk: Desk) -> None:
    with pytest.raises(UsageError, match="has no column 'nr', which is in its 'key'"):
        desk.write(*rows("tickets", MINE), streams={"tickets": {"key": ["nr"]}})


@pytest.mark.parametrize("entity", ["customers", "tickets"])
def test_one_more_column_makes_nothing_new(desk: Desk, entity: str) -> None:
    view = [row_of(entity, external_id=f"v-{n}") for n in range(3)]
    desk.write(*rows(entity, *view))
    before = len(desk.rows(entity))
    desk.write(*rows(entity, *(row | {"name": "more", "subject": "more"} for row in view)))
    assert len(desk.rows(entity)) == before


@pytest.mark.parametrize("blank", ["", " ", None])
def test_a_row_whose_identity_is_blank_is_refused_by_itself(desk: Desk, blank: Any) -> None:
    both = (row_of("tickets", external_id=given) for given in (blank, "t-1"))
    desk.write(*rows("tickets", *both), **ON)
    assert desk.summary["tickets"]["created"] == desk.summary["tickets"]["rejected"] == 1


@pytest.mark.parametrize("blank", ["", " ", None])
def test_so_is_a_row_whose_key_is_blank(desk: Desk, blank: Any) -> None:
    desk.write(*rows("tickets", row_of("tickets", number=blank), keys=KEY), **ON)
    assert desk.reasons == ["The key 'number' is missing."]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"key": "id"}, "must have a list of columns for 'key'"),
        ({"key": []}, "must have a list of columns for 'key'"),
        ({"take_over": "yes"}, "must have true or false for 'take_over'"),
        ({"key_of": "returns"}, "for 'key_of'"),
        ({"key_of": {"ticket": 1}}, "for 'key_of'"),
        ({"key_of": {"tickte": "returns"}}, "did you mean 'ticket'"),
    ],
)
def test_a_wrong_option_is_one_sentence(desk: Desk, options: Row, sentence: str) -> None:
    with pytest.raises(SettingsError, match="The setting 'streams' for 'x'") as caught:
        desk.write(streams={"x": options})
    assert sentence in str(caught.value)


def test_a_renamed_stream_is_told_before_anything_is_written(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    named = {"number": 1, "email": "lea@shop.example"}
    desk.write(*rows("crm", named, keys=KEY), streams={"crm": "customers"})
    desk.forget()
    desk.sandbox.fail("/api/customers", status=500, times=99)
    with pytest.raises(GorgiasError):
        desk.write(*rows("people", named, keys=KEY), streams={"people": "customers"})
    desk.sandbox.backend.faults.clear()
    (told,) = (each for each in caplog.messages if "if it was renamed" in each)
    assert "'crm'" in told
    assert "'people'" in told
    caplog.clear()
    desk.write(*rows("people", named, keys=KEY), **ON, streams={"people": "customers"})
    assert desk.summary["people"]["rejected"] == 1
    desk.write(record_head(), record("crm", **named), streams={"crm": "customers"})
    assert desk.summary["crm"] == {"unchanged": 1}


def record_head() -> Row:
    return schema("crm", "email", keys=KEY)
