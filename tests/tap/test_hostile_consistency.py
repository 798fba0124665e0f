"""The replica equals the server, though answers are spoilt, cursors refused and the tap killed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.program import Program
from tests.support import settings
from tests.tap.hostile import REFUSALS, Hostile, hostile
from tests.tap.test_consistency import KEYS, Replica, Shop, compare
from tests.tap.test_outside import tie

if TYPE_CHECKING:
    from collections.abc import Callable

    from gorgias_sandbox.serve import Sandbox
    from tests.program import Run

SEEDS = 8
KILLS = 8
COMPLETE_AFTER = 3
"""So many kills, then a run that comes to its end."""
FUTURE = 2 * 86_400.0


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return Program(tmp_path_factory.mktemp("program"))


class Reader:
    """Runs of the tap through a hostile server into a replica, with work going on in the shop."""

    def __init__(
        self, program: Program, between: Hostile, shop: Shop, chance: random.Random
    ) -> None:
        self._program, self._between, self._shop, self._chance = program, between, shop, chance
        self.replica = Replica()

    def run(self, kill_after: int | None = None) -> Run:
        """One run, killed after so many lines; None: it comes to its end, and nothing changes."""
        self._between.begin()
        self._between.old = self._chance.choice([None, *REFUSALS])
        config = settings(self._shop.sandbox) | {
            "api_url": self._between.api_url,
            "page_size": 10,
            "max_retries": 4,
        }

        def watch(count: int) -> None:
            if kill_after is not None:
                if count == kill_after:
                    self._program.kill()
                if self._chance.random() < 0.03:
                    self._shop.work()

        run = self._program.run(config, KEYS, self.replica.state, watch)
        for line in run.lines:
            self.replica.take(line)
        assert run.code == 0 or kill_after is not None, (self._between.spoilt[-9:], run.log[-3000:])
        return run


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_replica_equals_the_server_however_hostile_it_is(
    open_sandbox: Callable[..., Sandbox], program: Program, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a seed that can be given again
    sandbox = open_sandbox(seed=seed, tickets=60, cursor_ttl=100.0)
    shop = Shop(sandbox, chance)
    for table in ("tickets", "messages", "events"):
        tie(sandbox, table, 30, chance)
        date_ahead(sandbox, table, 12, chance)
    with hostile(sandbox, chance) as between:
        between.share = 0.06
        reader = Reader(program, between, shop, chance)
        for kill in range(1, KILLS + 1):
            reader.run(chance.randrange(5, 500))
            for _ in range(chance.randrange(4)):
                shop.work()
            tie(sandbox, "tickets", chance.choice([0, 0, 30]), chance)
            if kill % COMPLETE_AFTER == 0 or kill == KILLS:
                reader.run()
                compare(sandbox, reader.replica)
    shop.client.close()


def date_ahead(sandbox: Sandbox, table: str, count: int, chance: random.Random) -> None:
    """Rows that a client with a wrong clock has written, two days from now."""
    sandbox.clock.advance(FUTURE)
    for _ in range(count):
        tie(sandbox, table, 1, chance)
    sandbox.clock.advance(-FUTURE)
