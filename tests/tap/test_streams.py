"""What single streams give, and what a run does when not all goes well."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import fsspec
import pytest

from gorgias_api import Client, ServerError, SettingsError, UnauthorizedError
from gorgias_sandbox.clock import ManualClock
from gorgias_sandbox.options import Options
from gorgias_sandbox.serve import serve
from tap_gorgias.output import LineWriter
from tap_gorgias.streams import NAMES
from tap_gorgias.tap import TapGorgias
from tests.support import Output, settings, sync, truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gorgias_sandbox.serve import Sandbox

SOURCES = {
    "account_settings": "account_settings",
    "custom_fields": "custom_fields",
    "tags": "tags",
    "users": "users",
    "teams": "teams",
    "views": "views",
    "macros": "macros",
    "rules": "rules",
    "integrations": "integrations",
    "widgets": "widgets",
    "jobs": "jobs",
    "satisfaction_surveys": "satisfaction_surveys",
    "voice_calls": "voice_calls",
    "voice_call_events": "voice_call_events",
    "voice_call_recordings": "voice_call_recordings",
}


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    with Client.from_settings(settings(sandbox)) as opened:
        yield opened


@pytest.mark.parametrize("stream", SOURCES)
def test_every_row_of_a_list_comes(sandbox: Sandbox, stream: str) -> None:
    output = sync(sandbox, stream)
    assert set(output.merged(stream)) == {(row["id"],) for row in truth(sandbox, SOURCES[stream])}


@pytest.mark.parametrize("stream", ["voice_calls", "voice_call_events", "voice_call_recordings"])
def test_lists_without_an_order_are_caught_up_with_too(sandbox: Sandbox, stream: str) -> None:
    first = sync(sandbox, stream, page_size=3)
    newest = max(row["created_datetime"] for row in first.records[stream])
    assert first.state["bookmarks"][stream]["replication_key_value"] == newest
    again = sync(sandbox, stream, state=first.state, page_size=3)
    assert {row["id"] for row in again.records[stream]} <= {
        row["id"] for row in first.records[stream]
    }
    assert again.state == first.state


def test_derived_rows_cost_no_request(sandbox: Sandbox) -> None:
    sync(sandbox, "tickets")
    alone = len(sandbox.requests)
    sandbox.backend.requests.clear()
    output = sync(sandbox, "tickets", "ticket_tags", "ticket_custom_fields")
    assert len(sandbox.requests) == alone
    expected = {(row["id"], tag["id"]) for row in truth(sandbox, "tickets") for tag in row["tags"]}
    assert set(output.merged("ticket_tags", "ticket_id", "tag_id")) == expected


def test_a_derived_stream_selected_later_gets_the_past_too(sandbox: Sandbox) -> None:
    first = sync(sandbox, "tickets")
    later = sync(sandbox, "tickets", "ticket_tags", state=first.state)
    tagged = [row for row in truth(sandbox, "tickets") if row["tags"]]
    assert {row["ticket_id"] for row in later.records["ticket_tags"]} == {
        row["id"] for row in tagged
    }


def test_a_derived_stream_works_without_its_parent(sandbox: Sandbox) -> None:
    output = sync(sandbox, "ticket_tags")
    assert set(output.records) == {"ticket_tags"}
    assert set(output.state["bookmarks"]) == {"ticket_tags"}


def test_field_values_have_a_column_for_each_type(sandbox: Sandbox) -> None:
    output = sync(sandbox, "tickets", "ticket_custom_fields")
    values = {
        (row["id"], int(key)): entry["value"]
        for row in truth(sandbox, "tickets")
        for key, entry in row["custom_fields"].items()
    }
    rows = output.merged("ticket_custom_fields", "ticket_id", "custom_field_id")
    assert rows.keys() == values.keys()
    for key, row in rows.items():
        assert json.loads(row["value"]) == values[key]
        kinds = {bool: "value_boolean", str: "value_text", int: "value_number"}
        column = kinds.get(type(values[key]), "value_number")
        assert row[column] == values[key]
        others = {"value_boolean", "value_text", "value_number"} - {column}
        assert all(row[other] is None for other in others)


def test_deletions_name_what_is_gone_and_what_took_its_place(
    sandbox: Sandbox, client: Client
) -> None:
    tickets, customers = truth(sandbox, "tickets"), truth(sandbox, "customers")
    before = sync(sandbox, "deletions")
    client.request("DELETE", f"/api/tickets/{tickets[5]['id']}")
    source, target = customers[1]["id"], customers[2]["id"]
    ids = {"source_id": source, "target_id": target}
    client.request("PUT", "/api/customers/merge", params=ids, data={})
    rows = sync(sandbox, "deletions", state=before.state).records["deletions"]
    known = set(before.merged("deletions"))
    news = [row for row in rows if (row["id"],) not in known]
    told = {(row["object_type"], row["object_id"], row["merged_into_id"]) for row in news}
    assert told == {
        ("Ticket", tickets[5]["id"], None),
        ("Customer", source, None),
        ("Customer", source, target),
    }


def test_deletions_come_even_if_the_api_does_not_know_one_of_the_types(sandbox: Sandbox) -> None:
    expected = sync(sandbox, "deletions").merged("deletions")
    sandbox.fail("/api/events", status=400)
    assert sync(sandbox, "deletions").merged("deletions") == expected


def test_customer_details_cost_one_request_each_and_only_for_changed_customers(
    sandbox: Sandbox, client: Client
) -> None:
    first = sync(sandbox, "customers", "customer_details")
    assert len(first.records["customer_details"]) == len(truth(sandbox, "customers"))
    assert any(row["channels"] for row in first.records["customer_details"])
    changed = truth(sandbox, "customers")[7]["id"]
    client.request("PUT", f"/api/customers/{changed}", data={"name": "Another Name"})
    second = sync(sandbox, "customer_details", state=first.state)
    assert changed in {row["id"] for row in second.records["customer_details"]}


@pytest.mark.parametrize("status", [404, 301])
def test_a_customer_that_is_gone_by_the_time_of_the_detail_is_no_error(
    sandbox: Sandbox, status: int
) -> None:
    path = f"/api/customers/{truth(sandbox, 'customers')[0]['id']}"
    sandbox.fail(path, status=status, headers={"Location": "/api/customers/1"}, body="")
    output = sync(sandbox, "customer_details")
    assert len(output.records["customer_details"]) == len(truth(sandbox, "customers")) - 1


def test_view_items_show_every_ticket_of_every_view(sandbox: Sandbox, client: Client) -> None:
    rows = sync(sandbox, "view_items", page_size=20).merged("view_items", "view_id", "id")
    views = [view for view in truth(sandbox, "views") if view["type"] == "ticket-list"]
    assert {view for view, _ in rows} <= {view["id"] for view in views}
    for view in views:
        answer = client.request("GET", f"/api/views/{view['id']}/items", params={"limit": 100})
        assert {(view["id"], row["id"]) for row in answer["data"]} <= rows.keys()


REPORT = {"name": "by channel", "scope": "tickets-created", "measures": ["ticketCount"]}


def test_reports_add_up_to_the_tickets_and_reread_only_the_last_days(sandbox: Sandbox) -> None:
    reports = [REPORT | {"dimensions": ["channel"], "granularity": "month"}]
    first = sync(sandbox, "reports", reports=reports, start_date="2020-01-01")
    counted = sum(row["measures"]["ticketCount"] for row in first.records["reports"])
    assert counted == len(truth(sandbox, "tickets"))
    keys = ("report", "period", "dimensions_hash")
    assert len(first.merged("reports", *keys)) == len(first.records["reports"])
    second = sync(sandbox, "reports", reports=reports, state=first.state)
    assert len(second.records["reports"]) < len(first.records["reports"])
    other = [REPORT | {"granularity": "month"}]
    third = sync(sandbox, "reports", reports=other, state=second.state, start_date="2020-01-01")
    assert sum(row["measures"]["ticketCount"] for row in third.records["reports"]) == counted


def test_a_completely_read_stream_says_so_after_its_last_row(sandbox: Sandbox) -> None:
    output = sync(sandbox, "tags", "tickets")
    tags = [line for line in output.messages if line.get("stream") == "tags"]
    assert [line["type"] for line in tags[:1] + tags[-1:]] == ["SCHEMA", "ACTIVATE_VERSION"]
    assert {line["version"] for line in tags[1:]} == {tags[-1]["version"]}
    tickets = {line["type"] for line in output.messages if line.get("stream") == "tickets"}
    assert "ACTIVATE_VERSION" not in tickets


def test_a_stream_that_breaks_off_never_says_that_other_rows_are_gone(sandbox: Sandbox) -> None:
    sandbox.fail("/api/tags", status=500, skip=1)
    output = Output()
    with pytest.raises(ServerError):
        sync(sandbox, "tags", into=output, page_size=5, max_retries=1)
    assert len(output.records["tags"]) == 5
    assert not [line for line in output.messages if line["type"] == "ACTIVATE_VERSION"]


def test_a_stream_without_permission_is_skipped_by_name_and_the_others_go_on(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.fail("/api/events", status=403, times=9)
    output = sync(sandbox, "tickets", "events")
    assert len(output.records["tickets"]) == len(truth(sandbox, "tickets"))
    assert "Skipping 'events': the credentials need the scope 'events:read'." in caplog.text


def test_the_scope_the_api_names_is_the_one_that_is_told(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    body = json.dumps({"error": {"msg": "Not allowed. Missing scope: write:all."}})
    sandbox.fail("/api/macros", status=403, body=body)
    sync(sandbox, "macros", "tags")
    assert "the scope 'write:all'" in caplog.text


def test_wrong_credentials_stop_everything_with_one_sentence(sandbox: Sandbox) -> None:
    with pytest.raises(UnauthorizedError, match="Check the credentials"):
        sync(sandbox, "tickets", "events", api_key="wrong")
    assert len(sandbox.requests) <= 2


def test_attachments_are_saved_once_and_the_record_says_where(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    place = str(tmp_path / "files")
    first = sync(sandbox, "attachments", download_attachments_to=place)
    saved = [row for row in first.records["attachments"] if row["location"]]
    assert len(saved) == len(first.records["attachments"]) > 0
    for row in saved:
        assert (tmp_path / row["location"]).stat().st_size > 0
    assert not list(tmp_path.rglob("*.part"))
    sandbox.backend.requests.clear()
    again = sync(sandbox, "attachments", download_attachments_to=place)
    assert not [seen for seen in sandbox.requests if "download" in seen.path]
    assert [row["location"] for row in again.records["attachments"]] == [
        row["location"] for row in first.records["attachments"]
    ]


def test_a_download_that_breaks_off_leaves_nothing_and_is_tried_again(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.fail("/api/attachments", status=404)
    place = str(tmp_path)
    first = sync(sandbox, "attachments", download_attachments_to=place)
    missing = [row for row in first.records["attachments"] if row["location"] is None]
    assert missing
    again = sync(sandbox, "attachments", download_attachments_to=place)
    assert all(row["location"] for row in again.records["attachments"])


def test_attachments_go_to_any_place_fsspec_knows(sandbox: Sandbox) -> None:
    output = sync(sandbox, "attachments", download_attachments_to="memory://files/")
    place = fsspec.filesystem("memory")
    for row in output.records["attachments"]:
        assert row["location"].startswith("memory://files/")
        assert place.size(row["location"]) > 0


def test_a_bookmark_of_another_tap_is_understood_and_nonsense_is_one_sentence(
    sandbox: Sandbox,
) -> None:
    moments = sorted(row["updated_datetime"] for row in truth(sandbox, "tickets"))
    spelled = moments[-20].replace("+00:00", "Z")
    state = {"bookmarks": {"tickets": {"replication_key_value": spelled}}}
    assert 20 <= len(sync(sandbox, "tickets", state=state).records["tickets"]) < 60
    state["bookmarks"]["tickets"]["replication_key_value"] = "soon"
    with pytest.raises(SettingsError, match="holds a bookmark that is no ISO 8601 datetime"):
        sync(sandbox, "tickets", state=state)


def test_a_window_is_half_open_and_the_bookmark_stays_inside(sandbox: Sandbox) -> None:
    for stream, key in (("tickets", "updated_datetime"), ("events", "created_datetime")):
        moments = sorted(row[key] for row in sync(sandbox, stream).records[stream])
        start, end = moments[len(moments) // 4], moments[len(moments) // 2]
        output = sync(sandbox, stream, start_date=start, end_date=end)
        got = sorted(row[key] for row in output.records[stream])
        assert got == [moment for moment in moments if start <= moment < end]
        assert output.state["bookmarks"][stream]["replication_key_value"] < end
        rest = sync(sandbox, stream, state=output.state)
        assert {row[key] for row in rest.records[stream]} >= {m for m in moments if m >= end}


def test_a_start_date_costs_only_the_pages_after_it(open_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = open_sandbox(tickets=600)
    moments = sorted(row["updated_datetime"] for row in sync(sandbox, "tickets").records["tickets"])
    sandbox.backend.requests.clear()
    sync(sandbox, "tickets", start_date=moments[-150])
    assert len(sandbox.requests) == 2


def test_events_of_a_window_are_filtered_by_the_server(sandbox: Sandbox) -> None:
    sync(sandbox, "events", start_date="2026-01-01", end_date="2026-02-01")
    assert all("created_datetime%5Bgte%5D=2026-01-01" in seen.query for seen in sandbox.requests)


def test_messages_are_looked_back_for_as_long_as_set(sandbox: Sandbox) -> None:
    first = sync(sandbox, "messages")
    bookmark = first.state["bookmarks"]["messages"]["replication_key_value"]
    for span, least in (("P30D", 2), ("P0D", 1)):
        again = sync(sandbox, "messages", state=first.state, lookback={"messages": span})
        assert len(again.records["messages"]) >= least
    month = sync(sandbox, "messages", state=first.state, lookback={"messages": "P30D"})
    day = sync(sandbox, "messages", state=first.state)
    assert len(month.records["messages"]) > len(day.records["messages"])
    assert month.state["bookmarks"]["messages"]["replication_key_value"] == bookmark


def test_a_full_pass_sees_what_no_date_tells_when_its_time_has_come() -> None:
    clock = ManualClock()
    with serve(Options(tickets=120, rate_limit=None), clock=clock) as sandbox:
        every = {"tickets": "P7D"}
        first = sync(sandbox, "tickets", full_pass_every=every)
        state = first.state["bookmarks"]["tickets"]
        assert "full_read_datetime" in state
        soon = sync(sandbox, "tickets", state=first.state, full_pass_every=every)
        assert len(soon.records["tickets"]) < 120
        state["full_read_datetime"] = "2020-01-01T00:00:00.000000+00:00"
        late = sync(sandbox, "tickets", state=first.state, full_pass_every=every)
        assert len(late.records["tickets"]) == len(truth(sandbox, "tickets"))
        assert (
            late.state["bookmarks"]["tickets"]["replication_key_value"]
            == (state["replication_key_value"])
        )


def test_trashed_tickets_can_be_left_out(sandbox: Sandbox) -> None:
    rows = sync(sandbox, "tickets", include_trashed=False).records["tickets"]
    expected = [row for row in truth(sandbox, "tickets") if row["trashed_datetime"] is None]
    assert len(rows) == len(expected) < len(truth(sandbox, "tickets"))


@pytest.mark.parametrize("style", ["naive", "z"])
def test_bookmarks_have_one_form_however_the_api_writes_datetimes(
    open_sandbox: Callable[..., Sandbox], style: str
) -> None:
    sandbox = open_sandbox(datetime_style=style)
    output = sync(sandbox, "tickets", "events")
    for row in output.records["tickets"]:
        assert len(row["updated_datetime"]) == 32
        assert row["updated_datetime"].endswith("+00:00")
    again = sync(sandbox, "tickets", "events", state=output.state)
    assert again.state == output.state


def test_bare_arrays_are_read_like_envelopes(open_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = open_sandbox(envelopes=False)
    rows = sync(sandbox, "satisfaction_surveys").records["satisfaction_surveys"]
    assert rows


def test_a_field_the_schema_does_not_know_is_reported_once(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    for row in sandbox.world.tables["tags"]:
        row["mood"] = "new"
    output = sync(sandbox, "tags")
    assert output.records["tags"]
    lines = [line for line in caplog.messages if "'mood'" in line]
    assert lines == ["The field 'mood' of 'tags' is not in the schema and is left out."]


def test_the_log_ends_with_a_line_per_stream_and_one_for_the_run(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    output = sync(sandbox, "tickets", "ticket_tags")
    count = len(output.records["tickets"])
    assert f"tickets: {count} records, {-(-count // 100)} requests." in caplog.messages
    assert caplog.messages[-1].startswith(f"Done: {-(-count // 100)} requests in ")


def test_the_state_stays_small(sandbox: Sandbox) -> None:
    output = sync(sandbox)
    states = [line for line in output.messages if line["type"] == "STATE"]
    assert max(len(json.dumps(line)) for line in states) < 4000


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"start_date": "yesterday"}, "'start_date' is not an ISO 8601 date"),
        ({"start_date": "2026-02-01", "end_date": "2026-01-01"}, "must lie before 'end_date'"),
        ({"page_size": 101}, "'page_size' must be 1 to 100"),
        ({"page_size": "ten"}, "'page_size' must be of type integer"),
        ({"page_size": 0}, "'page_size' must be 1 to 100"),
        ({"lookback": {"ticket": "P1D"}}, "names 'ticket', which is not a stream"),
        ({"lookback": {"tickets": "a day"}}, "'tickets' something that is not an ISO 8601"),
        ({"on_forbidden": "ignore"}, "must be 'skip' or 'fail'"),
        ({"reports": [{"name": "x"}]}, "'reports' does not fit"),
        ({"reports": [REPORT, REPORT]}, "two entries of the same name"),
        ({"strat_date": "2026-01-01"}, "did you mean 'start_date'?"),
        ({"api_key": 12345}, "'api_key' must be of type string"),
    ],
)
def test_a_wrong_setting_is_one_sentence(
    given: dict[str, object], sentence: str, sandbox: Sandbox
) -> None:
    with pytest.raises(SettingsError) as caught:
        TapGorgias(config=settings(sandbox) | given, message_writer=LineWriter(Output()))
    assert sentence in str(caught.value)
    assert "12345" not in str(caught.value)


def test_discovery_needs_neither_settings_nor_network() -> None:
    catalog = TapGorgias(validate_config=False).catalog_dict
    assert {entry["tap_stream_id"] for entry in catalog["streams"]} == set(NAMES)


def test_stream_maps_can_hash_and_rename(sandbox: Sandbox) -> None:
    maps = {"customers": {"email": "md5(email) if email else None", "__alias__": "people"}}
    output = sync(sandbox, "customers", stream_maps=maps)
    emails = {row["email"] for row in truth(sandbox, "customers")} - {None}
    assert set(output.records) == {"people"}
    assert not emails & {row["email"] for row in output.records["people"]}
    assert len({row["email"] for row in output.records["people"]} - {None}) == len(emails)


def test_nested_objects_can_be_flattened(sandbox: Sandbox) -> None:
    output = sync(sandbox, "tickets", flattening_enabled=True, flattening_max_depth=1)
    (announced,) = (line for line in output.messages if line["type"] == "SCHEMA")
    for row in output.records["tickets"]:
        # The SDK leaves a null object under its own name.
        filled = {name for name, value in row.items() if value is not None}
        assert filled <= announced["schema"]["properties"].keys()
        assert isinstance(row["custom_fields"], str)
    assert any(row.get("customer__email") for row in output.records["tickets"])


def test_fields_that_are_not_selected_are_left_out(sandbox: Sandbox) -> None:
    catalog = TapGorgias(validate_config=False).catalog_dict
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            name = item["breadcrumb"][-1] if item["breadcrumb"] else None
            if name is None:
                item["metadata"]["selected"] = entry["tap_stream_id"] == "messages"
            elif name in {"body_html", "body_text"}:
                item["metadata"]["selected"] = False
    output = Output()
    tap = TapGorgias(config=settings(sandbox), catalog=catalog, message_writer=LineWriter(output))
    tap.sync_all()
    assert set(output.records) == {"messages"}
    for row in output.records["messages"]:
        assert not {"body_html", "body_text"} & row.keys()
        assert "stripped_text" in row


def test_an_attachment_without_a_usable_address_is_left_out_by_name(
    sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    message = next(iter(sandbox.world.tables["messages"]))
    files = [{"url": "https://files.example/..", "name": "x"}, {"url": None, "name": "y"}]
    sandbox.world.update("messages", message["id"], attachments=files)
    output = sync(sandbox, "attachments", download_attachments_to=str(tmp_path))
    rows = [row for row in output.records["attachments"] if row["message_id"] == message["id"]]
    assert [(row["name"], row["location"]) for row in rows] == [("x", None), ("y", None)]
    assert "has an address that names no file" in caplog.text


def test_progress_is_told_now_and_then(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if half a minute went by with every page: the tap's own clock is the machine's.
    monkeypatch.setattr("tap_gorgias.progress.EVERY", 0.0)
    caplog.set_level(logging.INFO)
    sync(sandbox, "tickets", page_size=10)
    lines = [line for line in caplog.messages if line.startswith("Through time: tickets ")]
    assert len(lines) > 10
    assert lines[-1].startswith("Through time: tickets 100%. So far ")


@pytest.mark.parametrize("status", [400, 403, 410])
def test_a_file_that_is_not_to_be_had_keeps_no_other_from_arriving(
    sandbox: Sandbox, tmp_path: Path, status: int
) -> None:
    sandbox.fail("/api/attachments", status=status)
    output = sync(sandbox, "attachments", "tickets", download_attachments_to=str(tmp_path))
    assert [row["location"] for row in output.records["attachments"]].count(None) == 1
    assert len(output.records["tickets"]) == len(truth(sandbox, "tickets"))


def test_files_with_odd_names_stay_apart_and_two_addresses_of_one_file_cost_one_request(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    names = ["a:b.png", "a_b.png", f"{'é' * 100}{'x' * 70}.png"]
    urls = [f"https://uploads.example/attachments/h1/{name}" for name in names]
    message = next(iter(sandbox.world.tables["messages"]))
    files = [{"url": url, "name": "x"} for url in (*urls, f"{urls[0]}?again=1")]
    sandbox.world.update("messages", message["id"], attachments=files)
    for _ in names:
        sandbox.fail("/api/attachments/download/h1", status=200, body="contents")
    output = sync(sandbox, "attachments", download_attachments_to=str(tmp_path))
    rows = [row for row in output.records["attachments"] if row["message_id"] == message["id"]]
    places = [row["location"] for row in rows]
    assert None not in places
    assert len(set(places)) == len(names)
    assert sum("/h1/" in seen.path for seen in sandbox.requests) == len(names)


def test_a_view_that_is_gone_by_the_time_of_its_items_is_no_error(sandbox: Sandbox) -> None:
    view = next(row for row in truth(sandbox, "views") if row["type"] == "ticket-list")
    sandbox.fail(f"/api/views/{view['id']}/items", status=404)
    rows = sync(sandbox, "view_items").records["view_items"]
    assert rows
    assert view["id"] not in {row["view_id"] for row in rows}


def test_half_a_character_does_not_stop_a_stream(sandbox: Sandbox) -> None:
    row = next(iter(sandbox.world.tables["tags"]))
    body = json.dumps({"data": [row | {"name": "\ud83d half"}], "meta": {"next_cursor": None}})
    sandbox.fail("/api/tags", status=200, body=body)
    assert sync(sandbox, "tags").records["tags"][0]["name"] == "? half"


def test_details_of_customers_are_not_asked_for_again_just_to_be_sure(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    first = sync(sandbox, "customer_details")
    sandbox.backend.requests.clear()
    caplog.set_level(logging.INFO)
    again = sync(sandbox, "customer_details", state=first.state)
    assert len(sandbox.requests) <= 1 + 3
    count = len(again.records["customer_details"])
    assert f"customer_details: {count} records, {count} requests." in caplog.messages


def test_a_window_that_is_over_is_asked_for_once(sandbox: Sandbox) -> None:
    first = sync(sandbox, "tickets", end_date="2026-01-01")
    assert first.state["bookmarks"]["tickets"]["replication_key_value"] < "2026-01-01"
    sandbox.backend.requests.clear()
    sync(sandbox, "tickets", state=first.state, end_date="2026-01-01")
    assert sandbox.requests == []
