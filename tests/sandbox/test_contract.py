"""All 111 operations: each answers, and each refuses what the contract forbids."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import requests

from gorgias_sandbox.contract import load
from gorgias_sandbox.operations import HANDLERS
from gorgias_sandbox.options import Options
from gorgias_sandbox.serve import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gorgias_sandbox.contract import Operation
    from gorgias_sandbox.serve import Sandbox

OPERATIONS = load().operations
EVERY = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
WITH_ID = pytest.mark.parametrize(
    "operation",
    [each for each in OPERATIONS.values() if re.search(r"\{\w*id\}", each.path)],
    ids=lambda operation: operation.operation,
)
NOBODY = 999_999_999
MESSAGE = {"channel": "email", "via": "api", "from_agent": False, "body_text": "Hello"}
DEFINITION = {"data_type": "text", "input_settings": {"input_type": "input"}}
HTTP = {
    "url": "https://hook.example/",
    "method": "POST",
    "request_content_type": "application/json",
    "response_content_type": "application/json",
}
REPORT = {
    "scope": "tickets-created",
    "timezone": "UTC",
    "filters": [
        {"member": "periodStart", "operator": "afterDate", "values": ["2026-01-01"]},
        {"member": "periodEnd", "operator": "beforeDate", "values": ["2026-02-01"]},
    ],
}
LEGACY = {
    "filters": {
        "period": {"start_datetime": "2026-01-01T00:00:00Z", "end_datetime": "2026-02-01T00:00:00Z"}
    }
}


@pytest.fixture(scope="module")
def account() -> Iterator[Sandbox]:
    with serve(Options(tickets=60, rate_limit=None, oauth_rate_limit=None)) as sandbox:
        yield sandbox


def ids(sandbox: Sandbox, table: str) -> list[int]:
    return sorted(row["id"] for row in sandbox.world.tables[table])


def free(sandbox: Sandbox, table: str) -> int:
    """An object that no rule, macro or view needs, and that is nobody else's example."""
    wanted: dict[str, dict[str, Any]] = {
        "tags": {"name": "unused"},
        "macros": {"name": "unused", "actions": []},
        "views": {"name": "unused", "category": "user"},
        "integrations": {"name": "unused"},
    }
    rows = sandbox.world.tables[table]
    last = rows[ids(sandbox, table)[-1]]
    row_id = sandbox.world.next_id(table)
    sandbox.world.insert(table, {**last, "id": row_id, **wanted.get(table, {})})
    return row_id


def field_id(sandbox: Sandbox, object_type: str) -> int:
    """A custom field that takes any text."""
    return next(
        int(field["id"])
        for field in sandbox.world.tables["custom_fields"]
        if field["object_type"] == object_type
        and field["definition"]["input_settings"]["input_type"] == "input"
    )


def uploaded(sandbox: Sandbox) -> list[str]:
    path = next(
        each["url"].removeprefix("https://uploads.example/")
        for message in sandbox.world.tables["messages"]
        for each in message["attachments"] or ()
    )
    folder, domain_hash, name = path.split("/")
    return [folder, domain_hash, name]


def example(sandbox: Sandbox, name: str) -> tuple[list[Any], dict[str, Any], Any]:
    """Placeholders, query and body of a valid request."""
    world = sandbox.world
    ticket, customer = ids(sandbox, "tickets")[0], ids(sandbox, "customers")[0]
    message = world.tables["messages"].find("ticket_id", ticket)[0]
    unscored = {row["ticket_id"] for row in world.tables["satisfaction_surveys"]}
    ticket_field, customer_field = field_id(sandbox, "Ticket"), field_id(sandbox, "Customer")
    first = {table: rows[0] for table in world.tables if (rows := ids(sandbox, table))}
    examples: dict[str, tuple[list[Any], dict[str, Any], Any]] = {
        "create-account-setting": ([], {}, {"type": "access", "data": {"signup_mode": "invite"}}),
        "update-account-setting": ([first["account_settings"]], {}, {"type": "access"}),
        "create-customer": ([], {}, {"email": "lea@example.org", "name": "Lea Braun"}),
        "delete-customers": ([], {}, {"ids": [free(sandbox, "customers")]}),
        "delete-customer": ([free(sandbox, "customers")], {}, None),
        "update-customer": ([customer], {}, {"note": "Likes tea"}),
        "merge-customers": (
            [],
            {"source_id": bare_customer(sandbox), "target_id": bare_customer(sandbox)},
            {},
        ),
        "get-customer": ([customer], {"relationships": "custom_fields"}, None),
        "get-ticket": ([ticket], {"relationships": "custom_fields"}, None),
        "update-customer-data": ([customer], {}, {"data": {"plan": "pro"}}),
        "update-customer-custom-field-values": (
            [customer],
            {},
            [{"id": customer_field, "value": "x"}],
        ),
        "update-customer-custom-field-value": ([customer, customer_field], {}, "x"),
        "delete-customer-custom-field-value": ([customer, customer_field], {}, None),
        "list-custom-fields": ([], {"object_type": "Ticket"}, None),
        "create-custom-field": (
            [],
            {},
            {"object_type": "Ticket", "label": "Size", "definition": DEFINITION},
        ),
        "update-custom-fields": ([], {}, [{"id": ticket_field, "label": "Longer label"}]),
        "update-custom-field": ([ticket_field], {}, {"label": "Other label"}),
        "download-file": (uploaded(sandbox), {}, None),
        "create-integration": ([], {}, {"name": "Hook", "type": "http", "http": HTTP}),
        "update-integration": ([first["integrations"]], {}, {"name": "Renamed"}),
        "delete-integration": ([free(sandbox, "integrations")], {}, None),
        "create-job": (
            [],
            {},
            {
                "type": "updateTicket",
                "params": {"ticket_ids": [ticket], "updates": {"status": "open"}},
            },
        ),
        "update-job": ([free_job(sandbox)], {}, {"meta": {"by": "test"}}),
        "delete-job": ([free_job(sandbox)], {}, None),
        "create-macro": ([], {}, {"name": "Thanks"}),
        "bulk-archive-macros": ([], {}, {"ids": [first["macros"], NOBODY]}),
        "bulk-unarchive-macros": ([], {}, {"ids": [first["macros"], NOBODY]}),
        "update-macro": ([first["macros"]], {}, {"language": "fr"}),
        "delete-macro": ([free(sandbox, "macros")], {}, None),
        "retrieve-reporting-statistic": ([], {}, {"query": REPORT}),
        "retrieve-statistic": (["overview"], {}, LEGACY),
        "download-statistic": (["overview"], {}, LEGACY),
        "create-rule": ([], {}, {"name": "New", "code": "if (true) {}"}),
        "update-rules-priorities": (
            [],
            {},
            {"priorities": [{"id": first["rules"], "priority": 77}]},
        ),
        "update-rule": ([first["rules"]], {}, {"description": "Why"}),
        "delete-rule": ([free(sandbox, "rules")], {}, None),
        "create-satisfaction-survey": (
            [],
            {},
            {
                "customer_id": customer,
                "ticket_id": next(each for each in ids(sandbox, "tickets") if each not in unscored),
            },
        ),
        "update-satisfaction-survey": ([first["satisfaction_surveys"]], {}, {"score": 4}),
        "search": ([], {}, {"type": "customer", "query": "a"}),
        "create-tag": ([], {}, {"name": "brand new"}),
        "delete-tags": ([], {}, {"ids": [free(sandbox, "tags")]}),
        "update-tag": ([first["tags"]], {}, {"description": "What it is for"}),
        "delete-tag": ([free(sandbox, "tags")], {}, None),
        "merge-tags": ([first["tags"]], {}, {"source_tags_ids": [free(sandbox, "tags")]}),
        "create-team": ([], {}, {"name": "Tier 9", "members": [{"id": first["users"]}]}),
        "update-team": ([first["teams"]], {}, {"description": "Nights"}),
        "delete-team": ([free(sandbox, "teams")], {}, None),
        "create-ticket": (
            [],
            {},
            {"via": "api", "messages": [{**MESSAGE, "sender": {"email": "ann@example.org"}}]},
        ),
        "update-ticket": ([ticket], {}, {"priority": "high"}),
        "delete-ticket": ([free(sandbox, "tickets")], {}, None),
        "create-ticket-tags": ([ticket], {}, {"names": ["gift"]}),
        "update-ticket-tags": ([ticket], {}, {}),
        "delete-ticket-tags": ([ticket], {}, {"names": ["gift"]}),
        "update-ticket-custom-fields": ([ticket], {}, [{"id": ticket_field, "value": "x"}]),
        "update-ticket-custom-field": ([ticket, ticket_field], {}, "x"),
        "delete-ticket-custom-field": ([ticket, ticket_field], {}, None),
        "create-ticket-message": ([ticket], {}, MESSAGE),
        "get-ticket-message": ([ticket, message], {}, None),
        "update-ticket-message": ([ticket, message], {}, MESSAGE),
        "delete-ticket-message": (
            [ticket, world.tables["messages"].find("ticket_id", ticket)[-1]],
            {},
            None,
        ),
        "create-user": (
            [],
            {},
            {"email": "new@acme.example", "name": "New Agent", "role": {"name": "agent"}},
        ),
        "get-user": ([0], {}, None),
        "update-user": ([first["users"]], {}, {"bio": "Here since the start"}),
        "delete-user": ([free(sandbox, "users")], {}, None),
        "create-view": ([], {}, {"name": "Mine", "filters": "eq(ticket.status, 'open')"}),
        "update-view": ([first["views"]], {}, {"order_dir": "asc"}),
        "delete-view": ([free(sandbox, "views")], {}, None),
        "update-view-items": ([0], {}, {"view": {"filters": "isEmpty(ticket.subject)"}}),
        "create-widget": (
            [],
            {},
            {"type": "http", "template": {"type": "wrapper", "widgets": []}},
        ),
        "update-widget": ([first["widgets"]], {}, {"order": 4}),
        "delete-widget": ([free(sandbox, "widgets")], {}, None),
        "delete-voice-call-recording": ([ids(sandbox, "voice_call_recordings")[-1]], {}, None),
    }
    return examples.get(name) or (plain_ids(sandbox, name), {}, None)


def plain_ids(sandbox: Sandbox, name: str) -> list[int]:
    """Placeholders of a request that needs nothing else: the first row of the table it names."""
    path = OPERATIONS[name].path
    if "{" not in path:
        return []
    segments = path.split("/")
    resource = segments[segments.index("phone") + 1] if "phone" in segments else segments[2]
    return [ids(sandbox, resource.replace("-", "_"))[0]]


def bare_customer(sandbox: Sandbox) -> int:
    """A customer without data of an integration."""
    customer_id = free(sandbox, "customers")
    sandbox.world.update("customers", customer_id, integrations={}, channels=[])
    return customer_id


def free_job(sandbox: Sandbox) -> int:
    job_id = free(sandbox, "jobs")
    sandbox.world.update("jobs", job_id, status="pending", ended_datetime=None)
    return job_id


def send(sandbox: Sandbox, operation: Operation, **more: Any) -> requests.Response:
    placeholders, query, body = example(sandbox, operation.operation)
    path = re.sub(r"\{\w+\}", lambda _: str(placeholders.pop(0)), operation.path)
    options: dict[str, Any] = {"params": query}
    if operation.operation == "upload-file":
        options["files"] = {"note.txt": b"hello"}
    elif operation.body is not None:
        options["json"] = body
    options |= {"auth": (sandbox.email, sandbox.api_key), **more}
    return requests.request(operation.method, f"{sandbox.url}{path}", timeout=10, **options)


def test_the_contract_has_all_111_operations_and_each_has_a_handler() -> None:
    assert len(OPERATIONS) == 111
    assert set(HANDLERS) == set(OPERATIONS)


@EVERY
def test_a_valid_request_gets_the_documented_status(account: Sandbox, operation: Operation) -> None:
    answer = send(account, operation)
    assert (answer.status_code, answer.text if answer.status_code >= 400 else "") == (
        operation.status,
        "",
    )
    assert answer.headers["x-request-id"]
    if operation.method == "DELETE":
        assert answer.content == b""


@EVERY
def test_nothing_is_answered_without_credentials(account: Sandbox, operation: Operation) -> None:
    assert send(account, operation, auth=None).status_code == 401


@EVERY
def test_a_token_without_the_scope_is_told_which_one(
    account: Sandbox, operation: Operation
) -> None:
    tokens = account.backend.access.issue("openid offline")
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    answer = send(account, operation, auth=None, headers=bearer)
    assert answer.status_code == 403
    scope = operation.scope or "customers:read"
    assert answer.json()["error"]["msg"].endswith(f"Missing scope: {scope}.")


@EVERY
def test_an_unknown_query_parameter_is_refused(account: Sandbox, operation: Operation) -> None:
    answer = send(account, operation, params={"surprise": "1"})
    assert answer.status_code == 400
    assert answer.json()["error"]["data"]["surprise"] == ["Unknown field."]


@WITH_ID
def test_an_id_that_does_not_exist_is_not_found(account: Sandbox, operation: Operation) -> None:
    _, query, body = example(account, operation.operation)
    path = re.sub(r"\{\w+\}", str(NOBODY), operation.path)
    answer = requests.request(
        operation.method,
        f"{account.url}{path}",
        params=query,
        json=body,
        auth=(account.email, account.api_key),
        timeout=10,
    )
    assert answer.status_code == 404
    assert answer.json() == {"error": {"msg": "Resource not found."}}
