"""A lost ledger: nothing is created or sent again, and the new one learns what is there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.target.support import EVERY_VERB, MAIL, NOTE, SENT, rows

if TYPE_CHECKING:
    from tests.target.support import Desk, Row

KEY = ("number",)
FIELD = {"data_type": "text", "input_settings": {"input_type": "input"}}
ANSWER = {"channel": "email", "from_agent": True, "body_text": "On its way."}
TICKET = {"customer_email": "lea@shop.example", "messages": [MAIL]}
CREATES: dict[str, Row] = {
    "customers": {"email": "lea@shop.example", "name": "Lea"},
    "tickets": TICKET,
    "messages": {"ticket_id": 83000001, **ANSWER},
    "notes": {"ticket_id": 83000001, **NOTE},
    "answers": TICKET | {"messages": [ANSWER]},
    "jobs": {"type": "exportTicket", "params": {}},
    "tags": {"name": "x-1"},
    "teams": {"name": "x-1"},
    "views": {"name": "x-1"},
    "macros": {"name": "x-1"},
    "users": {"email": "x-1@acme.example", "name": "X", "role": {"name": "agent"}},
    "custom_fields": {"object_type": "Ticket", "label": "x-1", "definition": FIELD},
}
ENTITIES = {"notes": "messages", "answers": "tickets"}
MORE: Row = {"look_before_create": True, "allow_sending": True, "max_parallelism": 1}
NEW = "is new: what earlier runs wrote is not in it"


def stream_options(stream: str, verb: str) -> Row:
    return {"streams": {stream: f"{verb}_{ENTITIES.get(stream, stream)}"}}


def lose(desk: Desk, name: str = "ledger.db") -> None:
    for path in desk.folder.glob(f"{name}*"):
        path.unlink()


def counted(desk: Desk) -> dict[str, int]:
    tables = ("customers", "tickets", "messages", *CREATES)
    return {name: len(desk.rows(name)) for name in tables if name not in ENTITIES} | {
        "delivered": len(desk.sandbox.world.delivered)
    }


@pytest.mark.parametrize(
    ("stream", "verb"),
    [
        *((stream, "create") for stream in CREATES),
        *((stream, "upsert") for stream in CREATES if stream != "jobs"),
    ],
)
def test_what_it_knew_is_not_created_or_sent_again(desk: Desk, stream: str, verb: str) -> None:
    made = [{"number": number, **CREATES[stream]} for number in range(1, 3)]
    if stream not in {"customers", "tickets", "messages", "notes", "answers", "jobs"}:
        made = made[:1]  # two of the same name are one
    if stream == "customers":
        made[1]["email"] = "tom@shop.example"
    messages, more = rows(stream, *made, keys=KEY), MORE | stream_options(stream, verb)
    desk.write(*messages, **more)
    before = counted(desk)
    lose(desk)
    desk.forget()
    desk.write(*messages, **more)
    assert counted(desk) == before
    assert [each for each in desk.written if each.startswith("POST")] == []
    assert desk.summary[stream].keys() - {"requests"} == {
        "unchanged" if verb == "create" else "updated"
    }
    desk.forget()
    desk.write(*messages, **more)
    assert (desk.written, desk.summary[stream]) == ([], {"unchanged": len(made)})


def test_a_ticket_without_messages_and_its_first_message_are_found_again(desk: Desk) -> None:
    for verb in ("create", "upsert"):
        more = MORE | {"streams": {"r": f"{verb}_tickets", "m": f"{verb}_messages"}}
        ticket = rows("r", {"number": 1, "customer_email": "lea@shop.example"}, keys=KEY)
        message = rows("m", {"number": 1, "ticket_key": "1", **MAIL}, keys=KEY)
        for order in ((ticket, message), (message, ticket)):
            desk.write(*order[0], *order[1], **more)
            before = counted(desk)
            lose(desk)
            desk.write(*order[0], *order[1], **more)
            assert counted(desk) == before
            assert desk.rejects == []
            lose(desk)


def test_what_comes_only_later_is_found_again_as_well(desk: Desk) -> None:
    old = [{"number": number, **TICKET} for number in range(3)]
    desk.write(*rows("tickets", *old, keys=KEY), **MORE)
    before = counted(desk)["tickets"]
    lose(desk)
    for number, row in enumerate(old):  # a row a night, and a new one with it
        new = {"number": 100 + number, **TICKET}
        desk.write(*rows("tickets", row, new, keys=KEY), **MORE)
    assert counted(desk)["tickets"] == before + 3


@pytest.mark.parametrize("verb", ["update", "delete", "trash"])
def test_what_it_knew_by_key_alone_can_be_changed_and_deleted(desk: Desk, verb: str) -> None:
    desk.write(*rows("tickets", {"number": 1, **TICKET}, keys=KEY), **MORE)
    ticket = desk.the("tickets", external_id="tickets:1")["id"]
    lose(desk)
    change = {"number": 1, "subject": "New", "_gorgias_action": verb}
    desk.write(*rows("tickets", change, keys=KEY), **MORE, streams={"*": EVERY_VERB})
    left = [row for row in desk.rows("tickets") if row["id"] == ticket]
    match verb:
        case "update":
            assert left[0]["subject"] == "New"
        case "delete":
            assert left == []
        case _:
            assert left[0]["trashed_datetime"]


def test_it_is_said_once_that_the_ledger_is_new_and_where(desk: Desk) -> None:
    lose(desk)
    text = "\n".join(json.dumps(each) for each in rows("tags", {"name": "a"}, {"name": "b"}))
    said = desk.run(text, **MORE).stderr
    assert said.count(NEW) == 1
    assert f"The ledger sqlite:///{desk.folder}/ledger.db {NEW}" in said
    assert NEW not in desk.run(text, **MORE).stderr


def test_on_a_known_first_load_nothing_is_looked_up_then_or_later(desk: Desk) -> None:
    def requests(first: int, **more: bool) -> int:
        made = [{"number": number, **TICKET} for number in range(first, first + 5)]
        desk.write(*rows("create_tickets", *made, keys=KEY), **(MORE | more))
        count: int = desk.summary["create_tickets"]["requests"]
        return count

    assert requests(0, look_before_create=False) == 5
    assert requests(10) == 5
    lose(desk)
    assert requests(20) == 10
    assert requests(30) == 10
    assert requests(40, look_before_create=False) == 5
    assert requests(50) == 5


def test_a_dry_run_settles_nothing(desk: Desk) -> None:
    made = rows("create_tickets", {"number": 1, **TICKET}, keys=KEY)
    desk.write(*made, **MORE)
    lose(desk)
    desk.write(*made, **(MORE | {"dry_run": True, "look_before_create": False}))
    desk.forget()
    desk.write(*made, **MORE)
    assert desk.written == []


def test_a_key_of_the_new_ledger_costs_no_look(desk: Desk) -> None:
    made = rows("messages", {"number": 1, "ticket_id": 83000001, **ANSWER}, keys=KEY)
    desk.write(*made, **MORE)
    desk.write(*made, **MORE)
    assert "requests" not in desk.summary["messages"]
    edited = {"number": 1, "ticket_id": 83000001, **ANSWER, "sent_datetime": SENT}
    desk.write(*rows("messages", edited, keys=KEY), **MORE)
    assert desk.summary["messages"] == {"updated": 1, "requests": 1}
