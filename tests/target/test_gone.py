"""What was deleted in Gorgias, and may be back: no id of the ledger is stale for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gorgias_api import Client
from tests.support import settings
from tests.target.support import EVERY_VERB, MAIL, NOTE, rows

if TYPE_CHECKING:
    from tests.target.support import Desk, Row

KEY = ("number",)
EMAIL = "lea@shop.example"
FIELD = {"data_type": "text", "input_settings": {"input_type": "input"}}
TICKET = {"customer_email": EMAIL, "messages": [MAIL]}
CREATES: dict[str, Row] = {
    "customers": {"email": EMAIL, "name": "Lea"},
    "tickets": TICKET,
    "messages": {"ticket_id": 83000001, **NOTE},
    "tags": {"name": "x-1"},
    "teams": {"name": "x-1"},
    "views": {"name": "x-1"},
    "macros": {"name": "x-1"},
    "users": {"email": "x-1@acme.example", "name": "X", "role": {"name": "agent"}},
}
CHANGES: dict[str, Row] = {
    "customers": {"name": "New"},
    "tickets": {"subject": "New"},
    "messages": {"body_text": "New"},
    "tags": {"description": "New"},
    "teams": {"description": "New"},
    "views": {"visibility": "private"},
    "macros": {"language": "fr"},
    "users": {"bio": "New"},
}
BACK: dict[str, Row] = {
    "customers": {"external_id": "customers:1", "email": EMAIL, "name": "Somehow back"},
    "tickets": {
        "external_id": "tickets:1",
        "customer": {"email": EMAIL},
        "messages": [MAIL],
        "via": "api",
    },
    "messages": {"external_id": "messages:1", **NOTE},
    "views": {"name": "x-1", "slug": "x-1"},
}


def call(desk: Desk, operation: str, **values: Any) -> Any:
    """What somebody else does to the account."""
    with Client.from_settings(settings(desk.sandbox)) as client:
        return client.call(operation, **values)


def singular(stream: str) -> str:
    return {"messages": "ticket-message"}.get(stream, stream.removesuffix("s"))


def at(stream: str) -> Row:
    return {"ticket_id": 83000001} if stream == "messages" else {}


def row(stream: str, **more: Any) -> list[Row]:
    return rows(stream, {"number": 1, **CREATES[stream], **more}, keys=KEY)


def made(desk: Desk, stream: str, **more: Any) -> int:
    """Write a row; give the id of what it became."""
    before = {each["id"] for each in desk.rows(stream)}
    desk.write(*row(stream, **more), allow_sending=True)
    (new,) = {each["id"] for each in desk.rows(stream)} - before
    return int(new)


def vanish(desk: Desk, stream: str, number: int) -> None:
    call(desk, f"delete-{singular(stream)}", **at(stream), id=number)


def back(desk: Desk, stream: str) -> int:
    """The same again, made by somebody else."""
    body = BACK.get(stream, CREATES[stream])
    body = {"from_agent": True, "via": "api", **body} if stream == "messages" else body
    return int(call(desk, f"create-{singular(stream)}", **at(stream), **body)["id"])


@pytest.mark.parametrize("stream", CREATES)
def test_what_is_gone_is_created_again_where_the_verb_allows(desk: Desk, stream: str) -> None:
    old = made(desk, stream)
    vanish(desk, stream, old)
    changed = row(stream, **CHANGES[stream])
    desk.write(*changed, allow_sending=True)
    assert desk.summary[stream]["created"] == 1
    assert desk.rejects == []
    desk.forget()
    desk.write(*changed, allow_sending=True)
    assert desk.written == []


@pytest.mark.parametrize("verb", ["upsert", "update"])
@pytest.mark.parametrize("stream", CREATES)
def test_what_is_back_under_another_id_is_found(desk: Desk, stream: str, verb: str) -> None:
    vanish(desk, stream, made(desk, stream))
    new, count = back(desk, stream), len(desk.rows(stream))
    changed = row(stream, **CHANGES[stream], _gorgias_action=verb)
    desk.write(*changed, allow_sending=True)
    assert desk.summary[stream]["updated"] == 1
    assert CHANGES[stream].items() <= desk.row(stream, new).items()
    assert len(desk.rows(stream)) == count
    desk.forget()
    again = row(stream, **CHANGES[stream] | {"name": "x-2"}, _gorgias_action=verb)
    desk.write(*(again if stream == "tags" else changed), allow_sending=True)
    assert len(desk.written) == (stream == "tags")


@pytest.mark.parametrize("stream", CREATES)
def test_what_is_gone_and_only_to_be_updated_is_refused_without_asking_for_it_each_time(
    desk: Desk, stream: str
) -> None:
    vanish(desk, stream, made(desk, stream))
    changed = row(stream, **CHANGES[stream], _gorgias_action="update")
    for _ in range(2):
        desk.forget()
        desk.write(*changed, allow_sending=True, on_error="continue")
        what = stream.removesuffix("s")
        assert desk.reasons[-1] == f"There is no such {what} in Gorgias."
    assert desk.written == []


@pytest.mark.parametrize("stream", ["customers", "tickets"])
def test_what_is_back_is_deleted_if_it_is_known_by_its_mark(desk: Desk, stream: str) -> None:
    vanish(desk, stream, made(desk, stream))
    new = back(desk, stream)
    desk.write(*row(stream, _gorgias_action="delete"), streams={"*": EVERY_VERB})
    assert new not in {each["id"] for each in desk.rows(stream)}
    assert desk.summary[stream]["deleted"] == 1


def test_somebody_else_with_the_address_of_a_deleted_customer_is_not_deleted(desk: Desk) -> None:
    vanish(desk, "customers", made(desk, "customers"))
    other = call(desk, "create-customer", email=EMAIL, name="Another")["id"]
    desk.write(*row("customers", _gorgias_action="delete"), streams={"*": EVERY_VERB})
    assert desk.row("customers", other)["name"] == "Another"
    assert desk.summary["customers"]["unchanged"] == 1


def test_a_ticket_that_is_back_is_trashed(desk: Desk) -> None:
    vanish(desk, "tickets", made(desk, "tickets"))
    new = back(desk, "tickets")
    desk.write(*row("tickets", _sdc_deleted_at="2026-01-31T09:00:00Z"))
    assert desk.row("tickets", new)["trashed_datetime"]


REFERRING: dict[str, Row] = {
    "messages": {"ticket_key": "1", **NOTE},
    "ticket_tags": {"ticket_key": "1", "name": "vip"},
    "ticket_custom_fields": {"ticket_key": "1", "custom_field_id": 504, "value": "a"},
    "customer_custom_fields": {"customer_key": "1", "custom_field_id": 510, "value": 1},
    "set_data_customers": {"customer_key": "1", "data": {"vip": True}},
    "tickets": {"customer_key": "1", "messages": [MAIL]},
}


@pytest.mark.parametrize("is_back", [True, False])
@pytest.mark.parametrize("stream", REFERRING)
def test_rows_that_name_it_by_key_find_it_or_say_that_it_is_gone(
    desk: Desk, stream: str, *, is_back: bool
) -> None:
    owner = "tickets" if "ticket_key" in REFERRING[stream] else "customers"
    vanish(desk, owner, made(desk, owner))
    new = back(desk, owner) if is_back else 0
    referring = rows(stream, {"number": 5, **REFERRING[stream]}, keys=KEY)
    desk.write(*referring, on_error="continue")
    if not is_back:
        what = owner.removesuffix("s")
        assert desk.reasons == [f"The {what} that the row with the key 1 became is gone."]
        return
    assert desk.rejects == []
    assert desk.row(owner, new)
    desk.forget()
    desk.write(*row(owner, **CHANGES[owner]))
    assert desk.written == [f"PUT /api/{owner}/{new}"]


def test_other_streams_that_wrote_the_same_object_follow_it(desk: Desk) -> None:
    who = {"external_id": "crm-1", "email": EMAIL}
    update = {"operation": "update_customers", "take_over": True}
    names: Row = {"streams": {"a": "upsert_customers", "b": update}}
    desk.write(*rows("a", {"number": 1, **who}, keys=KEY), **names)
    desk.write(*rows("b", {"number": 9, **who, "name": "B"}, keys=KEY), **names)
    vanish(desk, "customers", desk.the("customers", external_id="crm-1")["id"])
    desk.write(*rows("a", {"number": 1, **who, "name": "A"}, keys=KEY), **names)
    new = desk.the("customers", external_id="crm-1")["id"]
    desk.forget()
    desk.write(*rows("b", {"number": 9, **who, "name": "C"}, keys=KEY), **names)
    assert desk.written == [f"PUT /api/customers/{new}"]
    assert desk.row("customers", new)["name"] == "C"


def test_a_field_that_gorgias_refuses_is_no_sign_that_something_is_gone(desk: Desk) -> None:
    made(desk, "tickets")
    desk.forget()
    desk.write(*row("tickets", language="klingon"), on_error="continue")
    assert len(desk.rejects) == 1
    assert desk.sandbox.requests[-1].method == "PUT"  # nothing was looked up for it


@pytest.mark.parametrize("verb", ["upsert", "update", "create"])
def test_a_ticket_whose_row_comes_back_leaves_the_trash(desk: Desk, verb: str) -> None:
    stream = f"{verb}_tickets"
    given = {"number": 1, **TICKET, "external_id": "t-1", "subject": "Same"}
    desk.write(*rows("tickets", given, keys=KEY), streams={"tickets": "upsert_tickets"})
    ticket = desk.the("tickets", external_id="t-1")["id"]
    names: Row = {"streams": {"tickets": stream}}
    gone = given | {"_sdc_deleted_at": "2026-01-31T09:00:00Z"}
    for _ in range(2):
        desk.write(*rows("tickets", gone, keys=KEY), **names)
        assert desk.row("tickets", ticket)["trashed_datetime"]
        desk.write(*rows("tickets", given, keys=KEY), **names)
        assert desk.row("tickets", ticket)["trashed_datetime"] is None
        assert desk.summary["tickets"]["updated"] == 1
        desk.forget()
        desk.write(*rows("tickets", given, keys=KEY), **names)
        assert desk.written == []


def test_it_leaves_the_trash_although_the_answer_was_lost_and_the_run_ended(desk: Desk) -> None:
    given = {"number": 1, **TICKET}
    gone = given | {"_sdc_deleted_at": "2026-01-31T09:00:00Z"}
    desk.write(*rows("tickets", given, keys=KEY))
    desk.write(*rows("tickets", gone, keys=KEY))
    desk.sandbox.fail("/api/tickets", method="PUT", status=503, times=99)
    with pytest.raises(Exception, match="503"):
        desk.write(*rows("tickets", given, keys=KEY))
    desk.sandbox.backend.faults.clear()
    desk.write(*rows("tickets", given, keys=KEY))
    assert desk.the("tickets", external_id="tickets:1")["trashed_datetime"] is None


def test_what_the_row_itself_says_of_the_trash_counts(desk: Desk) -> None:
    given = {"number": 1, **TICKET}
    desk.write(*rows("tickets", given, keys=KEY))
    gone = given | {"_sdc_deleted_at": "2026-01-31T09:00:00Z"}
    desk.write(*rows("tickets", gone, keys=KEY))
    said = given | {"trashed_datetime": "2026-02-01T09:00:00Z"}
    desk.write(*rows("tickets", said, keys=KEY), streams={"*": EVERY_VERB})
    assert desk.the("tickets", external_id="tickets:1")["trashed_datetime"]


@pytest.mark.parametrize("verb", ["upsert", "create"])
def test_a_message_is_not_moved_to_another_ticket(desk: Desk, verb: str) -> None:
    number = made(desk, "messages")
    desk.forget()
    desk.write(
        *row("messages", ticket_id=83000002, body_text="New", _gorgias_action=verb),
        on_error="continue",
    )
    assert [each for each in desk.written if each.startswith("POST")] == []
    assert desk.row("messages", number)["ticket_id"] == 83000001
    if verb == "upsert":
        assert desk.reasons[0].endswith("a message cannot be moved.")


def test_a_message_may_name_its_ticket_otherwise(desk: Desk) -> None:
    call(desk, "update-ticket", id=83000001, external_id="T-1")
    number = made(desk, "messages")
    named = {"number": 1, "ticket_external_id": "T-1", **NOTE, "body_text": "New"}
    desk.write(*rows("messages", named, keys=KEY))
    assert desk.row("messages", number)["body_text"] == "New"


SENT_ONCE: dict[str, Row] = {
    "messages": {"channel": "email", "from_agent": True, "sender_id": 1, "body_text": "Hello"},
    "tickets": {"messages": [{"channel": "email", "from_agent": True, "body_text": "Hello"}]},
}


@pytest.mark.parametrize("stream", SENT_ONCE)
def test_what_reached_a_person_and_is_gone_is_not_sent_again(desk: Desk, stream: str) -> None:
    sent = SENT_ONCE[stream] | (
        {"sender_id": desk.any("users")["id"]} if stream == "messages" else {}
    )
    vanish(desk, stream, made(desk, stream, **sent))
    desk.forget()
    changed = {**CREATES[stream], **sent, **CHANGES[stream], "number": 1}
    for _ in range(2):
        desk.write(*rows(stream, changed, keys=KEY), allow_sending=True, on_error="continue")
        assert [each for each in desk.written if each.startswith("POST")] == []
    assert desk.reasons[0].endswith("it is not sent again.")
