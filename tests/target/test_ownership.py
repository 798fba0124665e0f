"""Whose an object is: nothing is written to what is another row's."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from gorgias_api import Client
from tests.api.server import Reply
from tests.support import settings
from tests.target.late import late
from tests.target.support import MAIL, NOTE, SENT, Row, record, rows, schema

if TYPE_CHECKING:
    from tests.target.support import Desk

KEY = ("number",)
ON = {"on_error": "continue"}
TEXT_FIELD = {"data_type": "text", "input_settings": {"input_type": "input"}}


@dataclass(frozen=True)
class Thing:
    """A kind of object: what it is found by, what makes one, and a field that may change."""

    names: Row
    rest: Row
    changes: str = "name"
    settings: Row = field(default_factory=dict)

    def row(self, number: int, text: str) -> Row:
        return {"number": number, **self.names, **self.rest, self.changes: text}


NAMED = {"name": "Shared"}
THINGS = {
    "customers": Thing({"email": "shared@shop.example"}, {}),
    "customers by external id": Thing({"external_id": "shared"}, {}),
    "tickets": Thing(
        {"external_id": "shared"},
        {"customer_email": "a@shop.example", "messages": [MAIL]},
        "subject",
    ),
    "messages": Thing({"external_id": "shared"}, {"ticket_id": 83000001, **NOTE}, "body_text"),
    "users": Thing(
        {"email": "shared@acme.example"},
        {"role": {"name": "agent"}},
        settings={"allow_sending": True},
    ),
    "tags": Thing(NAMED, {}, "description"),
    "teams": Thing(NAMED, {}, "description"),
    "views": Thing(NAMED, {"filters": "eq(ticket.status, 'open')"}, "order_dir"),
    "macros": Thing(NAMED, {"actions": []}, "language"),
    "custom_fields": Thing(
        {"object_type": "Customer", "label": "Shared"}, {"definition": TEXT_FIELD}, "description"
    ),
}
TEXTS = {"views": ("asc", "desc"), "macros": ("fr", "de")}


def pair(name: str) -> tuple[str, Thing, Row, Row]:
    entity, thing = name.split(maxsplit=1)[0], THINGS[name]
    one, two = TEXTS.get(name, ("One", "Two"))
    return entity, thing, thing.row(1, one), thing.row(2, two)


def found(desk: Desk, entity: str, thing: Thing) -> list[Row]:
    return [row for row in desk.rows(entity) if thing.names.items() <= row.items()]


@pytest.mark.parametrize("verb", ["upsert", "create"])
@pytest.mark.parametrize("name", THINGS)
@pytest.mark.parametrize("when", ["one run", "two runs", "two streams", "reset"])
def test_of_two_keys_with_one_name_the_second_is_refused(
    desk: Desk, name: str, verb: str, when: str
) -> None:
    entity, thing, first, second = pair(name)
    stream = f"{verb}_{entity}"
    other = "other" if when == "two streams" else stream
    more = {"streams": {"other": stream}} | ON | thing.settings
    if when == "one run":
        desk.write(*rows(stream, first, second, keys=KEY), **more)
    else:
        desk.write(*rows(stream, first, keys=KEY), **more)
        if when == "reset":
            desk.sandbox.fail("/api/", method="POST", reset="before")
        desk.write(*rows(other, second, keys=KEY), **more)
    (made,) = found(desk, entity, thing)
    assert made[thing.changes] == first[thing.changes]
    assert desk.summary[other]["rejected"] == 1
    (reason,) = desk.reasons
    assert f"'{stream}:1'" in reason
    assert f"'{other}:2'" in reason


@pytest.mark.parametrize("verb", ["update", "delete"])
@pytest.mark.parametrize("name", THINGS)
def test_what_a_row_merely_finds_is_neither_changed_nor_deleted(
    desk: Desk, name: str, verb: str
) -> None:
    entity, thing, first, second = pair(name)
    if (entity, verb) == ("custom_fields", "delete"):
        return  # Gorgias has no such operation
    desk.write(*rows(entity, first, keys=KEY), **thing.settings)
    desk.forget()
    desk.write(*rows(f"{verb}_{entity}", second, keys=KEY), **ON)
    assert desk.written == []
    assert len(desk.rejects) == 1


@pytest.mark.parametrize("name", THINGS)
def test_a_stream_may_take_over(desk: Desk, name: str) -> None:
    entity, thing, first, second = pair(name)
    desk.write(*rows(entity, first, keys=KEY), **thing.settings)
    streams = {"other": {"operation": entity, "take_over": True}}
    desk.write(*rows("other", second, keys=KEY), streams=streams, **thing.settings)
    (made,) = found(desk, entity, thing)
    assert made[thing.changes] == second[thing.changes]
    assert desk.summary["other"]["updated"] == 1


@pytest.mark.parametrize("name", THINGS)
def test_a_row_that_has_no_key_but_the_name_means_what_has_it(desk: Desk, name: str) -> None:
    entity, thing, first, second = pair(name)
    desk.write(*rows(entity, first, keys=KEY), **thing.settings)
    del second["number"]
    keys = [*thing.names, *(["ticket_id"] if entity == "messages" else [])]
    desk.write(*rows(f"update_{entity}", second, keys=keys))
    (made,) = found(desk, entity, thing)
    assert made[thing.changes] == second[thing.changes]


@pytest.mark.parametrize("name", THINGS)
def test_what_no_row_owns_may_be_found_by_its_name(desk: Desk, name: str) -> None:
    entity, thing, first, second = pair(name)
    desk.write(*rows(entity, first, keys=KEY), **thing.settings)
    lost = {"ledger_url": f"sqlite:///{desk.folder}/lost.db"}
    desk.write(*rows(entity, second | {"number": 1}, keys=KEY), **thing.settings, **lost)
    (made,) = found(desk, entity, thing)
    assert made[thing.changes] == second[thing.changes]


@pytest.mark.parametrize("taken", [False, True])
def test_an_external_id_is_taken_over_only_if_so_said(desk: Desk, *, taken: bool) -> None:
    one = next(row for row in desk.rows("customers") if row["external_id"] and row["email"])
    row = {"number": 1, "email": one["email"], "external_id": "crm-1", "name": "New"}
    streams = {"customers": {"take_over": taken}}
    desk.write(*rows("customers", row, keys=KEY), streams=streams, **ON)
    after = desk.row("customers", one["id"])
    if taken:
        assert (after["external_id"], after["name"]) == ("crm-1", "New")
    else:
        assert after == one
        (reason,) = desk.reasons
        assert f"'{one['external_id']}'" in reason
        assert "'crm-1'" in reason


def test_an_external_id_that_is_absent_is_given(desk: Desk) -> None:
    one = next(row for row in desk.rows("customers") if not row["external_id"] and row["email"])
    row = {"number": 1, "email": one["email"], "external_id": "crm-1"}
    desk.write(*rows("customers", row, keys=KEY))
    assert desk.row("customers", one["id"])["external_id"] == "crm-1"


def test_the_mark_of_another_key_tells_whose_it_is_without_a_ledger(desk: Desk) -> None:
    first, second = ({"number": n, "email": "a@shop.example", "name": f"N{n}"} for n in (1, 2))
    desk.write(*rows("customers", first, keys=KEY))
    lost = {"ledger_url": f"sqlite:///{desk.folder}/lost.db"}
    desk.write(*rows("customers", second, keys=KEY), **ON, **lost)
    assert desk.the("customers", email="a@shop.example")["name"] == "N1"
    assert len(desk.rejects) == 1


@pytest.mark.parametrize("keys", [["external_id"], ["number"]])
@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("verb", ["upsert", "update"])
def test_an_address_that_moved_on_changes_nobody_else(
    desk: Desk, keys: list[str], order: int, verb: str
) -> None:
    old = {"number": 1, "external_id": "old", "email": "shared@shop.example", "name": "Old"}
    desk.write(*rows("customers", old, keys=keys))
    mine = desk.the("customers", external_id="old")["id"]
    moved = old | {"email": "moved@shop.example"}
    new = {"number": 2, "external_id": "new", "email": "shared@shop.example", "name": "New"}
    both = [moved, new][::order]
    desk.write(*rows("people", *both, keys=keys), streams={"people": f"{verb}_customers"}, **ON)
    after = desk.row("customers", mine)
    assert (after["name"], after["external_id"]) == ("Old", "old")


@pytest.mark.parametrize("order", [1, -1])
def test_a_name_that_moved_on_makes_a_new_object(desk: Desk, order: int) -> None:
    desk.write(*rows("teams", {"number": 1, "name": "Shared", "description": "Old"}, keys=KEY))
    mine = desk.the("teams", name="Shared")["id"]
    both = [{"number": 1, "name": "Moved"}, {"number": 2, "name": "Shared", "description": "New"}]
    desk.write(
        schema("teams", "name", "description", keys=KEY),
        *(record("teams", **row) for row in both[::order]),
    )
    assert desk.row("teams", mine)["name"] == "Moved"
    assert desk.the("teams", name="Shared")["description"] == "New"


def test_a_refusal_names_no_person_on_the_log(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    both = ({"who": who, "email": "a@shop.example"} for who in ("Lea Braun", "Ada Braun"))
    desk.write(*rows("customers", *both, keys=["who"]), **ON)
    assert "Braun" in desk.reasons[0]
    assert "Braun" not in caplog.text
    assert "'customers:***'" in caplog.text


@pytest.mark.parametrize("way", ["external_id", "email"])
def test_references_follow_a_name_to_what_has_it_now(desk: Desk, way: str) -> None:
    one, two = ({way: f"{n}@shop.example", "number": n} for n in (1, 2))
    desk.write(*rows("customers", one, two, keys=KEY))
    marks = {row[way]: row["id"] for row in desk.rows("customers")}
    tickets = [row["id"] for row in desk.rows("tickets")][:2]

    def assign(stream: str, ticket: int) -> list[Row]:
        return rows(stream, {"id": ticket, f"customer_{way}": "1@shop.example"}, keys=["id"])

    desk.write(
        *assign("before", tickets[0]),
        *rows("customers", one | {way: "3@shop.example", "channels": []}, keys=KEY),
        *rows("second", {"id": marks["2@shop.example"], way: "1@shop.example"}, keys=["id"]),
        *assign("after", tickets[1]),
        streams={
            "before": "update_tickets",
            "after": "update_tickets",
            "second": "update_customers",
            "customers": {"replace": ["channels"]},
        },
    )
    assigned = [desk.row("tickets", each)["customer"]["id"] for each in tickets]
    assert assigned == [marks["1@shop.example"], marks["2@shop.example"]]


@pytest.mark.parametrize("name", THINGS)
@pytest.mark.parametrize("whose", ["another row's", "no row's"])
@pytest.mark.parametrize("by", ["key", "id"])
def test_no_object_gets_a_name_that_another_one_has(
    desk: Desk, name: str, whose: str, by: str
) -> None:
    entity, thing, first, second = pair(name)
    others = {field: f"other-{value}" for field, value in thing.names.items()}
    others |= {"object_type": "Customer"} if entity == "custom_fields" else {}
    maker = {"streams": {"elsewhere": entity}} | thing.settings
    desk.write(*rows("elsewhere", first, keys=KEY), **maker)
    (taken,) = found(desk, entity, thing)
    lost = {} if whose == "another row's" else {"ledger_url": f"sqlite:///{desk.folder}/new.db"}
    desk.write(*rows(entity, second | others, keys=KEY), **thing.settings, **lost)
    (mine,) = (row for row in desk.rows(entity) if others.items() <= row.items())
    changed = second if by == "key" else {"id": mine["id"], **second, "number": 3}
    desk.write(*rows(entity, changed, keys=KEY), **ON, **thing.settings, **lost)
    assert [row["id"] for row in found(desk, entity, thing)] == [taken["id"]]
    assert others.items() <= desk.row(entity, mine["id"]).items()
    assert desk.summary[entity]["rejected"] == 1
    if entity != "users":  # whose address Gorgias changes with their password only
        assert ("elsewhere:1" in desk.reasons[0]) == (not lost)


@pytest.mark.parametrize("entity", ["teams", "tags", "customers"])
def test_a_chain_of_names_moves_on_in_one_run(desk: Desk, entity: str) -> None:
    field = "external_id" if entity == "customers" else "name"
    made = [{"number": n, field: f"name-{n}"} for n in range(6)]
    desk.write(*rows(entity, *made, keys=KEY))
    ids = {row[field]: row["id"] for row in desk.rows(entity)}
    moved = [{"number": n, field: f"name-{n + 1}"} for n in range(6)]
    desk.write(*rows(entity, *moved, {"number": 9, field: "name-0"}, keys=KEY))
    assert desk.rejects == []
    after = {row[field]: row["id"] for row in desk.rows(entity)}
    assert all(after[f"name-{n + 1}"] == ids[f"name-{n}"] for n in range(6))
    assert after["name-0"] not in ids.values()


def test_names_that_go_in_a_circle_are_refused(desk: Desk) -> None:
    made = [{"number": n, "name": f"name-{n}"} for n in range(3)]
    desk.write(*rows("teams", *made, keys=KEY))
    moved = [{"number": n, "name": f"name-{(n + 1) % 3}"} for n in range(3)]
    desk.write(*rows("teams", *moved, keys=KEY), **ON)
    assert desk.summary["teams"]["rejected"] == 3


@pytest.mark.parametrize("said", [{}, {"object_type": "Customer"}, {"object_type": None}])
@pytest.mark.parametrize("by", ["key", "id"])
def test_a_part_of_a_name_is_that_of_its_object(desk: Desk, said: Row, by: str) -> None:
    field = {"object_type": "Customer", "definition": TEXT_FIELD}
    made = [{"number": n, **field, "label": f"label-{n}"} for n in (1, 2)]
    desk.write(*rows("custom_fields", *made, keys=KEY))
    named = (
        {"number": 2} if by == "key" else {"id": desk.the("custom_fields", label="label-2")["id"]}
    )
    taken = {**named, **said, "definition": TEXT_FIELD, "label": "label-1"}
    desk.write(*rows("custom_fields", taken, keys=[next(iter(named))]), **ON)
    assert len([row for row in desk.rows("custom_fields") if row["label"] == "label-1"]) == 1
    assert len(desk.reasons) == 1


@pytest.mark.parametrize("stream", ["set_data_customers", "customer_custom_fields"])
def test_what_is_about_a_customer_goes_to_no_other_row_s_either(desk: Desk, stream: str) -> None:
    one, two = ({"number": n, "email": f"m{n}@shop.example"} for n in (1, 2))
    desk.write(*rows("customers", one, two, keys=KEY))
    source, target = (desk.the("customers", email=each["email"])["id"] for each in (one, two))
    with Client.from_settings(settings(desk.sandbox)) as client:
        client.call("merge-customers", source_id=source, target_id=target)
    desk.forget()
    about = {"data": {"who": 1}, "custom_field_id": 510, "value": 7}
    desk.write(*rows(stream, {"customer_key": "1", **about}, keys=["customer_key"]), **ON)
    assert desk.row("customers", target)["data"] is None
    assert len(desk.reasons) == 1
    assert "'customers:2'" in desk.reasons[0]


def test_a_name_that_its_owner_gives_up_in_the_same_run_may_be_taken(desk: Desk) -> None:
    one, two = ({"number": n, "external_id": f"name-{n}", "name": str(n)} for n in (1, 2))
    desk.write(*rows("customers", one, two, keys=KEY))
    moved = [two | {"external_id": "name-1"}, one | {"external_id": "name-3"}]
    desk.write(*rows("customers", *moved, keys=KEY))
    assert desk.summary["customers"]["updated"] == 2
    assert desk.the("customers", name="2")["external_id"] == "name-1"
    assert desk.the("customers", name="1")["external_id"] == "name-3"


@pytest.mark.parametrize("owned", [False, True])
def test_whom_a_customer_was_merged_into_is_written_to_unless_another_row_owns_them(
    desk: Desk, *, owned: bool
) -> None:
    one, two = ({"number": n, "email": f"m{n}@shop.example", "name": str(n)} for n in (1, 2))
    desk.write(*rows("customers", *([one, two] if owned else [one]), keys=KEY))
    with Client.from_settings(settings(desk.sandbox)) as client:
        if not owned:
            client.call("create-customer", email=two["email"], name="2")
        source, target = (desk.the("customers", email=each["email"])["id"] for each in (one, two))
        client.call("merge-customers", source_id=source, target_id=target)
    desk.write(*rows("customers", {"number": 1, "name": "New"}, keys=KEY), **ON)
    assert desk.row("customers", target)["name"] == ("2" if owned else "New")
    assert len(desk.reasons) == owned
    if owned:
        assert "'customers:2'" in desk.reasons[0]
        assert "'customers:1'" in desk.reasons[0]


@pytest.mark.parametrize("entity", ["customers", "tickets", "messages"])
@pytest.mark.parametrize("blank", ["", " ", None])
def test_a_row_that_is_to_remove_what_nothing_names_is_refused(
    desk: Desk, entity: str, blank: str | None
) -> None:
    row = {"number": 1, "external_id": blank, "ticket_id": 83000001}
    desk.write(*rows(f"delete_{entity}", row, keys=KEY), **ON)
    assert desk.written == []
    assert desk.summary[f"delete_{entity}"]["rejected"] == 1


def test_a_row_that_is_gone_and_never_became_anything_asks_for_nothing(desk: Desk) -> None:
    row = {"number": 1, "external_id": None, "_sdc_deleted_at": SENT}
    desk.write(*rows("customers", row, keys=KEY), hard_delete=True)
    assert desk.summary == {"customers": {"unchanged": 1}}


@pytest.mark.parametrize("target", [{"target_id": 1}, {"target_email": "lea@shop.example"}])
def test_nobody_is_merged_into_themselves(desk: Desk, target: Row) -> None:
    desk.write(*rows("customers", {"number": 1, "email": "lea@shop.example"}, keys=KEY))
    lea = desk.the("customers", email="lea@shop.example")["id"]
    desk.forget()
    row = {"number": 1, "source_id": lea} | {
        name: lea if name == "target_id" else value for name, value in target.items()
    }
    desk.write(*rows("merge_customers", row, keys=KEY), **ON)
    assert desk.written == []
    assert desk.reasons == ["'source' and 'target' are the same customer."]


def test_an_address_leads_to_whom_it_belongs_whatever_the_list_answers(desk: Desk) -> None:
    people = [row["id"] for row in desk.rows("customers")][:2]
    listed = [{"id": each, "email": None, "external_id": None} for each in people]
    page = Reply(200, json.dumps({"data": listed, "meta": {"next_cursor": None}}).encode())
    row = {"source_email": "ghost@shop.example", "target_id": people[0], "number": 1}
    with late(desk.sandbox, desk.clock.monotonic, None) as server:
        server.cut = 0
        server.instead = lambda asked: page if "channel_address" in asked.target else None
        desk.write(*rows("merge_customers", row, keys=KEY), api_url=server.url, **ON)
    assert desk.written == []
    assert len(desk.reasons) == 1
