"""What it costs to go on after a kill, and what an instant with many rows costs when idle."""

from __future__ import annotations

import random
from math import ceil
from typing import TYPE_CHECKING

import pytest

from tests.program import Program
from tests.support import settings, truth
from tests.tap.hostile import REFUSALS, Hostile, hostile
from tests.tap.test_outside import tie

if TYPE_CHECKING:
    from collections.abc import Callable

    from gorgias_sandbox.serve import Sandbox
    from tests.program import Run
    from tests.support import Row

PAGE = 2
TRIES = 2
FEW = 3
"""Requests that going on may cost above the pages that are left: tries of the old cursor, and
pages that were out and are read again."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return Program(tmp_path_factory.mktemp("program"))


class Interrupted:
    """Runs of one list through a hostile server, killed at a request or left alone."""

    def __init__(self, program: Program, sandbox: Sandbox, between: Hostile, stream: str) -> None:
        self._program, self._between, self._stream = program, between, stream
        self._config = settings(sandbox) | {"page_size": PAGE, "max_retries": TRIES}
        self._config["api_url"] = between.api_url
        self.state: Row | None = None
        self.kept: set[int] = set()
        """Ids of the rows that the kept state covers."""
        self.told: set[int] = set()
        self.asked = 0

    def run(self, kill_at: int | None = None) -> Run:
        """One run, killed when the list is asked so many times."""
        self.asked = 0

        def ahead(path: str) -> None:
            self.asked += path == f"/api/{self._stream}"
            if self.asked == kill_at:
                self._program.kill()

        self._between.ahead = ahead
        self._between.begin()
        run = self._program.run(self._config, [self._stream], self.state)
        for line in run.lines:
            if line["type"] == "RECORD":
                self.told.add(line["record"]["id"])
            if line["type"] == "STATE":
                self.state, self.kept = line["value"], set(self.told)
        return run


@pytest.mark.parametrize("refusal", [None, *REFUSALS])
@pytest.mark.parametrize("stream", ["tickets", "messages"])
def test_going_on_without_the_old_cursor_costs_what_is_left(
    open_sandbox: Callable[..., Sandbox], program: Program, stream: str, refusal: str | None
) -> None:
    sandbox = open_sandbox(tickets=100 if stream == "tickets" else 40)
    rows = {row["id"] for row in truth(sandbox, stream)}
    with hostile(sandbox, random.Random(1)) as between:  # noqa: S311 - it spoils nothing here
        runs = Interrupted(program, sandbox, between, stream)
        runs.run(kill_at=int(len(rows) / PAGE * 0.9))
        assert runs.state
        left = ceil(len(rows - runs.kept) / PAGE)
        between.old = refusal
        run = runs.run()
    assert run.code == 0, run.log[-2000:]
    assert runs.told == rows
    assert runs.asked <= left + TRIES + FEW, f"{left} pages were left"


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_backfill_ends_though_every_run_is_killed_and_no_cursor_outlives_it(
    open_sandbox: Callable[..., Sandbox], program: Program, refusal: str
) -> None:
    sandbox = open_sandbox(tickets=80)
    rows = {row["id"] for row in truth(sandbox, "tickets")}
    most = int(len(rows) / PAGE * 0.6)
    with hostile(sandbox, random.Random(1)) as between:  # noqa: S311 - it spoils nothing here
        between.old = refusal
        runs = Interrupted(program, sandbox, between, "tickets")
        codes = [runs.run(kill_at=most).code for _ in range(4)]
    assert codes[-1] == 0, "it came to its end"
    assert runs.told == rows


@pytest.mark.parametrize("stream", ["tickets", "customers", "messages", "events"])
def test_an_instant_with_many_rows_is_read_once(
    open_sandbox: Callable[..., Sandbox], program: Program, stream: str
) -> None:
    sandbox = open_sandbox(tickets=100)
    tie(sandbox, stream, 60, random.Random(1))  # noqa: S311 - a seed that can be given again
    # Messages are read again for a day by default, which is another matter.
    config = settings(sandbox) | {"page_size": 5, "lookback": {"messages": "P0D"}}
    state = program.run(config, [stream]).state
    for _ in range(3):
        sandbox.backend.requests.clear()
        state = program.run(config, [stream], state).state
        assert len(sandbox.requests) <= 2
    newer = sandbox.world.now()
    tie(sandbox, stream, 1, random.Random(2))  # noqa: S311 - likewise
    rows = program.run(config, [stream], state).records[stream]
    by = "updated_datetime" if stream in {"tickets", "customers"} else "created_datetime"
    assert [row for row in rows if row[by] >= newer], "what comes later is still seen"
