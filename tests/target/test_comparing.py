"""Rows are compared with what was last written, or with Gorgias as it is now."""

from __future__ import annotations

import copy
import itertools
import random
from typing import TYPE_CHECKING, Any

import pytest

from gorgias_api import Client, GorgiasError, SettingsError, UsageError
from gorgias_sandbox.faults import Fault, FaultPlan
from tests.support import settings
from tests.target.support import NOTE, rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.target.support import Desk, Row

GORGIAS: Row = {"compare": "gorgias"}
LEDGER: Row = {"compare": "ledger"}


def call(desk: Desk, operation: str, **values: Any) -> Any:
    """What somebody does through the API."""
    with Client.from_settings(settings(desk.sandbox)) as client:
        return client.call(operation, **values)


def change(desk: Desk, table: str, row_id: int, **values: Any) -> None:
    """What somebody does in the help desk."""
    desk.sandbox.world.update(table, row_id, **values)


def test_a_ticket_that_was_reopened_and_is_stale_again_is_closed_again(desk: Desk) -> None:
    ticket = next(row["id"] for row in desk.rows("tickets") if row["status"] == "open")
    messages = rows("update_tickets", {"id": ticket, "status": "closed"}, keys=["id"])
    for _ in range(3):
        desk.write(*messages)
        assert desk.row("tickets", ticket)["status"] == "closed"
        desk.forget()
        desk.write(*messages)
        assert desk.written == []
        assert desk.summary == {"update_tickets": {"unchanged": 1, "requests": 1}}
        change(desk, "tickets", ticket, status="open")


def test_with_the_ledger_alone_the_same_row_costs_no_request(desk: Desk) -> None:
    ticket = desk.any("tickets")["id"]
    messages = rows("update_tickets", {"id": ticket, "subject": "Ours"}, keys=["id"])
    streams = {"*": LEDGER}
    desk.write(*messages, streams=streams)
    change(desk, "tickets", ticket, subject="Theirs")
    desk.forget()
    desk.write(*messages, streams=streams)
    assert desk.sandbox.requests == []
    assert desk.row("tickets", ticket)["subject"] == "Theirs"


def what_is_changed(desk: Desk) -> dict[str, tuple[Row, Callable[[], None]]]:
    """A row of each stream that can be compared, and what somebody does to its object."""
    ticket = next(row for row in desk.rows("tickets") if not row["tags"])["id"]
    user, customer = desk.any("users")["id"], desk.any("customers")["id"]
    team, tag, view = (desk.any(table)["id"] for table in ("teams", "tags", "views"))
    macro, field = desk.any("macros")["id"], desk.any("custom_fields")["id"]

    def undo(table: str, row_id: int, **values: Any) -> Callable[[], None]:
        return lambda: change(desk, table, row_id, **values)

    values: Row = {"ticket_id": ticket, "custom_field_id": 506, "value": 12}
    points: Row = {"customer_id": customer, "custom_field_id": 510, "value": 7}
    tagged = {"ticket_id": ticket, "name": "vip", "names": None}
    return {
        "update_tickets": (
            {"id": ticket, "assignee_user_id": user},
            undo("tickets", ticket, assignee_user_id=None),
        ),
        "tickets": (
            {"id": ticket, "tags": ["a"]},
            undo("tickets", ticket, tag_ids=[]),
        ),
        "trash_tickets": ({"id": ticket}, undo("tickets", ticket, trashed_datetime=None)),
        "ticket_tags": (tagged, undo("tickets", ticket, tag_ids=[])),
        "set_ticket_tags": (
            {"ticket_id": ticket, "names": ["b"]},
            undo("tickets", ticket, tag_ids=[tag]),
        ),
        "ticket_custom_fields": (values, undo("tickets", ticket, field_values={})),
        "customers": ({"id": customer, "name": "Ours"}, undo("customers", customer, name="Theirs")),
        "customer_custom_fields": (points, undo("customers", customer, field_values={})),
        "tags": ({"id": tag, "description": "Ours"}, undo("tags", tag, description=None)),
        "users": ({"id": user, "bio": "Ours"}, undo("users", user, bio=None)),
        "teams": ({"id": team, "description": "Ours"}, undo("teams", team, description="x")),
        "views": ({"id": view, "name": "Ours"}, undo("views", view, name="Theirs")),
        "macros": ({"id": macro, "name": "Ours"}, undo("macros", macro, name="Theirs")),
        "custom_fields": (
            {"id": field, "description": "Ours"},
            undo("custom_fields", field, description="x"),
        ),
    }


@pytest.mark.parametrize(
    "stream",
    [
        "update_tickets",
        "tickets",
        "trash_tickets",
        "ticket_tags",
        "set_ticket_tags",
        "ticket_custom_fields",
        "customers",
        "customer_custom_fields",
        "tags",
        "users",
        "teams",
        "views",
        "macros",
        "custom_fields",
    ],
)
def test_what_somebody_changed_is_written_again_and_nothing_else(desk: Desk, stream: str) -> None:
    row, undo = what_is_changed(desk)[stream]
    options: Row = {"streams": {"*": GORGIAS}}
    messages = rows(stream, row, keys=list(row)[:1])
    desk.write(*messages, **options)
    desk.forget()
    desk.write(*messages, **options)
    assert desk.written == []
    assert desk.summary[stream]["unchanged"] == 1
    undo()
    desk.write(*messages, **options)
    assert len(desk.written) == 1
    desk.forget()
    desk.write(*messages, **options)
    assert desk.written == []
    (desk.folder / "ledger.db").unlink()
    desk.write(*messages, **options)
    assert desk.written == []


def test_a_hundred_tickets_are_compared_in_one_request(desk: Desk) -> None:
    tickets = [row["id"] for row in desk.rows("tickets")]
    messages = [
        *rows(
            "update_tickets", *({"id": each, "priority": "low"} for each in tickets), keys=["id"]
        ),
        *rows("ticket_tags", *({"ticket_id": each, "name": "x"} for each in tickets)),
    ]
    desk.write(*messages)
    desk.forget()
    desk.write(*messages)
    assert [f"{each.method} {each.path}" for each in desk.sandbox.requests] == ["GET /api/tickets"]


@pytest.mark.parametrize("way", ["ticket_id", "ticket_key", "ticket_external_id"])
def test_parts_are_compared_however_they_name_their_ticket(desk: Desk, way: str) -> None:
    made = {"number": 7, "external_id": "t-7", "customer_email": "a@shop.example"}
    made |= {"messages": [{"channel": "email", "from_agent": False, "body_text": "Hello."}]}
    desk.write(*rows("tickets", made, keys=["number"]))
    ticket = desk.the("tickets", external_id="t-7")["id"]
    name = {"ticket_id": ticket, "ticket_key": 7, "ticket_external_id": "t-7"}[way]
    messages = rows("ticket_tags", {way: name, "name": "vip"}, keys=[way, "name"])
    desk.write(*messages)
    change(desk, "tickets", ticket, tag_ids=[])
    desk.forget()
    desk.write(*messages)
    assert desk.written == [f"POST /api/tickets/{ticket}/tags"]


def test_rows_of_one_run_that_undo_each_other_are_all_written(desk: Desk) -> None:
    ticket = desk.any("tickets")["id"]
    first, second = ({"id": ticket, "subject": name} for name in ("One", "Two"))
    messages = [*rows("a", first, keys=["id"]), *rows("b", second, keys=["id"])]
    for _ in range(2):
        desk.write(*messages, streams={"*": "update_tickets"})
        assert desk.row("tickets", ticket)["subject"] == "Two"


def test_what_is_gone_counts_as_it_was_left(desk: Desk) -> None:
    ticket = desk.rows("tickets")[-1]["id"]
    messages = rows("ticket_tags", {"ticket_id": ticket, "name": "x"})
    desk.write(*messages)
    desk.write(*rows("delete_tickets", {"id": ticket}, keys=["id"]))
    desk.write(*messages)
    assert desk.summary["ticket_tags"]["unchanged"] == 1


def test_a_row_is_written_when_nothing_can_be_compared(desk: Desk) -> None:
    ticket = desk.any("tickets")["id"]
    desk.sandbox.fail("/api/tickets", method="GET", status=403, times=9)
    desk.write(*rows("update_tickets", {"id": ticket, "subject": "New"}, keys=["id"]))
    assert desk.written == [f"PUT /api/tickets/{ticket}"]


@pytest.mark.parametrize("seed", range(5))
def test_rows_that_are_compared_end_as_rows_that_are_not(desk: Desk, seed: int) -> None:
    """Whatever was there before."""
    chance = random.Random(seed)  # noqa: S311 - repeatable
    kept = desk.rows("tickets")[:3]
    changes = []
    for _ in range(40):
        row: Row = {"id": chance.choice(kept)["id"]}
        row |= {"status": chance.choice(["open", "closed"])} if chance.random() < 0.5 else {}
        row |= {"tags": chance.sample("abc", 2)} if chance.random() < 0.5 else {}
        row |= {"custom_fields": {"506": chance.randrange(1, 4)}} if chance.random() < 0.3 else {}
        row |= {"assignee_user_id": None} if chance.random() < 0.3 else {}
        changes.append({"number": chance.randrange(9), **row})
    messages = rows("update_tickets", *changes, keys=["number"])
    ends = []
    before = copy.deepcopy([desk.stored("tickets", row["id"]) for row in kept])
    for options in (GORGIAS, LEDGER | {"skip_unchanged": False}):
        for old in copy.deepcopy(before):
            change(desk, "tickets", old["id"], **old)
        desk.write(*messages, streams={"*": options})
        shown = [desk.row("tickets", row["id"]) for row in kept]
        names = ("status", "custom_fields", "assignee_user")
        ends.append(
            [([row[name] for name in names], {tag["name"] for tag in row["tags"]}) for row in shown]
        )
    assert ends[0] == ends[1]


def test_unchanged_rows_are_sent_where_the_stream_says_so(desk: Desk) -> None:
    one, two = (row["id"] for row in desk.rows("tickets")[:2])
    messages = [
        *rows("always", {"id": one, "subject": "x"}, keys=["id"]),
        *rows("update_tickets", {"id": two, "subject": "x"}, keys=["id"]),
    ]
    streams = {"always": {"operation": "update_tickets", "skip_unchanged": False}}
    desk.write(*messages, streams=streams)
    desk.forget()
    desk.write(*messages, streams=streams)
    assert desk.written == [f"PUT /api/tickets/{one}"]
    desk.forget()
    desk.write(*messages, streams={"always": "update_tickets"}, skip_unchanged=False)
    assert len(desk.written) == 2


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"compare": "api"}, "must have 'ledger' or 'gorgias' for 'compare'."),
        ({"skip_unchanged": "no"}, "must have true or false for 'skip_unchanged'."),
    ],
)
def test_an_option_that_is_none_is_named(desk: Desk, options: Row, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        desk.write(*rows("tags", {"name": "x"}), streams={"tags": options})


@pytest.mark.parametrize("stream", ["messages", "create_tickets", "merge_customers", "jobs"])
def test_what_no_list_shows_cannot_be_compared_with_gorgias(desk: Desk, stream: str) -> None:
    row = {"number": 1, "ticket_id": 1, "source_id": 1, "target_id": 2, "type": "x", "params": {}}
    with pytest.raises(UsageError, match="cannot be compared with Gorgias"):
        desk.write(*rows(stream, row | NOTE | {"messages": []}), streams={stream: GORGIAS})
    assert desk.sandbox.requests == []


def people(count: int) -> list[Row]:
    """Customers whom the account does not have yet."""
    return [
        {"external_id": f"crm-{n}", "email": f"new{n}@shop.example", "name": f"N{n}"}
        for n in range(count)
    ]


def pages(desk: Desk) -> int:
    return -(-len(desk.rows("customers")) // 100)


@pytest.mark.parametrize("count", [1, 30, 250])
@pytest.mark.parametrize("more", [0, 900])
def test_new_customers_take_one_request_each_and_the_account_is_read_once(
    desk: Desk, count: int, more: int
) -> None:
    _crowd(desk, more)
    listed = pages(desk)
    desk.write(*rows("customers", *people(count), keys=["external_id"]))
    assert desk.summary["customers"]["created"] == count
    looked = [seen for seen in desk.sandbox.requests if seen.method == "GET"]
    worth = 2 * count
    assert len(looked) <= (listed if listed <= min(worth, 200) else 2 * worth)
    assert len(desk.written) == count
    desk.forget()
    desk.write(*rows("customers", *people(count), keys=["external_id"]))
    assert desk.sandbox.requests == []


def _crowd(desk: Desk, count: int) -> None:
    world = desk.sandbox.world
    old = dict(desk.any("customers"))
    for n in range(count):
        new = world.next_id("customers")
        world.insert(
            "customers",
            {
                **old,
                "id": new,
                "email": f"crowd{n}@shop.example",
                "external_id": None,
                "channels": [],
            },
        )


def test_known_customers_need_no_reading_ahead(desk: Desk) -> None:
    desk.write(*rows("customers", *people(5), keys=["external_id"]))
    desk.forget()
    renamed = [row | {"name": "Other"} for row in people(5)]
    desk.write(*rows("customers", *renamed, keys=["external_id"]))
    assert {seen.method for seen in desk.sandbox.requests} == {"PUT"}


def test_a_customer_found_ahead_is_updated(desk: Desk) -> None:
    there = [row for row in desk.rows("customers") if row["email"]][:4]
    given = ({"email": row["email"].upper(), "name": "Ours"} for row in there)
    desk.write(*rows("customers", *given, keys=["email"]))
    assert desk.summary["customers"] == {"updated": 4, "requests": 4 + pages(desk)}
    assert {desk.row("customers", row["id"])["name"] for row in there} == {"Ours"}


def test_a_customer_whom_somebody_created_meanwhile_is_found(desk: Desk) -> None:
    given = people(3)
    taken = itertools.count()

    class Rival(FaultPlan):
        def draw(self, method: str, path: str) -> Fault | None:
            if method == "POST" and path == "/api/customers" and next(taken) == 0:
                for row in given:
                    world, old = desk.sandbox.world, dict(desk.any("customers"))
                    number = world.next_id("customers")
                    channel = {
                        "type": "email",
                        "address": row["email"],
                        "preferred": True,
                        "id": number,
                    }
                    new = {**old, "id": number, "email": row["email"], "external_id": None}
                    world.insert(
                        "customers", {**new, "channels": [{**channel, "deleted_datetime": None}]}
                    )
            return super().draw(method, path)

    desk.sandbox.backend.faults = Rival()
    desk.write(*rows("customers", *given, keys=["external_id"]))
    found = [row for row in desk.rows("customers") if row["email"] in {e["email"] for e in given}]
    assert len(found) == 3
    assert {row["external_id"] for row in found} == {"crm-0", "crm-1", "crm-2"}


@pytest.mark.parametrize("seed", range(6))
def test_addresses_that_move_in_one_run_lead_to_whom_they_belong(desk: Desk, seed: int) -> None:
    """Whatever was read ahead, as without it."""
    chance = random.Random(seed)  # noqa: S311 - repeatable
    desk.write(*rows("customers", *people(4), keys=["external_id"]))
    (desk.folder / "ledger.db").unlink()
    changes: list[Row] = []
    free = [f"free{n}@shop.example" for n in range(3)]
    for n in range(20):
        row = dict(chance.choice(people(6)))
        row["name"] = f"Version {n}"
        if chance.random() < 0.3 and free:
            row["email"] = free.pop()
        changes.append({"number": n, **row})
    try:
        desk.write(
            *rows("upsert_customers", *changes, keys=["number"]),
            on_error="continue",
            max_parallelism=1,
        )
    except GorgiasError:
        pytest.fail("the run ended")
    ours = [row for row in desk.rows("customers") if str(row["external_id"]).startswith("crm-")]
    assert len({row["external_id"] for row in ours}) == len(ours)
    newest = {row["external_id"]: row["name"] for row in changes}
    refused = {row["record"]["external_id"] for row in desk.rejects}
    for row in ours:
        if row["external_id"] in newest.keys() - refused:
            assert row["name"] == newest[row["external_id"]]


@pytest.mark.parametrize("way", ["ticket_id", "ticket_external_id"])
@pytest.mark.parametrize("operation", ["add_ticket_tags", "set_ticket_tags"])
def test_a_tag_that_somebody_took_off_is_added_again(desk: Desk, way: str, operation: str) -> None:
    ticket = desk.any("tickets")["id"]
    change(desk, "tickets", ticket, external_id="T-1")
    named = {"ticket_id": ticket, "ticket_external_id": "T-1"}
    tag = {"name": "ours"} if operation.startswith("add") else {"names": ["ours"]}
    messages = rows(operation, {"number": 1, way: named[way], **tag}, keys=["number"])
    desk.write(*messages)
    for _ in range(2):
        call(desk, "delete-ticket-tags", ticket_id=ticket, names=["ours"])
        desk.forget()
        desk.write(*messages)
        assert "ours" in {each["name"] for each in desk.row("tickets", ticket)["tags"]}
        desk.forget()
        desk.write(*messages)
        assert desk.written == []
        assert len(desk.sandbox.requests) == 1


def test_a_part_is_not_compared_with_an_object_that_is_called_otherwise_by_now(desk: Desk) -> None:
    one, two = (row["id"] for row in desk.rows("tickets")[:2])
    change(desk, "tickets", one, external_id="T-1")
    messages = rows("ticket_tags", {"ticket_external_id": "T-1", "name": "ours"}, keys=["name"])
    desk.write(*messages)
    change(desk, "tickets", one, external_id=None)
    change(desk, "tickets", two, external_id="T-1")
    desk.write(*messages)
    assert "ours" in {each["name"] for each in desk.row("tickets", two)["tags"]}


@pytest.mark.parametrize("one", ["ticket_id", "ticket_external_id"])
@pytest.mark.parametrize("other", ["ticket_id", "ticket_external_id"])
def test_what_another_stream_undid_is_done_again(desk: Desk, one: str, other: str) -> None:
    ticket = desk.any("tickets")["id"]
    change(desk, "tickets", ticket, external_id="T-1")
    named = {"ticket_id": ticket, "ticket_external_id": "T-1"}
    added = rows("ticket_tags", {one: named[one], "name": "ours"}, keys=[one, "name"])
    row = {other: named[other], "name": "ours"}
    removed = rows("remove_ticket_tags", row, keys=[other, "name"])
    desk.write(*added, *removed, *added)
    assert "ours" in {each["name"] for each in desk.row("tickets", ticket)["tags"]}
