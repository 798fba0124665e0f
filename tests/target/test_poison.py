"""A row that is always answered 5xx is refused by name; a server that is down ends the run."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from gorgias_api import GorgiasError, ServerError, TransportError
from target_gorgias.refusals import TooManyError
from tests.api.server import Reply, refusal
from tests.target.late import late
from tests.target.support import EVERY_VERB, MAIL, NOTE, Desk, QuickClock, rows, state

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.server import Asked

BAD = "poison"
LOST = Reply(lost=True)
HTML = Reply(200, b"<html>")
MANY = 14


class FairClock(QuickClock):
    """Time in which a row that waits for its next try lets the others go on, as minutes would."""

    def sleep(self, seconds: float) -> None:
        """Give the others a turn, then let time pass."""
        threading.Event().wait(0.01)
        super().sleep(seconds)


@pytest.fixture
def desk(desk: Desk, tmp_path: Path) -> Desk:
    """The same account in fair time."""
    return Desk(desk.sandbox, tmp_path, clock=FairClock())


def spoil(answer: Reply) -> Any:
    """Spoils every request that names the bad row."""
    return lambda asked: answer if BAD in f"{asked.target} {asked.body.decode()}" else None


def names(bad: int = 1) -> list[str]:
    """Of many rows, the bad ones among the first."""
    good = [f"good-{number}" for number in range(MANY)]
    return [*good[:2], *(f"{BAD}-{number}" for number in range(bad)), *good[2:]]


def ticket_of(name: str) -> int:
    return 83000001 + int(name.rpartition("-")[2]) % 8


STREAMS: dict[str, Any] = {
    "customers": lambda name: {"external_id": name, "name": name},
    "tickets": lambda name: {
        "external_id": name,
        "customer_email": "lea@shop.example",
        "messages": [MAIL],
    },
    "messages": lambda name: {"external_id": name, "ticket_id": ticket_of(name), **NOTE},
    "tags": lambda name: {"name": name},
    "teams": lambda name: {"name": name},
    "macros": lambda name: {"name": name},
    "create_tags": lambda name: {"name": name},
    "ticket_tags": lambda name: {"name": name, "ticket_id": 83000001},
}


@pytest.mark.parametrize(
    ("stream", "answer"),
    [
        *((stream, refusal(500)) for stream in STREAMS),
        *((s, a) for s in ("tickets", "ticket_tags") for a in (refusal(503), LOST, HTML)),
    ],
)
def test_a_row_that_alone_fails_is_refused_by_name_and_the_others_are_written(
    desk: Desk, stream: str, answer: Reply
) -> None:
    made = [STREAMS[stream](name) for name in names()]
    messages = [*rows(stream, *made, keys=[next(iter(made[0]))]), state(1)]
    with late(desk.sandbox, desk.clock.monotonic, None) as server:
        server.cut, server.instead = 0, spoil(answer)
        desk.write(*messages, api_url=server.url, on_error="continue")
        (refused,) = desk.rejects
        assert BAD in str(refused["key"])
        assert refused["status"] == (answer.status if answer.status >= 500 else None)
        assert desk.states == [{"at": 1}]
        counts = desk.summary[stream]
        assert counts["rejected"] == 1
        assert counts.get("created", 0) + counts.get("updated", 0) == MANY
        server.instead = spoil(refusal(400)) if stream == "ticket_tags" else lambda _: None
        desk.forget()
        desk.write(*messages, api_url=server.url, on_error="continue")
    if stream != "ticket_tags":
        assert len(desk.written) == 1
        assert desk.summary[stream]["unchanged"] == MANY


@pytest.mark.parametrize("verb", ["update", "delete", "trash"])
def test_what_is_changed_or_deleted_likewise(desk: Desk, verb: str) -> None:
    tickets = [row["id"] for row in desk.rows("tickets")]
    bad = tickets[3]
    changed = [{"id": each, "subject": "New", "_gorgias_action": verb} for each in tickets]
    desk.sandbox.fail(f"/api/tickets/{bad}", status=500, times=999)
    desk.write(
        *rows("tickets", *changed, keys=["id"]), on_error="continue", streams={"*": EVERY_VERB}
    )
    assert [row["key"] for row in desk.rejects] == [{"id": bad}]
    assert desk.summary["tickets"]["rejected"] == 1


def test_several_such_rows_in_a_row_are_refused_one_by_one(desk: Desk) -> None:
    made = [STREAMS["customers"](name) for name in names(bad=4)]
    with late(desk.sandbox, desk.clock.monotonic, None) as server:
        server.cut, server.instead = 0, spoil(refusal(500))
        desk.write(
            *rows("customers", *made, keys=["external_id"]), api_url=server.url, on_error="continue"
        )
    assert sorted(row["key"]["external_id"] for row in desk.rejects) == sorted(
        f"{BAD}-{number}" for number in range(4)
    )
    assert desk.summary["customers"]["created"] == MANY


def test_the_last_row_may_be_it(desk: Desk) -> None:
    tickets = [row["id"] for row in desk.rows("tickets")]
    desk.sandbox.fail(f"/api/tickets/{tickets[-1]}", status=500, times=999)
    changed = [{"id": each, "subject": "New"} for each in tickets]
    messages = rows("tickets", *changed, keys=["id"])
    desk.write(*messages, on_error="continue", max_parallelism=1)
    assert [row["key"] for row in desk.rejects] == [{"id": tickets[-1]}]


def test_by_default_the_run_ends_and_names_the_row(desk: Desk) -> None:
    made = [STREAMS["tags"](name) for name in names()]
    with late(desk.sandbox, desk.clock.monotonic, None) as server:
        server.cut, server.instead = 0, spoil(refusal(500))
        with pytest.raises(TooManyError, match=r"key \*\*\*-0: .* was answered 500"):
            desk.write(*rows("tags", *made, keys=["name"]), api_url=server.url)


def test_max_rejects_counts_them(desk: Desk) -> None:
    made = [STREAMS["tags"](name) for name in names(bad=3)]
    with late(desk.sandbox, desk.clock.monotonic, None) as server:
        server.cut, server.instead = 0, spoil(refusal(500))
        with pytest.raises(TooManyError, match="max_rejects"):
            desk.write(
                *rows("tags", *made, keys=["name"]),
                api_url=server.url,
                on_error="continue",
                max_rejects=2,
            )


@pytest.mark.parametrize(
    ("method", "answer", "after"),
    [
        *(("POST", answer, 0) for answer in (refusal(500), refusal(503), LOST)),
        *((method, refusal(500), 7) for method in ("POST", "PUT", "GET")),
        ("PUT", LOST, 7),
        ("GET", LOST, 0),
    ],
)
def test_when_nothing_succeeds_any_more_the_run_ends_and_no_row_is_refused(
    desk: Desk, answer: Reply, method: str, after: int
) -> None:
    arrived: list[str] = []
    if method == "PUT":
        made = [{"id": row["id"], "subject": "New"} for row in desk.rows("tickets")]
        messages = rows("tickets", *made, keys=["id"])
    else:  # tickets are looked up one by one
        stream = "tickets" if method == "GET" else "customers"
        messages = rows(stream, *map(STREAMS[stream], names(bad=0)), keys=["external_id"])

    def instead(asked: Asked) -> Reply | None:
        if asked.method != method:
            return None
        arrived.append(asked.target)
        return answer if len(arrived) > after else None

    error: type[GorgiasError] = TransportError if answer is LOST else ServerError
    with late(desk.sandbox, desk.clock.monotonic, None) as server:
        server.cut, server.instead = 0, instead
        with pytest.raises(error):
            desk.write(*messages, state(1), api_url=server.url, on_error="continue")
    assert desk.rejects == []
    assert desk.states == []


def test_a_ticket_is_named_that_fails_with_its_first_message(desk: Desk) -> None:
    tickets = [{"number": number, "subject": f"S {number}"} for number in range(MANY)]
    tickets[2]["subject"] = BAD
    messages = [
        {"number": n, "ticket_key": str(n), "sender_email": "a@shop.example", **MAIL}
        for n in range(MANY)
    ]
    with late(desk.sandbox, desk.clock.monotonic, None) as server:
        server.cut, server.instead = 0, spoil(refusal(500))
        desk.write(
            *rows("tickets", *tickets, keys=["number"]),
            *rows("messages", *messages, keys=["number"]),
            api_url=server.url,
            on_error="continue",
        )
    assert [(row["stream"], row["key"]) for row in desk.rejects] == [
        ("tickets", {"number": 2}),
        ("messages", {"number": 2}),
    ]
    assert desk.summary["tickets"]["created"] == MANY - 1


def test_one_row_alone_that_fails_is_no_proof_against_it(desk: Desk) -> None:
    desk.sandbox.fail("/api/", method="POST", status=500, times=999)
    row = STREAMS["customers"]("only")
    with pytest.raises(GorgiasError):
        desk.write(*rows("customers", row, keys=["external_id"]), on_error="continue")
    assert desk.rejects == []
