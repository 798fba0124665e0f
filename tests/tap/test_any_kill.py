"""Wherever a run is killed, parents and the rows derived from them do not get apart.

One run is enough for all kills of it: what a loader has after a kill is a beginning of its lines.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from tests.program import Program
from tests.support import settings, truth
from tests.tap.model import CHILDREN, Key
from tests.tap.outside import KEYS
from tests.tap.test_consistency import Shop
from tests.tap.test_outside import tie

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from gorgias_sandbox.serve import Sandbox
    from tests.support import Row

Tables = dict[str, dict[Key, str]]
FAMILIES = ("tickets", "messages", "customers", *CHILDREN)


@pytest.mark.parametrize("which", ["first run", "later run"])
def test_wherever_a_run_is_killed_the_join_of_current_rows_is_right_after_the_next(
    open_sandbox: Callable[..., Sandbox], tmp_path: Path, which: str
) -> None:
    program = Program(tmp_path)
    sandbox = open_sandbox(tickets=40)
    shop = Shop(sandbox, random.Random(1))  # noqa: S311 - a seed that can be given again
    config = settings(sandbox) | {"page_size": 10}
    before = program.run(config, FAMILIES).lines if which == "later run" else []
    state = last_state(before)
    for _ in range(25):
        shop.tag()
    tie(sandbox, "tickets", 15, shop.chance)
    shop.client.close()
    lines = program.run(config, FAMILIES, state).lines
    after: dict[str, list[Row]] = {}
    for killed in range(len(lines)):
        left = last_state(lines[:killed]) or state
        key = json.dumps(left)
        if key not in after:
            after[key] = program.run(config, FAMILIES, left).lines
        tables = merged([*before, *lines[:killed], *after[key]])
        for stream, (parent, keys_of) in CHILDREN.items():
            rows = truth(sandbox, parent)
            assert set(tables[parent]) == {(row["id"],) for row in rows}, parent
            wanted = set().union(*map(keys_of, rows))
            assert current(tables, stream) == wanted, f"{stream}, killed after {killed} lines"


def last_state(lines: Iterable[Row]) -> Row | None:
    """The state a loader has kept."""
    states = [line["value"] for line in lines if line["type"] == "STATE"]
    return states[-1] if states else None


def merged(lines: Iterable[Row]) -> Tables:
    """When each row was read, by stream and key; the last one wins, as in a warehouse."""
    tables: Tables = defaultdict(dict)
    for line in lines:
        if line["type"] == "RECORD":
            key = tuple(line["record"][name] for name in KEYS.get(line["stream"], ("id",)))
            tables[line["stream"]][key] = line["record"]["read_datetime"]
    return tables


def current(tables: Tables, stream: str) -> set[Key]:
    """The keys of the derived rows that the README's join finds."""
    parent, _ = CHILDREN[stream]
    return {key for key, read in tables[stream].items() if read == tables[parent].get(key[:1])}
