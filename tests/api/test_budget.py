"""Who may send, when, in which order; and what the budget learns from answers."""

from __future__ import annotations

import math
import threading
from datetime import UTC

import pytest

from gorgias_api import UsageError
from gorgias_api.answers import call_limit
from gorgias_api.budget import RateBudget
from gorgias_api.clock import SystemClock
from tests.api.clock import ManualClock
from tests.api.simulation import Simulation


def send(budget: RateBudget, reading: tuple[int, int] | None) -> None:
    with budget.slot() as slot:
        slot.reading = reading


def spend(budget: RateBudget, clock: ManualClock, requests: int, limit: int = 40) -> list[float]:
    """When each of so many requests was let go; nothing but they fills the bucket."""
    moments = []
    for number in range(requests):
        send(budget, (min(number + 1, limit), limit))
        moments.append(clock.monotonic())
    return moments


def test_a_whole_bucket_is_spent_at_once_and_the_next_request_waits_a_window() -> None:
    clock = ManualClock()
    moments = spend(RateBudget(clock), clock, 41)
    assert moments[:40] == [0.0] * 40
    assert moments[40] == pytest.approx(20)


def test_the_limit_is_the_one_the_server_tells() -> None:
    clock = ManualClock()
    budget = RateBudget(clock)
    moments = spend(budget, clock, 81, limit=80)
    assert moments[79] == 0.0
    assert moments[80] == pytest.approx(20)
    assert budget.limit == 80
    assert budget.sent == 81


@pytest.mark.parametrize(("share", "at_once"), [(0.5, 20), (0.25, 10), (0.01, 1)])
def test_a_share_of_the_budget_is_never_exceeded_even_if_the_server_is_empty(
    share: float, at_once: int
) -> None:
    clock = ManualClock()
    budget = RateBudget(clock, share)
    for _ in range(at_once):
        send(budget, (1, 40))
    assert clock.monotonic() == 0.0
    send(budget, (1, 40))
    assert clock.monotonic() == pytest.approx(20)


def test_a_server_that_forgets_faster_is_believed() -> None:
    clock = ManualClock()
    budget = RateBudget(clock)
    for _ in range(200):
        send(budget, (1, 40))
    assert clock.waits == []


def test_without_the_header_there_is_no_limit_until_a_429() -> None:
    clock = ManualClock()
    budget = RateBudget(clock)
    for _ in range(100):
        send(budget, None)
    assert clock.waits == []
    assert math.isinf(budget.limit)
    budget.close(5)
    send(budget, None)
    assert clock.monotonic() == pytest.approx(20)
    assert (budget.limit, budget.refused) == (40, 1)


def test_a_429_closes_the_gate_for_as_long_as_asked() -> None:
    clock = ManualClock()
    budget = RateBudget(clock)
    send(budget, (1, 40))
    budget.close(7)
    budget.close(3)
    send(budget, (1, 40))
    assert clock.monotonic() == pytest.approx(7)


def test_a_full_bucket_left_by_others_is_waited_for() -> None:
    clock = ManualClock()
    budget = RateBudget(clock)
    send(budget, (40, 40))
    send(budget, (40, 40))
    assert clock.monotonic() == pytest.approx(1.5)


def test_others_who_fill_the_bucket_leave_no_more_than_drains() -> None:
    clock = ManualClock()
    budget = RateBudget(clock)
    for _ in range(20):
        send(budget, (40, 40))
    assert clock.monotonic() >= 9


def test_a_request_that_fails_gives_its_slot_back() -> None:
    clock = ManualClock()
    budget = RateBudget(clock)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), budget.slot():
            raise ZeroDivisionError
    send(budget, (4, 40))
    assert clock.waits == []


def test_the_first_request_goes_alone_because_nothing_is_known_yet() -> None:
    time = Simulation()
    budget = RateBudget(time)
    moments: list[float] = []

    def request() -> None:
        with budget.slot() as slot:
            moments.append(time.monotonic())
            time.sleep(3)
            slot.reading = (len(moments), 40)

    time.run(*[request] * 4)
    assert moments == pytest.approx([0, 3, 3, 3])


def test_a_first_request_without_an_answer_teaches_nothing() -> None:
    time = Simulation()
    budget = RateBudget(time)
    moments: list[float] = []

    def request() -> None:
        with budget.slot() as slot:
            moments.append(time.monotonic())
            time.sleep(3)
            if len(moments) == 1:
                raise ConnectionError
            slot.reading = (len(moments), 40)

    def unlucky() -> None:
        with pytest.raises(ConnectionError):
            request()

    time.run(unlucky, *[request] * 3)
    assert moments == pytest.approx([0, 3, 6, 6])


def test_the_request_with_the_most_work_behind_it_goes_first_and_then_the_oldest() -> None:
    time = Simulation()
    budget = RateBudget(time)
    order: list[str] = []

    def fill() -> None:
        for number in range(40):
            send(budget, (number + 1, 40))

    def request(name: str, ahead: float) -> None:
        time.sleep(1)
        with budget.slot(ahead) as slot:
            order.append(name)
            time.sleep(0.1)
            slot.reading = (40, 40)

    time.run(
        fill,
        lambda: request("short", 1),
        lambda: request("long", 9),
        lambda: request("none", 0),
        lambda: request("short, later", 1),
    )
    assert order == ["long", "short", "short, later", "none"]


def test_whoever_waits_is_sent_away_when_the_client_is_closed() -> None:
    time = Simulation()
    budget = RateBudget(time)
    gone: list[float] = []

    def hold() -> None:
        with budget.slot():
            time.sleep(5)
            budget.stop()

    def wait() -> None:
        with pytest.raises(UsageError, match="closed"), budget.slot():
            pass
        gone.append(time.monotonic())

    time.run(hold, wait, wait)
    assert gone == pytest.approx([5, 5])


def test_whoever_comes_after_the_client_was_closed_is_sent_away_too() -> None:
    budget = RateBudget(ManualClock())
    budget.stop()
    with pytest.raises(UsageError, match="closed"), budget.slot():
        pass


def test_on_the_machine_s_clock_whoever_waits_is_told_at_once() -> None:
    budget = RateBudget(SystemClock())
    waits = threading.Event()

    def wait() -> None:
        waits.set()
        send(budget, (2, 40))

    with budget.slot() as slot:
        thread = threading.Thread(target=wait)
        thread.start()
        waits.wait()
        slot.reading = (1, 40)
    thread.join(10)
    assert not thread.is_alive()


def test_the_machine_s_clock_tells_utc_and_only_goes_forward() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    clock.sleep(0)
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() >= before


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("6/80", (6, 80)),
        (" 6 / 80 ", (6, 80)),
        ("0/40", (0, 40)),
        ("", None),
        ("6", None),
        ("6/", None),
        ("/80", None),
        ("6/0", None),
        ("-1/40", None),
        ("6/80/1", None),
        ("six/80", None),
        ("²/80", None),
        ("٦/٨٠", None),
        ("5/0", None),
        ("0/0", None),
        ("6/-80", None),
        ("6.5/80", None),
        ("4000000/40", (4_000_000, 40)),
        (f"{10**30}/40", None),
        (f"6/{'9' * 5000}", None),
    ],
)
def test_the_call_limit_header_is_read_or_ignored(
    header: str, expected: tuple[int, int] | None
) -> None:
    assert call_limit({"X-Gorgias-Account-Api-Call-Limit": header}) == expected
