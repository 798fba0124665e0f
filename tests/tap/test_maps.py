"""Stream maps and flattening: every record fits its schema, and a bad map is one sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as often
from hypothesis import strategies as st

from gorgias_api import SettingsError
from tap_gorgias.streams import NAMES
from tests.api.server import scripted
from tests.odd_answers import (
    DETAIL,
    SOURCES,
    Answers,
    by_source,
    check_messages,
    odd_row,
    real_rows,
    run_tap,
)
from tests.support import Output, settings, sync, truth

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gorgias_sandbox.serve import Sandbox
    from tests.api.server import Server

Maps = dict[str, Any]
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # each try is a run: shrinking takes minutes
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@pytest.fixture(scope="module")
def real() -> dict[str, list[dict[str, Any]]]:
    found = real_rows()
    summary = {"content": "Late", "created_datetime": None, "triggered_by": 7}
    for path in ("/api/tickets", "/api/views/0/items"):
        found[path][0]["summary"] = summary
    found["/api/messages"][0]["last_sending_error"] = {"error": {"codes": [550]}}
    found["/api/messages"][0]["replied_to"] = {"message_id": 5}
    found["/api/events"][0]["type"] = "ticket-deleted"
    return found


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with scripted() as opened:
        yield opened


def everything(real: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The real rows, and each with a field inside an object that no schema knows."""
    rows = by_source(real)
    for some in rows.values():
        for row in some:
            for value in row.values():
                if isinstance(value, dict):
                    value["mood"] = {"tier": [1]}
    return rows


MAPS: list[Maps] = [
    {},
    {"*": {"new": "__stream_name__", "age": "1 + 1", "open": "1 == 1"}},
    {"*": {"whole": "record", "__filter__": "1 == 1"}},
    {"*s": {"__alias__": "__stream_name__ + '_x'", "half": "float(1)"}},
    {"copy": {"__source__": "tickets", "customer": "customer", "tags": "tags", "who": "customer"}},
    {"tickets": None, "messages": {"source": None, "sender": "__NULL__"}},
    {"tickets": {"__else__": None, "id": "id", "when": "created_datetime", "summary": "summary"}},
    {"customers": {"email": "md5(email) if email else None", "created_datetime": "'2026-01-01'"}},
    {"tickets": {"messages_count": "str(messages_count)", "id": "str(id)", "external_id": "id"}},
    {"*": {"__key_properties__": None}},
]


@pytest.mark.parametrize("depth", [0, 1, 2, 3, 10])
def test_flattened_records_fit_their_schema(
    server: Server, real: dict[str, list[Any]], depth: int
) -> None:
    server.answer = Answers(everything(real))
    output, _ = run_tap(server, *NAMES, flattening_enabled=True, flattening_max_depth=depth)
    check_messages(output)
    assert set(output.records) == set(NAMES)
    for name, key in (("tickets", "summary"), ("view_items", "summary")):
        flat = {row.get(f"{key}__triggered_by") for row in output.records[name]}
        deep = {(row.get(key) or {}).get("triggered_by") for row in output.records[name]}
        assert {7, "7"} & (flat | deep)


@often(max_examples=40, deadline=None, phases=PHASES, suppress_health_check=QUIET)
@given(data=st.data(), maps=st.sampled_from(MAPS), depth=st.none() | st.integers(0, 10))
def test_mapped_and_flattened_records_fit_their_schema_whatever_the_rows_are(
    server: Server,
    real: dict[str, list[Any]],
    data: st.DataObject,
    maps: Maps,
    depth: int | None,
) -> None:
    rows = by_source(real)
    chosen = data.draw(st.lists(st.sampled_from(sorted(SOURCES)), min_size=1, max_size=4))
    for path in chosen:
        if path not in (DETAIL, "/api/account"):
            rows[path].append(data.draw(odd_row(real[path][0])))
    server.answer = Answers(rows)
    more = {} if depth is None else {"flattening_enabled": True, "flattening_max_depth": depth}
    streams = [stream for path in chosen for stream in SOURCES[path]]
    output, _ = run_tap(server, *streams, stream_maps=maps, **more)
    check_messages(output)
    assert output.messages


def test_a_null_object_is_null_in_all_of_its_columns(server: Server, real: Any) -> None:
    bare = real["/api/tickets"][0] | {"customer": None}
    server.answer = Answers({"/api/tickets": [bare]})
    output, _ = run_tap(server, "tickets", flattening_enabled=True, flattening_max_depth=2)
    (row,) = output.records["tickets"]
    assert "customer" not in row
    assert row["customer__email"] is None
    assert row["customer__id"] is None


def run(
    sandbox: Sandbox, folder: Path, select: tuple[str, ...] = (), **more: Any
) -> tuple[subprocess.CompletedProcess[str], Output]:
    """Run the tap as a process; some streams of the catalog, or those that are on by default."""
    path = folder / "config.json"
    path.write_text(json.dumps(settings(sandbox) | more))
    command = [sys.executable, "-m", "tap_gorgias", f"--config={path}"]
    if select:
        found = subprocess.run([*command, "--discover"], capture_output=True, check=True)  # noqa: S603 - our own module
        catalog = json.loads(found.stdout)
        for entry in catalog["streams"]:
            root = next(item for item in entry["metadata"] if not item["breadcrumb"])
            root["metadata"]["selected"] = entry["tap_stream_id"] in select
        chosen = folder / "catalog.json"
        chosen.write_text(json.dumps(catalog))
        command.append(f"--catalog={chosen}")
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - our own module
    output = Output()
    for line in map(json.loads, ended.stdout.splitlines()):
        output.messages.append(line)
        if line["type"] == "RECORD":
            output.records[line["stream"]].append(line["record"])
    return ended, output


SEED = "h4sh-s33d"


@pytest.mark.parametrize(
    ("maps", "sentence"),
    [
        ({"tags": {"name": "nothing("}}, "for 'tags': its 'name' is no expression"),
        ({"tags": {"name": f"'{SEED}"}}, "for 'tags': its 'name' is no expression"),
        ({"tags": {"name": ""}}, "for 'tags': its 'name' is no expression"),
        ({"tags": {"name": "x = 5"}}, "for 'tags': its 'name' is no expression"),
        ({"tags": {"name": f"len(name, '{SEED}')"}}, "'name' uses a name that is neither field"),
        ({"tags": {"name": "nmae"}}, "for 'tags': its 'name' uses a name that is neither field"),
        ({"*": {"x": "name + email"}}, "its 'x' uses a name that is neither field nor function"),
        ({"tags": {"__filter__": "usage >"}}, "for 'tags': its '__filter__' is no expression"),
        ({"tags": {"__filter__": 5}}, "its '__filter__' must be an expression, or null"),
        ({"tags": {"__filter__": f"usage + '{SEED}'"}}, "its '__filter__' does not work (TypeE"),
        ({"tags": {"name": f"name + {len(SEED)}"}}, "its 'name' does not work (TypeError)"),
        ({"tags": {"name": "config['hash_sed']"}}, "its 'name' does not work (KeyError)"),
        ({"tags": {"usage": "name"}}, "it gives 'usage' a value of another type"),
        ({"tags": {"id": "None"}}, "it gives the key 'id' null"),
        ({"tags": {"id": None}}, "for 'tags': it leaves out a key"),
        ({"tags": {"__key_properties__": ["nmae"]}}, "for 'tags': it leaves out a key"),
        ({"tags": {"__key_properties__": "id"}}, "its '__key_properties__' must be a list"),
        ({"tags": {"__else__": {}}}, "its '__else__' can only be null"),
        ({"tags": {"__alias__": 5}}, "its '__alias__' must be a name"),
        ({"tags": {"__alias__": "1 + 1"}}, "its '__alias__' is no name"),
        ({"tags": {"__alias__": "1 + 'a'"}}, "its '__alias__' does not work (TypeError)"),
        ({"tags": {"__filtr__": "usage"}}, "there is no option '__filtr__'"),
        ({"tags": {"name": 5}}, "its 'name' must be an expression, or null"),
        ({"tags": 5}, "for 'tags': it must be an object, or null"),
        ({"tags": "drop"}, "for 'tags': it must be an object, or null"),
        ({"__else__": []}, "'__else__', which can only be"),
        ({"__other__": None}, "'__other__', which can only be"),
        ({"tag": {}}, "names 'tag', which is no stream: did you mean 'tags'?"),
        ({"labels": {"__source__": "tgas"}}, "names 'tgas', which is no stream"),
        ([], "'stream_maps' must be of type object"),
    ],
)
def test_a_map_that_cannot_work_is_one_sentence(sandbox: Sandbox, maps: Any, sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        sync(sandbox, "tags", stream_maps=maps, stream_map_config={"hash_seed": SEED})
    told = str(caught.value)
    assert sentence in told
    assert told.count(". ") == 0
    assert SEED not in told
    assert not [row["name"] for row in truth(sandbox, "tags") if row["name"] in told]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "needs 'flattening_max_depth', 0 or more"),
        ({"flattening_max_depth": -1}, "needs 'flattening_max_depth', 0 or more"),
        ({"flattening_max_depth": "deep"}, "'flattening_max_depth' must be of type integer"),
        ({"flattening_max_depth": 1, "flattening_max_key_length": 9}, "is too short for"),
        (
            {"flattening_max_depth": 1, "stream_maps": {"tickets": {"customer__id": "1"}}},
            "gives two fields of 'tickets' one name",
        ),
        ({"stream_map_config": 5}, "'stream_map_config' must be of type object"),
    ],
)
def test_flattening_that_cannot_work_is_one_sentence(
    sandbox: Sandbox, given: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        sync(sandbox, "tags", flattening_enabled=True, **given)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("maps", "sentence"),
    [
        ({"customers": {"email": "nothing("}}, "for 'customers': its 'email' is no expression"),
        ({"customers": {"email": f"email.nothing + '{SEED}'"}}, "its 'email' does not work"),
        ({"customers": {"note": "name.index('Zw')"}}, "its 'note' does not work (ValueError)"),
    ],
)
def test_a_map_that_fails_ends_the_process_with_one_sentence(
    sandbox: Sandbox, tmp_path: Path, maps: Maps, sentence: str
) -> None:
    ended, _ = run(sandbox, tmp_path, stream_maps=maps, stream_map_config={"hash_seed": SEED})
    errors = [line for line in ended.stderr.splitlines() if "ERROR" in line]
    assert (ended.returncode, len(errors)) == (2, 1), ended.stderr
    assert sentence in errors[0]
    assert "Traceback" not in ended.stderr
    assert SEED not in ended.stderr


def test_a_map_that_fails_on_one_row_names_the_field_and_shows_nothing_of_the_row(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    row = truth(sandbox, "customers")[20]
    maps = {"customers": {"note": f"[1][id == {row['id']}]"}}
    ended, _ = run(sandbox, tmp_path, ("customers",), stream_maps=maps)
    assert ended.returncode == 2
    assert "for 'customers': its 'note' does not work (IndexError)" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert str(row["id"]) not in ended.stderr


def test_maps_apply_to_what_is_selected(sandbox: Sandbox, tmp_path: Path) -> None:
    maps: Maps = {
        "*": {"from": "__stream_name__"},
        "view_items": {"subject": "subject.lower()"},
        "macros": None,
        "tickets": {"__filter__": "status == 'open'", "excerpt": None, "subject": "__NULL__"},
        "people": {
            "__source__": "customers",
            "__else__": None,
            "__key_properties__": ["number"],
            "number": "int(id)",
        },
        "user*": {"__alias__": "__stream_name__ + '_x'", "__key_properties__": None},
    }
    ended, output = run(sandbox, tmp_path, stream_maps=maps)
    assert ended.returncode == 0, ended.stderr
    check_messages(output)
    tickets = [row for row in truth(sandbox, "tickets") if row["status"] == "open"]
    assert {row["id"] for row in output.records["tickets"]} == {row["id"] for row in tickets}
    assert not {"excerpt", "subject"} & set(output.records["tickets"][0])
    customers = truth(sandbox, "customers")
    assert output.records["people"] == [
        {"number": row["id"]} for row in output.records["customers"]
    ]
    assert len(output.records["customers"]) == len(customers)
    assert "view_items" not in output.records
    assert "macros" not in output.records
    assert len(output.records["users_x"]) == len(truth(sandbox, "users"))
    assert {row["from"] for row in output.records["tags"]} == {"tags"}


def test_a_pattern_that_fits_no_stream_is_told(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    assert sync(sandbox, "tags", stream_maps={"tag_*": None}).records["tags"]
    assert "names 'tag_*', which fits no stream" in caplog.text


def test_an_expression_sees_null_where_the_api_leaves_a_field_out(server: Server) -> None:
    server.answer = Answers({"/api/tags": [{"id": 1}]})
    maps = {"tags": {"name": "name or 'none'", "uri": "self or 'here'"}}
    output, _ = run_tap(server, "tags", stream_maps=maps)
    assert output.records["tags"] == [{"id": 1, "name": "none", "uri": "here"}]
