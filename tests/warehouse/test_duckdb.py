"""A replica in DuckDB equals the account, at first and after changes; the changes cost little."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from gorgias_api import Client
from tests.support import settings
from tests.support import truth as support_truth
from tests.warehouse.changes import change_everything
from tests.warehouse.project import plugin
from tests.warehouse.replica import replica
from tests.warehouse.truth import Tables, comparable, truth

if TYPE_CHECKING:
    from demo.meltano import Meltano
    from gorgias_sandbox.serve import Sandbox
    from tests.support import Row

README = Path(__file__).parent.parent.parent / "README.md"
KEYS = ("id", "domain", "message_id", "ticket_id", "customer_id")
INNER_KEYS = ("custom_field_id", "tag_id", "position")
# Two streams live on the events: they themselves, and the deletions among them.
FOR_CHANGES = {"/api/customers": 1, "/api/events": 2, "/api/messages": 1, "/api/tickets": 1}


@dataclass(frozen=True)
class Sync:
    """What a run left in the warehouse, what the account held then, and the requests it took."""

    loaded: Tables
    truth: Tables
    requests: Counter[str]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("duckdb")


@pytest.fixture(scope="module")
def first(sandbox: Sandbox, meltano: Meltano, home: Path) -> Sync:
    return _sync(sandbox, meltano, home)


@pytest.fixture(scope="module")
def second(sandbox: Sandbox, meltano: Meltano, home: Path, first: Sync) -> Sync:
    assert first.loaded
    with Client.from_settings(settings(sandbox)) as client:
        change_everything(client)
    return _sync(sandbox, meltano, home)


def _sync(sandbox: Sandbox, meltano: Meltano, home: Path, **more: str) -> Sync:
    sandbox.backend.requests.clear()
    warehouse = home / "replica.duckdb"
    meltano.run(
        "tap-gorgias",
        "target-duckdb",
        log=home / "run.log",
        settings={"TARGET_DUCKDB_PATH": str(warehouse)} | more,
    )
    requests = Counter(request.path for request in sandbox.requests)
    loaded = replica(warehouse)
    return Sync(loaded, truth(sandbox, loaded), requests)


@pytest.fixture(params=["first", "second"])
def sync(request: pytest.FixtureRequest) -> Sync:
    found: Sync = request.getfixturevalue(request.param)
    return found


def test_every_stream_that_is_selected_is_loaded(sync: Sync) -> None:
    selected = plugin("extractors", "tap-gorgias")["select"]
    assert {f"{name}.*" for name in sync.loaded} == set(selected)


def test_no_table_is_empty(sync: Sync) -> None:
    assert [name for name, rows in sync.loaded.items() if not rows] == []


def test_every_table_has_a_column_for_every_field(sync: Sync) -> None:
    for name, rows in sync.truth.items():
        fields = {field for row in rows for field in row}
        assert fields <= set(sync.loaded[name][0]), name


def test_every_row_equals_the_account_s(sync: Sync) -> None:
    for name, rows in sync.truth.items():
        assert _differences(sync.loaded[name], rows) == [], name


def test_the_changes_cost_one_request_for_each_stream(first: Sync, second: Sync) -> None:
    assert {path: second.requests[path] for path in FOR_CHANGES} == FOR_CHANGES
    assert all(second.requests[path] <= count for path, count in first.requests.items())


def test_a_run_without_changes_costs_no_more_and_changes_nothing(
    sandbox: Sandbox, meltano: Meltano, home: Path, second: Sync
) -> None:
    third = _sync(sandbox, meltano, home)
    assert third.requests == second.requests
    for name, rows in second.loaded.items():
        assert _differences(third.loaded[name], rows) == [], name


def test_a_value_cleared_without_a_date_is_gone_by_the_readme_s_join_after_a_full_pass(
    sandbox: Sandbox, meltano: Meltano, home: Path, second: Sync
) -> None:
    old = next(row for row in second.truth["tickets"] if len(row["custom_fields"]) > 1)
    field = next(iter(old["custom_fields"]))
    with Client.from_settings(settings(sandbox)) as client:
        client.request("DELETE", f"/api/tickets/{old['id']}/custom-fields/{field}")
    (now,) = (row for row in support_truth(sandbox, "tickets") if row["id"] == old["id"])
    assert now["updated_datetime"] == old["updated_datetime"]
    before = _values_of(home, old["id"])
    _sync(sandbox, meltano, home)
    assert _values_of(home, old["id"]) == before, "no date tells of it"
    _sync(sandbox, meltano, home, TAP_GORGIAS_FULL_PASS_EVERY='{"tickets": "P1D"}')
    assert _values_of(home, old["id"]) == before - {int(field)}


def _values_of(home: Path, ticket: int) -> set[int]:
    """The fields a ticket has values of, by the join that the README shows for tags."""
    query = re.findall(r"```sql\n(select.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[0]
    query = query.replace("ticket_tags.name", "ticket_custom_fields.custom_field_id")
    query = query.replace("ticket_tags", "ticket_custom_fields")
    with duckdb.connect(str(home / "replica.duckdb"), read_only=True) as warehouse:
        return {field for found, field in warehouse.execute(query).fetchall() if found == ticket}


def _differences(loaded: list[Row], wanted: list[Row]) -> list[tuple[Any, ...]]:
    """Key, column, and what the two sides hold; a row that only one side has differs in its key."""
    left, right = _by_key(loaded), _by_key(wanted)
    return [
        (key, column, left.get(key, {}).get(column), right.get(key, {}).get(column))
        for key in left.keys() | right.keys()
        for column in left.get(key, {}).keys() | right.get(key, {}).keys()
        if left.get(key, {}).get(column) != right.get(key, {}).get(column)
    ]


def _by_key(rows: list[Row]) -> dict[tuple[Any, ...], Row]:
    """Comparable rows by what identifies them."""
    keyed = {_key(row): comparable(row) for row in rows}
    assert len(keyed) == len(rows)
    return keyed


def _key(row: Row) -> tuple[Any, ...]:
    outer = next(row[name] for name in KEYS if name in row)
    return outer, next((row[name] for name in INNER_KEYS if "id" not in row and name in row), None)
