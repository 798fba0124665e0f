"""Customers: uniqueness, merges, data, values (section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gorgias_sandbox.contract import load

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from gorgias_sandbox.serve import Sandbox

    Ask = Callable[..., requests.Response]

UNDER_A_CUSTOMER = [
    operation
    for operation in load().operations.values()
    if operation.path.startswith("/api/customers/{")
]


def create(ask: Ask, **body: Any) -> dict[str, Any]:
    answer = ask("POST", "/customers", body)
    assert answer.status_code == 201, answer.text
    customer: dict[str, Any] = answer.json()
    return customer


def row_of(desk: Sandbox, customer: dict[str, Any]) -> dict[str, Any]:
    return desk.world.tables["customers"][customer["id"]]


def text_field(desk: Sandbox) -> int:
    return next(
        int(field["id"])
        for field in desk.world.tables["custom_fields"]
        if field["object_type"] == "Customer"
        and field["definition"]["input_settings"]["input_type"] == "input"
    )


def test_names_and_channels_are_derived(ask: Ask) -> None:
    phone = {"type": "phone", "address": "+12005550100", "preferred": False}
    customer = create(ask, name="Lea van Braun", email="lea@example.org", channels=[phone])
    assert (customer["firstname"], customer["lastname"]) == ("Lea", "van Braun")
    assert {(each["type"], each["address"]) for each in customer["channels"]} == {
        ("phone", "+12005550100"),
        ("email", "lea@example.org"),
    }
    assert "external_data" not in customer
    shown = ask("GET", f"/customers/{customer['id']}").json()
    assert shown["external_data"] == {}
    listed = ask("GET", "/customers?limit=1").json()["data"][0]
    assert listed["id"] == customer["id"]
    assert "channels" not in listed


@pytest.mark.parametrize(
    "body",
    [
        {"email": "LEA@example.org"},
        {"channels": [{"type": "email", "address": "lea@example.org"}]},
        {"channels": [{"type": "phone", "address": "+12005550100"}]},
    ],
)
def test_an_address_in_use_is_a_conflict(desk: Sandbox, ask: Ask, body: dict[str, Any]) -> None:
    phone = {"type": "phone", "address": "+12005550100"}
    first = create(ask, email="lea@example.org", channels=[phone])
    assert ask("POST", "/customers", body).status_code == 409
    other = create(ask, email="other@example.org")
    before = row_of(desk, other)
    assert ask("PUT", f"/customers/{other['id']}", body).status_code == 409
    assert row_of(desk, other) == before
    assert ask("PUT", f"/customers/{first['id']}", body).status_code == 202


def test_an_update_moves_the_customer_only_when_something_differs(desk: Sandbox, ask: Ask) -> None:
    body = {"name": "Lea Braun", "channels": [{"type": "phone", "address": "+12005550100"}]}
    customer = create(ask, email="lea@example.org")
    path = f"/customers/{customer['id']}"
    desk.clock.advance(1)
    changed = ask("PUT", path, body).json()
    assert changed["updated_datetime"] > customer["updated_datetime"]
    assert changed["email"] is None
    assert changed["channels"][0]["customer"]["name"] == "Lea Braun"
    events = len(desk.world.tables["events"])
    desk.clock.advance(1)
    assert ask("PUT", path, body).json() == changed
    assert len(desk.world.tables["events"]) == events


def test_data_belong_to_whoever_set_them_and_move_nothing(desk: Sandbox, ask: Ask) -> None:
    customer = create(ask, email="lea@example.org")
    path = f"/customers/{customer['id']}"
    desk.clock.advance(1)
    events = len(desk.world.tables["events"])
    bearer = f"Bearer {desk.backend.access.issue()['access_token']}"
    headers = {"Authorization": bearer}
    assert ask("PUT", f"{path}/data", {"data": {"plan": "pro"}}).status_code == 202
    app_data = {"data": {"plan": "app"}}
    ask("PUT", f"{path}/data", app_data, headers=headers, auth=lambda request: request)
    shown = ask("GET", path).json()
    assert shown["data"] == {"plan": "pro"}
    app_id = desk.backend.options.client_id
    assert shown["external_data"][app_id] == {"__app_name__": app_id, "plan": "app"}
    assert shown["updated_datetime"] == customer["updated_datetime"]
    assert len(desk.world.tables["events"]) == events


def test_data_of_an_older_version_are_ignored(ask: Ask) -> None:
    path = f"/customers/{create(ask, email='lea@example.org')['id']}"
    for version, plan in (("2026-02-01", "new"), ("2026-01-01", "old"), ("2026-02-01", "newest")):
        body = {"data": plan, "version": f"{version}T00:00:00Z"}
        assert ask("PUT", f"{path}/data", body).status_code == 202
    assert ask("GET", path).json()["data"] == "newest"


def test_values_replace_all_or_only_those_named(desk: Sandbox, ask: Ask) -> None:
    field = text_field(desk)
    customer = create(ask, email="lea@example.org", custom_fields=[{"id": field, "value": "a"}])
    path = f"/customers/{customer['id']}/custom-fields"
    assert ask("PUT", path, []).json() == {"data": []}
    ask("PUT", f"{path}/{field}", "b")
    desk.backend.change(customer_fields_replace=False)
    shown = ask("PUT", path, []).json()["data"]
    assert [(each["field"]["id"], each["value"]) for each in shown] == [(field, "b")]
    assert "prediction" not in shown[0]
    assert ask("PUT", path, [{"id": field, "value": None}]).json() == {"data": []}
    assert row_of(desk, customer)["updated_datetime"] == customer["updated_datetime"]


def test_a_deleted_customer_leaves_its_tickets_without_one(desk: Sandbox, ask: Ask) -> None:
    ticket = next(row for row in desk.world.tables["tickets"] if row["customer_id"])
    assert ask("DELETE", f"/customers/{ticket['customer_id']}").status_code == 204
    shown = ask("GET", f"/tickets/{ticket['id']}").json()
    assert shown["customer"] is None
    assert shown["updated_datetime"] == ticket["updated_datetime"]
    assert list(desk.world.tables["events"])[-1]["type"] == "customer-deleted"
    assert ask("GET", f"/customers/{ticket['customer_id']}").status_code == 404


def test_a_merge_hands_everything_over_without_moving_the_target(desk: Sandbox, ask: Ask) -> None:
    sender = {"sender": {"email": "source@example.org"}, "from_agent": False}
    body = {"via": "api", "messages": [sender | {"channel": "email", "via": "api"}]}
    ticket = ask("POST", "/tickets", body).json()
    source, target = ticket["customer"], create(ask, email="target@example.org")
    desk.clock.advance(1)
    query = f"source_id={source['id']}&target_id={target['id']}"
    merged = ask("PUT", f"/customers/merge?{query}", {"name": "Ignored"})
    assert merged.status_code == 202
    assert merged.json()["name"] == target["name"]
    assert merged.json()["updated_datetime"] == target["updated_datetime"]
    assert {each["address"] for each in merged.json()["channels"]} == {
        "source@example.org",
        "target@example.org",
    }
    deleted, kept = list(desk.world.tables["events"])[-2:]
    assert (deleted["type"], deleted["object_id"]) == ("customer-deleted", source["id"])
    assert (kept["type"], kept["object_id"]) == ("customer-merged", target["id"])
    assert kept["data"] == {"source_customer_id": source["id"]}
    shown = ask("GET", f"/tickets/{ticket['id']}").json()
    assert shown["customer"]["id"] == shown["messages"][0]["sender"]["id"] == target["id"]


@pytest.mark.parametrize("operation", UNDER_A_CUSTOMER, ids=lambda operation: operation.operation)
def test_every_route_of_a_merged_customer_leads_to_the_survivor(
    desk: Sandbox, ask: Ask, operation: Any
) -> None:
    first, second, third = (create(ask, email=f"{name}@example.org")["id"] for name in "abc")
    for source, target in ((first, second), (second, third)):
        ask("PUT", f"/customers/merge?source_id={source}&target_id={target}", {})
    rest = operation.path.split("}", 1)[1].replace("{id}", str(text_field(desk)))
    bodies = {"update-customer-data": {"data": 1}, "update-customer-custom-field-values": []}
    body = bodies.get(operation.operation, "x" if rest.count("/") > 1 else {})
    answer = ask(operation.method, f"/customers/{first}{rest}", body)
    assert answer.status_code == 301
    assert answer.content == b""
    assert answer.headers["location"] == f"/api/customers/{third}{rest}"


def test_customers_with_data_of_the_same_integration_do_not_merge(desk: Sandbox, ask: Ask) -> None:
    first, second = (create(ask, email=f"{name}@example.org")["id"] for name in "ab")
    for customer_id in (first, second):
        desk.world.update("customers", customer_id, integrations={"42": {}})
    path = "/customers/merge"
    assert ask("PUT", f"{path}?source_id={first}&target_id={second}", {}).status_code == 409
    assert ask("PUT", f"{path}?source_id={first}&target_id={first}", {}).status_code == 400
    assert ask("PUT", f"{path}?source_id={first}&target_id=5", {}).status_code == 404


def test_customers_are_found_by_what_is_known_of_them(ask: Ask) -> None:
    phone = {"type": "phone", "address": "+12005550100"}
    customer = create(
        ask, name="Lea Braun", email="lea@example.org", external_id="crm-1x", channels=[phone]
    )
    for query in (
        {"email": "Lea@Example.org"},
        {"external_id": "crm-1x"},
        {"name": "Lea Braun"},
        {"channel_type": "phone", "channel_address": "+12005550100"},
    ):
        found = ask("GET", "/customers", params=query).json()["data"]
        assert [row["id"] for row in found] == [customer["id"]], query
    wrong = {"channel_type": "email", "channel_address": "+12005550100"}
    assert ask("GET", "/customers", params=wrong).json()["data"] == []


def test_an_id_is_never_given_twice(ask: Ask) -> None:
    first = create(ask, email="a@example.org")["id"]
    ask("DELETE", "/customers", {"ids": [first, 5]})
    assert create(ask, email="a@example.org")["id"] > first


def test_a_name_can_be_given_in_parts_and_values_with_it(desk: Sandbox, ask: Ask) -> None:
    field = text_field(desk)
    customer = create(ask, firstname="Lea", lastname="Braun")
    assert customer["name"] == "Lea Braun"
    body = {"firstname": "Leah", "lastname": "", "custom_fields": [{"id": field, "value": "a"}]}
    changed = ask("PUT", f"/customers/{customer['id']}", body).json()
    assert changed["name"] == "Leah"
    assert changed["custom_fields"][str(field)]["value"] == "a"
