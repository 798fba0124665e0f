"""Faults, chaos, evidence and the control routes."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from gorgias_sandbox.chaos import Chaos
from gorgias_sandbox.options import Options
from gorgias_sandbox.serve import serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from gorgias_sandbox.serve import Sandbox

    Ask = Callable[..., requests.Response]


def control(desk: Sandbox, method: str, path: str, body: Any = None) -> requests.Response:
    return requests.request(method, f"{desk.url}/_sandbox/{path}", json=body, timeout=10)


def tag_names(desk: Sandbox) -> set[str]:
    return {tag["name"] for tag in desk.world.tables["tags"]}


def test_a_planned_status_is_answered_as_often_as_asked(desk: Sandbox, ask: Ask) -> None:
    desk.fail("/api/tags", status=503, times=2, skip=1, method="GET")
    assert ask("POST", "/tags", {"name": "another"}).status_code == 201
    assert ask("GET", "/teams").status_code == 200
    statuses = [ask("GET", "/tags").status_code for _ in range(4)]
    assert statuses == [200, 503, 503, 200]


def test_html_may_come_with_a_good_status(desk: Sandbox, ask: Ask) -> None:
    desk.fail(status=200, headers={"content-type": "text/html"}, body="<html></html>")
    answer = ask("GET", "/tags")
    assert (answer.status_code, answer.text) == (200, "<html></html>")
    assert answer.headers["content-type"] == "text/html"


@pytest.mark.parametrize(("when", "applied"), [("before", False), ("after", True)])
def test_a_reset_comes_before_or_after_the_request_is_applied(
    desk: Sandbox, ask: Ask, when: str, *, applied: bool
) -> None:
    desk.fail(reset=when)
    with pytest.raises(requests.ConnectionError):
        ask("POST", "/tags", {"name": "perhaps"})
    assert ("perhaps" in tag_names(desk)) == applied
    assert desk.requests[-1].status == 0
    assert ask("GET", "/tags").status_code == 200


def test_a_truncated_answer_is_noticed_and_was_applied(desk: Sandbox, ask: Ask) -> None:
    desk.fail(truncate=True)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        ask("POST", "/tags", {"name": "perhaps"})
    assert "perhaps" in tag_names(desk)


def test_latency_and_delays_add_up_and_answers_overlap(desk: Sandbox, ask: Ask) -> None:
    desk.backend.change(latency=0.02)
    desk.fail(delay=0.03)
    started = time.perf_counter()
    assert ask("GET", "/tags").status_code == 200
    assert time.perf_counter() - started >= 0.05


def test_requests_are_recorded_with_bodies_only_when_asked(desk: Sandbox, ask: Ask) -> None:
    ask("POST", "/tags", {"name": "quiet"})
    control(desk, "POST", "options", {"record_bodies": True})
    ask("POST", "/tags?x=1", {"name": "loud"})
    quiet, loud = control(desk, "GET", "requests").json()
    assert (quiet["method"], quiet["path"], quiet["status"]) == ("POST", "/api/tags", 201)
    assert quiet["body"] is None
    assert (loud["query"], loud["status"]) == ("x=1", 400)
    assert json.loads(loud["body"]) == {"name": "loud"}
    assert quiet["time"] == desk.clock.time()
    assert control(desk, "DELETE", "requests").status_code == 204
    assert desk.requests == []


def test_the_truth_has_the_shape_of_the_list(desk: Sandbox, ask: Ask) -> None:
    for table, path in (("tickets", "/tickets"), ("customers", "/customers"), ("teams", "/teams")):
        lines = control(desk, "GET", f"tables/{table}").text.splitlines()
        listed = ask("GET", f"{path}?limit=100").json()["data"]
        ordered = sorted(listed, key=lambda row: row["id"])
        assert [json.loads(line) for line in lines][:100] == ordered[:100]
    assert control(desk, "GET", "tables/nothing").status_code == 404
    assert control(desk, "GET", "tables").json()["tickets"] == len(desk.world.tables["tickets"])


def test_faults_clock_and_options_are_moved_from_outside(desk: Sandbox, ask: Ask) -> None:
    assert control(desk, "POST", "faults", {"status": 500}).status_code == 201
    assert ask("GET", "/tags").status_code == 500
    control(desk, "POST", "faults", {"status": 500})
    control(desk, "DELETE", "faults")
    assert ask("GET", "/tags").status_code == 200
    before = desk.clock.time()
    assert control(desk, "POST", "clock", {"advance": 5}).json() == {"time": before + 5}
    control(desk, "POST", "clock", {"set": "2040-01-01T00:00:00Z"})
    assert desk.world.now() == "2040-01-01T00:00:00+00:00"
    assert control(desk, "POST", "options", {"rate_limit": 3}).json()["rate_limit"] == 3
    assert "X-Gorgias-Account-Api-Call-Limit" in ask("GET", "/tags").headers


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"sttus": 500}),
        ("clock", {"set": "noon"}),
        ("options", {"rate_limit": "many"}),
        ("options", {"speed": 1}),
    ],
)
def test_control_routes_refuse_what_they_do_not_know(
    desk: Sandbox, path: str, body: dict[str, Any]
) -> None:
    assert control(desk, "POST", path, body).status_code == 400


def test_what_would_be_delivered_is_told(desk: Sandbox, ask: Ask) -> None:
    ticket = next(iter(desk.world.tables["tickets"]))["id"]
    body = {"channel": "email", "via": "api", "from_agent": True}
    message = ask("POST", f"/tickets/{ticket}/messages", body).json()["id"]
    assert control(desk, "GET", "delivered").json() == [message]


def test_chaos_is_the_same_for_the_same_seed_and_spares_most_requests(desk: Sandbox) -> None:
    desk.backend.change(chaos=7)
    first = desk.backend.chaos
    assert isinstance(first, Chaos)
    faults = [first.fault() for _ in range(500)]
    desk.backend.change(chaos=7)
    second = desk.backend.chaos
    assert second is not None
    assert [second.fault() for _ in range(500)] == faults
    assert 300 < faults.count(None) < 480
    kinds = {(fault.status, fault.reset, fault.truncate) for fault in faults if fault}
    assert {(429, None, False), (None, "before", False), (None, None, True)} <= kinds


def test_chaos_changes_tickets_while_somebody_reads(desk: Sandbox) -> None:
    chaos = Chaos(desk.world, desk.backend.random)
    events = len(desk.world.tables["events"])
    before = {row["id"]: row["updated_datetime"] for row in desk.world.tables["tickets"]}
    desk.clock.advance(1)
    for _ in range(60):
        chaos.disturb()
    after = {row["id"]: row["updated_datetime"] for row in desk.world.tables["tickets"]}
    assert after != before
    assert len(desk.world.tables["events"]) > events


def test_a_chaotic_sandbox_still_answers_some(desk: Sandbox, ask: Ask) -> None:
    desk.backend.change(chaos=3)
    outcomes = []
    for _ in range(40):
        try:
            outcomes.append(ask("GET", "/tags?limit=1").status_code)
        except requests.RequestException:
            outcomes.append(0)
    assert outcomes.count(200) > 20
    assert len(set(outcomes)) > 1


def test_a_sandbox_stops_at_once_while_a_client_keeps_its_connection() -> None:
    with requests.Session() as session:
        with serve(Options(tickets=5)) as sandbox:
            auth = (sandbox.email, sandbox.api_key)
            assert session.get(f"{sandbox.api_url}/tags", auth=auth, timeout=10).ok
            started = time.perf_counter()
        assert time.perf_counter() - started < 1
        with pytest.raises(requests.ConnectionError):
            session.get(f"{sandbox.api_url}/tags", auth=auth, timeout=10)
