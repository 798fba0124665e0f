"""What a run leaves open when it ends in the middle, and the next one does about it."""

from __future__ import annotations

import io
import sqlite3
from contextlib import closing, redirect_stdout
from typing import TYPE_CHECKING, Any

import pytest

from gorgias_api import Client, GorgiasError
from target_gorgias.entries import DONE, Entry
from target_gorgias.ledger import Ledger
from target_gorgias.target import TargetGorgias
from tests.support import settings
from tests.target.support import MAIL, SENT, lines, record, rows, state

if TYPE_CHECKING:
    from pathlib import Path

    from tests.target.support import Desk, Row

KEY = ("number",)
PEOPLE: Row = {
    "streams": {
        "people": {"operation": "upsert_customers", "verbs": ["delete"]},
        "requests": {"operation": "upsert_tickets", "verbs": ["delete", "trash"]},
        "messages": {"verbs": ["delete"]},
    }
}
EMAIL = "lea@shop.example"


def people(**values: Any) -> list[Row]:
    return rows("people", {"number": 1, "email": EMAIL, **values}, keys=KEY)


def request(**values: Any) -> list[Row]:
    """A ticket that comes without messages."""
    return rows("requests", {"number": 1, "channel": "email", **values}, keys=KEY)


def message(number: int = 1, **values: Any) -> list[Row]:
    return rows("messages", {"number": number, "ticket_key": "1", **MAIL, **values}, keys=KEY)


def cut_off(
    desk: Desk, method: str, *messages: Row, path: str = "/api/customers", looks: int = 0
) -> None:
    """A run that ends because a request is applied and never answered.

    Args:
        desk: the account.
        method: of the request.
        messages: what to write.
        path: the beginning of the request's.
        looks: how many GETs come before it.
    """
    desk.sandbox.fail(path, method=method, reset="after")
    desk.sandbox.fail(path, method=method, status=500, times=99)
    desk.sandbox.fail(path, method="GET", status=500, skip=looks, times=99)
    with pytest.raises(GorgiasError):
        desk.write(*messages, **PEOPLE)
    desk.sandbox.backend.faults.clear()
    desk.forget()


def test_a_row_that_returns_to_what_it_was_is_written_if_the_change_may_have_been(
    desk: Desk,
) -> None:
    desk.write(*people(name="Before"), **PEOPLE)
    cut_off(desk, "PUT", *people(name="After"))
    desk.write(*people(name="Before"), **PEOPLE)
    assert desk.the("customers", email=EMAIL)["name"] == "Before"


def test_a_value_that_returns_to_what_it_was_is_written_likewise(desk: Desk) -> None:
    ticket = desk.any("tickets")["id"]

    def value(text: str) -> list[Row]:
        row = {"ticket_id": ticket, "custom_field_id": 504, "value": text}
        return rows("ticket_custom_fields", row, keys=("ticket_id", "custom_field_id"))

    desk.write(*value("before"))
    cut_off(desk, "PUT", *value("after"), path="/api/tickets")
    desk.write(*value("before"))
    assert desk.row("tickets", ticket)["custom_fields"]["504"]["value"] == "before"


def test_a_row_that_comes_back_after_a_deletion_without_an_answer_is_created_again(
    desk: Desk,
) -> None:
    desk.write(*people(), **PEOPLE)
    cut_off(desk, "DELETE", *people(_gorgias_action="delete"))
    assert EMAIL not in desk.people()
    desk.write(*people(), **PEOPLE)
    assert EMAIL in desk.people()


def test_what_was_perhaps_created_can_be_deleted(desk: Desk) -> None:
    cut_off(desk, "POST", *people(), looks=1)
    assert EMAIL in desk.people()
    desk.write(*rows("people", {"number": 1, "_gorgias_action": "delete"}, keys=KEY), **PEOPLE)
    assert EMAIL not in desk.people()


def test_what_was_perhaps_created_from_an_earlier_version_becomes_the_newest(desk: Desk) -> None:
    cut_off(desk, "POST", *people(name="First"), looks=1)
    desk.write(*people(name="Second"), **PEOPLE)
    assert desk.the("customers", email=EMAIL)["name"] == "Second"
    assert desk.written == [f"PUT /api/customers/{desk.the('customers', email=EMAIL)['id']}"]


def test_a_ticket_perhaps_created_with_its_first_message_is_not_created_again(desk: Desk) -> None:
    def both(text: str) -> list[Row]:
        who = {"customer_email": EMAIL}
        return [*request(subject=text, **who), *message(body_text=text)]

    cut_off(desk, "POST", *both("First"), path="/api/tickets")
    desk.write(*both("Second"), **PEOPLE)
    ticket = desk.the("tickets", external_id="requests:1")
    assert ticket["subject"] == "Second"
    (inside,) = (row for row in desk.rows("messages") if row["ticket_id"] == ticket["id"])
    assert inside["body_text"] == "Second"


def test_what_waits_is_written_by_the_next_run_before_anything_else(desk: Desk) -> None:
    ticket = request(customer_external_id="crm-1", messages=[MAIL])
    cut_off(desk, "POST", *ticket, state(1), *people(), looks=2)
    assert desk.states == [{"at": 1}]  # so its source does not give it again
    with Client.from_settings(settings(desk.sandbox)) as client:
        client.call("create-customer", external_id="crm-1", email="tom@shop.example")
    desk.write(*request(_gorgias_action="trash"), **PEOPLE)
    assert desk.the("tickets", external_id="requests:1")["trashed_datetime"]


@pytest.mark.parametrize("key", ["1", EMAIL])
def test_rows_about_what_a_row_deleted_are_left_out(
    desk: Desk, caplog: pytest.LogCaptureFixture, key: str
) -> None:
    desk.write(*request(number=key, customer_email=EMAIL, messages=[MAIL]), **PEOPLE)
    desk.write(*request(number=key, _gorgias_action="delete"), **PEOPLE)
    desk.write(*rows("ticket_tags", {"ticket_key": key, "name": "vip"}, keys=["ticket_key"]))
    assert desk.summary["ticket_tags"] == {"unchanged": 1}
    shown = "***@***" if key == EMAIL else key
    assert f"Left out, its object was deleted by a row: key {shown}" in caplog.messages
    assert EMAIL not in caplog.text


@pytest.mark.parametrize("later", [[], ["corrected"]])
def test_what_waited_and_no_state_covers_is_left_to_its_source(
    desk: Desk, later: list[str]
) -> None:
    """It comes again, perhaps corrected, or is withdrawn."""
    told = {"channel": "email", "from_agent": True, "ticket_key": "9"}
    wrong = rows("messages", {"number": 1, **told, "body_text": "wrong"}, keys=["number"])
    cut_off(desk, "POST", *wrong, *people(), looks=2)
    corrected = [{"number": 1, **told, "body_text": text} for text in later]
    ticket = {"number": 9, "customer_email": EMAIL, "messages": [MAIL]}
    desk.write(
        *rows("tickets", ticket, keys=["number"]),
        *(rows("messages", *corrected, keys=["number"]) if later else []),
        allow_sending=True,
    )
    assert {row["body_text"] for row in desk.rows("messages")} & {"wrong", "corrected"} == {*later}
    assert desk.summary.get("messages", {}).get("created", 0) == len(later)


def test_what_an_earlier_run_left_waiting_gives_way_to_a_newer_version(desk: Desk) -> None:
    told = {"channel": "email", "from_agent": True, "ticket_key": "9"}
    ticket = {"number": 9, "customer_email": EMAIL, "messages": [MAIL]}
    wrong = rows("messages", {"number": 1, **told, "body_text": "wrong"}, keys=["number"])
    cut_off(desk, "POST", *wrong, state(1), *people(), looks=2)
    desk.write(
        *rows("messages", {"number": 1, **told, "body_text": "right"}, keys=["number"]),
        *rows("tickets", ticket, keys=["number"]),
        allow_sending=True,
    )
    assert {row["body_text"] for row in desk.rows("messages")} & {"wrong", "right"} == {"right"}


def test_a_version_that_waited_does_not_undo_a_later_one(desk: Desk) -> None:
    customer = rows("customers", {"external_id": "crm-1", "email": EMAIL}, keys=["external_id"])
    waits = request(customer_key="crm-1", messages=[MAIL], subject="Old")
    cut_off(desk, "POST", *waits, *customer)
    later = request(customer_email=EMAIL, messages=[MAIL], subject="New")
    desk.write(*later, *customer, **PEOPLE)
    assert desk.the("tickets", external_id="requests:1")["subject"] == "New"


def test_versions_that_go_out_together_count_in_their_order(desk: Desk) -> None:
    ticket = desk.any("tickets")["id"]
    key = {"ticket_id": ticket, "custom_field_id": 504}
    versions = [key | {"value": value} for value in ("a", "b", "a")]
    messages = rows("ticket_custom_fields", *versions, keys=key)
    for _ in range(2):
        desk.write(*messages)
        assert desk.row("tickets", ticket)["custom_fields"]["504"]["value"] == "a"


def test_a_stream_begins_when_the_one_before_is_written_even_with_a_state_between(
    desk: Desk,
) -> None:
    desk.sandbox.fail("/api/customers", method="POST", delay=0.2)
    desk.write(*people(), state(1), *request(customer_email=EMAIL, messages=[MAIL]), **PEOPLE)
    assert desk.written == ["POST /api/customers", "POST /api/tickets"]


def test_rows_may_name_a_customer_who_comes_later(desk: Desk) -> None:
    who = {"customer_external_id": "crm-1"}
    points = who | {"custom_field_id": 510, "value": 7}
    desk.write(
        *rows("customer_custom_fields", points, keys=["customer_external_id"]),
        *rows("set_data_customers", who | {"data": {"vip": True}}, keys=who),
        *request(**who, messages=[MAIL]),
        *rows("customers", {"external_id": "crm-1", "email": EMAIL}, keys=["external_id"]),
        **PEOPLE,
    )
    made = desk.the("customers", external_id="crm-1")
    assert made["data"] == {"vip": True}
    assert made["custom_fields"]["510"]["value"] == 7
    assert desk.the("tickets", external_id="requests:1")["customer"]["id"] == made["id"]


def test_data_may_name_its_customer_by_key(desk: Desk) -> None:
    data = {"customer_key": "1", "data": {"vip": True}}
    desk.write(*people(), *rows("set_data_customers", data, keys=["customer_key"]), **PEOPLE)
    assert desk.the("customers", email=EMAIL)["data"] == {"vip": True}


@pytest.mark.parametrize("order", [1, -1])
def test_a_ticket_without_messages_finds_one_that_names_it_by_external_id(
    desk: Desk, order: int
) -> None:
    ticket = rows("tickets", {"external_id": "t-1", "channel": "email"}, keys=["external_id"])
    reply = {"number": 1, "ticket_external_id": "t-1", **MAIL, "sender_email": EMAIL}
    streams = [ticket, rows("messages", reply, keys=KEY)][::order]
    desk.write(*streams[0], *streams[1])
    assert desk.the("tickets", external_id="t-1")["messages_count"] == 1


def test_a_message_to_be_deleted_begins_no_ticket(desk: Desk) -> None:
    delete = record("messages", number=1, ticket_key="1", _gorgias_action="delete", **MAIL)
    desk.write(*request(), *message()[:1], delete, on_error="continue", **PEOPLE)
    assert desk.written == []


def test_a_message_without_anybody_who_wrote_it_is_refused_and_its_ticket_begins_with_another(
    desk: Desk,
) -> None:
    answer = MAIL | {"from_agent": True, "sent_datetime": SENT, "body_text": "An answer."}
    messages = [*message(1), record("messages", number=2, ticket_key="1", **answer)]
    desk.write(*request(), *messages, on_error="continue", **PEOPLE)
    assert desk.the("tickets", external_id="requests:1")["messages_count"] == 1
    assert desk.reasons == ["An incoming message needs a sender, or a ticket with a customer."]


def test_a_row_waits_until_what_became_of_it_is_durable(tmp_path: Path) -> None:
    entry = Entry("people", "1", "customers", "upsert", DONE, 5, None, "content", 0.0)
    path = tmp_path / "ledger.db"
    with closing(Ledger(f"sqlite:///{path}", "account")) as ledger:
        ledger.wait("customers:2", "people", "1", {})
        ledger.note(entry)
        ledger.no_longer_waiting(ledger.all_waiting()[0].number)
        with closing(sqlite3.connect(path)) as database:
            assert database.execute("select * from gorgias_waiting").fetchall() == []
            assert database.execute("select gorgias_id from gorgias_ledger").fetchall() == [(5,)]


def test_a_state_comes_out_when_what_it_covers_is_durable(desk: Desk) -> None:
    seen: list[Any] = []

    class Emitted(io.StringIO):
        def write(self, text: str) -> int:
            with closing(sqlite3.connect(desk.folder / "ledger.db")) as database:
                seen.extend(database.execute("select state from gorgias_ledger"))
            return len(text)

    target = TargetGorgias(config=desk.settings | PEOPLE)
    with redirect_stdout(Emitted()):
        target.listen(io.StringIO(lines([*people(), state(1)])))
    assert seen == [(DONE,)]
