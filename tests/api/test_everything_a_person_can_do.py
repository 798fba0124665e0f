"""Everything a well-known integration platform offers for Gorgias, from the command line.

`LINES` is that offer, line by line, each with the words a person types for its inputs. Every
line has one test, and a test has to use every word of its line.
"""

from __future__ import annotations

import hashlib
import json
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.api.command import Ended, Gorgias
from tests.support import truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gorgias_sandbox.serve import Sandbox

PERSON = "--channels --email --external-id --language --name --timezone"
TICKET = (
    "--assignee-team --assignee-user --closed-datetime --created-datetime "
    "--last-message-datetime --last-received-message-datetime --opened-datetime "
    "--snooze-datetime --trashed-datetime --updated-datetime --customer --external-id "
    "--from-agent --language --meta --spam --status --subject --tags --via"
)
LIST = "--all --cursor --limit --order-by"
LINES = {
    "API key": "--domain --username --api-key",
    "OAuth 2.0": "login --domain --authorize-url --token-url --scopes --client-id --client-secret",
    "Create Customer": f"call create-customer {PERSON}",
    "Update Customer": f"call update-customer --id {PERSON}",
    "Update Customer Data": "call update-customer-data --customer-id --data --version",
    "Delete Customer": "call delete-customer --id",
    "Get Customer": "call get-customer --id",
    "List Customers": "call list-customers get-customer --id --email --external-id --language "
    f"--timezone --view-id {LIST}",
    "Create Ticket": f"call create-ticket --messages {TICKET}",
    "Update Ticket": "call update-ticket --id --is-unread "
    + TICKET.replace("--created-datetime ", ""),
    "Delete Ticket": "call delete-ticket --id",
    "Get Ticket": "call get-ticket --id --relationships",
    "List Tickets": "call list-tickets --customer-id --external-id --view-id --rule-id "
    f"--ticket-ids {LIST}",
    "Create Ticket Message": "call create-ticket-message --ticket-id --channel --from-agent "
    "--source --via --action --attachments --body-html --body-text --created-datetime "
    "--failed-datetime --sent-datetime --external-id --message-id --receiver --sender --subject",
    "Get Ticket Message": "call get-ticket-message --ticket-id --id",
    "List Messages": f"call list-messages --ticket-id {LIST}",
    "List Ticket Custom Fields": "call list-ticket-custom-fields --ticket-id",
    "Update Ticket Custom Fields": "call update-ticket-custom-fields --ticket-id --values",
    "Delete Ticket Custom Field": "call delete-ticket-custom-field --ticket-id --id",
    "Get Event": "call get-event --id",
    "List Events": "call list-events --created-datetime-gt --created-datetime-gte "
    "--created-datetime-lt --created-datetime-lte --object-id --object-type --types --user-ids "
    f"{LIST}",
    "Get Account": "account",
    "Search": "search --size",
    "Upload Files": "upload --type --label",
    "Download File": "download --to",
    "Raw Request": "request --data --form --file --file-name --param --header --response-type "
    "json text binary --timeout --debug --retry-delay --retry-all-errors --max-retries "
    "--exponential-backoff",
}


class Line:
    """A line of the list: runs `gorgias` and remembers the words it was given."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.gorgias = Gorgias(sandbox)
        self.typed: set[str] = set()

    def __call__(self, *words: object, stdin: str = "") -> Ended:
        """Run it."""
        ended = self.gorgias(*words, stdin=stdin)
        assert ended.code == 0, ended.err
        self.typed.update(map(str, words))
        return ended

    def some(self, table: str, **wanted: Any) -> Any:
        """A row of the account with these values."""
        rows = self.sandbox.world.tables[table]
        return next(row for row in rows if all(row[name] == wanted[name] for name in wanted))


@pytest.fixture
def line(request: pytest.FixtureRequest, open_sandbox: Callable[..., Sandbox]) -> Iterator[Line]:
    line = Line(open_sandbox(tickets=40, record_bodies=True))
    yield line
    if not request.session.testsfailed:
        assert set(LINES[request.param].split()) <= line.typed, "inputs that no test gives"


def of(name: str) -> pytest.MarkDecorator:
    """Marks the test of a line."""
    return pytest.mark.parametrize("line", [name], indirect=True)


def test_every_line_has_a_test() -> None:
    marks = [mark for test in globals().values() for mark in getattr(test, "pytestmark", ())]
    assert sorted(name for mark in marks for name in mark.args[1]) == sorted(LINES)


def test_the_readme_names_the_command_of_every_line() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    table = readme.partition("| what | command |\n|---|---|\n")[2].partition("\n\n")[0]
    rows = dict(line.strip("| ").split(" | ", 1) for line in table.splitlines())
    assert rows.keys() == LINES.keys()
    for name, words in LINES.items():
        command = words.partition(" --")[0].split()[:2]
        assert all(word in rows[name] for word in command), name


@of("API key")
def test_an_api_key_opens_the_account(line: Line) -> None:
    sandbox = line.sandbox
    key = ("--username", sandbox.email, "--api-key", sandbox.api_key)
    ended = line("--domain", "acme", *key, "--api-url", sandbox.api_url, "account")
    assert ended.json["domain"] == "acme"
    assert sandbox.requests[-1].auth == "basic"


@of("OAuth 2.0")
def test_a_login_opens_the_account(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def browser(address: str) -> bool:
        # The person's browser: Gorgias sends it back to this machine at once.
        threading.Thread(target=requests.get, args=(address,), kwargs={"timeout": 10}).start()
        return True

    monkeypatch.setattr(webbrowser, "open", browser)
    sandbox, options = line.sandbox, line.sandbox.backend.options
    line.gorgias = Gorgias()  # whoever logs in has no key
    app = (
        *("--domain", "acme", "--api-url", sandbox.api_url),
        *("--client-id", options.client_id, "--client-secret", options.client_secret),
        *("--authorize-url", f"{sandbox.url}/oauth/authorize"),
        *("--token-url", f"{sandbox.url}/oauth/token", "--scopes", "account:read offline"),
        *("--token-store", tmp_path / "tokens.json"),
    )
    line(*app, "login")
    assert line(*app, "account").json["domain"] == "acme"
    assert sandbox.requests[-1].auth == "bearer"


CUSTOMER = (
    *("--name", "Ada Example", "--email", "ada@example.com", "--external-id", "crm-1"),
    *("--language", "de", "--timezone", "Europe/Berlin"),
    *("--channels", '[{"type": "phone", "address": "+4930000001", "preferred": true}]'),
)


def assert_is_ada(customer: dict[str, Any]) -> None:
    assert customer["name"] == "Ada Example"
    assert customer["email"] == "ada@example.com"
    assert customer["external_id"] == "crm-1"
    assert (customer["language"], customer["timezone"]) == ("de", "Europe/Berlin")
    assert "+4930000001" in {channel["address"] for channel in customer["channels"]}


@of("Create Customer")
def test_a_customer_is_created(line: Line) -> None:
    made = line("call", "create-customer", *CUSTOMER).json
    assert_is_ada(line("call", "get-customer", "--id", made["id"]).json)


@of("Update Customer")
def test_a_customer_is_changed(line: Line) -> None:
    made = line("call", "create-customer", "--name", "Somebody").json
    line("call", "update-customer", "--id", made["id"], *CUSTOMER)
    assert_is_ada(line("call", "get-customer", "--id", made["id"]).json)


@of("Update Customer Data")
def test_the_data_of_a_customer_is_replaced(line: Line) -> None:
    customer = line("call", "create-customer", "--name", "Somebody").json["id"]
    change = ("call", "update-customer-data", "--customer-id", customer)
    line(*change, "--data", '{"plan": "pro"}', "--version", "2026-02-01")
    line(*change, "--data", '{"plan": "old"}', "--version", "2026-01-01")
    assert line("call", "get-customer", "--id", customer).json["data"] == {"plan": "pro"}


@of("Delete Customer")
def test_a_customer_is_deleted(line: Line) -> None:
    customer = line("call", "create-customer", "--name", "Somebody").json["id"]
    line("call", "delete-customer", "--id", customer)
    assert customer not in line.sandbox.world.tables["customers"]


@of("Get Customer")
def test_a_customer_is_shown(line: Line) -> None:
    customer = line.some("customers")
    assert line("call", "get-customer", "--id", customer["id"]).json["name"] == customer["name"]


@of("List Customers")
def test_customers_are_listed(line: Line) -> None:
    made = line("call", "create-customer", *CUSTOMER).json["id"]
    view = line.some("views", type="customer-list")["id"]
    listed = ("call", "list-customers")
    assert line("call", "get-customer", "--id", made).json["id"] == made
    for words in (
        ("--email", "ada@example.com"),
        ("--external-id", "crm-1"),
        ("--language", "de", "--timezone", "Europe/Berlin"),
        ("--view-id", view),
    ):
        found = line(*listed, *words).json["data"]
        assert made in {row["id"] for row in found}, words
    assert_everything_is_listed(line, listed, "customers", "updated_datetime:asc")


def assert_everything_is_listed(
    line: Line, listed: tuple[str, ...], table: str, order: str
) -> None:
    """That all pages come, and the rest of them after a cursor."""
    paging = ("--limit", 20, "--order-by", order)
    everything = line(*listed, "--all", *paging).lines
    first = line(*listed, *paging).json
    rest = line(*listed, "--all", *paging, "--cursor", first["meta"]["next_cursor"]).lines
    ids = [row["id"] for row in everything]
    assert set(ids) == {row["id"] for row in truth(line.sandbox, table)}
    assert [row["id"] for row in first["data"] + rest] == ids


MESSAGE = {
    "channel": "email",
    "via": "api",
    "from_agent": False,
    "sender": {"email": "ada@example.com"},
    "body_text": "Where is my parcel?",
    "sent_datetime": "2026-01-01T08:00:00Z",
}
DATES = {
    "closed_datetime": "2026-01-05T00:00:00+00:00",
    "last_message_datetime": "2026-01-02T00:00:00+00:00",
    "last_received_message_datetime": "2026-01-03T00:00:00+00:00",
    "opened_datetime": "2026-01-04T00:00:00+00:00",
    "snooze_datetime": "2036-01-01T00:00:00+00:00",
    "trashed_datetime": "2026-01-06T00:00:00+00:00",
}
PLAIN = {
    "external_id": "order-1",
    "from_agent": False,
    "language": "de",
    "spam": False,
    "status": "closed",
    "subject": "Paket",
    "via": "api",
}


def ticket_words(line: Line) -> tuple[Any, ...]:
    """All fields of a ticket as options."""
    person = line("call", "create-customer", "--email", "ada@example.com").json["id"]
    given = {
        **DATES,
        **{name: str(value).lower() if value is False else value for name, value in PLAIN.items()},
        "updated_datetime": "2026-01-07",
        "assignee_team": json.dumps({"id": line.some("teams")["id"]}),
        "assignee_user": json.dumps({"id": line.some("users")["id"]}),
        "customer": json.dumps({"id": person}),
        "meta": '{"order": 1}',
        "tags": '[{"name": "vip"}]',
    }
    return tuple(
        word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", value)
    )


def assert_holds_all(line: Line, ticket: dict[str, Any]) -> None:
    assert {name: ticket[name] for name in PLAIN} == PLAIN
    assert {name: ticket[name] for name in DATES} == DATES
    assert ticket["assignee_team"]["id"] == line.some("teams")["id"]
    assert ticket["assignee_user"]["id"] == line.some("users")["id"]
    assert ticket["customer"]["email"] == "ada@example.com"
    assert ticket["meta"] == {"order": 1}
    assert [tag["name"] for tag in ticket["tags"]] == ["vip"]


@of("Create Ticket")
def test_a_ticket_is_created(line: Line) -> None:
    words = ("--messages", json.dumps([MESSAGE]), "--created-datetime", "2026-01-01")
    made = line("call", "create-ticket", *words, *ticket_words(line)).json
    ticket = line("call", "get-ticket", "--id", made["id"]).json
    assert_holds_all(line, ticket)
    assert ticket["created_datetime"] == "2026-01-01T00:00:00+00:00"
    assert [message["body_text"] for message in ticket["messages"]] == ["Where is my parcel?"]


@of("Update Ticket")
def test_a_ticket_is_changed(line: Line) -> None:
    ticket = line.some("tickets")["id"]
    change = ("call", "update-ticket", "--id", ticket)
    line(*change, *ticket_words(line), "--is-unread", "true")
    changed = line("call", "get-ticket", "--id", ticket).json
    assert_holds_all(line, changed)
    assert changed["is_unread"] is True


@of("Delete Ticket")
def test_a_ticket_is_deleted(line: Line) -> None:
    ticket = line.some("tickets")["id"]
    line("call", "delete-ticket", "--id", ticket)
    assert ticket not in line.sandbox.world.tables["tickets"]


@of("Get Ticket")
def test_a_ticket_is_shown_with_what_belongs_to_it(line: Line) -> None:
    ticket, field = line.some("tickets")["id"], text_field(line)
    values = json.dumps([{"id": field, "value": "yes"}])
    line("call", "update-ticket-custom-fields", "--ticket-id", ticket, "--values", values)
    shown = line("call", "get-ticket", "--id", ticket, "--relationships", "custom_fields").json
    assert shown["custom_fields"][str(field)]["value"] == "yes"
    assert shown["messages"]


def text_field(line: Line) -> int:
    """A new custom field of tickets."""
    definition = '{"data_type": "text", "input_settings": {"input_type": "input"}}'
    words = ("--object-type", "Ticket", "--label", "Resolved", "--definition", definition)
    return int(line("call", "create-custom-field", *words).json["id"])


@of("List Tickets")
def test_tickets_are_listed(line: Line) -> None:
    ticket = line.some("tickets")
    line("call", "update-ticket", "--id", ticket["id"], "--external-id", "order-1")
    rule = line("call", "create-rule", "--name", "None", "--code", "1").json["id"]
    view = line.some("views", type="ticket-list")["id"]
    listed = ("call", "list-tickets")
    for found in (
        line(*listed, "--customer-id", ticket["customer_id"]),
        line(*listed, "--external-id", "order-1"),
        line(*listed, "--ticket-ids", ticket["id"], "--ticket-ids", 1),
    ):
        assert ticket["id"] in {row["id"] for row in found.json["data"]}
    shown = line("call", "list-view-items", "--view-id", view, "--all").lines
    within = line(*listed, "--view-id", view, "--all").lines
    assert {row["id"] for row in within} == {row["id"] for row in shown}
    assert line(*listed, "--rule-id", rule).json["data"] == []
    assert_everything_is_listed(line, listed, "tickets", "updated_datetime:asc")


@of("Create Ticket Message")
def test_a_message_is_added_to_a_ticket(line: Line, tmp_path: Path) -> None:
    file = tmp_path / "parcel.txt"
    file.write_text("parcel")
    [uploaded] = line("upload", file).json
    ticket, agent = line.some("tickets"), line.some("users")
    source = {
        "type": "email",
        "from": {"name": "Support", "address": "support@acme.example"},
        "to": [{"address": "ada@example.com"}],
    }
    given = {
        "ticket-id": ticket["id"],
        "channel": "email",
        "from-agent": "true",
        "via": "api",
        "source": json.dumps(source),
        "action": "force",
        "attachments": json.dumps([uploaded]),
        "body-html": "<p>On its way</p>",
        "body-text": "On its way",
        "created-datetime": "2026-01-02T08:00:00+00:00",
        "sent-datetime": "2026-01-02T08:00:01+00:00",
        "failed-datetime": "2026-01-02T08:00:02+00:00",
        "external-id": "answer-1",
        "message-id": "<answer-1@acme.example>",
        "sender": json.dumps({"id": agent["id"]}),
        "receiver": json.dumps({"id": ticket["customer_id"]}),
        "subject": "Re: Paket",
    }
    words = [word for name, value in given.items() for word in (f"--{name}", value)]
    made = line("call", "create-ticket-message", *words).json
    where = ("--ticket-id", ticket["id"], "--id", made["id"])
    shown = line("call", "get-ticket-message", *where).json
    for name in ("channel", "via", "body-html", "body-text", "external-id", "message-id"):
        assert shown[name.replace("-", "_")] == given[name]
    for name in ("created-datetime", "sent-datetime", "failed-datetime", "subject"):
        assert shown[name.replace("-", "_")] == given[name]
    assert shown["from_agent"] is True
    assert shown["source"]["to"] == source["to"]
    assert shown["attachments"][0]["url"] == uploaded["url"]
    assert (shown["sender"]["id"], shown["receiver"]["id"]) == (agent["id"], ticket["customer_id"])


@of("Get Ticket Message")
def test_a_message_is_shown(line: Line) -> None:
    message = line.some("messages")
    where = ("--ticket-id", message["ticket_id"], "--id", message["id"])
    assert line("call", "get-ticket-message", *where).json["id"] == message["id"]


@of("List Messages")
def test_messages_are_listed(line: Line) -> None:
    ticket = line.some("messages")["ticket_id"]
    found = line("call", "list-messages", "--ticket-id", ticket).json["data"]
    assert {row["ticket_id"] for row in found} == {ticket}
    listed = ("call", "list-messages")
    assert_everything_is_listed(line, listed, "messages", "created_datetime:asc")


def field_values(line: Line, ticket: int) -> dict[int, Any]:
    rows = line("call", "list-ticket-custom-fields", "--ticket-id", ticket).json["data"]
    return {row["field"]["id"]: row["value"] for row in rows}


@of("List Ticket Custom Fields")
def test_the_custom_fields_of_a_ticket_are_listed(line: Line) -> None:
    ticket, field = line.some("tickets")["id"], text_field(line)
    where = ("--ticket-id", ticket, "--id", field)
    line("call", "update-ticket-custom-field", *where, "--value", "yes")
    assert field_values(line, ticket)[field] == "yes"


@of("Update Ticket Custom Fields")
def test_the_custom_fields_of_a_ticket_are_replaced(line: Line) -> None:
    ticket, field = line.some("tickets")["id"], text_field(line)
    values = json.dumps([{"id": field, "value": "yes"}])
    line("call", "update-ticket-custom-fields", "--ticket-id", ticket, "--values", values)
    assert field_values(line, ticket) == {field: "yes"}


@of("Delete Ticket Custom Field")
def test_a_custom_field_of_a_ticket_is_cleared(line: Line) -> None:
    ticket, field = line.some("tickets")["id"], text_field(line)
    where = ("--ticket-id", ticket, "--id", field)
    line("call", "update-ticket-custom-field", *where, "--value", "yes")
    line("call", "delete-ticket-custom-field", *where)
    assert field not in field_values(line, ticket)


@of("Get Event")
def test_an_event_is_shown(line: Line) -> None:
    event = line.some("events")["id"]
    assert line("call", "get-event", "--id", event).json["id"] == event


@of("List Events")
def test_events_are_listed(line: Line) -> None:
    ticket = line.some("tickets")["id"]
    line("call", "update-ticket", "--id", ticket, "--subject", "Another")
    listed = ("call", "list-events")
    words = ("--object-id", ticket, "--object-type", "Ticket", "--types", "ticket-updated")
    [event] = line(*listed, *words, "--limit", 1).json["data"]
    when = event["created_datetime"]
    by = ("--user-ids", event["user_id"], "--all")
    for comparators, there in (
        (("--created-datetime-gte", when, "--created-datetime-lte", when), True),
        (("--created-datetime-gt", when), False),
        (("--created-datetime-lt", when), False),
    ):
        ids = {row["id"] for row in line(*listed, *words, *by, *comparators).lines}
        assert (event["id"] in ids) is there
    assert_everything_is_listed(line, listed, "events", "created_datetime:asc")


@of("Get Account")
def test_the_account_is_shown(line: Line) -> None:
    assert line("account").json["domain"] == "acme"


@of("Search")
def test_a_customer_is_found(line: Line) -> None:
    line("call", "create-customer", "--name", "Ada Unheard-Of")
    found = line("search", "customer", "Unheard-Of", "--size", 5).json
    assert [row["name"] for row in found] == ["Ada Unheard-Of"]


@of("Upload Files")
def test_files_are_uploaded(line: Line, tmp_path: Path) -> None:
    files = [tmp_path / "one.txt", tmp_path / "two.txt"]
    for file in files:
        file.write_text(file.name)
    both = line("upload", *files, "--type", "public_attachment").json
    assert [file["name"] for file in both] == ["one.txt", "two.txt"]
    [labelled] = line("upload", files[0], "--label", "label").json
    assert labelled["size"] == len("one.txt")


@of("Download File")
def test_a_file_is_downloaded(line: Line, tmp_path: Path) -> None:
    content, file = bytes(range(256)) * 100, tmp_path / "photo.bin"
    file.write_bytes(content)
    [uploaded] = line("upload", file).json
    into = tmp_path / "here"
    into.mkdir()
    line("download", uploaded["url"], "--to", into)
    [downloaded] = into.iterdir()
    *_, domain_hash, name = uploaded["url"].split("/")
    line("download", "attachments", domain_hash, name, "--to", tmp_path / "parts.bin")
    for path in (downloaded, tmp_path / "parts.bin"):
        assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(content).digest()


@of("Raw Request")
def test_any_request_is_sent(line: Line, tmp_path: Path) -> None:
    raw, sandbox = ("request",), line.sandbox
    made = line(*raw, "POST", "/api/tags", "--data", '{"name": "raw"}', "--timeout", 10).json
    where = ("GET", f"/api/tags/{made['id']}")
    typed = (*raw, *where, "--header", "Accept-Language=de", "--response-type")
    assert line(*typed, "json").json["name"] == "raw"
    for kind in ("text", "binary"):
        assert json.loads(line(*typed, kind).out)["name"] == "raw"
    assert len(line(*raw, "GET", "/api/tags", "--param", "limit=2").json["data"]) == 2

    file = tmp_path / "a.txt"
    file.write_text("hello")
    upload = ("POST", "/api/upload", "--file", f"label={file}", "--file-name", "label=b.txt")
    assert line(*raw, *upload).json[0]["name"] == "label"
    assert 'filename="b.txt"' in str(sandbox.requests[-1].body)

    app = sandbox.backend.options
    form = ("--form", "grant_type=refresh_token", "--form", f"refresh_token={app.refresh_token}")
    address = ("--api-url", f"{sandbox.url}/oauth")
    key = ("--username", app.client_id, "--api-key", app.client_secret)
    assert line(*address, *key, *raw, "POST", "token", *form).json["token_type"] == "Bearer"

    assert "GET /api/tags -> 200" in line(*raw, "GET", "/api/tags", "--debug").err

    sandbox.fail(path="/api/tags", status=400)
    before = len(sandbox.requests)
    patience = ("--max-retries", 2, "--retry-delay", 0.01, "--retry-all-errors")
    line(*raw, *where, *patience, "--exponential-backoff")
    assert [seen.status for seen in sandbox.requests[before:]] == [400, 200]
