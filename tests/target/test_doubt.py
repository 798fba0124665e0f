"""A create whose answer was lost: however late it is done, nothing is there or sent twice."""

from __future__ import annotations

import json
import multiprocessing
import signal
from typing import TYPE_CHECKING

import pytest

from gorgias_api import TransportError
from tests.api.server import refusal
from tests.target.late import late
from tests.target.support import (
    EVERY_VERB,
    MAIL,
    NOTE,
    SENT,
    QuickClock,
    json_lines,
    lines,
    rows,
    state,
)
from tests.target_process import FastClock, run_target

if TYPE_CHECKING:
    import threading
    from multiprocessing.process import BaseProcess

    from tests.target.support import Desk, Row

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.target_process"])
SPEED = 50.0
"""Slow enough that a process starts long before a minute is over."""
ANSWER = {"channel": "email", "from_agent": True, "body_text": "On its way."}
FIELD = {"data_type": "text", "input_settings": {"input_type": "input"}}
CREATES: dict[str, Row] = {
    "customers": {"number": 1, "email": "lea@shop.example", "name": "Lea"},
    "tickets": {"number": 1, "customer_email": "lea@shop.example", "messages": [MAIL]},
    "messages": {"number": 1, "ticket_id": 83000001, **NOTE},
    "tags": {"name": "x-1"},
    "teams": {"name": "x-1"},
    "views": {"name": "x-1"},
    "macros": {"name": "x-1"},
    "jobs": {"number": 1, "type": "exportTicket", "params": {}},
    "custom_fields": {"object_type": "Ticket", "label": "x-1", "definition": FIELD},
}
REACHES: dict[str, Row] = {
    "messages": {"number": 1, "ticket_id": 83000001, **ANSWER},
    "tickets": {"number": 1, "customer_email": "lea@shop.example", "messages": [ANSWER]},
    "users": {"email": "x-1@acme.example", "name": "X", "role": {"name": "agent"}},
}


def count(desk: Desk, stream: str) -> int:
    return len(desk.sandbox.world.tables[stream])


def keyed(stream: str, row: Row) -> list[Row]:
    return rows(stream, row, keys=[next(iter(row))])


@pytest.mark.parametrize("after", [8, 40, 59])
@pytest.mark.parametrize("stream", CREATES)
def test_what_is_done_late_is_found(desk: Desk, stream: str, after: float) -> None:
    before = count(desk, stream)
    with late(desk.sandbox, desk.clock.monotonic, after) as server:
        desk.write(*keyed(stream, CREATES[stream]), api_url=server.url)
        server.finish()
        assert count(desk, stream) == before + 1
        assert len(server.posted) == 1
        desk.forget()
        desk.write(*keyed(stream, CREATES[stream]), api_url=server.url)
    assert desk.written == []


@pytest.mark.parametrize("stream", CREATES)
def test_what_is_found_late_counts_as_created(desk: Desk, stream: str) -> None:
    with late(desk.sandbox, desk.clock.monotonic, 8) as server:
        desk.write(*keyed(stream, CREATES[stream]), api_url=server.url)
    assert desk.summary[stream]["created"] == 1
    assert len(desk.written) == 1


def test_a_create_that_always_fails_is_sent_a_few_times_only(desk: Desk) -> None:
    good = [{"number": n, "name": f"good {n}"} for n in range(5)]
    with late(desk.sandbox, desk.clock.monotonic, None) as server:
        server.cut = 0
        server.instead = lambda asked: refusal(500) if b"poison" in asked.body else None
        desk.write(
            *rows("customers", {"number": 9, "name": "poison"}, *good, keys=["number"]),
            api_url=server.url,
            on_error="continue",
        )
    counts = desk.summary["customers"]
    assert (counts["created"], counts["rejected"]) == (5, 1)
    assert len(server.posted) == 5 + 3  # after each of them, it is looked for a minute


@pytest.mark.parametrize("stream", CREATES)
def test_what_was_never_done_is_sent_again(desk: Desk, stream: str) -> None:
    before, began = count(desk, stream), desk.clock.monotonic()
    with late(desk.sandbox, desk.clock.monotonic, None) as server:
        desk.write(*keyed(stream, CREATES[stream]), api_url=server.url)
    assert desk.clock.monotonic() - began >= 60
    assert count(desk, stream) == before + 1
    assert len(server.posted) == 2


@pytest.mark.parametrize("after", [8, 40, 300, None])
@pytest.mark.parametrize("stream", REACHES)
def test_what_reaches_a_person_is_sent_once_in_a_run(
    desk: Desk, stream: str, after: float | None
) -> None:
    messages, before = [*keyed(stream, REACHES[stream]), state(1)], count(desk, stream)
    more: Row = {"allow_sending": True, "on_error": "continue"}
    found = after is not None and after < 60
    with late(desk.sandbox, desk.clock.monotonic, after) as server:
        more["api_url"] = server.url
        desk.write(*messages, **more)
        server.finish()
        assert len(server.posted) == 1
        assert ("rejected" in desk.summary[stream]) == (not found)
        desk.forget()
        desk.write(*messages, **more)
    sent_again = [each for each in desk.written if each.startswith("POST")]
    assert len(sent_again) == (after is None)
    assert count(desk, stream) == before + 1
    assert len(desk.reasons) == (not found)
    assert all("it is not sent twice: the next run looks first" in each for each in desk.reasons)


def test_a_newer_version_of_what_reached_a_person_perhaps_is_not_sent_either(desk: Desk) -> None:
    versions = [REACHES["messages"] | {"body_text": text} for text in ("One", "Two")]
    messages = rows("messages", *versions, keys=["number"])
    with late(desk.sandbox, desk.clock.monotonic, None) as server:
        desk.write(*messages, api_url=server.url, allow_sending=True, on_error="continue")
    assert len(server.posted) == 1
    assert desk.summary["messages"]["rejected"] == 2


@pytest.mark.parametrize("workers", [1, 8])
def test_other_rows_go_on_meanwhile(desk: Desk, workers: int) -> None:
    names = [{"name": f"x-{number}"} for number in range(60)]
    posted: list[str] = []

    class Held(QuickClock):
        """Time stands still until every row was sent."""

        def wait(self, condition: threading.Condition, seconds: float) -> None:
            condition.wait(0.001)
            if len(posted) >= len(names):
                self.advance(seconds)

    desk.clock = Held()
    with late(desk.sandbox, desk.clock.monotonic, 40) as server:
        server.cut, server.path, server.posted = 20, "/api/tags", posted
        messages = rows("create_tags", *names, keys=["name"])
        desk.write(*messages, api_url=server.url, max_parallelism=workers)
        server.finish()
    made = [row["name"] for row in desk.rows("tags") if row["name"].startswith("x-")]
    assert sorted(made) == sorted(each["name"] for each in names)
    assert len(posted) == 60


def test_rows_about_the_same_object_wait_behind_it(desk: Desk) -> None:
    versions = [CREATES["customers"] | {"name": f"Version {number}"} for number in range(3)]
    with late(desk.sandbox, desk.clock.monotonic, 40) as server:
        desk.write(*rows("customers", *versions, keys=["number"]), api_url=server.url)
    made = desk.the("customers", email="lea@shop.example")
    assert made["name"] == "Version 2"
    assert desk.summary["customers"]["created"] == 1
    assert desk.summary["customers"]["updated"] == 2


def test_no_state_goes_past_what_is_in_doubt(desk: Desk) -> None:
    with late(desk.sandbox, desk.clock.monotonic, None) as server:
        server.cut = 99
        messages = [*rows("tags", {"name": "x-1"}, keys=["name"]), state(1)]
        with pytest.raises(TransportError):
            desk.write(*messages, api_url=server.url, on_error="continue")
        assert desk.states == []
        assert desk.rejects == []
        server.cut = 0
        assert desk.write(*messages, api_url=server.url) == [{"at": 1}]
    assert desk.the("tags", name="x-1")


@pytest.mark.parametrize("after", [8, 40, None])
@pytest.mark.parametrize("stream", ["customers", "messages"])
def test_what_was_under_way_at_a_kill_is_looked_for_as_long(
    desk: Desk, stream: str, after: float | None
) -> None:
    row, before = (CREATES | REACHES)[stream], count(desk, stream)
    source, states = desk.folder / "source.jsonl", desk.folder / "states.jsonl"
    source.write_text(lines([*keyed(stream, row), state(1)]))
    clock = FastClock(SPEED)
    with late(desk.sandbox, clock.monotonic, after) as server:
        config = desk.settings | {"api_url": server.url, "allow_sending": True}

        def process() -> BaseProcess:
            return PROCESSES.Process(
                target=run_target, args=(config, str(source), str(states), SPEED)
            )

        first, second = process(), process()
        server.cut_off = first.kill
        first.start()
        first.join()
        assert first.exitcode == -signal.SIGKILL
        began = clock.monotonic()
        second.start()
        second.join()
        server.finish()
    assert second.exitcode == 0
    assert [json.loads(line) for line in states.read_text().splitlines()] == [{"at": 1}]
    assert count(desk, stream) == before + 1
    assert len(server.posted) == (1 if after else 2)
    assert after or clock.monotonic() - began > 50


@pytest.mark.parametrize("first", ["requests", "messages"])
@pytest.mark.parametrize("after", [40, None])
def test_a_ticket_in_doubt_with_its_first_message_is_counted_once(
    desk: Desk, first: str, after: float | None
) -> None:
    streams = {
        "requests": rows(
            "requests", {"number": 1, "customer_email": "lea@shop.example"}, keys=["number"]
        ),
        "messages": rows("messages", {"number": 1, "ticket_key": "1", **MAIL}, keys=["number"]),
    }
    last = "messages" if first == "requests" else "requests"
    before = count(desk, "messages")
    with late(desk.sandbox, desk.clock.monotonic, after) as server:
        desk.write(
            *streams[first],
            *streams[last],
            api_url=server.url,
            streams={"requests": "upsert_tickets"},
        )
    assert desk.the("tickets", external_id="requests:1")["messages_count"] == 1
    assert count(desk, "messages") == before + 1
    for name in streams:
        counts = desk.summary[name]
        assert sum(counts.values()) - counts.get("requests", 0) == 1
    assert json_lines(desk.folder / "rejects.jsonl") == []


def test_a_deletion_of_what_is_in_doubt_waits_until_it_is_settled(desk: Desk) -> None:
    row = CREATES["customers"]
    gone = {"number": 1, "_gorgias_action": "delete"}
    with late(desk.sandbox, desk.clock.monotonic, 40) as server:
        desk.write(
            *rows("customers", row, gone, keys=["number"]),
            api_url=server.url,
            streams={"*": EVERY_VERB},
        )
        server.finish()
    assert "lea@shop.example" not in desk.people()


def test_history_is_no_message_that_reaches_a_person(desk: Desk) -> None:
    row = REACHES["messages"] | {"sent_datetime": SENT}
    with late(desk.sandbox, desk.clock.monotonic, None) as server:
        desk.write(*rows("messages", row, keys=["number"]), api_url=server.url, allow_sending=True)
    assert len(server.posted) == 2
    assert desk.summary["messages"]["created"] == 1
