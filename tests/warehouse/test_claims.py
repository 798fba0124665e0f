"""What the tap says on the log of `meltano run` is what stands in the warehouse's tables."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.support import truth
from tests.warehouse.project import meltano_for
from tests.warehouse.warehouses import Warehouse, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from demo.meltano import Meltano
    from gorgias_sandbox.serve import Sandbox

LISTS = ("rules", "integrations", "widgets", "jobs", "users", "views", "tags")
_CLAIM = re.compile(r"\b(\w+): (\d+) records?, \d+ requests?\.")


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def warehouse(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    with opened(request.param, tmp_path_factory.mktemp(request.param)) as empty:
        yield empty


@pytest.fixture(scope="module")
def meltano(
    warehouse: Warehouse, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Meltano:
    """One for each warehouse, since it keeps the state."""
    assert warehouse
    return meltano_for(sandbox, tmp_path_factory.mktemp("runs") / "meltano")


def claimed(
    meltano: Meltano, warehouse: Warehouse, home: Path, streams: tuple[str, ...], **variables: str
) -> dict[str, int]:
    """Load some streams; gives the rows of each as the log has them."""
    log = home / "run.log"
    meltano.run(
        "tap-gorgias",
        warehouse.loader,
        log=log,
        settings={
            **warehouse.settings,
            **variables,
            "TAP_GORGIAS__SELECT": json.dumps([f"{name}.*" for name in streams]),
        },
    )
    return {name: int(rows) for name, rows in _CLAIM.findall(log.read_text(encoding="utf-8"))}


def loaded(warehouse: Warehouse, streams: tuple[str, ...]) -> dict[str, set[int]]:
    """The ids in the table of each stream; a stream without a table has none."""
    tables = {column.partition(".")[0] for column in warehouse.columns()}
    there = [name for name in streams if name in tables]
    rows = warehouse.ask(*(f"select id from {name}" for name in there))  # noqa: S608 - our own tables
    found = {name: {row["id"] for row in table} for name, table in zip(there, rows, strict=True)}
    return {name: found.get(name, set()) for name in streams}


@pytest.mark.parametrize("streams", [LISTS, ("custom_fields",)], ids=["seven lists", "one list"])
def test_all_rows_of_lists_that_declare_nothing_are_loaded(
    meltano: Meltano,
    warehouse: Warehouse,
    sandbox: Sandbox,
    tmp_path: Path,
    streams: tuple[str, ...],
) -> None:
    quietly = {"TAP_GORGIAS_EMIT_ACTIVATE_VERSION_MESSAGES": "false"}
    told = claimed(meltano, warehouse, tmp_path, streams, **quietly)
    rows = {name: {row["id"] for row in truth(sandbox, name)} for name in streams}
    assert loaded(warehouse, streams) == rows
    assert told == {name: len(ids) for name, ids in rows.items()}


def test_all_rows_of_a_long_look_back_are_loaded_again(
    meltano: Meltano, warehouse: Warehouse, sandbox: Sandbox, tmp_path: Path
) -> None:
    streams = ("messages",)
    first = claimed(meltano, warehouse, tmp_path, streams)
    messages = list(sandbox.world.tables["messages"])
    subject = f"Read again into {warehouse.loader}"
    for row in messages:
        sandbox.world.update("messages", row["id"], subject=subject)
    all_again = {"TAP_GORGIAS_LOOKBACK": '{"messages": "P9999D"}'}
    second = claimed(meltano, warehouse, tmp_path, streams, **all_again)
    assert first == second == {"messages": len(messages)}
    (rows,) = warehouse.ask(f"select id from messages where subject = '{subject}'")  # noqa: S608 - our own words
    assert {row["id"] for row in rows} == {row["id"] for row in messages}
