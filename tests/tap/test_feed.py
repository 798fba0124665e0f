"""Pages that wait, and walks that run side by side."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_gorgias.feed import MOST, Ended, Feed
from tap_gorgias.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterator


@given(
    steps=st.lists(st.sampled_from(["append", "oldest", "newest"]), max_size=60),
    in_memory=st.integers(0, 4),
)
def test_a_spool_is_a_queue_at_both_ends_however_little_fits_in_memory(
    steps: list[str], in_memory: int
) -> None:
    spool: Spool[list[int]] = Spool(in_memory)
    model: deque[list[int]] = deque()
    for number, step in enumerate(steps):
        if step == "append":
            spool.append([number])
            model.append([number])
        elif model and step == "oldest":
            assert spool.pop_oldest() == model.popleft()
        elif model:
            assert spool.pop_newest() == model.pop()
        assert len(spool) == len(model)
    spool.close()


def test_an_empty_spool_has_nothing_to_give() -> None:
    spool: Spool[int] = Spool(2)
    with pytest.raises(IndexError):
        spool.pop_oldest()
    with pytest.raises(IndexError):
        spool.pop_newest()


def test_every_item_of_every_walk_comes_in_its_walk_s_order() -> None:
    with Feed({"a": lambda: iter(range(50)), "b": lambda: iter(range(100, 120))}) as feed:
        got = list(feed)
    assert [item for name, item in got if name == "a"][:-1] == list(range(50))
    assert [item for name, item in got if name == "b"][:-1] == list(range(100, 120))
    assert sum(isinstance(item, Ended) for _, item in got) == 2


def test_a_walk_that_fails_tells_why_after_what_it_gave() -> None:
    def failing() -> Iterator[int]:
        yield 1
        message = "broken"
        raise LookupError(message)

    with Feed({"a": failing}) as feed:
        (_, first), (_, ended) = feed
    assert first == 1
    assert isinstance(ended, Ended)
    assert isinstance(ended.error, LookupError)


def test_a_walk_waits_when_too_much_of_it_waits_and_stops_when_nobody_wants_more() -> None:
    count = 0
    full, stopped = threading.Event(), threading.Event()

    def endless() -> Iterator[int]:
        nonlocal count
        try:
            while True:
                count += 1
                if count > MOST:
                    full.set()
                yield count
        finally:
            stopped.set()

    with Feed({"a": endless}):
        assert full.wait(30)
    assert stopped.wait(30)
    assert count <= MOST + 1
