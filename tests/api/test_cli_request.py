"""`gorgias request`: every side of a raw request, and every mistake in one sentence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gorgias_api import client as client_module
from tests.api.clock import ManualClock
from tests.api.command import Gorgias
from tests.api.conftest import API_KEY
from tests.api.server import Reply, refusal, reply, scripted
from tests.api.test_files_upload import parts

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.server import Server


@pytest.fixture
def gorgias(server: Server) -> Gorgias:
    return Gorgias(None, api_url=f"{server.url}/api", **API_KEY)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """Time that the command spends at once."""
    clock = ManualClock()
    monkeypatch.setattr(client_module, "SystemClock", lambda: clock)
    return clock


def test_a_form_is_sent(gorgias: Gorgias, server: Server) -> None:
    fields = ("--form", "name=a b", "--form", "name=c=d")
    assert gorgias("request", "POST", "/api/x", *fields).code == 0
    assert server.asked[0].body == b"name=a+b&name=c%3Dd"


def test_files_are_sent_under_the_names_they_are_given(
    gorgias: Gorgias, server: Server, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("A")
    files = ("--file", f"one={tmp_path}/a.txt", "--file", f"two={tmp_path}/a.txt")
    told = ("--file-name", "two=Grüße.pdf")
    form = ("--form", "note=hello")
    assert gorgias("request", "post", "upload", *files, *told, *form).code == 0
    assert parts(server.asked[0]) == [
        ("note", None, b"hello"),
        ("one", "a.txt", b"A"),
        ("two", "Grüße.pdf", b"A"),
    ]


def test_headers_are_sent_and_credentials_win(gorgias: Gorgias, server: Server) -> None:
    headers = ("--header", "X-Note=a=b", "--header", "Authorization=Bearer mine")
    assert gorgias("request", "GET", "/api/x", *headers).code == 0
    assert server.asked[0].headers["X-Note"] == "a=b"
    assert server.asked[0].headers["Authorization"].startswith("Basic ")


def test_an_answer_is_printed_as_the_type_that_is_wanted(gorgias: Gorgias, server: Server) -> None:
    answer = Reply(200, b'{"a":1}')
    server.answer = lambda _: answer
    assert gorgias("request", "GET", "/api/x").out == '{\n  "a": 1\n}\n'
    assert gorgias("request", "GET", "/api/x", "--response-type", "text").out == '{"a":1}'
    assert gorgias("request", "GET", "/api/x", "--response-type", "binary").out == '{"a":1}'
    assert [asked.headers["Accept"] for asked in server.asked] == ["application/json", "*/*", "*/*"]


def test_half_a_character_is_printed_as_json_escapes_it(gorgias: Gorgias, server: Server) -> None:
    server.replies.append(Reply(200, b'"half \\ud83d"'))
    assert gorgias("request", "GET", "/api/x").out == '"half \\ud83d"\n'


def test_bytes_go_into_a_file_as_they_are(gorgias: Gorgias, server: Server, tmp_path: Path) -> None:
    server.replies.append(Reply(200, b"\x00\xff\r\n"))
    output = tmp_path / "answer"
    output.write_text("before")
    ended = gorgias("request", "GET", "x", "--response-type", "binary", "--output", output)
    assert ended == (0, "", "")
    assert output.read_bytes() == b"\x00\xff\r\n"
    assert list(tmp_path.iterdir()) == [output]


def test_a_refusal_leaves_the_file_as_it_was(
    gorgias: Gorgias, server: Server, tmp_path: Path
) -> None:
    server.replies.append(refusal(404))
    output = tmp_path / "answer"
    output.write_text("before")
    assert gorgias("request", "GET", "x", "--output", output).code == 1
    assert output.read_text() == "before"
    assert list(tmp_path.iterdir()) == [output]


@pytest.mark.parametrize(
    ("place", "reason"), [("absent/x", "No such file or directory"), (".", "Is a directory")]
)
def test_a_request_is_not_sent_when_its_answer_cannot_be_kept(
    gorgias: Gorgias, server: Server, tmp_path: Path, place: str, reason: str
) -> None:
    ended = gorgias("request", "DELETE", "/api/tickets/1", "--output", tmp_path / place)
    sentence = f"gorgias: The file {tmp_path / place} cannot be written ({reason}).\n"
    assert ended == (2, "", sentence)
    assert server.asked == []


def test_tries_and_waits_are_those_asked_for(
    gorgias: Gorgias, server: Server, clock: ManualClock
) -> None:
    server.answer = lambda _: refusal(503)
    patience = ("--max-retries", "3", "--retry-delay", "7", "--no-exponential-backoff")
    assert gorgias("request", "GET", "/api/x", *patience).code == 1
    assert (len(server.asked), clock.waits) == (3, [7, 7])


def test_all_errors_are_tried_again_when_asked(
    gorgias: Gorgias, server: Server, clock: ManualClock
) -> None:
    server.replies.extend([refusal(400), Reply(lost=True), reply({"id": 1})])
    again = ("--retry-all-errors", "--exponential-backoff", "--retry-delay", "4")
    assert gorgias("request", "POST", "/api/x", "--data", "{}", *again).code == 0
    assert 2 <= clock.waits[0] <= 4 <= clock.waits[1] <= 8


def test_without_its_options_a_request_is_as_patient_as_the_settings(
    gorgias: Gorgias, server: Server, clock: ManualClock
) -> None:
    server.answer = lambda _: refusal(503)
    assert gorgias("--max-retries", "2", "request", "GET", "/api/x").code == 1
    assert len(server.asked) == 2
    assert len(clock.waits) == 1


def test_a_server_that_says_nothing_is_waited_for_as_long_as_asked(
    gorgias: Gorgias, server: Server
) -> None:
    server.answer = lambda _: Reply(silent=True)
    ended = gorgias("request", "GET", "/api/x", "--timeout", "0.05", "--max-retries", "1")
    assert ended == (1, "", "gorgias: GET /api/x got no complete answer (ReadTimeout).\n")


def test_debug_shows_the_exchange_without_the_key(gorgias: Gorgias, server: Server) -> None:
    ended = gorgias("request", "POST", "/api/x", "--data", '{"a": 1}', "--debug")
    assert ended.code == 0
    assert "POST /api/x -> 200" in ended.err
    assert 'sent {"a": 1}' in ended.err
    assert API_KEY["api_key"] not in ended.err
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["https://evil.example.com/api"], "'https://evil.example.com/api' is not a path of the"),
        (["//evil.example.com/api"], "is not a path of the API"),
        (["/api/../oauth/token"], "is not a path of the API"),
        (["x", "--data", "{", "--form", "a=b"], "The body is not JSON"),
        (["x", "--data", "{}", "--form", "a=b"], "a JSON body or a form with files, not both."),
        (["x", "--form", "a"], "is not of the form NAME=VALUE."),
        (["x", "--header", "a"], "is not of the form NAME=VALUE."),
        (["x", "--header", "a\nb=c"], "cannot be sent as it is (InvalidHeader)."),
        (["x", "--file", "a"], "is not of the form NAME=VALUE."),
        (["x", "--file", "a=absent.txt"], "The file absent.txt cannot be read (No such file"),
        (["x", "--file-name", "a=b"], "There is a '--file-name' but no '--file' for 'a'."),
        (["x", "--timeout", "nan"], "waits for its answer more than 0 seconds"),
        (["x", "--max-retries", "0"], "A request is tried at least once"),
        (["x", "--retry-delay", "-1"], "A request is tried at least once"),
    ],
)
def test_a_mistake_is_one_sentence_and_nothing_is_sent(
    gorgias: Gorgias, server: Server, arguments: list[str], complaint: str
) -> None:
    ended = gorgias("request", "POST", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert complaint in ended.err
    assert ended.err.startswith("gorgias: ")
    assert ended.err.count("\n") == 1
    assert server.asked == []


@pytest.mark.parametrize("option", ["--timeout=soon", "--response-type=xml", "--max-retries=1.5"])
def test_an_option_of_the_wrong_kind_is_one_sentence_and_exit_code_2(
    gorgias: Gorgias, server: Server, option: str
) -> None:
    ended = gorgias("request", "GET", "/api/x", option)
    assert ended.code == 2
    assert ended.err.startswith("gorgias: Invalid value for '--")
    assert ended.err.count("\n") == 1
    assert server.asked == []


def test_a_redirect_to_another_host_is_told_and_not_followed(
    gorgias: Gorgias, server: Server
) -> None:
    with scripted() as other:
        server.replies.append(Reply(302, b"", {"Location": f"{other.url}/api/x"}))
        ended = gorgias("request", "GET", "/api/x")
        assert ended == (1, "", "gorgias: GET /api/x was answered 302.\n")
        assert other.asked == []


def test_a_search_prints_what_was_found(gorgias: Gorgias, server: Server) -> None:
    for answer in ([{"id": 1}], {"data": [{"id": 1}], "object": "list", "uri": "", "meta": {}}):
        server.replies.append(reply(answer, 201))
        assert gorgias("search", "customer", "a b", "--size", "3").json == [{"id": 1}]
    assert server.targets() == ["POST /api/search"] * 2
    wanted = {"type": "customer", "query": "a b", "size": 3}
    assert [json.loads(asked.body) for asked in server.asked] == [wanted] * 2


def test_a_search_is_tried_again_since_it_changes_nothing(
    gorgias: Gorgias, server: Server, clock: ManualClock
) -> None:
    server.replies.extend([refusal(503), reply([])])
    ended = gorgias("search", "tag")
    assert (ended.code, ended.out) == (0, "[]\n")
    assert len(clock.waits) == 1


def test_a_search_for_what_nobody_can_find_is_exit_code_2(gorgias: Gorgias, server: Server) -> None:
    assert gorgias("search", "ticket", "a").code == 2
    assert gorgias("search", "tag", "a", "--size", "51").code == 2
    assert server.asked == []
