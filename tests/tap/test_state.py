"""The state in the forms in which it is handed over, to the tap as a process."""

from __future__ import annotations

import gc
import json
import logging
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorgias_api import SettingsError
from gorgias_sandbox.options import Options
from gorgias_sandbox.serve import serve
from tap_gorgias.state import read_state
from tap_gorgias.tap import TapGorgias
from tests.support import Row, settings, sync, truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gorgias_sandbox.serve import Sandbox

KEYS = {
    name: stream.replication_key
    for name, stream in TapGorgias(validate_config=False).streams.items()
}
MISSING = "none that this tap has written"


class Run(Protocol):
    """Reads the tickets with a state, in a process."""

    def __call__(self, given: Any) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with serve(Options(rate_limit=None, tickets=60)) as sandbox:
        yield sandbox
    gc.unfreeze()  # what the seed froze would seem to leak


@pytest.fixture(scope="module")
def position(sandbox: Sandbox) -> str:
    """Twenty tickets before the newest."""
    return str(sorted(row["updated_datetime"] for row in truth(sandbox, "tickets"))[-20])


@pytest.fixture(scope="module")
def run(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Reads the tickets with this state."""
    folder = tmp_path_factory.mktemp("state")
    config, catalog, state = (folder / f"{name}.json" for name in ("config", "catalog", "state"))
    config.write_text(json.dumps(settings(sandbox)))
    wanted = TapGorgias(validate_config=False).catalog_dict
    for entry in wanted["streams"]:
        root = next(each for each in entry["metadata"] if not each["breadcrumb"])
        root["metadata"]["selected"] = entry["stream"] == "tickets"
    catalog.write_text(json.dumps(wanted))
    options = [f"--config={config}", f"--catalog={catalog}", f"--state={state}"]

    def process(given: Any) -> subprocess.CompletedProcess[str]:
        state.write_text(given if isinstance(given, str) else json.dumps(given))
        command = [sys.executable, "-m", "tap_gorgias", *options]
        return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own module

    return process


def records(ended: subprocess.CompletedProcess[str]) -> list[Row]:
    """The records that came, whenever they were read."""
    messages = [json.loads(line) for line in ended.stdout.splitlines()]
    rows = [message["record"] for message in messages if message["type"] == "RECORD"]
    return sorted(({**row, "read_datetime": None} for row in rows), key=lambda row: row["id"])


def plain(bookmark: Any) -> Row:
    return {"bookmarks": {"tickets": bookmark}}


FORMS: dict[str, Callable[[str], Any]] = {
    "a STATE message": lambda at: {"type": "STATE", "value": plain(full(at))},
    "as Meltano keeps it": lambda at: {"singer_state": plain(full(at))},
    "one in the other": lambda at: {
        "singer_state": {"type": "STATE", "value": plain(full(at)), "time_extracted": at}
    },
    "only the position": plain,
    "another spelling": lambda at: plain(at.replace("+00:00", "Z")),
    "by the key's name": lambda at: plain({"updated_datetime": at}),
    "no partitions": lambda at: plain(full(at) | {"partitions": []}),
    "a cursor of no use": lambda at: plain(full(at) | {"backfill_cursor": {"after": 5}}),
    "with strangers": lambda at: {
        "bookmarks": {"strangers": [1], "tickets": full(at)},
        "version": 2,
    },
}
NOTHING = [
    {},
    "null",
    {"bookmarks": None},
    {"bookmarks": {"tickets": None}},
    {"type": "STATE", "value": None},
    {"singer_state": {"bookmarks": {"tickets": {"replication_key_value": None}}}},
]
UNUSABLE: list[tuple[Any, str]] = [
    ({"tickets": {"replication_key_value": "2026-01-31T00:00:00Z"}}, MISSING),
    ({"type": "STATE"}, MISSING),
    ({"bookmarks": {}, "singer_state": {"bookmarks": {}}}, MISSING),
    ({"bookmarks": "2026-01-31T00:00:00Z"}, MISSING),
    ({"bookmarks": [{"tickets": {}}]}, MISSING),
    ({"singer_state": "{}"}, MISSING),
    (plain("soon"), "of 'tickets' holds a bookmark that is no ISO 8601 datetime; take it out"),
    (plain({"replication_key_value": 1767225600}), "of 'tickets' holds a bookmark that is no ISO"),
    (plain({"updated_datetime": "soon"}), "of 'tickets' holds a bookmark that is no ISO 8601"),
    (plain("X" * 10 + "T" + "X" * 15 + "+00:00"), "of 'tickets' holds a bookmark that is no ISO"),
    (plain([]), "of 'tickets' is neither an object nor a datetime"),
    (plain(5), "of 'tickets' is neither an object nor a datetime"),
    (
        {"bookmarks": {"ticket_tags": {"partitions": [{"context": {"ticket_id": 1}}]}}},
        "of 'ticket_tags' is divided into partitions, which this tap does not know; take it out",
    ),
]


def full(position: str) -> Row:
    return {"replication_key": "updated_datetime", "replication_key_value": position}


@pytest.fixture(scope="module")
def expected(run: Run, position: str) -> list[Row]:
    """What comes with the state as the tap writes it."""
    found = records(run(plain(full(position))))
    assert 20 <= len(found) < 60
    return found


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_state_means_the_same_in_every_form(
    run: Run, position: str, expected: list[Row], form: Callable[[str], Any]
) -> None:
    ended = run(form(position))
    assert ended.returncode == 0
    assert records(ended) == expected


@pytest.mark.parametrize("nothing", NOTHING, ids=json.dumps)
def test_null_anywhere_is_no_state(run: Run, sandbox: Sandbox, nothing: Any) -> None:
    ended = run(nothing)
    assert ended.returncode == 0
    assert len(records(ended)) == len(truth(sandbox, "tickets"))


@pytest.mark.parametrize(("state", "sentence"), UNUSABLE)
def test_a_state_that_cannot_be_used_is_one_sentence(run: Run, state: Any, sentence: str) -> None:
    ended = run(state)
    assert ended.returncode == 2
    assert not ended.stdout
    errors = [line for line in ended.stderr.splitlines() if "ERROR" in line]
    assert len(errors) == 1
    assert sentence in errors[0]
    assert "Traceback" not in ended.stderr


def test_what_is_left_out_is_told_and_what_belongs_to_others_stays(
    sandbox: Sandbox, position: str, caplog: pytest.LogCaptureFixture
) -> None:
    state = plain(full(position) | {"backfill_cursor": 5, "full_read_datetime": "soon"})
    state["bookmarks"] |= {"strangers": [1], "messages": {"anything": 1}}
    output = sync(sandbox, "tickets", state=state)
    assert output.state["bookmarks"]["strangers"] == [1]
    assert output.state["bookmarks"]["messages"] == {"anything": 1}
    for said in (
        "The state of 'tickets' has a 'backfill_cursor' that cannot be used; it is left out.",
        "The state of 'tickets' has a 'full_read_datetime' that cannot be used; it is left out.",
        "The state of 'messages' does not say how far it was read; it is read from the start.",
    ):
        assert said in caplog.messages


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=5,
)
MOMENTS = st.datetimes().map(lambda moment: moment.isoformat())
PARTS = st.sampled_from(
    [
        "replication_key_value",
        "backfill_cursor",
        "full_read_datetime",
        "partitions",
        "updated_datetime",
    ]
)
BOOKMARKS = JSON | MOMENTS | st.dictionaries(PARTS, JSON | MOMENTS, max_size=3)
STATES = st.recursive(
    JSON
    | st.builds(
        lambda each: {"bookmarks": each},
        JSON | st.dictionaries(st.sampled_from([*KEYS]), BOOKMARKS),
    ),
    lambda inner: (
        st.builds(lambda each: {"singer_state": each}, inner)
        | st.builds(lambda each: {"type": "STATE", "value": each}, inner)
    ),
    max_leaves=3,
)


@given(state=STATES)
def test_any_json_is_a_state_or_one_sentence_about_it(state: Any) -> None:
    logger = logging.getLogger("test")
    try:
        bookmarks = read_state(state, KEYS, logger)
    except SettingsError:
        return
    assert read_state({"bookmarks": bookmarks}, KEYS, logger) == bookmarks
    for name in bookmarks.keys() & KEYS:
        mark = bookmarks[name]
        assert "partitions" not in mark
        for part in ("replication_key_value", "backfill_cursor", "full_read_datetime"):
            assert isinstance(mark.get(part, ""), str)
