"""Work side by side: whatever its order, what is promised of it holds."""

from __future__ import annotations

import threading
from collections import defaultdict
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from target_gorgias.crew import Crew

QUIET = [HealthCheck.too_slow]


class Job:
    """A piece of work that notices when something is out of order."""

    def __init__(
        self, number: int, names: frozenset[int], reads: frozenset[int], *, fails: bool
    ) -> None:
        self.number, self.names, self.reads, self.fails = number, names, reads - names, fails
        self.ended = False


class Watch:
    """Runs jobs on a crew and checks every promise of it."""

    def __init__(self, size: int) -> None:
        self.crew = Crew(size, self.let_out)
        self.jobs: list[Job] = []
        self.order: dict[int, list[int]] = defaultdict(list)
        self.busy: set[int] = set()
        self.looked_at: list[int] = []
        self.written: dict[int, int] = {}
        """The last job that wrote to each name."""
        self.states: list[int] = []
        self.wrong: list[str] = []
        self.lock = threading.Lock()

    def submit(self, names: frozenset[int], reads: frozenset[int], *, fails: bool) -> None:
        job = Job(len(self.jobs), names, reads, fails=fails)
        self.jobs.append(job)
        last = {name: self.last_writer(name) for name in job.reads}
        self.crew.submit(job.names, partial(self.work, job, last), reads=job.reads)

    def last_writer(self, name: int) -> int:
        return max((job.number for job in self.jobs if name in job.names), default=-1)

    def work(self, job: Job, last: dict[int, int]) -> None:
        with self.lock:
            if self.busy & (job.names | job.reads) or job.names & {*self.looked_at}:
                self.wrong.append(f"{job.number} overlaps another")
            if any(self.written.get(name, -1) != last[name] for name in job.reads):
                self.wrong.append(f"{job.number} reads out of order")
            self.busy |= job.names
            self.looked_at += job.reads
            self.written |= dict.fromkeys(job.names, job.number)
            for name in job.names:
                self.order[name].append(job.number)
        if job.fails:
            message = "planned"
            raise ArithmeticError(message)
        with self.lock:
            self.busy -= job.names
            for name in job.reads:
                self.looked_at.remove(name)
            job.ended = True

    def let_out(self, covered: Any) -> None:
        with self.lock:
            if not all(job.ended for job in self.jobs[:covered]):
                self.wrong.append(f"state {covered} came too early")
            self.states.append(covered)


NAMES = st.frozensets(st.integers(0, 4), max_size=3)
STEPS = st.lists(
    st.one_of(st.tuples(NAMES, NAMES, st.sampled_from([False] * 9 + [True])), st.none())
)


@given(STEPS, st.integers(1, 4))
@settings(max_examples=150, deadline=None, suppress_health_check=QUIET)
def test_work_on_one_object_keeps_its_order_and_state_is_never_ahead_of_it(
    steps: list[tuple[frozenset[int], frozenset[int], bool] | None], size: int
) -> None:
    watch, failed, marked = Watch(size), False, -1
    try:
        for step in steps:
            if step is None:
                marked = len(watch.jobs)
                watch.crew.mark(marked)
            else:
                watch.submit(step[0], step[1], fails=step[2])
        watch.crew.wait()
    except ArithmeticError:
        failed = True
    finally:
        watch.crew.stop()
    assert watch.wrong == []
    assert all(numbers == sorted(numbers) for numbers in watch.order.values())
    assert watch.states == sorted(watch.states)
    failures = [job.number for job in watch.jobs if job.fails]
    assert failed == bool(failures)
    if failed:
        assert all(covered <= failures[0] for covered in watch.states)
        begun = {number for numbers in watch.order.values() for number in numbers}
        for name in watch.jobs[failures[0]].names:
            assert not [
                number
                for number in begun
                if number > failures[0] and name in watch.jobs[number].names
            ]
    else:
        assert all(job.ended for job in watch.jobs)
        assert watch.states[-1:] == ([marked] if marked >= 0 else [])


def test_work_may_hand_in_more_work_however_much_waits() -> None:
    crew, done = Crew(1, lambda _: None), []

    def more(left: int) -> None:
        done.append(left)
        if left:
            crew.submit({left}, partial(more, left - 1), patient=False)
            crew.submit({left}, lambda: None, patient=False)

    for _ in range(50):
        crew.submit({"same"}, partial(more, 20))
    crew.wait()
    crew.stop()
    assert len(done) == 50 * 21


def test_nothing_begins_after_a_failure_and_it_is_raised_to_whoever_hands_in_more() -> None:
    crew, begun = Crew(1, lambda _: None), []

    def fail() -> None:
        message = "planned"
        raise ArithmeticError(message)

    crew.submit({1}, fail)
    with pytest.raises(ArithmeticError):
        crew.wait()
    with pytest.raises(ArithmeticError):
        crew.submit({2}, lambda: begun.append(1))
    crew.submit({3}, lambda: begun.append(1), patient=False)
    crew.mark("state")
    crew.stop()
    assert begun == []


def test_a_state_that_nobody_takes_is_a_failure() -> None:
    def refuse(_state: Any) -> None:
        message = "planned"
        raise ArithmeticError(message)

    crew = Crew(2, refuse)
    crew.submit({1}, lambda: None)
    crew.mark("state")
    with pytest.raises(ArithmeticError):
        crew.wait()
    with pytest.raises(ArithmeticError):
        crew.stop()
