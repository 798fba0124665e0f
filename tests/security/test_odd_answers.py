"""No answer, however odd, shows a traceback: it ends in one sentence, or in a refused row."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from gorgias_api.cli import main as gorgias
from tap_gorgias.tap import main as tap
from target_gorgias.target import main as target
from tests.api.conftest import API_KEY
from tests.api.server import Reply, Server, scripted
from tests.security.here import run_here
from tests.target.support import lines, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.api.command import Ended
    from tests.api.server import Asked

SECRET = "planted-7f3a"
"""In every odd answer that has room for it; no error may show it."""
ODD: dict[str, Any] = {
    "null": None,
    "true": True,
    "zero": 0,
    "minus": -1,
    "half": 1.5,
    "text": SECRET,
    "empty text": "",
    "empty list": [],
    "empty object": {},
    "list of lists": [[SECRET]],
    "list of texts": [SECRET],
    "list of nulls": [None],
    "2^63": 2**63,
    "2^64": 2**64,
    "40 digits": 10**40,
}
DEEP = {depth: b'{"a": ' * depth + b"1" + b"}" * depth for depth in (300, 600, 900, 100_000)}
RAW: dict[str, bytes] = {
    "nothing": b"",
    "html": b"<html>" + SECRET.encode() + b"</html>",
    "half": b'{"data": [{"id": 1, "meta": "' + SECRET.encode(),
    "not UTF-8": b'{"data": ["\xff\xfe"]}',
    "a million digits": b"9" * 1_000_000,
    "an id of a million digits": b'{"id": ' + b"9" * 1_000_000 + b"}",
    "a float of a million digits": b'{"id": 1.' + b"9" * 1_000_000 + b"}",
    "numbers that are none": b'{"id": NaN, "data": [Infinity], "meta": -Infinity}',
    "an endless exponent": b'{"id": 1e999999, "data": []}',
    "half a character": b'{"id": 1, "data": [], "meta": {"next_cursor": "\\ud800"}}',
    "lists without end": b"[" * 100_000,
    **{f"objects {depth} deep": body for depth, body in DEEP.items()},
    **{f"lists {depth} deep": b"[" * depth + b"]" * depth for depth in DEEP},
    **{
        f"a row {depth} deep": b'{"data": [{"id": 1, "meta": %b}], "meta": {"next_cursor": null}}'
        % body
        for depth, body in DEEP.items()
    },
}


LEAST = 20
"""Odd answers of a test at least that end a program: a test that none reaches proves nothing."""


def page(data: Any, cursor: Any = None) -> dict[str, Any]:
    return {"data": data, "meta": {"next_cursor": cursor}}


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


BODIES: dict[str, bytes] = {
    **RAW,
    **{f"{name} for an answer": encoded(value) for name, value in ODD.items()},
    **{f"{name} for data": encoded(page(value)) for name, value in ODD.items()},
    **{f"{name} for a row": encoded(page([value])) for name, value in ODD.items()},
    **{f"{name} for an id": encoded(page([{"id": value}])) for name, value in ODD.items()},
    **{f"{name} for meta": encoded({"data": [], "meta": value}) for name, value in ODD.items()},
    **{f"{name} for a cursor": encoded(page([], value)) for name, value in ODD.items()},
    **{f"{name} for the id of an object": encoded({"id": value}) for name, value in ODD.items()},
    **{f"{name} for a refusal": encoded({"error": value}) for name, value in ODD.items()},
}
HEADERS = [
    *({"Retry-After": text} for text in ("-1", "1e9", "soon", "9" * 5000, "\xb2", "nan")),
    *({"X-Gorgias-Account-Api-Call-Limit": text} for text in ("x", "1/0", "9" * 999, "-1/-1")),
    *({"Content-Type": text} for text in ("", "text/html", "x" * 9999, "application/json; c=\xff")),
    *({"Date": text} for text in ("soon", "9" * 999)),
]
STATUS_LINES = [
    *(
        b"",
        b"x",
        b"HTTP/1.1",
        b"HTTP/1.1 OK",
        b"HTTP/1.1 20000 OK",
        b"HTTP/9.9 200 OK",
        b"\xff" * 9,
    ),
    *(b"HTTP/1.1 99 Low", b"HTTP/1.1 999 High", b"HTTP/1.1 -1 No", b"ICY 200 OK", b"HTTP/1.1 600 "),
]
ANSWERS: dict[str, Reply] = {
    **{name: Reply(200, body) for name, body in BODIES.items()},
    **{f"400 with {name}": Reply(400, BODIES[name]) for name in BODIES if "refusal" in name},
    **{f"400 with {name}": Reply(400, RAW[name]) for name in RAW},
    **{
        f"400 with errors {depth} deep": Reply(400, b'{"error": {"msg": "No", "data": %b}}' % body)
        for depth, body in DEEP.items()
    },
    **{
        f"{status} with {header}"[:60]: Reply(status, b"{}", header)
        for header in HEADERS
        for status in (200, 429, 503)
    },
    **{f"{line!r}": Reply(raw=line + b"\r\n\r\n{}") for line in STATUS_LINES},
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with scripted() as server:
        yield server


def variables(program: str, server: Server, folder: Path, **more: str) -> dict[str, str]:
    given = {"api_url": f"{server.url}/api", "max_retries": "1", "request_timeout": "5"}
    given["token_store"] = str(folder / "tokens.json")
    given |= {} if "client_id" in more else API_KEY
    return {f"{program}_{name.upper()}": value for name, value in (given | more).items()}


def tells(ended: Ended) -> None:
    """One sentence at the end, and nothing of an answer or of Python's own."""
    assert "Traceback" not in ended.err
    assert SECRET not in ended.err
    assert 'File "' not in ended.err
    assert ended.code in {0, 1}
    if ended.code:
        assert ended.err.endswith(".\n")
        assert ended.err.count("\n") == 1 or re.search(r"\d\d:\d\d", ended.err)


def always(answer: Reply) -> Callable[[Asked], Reply]:
    return lambda _asked: answer


def part(number: int, of: int) -> list[tuple[str, Reply]]:
    """Every so many of the odd answers."""
    return list(ANSWERS.items())[number::of]


COMMANDS = {
    "a page": "call list-tickets",
    "all pages": "call list-tickets --all --limit 5",
    "a table": "call list-tickets --all --table",
    "a ticket": "call get-ticket --id 1 --table",
    "an upload": "upload LICENSE",
    "search": "search customer x",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_line_survives_odd_answers(
    server: Server, tmp_path: Path, command: str
) -> None:
    environment = variables("GORGIAS", server, tmp_path)
    unexpected, codes = {}, Counter[int]()
    for name, answer in part(list(COMMANDS).index(command) % 2, 2):
        server.answer = always(answer)
        ended = run_here(gorgias, *COMMANDS[command].split(), **environment)
        tells(ended)
        codes[ended.code] += 1
        if "unexpected" in ended.err:
            unexpected[name] = ended.err
    assert unexpected == {}
    assert codes[1] >= LEAST


STREAMS = ["account", "tickets", "views", "account_settings"]


@pytest.mark.parametrize("stream", STREAMS)
def test_the_tap_survives_odd_answers(server: Server, tmp_path: Path, stream: str) -> None:
    environment = variables("TAP_GORGIAS", server, tmp_path)
    catalog = tmp_path / "catalog.json"
    catalog.write_text(json.dumps(selecting(stream)))
    unexpected, codes = {}, Counter[int]()
    for name, answer in part(STREAMS.index(stream), len(STREAMS)):
        server.answer = always(answer)
        ended = run_here(tap, "--config=ENV", f"--catalog={catalog}", **environment)
        tells(ended)
        codes[ended.code] += 1
        if "unexpected" in ended.err:
            unexpected[name] = ended.err
    assert unexpected == {}
    assert codes[1] >= LEAST


def selecting(stream: str) -> dict[str, Any]:
    """What `--discover` prints, with one stream selected."""
    catalog: dict[str, Any] = json.loads(run_here(tap, "--discover").out)
    for entry in catalog["streams"]:
        whole = next(each for each in entry["metadata"] if not each["breadcrumb"])
        whole["metadata"]["selected"] = entry["tap_stream_id"] == stream
    return catalog


ROWS = {
    "a create": rows("tags", {"name": "vip", "key": "1"}, keys=["key"]),
    "an update": rows("update_tickets", {"id": 1, "subject": "x"}, keys=["id"]),
    "tags": rows("ticket_tags", {"ticket_id": 1, "name": "x"}, keys=["ticket_id", "name"]),
    "a customer": rows("customers", {"email": "a@example.com", "id": "x"}, keys=["id"]),
}


SHAPED = [name for name in ANSWERS if name in BODIES and (" for " in name or "deep" in name)]
"""For the target, whose every run takes the time of a ledger; the others end in the client."""


@pytest.mark.parametrize("kind", ROWS)
def test_the_target_survives_odd_answers(server: Server, tmp_path: Path, kind: str) -> None:
    environment = variables("TARGET_GORGIAS", server, tmp_path)
    given = tmp_path / "rows.jsonl"
    given.write_text(lines(ROWS[kind]))
    unexpected, codes = {}, Counter[int]()
    for number, name in enumerate(SHAPED[list(ROWS).index(kind) :: len(ROWS)]):
        answer = ANSWERS[name]
        server.answer = always(answer)
        environment["TARGET_GORGIAS_LEDGER_URL"] = f"sqlite:///{tmp_path}/{number}.db"
        ended = run_here(target, "--config=ENV", f"--input={given}", **environment)
        tells(ended)
        codes[ended.code] += 1
        if "unexpected" in ended.err:
            unexpected[name] = ended.err
    assert unexpected == {}
    assert codes[1] >= LEAST / 4
