"""Rows become customers: every operation there is on one, and every way to name one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.target.support import MAIL, record, rows, schema

if TYPE_CHECKING:
    from tests.target.support import Desk

LEA = {"external_id": "crm-1", "email": "lea@shop.example", "name": "Lea Braun"}
KEY = ("external_id",)


def test_a_customer_who_is_not_there_is_created(desk: Desk) -> None:
    messages = rows("customers", LEA, keys=KEY)
    counts = desk.once(
        *messages, writes=["POST /api/customers"], again={"customers": {"unchanged": 1}}
    )
    assert counts == {"customers": {"created": 1, "requests": 2}}
    assert LEA.items() <= desk.the("customers", external_id="crm-1").items()


def test_a_customer_who_is_there_is_updated(desk: Desk) -> None:
    one = next(row for row in desk.rows("customers") if row["external_id"])
    messages = rows("customers", {"external_id": one["external_id"], "name": "Renamed"}, keys=KEY)
    counts = desk.once(
        *messages,
        writes=[f"PUT /api/customers/{one['id']}"],
        again={"customers": {"unchanged": 1}},
    )
    assert counts == {"customers": {"updated": 1, "requests": 2}}
    assert desk.row("customers", one["id"])["name"] == "Renamed"


@pytest.mark.parametrize("way", ["id", "external_id", "email", "EMAIL"])
def test_a_customer_is_named_by(desk: Desk, way: str) -> None:
    one = next(row for row in desk.rows("customers") if row["external_id"])
    value = one[way.lower()] if way != "EMAIL" else one["email"].upper()
    messages = rows("update_customers", {way.lower(): value, "language": "fr"}, keys=[way.lower()])
    desk.write(*messages)
    assert desk.summary["update_customers"]["updated"] == 1
    assert desk.row("customers", one["id"])["language"] == "fr"


def test_an_address_that_is_not_the_first_one_of_a_customer_leads_to_them(desk: Desk) -> None:
    one = desk.any("customers")
    other = [{"type": "email", "address": "second@shop.example"}]
    desk.write(*rows("customers", {"id": one["id"], "channels": other}, keys=["id"]))
    people = len(desk.rows("customers"))
    desk.write(
        *rows("crm", {"email": "second@shop.example", "note": "x", "name": "Met again"}),
        streams={"crm": "customers"},
    )
    assert desk.summary == {"crm": {"updated": 1, "requests": 5}}  # one sees whose it is
    assert len(desk.rows("customers")) == people
    assert desk.row("customers", one["id"])["name"] == "Met again"


def test_a_row_that_changed_is_written_again(desk: Desk) -> None:
    desk.write(*rows("customers", LEA, keys=KEY))
    desk.forget()
    desk.write(*rows("customers", LEA | {"name": "Lea Maier"}, keys=KEY))
    (written,) = desk.written
    assert written.startswith("PUT /api/customers/")
    assert desk.the("customers", external_id="crm-1")["name"] == "Lea Maier"
    assert desk.summary == {"customers": {"updated": 1, "requests": 1}}


def test_a_row_that_went_back_to_what_it_was_is_written_again(desk: Desk) -> None:
    for name in ("Lea Braun", "Lea Maier", "Lea Braun"):
        desk.write(*rows("customers", LEA | {"name": name}, keys=KEY))
    assert desk.summary == {"customers": {"updated": 1, "requests": 1}}
    assert desk.the("customers", external_id="crm-1")["name"] == "Lea Braun"


def test_an_unchanged_row_is_written_again_if_so_set(desk: Desk) -> None:
    messages = rows("customers", LEA, keys=KEY)
    desk.write(*messages)
    desk.write(*messages, skip_unchanged=False)
    assert desk.summary == {"customers": {"updated": 1, "requests": 1}}


def test_created_is_created_once_whatever_the_row_says_later(desk: Desk) -> None:
    desk.write(*rows("create_customers", LEA, keys=KEY))
    desk.forget()
    desk.write(*rows("create_customers", LEA | {"name": "Another"}, keys=KEY), skip_unchanged=False)
    assert desk.written == []
    assert desk.summary == {"create_customers": {"unchanged": 1}}


def test_of_two_rows_with_one_address_at_the_same_time_one_becomes_a_customer(desk: Desk) -> None:
    people = len(desk.rows("customers"))
    both = ({"crm": n, "email": "both@shop.example", "name": f"Name {n}"} for n in range(8))
    desk.write(*rows("customers", *both, keys=["crm"]), on_error="continue")
    assert len(desk.rows("customers")) == people + 1
    counts = desk.summary["customers"]
    assert (counts["created"], counts["rejected"]) == (1, 7)
    owner = desk.the("customers", email="both@shop.example")["external_id"]
    assert all(f"that of the row '{owner}'" in reason for reason in desk.reasons)


def test_a_deletion_deletes_and_says_nothing_the_second_time(desk: Desk) -> None:
    one = desk.any("customers")["id"]
    counts = desk.once(
        *rows("delete_customers", {"id": one}, keys=["id"]),
        writes=[f"DELETE /api/customers/{one}"],
        again={"delete_customers": {"unchanged": 1}},
    )
    assert counts == {"delete_customers": {"deleted": 1, "requests": 1}}
    assert one not in {row["id"] for row in desk.rows("customers")}


def test_who_is_gone_already_needs_no_deletion(desk: Desk) -> None:
    gone = ({"id": 5}, {"id": 6, "external_id": "nobody"})
    desk.write(*rows("delete_customers", *gone, keys=["id"]))
    assert desk.summary == {"delete_customers": {"unchanged": 2, "requests": 2}}
    assert desk.rejects == []


def test_who_was_deleted_by_a_row_and_comes_back_is_created_anew(desk: Desk) -> None:
    streams = {"streams": {"crm": {"operation": "customers", "verbs": ["delete"]}}}
    first = rows("crm", LEA | {"_gorgias_action": None}, keys=KEY)
    desk.write(*first, **streams)
    desk.write(*rows("crm", LEA | {"_gorgias_action": "delete"}, keys=KEY), **streams)
    assert desk.summary == {"crm": {"deleted": 1, "requests": 1}}
    desk.write(*first, **streams)
    assert desk.summary["crm"]["created"] == 1
    assert desk.the("customers", external_id="crm-1")


def test_one_customer_is_merged_into_another_once(desk: Desk) -> None:
    source, target, *_ = (row["id"] for row in desk.rows("customers"))
    counts = desk.once(
        *rows("merge_customers", {"source_id": source, "target_id": target}),
        writes=["PUT /api/customers/merge"],
        again={"merge_customers": {"unchanged": 1}},
    )
    assert counts == {"merge_customers": {"updated": 1, "requests": 1}}
    assert desk.sandbox.world.merged == {source: target}


def test_a_merge_that_nobody_noted_is_not_refused(desk: Desk) -> None:
    source, target, *_ = (row["id"] for row in desk.rows("customers"))
    merge = rows("merge_customers", {"source_id": source, "target_id": target})
    desk.write(*merge)
    desk.write(*merge, ledger_url=f"sqlite:///{desk.folder}/lost.db")
    assert desk.summary["merge_customers"]["updated"] == 1
    assert desk.rejects == []


def test_a_merge_names_people_by_address_and_external_id(desk: Desk) -> None:
    source = next(row for row in desk.rows("customers") if row["external_id"])
    target = next(row for row in desk.rows("customers") if row["id"] != source["id"])
    columns = {"source_external_id": source["external_id"], "target_email": target["email"]}
    desk.write(*rows("merge_customers", columns))
    assert desk.sandbox.world.merged == {source["id"]: target["id"]}


@pytest.mark.parametrize(
    "data", [{"tier": "gold", "since": 2024}, '{"tier": "gold", "since": 2024}', ["a"], 5, "plain"]
)
def test_data_of_a_customer_are_set(desk: Desk, data: Any) -> None:
    one = desk.any("customers")["id"]
    counts = desk.once(
        *rows("set_data_customers", {"id": one, "data": data}, keys=["id"]),
        writes=[f"PUT /api/customers/{one}/data"],
        again={"set_data_customers": {"unchanged": 1}},
    )
    assert counts == {"set_data_customers": {"updated": 1, "requests": 1}}
    held = json.loads(data) if isinstance(data, str) and data[0] == "{" else data
    assert desk.stored("customers", one)["data"] == held


@pytest.mark.parametrize("name", ["customer_id", "id", "email", "customer_email", "customer"])
def test_whose_data_it_is_can_be_said_in_many_ways(desk: Desk, name: str) -> None:
    one = desk.any("customers")
    values = {"id": one["id"], "email": one["email"], "customer": {"email": one["email"]}}
    row = {name: values[name.removeprefix("customer_")], "data": {"a": 1}}
    desk.write(*rows("set_data_customers", row, keys=[] if name == "customer" else [name]))
    assert desk.stored("customers", one["id"])["data"] == {"a": 1}


def test_data_of_nobody_are_refused(desk: Desk) -> None:
    desk.write(*rows("set_data_customers", {"external_id": "?", "data": 1}), on_error="continue")
    assert desk.reasons == ["There is no such customer in Gorgias."]


@pytest.mark.parametrize("given", [7, "7"])
def test_a_number_in_a_text_column_is_text(desk: Desk, given: Any) -> None:
    desk.write(*rows("customers", {"external_id": given, "name": 12}, keys=KEY))
    made = desk.the("customers", external_id="7")
    assert made["name"] == "12"


def test_a_decimal_in_a_text_column_is_text(desk: Desk) -> None:
    head = schema("customers", "external_id", "name", keys=KEY)
    row = '{"type": "RECORD", "stream": "customers", "record": {"external_id": 7, "name": 1.50}}'
    desk.feed(json.dumps(head) + "\n" + row + "\n")
    assert desk.the("customers", external_id="7")["name"] == "1.50"


def test_nulls_say_nothing(desk: Desk) -> None:
    one = next(row for row in desk.rows("customers") if row["language"])
    nothing = {"id": one["id"], "language": None, "name": "New", "email": None}
    desk.write(*rows("customers", nothing, keys=["id"]))
    after = desk.row("customers", one["id"])
    assert (after["language"], after["email"]) == (one["language"], one["email"])


def test_nulls_clear_if_so_set(desk: Desk) -> None:
    one = next(row for row in desk.rows("customers") if row["language"])
    streams = {"customers": {"nulls": "write"}}
    desk.write(
        *rows("customers", {"id": one["id"], "language": None}, keys=["id"]), streams=streams
    )
    assert desk.row("customers", one["id"])["language"] is None


def test_a_new_channel_is_added_and_the_others_stay(desk: Desk) -> None:
    one = desk.any("customers")
    channels = [{"type": "phone", "address": "+4930000001"}]
    messages = rows("customers", {"id": one["id"], "channels": channels}, keys=["id"])
    desk.once(
        *messages,
        writes=[f"PUT /api/customers/{one['id']}"],
        again={"customers": {"unchanged": 1}},
    )
    after = {each["address"] for each in desk.stored("customers", one["id"])["channels"]}
    assert after == {each["address"] for each in one["channels"]} | {"+4930000001"}


def test_channels_that_are_there_already_cost_no_write(desk: Desk) -> None:
    one = desk.any("customers")
    given = json.dumps([{"type": "email", "address": one["email"].upper()}])
    desk.write(*rows("customers", {"id": one["id"], "channels": given}, keys=["id"]))
    assert desk.written == []
    assert desk.summary == {"customers": {"unchanged": 1, "requests": 1}}


def test_channels_are_replaced_if_so_set_and_the_log_warns(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    one = desk.any("customers")
    phone = {"type": "phone", "address": "+4930000001"}
    desk.write(*rows("customers", {"id": one["id"], "channels": [phone]}, keys=["id"]))
    desk.write(
        *rows(
            "customers",
            {
                "id": one["id"],
                "email": one["email"],
                "channels": [{"type": "email", "address": one["email"]}],
            },
            keys=["id"],
        ),
        streams={"customers": {"replace": ["channels"]}},
    )
    after = desk.stored("customers", one["id"])["channels"]
    assert [each["type"] for each in after] == ["email"]
    assert f"customers {one['id']} loses 1 of its channels." in caplog.messages


def test_who_was_merged_away_is_written_to_as_the_one_that_is_left(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    first, second, third, *_ = (row["id"] for row in desk.rows("customers"))
    desk.write(
        *rows("merge_customers", {"source_id": first, "target_id": second}),
        *rows("merges", {"source_id": second, "target_id": third}),
        streams={"merges": "merge_customers"},
    )
    desk.write(*rows("update_customers", {"id": first, "name": "Survivor"}, keys=["id"]))
    assert desk.row("customers", third)["name"] == "Survivor"
    assert f"Customer {first} was merged into {third}, which is written to." in caplog.messages


def test_values_and_data_of_a_merged_customer_go_to_the_one_that_is_left(desk: Desk) -> None:
    gone, left, *_ = (row["id"] for row in desk.rows("customers"))
    desk.write(*rows("merge_customers", {"source_id": gone, "target_id": left}))
    desk.write(
        *rows("set_data_customers", {"id": gone, "data": {"a": 1}}, keys=["id"]),
        *rows("customer_custom_fields", {"customer_id": gone, "custom_field_id": 510, "value": 9}),
        *rows("gone", {"customer_id": gone, "custom_field_id": 510}),
        streams={"gone": "delete_customer_custom_fields"},
    )
    assert desk.stored("customers", left)["data"] == {"a": 1}
    assert 510 not in desk.stored("customers", left)["field_values"]
    assert desk.written[-1] == f"DELETE /api/customers/{left}/custom-fields/510"


def test_a_merged_customer_is_not_deleted_as_the_one_that_is_left(desk: Desk) -> None:
    gone, left, *_ = (row["id"] for row in desk.rows("customers"))
    desk.write(*rows("merge_customers", {"source_id": gone, "target_id": left}))
    desk.write(*rows("delete_customers", {"id": gone}, keys=["id"]), on_error="continue")
    assert desk.reasons == [
        f"Customer {gone} was merged into {left}; delete that one if it is meant."
    ]
    assert desk.row("customers", left)


@pytest.mark.parametrize("headers", [{}, {"location": "/api/tickets/1"}])
def test_a_redirect_that_does_not_say_where_to_is_refused(
    desk: Desk, headers: dict[str, str]
) -> None:
    one = desk.any("customers")["id"]
    desk.sandbox.fail(f"/api/customers/{one}", status=301, headers=headers, body="")
    desk.write(
        *rows("update_customers", {"id": one, "name": "x"}, keys=["id"]), on_error="continue"
    )
    assert desk.reasons == [
        f"Customer {one} was merged into another one, and Gorgias does not say which."
    ]
    assert desk.rejects[0]["status"] == 301


def test_a_customer_merged_in_a_circle_is_refused(desk: Desk) -> None:
    one = desk.any("customers")["id"]
    location = {"location": f"/api/customers/{one}"}
    desk.sandbox.fail(f"/api/customers/{one}", status=301, headers=location, times=9, body="")
    desk.write(
        *rows("update_customers", {"id": one, "name": "x"}, keys=["id"]), on_error="continue"
    )
    assert desk.reasons == ["The customer was merged more often than can be followed."]


def test_a_merge_with_a_missing_side_is_refused(desk: Desk) -> None:
    one = desk.any("customers")["id"]
    head = schema("merge_customers", "source_id", "target_id")
    desk.write(head, record("merge_customers", source_id=one), on_error="continue")
    assert desk.reasons == ["'target_id' is missing."]


def test_a_merge_of_somebody_who_never_was_is_refused(desk: Desk) -> None:
    one, two, *_ = (row["id"] for row in desk.rows("customers"))
    pairs = ({"source_id": 5, "target_id": one}, {"source_id": two, "target_id": 5})
    desk.write(*rows("merge_customers", *pairs), on_error="continue")
    assert [row["status"] for row in desk.rejects] == [404, 404]
    assert desk.sandbox.world.merged == {}


def test_who_was_deleted_and_made_anew_is_found_anew(desk: Desk) -> None:
    person = {"external_id": "c-1", "name": "Lea"}
    desk.write(*rows("customers", person, keys=KEY))
    ticket = {"customer_external_id": "c-1", "messages": [MAIL]}
    desk.write(
        *rows("tickets", {"number": 1, **ticket}, keys=["number"]),
        *rows("delete_customers", {"external_id": "c-1"}, keys=KEY),
        *rows("create_customers", person, keys=KEY),
        *rows("again", {"number": 2, **ticket}, keys=["number"]),
        streams={"again": "tickets"},
        ledger_url=f"sqlite:///{desk.folder}/other.db",
    )
    assert desk.rejects == []
    new = desk.the("customers", external_id="c-1")["id"]
    assert desk.the("tickets", external_id="again:2")["customer"]["id"] == new
