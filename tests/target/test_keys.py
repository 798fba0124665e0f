"""A key belongs to a stream: whose ticket a note lands in when two streams have the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.target.support import MAIL, NOTE, Row, record, rows, schema

if TYPE_CHECKING:
    from tests.target.support import Desk

KEY = ("number",)
STREAMS: Row = {"orders": "tickets", "returns": "tickets"}


def ticket(stream: str, number: int = 1, **more: object) -> list[Row]:
    made = {"number": number, "customer_email": f"{stream}@shop.example", "messages": [MAIL]}
    return rows(stream, made | {"subject": stream} | more, keys=KEY)


def note(key: object, text: str = "A note.") -> list[Row]:
    return rows("messages", {"nr": text, "ticket_key": key, **NOTE, "body_text": text}, keys=["nr"])


def notes_in(desk: Desk, stream: str) -> int:
    made = desk.the("tickets", external_id=f"{stream}:1")["id"]
    return sum(row["channel"] == "internal-note" for row in desk.messages_of(made))


@pytest.mark.parametrize("order", ["onr", "orn", "nor", "nro", "rno"])
@pytest.mark.parametrize("said", ["returns:1", 1])
def test_a_note_lands_in_the_ticket_it_names_or_nowhere(
    desk: Desk, order: str, said: object
) -> None:
    parts = {"o": ticket("orders"), "r": ticket("returns"), "n": note(said)}
    desk.write(
        *(row for part in order for row in parts[part]), streams=STREAMS, on_error="continue"
    )
    assert notes_in(desk, "orders") == 0
    assert notes_in(desk, "returns") == (0 if said == 1 else 1)
    if said == 1:
        (reason,) = desk.reasons
        assert "'orders:1' or 'returns:1'" in reason


@pytest.mark.parametrize("order", ["onr", "orn", "nor"])
def test_the_settings_say_whose_keys_a_stream_has(desk: Desk, order: str) -> None:
    parts = {"o": ticket("orders"), "r": ticket("returns"), "n": note(1)}
    streams = STREAMS | {"messages": {"key_of": {"ticket": "returns"}}}
    desk.write(*(row for part in order for row in parts[part]), streams=streams)
    assert (notes_in(desk, "orders"), notes_in(desk, "returns")) == (0, 1)


@pytest.mark.parametrize("order", ["on", "no"])
def test_where_one_stream_has_the_key_it_needs_no_name(desk: Desk, order: str) -> None:
    parts = {"o": ticket("orders"), "n": note(1)}
    desk.write(*(row for part in order for row in parts[part]), streams=STREAMS)
    assert notes_in(desk, "orders") == 1


@pytest.mark.parametrize("first", ["create_tickets", "tickets"])
def test_streams_that_no_setting_names_are_told_apart_too(desk: Desk, first: str) -> None:
    second = {"tickets": "create_tickets", "create_tickets": "tickets"}[first]
    desk.write(
        *ticket(first),
        *note(1),
        *note(f"{second}:1", "Qualified"),
        *ticket(second),
        on_error="continue",
    )
    assert notes_in(desk, first) == 0
    assert notes_in(desk, second) == 1
    assert len(desk.rejects) == 1


def test_what_is_known_from_earlier_runs_counts(desk: Desk) -> None:
    desk.write(*ticket("orders"), streams=STREAMS)
    desk.write(*ticket("returns"), streams=STREAMS)
    desk.write(*note(1), *note("orders:1", "Qualified"), on_error="continue")
    assert notes_in(desk, "orders") == 1
    assert len(desk.rejects) == 1


def test_a_row_that_was_refused_has_its_key_all_the_same(desk: Desk) -> None:
    desk.write(
        *ticket("orders", language="klingon"),
        *ticket("returns"),
        *note(1),
        streams=STREAMS,
        on_error="continue",
    )
    assert notes_in(desk, "returns") == 0
    assert "'orders:1' or 'returns:1'" in desk.reasons[1]


def test_a_ticket_that_waits_for_its_first_message_gets_none_that_may_be_anothers(
    desk: Desk,
) -> None:
    mail = {"nr": 1, "ticket_key": 1, "sender_email": "a@shop.example", **MAIL}
    desk.write(
        *rows("orders", {"number": 1, "subject": "x"}, keys=KEY),
        *rows("messages", mail, keys=["nr"]),
        *rows("returns", {"number": 1, "subject": "x"}, keys=KEY),
        streams=STREAMS,
        on_error="continue",
    )
    assert desk.written == []
    assert len(desk.rejects) == 3


def test_a_colon_in_a_key_is_part_of_it(desk: Desk) -> None:
    made = {"number": "urn:7", "customer_email": "a@shop.example", "messages": [MAIL]}
    desk.write(*note("urn:7"), *rows("orders", made, keys=KEY), streams=STREAMS)
    (found,) = (row for row in desk.rows("tickets") if row["external_id"] == "orders:urn:7")
    assert len(desk.messages_of(found["id"])) == 2


@pytest.mark.parametrize("column", ["customer_key", "customer"])
def test_customers_are_told_apart_as_well(desk: Desk, column: str) -> None:
    people: Row = {"crm": "customers", "shop": "customers"}
    both = [
        row
        for stream in people
        for row in rows(stream, {"number": 1, "email": f"{stream}@shop.example"}, keys=KEY)
    ]

    def asked(key: object) -> list[Row]:
        named = {"customer": {"key": key}} if column == "customer" else {"customer_key": key}
        return rows("tickets", {"number": 9, "messages": [MAIL], **named}, keys=KEY)

    desk.write(*asked(1), *both, streams=people, on_error="continue")
    assert not [row for row in desk.rows("tickets") if row["external_id"] == "tickets:9"]
    desk.write(*asked("shop:1"), streams=people)
    assert desk.the("tickets", external_id="tickets:9")["customer"]["email"] == "shop@shop.example"


def test_rows_about_a_ticket_that_waits_come_after_it(desk: Desk) -> None:
    head = schema("tickets", "customer_key", "external_id", "messages", "subject", keys=KEY)
    made = {"number": 1, "customer_key": 5, "external_id": "t-1", "messages": [MAIL]}
    desk.write(
        head,
        record("tickets", **made),
        *rows("update_tickets", {"external_id": "t-1", "subject": "Last"}, keys=["external_id"]),
        *rows("customers", {"number": 5, "email": "lea@shop.example"}, keys=KEY),
    )
    assert desk.the("tickets", external_id="t-1")["subject"] == "Last"


def test_tags_of_a_ticket_by_its_key_still_go_out_together(desk: Desk) -> None:
    tags = ({"ticket_key": 1, "name": name} for name in "abc")
    desk.write(
        *rows("ticket_tags", *tags, keys=["ticket_key", "name"]), *ticket("orders"), streams=STREAMS
    )
    assert len([path for path in desk.written if path.endswith("/tags")]) == 1


def test_a_copy_names_the_streams_of_its_account(desk: Desk) -> None:
    streams: Row = {"*": {"ids": "source"}}
    customer = {"id": 1, "email": "lea@shop.example"}
    copied = {"id": 1, "customer": customer, "subject": "x", "channel": "email"}
    message = {"id": 1, "ticket_id": 1, **MAIL, "sender": customer}
    desk.write(
        *rows("tickets", {"id": 1, "channel": "email", "subject": "other"}, keys=["id"]),
        streams={"tickets": "update_tickets"},
        on_error="continue",
    )
    desk.forget()
    desk.write(
        *rows("customers", customer, keys=["id"]),
        *rows("tickets", copied, keys=["id"]),
        *rows("messages", message, keys=["id"]),
        streams=streams,
    )
    assert desk.written == ["POST /api/customers", "POST /api/tickets"]
