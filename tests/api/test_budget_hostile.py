"""No call-limit header, whatever it holds, stops a run for longer than a window."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gorgias_api.answers import call_limit
from gorgias_api.budget import WINDOW, RateBudget
from tests.api.clock import ManualClock
from tests.api.simulation import Simulation

often = settings(max_examples=60, deadline=None, derandomize=True)
SLACK = 0.01
NUMBERS = st.one_of(
    st.integers(0, 100),
    st.integers(-5, 10**12),
    st.sampled_from([10**9 - 1, 10**30, 10**400]),
).map(str)
HEADERS = st.one_of(
    st.tuples(NUMBERS, NUMBERS).map("/".join),
    st.tuples(st.integers(0, 50), st.sampled_from([1, 2, 3, 40])).map(
        lambda pair: "{}/{}".format(*pair)
    ),
    st.just("4000000/40"),
    st.just(""),
    st.text(max_size=5),
    st.text(alphabet="٠٦²/0", max_size=5),
)


def reading(header: str) -> tuple[int, int] | None:
    return call_limit({"X-Gorgias-Account-Api-Call-Limit": header})


@often
@given(st.lists(HEADERS, min_size=1, max_size=60), st.sampled_from([1.0, 0.5, 0.01]))
@example(["4000000/40", "1/40"], 1.0)
@example(["999999999/999999999", "1/1", "40/40"], 1.0)
def test_one_thread_never_waits_longer_than_a_window(headers: list[str], share: float) -> None:
    clock = ManualClock()
    budget = RateBudget(clock, share)
    for header in headers:
        asked = clock.monotonic()
        with budget.slot() as slot:
            slot.reading = reading(header)
        assert clock.monotonic() - asked <= WINDOW + SLACK
    assert not any(math.isnan(wait) for wait in clock.waits)


@often
@given(
    st.lists(HEADERS, min_size=1, max_size=30),
    st.integers(2, 8),
    st.floats(0, 5),
    st.integers(0, 2**32),
)
def test_of_many_threads_one_goes_on_within_a_window(
    headers: list[str], threads: int, latency: float, seed: int
) -> None:
    time, chance = Simulation(), random.Random(seed)  # noqa: S311 - repeatable latencies
    budget = RateBudget(time)
    waiting = list(headers)
    moments = [0.0]

    def work() -> None:
        while waiting:
            header = waiting.pop()
            with budget.slot() as slot:
                moments.append(time.monotonic())
                time.sleep(chance.uniform(0, latency))
                slot.reading = reading(header)

    time.run(*[work] * threads)
    moments.append(time.monotonic())
    assert max(later - sooner for sooner, later in pairwise(moments)) <= WINDOW + latency + SLACK


@often
@given(st.lists(st.tuples(HEADERS, st.floats(0, 60)), min_size=1, max_size=40))
def test_after_a_429_the_wait_it_asked_for_comes_on_top_and_no_more(
    answers: list[tuple[str, float]],
) -> None:
    clock = ManualClock()
    budget = RateBudget(clock)
    for header, closed in answers:
        asked = clock.monotonic()
        with budget.slot() as slot:
            slot.reading = reading(header)
        assert clock.monotonic() - asked <= WINDOW + 60 + SLACK
        budget.close(closed)


def test_a_lie_is_forgotten_and_the_server_believed_again() -> None:
    clock = ManualClock()
    budget = RateBudget(clock)
    for header in ("4000000/40", "1/40", "2/40"):
        with budget.slot() as slot:
            slot.reading = reading(header)
    assert clock.monotonic() == pytest.approx(1.5)
