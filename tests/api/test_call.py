"""`gorgias call`: every operation from the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.shell_completion import ShellComplete

from gorgias_api import Client
from gorgias_api.cli import gorgias as group
from gorgias_api.cli.call import command
from gorgias_api.cli.table import show_table
from gorgias_api.errors import TransportError
from gorgias_api.files import file_parts
from gorgias_api.operations import OPERATIONS, find
from tests.api.command import Gorgias
from tests.api.server import reply
from tests.support import settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gorgias_sandbox.serve import Sandbox
    from tests.api.conftest import Connect
    from tests.api.server import Server

NOTE = {
    "channel": "internal-note",
    "via": "api",
    "from_agent": True,
    "public": False,
    "body_text": "Grüße",
}

JOINED = "e\N{COMBINING ACUTE ACCENT}" * 20
"""Forty characters in twenty places."""


@pytest.fixture
def sandbox(open_sandbox: Callable[..., Sandbox]) -> Sandbox:
    return open_sandbox(tickets=30)


@pytest.fixture
def gorgias(sandbox: Sandbox) -> Gorgias:
    return Gorgias(sandbox)


def asked(sandbox: Sandbox) -> list[str]:
    return [f"{seen.method} {seen.path}" for seen in sandbox.requests]


def some_id(sandbox: Sandbox, table: str) -> int:
    return int(next(iter(sandbox.world.tables[table]))["id"])


def test_python_calls_an_operation_by_its_name(sandbox: Sandbox) -> None:
    with Client.from_settings(settings(sandbox)) as client:
        made = client.call("create-ticket", via="api", messages=[NOTE])
        assert client.call("get-ticket", id=made["id"])["messages"][0]["body_text"] == "Grüße"
        assert client.call("delete-ticket", id=made["id"]) is None
        with pytest.raises(Exception, match="did you mean 'get-ticket'"):
            client.call("get-tickets", id=1)


def test_python_uploads_and_downloads_by_name_too(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "a b.txt"
    file.write_bytes(b"hello")
    with Client.from_settings(settings(sandbox)) as client:
        [uploaded] = client.call("upload-file", files=[file])
        domain_hash, name = file_parts(uploaded["url"])
        parts = {"file_type": "attachments", "domain_hash": domain_hash, "resource_name": name}
        assert client.call("download-file", **parts) == b"hello"


def test_only_what_may_be_sent_twice_is_sent_again(connect: Connect, sandbox: Sandbox) -> None:
    client = connect(sandbox.url, username=sandbox.email, api_key=sandbox.api_key)
    for _ in range(2):
        sandbox.fail(reset="after")
    client.call("search", type="tag")
    assert asked(sandbox) == ["POST /api/search"] * 3
    sandbox.fail(reset="after")
    with pytest.raises(TransportError):
        client.call("create-tag", name="once")
    assert asked(sandbox)[3:] == ["POST /api/tags"]


def test_fields_are_options_and_the_answer_is_json(gorgias: Gorgias, sandbox: Sandbox) -> None:
    made = gorgias("call", "create-customer", "--name", "Ada", "--email", "ada@example.com").json
    assert sandbox.world.tables["customers"][made["id"]]["name"] == "Ada"
    assert gorgias("call", "get-customer", "--id", made["id"]).json["email"] == "ada@example.com"


def test_an_empty_text_is_a_value(gorgias: Gorgias) -> None:
    made = gorgias("call", "create-tag", "--name", "vip", "--description", "").json
    assert made["description"] == ""


def test_a_list_repeats_its_option(gorgias: Gorgias, sandbox: Sandbox) -> None:
    ids = [ticket["id"] for ticket in list(sandbox.world.tables["tickets"])[:2]]
    page = gorgias("call", "list-tickets", "--ticket-ids", ids[0], "--ticket-ids", ids[1]).json
    assert sorted(row["id"] for row in page["data"]) == sorted(ids)


def test_objects_are_json_in_place_in_a_file_or_on_standard_input(
    gorgias: Gorgias, tmp_path: Path
) -> None:
    file = tmp_path / "messages.json"
    file.write_text(json.dumps([NOTE]), encoding="utf-8")
    create = ("call", "create-ticket", "--via", "api", "--messages")
    for said in (json.dumps([NOTE]), f"@{file}", "-"):
        made = gorgias(*create, said, stdin=json.dumps([NOTE])).json
        assert made["messages"][0]["body_text"] == "Grüße"


def test_all_fields_come_from_a_file_and_options_win(gorgias: Gorgias, tmp_path: Path) -> None:
    file = tmp_path / "tag.json"
    file.write_text('{"name": "from the file", "description": "kept"}')
    made = gorgias("call", "create-tag", "--input", file, "--name", "given").json
    assert (made["name"], made["description"]) == ("given", "kept")
    made = gorgias("call", "create-tag", "--input", "-", stdin='{"name": "piped"}').json
    assert made["name"] == "piped"


def test_null_clears_what_may_be_null(gorgias: Gorgias, sandbox: Sandbox) -> None:
    ticket = some_id(sandbox, "tickets")
    change = ("call", "update-ticket", "--id", ticket, "--trashed-datetime")
    assert gorgias(*change, "2026-01-01").json["trashed_datetime"] is not None
    assert gorgias(*change, "null").json["trashed_datetime"] is None


@pytest.mark.parametrize(
    ("said", "sent"), [("gold", "gold"), ("12", 12), ("true", True), ('"12"', "12")]
)
def test_a_bare_value_is_what_it_looks_like(said: str, sent: Any, gorgias: Gorgias) -> None:
    kind = {str: "text", int: "number", bool: "boolean"}[type(sent)]
    fields = {"text": "input", "number": "input_number", "boolean": "dropdown"}
    definition = {"data_type": kind, "input_settings": {"input_type": fields[kind]}}
    field = gorgias(
        *("call", "create-custom-field", "--object-type", "Customer", "--label", "Of any kind"),
        *("--definition", json.dumps(definition)),
    ).json
    customer = gorgias("call", "create-customer", "--name", "Ada").json
    place = ("--customer-id", customer["id"], "--id", field["id"])
    answer = gorgias("call", "update-customer-custom-field-value", *place, "--value", said).json
    assert answer["value"] == sent
    assert type(answer["value"]) is type(sent)


def test_an_operation_without_an_answer_prints_nothing(gorgias: Gorgias, sandbox: Sandbox) -> None:
    ticket = some_id(sandbox, "tickets")
    assert gorgias("call", "delete-ticket", "--id", ticket) == (0, "", "")


def test_all_streams_every_page_as_json_lines(gorgias: Gorgias, sandbox: Sandbox) -> None:
    rows = gorgias(
        "call", "list-tickets", "--all", "--limit", 7, "--order-by", "created_datetime:asc"
    )
    ids = [row["id"] for row in rows.lines]
    assert ids == sorted(ticket["id"] for ticket in sandbox.world.tables["tickets"])
    assert len(sandbox.requests) == 5
    for seen in sandbox.requests:
        assert {"limit=7", "order_by=created_datetime%3Aasc"} <= set(seen.query.split("&"))


def test_all_goes_on_from_a_cursor(gorgias: Gorgias, sandbox: Sandbox) -> None:
    page = gorgias("call", "list-tickets", "--limit", 20).json
    rest = gorgias("call", "list-tickets", "--all", "--cursor", page["meta"]["next_cursor"]).lines
    assert len(rest) == len(sandbox.world.tables["tickets"]) - 20
    assert not {row["id"] for row in rest} & {row["id"] for row in page["data"]}


def test_all_follows_the_items_of_a_view(gorgias: Gorgias, sandbox: Sandbox) -> None:
    view = gorgias("call", "create-view", "--slug", "x", "--name", "Everything").json["id"]
    rows = gorgias("call", "list-view-items", "--view-id", view, "--all", "--limit", 7).lines
    assert len({row["id"] for row in rows}) == len(rows) == len(sandbox.world.tables["tickets"])


def test_all_asks_for_a_page_only_when_the_one_before_is_printed(
    gorgias: Gorgias, sandbox: Sandbox
) -> None:
    sandbox.fail(path="/api/tickets", status=400, skip=1)
    ended = gorgias("call", "list-tickets", "--all", "--limit", 10)
    assert ended.code == 1
    assert len(ended.out.splitlines()) == 10


def test_half_a_character_pair_stays_json(server: Server) -> None:
    meta = {"next_cursor": None}
    server.replies.append(reply({"data": [{"name": "\ud83d é"}], "meta": meta}))
    words = ("--api-url", f"{server.url}/api", "--username", "u", "--api-key", "k")
    ended = Gorgias()(*words, "--domain", "acme", "call", "list-tags", "--all")
    assert ended.out == '{"name": "\\ud83d é"}\n'
    assert ended.lines == [{"name": "\ud83d é"}]


def test_a_table_fits_the_terminal(gorgias: Gorgias, sandbox: Sandbox) -> None:
    for columns in (20, 60, 200):
        out = gorgias("call", "list-tickets", "--table", COLUMNS=str(columns)).out
        assert out.splitlines()[0].startswith("id ")
        assert len(out.splitlines()) == 1 + len(sandbox.world.tables["tickets"])
        assert max(map(len, out.splitlines())) <= columns


def test_one_object_is_a_table_of_its_fields(gorgias: Gorgias) -> None:
    lines = gorgias("call", "get-account", "--table").out.splitlines()
    assert lines[0].split() == ["name", "value"]
    assert lines[1].split() == ["domain", "acme"]


def test_all_pages_are_one_table(gorgias: Gorgias, sandbox: Sandbox) -> None:
    lines = gorgias("call", "list-tickets", "--all", "--limit", 7, "--table").out.splitlines()
    assert len(lines) == 1 + len(sandbox.world.tables["tickets"])
    assert len({line.split()[0] for line in lines}) == len(lines)


def test_a_cell_is_cut_and_cannot_move_the_cursor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    rows = [
        {
            "id": 1,
            "name": "\x1b[2J日本語日本語日本語日本語日本語",
            "uri": "/api/x/1/",
            "empty": None,
        },
        {"id": 22, "name": {"id": 5, "email": "a@example.com"}, "uri": "/api/x/22/"},
        {"id": 3, "name": [True, {"x": 1}, {}, "a\nb"]},
        {"id": 4, "name": JOINED, "created_datetime": "2026-01-31T09:00:00+00:00"},
    ]
    show_table([[], rows, rows])
    lines = capsys.readouterr().out.splitlines()
    assert lines[:5] == [
        "id  name",
        "1   \\x1b[2J日本語日本語日本語…",
        "22  a@example.com",
        '3   true, {"x": 1}, , a\\nb',
        f"4   {JOINED}",
    ]
    assert len(lines) == 9


def test_a_table_of_nothing_says_so(gorgias: Gorgias) -> None:
    found = gorgias("call", "search", "--type", "tag", "--query", "no such tag", "--table")
    assert found.out == "Nothing.\n"


def test_a_file_is_printed_as_it_is(gorgias: Gorgias, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("hello")
    *_, domain_hash, name = (
        gorgias("call", "upload-file", "--files", file).json[0]["url"].split("/")
    )
    where = ("--file-type", "attachments", "--domain-hash", domain_hash, "--resource-name", name)
    assert gorgias("call", "download-file", *where).out == "hello"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["list-tickts"], "There is no operation 'list-tickts': did you mean 'list-tickets'?"),
        (["get-ticket"], "get-ticket: 'id' is missing."),
        (["get-ticket", "--id", "x"], "get-ticket: 'id' must be a whole number."),
        (["create-ticket", "--messages", "["], "create-ticket: 'messages' is not JSON."),
        (["create-ticket", "--messages", "[{}]"], "create-ticket: 'messages.0.channel' is missing"),
        (["create-ticket", "--messages", "@absent.json"], "The file absent.json cannot be read"),
        (["create-tag", "--input", "absent.json"], "The file absent.json cannot be read"),
        (["create-tag", "--input", "-"], "The input - is not a JSON object of fields."),
        (["create-tag", "--name", "x" * 257], "create-tag: 'name' must not be longer than 256"),
        (["update-ticket", "--id", "1", "--status", "done"], "must be one of: open, closed."),
        (["update-ticket", "--id", "1", "--spam", "maybe"], "'spam' must be true or false."),
    ],
)
def test_a_mistake_is_one_sentence_and_nothing_is_sent(
    gorgias: Gorgias, sandbox: Sandbox, arguments: list[str], sentence: str
) -> None:
    code, out, err = gorgias("call", *arguments, stdin="[]")
    assert (code, out) == (2, "")
    assert sentence in err
    assert err.startswith("gorgias: ")
    assert err.count("\n") == 1
    assert not sandbox.requests


def test_an_unknown_field_in_the_input_names_the_nearest(gorgias: Gorgias) -> None:
    ended = gorgias("call", "create-tag", "--input", "-", stdin='{"nmae": "x"}')
    assert ended == (2, "", "gorgias: create-tag has no field 'nmae': did you mean 'name'?\n")


def test_an_unknown_option_names_the_nearest(gorgias: Gorgias) -> None:
    code, out, err = gorgias("call", "create-tag", "--nmae", "x")
    assert (code, out) == (2, "")
    assert "--name" in err


def test_a_refusal_is_exit_code_1(gorgias: Gorgias) -> None:
    code, out, err = gorgias("call", "get-ticket", "--id", 1)
    assert (code, out) == (1, "")
    assert err.startswith("gorgias: GET /api/tickets/1 was answered 404: Resource not found")
    assert err.count("\n") == 1


def test_the_help_lists_every_operation() -> None:
    listed = Gorgias()("call", "--help").out
    assert all(f"  {name} " in listed or f"  {name}\n" in listed for name in OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_help_of_an_operation_names_its_fields_and_its_page(name: str) -> None:
    told = Gorgias()("call", name, "--help").out
    operation = find(name)
    assert operation.page in told
    for field in operation.fields:
        assert f"--{field.name.replace('_', '-')} " in told
    assert told.count("required]") == sum(field.required for field in operation.fields)


def test_the_help_of_a_field_tells_what_it_takes() -> None:
    told = " ".join(Gorgias()("call", "update-ticket", "--help").out.split())
    assert "--id NUMBER In the path. [0..; required]" in told
    assert "--status open|closed" in told
    assert "--spam true|false" in told
    assert "--subject TEXT [at most 998 characters]" in told
    assert "Each with name*, decoration (* required). Replaces all there was before." in told


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_field_takes_the_name_of_another_option(name: str) -> None:
    params = command(find(name)).params
    options = [option for each in params for option in each.opts]
    assert len(options) == len({*options, "--help"}) - 1
    assert len(params) == len({each.name for each in params})


@pytest.mark.parametrize(
    ("words", "incomplete", "completed"),
    [
        (["call"], "create-ticket-", ["create-ticket-message", "create-ticket-tags"]),
        (["call", "update-ticket"], "--is", ["--is-unread"]),
        (["call", "update-ticket", "--status"], "", ["open", "closed"]),
        (["call", "update-ticket", "--spam"], "t", ["true"]),
        (["call", "upload-file", "--files"], "/tm", ["/tm"]),
        (["call", "no-such-operation"], "--i", []),
    ],
)
def test_the_shell_completes(words: list[str], incomplete: str, completed: list[str]) -> None:
    shell = ShellComplete(group, {}, "gorgias", "_GORGIAS_COMPLETE")
    assert [item.value for item in shell.get_completions(words, incomplete)] == completed
