"""What goes wrong: what of it is told, what is lost by it, and what goes on all the same."""

from __future__ import annotations

import json
import logging
import os
import re
from typing import TYPE_CHECKING, Any

import pytest

from gorgias_api import GorgiasError, ServerError, SettingsError
from tap_gorgias.output import LineWriter
from tap_gorgias.tap import TapGorgias
from tests.support import Output, settings, sync, truth
from tests.tap.listed import Lists, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gorgias_sandbox.serve import Sandbox
    from tests.support import Row

INCREMENTAL = {"tickets": "updated_datetime", "customers": "updated_datetime"} | dict.fromkeys(
    ("messages", "satisfaction_surveys"), "created_datetime"
)


@pytest.fixture
def lists() -> Iterator[Lists]:
    with listed() as served:
        yield served


def read(
    lists: Lists, *streams: str, state: Row | None = None, method: str | None = None, **more: Any
) -> Output:
    """Run the tap against the lists."""
    output = Output()
    catalog = TapGorgias(validate_config=False).catalog_dict
    for entry in catalog["streams"]:
        chosen = entry["tap_stream_id"] in streams
        entry["replication_method"] = method if chosen else None
        root = next(each for each in entry["metadata"] if not each["breadcrumb"])
        root["metadata"]["selected"] = chosen
    tap = TapGorgias(
        config=lists.settings | more,
        state=json.loads(json.dumps(state or {})),
        catalog=catalog,
        message_writer=LineWriter(output),
    )
    tap.sync_all()
    return output


def fill(lists: Lists, stream: str, count: int, *, key: str) -> list[Row]:
    """Rows that changed a minute apart, the last one an hour ago."""
    rows: list[Row] = [
        {"id": number, "created_datetime": lists.at(minutes=60 + count - number)}
        for number in range(1, count + 1)
    ]
    for row in rows:
        row[key] = row["created_datetime"]
    lists.rows[f"/api/{stream.replace('_', '-')}"] = rows
    return rows


def ids(output: Output, stream: str) -> set[int]:
    return {row["id"] for row in output.records[stream]}


def activated(output: Output) -> set[str]:
    return {line["stream"] for line in output.messages if line["type"] == "ACTIVATE_VERSION"}


@pytest.mark.parametrize("stream", INCREMENTAL)
def test_rows_dated_ahead_hide_nothing_and_move_no_bookmark(lists: Lists, stream: str) -> None:
    key = INCREMENTAL[stream]
    rows = fill(lists, stream, 150, key=key)
    for row in rows[-60:]:
        row[key] = lists.at(days=-300)
    state = read(lists, stream).state
    assert state["bookmarks"][stream]["replication_key_value"] < lists.at(seconds=-60)
    for round_ in range(2):
        new = [{"id": 1000 + round_ * 100 + number, key: lists.at()} for number in range(30)]
        rows.extend(row | {"created_datetime": row[key]} for row in new)
        output = read(lists, stream, state=state)
        assert ids(output, stream) >= {row["id"] for row in new}
        state = output.state


@pytest.mark.parametrize("stream", INCREMENTAL)
def test_a_bookmark_in_the_future_heals(lists: Lists, stream: str) -> None:
    rows = fill(lists, stream, 150, key=INCREMENTAL[stream])
    mark = {"replication_key_value": lists.at(days=-400)}
    output = read(lists, stream, state={"bookmarks": {stream: mark}})
    assert ids(output, stream) == {row["id"] for row in rows}
    assert output.state["bookmarks"][stream]["replication_key_value"] < lists.at()
    again = read(lists, stream, state=output.state, lookback={stream: "PT0S"})
    assert len(again.records[stream]) <= 100


@pytest.mark.parametrize("mark", ["9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+14:00"])
def test_a_bookmark_beyond_the_calendar_heals(lists: Lists, mark: str) -> None:
    rows = fill(lists, "tickets", 30, key="updated_datetime")
    output = read(lists, "tickets", state={"bookmarks": {"tickets": mark}})
    assert ids(output, "tickets") == {row["id"] for row in rows}


def test_a_clock_a_little_behind_the_server_s_is_no_future(lists: Lists) -> None:
    fill(lists, "tickets", 250, key="updated_datetime")
    mark = {"replication_key_value": lists.at(minutes=-2)}
    read(lists, "tickets", state={"bookmarks": {"tickets": mark}})
    assert len(lists.asked) == 1


@pytest.mark.parametrize("stream", INCREMENTAL)
@pytest.mark.parametrize("order", ["oldest first", "newest first"])
def test_a_list_that_ignores_the_order_it_was_asked_for_is_read_in_full(
    lists: Lists, stream: str, order: str, caplog: pytest.LogCaptureFixture
) -> None:
    key = INCREMENTAL[stream]
    lists.keeps_order = False
    rows = fill(lists, stream, 250, key=key)
    if order == "newest first":
        rows.reverse()
    first = read(lists, stream)
    assert ids(first, stream) == {row["id"] for row in rows}
    for row in (rows[120], rows[249]):
        row[key] = lists.at(minutes=10)
    second = read(lists, stream, state=first.state)
    assert ids(second, stream) >= {rows[120]["id"], rows[249]["id"]}
    assert "in the order it was asked for" in caplog.text
    lists.keeps_order = True
    for _ in range(2):
        second = read(lists, stream, state=second.state)
    lists.asked.clear()
    read(lists, stream, state=second.state, lookback={stream: "PT0S"})
    assert len(lists.asked) == 1, "what is in order again is read cheaply again"


def test_an_endpoint_that_fails_for_good_does_not_starve_the_others(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    sandbox.fail("/api/phone/voice-calls", status=404, times=1000)
    output = Output()
    with pytest.raises(GorgiasError, match=r"'voice_calls': GET /api/phone/voice-calls") as caught:
        sync(sandbox, "voice_calls", "tickets", "tags", into=output)
    assert "tickets" not in str(caught.value).replace("/tickets", "")
    assert len(output.records["tickets"]) == len(truth(sandbox, "tickets"))
    assert activated(output) == {"tags"}
    assert output.messages[-1]["type"] == "STATE"
    assert output.state["bookmarks"]["tickets"]["replication_key_value"]
    assert f"tickets: {len(output.records['tickets'])} records" in caplog.text


@pytest.mark.parametrize("streams", [("tickets",), ("tickets", "tags", "events")])
def test_everything_forbidden_is_no_success(sandbox: Sandbox, streams: tuple[str, ...]) -> None:
    sandbox.fail("/api", status=403, times=1000)
    with pytest.raises(GorgiasError, match="no permission for any stream"):
        sync(sandbox, *streams)


@pytest.mark.parametrize("stream", ["tickets", "messages", "tags", "events"])
def test_a_refusal_among_pages_that_could_be_read_is_no_missing_permission(
    sandbox: Sandbox, stream: str
) -> None:
    sandbox.fail(f"/api/{stream}", status=403, skip=1)
    output = sync(sandbox, stream, "users", page_size=5)
    assert {row["id"] for row in truth(sandbox, stream)} <= ids(output, stream)
    sandbox.fail(f"/api/{stream}", status=403, skip=1, times=1000)
    with pytest.raises(GorgiasError, match=f"'{stream}': .* 403"):
        sync(sandbox, stream, "users", page_size=5)


def test_a_macro_unarchived_between_its_two_lists_is_not_declared_gone(lists: Lists) -> None:
    rows = fill(lists, "macros", 20, key="updated_datetime")
    for row in rows:
        row["archived"] = row["id"] % 2 == 0

    def unarchive(_path: str, query: dict[str, str]) -> None:
        if query["archived"] == "true":
            rows[9]["archived"] = False

    lists.moves = unarchive
    output = read(lists, "macros")
    assert ids(output, "macros") == {row["id"] for row in rows}
    assert activated(output) == {"macros"}


@pytest.mark.parametrize("stream", ["tags", "teams", "users", "widgets"])
def test_a_list_out_of_order_declares_nothing_gone(
    lists: Lists, stream: str, caplog: pytest.LogCaptureFixture
) -> None:
    rows = fill(lists, stream, 150, key="updated_datetime")
    assert activated(read(lists, stream)) == {stream}
    lists.keeps_order = False
    rows[3], rows[140] = rows[140], rows[3]
    output = read(lists, stream)
    assert len(output.records[stream]) == 150
    assert not activated(output)
    assert "not told which ones are gone" in caplog.text


@pytest.mark.parametrize("stream", ["tickets", "messages", "events"])
def test_full_table_in_the_catalog_reads_everything_and_tells_what_is_gone(
    lists: Lists, stream: str
) -> None:
    key = INCREMENTAL.get(stream, "created_datetime")
    rows = fill(lists, stream, 150, key=key)
    first = read(lists, stream, method="FULL_TABLE")
    rows.pop(7)
    second = read(lists, stream, method="FULL_TABLE", state=first.state)
    assert ids(second, stream) == {row["id"] for row in rows}
    assert activated(second) == {stream}


@pytest.mark.parametrize("more", [{"start_date": "2026-04-30"}, {"end_date": "2026-04-30"}])
def test_full_table_of_a_window_tells_nothing_of_what_lies_outside(
    lists: Lists, more: Row, caplog: pytest.LogCaptureFixture
) -> None:
    fill(lists, "tickets", 150, key="updated_datetime")
    output = read(lists, "tickets", method="FULL_TABLE", **more)
    assert not activated(output)
    assert "only a part of them is read" in caplog.text


def test_a_method_that_does_not_exist_here_is_refused(lists: Lists) -> None:
    with pytest.raises(SettingsError, match="'tickets' replicated as LOG_BASED"):
        read(lists, "tickets", method="LOG_BASED")


def test_nothing_selected_is_a_mistake(lists: Lists) -> None:
    with pytest.raises(SettingsError, match="No stream is selected"):
        read(lists)


def test_a_start_date_that_comes_too_late_is_told(
    lists: Lists, caplog: pytest.LogCaptureFixture
) -> None:
    fill(lists, "tickets", 150, key="updated_datetime")
    first = read(lists, "tickets", start_date="2026-04-20")
    read(lists, "tickets", start_date="2026-04-25", state=first.state)
    assert "has no effect" not in caplog.text
    for more in ({"start_date": "2026-04-01"}, {}):
        caplog.clear()
        read(lists, "tickets", state=first.state, **more)
        assert caplog.text.count("'start_date' before that has no effect") == 1
        assert "--full-refresh" in caplog.text


def test_a_disk_that_takes_nothing_costs_nothing_but_order(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = sorted(row["updated_datetime"] for row in truth(sandbox, "tickets"))
    state = {"bookmarks": {"tickets": {"replication_key_value": moments[10]}}}
    expected = sync(sandbox, "tickets", state=state, page_size=5)
    for variable in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(variable, os.devnull)
    monkeypatch.setattr("tempfile.tempdir", os.devnull)
    output = sync(sandbox, "tickets", state=state, page_size=5)
    assert ids(output, "tickets") == ids(expected, "tickets")
    assert output.state == expected.state


def test_an_output_that_takes_nothing_more_is_one_sentence(sandbox: Sandbox) -> None:
    class Full(Output):
        def write(self, _: memoryview, /) -> int:
            raise OSError(28, "No space left on device")

    tap = TapGorgias(config=settings(sandbox), message_writer=LineWriter(Full()))
    with pytest.raises(GorgiasError, match=r"output cannot be written \(No space left on device\)"):
        tap.sync_all()


@pytest.mark.parametrize("moment", [0, 1])
def test_a_run_that_breaks_off_ends_with_a_state_too(sandbox: Sandbox, moment: int) -> None:
    sandbox.fail("/api/tickets", status=500, skip=moment, times=10)
    output = Output()
    with pytest.raises(ServerError):
        sync(sandbox, "tickets", into=output, max_retries=1)
    assert output.messages[-1]["type"] == "STATE"


def test_a_healthy_account_passes_the_test_of_the_connection_without_a_word(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    output = Output()
    tap = TapGorgias(config=settings(sandbox), message_writer=LineWriter(output))
    assert tap.run_connection_test()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert {"tickets", "customers", "events", "view_items"} <= output.records.keys()
    assert max(len(rows) for name, rows in output.records.items() if "_" not in name) == 1


def test_a_sick_one_does_not(sandbox: Sandbox) -> None:
    sandbox.fail("/api/rules", status=404, times=9)
    tap = TapGorgias(config=settings(sandbox), message_writer=LineWriter(Output()))
    with pytest.raises(GorgiasError, match="'rules'"):
        tap.run_connection_test()


def test_the_progress_of_a_run_names_what_was_written(sandbox: Sandbox, caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    maps = {"tags": {"__alias__": "labels", "__filter__": "id % 2 == 0"}}
    output = sync(sandbox, "tags", "teams", stream_maps=maps)
    told = dict(re.findall(r"(\w+): (\d+) records", caplog.text))
    assert {name: int(count) for name, count in told.items()} == {
        name: len(rows) for name, rows in output.records.items()
    }
    assert told.keys() == {"labels", "teams"}


@pytest.mark.parametrize("name", ["replication-method", "forced-replication-method"])
def test_the_method_in_the_metadata_is_heeded(lists: Lists, name: str) -> None:
    fill(lists, "tickets", 30, key="updated_datetime")
    catalog = TapGorgias(validate_config=False).catalog_dict
    for entry in catalog["streams"]:
        root = next(each for each in entry["metadata"] if not each["breadcrumb"])
        root["metadata"]["selected"] = entry["tap_stream_id"] == "tickets"
        if root["metadata"]["selected"]:
            root["metadata"][name] = "FULL_TABLE"
    output = Output()
    TapGorgias(config=lists.settings, catalog=catalog, message_writer=LineWriter(output)).sync_all()
    assert activated(output) == {"tickets"}


@pytest.mark.parametrize(
    "catalog",
    [
        {},
        {"streams": None},
        {"streams": {"tickets": 1}},
        {"streams": [None]},
        {"streams": [{"stream": "tickets"}]},
        {"streams": [{"tap_stream_id": "tickets", "metadata": [None]}]},
        {"streams": [{"tap_stream_id": "tickets", "metadata": {"a": 1}}]},
        {"streams": [{"tap_stream_id": "tickets", "schema": []}]},
    ],
)
def test_a_catalog_that_is_none_is_one_sentence(lists: Lists, catalog: Any) -> None:
    with pytest.raises(SettingsError, match="The catalog cannot be used"):
        TapGorgias(config=lists.settings, catalog=catalog)


def test_a_selected_stream_that_does_not_exist_is_named(
    lists: Lists, caplog: pytest.LogCaptureFixture
) -> None:
    entry = {"tap_stream_id": "ticket", "schema": {"properties": {}}}
    root = {"breadcrumb": [], "metadata": {"selected": True}}
    TapGorgias(config=lists.settings, catalog={"streams": [entry | {"metadata": [root]}]})
    assert "There is no stream 'ticket': did you mean 'tickets'?" in caplog.text


def test_maps_that_leave_out_everything_are_a_mistake(lists: Lists) -> None:
    with pytest.raises(SettingsError, match="leaves out all streams"):
        read(lists, "tickets", stream_maps={"*": None})


def test_a_map_that_fails_for_a_row_still_lets_the_state_out(lists: Lists) -> None:
    fill(lists, "tickets", 30, key="updated_datetime")
    output, maps = Output(), {"tickets": {"excerpt": "str(1 / (id - 7))"}}
    tap = TapGorgias(
        config=lists.settings | {"stream_maps": maps}, message_writer=LineWriter(output)
    )
    with pytest.raises(SettingsError, match="its 'excerpt' does not work"):
        tap.sync_all()
    assert output.messages[-1]["type"] == "STATE"


@pytest.mark.parametrize("status", [403, 404, 400])
def test_items_of_a_view_that_is_still_listed_are_not_declared_gone(
    sandbox: Sandbox, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    some = next(row["id"] for row in truth(sandbox, "views") if row["type"] != "customer-list")
    everything = sync(sandbox, "view_items")
    assert activated(everything) == {"view_items"}
    sandbox.fail(f"/api/views/{some}/items", status=status, times=9)
    output = sync(sandbox, "view_items")
    assert not activated(output)
    assert f"The items of the view {some} cannot be read" in caplog.text
    others = [row for row in everything.records["view_items"] if row["view_id"] != some]
    assert len(output.records["view_items"]) == len(others)


@pytest.mark.parametrize("page_size", [1, 7, 100])
def test_rows_that_join_an_instant_with_many_are_seen(lists: Lists, page_size: int) -> None:
    rows = fill(lists, "tickets", 150, key="updated_datetime")
    for row in rows[20:]:
        row["updated_datetime"] = lists.at(minutes=30)
    state = read(lists, "tickets", page_size=page_size).state
    for _ in range(2):
        lists.asked.clear()
        state = read(lists, "tickets", state=state, page_size=page_size).state
        assert len(lists.asked) <= 2
    rows += [dict(rows[30]) | {"id": 9000 + number} for number in range(5)]
    for row in rows[:3]:
        row["updated_datetime"] = rows[30]["updated_datetime"]
    output = read(lists, "tickets", state=state, page_size=page_size)
    assert ids(output, "tickets") >= {1, 2, 3, *range(9000, 9005)}
    lists.asked.clear()
    read(lists, "tickets", state=output.state, page_size=page_size)
    assert len(lists.asked) <= 2


@pytest.mark.parametrize("place", ["nope://x", "/dev/null/x"])
def test_a_place_for_attachments_that_cannot_be_used_is_one_sentence(
    sandbox: Sandbox, place: str
) -> None:
    with pytest.raises(SettingsError, match="'download_attachments_to' cannot be used"):
        sync(sandbox, "messages", "attachments", download_attachments_to=place)
