"""Work put aside: others go on, those on the same object wait, and no state goes past it."""

from __future__ import annotations

import threading
from collections import defaultdict
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from target_gorgias.crew import Crew, Later
from tests.target.support import QuickClock

QUIET = [HealthCheck.too_slow]
NAMES = st.frozensets(st.integers(0, 4), max_size=3)
JOBS = st.lists(st.tuples(NAMES, st.integers(0, 3), st.booleans()), max_size=25)


@given(JOBS, st.integers(1, 4))
@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
def test_order_and_states_are_as_if_it_had_taken_long(
    jobs: list[tuple[frozenset[int], int, bool]], size: int
) -> None:
    lock = threading.Lock()
    ended: list[int] = []
    order: dict[int, list[int]] = defaultdict(list)
    states: list[tuple[int, int]] = []

    def work(number: int, names: frozenset[int], left: int) -> None:
        if left:
            raise Later(1.0, partial(work, number, names, left - 1))
        with lock:
            ended.append(number)
            for name in names:
                order[name].append(number)

    def let_out(covered: Any) -> None:
        with lock:
            states.append((covered, len([each for each in ended if each < covered])))

    crew = Crew(size, let_out, QuickClock())
    for number, (names, aside, marked) in enumerate(jobs):
        crew.submit(names, partial(work, number, names, aside))
        if marked:
            crew.mark(number + 1)
    crew.wait()
    crew.stop()
    assert sorted(ended) == list(range(len(jobs)))
    assert all(numbers == sorted(numbers) for numbers in order.values())
    assert all(covered == count for covered, count in states)
    assert [covered for covered, _ in states] == sorted(covered for covered, _ in states)


def test_what_is_put_aside_makes_nobody_wait_who_hands_in_more() -> None:
    crew = Crew(1, lambda _: None)
    done: list[int] = []
    let_go = threading.Event()

    def aside() -> None:
        if not let_go.is_set():
            raise Later(0.01)

    for _ in range(60):
        crew.submit({object()}, aside)
    for number in range(100):
        crew.submit({number}, partial(done.append, number))
    let_go.set()
    crew.wait()
    crew.stop()
    assert len(done) == 100


def test_what_is_put_aside_ends_with_the_run() -> None:
    crew = Crew(2, lambda _: None)

    def aside() -> None:
        raise Later(3600.0)

    def fail() -> None:
        message = "planned"
        raise ArithmeticError(message)

    crew.submit({1}, aside)
    crew.submit({2}, fail)
    with pytest.raises(ArithmeticError):
        crew.wait()
    crew.stop()
