"""The budget against servers that count in different ways, in made-up time, many times over."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gorgias_api.budget import RateBudget
from tests.api.simulation import (
    LIMIT,
    WINDOW,
    FixedWindow,
    LeakyBucket,
    Server,
    Simulation,
    SlidingWindow,
)

if TYPE_CHECKING:
    from collections.abc import Callable

RATE = 2.0
SERVERS = [LeakyBucket, SlidingWindow, FixedWindow]
often = settings(max_examples=20, deadline=None, derandomize=True)
chances = st.integers(0, 2**32)


class Process:
    """Threads of one process that share a budget and a pile of requests."""

    def __init__(self, time: Simulation, server: Server, chance: random.Random) -> None:
        self.time = time
        self.server = server
        self.chance = chance
        self.latency = 0.0
        self.budget = RateBudget(time)
        self.left = 0
        self.answered: list[float] = []
        self.refused: list[float] = []

    def work(self) -> None:
        """One thread: send until nothing is left to be sent."""
        while self.left:
            self.left -= 1
            while self._is_refused():
                pass

    def _is_refused(self) -> bool:
        with self.budget.slot() as slot:
            self.time.sleep(self.chance.uniform(0, self.latency))
            verdict = self.server.arrive(self.time.monotonic())
            self.time.sleep(self.chance.uniform(0, self.latency))
            slot.reading = (verdict.used, LIMIT)
        now = self.time.monotonic()
        if verdict.refused:
            self.refused.append(now)
            self.budget.close(verdict.retry_after)
        else:
            self.answered.append(now)
        return verdict.refused


class Network(NamedTuple):
    """How a process is connected: threads, longest seconds each way, seed."""

    threads: int
    latency: float
    seed: int


def process(time: Simulation, server: Server, requests: int, network: Network) -> Process:
    chance = random.Random(network.seed)  # noqa: S311 - latencies that repeat themselves
    made = Process(time, server, chance)
    made.left, made.latency = requests, network.latency
    return made


def alone(server: Server, requests: int, network: Network, share: float = 1.0) -> Process:
    time = Simulation()
    only = process(time, server, requests, network)
    only.budget = RateBudget(time, share)
    time.run(*[only.work] * network.threads)
    assert len(only.answered) == requests
    return only


@pytest.mark.parametrize("kind", SERVERS)
@often
@given(
    requests=st.integers(1, 130), threads=st.integers(1, 20), latency=st.floats(0, 2), seed=chances
)
def test_a_process_that_is_alone_never_meets_a_429(
    kind: Callable[[], Server], requests: int, threads: int, latency: float, seed: int
) -> None:
    assert not alone(kind(), requests, Network(threads, latency, seed)).refused


@often
@given(phase=st.floats(0, 19.9), seed=chances)
def test_it_does_not_matter_where_the_server_s_windows_begin(phase: float, seed: int) -> None:
    only = alone(FixedWindow(phase=phase), 130, Network(12, 1.0, seed))
    assert not only.refused


@pytest.mark.parametrize("kind", SERVERS)
@often
@given(
    requests=st.integers(80, 200), threads=st.integers(8, 16), latency=st.floats(0, 1), seed=chances
)
def test_the_whole_budget_is_used(
    kind: Callable[[], Server], requests: int, threads: int, latency: float, seed: int
) -> None:
    only = alone(kind(), requests, Network(threads, latency, seed))
    assert only.time.monotonic() <= requests / RATE * 1.05


@pytest.mark.parametrize("kind", SERVERS)
def test_the_whole_budget_is_used_over_a_long_time(kind: Callable[[], Server]) -> None:
    only = alone(kind(), 1000, Network(10, 0.5, 1))
    assert only.time.monotonic() <= 1000 / RATE * 1.05
    assert not only.refused


def test_an_account_that_drains_twice_as_fast_is_used_beyond_the_documented_rate() -> None:
    only = alone(LeakyBucket(window=10), 400, Network(10, 1.0, 1))
    assert only.time.monotonic() <= 400 / RATE * 0.7
    assert not only.refused


@pytest.mark.parametrize("kind", SERVERS)
@often
@given(seed=chances)
def test_half_the_share_is_half_the_speed_and_not_less(
    kind: Callable[[], Server], seed: int
) -> None:
    only = alone(kind(), 100, Network(6, 0.3, seed), share=0.5)
    assert not only.refused
    assert 80 <= only.time.monotonic() <= 100 / (RATE / 2) * 1.05
    for moment in only.answered:
        window = [other for other in only.answered if moment - 20 < other <= moment]
        assert len(window) <= LIMIT / 2


@often
@given(threads=st.integers(1, 12), latency=st.floats(0, 0.5), seed=chances)
def test_a_bucket_that_a_former_run_left_full_costs_one_429_at_most(
    threads: int, latency: float, seed: int
) -> None:
    only = alone(LeakyBucket(level=LIMIT), 100, Network(threads, latency, seed))
    assert len(only.refused) <= 1
    assert only.time.monotonic() <= (100 + LIMIT) / RATE * 1.05


@pytest.mark.parametrize("kind", [SlidingWindow, FixedWindow])
@often
@given(threads=st.integers(1, 12), latency=st.floats(0, 0.5), seed=chances)
def test_a_window_that_a_former_run_left_full_costs_one_429_at_most(
    kind: Callable[[int], Server], threads: int, latency: float, seed: int
) -> None:
    only = alone(kind(LIMIT), 100, Network(threads, latency, seed))
    assert len(only.refused) <= 1
    assert only.time.monotonic() <= (100 + LIMIT) / RATE * 1.05


@pytest.mark.parametrize("kind", SERVERS)
@often
@given(latency=st.floats(0.05, 0.5), seed=chances)
def test_two_processes_on_one_account_both_get_on(
    kind: Callable[[], Server], latency: float, seed: int
) -> None:
    time, server = Simulation(), kind()
    network = Network(4, latency, seed)
    one, other = (process(time, server, 100, network) for _ in range(2))
    time.run(*[one.work] * 4, *[other.work] * 4)
    assert len(one.answered) == len(other.answered) == 100
    assert time.monotonic() <= 200 / RATE * 1.3


@pytest.mark.parametrize("kind", SERVERS)
@often
@given(seed=chances)
def test_somebody_who_ignores_the_limit_starves_nobody_and_is_forgotten_when_gone(
    kind: Callable[[], Server], seed: int
) -> None:
    time, server = Simulation(), kind()
    ours = process(time, server, 200, Network(6, 0.3, seed))

    def ignorant() -> None:
        for _ in range(60):
            server.arrive(time.monotonic())
            time.sleep(0.5)

    time.run(ignorant, *[ours.work] * 6)
    assert len(ours.answered) == 200
    assert not [moment for moment in ours.refused if moment > 30 + WINDOW]
    assert time.monotonic() <= (200 + 60) / RATE * 1.1
