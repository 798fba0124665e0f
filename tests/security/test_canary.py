"""Runs of every program with planted secrets and a planted person, who must turn up nowhere."""

from __future__ import annotations

import json
import re
import time
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from tests.api.server import scripted
from tests.security import canary
from tests.security.canary import (
    APP,
    BODY,
    CLIENT_SECRET,
    CODE,
    EMAIL,
    FAULTS,
    KEY,
    LOGGINGS,
    NAME,
    OLD,
    PASSWORD,
    PHONE,
    SAID,
    SEED,
    USER,
    Kind,
    Outputs,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.api.server import Server

Row = dict[str, Any]
DATA = Kind(person=True, raw=True)
FOR_PEOPLE = Kind(person=True)
LEAST = 80


class Figure:
    """What was searched so far."""

    runs = 0
    outputs = 0


class Combination(NamedTuple):
    """A program with one fault, one set of settings and one way to log."""

    fault: str
    settings: str
    logging: str

    def __str__(self) -> str:
        return "-".join(self).replace(" ", "_")


KEYED: Row = {"username": USER, "api_key": KEY}
APPED: Row = {"client_id": APP, "client_secret": CLIENT_SECRET, "token_store": "tokens.json"}
MAPS: Row = {
    "stream_maps": {
        "customers": {
            "name": f"md5(config['seed'] + name + '{SEED}')",
            "__filter__": f"name != '{SEED}' and email != '{EMAIL}'",
        }
    },
    "stream_map_config": {"seed": SEED},
}
SETTINGS: dict[str, Row] = {
    "key": KEYED,
    "debug": KEYED | {"debug_requests": True},
    "refreshed": APPED | {"refresh_token": OLD["refresh_token"]},
    "token": {"access_token": OLD["access_token"], "debug_requests": True},
    "maps": KEYED | MAPS,
}
TARGET_SETTINGS: dict[str, Row] = SETTINGS | {
    "dry": KEYED | {"dry_run": True, "plan_path": "plan.jsonl"},
    "fail": APPED | {"refresh_token": OLD["refresh_token"], "on_error": "fail"},
    "postgres": KEYED | {"ledger_url": f"postgresql://u:{PASSWORD}@127.0.0.1:1/d"},
    "map that fails": KEYED
    | {"stream_maps": {"create_customers": {"name": f"int('{SEED}' + name)"}}},
    "no map": KEYED | {"stream_maps": {"create_customers": {"name": f"'{SEED}' +"}}},
}


def combined(faults: list[str], settings: dict[str, Row], times: int) -> list[Combination]:
    """Each fault some times, with settings and logging that change every time."""
    names, logs = cycle(settings), cycle(LOGGINGS)
    found = []
    for turn in range(times):
        next(logs)  # or the same fault might meet the same logging again
        found += [Combination(fault, next(names), next(logs)) for fault in faults]
        if turn % 2:
            next(names)
    return found


TAP = combined(list(FAULTS), SETTINGS, 2)
ROWS: dict[str, list[Row]] = {
    "people": [{"email": EMAIL, "name": NAME, "note": BODY}],
    "odd values": [
        {"email": NAME, "name": [NAME], "channels": [{"type": "phone", "address": [PHONE]}]},
        {"email": [EMAIL], "name": {NAME: PHONE}, "timezone": SAID},
        {"email": EMAIL, "language": SAID, "external_id": BODY, "data": {SAID: SAID}},
    ],
    "odd keys": [{"id": PHONE, "name": NAME}, {"id": SAID, "name": NAME}, {"id": NAME, "x": 1}],
    "odd references": [{"ticket_key": NAME, "body_text": BODY, "channel": NAME, "id": PHONE}],
    "odd actions": [{"email": EMAIL, "name": NAME, "_gorgias_action": NAME}],
    "odd files": [
        {"number": 1, "ticket_id": 5, "attachments": [f"/none/{NAME}"], "body_text": BODY}
    ],
}
STREAMS = {
    "people": ("create_customers", "email"),
    "odd values": ("create_customers", "email"),
    "odd keys": ("customers", "id"),
    "odd references": ("messages", "id"),
    "odd actions": ("customers", "email"),
    "odd files": ("create_messages", "number"),
}
INPUTS = [*ROWS, "no json", "no schema"]
TARGET = [
    (combination, rows)
    for combination, rows in zip(
        combined(list(FAULTS), TARGET_SETTINGS, 2), cycle(INPUTS), strict=False
    )
]
ASKED: dict[str, list[str]] = {
    "account": ["account"],
    "customer": ["call", "get-customer", "--id", "1"],
    "table": ["call", "list-customers", "--table"],
    "every page": ["call", "list-customers", "--all"],
    "by address": ["request", "GET", f"/api/customers/{EMAIL}", "--param", f"name={NAME}"],
    "post": ["request", "POST", "/api/customers", "--data", json.dumps(canary.ROW), "--debug"],
    "search": ["search", "customer", NAME],
    "file": ["download", f"/api/attachments/download/x/{NAME}.pdf", "--to", "."],
}
COMMANDS = list(zip(combined(list(FAULTS), SETTINGS, 1), cycle(ASKED), strict=False))
LOGINS = ["granted", "refused", "token refused", "token html", "token malformed", "granted loudly"]
SANDBOX = ["quiet", "chaos", "debug"]


@pytest.fixture(scope="module", autouse=True)
def figure(request: pytest.FixtureRequest) -> Iterator[Figure]:
    """Counts, and prints what was counted."""
    figure = Figure()
    yield figure
    plugins = request.config.pluginmanager
    with plugins.getplugin("capturemanager").global_and_fixture_disabled():
        plugins.getplugin("terminalreporter").write_line(
            f"\nCanaries: {figure.runs} combinations, {figure.outputs} outputs searched."
        )


@pytest.fixture
def server() -> Iterator[Server]:
    with scripted() as server:
        yield server


def settings_file(folder: Path, settings: Row, server: Server) -> str:
    given = {"api_url": f"{server.url}/api", "max_retries": 2, **settings}
    (folder / "config.json").write_text(json.dumps(given))
    return f"--config={folder / 'config.json'}"


def finish(figure: Figure, process: Any, folder: Path, given: set[str]) -> Outputs:
    found = canary.outputs(process, folder, given | {"logging.yaml", "config.json"})
    figure.runs += 1
    figure.outputs += len(found.texts)
    assert "Traceback" not in found.texts["stderr"], found.texts["stderr"]
    assert found.code in {0, 1, 2}, found.texts["stderr"]
    return found


def logs(combination: Combination) -> dict[str, Kind]:
    """Logs hold bodies only if they are asked for, and then no e-mail address, see below."""
    debug = "debug_requests" in (TARGET_SETTINGS | SETTINGS)[combination.settings]
    return dict.fromkeys(("stderr", "sdk.log"), Kind(person=debug))


def assert_no_address(found: Outputs, *names: str) -> None:
    for name in names:
        text = found.texts.get(name, "").lower()
        assert "zoe.quill" not in text
        assert "agent@canary" not in text


def messages(text: str) -> list[Row]:
    return [json.loads(line) for line in text.splitlines()]


def test_there_are_many_combinations() -> None:
    assert len([*TAP, *TARGET, *COMMANDS, *LOGINS, *SANDBOX]) >= LEAST


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Row:
    """A catalog with customers alone."""
    folder = tmp_path_factory.mktemp("discovery")
    canary.start("tap-gorgias", folder, ["--discover"]).join()
    found: Row = json.loads((folder / "stdout").read_text())
    for stream in found["streams"]:
        for each in stream["metadata"]:
            if not each["breadcrumb"]:
                each["metadata"]["selected"] = stream["tap_stream_id"] == "customers"
    return found


@pytest.mark.parametrize("combination", TAP, ids=str)
def test_the_tap_leaks_nothing(
    combination: Combination, catalog: Row, server: Server, tmp_path: Path, figure: Figure
) -> None:
    server.answer = canary.answering(combination.fault)
    (tmp_path / "catalog.json").write_text(json.dumps(catalog))
    arguments = [
        settings_file(tmp_path, SETTINGS[combination.settings], server),
        f"--catalog={tmp_path / 'catalog.json'}",
    ]
    variables = canary.logging_variables(combination.logging, tmp_path, "tap-gorgias")
    process = canary.start("tap-gorgias", tmp_path, arguments, **variables)
    found = finish(figure, process, tmp_path, {"catalog.json"})
    told = messages(found.texts.pop("stdout"))
    records = [line for line in told if line["type"] == "RECORD"]
    assert records or combination.fault != "none"
    found.texts["records"] = json.dumps(records)
    found.texts["states"] = json.dumps([line for line in told if line["type"] != "RECORD"])
    kinds = logs(combination) | {"records": DATA, "tokens.json": Kind(tokens=True)}
    if combination.fault == "same cursor":
        kinds["states"] = DATA  # a cursor is the API's own, and kept as it is
    assert found.leaks(kinds) == []
    assert_no_address(found, "stderr", "sdk.log")


def written(rows: str) -> str:
    if rows == "no json":
        return f'{{"type": "RECORD", "record": {NAME} {PHONE} {EMAIL}\n'
    stream, key = STREAMS.get(rows, ("create_customers", "email"))
    each = ROWS.get(rows, ROWS["people"])
    columns: Row = {name: {} for row in each for name in row}
    head = {
        "type": "SCHEMA",
        "stream": stream,
        "schema": {"properties": columns},
        "key_properties": [key],
    }
    lines = [] if rows == "no schema" else [head]
    lines += [{"type": "RECORD", "stream": stream, "record": row} for row in each]
    lines += [{"type": "STATE", "value": {"at": 1}}]
    return "".join(json.dumps(line) + "\n" for line in lines)


@pytest.mark.parametrize(
    ("combination", "rows"), TARGET, ids=[f"{each}-{rows}" for each, rows in TARGET]
)
def test_the_target_leaks_nothing(
    combination: Combination, rows: str, server: Server, tmp_path: Path, figure: Figure
) -> None:
    server.answer = canary.answering(combination.fault)
    given = {
        "on_error": "continue",
        "ledger_url": f"sqlite:///{tmp_path}/ledger.db",
        "rejects_path": "rejects.jsonl",
        "summary_path": "summary.json",
        "look_before_create": False,
        **TARGET_SETTINGS[combination.settings],
    }
    (tmp_path / "input.jsonl").write_text(written(rows))
    arguments = [settings_file(tmp_path, given, server), f"--input={tmp_path / 'input.jsonl'}"]
    variables = canary.logging_variables(combination.logging, tmp_path, "target-gorgias")
    process = canary.start("target-gorgias", tmp_path, arguments, **variables)
    found = finish(figure, process, tmp_path, {"input.jsonl"})
    kinds = logs(combination) | {
        "rejects.jsonl": DATA,
        "plan.jsonl": DATA,
        "ledger.db": DATA,
        "tokens.json": Kind(tokens=True),
    }
    assert found.leaks(kinds) == []
    assert_no_address(found, "stderr", "sdk.log")
    for name in ("rejects.jsonl", "plan.jsonl"):
        if (tmp_path / name).exists():
            assert (tmp_path / name).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("combination", "asked"), COMMANDS, ids=[f"{each}-{asked}" for each, asked in COMMANDS]
)
def test_the_command_line_leaks_no_secret_and_shows_what_it_was_asked_for(
    combination: Combination, asked: str, server: Server, tmp_path: Path, figure: Figure
) -> None:
    server.answer = canary.answering(combination.fault)
    given = {k: v for k, v in SETTINGS[combination.settings].items() if k not in MAPS}
    arguments = [settings_file(tmp_path, given, server), *ASKED[asked]]
    process = canary.start("gorgias", tmp_path, arguments)
    found = finish(figure, process, tmp_path, set())
    output = found.texts.pop("stdout")
    kinds = {"stderr": FOR_PEOPLE, "tokens.json": Kind(tokens=True)}
    files = {name for name in found.texts if NAME in name}
    assert found.leaks(kinds | dict.fromkeys(files, Kind(person=True, raw=True, tokens=True))) == []
    assert_no_address(found, "stderr")
    if asked == "table":
        assert not canary.UNSEEN.findall(output)
    if combination.fault == "none" and asked == "customer":
        assert json.loads(output)["note"] == BODY


def visit(address: str, outcome: str) -> None:
    """Come back from the page as a browser does."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    back = {"code": CODE, "state": asked["state"]}
    if outcome == "refused":
        back = {"error": "access_denied", "error_description": SAID, "state": asked["state"]}
    requests.get(f"{asked['redirect_uri']}?{urlencode(back)}", timeout=10)


def wait_for(path: Path, pattern: str) -> str:
    """What a program writes to a file."""
    patience = time.monotonic() + 20
    while time.monotonic() < patience:
        if path.exists() and (found := re.search(pattern, path.read_text())):
            return found[0]
        time.sleep(0.01)
    message = f"no {pattern} in {path.name}"
    raise AssertionError(message)


@pytest.mark.parametrize("outcome", LOGINS)
def test_a_login_leaks_nothing(
    outcome: str, server: Server, tmp_path: Path, figure: Figure
) -> None:
    said = {"token refused": "status 400", "token html": "html", "token malformed": "no http"}
    if outcome in said:
        server.answer = canary.answering(said[outcome], login=True)
    else:
        server.answer = canary.answering("none")
    variables = {
        "GORGIAS_API_URL": f"{server.url}/api",
        "GORGIAS_CLIENT_ID": APP,
        "GORGIAS_CLIENT_SECRET": CLIENT_SECRET,
        "TAP_GORGIAS_REFRESH_TOKEN": OLD["refresh_token"],
        "GORGIAS_TOKEN_STORE": "tokens.json",
        "BROWSER": "/bin/true",
        "GORGIAS_DEBUG_REQUESTS": str(outcome == "granted loudly").lower(),
    }
    process = canary.start("gorgias", tmp_path, ["login", "--timeout", "20"], **variables)
    address = wait_for(tmp_path / "stderr", r"http://\S+/oauth/authorize\?\S+(?=\n)")
    visit(address, outcome)
    found = finish(figure, process, tmp_path, set())
    assert (found.code == 0) == (outcome in {"granted", "granted loudly"})
    assert "authorize" in found.texts["children"]  # the browser was started
    kinds = {"tokens.json": Kind(tokens=True), "stderr": FOR_PEOPLE}
    assert found.leaks(kinds) == []
    assert_no_address(found, "stderr")


@pytest.mark.parametrize("kind", SANDBOX)
def test_the_sandbox_tells_nothing_of_what_it_is_sent(
    kind: str, tmp_path: Path, figure: Figure
) -> None:
    arguments = ["--port=0", "--tickets=3", "--api-key", KEY, "--rate-limit=off"]
    if kind == "chaos":
        arguments.append("--chaos=1")
    variables = {"PYTHONASYNCIODEBUG": "1"} if kind == "debug" else {}
    process = canary.start("gorgias-sandbox", tmp_path, arguments, **variables)
    url = wait_for(tmp_path / "stdout", r"http://[0-9.:]+")
    with requests.Session() as session:
        session.auth = ("agent@acme.example", KEY)
        for data in (SAID.encode(), json.dumps(canary.ROW).encode(), b"{", b"[" * 5000):
            for path in ("customers", "tickets", f"customers/{NAME}", "oauth/token"):
                try:
                    session.post(f"{url}/api/{path}?x={EMAIL}", data=data, timeout=10)
                except requests.RequestException:
                    assert kind == "chaos"
    process.terminate()
    found = finish(figure, process, tmp_path, set())
    assert found.leaks({}) == []
    assert found.texts["stderr"] == ""


def test_the_ledger_command_leaks_nothing(tmp_path: Path, figure: Figure) -> None:
    for place in (f"postgresql://u:{PASSWORD}@127.0.0.1:1/d", f"odd://x:{PASSWORD}@h/d"):
        given = {"api_url": "http://127.0.0.1:1/api", **KEYED, "ledger_url": place}
        (tmp_path / "config.json").write_text(json.dumps(given))
        arguments = [f"--config={tmp_path / 'config.json'}", "list"]
        process = canary.start("target-gorgias-ledger", tmp_path, arguments)
        found = finish(figure, process, tmp_path, set())
        assert found.code in {1, 2}
        assert found.leaks({}) == []


def test_the_figure_is_of_enough_outputs(figure: Figure, request: pytest.FixtureRequest) -> None:
    """Hold the number where all tests of this file ran."""
    ran = [each for each in request.session.items if each.path == request.path]
    assert figure.runs >= LEAST or len(list(islice(ran, LEAST))) < LEAST
