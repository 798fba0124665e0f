"""Uploads, search, statistics (sections 8, 9, 20)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from gorgias_sandbox.serve import Sandbox

    Ask = Callable[..., requests.Response]

PERIOD = [
    {"member": "periodStart", "operator": "afterDate", "values": ["2026-01-01"]},
    {"member": "periodEnd", "operator": "beforeDate", "values": ["2027-01-01"]},
]


def report(ask: Ask, scope: str, limit: int = 10000, **more: Any) -> list[dict[str, Any]]:
    query = {"scope": scope, "timezone": "UTC", "filters": PERIOD, **more}
    answer = ask("POST", f"/reporting/stats?limit={limit}", {"query": query})
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows


def created_in_2026(desk: Sandbox) -> list[dict[str, Any]]:
    return [
        row for row in desk.world.tables["tickets"] if row["created_datetime"].startswith("2026")
    ]


def test_uploaded_bytes_come_back(desk: Sandbox, ask: Ask) -> None:
    content = bytes(range(256)) * 3
    files = {"invoice.png": ("x.png", content, "image/png"), "b.txt": ("b", b"", "text/plain")}
    first, second = ask("POST", "/upload?type=attachment", files=files).json()
    assert (first["name"], first["size"], first["content_type"]) == (
        "invoice.png",
        768,
        "image/png",
    )
    assert second["size"] == 0
    folder, domain_hash, name = urlsplit(first["url"]).path.strip("/").split("/")
    answer = ask("GET", f"/{folder}/download/{domain_hash}/{name}")
    assert answer.content == content
    assert answer.headers["content-type"] == "image/png"
    desk.backend.change(upload_size_as_string=True)
    assert ask("POST", "/upload", files={"a": b"12"}).json()[0]["size"] == "2"


def test_seeded_attachments_have_the_size_they_tell(desk: Sandbox, ask: Ask) -> None:
    attachment = next(
        each for row in desk.world.tables["messages"] for each in row["attachments"] or ()
    )
    folder, domain_hash, name = urlsplit(attachment["url"]).path.strip("/").split("/")
    answer = ask("GET", f"/{folder}/download/{domain_hash}/{name}")
    assert len(answer.content) == int(attachment["size"] or 0)
    assert ask("GET", f"/{folder}/download/{domain_hash}/nothing.png").status_code == 404


def test_an_upload_must_be_small_and_a_file(desk: Sandbox, ask: Ask) -> None:
    desk.backend.change(max_upload=1000)
    assert ask("POST", "/upload", files={"a": b"x" * 2000}).status_code == 413
    assert ask("POST", "/upload", data={"a": "b"}).status_code == 400
    assert ask("POST", "/upload", files={"a": (None, b"x")}).status_code == 400


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("agent", {"id", "name", "email"}),
        ("customer", {"id", "name", "email"}),
        ("customer_profile", {"id", "name", "email"}),
        ("integration", {"id", "name", "type"}),
        ("tag", {"id", "name"}),
        ("team", {"id", "name"}),
        ("customer_channel", {"id", "type", "address", "customer"}),
        ("customer_channel_email", {"id", "type", "address", "customer"}),
    ],
)
def test_search_answers_what_exists_in_its_shape(ask: Ask, kind: str, fields: set[str]) -> None:
    answer = ask("POST", "/search", {"type": kind, "size": 2})
    assert answer.status_code == 201
    assert answer.json().keys() == {"data", "object", "uri", "meta"}
    assert [set(row) for row in answer.json()["data"]] == [fields] * len(answer.json()["data"])
    assert 1 <= len(answer.json()["data"]) <= 2


def test_search_looks_into_names_mails_and_numbers(desk: Sandbox, ask: Ask) -> None:
    phone = {"type": "phone", "address": "+12005550123"}
    body = {"name": "Zora Unique", "email": "zora@example.org", "channels": [phone]}
    customer = ask("POST", "/customers", body).json()["id"]
    desk.backend.change(envelopes=False)
    for kind, query in (
        ("customer", "zora uni"),
        ("customer", "ZORA@"),
        ("customers_by_phone", "5550123"),
    ):
        found = ask("POST", "/search", {"type": kind, "query": query}).json()
        assert [row.get("customer", row)["id"] for row in found] == [customer]
    phones = ask("POST", "/search", {"type": "customer_channel_phone", "query": "5550123"}).json()
    assert [row["address"] for row in phones] == ["+12005550123"]


def test_ticket_counts_are_true(desk: Sandbox, ask: Ask) -> None:
    tickets = created_in_2026(desk)
    assert report(ask, "tickets-created") == [{"ticketCount": len(tickets)}]
    open_ones = [row for row in tickets if row["status"] == "open"]
    assert report(ask, "tickets-open") == [{"ticketCount": len(open_ones)}]
    by_channel = report(ask, "tickets-created", dimensions=["channel"])
    assert sum(row["ticketCount"] for row in by_channel) == len(tickets)
    assert {row["channel"] for row in by_channel} == {row["channel"] for row in tickets}
    touched = ("one-touch-tickets", "zero-touch-tickets", "tickets-closed")
    one, zero, closed = (report(ask, scope)[0]["ticketCount"] for scope in touched)
    assert 0 < one + zero <= closed


def test_a_report_can_be_filtered_and_ordered(desk: Sandbox, ask: Ask) -> None:
    channel = created_in_2026(desk)[0]["channel"]
    for operator, holds in (("one-of", True), ("not-one-of", False)):
        wanted = {"member": "channel", "operator": operator, "values": [channel]}
        rows = report(ask, "tickets-created", filters=[*PERIOD, wanted], dimensions=["channel"])
        assert ({row["channel"] for row in rows} == {channel}) == holds
    order = [["ticketCount", "desc"]]
    counts = [
        row["ticketCount"]
        for row in report(ask, "tickets-created", dimensions=["channel"], order=order)
    ]
    assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize("granularity", ["hour", "day", "week", "month"])
def test_time_is_cut_into_steps(desk: Sandbox, ask: Ask, granularity: str) -> None:
    step = {"dimension": "createdDatetime", "granularity": granularity}
    rows = report(ask, "tickets-created", time_dimensions=[step])
    starts = [row[f"createdDatetime.{granularity}"] for row in rows]
    assert starts == sorted(set(starts))
    assert sum(row["ticketCount"] for row in rows) == len(created_in_2026(desk))


@pytest.mark.parametrize(
    ("scope", "measure"),
    [
        ("messages-sent", "messagesCount"),
        ("messages-received", "messagesCount"),
        ("messages-per-ticket", "averageMessagesCount"),
        ("satisfaction-surveys", "averageSurveyScore"),
        ("resolution-time", "medianResolutionTime"),
        ("first-response-time", "medianFirstResponseTime"),
        ("tags", "ticketCount"),
        ("tickets-replied", "ticketCount"),
        ("workload-tickets", "ticketCount"),
    ],
)
def test_other_scopes_are_fed_as_well(ask: Ask, scope: str, measure: str) -> None:
    [row] = report(ask, scope)
    assert row[measure] > 0


def test_values_of_a_field_are_counted(desk: Sandbox, ask: Ask) -> None:
    field, value = next(
        (field, value)
        for row in created_in_2026(desk)
        for field, value in row["field_values"].items()
    )
    wanted = {"member": "customFieldId", "operator": "one-of", "values": [field]}
    dimensions = ["customFieldValue"]
    rows = report(ask, "ticket-fields", filters=[*PERIOD, wanted], dimensions=dimensions)
    assert value in [row["customFieldValue"] for row in rows]


def test_scopes_that_nothing_feeds_answer_zeros(ask: Ask) -> None:
    assert report(ask, "knowledge-insights") == [{"viewsCount": 0, "clicksCount": 0}]
    assert report(ask, "response-time") == [{"medianResponseTime": None}]
    assert report(ask, "ticket-sla", dimensions=["status"]) == []


def test_reports_have_pages(ask: Ask) -> None:
    step = {"dimension": "createdDatetime", "granularity": "day"}
    query = {"scope": "tickets-created", "timezone": "UTC", "filters": PERIOD}
    body = {"query": {**query, "time_dimensions": [step]}}
    first = ask("POST", "/reporting/stats?limit=2", body).json()
    cursor = first["meta"]["next_cursor"]
    second = ask("POST", f"/reporting/stats?limit=2&cursor={cursor}", body).json()
    everything = ask("POST", "/reporting/stats?limit=10000", body).json()
    assert first["data"] + second["data"] == everything["data"][:4]
    assert everything["meta"] == {"prev_cursor": None, "next_cursor": None}
    assert ask("POST", "/reporting/stats?cursor=x", body).status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        {"filters": []},
        {"filters": [PERIOD[0], {**PERIOD[1], "values": ["2029-01-01"]}]},
        {"filters": [PERIOD[0], {**PERIOD[1], "values": ["soon"]}]},
        {"dimensions": ["colour"]},
        {"measures": ["colour"]},
        {"scope": "colours"},
    ],
)
def test_a_report_that_makes_no_sense_is_refused(ask: Ask, change: dict[str, Any]) -> None:
    query = {"scope": "tickets-created", "timezone": "UTC", "filters": PERIOD, **change}
    assert ask("POST", "/reporting/stats", {"query": query}).status_code == 400


def test_of_the_legacy_statistics_only_the_overview_is_left(desk: Sandbox, ask: Ask) -> None:
    period = {"start_datetime": "2026-01-01T00:00:00Z", "end_datetime": "2027-01-01T00:00:00Z"}
    body = {"filters": {"period": period}}
    shown = ask("POST", "/stats/overview", body).json()
    created = next(row for row in shown["data"]["data"] if row["name"] == "total_tickets_created")
    assert created["value"] == len(created_in_2026(desk))
    assert shown["meta"]["previous_end_datetime"] == "2026-01-01T00:00:00+00:00"
    lines = ask("POST", "/stats/overview/download", body).text.splitlines()
    assert lines[0] == "name,type,value,delta,more_is_better"
    assert len(lines) == 1 + len(shown["data"]["data"])
    assert ask("POST", "/stats/tags", body).status_code == 400
    assert ask("POST", "/stats/overview", {"filters": {}}).status_code == 400
