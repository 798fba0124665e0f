"""What of an odd row is set aside, what is left empty, and what a person is told of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gorgias_api import SettingsError
from tap_gorgias.timestamps import FIRST, canonical, earlier, share_of_time
from tests.api.server import scripted
from tests.odd_answers import (
    DEEP,
    DETAIL,
    ITEMS,
    REPORT,
    STATS,
    Answers,
    check_messages,
    is_moment,
    run_tap,
)
from tests.support import sync

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gorgias_sandbox.serve import Sandbox
    from tests.api.server import Server

WHEN = "2026-01-01T00:00:00.000000+00:00"
GOOD = {"id": 1, "updated_datetime": WHEN, "created_datetime": WHEN}
LAST = "9999-12-31T23:59:59.999999+00:00"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with scripted() as opened:
        yield opened


def read(server: Server, path: str, rows: list[Any], *streams: str) -> tuple[Any, dict[str, int]]:
    """What comes of these rows at a path, and how many were set aside."""
    server.answer = Answers({path: rows})
    output, set_aside = run_tap(server, *streams)
    check_messages(output)
    return output, {name: count for name, count in set_aside.items() if count}


@pytest.mark.parametrize(
    "key", [None, True, 5.5, {}, [], [5], 2**63, 10**40, 2.0**60, 1e300, "", " ", "x", "05", "5.0"]
)
def test_a_row_whose_key_is_no_integer_is_set_aside(server: Server, key: Any) -> None:
    output, set_aside = read(server, "/api/tickets", [GOOD | {"id": key}, GOOD], "tickets")
    assert [row["id"] for row in output.records["tickets"]] == [1]
    assert set_aside == {"tickets": 1}


@pytest.mark.parametrize(
    ("key", "expected"),
    [(5.0, 5), ("5", 5), ("-5", -5), (2**63 - 1, 2**63 - 1), (str(2**60 + 1), 2**60 + 1)],
)
def test_a_key_that_means_an_integer_becomes_one(server: Server, key: Any, expected: int) -> None:
    output, set_aside = read(server, "/api/tags", [{"id": key, "name": "x"}], "tags")
    assert [row["id"] for row in output.records["tags"]] == [expected]
    assert not set_aside


@pytest.mark.parametrize("domain", [None, 5, "", " ", "\0", ["acme"]])
def test_an_account_without_a_name_is_set_aside(server: Server, domain: Any) -> None:
    output, set_aside = read(server, "/api/account", [{"domain": domain}], "account")
    assert not output.records
    assert set_aside == {"account": 1}


@pytest.mark.parametrize(
    "moment",
    ["soon", 5, False, [], {}, "2026-13-45T99:99:99.000000+00:00", "9999-12-31T23:59:59-05:00"],
)
def test_a_row_whose_date_is_none_is_set_aside_but_one_never_changed_is_not(
    server: Server, moment: Any
) -> None:
    odd = {"id": 2, "updated_datetime": moment, "created_datetime": WHEN}
    never = {"id": 3, "updated_datetime": None, "created_datetime": WHEN}
    output, set_aside = read(server, "/api/customers", [odd, GOOD, never], "customers")
    assert {row["id"] for row in output.records["customers"]} == {1, 3}
    assert set_aside == {"customers": 1}
    assert output.state["bookmarks"]["customers"]["replication_key_value"] == WHEN


def test_each_kind_of_problem_is_told_once_by_name_alone(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [
        *({"id": None, "name": "Lea"}, {"id": None, "name": "Sam"}, {"id": True, "name": "Kim"}),
        *("Lea", "Sam", {"id": 4, "name": "fine"}),
    ]
    _, set_aside = read(server, "/api/tags", rows, "tags")
    told = [line for line in caplog.messages if "is set aside" in line]
    assert told == [
        f"A row of 'tags' is set aside: {problem}. More like it are only counted."
        for problem in (
            "its 'id' is null, not an integer of 64 bits",
            "its 'id' is true or false, not an integer of 64 bits",
            "it is text, not an object",
        )
    ]
    assert set_aside == {"tags": 5}
    assert not {"Lea", "Sam", "Kim"} & set(caplog.text.split())


def test_what_was_set_aside_is_not_declared_gone(server: Server) -> None:
    for rows, last in (([{"id": 1}, {"id": None}], "RECORD"), ([{"id": 1}], "ACTIVATE_VERSION")):
        output, _ = read(server, "/api/tags", rows, "tags")
        kinds = [line["type"] for line in output.messages if line["type"] != "STATE"]
        assert kinds[-1] == last


@pytest.mark.parametrize(
    ("tags", "aside"),
    [
        ([{"name": "x"}], 1),
        ([None], 1),
        ([7, "x", [], {"id": 301}], 3),
        ([{"id": None}, {"id": True}, {"id": 5.5}], 3),
        ("shipping", 1),
        ({"id": 301}, 1),
        (None, 0),
    ],
)
def test_odd_tags_cost_their_own_rows_only(server: Server, tags: Any, aside: int) -> None:
    rows = [GOOD | {"tags": tags}, GOOD | {"id": 2, "tags": [{"id": 302}]}]
    output, set_aside = read(server, "/api/tickets", rows, "tickets", "ticket_tags")
    assert len(output.records["tickets"]) == 2
    whole = [(row["ticket_id"], row["tag_id"]) for row in output.records["ticket_tags"]]
    assert (2, 302) in whole
    assert set_aside.get("ticket_tags", 0) == aside
    assert (1, 301) in whole or {"id": 301} not in (tags if isinstance(tags, list) else [])


@pytest.mark.parametrize("stream", ["ticket", "customer"])
@pytest.mark.parametrize(
    ("fields", "aside"),
    [([{"id": 1}], 1), ("x", 1), ({"a": {"value": 1}, "5": {"value": 2}, "1_0": 3}, 2), (None, 0)],
)
def test_odd_custom_fields_cost_their_own_rows_only(
    server: Server, stream: str, fields: Any, aside: int
) -> None:
    rows = [GOOD | {"custom_fields": fields}, GOOD | {"id": 2, "custom_fields": {"7": 1}}]
    name = f"{stream}_custom_fields"
    output, set_aside = read(server, f"/api/{stream}s", rows, f"{stream}s", name)
    assert len(output.records[f"{stream}s"]) == 2
    assert 7 in {row["custom_field_id"] for row in output.records[name]}
    assert set_aside.get(name, 0) == aside


@pytest.mark.parametrize(
    ("files", "out", "aside"),
    [([None], 0, 1), ("a.png", 0, 1), ([{"url": ["x"]}, 5], 1, 1), ({}, 0, 1), ([{}], 1, 0)],
)
def test_odd_attachments_cost_their_own_rows_only(
    server: Server, files: Any, out: int, aside: int
) -> None:
    rows = [GOOD | {"attachments": files}]
    server.answer = Answers({"/api/messages": rows})
    output, set_aside = run_tap(
        server, "messages", "attachments", download_attachments_to="memory://odd"
    )
    check_messages(output)
    assert len(output.records["messages"]) == 1
    assert len(output.records["attachments"]) == out
    assert set_aside["attachments"] == aside


def test_a_merge_without_its_data_never_says_that_the_survivor_is_gone(server: Server) -> None:
    merge = GOOD | {"type": "customer-merged", "object_type": "Customer", "object_id": 9}
    rows = [
        merge | {"data": [7]},
        merge | {"id": 2, "data": {"source_customer_id": 8}},
        merge | {"id": 3, "type": ["customer-merged"]},
    ]
    output, set_aside = read(server, "/api/events", rows, "deletions", "events")
    (gone,) = output.records["deletions"]
    assert (gone["object_id"], gone["merged_into_id"]) == (8, 9)
    assert set_aside == {"deletions": 1}
    assert len(output.records["events"]) == 3


def test_odd_views_and_items_are_counted(server: Server) -> None:
    rows = {
        "/api/views": [{"id": None}, {"id": 7, "shared_with_teams": [{"id": 1}, {}, 2]}, "x"],
        ITEMS: [{"id": 1, "view_id": 9}, {"id": None}, [1]],
    }
    server.answer = Answers(rows)
    output, set_aside = run_tap(server, "views", "view_items")
    check_messages(output)
    assert [(row["view_id"], row["id"]) for row in output.records["view_items"]] == [(7, 1)]
    assert [row["shared_with_teams"] for row in output.records["views"]] == [[1, 2]]
    assert (set_aside["views"], set_aside["view_items"]) == (2, 4)


def test_odd_details_of_customers_are_counted(server: Server) -> None:
    details: tuple[Any, ...] = (None, [], 5, {"id": None}, {})
    for detail in details:
        server.answer = Answers({"/api/customers": [GOOD], DETAIL: [{}], "odd detail": [detail]})
        output, set_aside = run_tap(server, "customer_details")
        assert not output.records
        assert set_aside["customer_details"] == 1


def test_odd_rows_of_reports_are_counted(server: Server) -> None:
    good = {"createdDatetime.month": "2026-01-01T00:00:00.000", "ticketCount": 3, "channel": DEEP}
    rows = [good, {"ticketCount": 3}, good | {"createdDatetime.month": "soon"}, None, [1]]
    output, set_aside = read(server, STATS, rows, "reports")
    assert {row["period"] for row in output.records["reports"]} == {WHEN}
    assert set_aside["reports"] == 4 * (len(output.records["reports"]))


@pytest.mark.parametrize(
    "more",
    [
        {"lookback": {"tickets": "P9999Y", "reports": "P9999Y", "events": "P99999Y"}},
        {"full_pass_every": {"tickets": "P9999Y"}},
        {"start_date": "0001-01-01"},
        {"start_date": "9999-12-31T23:59:59Z"},
        {"end_date": "0001-01-01T00:00:01Z"},
        {"end_date": "9999-12-31T23:59:59Z"},
        {"start_date": "0001-01-01", "end_date": "9999-12-31T23:59:59.999999Z"},
    ],
)
def test_windows_and_spans_at_the_edges_of_time_are_no_error(
    sandbox: Sandbox, more: dict[str, Any]
) -> None:
    streams = ("tickets", "events", "voice_calls", "reports")
    reports = [REPORT | {"timezone": zone, "name": zone} for zone in ("UTC", "Pacific/Apia")]
    first = sync(sandbox, *streams, reports=reports, **more)
    check_messages(sync(sandbox, *streams, reports=reports, state=first.state, **more))


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"start_date": "9999-12-31T23:59:59-05:00"}, "'start_date' is not an ISO 8601 date"),
        ({"end_date": "0001-01-01T00:00:00+14:00"}, "'end_date' is not an ISO 8601 date"),
        ({"lookback": {"tickets": "P99999999999Y"}}, "something that is not an ISO 8601"),
        ({"reports": [REPORT | {"timezone": "Mars"}]}, "names a time zone that does not exist"),
        ({"reports": [REPORT | {"name": " "}]}, "has an entry whose name is blank"),
    ],
)
def test_settings_beyond_time_are_one_sentence(
    sandbox: Sandbox, more: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SettingsError, match=sentence):
        sync(sandbox, "tickets", **more)


@given(value=st.text() | st.datetimes().map(str) | st.datetimes(timezones=st.timezones()).map(str))
@example("9999-12-31T23:59:59-05:00")
@example("0001-01-01T00:00:00+14:00")
@example("2026-02-01T10:00:00,000123+00:00")
@example("2026-02-01T100000.00000000+00:00")
@example("2026-W01-1T00:00:00.000000+00:00")
@example("2026-02-30T00:00:00.000000+00:00")
def test_a_datetime_has_one_form_or_is_none(value: str) -> None:
    try:
        moment = canonical(value)
    except ValueError:
        return
    assert len(moment) == len(FIRST)
    assert is_moment(moment)
    assert canonical(moment) == moment


@given(
    moments=st.lists(st.datetimes(), min_size=3, max_size=3),
    span=st.timedeltas(min_value=timedelta(0)),
)
def test_arithmetic_stays_within_the_calendar(moments: list[Any], span: timedelta) -> None:
    first, now, last = (canonical(moment.isoformat()) for moment in moments)
    assert FIRST <= earlier(now, span) <= now
    assert 0 <= share_of_time(first, now, last) <= 1
