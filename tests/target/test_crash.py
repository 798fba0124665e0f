"""Whatever is killed or cut off: in the end every row was written once, and the newest one counts.

After a kill the input goes on from the last state, sometimes from a little earlier, sometimes from
the very start. Requests are cut off before and after they are applied, refused with 5xx, answered
late or by half.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import signal
import sqlite3
import threading
import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from gorgias_api import Client
from gorgias_sandbox.faults import Fault, FaultPlan
from tests.support import Row, settings
from tests.target.crash_rows import STREAMS, Line, Warehouse
from tests.target_process import ENDED_EARLY, run_target

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from gorgias_sandbox.serve import Sandbox

SEEDS = 20
KILLS = 10
SIZE = 3
MOST_REQUESTS = 40
"""Before a kill."""
TROUBLED = 0.08
"""Share of the requests that go wrong."""
PATIENCE = 1.0
SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["tests.target_process"])


class Trouble(FaultPlan):
    """Spoils requests by chance, and kills their sender at, or just after, a certain one."""

    KINDS: tuple[dict[str, Any], ...] = (
        {"reset": "before"},
        {"reset": "after"},
        {"truncate": True},
        {"status": 500},
        {"status": 503},
        {"delay": 0.01},
    )

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance
        self.on = False
        self.arrived = 0
        self.deadly = 0
        self.victim: BaseProcess | None = None

    def draw(self, method: str, path: str) -> Fault | None:
        self.arrived += 1
        if self.arrived == self.deadly and self.victim:
            later = self._chance.choice([0.0, self._chance.uniform(0, 0.004)])
            threading.Timer(later, self.victim.kill).start()
        if not self.on or self._chance.random() > TROUBLED:
            return super().draw(method, path)
        return Fault(**self._chance.choice(self.KINDS))


class Runs:
    """Runs of the target over one input into one account."""

    def __init__(self, sandbox: Sandbox, warehouse: Warehouse, folder: Path) -> None:
        self.sandbox = sandbox
        self.warehouse = warehouse
        self.ledger = folder / "ledger.db"
        self.trouble = Trouble(random.Random(sandbox.backend.options.seed))  # noqa: S311 - repeatable
        sandbox.backend.faults = self.trouble
        self._source, self._states = folder / "source.jsonl", folder / "states.jsonl"
        self._config = settings(sandbox) | {
            "ledger_url": f"sqlite:///{self.ledger}",
            "streams": STREAMS,
            "allow_sending": True,
        }

    def run(self, lines: list[Line], start: int = 0, *, deadly: int = 0) -> tuple[int | None, int]:
        """Write the lines from `start` on; give the exit code, and where the last state was.

        Args:
            lines: the input.
            start: where to begin.
            deadly: number of the request that kills it; 0 leaves it alone.
        """
        with self._source.open("w", encoding="utf-8") as file:
            for message in self.warehouse.messages(lines, start):
                file.write(json.dumps(message) + "\n")
        self._states.write_text("")
        files = (str(self._source), str(self._states))
        process = SERVER.Process(target=run_target, args=(self._config, *files))
        self.trouble.victim, self.trouble.on = process, deadly > 0
        self.trouble.deadly = self.trouble.arrived + deadly if deadly else 0
        process.start()
        process.join()
        self.trouble.on = False
        self._let_settle()
        assert process.exitcode in {0, -signal.SIGKILL, ENDED_EARLY}, "a row was refused"
        *whole, _broken_off = self._states.read_text().split("\n")
        states = [json.loads(line)["at"] for line in whole]
        assert states == sorted(states)
        return process.exitcode, states[-1] if states else start

    def _let_settle(self) -> None:
        """Wait until the sandbox is done with what a killed process has sent."""
        last = time.monotonic() + PATIENCE
        with Client.from_settings(settings(self.sandbox)) as client:
            client.request("GET", "/api/account")
            while self.trouble.arrived > len(self.sandbox.requests) and time.monotonic() < last:
                client.request("GET", "/api/account")
        self.trouble.arrived = len(self.sandbox.requests)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_row_is_written_once_however_often_the_target_is_killed(
    open_sandbox: Callable[..., Sandbox], tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a seed that can be given again
    sandbox = open_sandbox(seed=seed, tickets=0)
    warehouse = Warehouse(chance, SIZE)
    runs = Runs(sandbox, warehouse, tmp_path)
    lines, killed, start = warehouse.lines, 0, 0
    while killed < KILLS:
        code, reached = runs.run(lines, start, deadly=chance.randrange(1, MOST_REQUESTS))
        killed += code == -signal.SIGKILL
        start = taken_up_at(reached, lines, chance)
    assert runs.run(lines, start) == (0, len(lines))
    compare(sandbox, warehouse)
    check_ledger(sandbox, runs.ledger)

    before = len(sandbox.requests)
    assert runs.run(warehouse.newest) == (0, len(warehouse.newest))
    assert {seen.method for seen in sandbox.requests[before:]} == {"GET"}


def taken_up_at(reached: int, lines: list[Line], chance: random.Random) -> int:
    """Where the next run begins."""
    if reached == len(lines) or chance.random() < 0.15:
        return 0
    return max(0, reached - chance.choice([0, 0, chance.randrange(20)]))


def compare(sandbox: Sandbox, warehouse: Warehouse) -> None:
    """Every object, field by field; and what was delivered to people."""
    tables = sandbox.world.tables
    customers: dict[str, list[Row]] = defaultdict(list)
    for row in tables["customers"]:
        shown = {name: row[name] for name in ("email", "name", "data")}
        shown["addresses"] = {channel["address"] for channel in row["channels"]}
        customers[row["external_id"]].append(shown | {"values": row["field_values"]})
    assert customers == {key: [row] for key, row in warehouse.customers().items()}
    tickets: dict[str, list[Row]] = defaultdict(list)
    for row in tables["tickets"]:
        shown = {name: row[name] for name in ("subject", "status")}
        shown["tags"] = {tables["tags"][tag]["name"] for tag in row["tag_ids"]}
        shown["customer"] = tables["customers"][row["customer_id"]]["email"]
        inside = (
            tables["messages"][each] for each in tables["messages"].find("ticket_id", row["id"])
        )
        shown["messages"] = Counter(
            (each["external_id"], each["body_text"], each["from_agent"]) for each in inside
        )
        tickets[row["external_id"]].append(shown | {"values": row["field_values"]})
    assert tickets == {key: [row] for key, row in warehouse.tickets().items()}
    delivered = [tables["messages"][each]["external_id"] for each in sandbox.world.delivered]
    assert sorted(delivered) == sorted(warehouse.delivered())


def check_ledger(sandbox: Sandbox, path: Path) -> None:
    """It is whole, nothing is open, and what it names is there."""
    connection = sqlite3.connect(path)

    def ask(query: str) -> list[Any]:
        return connection.execute(query).fetchall()

    assert ask("pragma integrity_check") == [("ok",)]
    assert ask("select * from gorgias_waiting") == []
    assert ask("select * from gorgias_ledger where state <> 'done'") == []
    # Messages go with their ticket.
    named = ask(
        "select entity, gorgias_id from gorgias_ledger "
        "where gorgias_id is not null and entity <> 'messages'"
    )
    connection.close()
    world = sandbox.world
    # Of a part, it is the ticket or customer, which may have been deleted with it.
    assert [
        (entity, number)
        for entity, number in named
        if entity in world.tables
        and number not in world.tables[entity]
        and number not in world.merged
    ] == []
