"""What each preset of `meltano.yml` lets into a warehouse, and what it keeps out."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from demo.meltano import MeltanoError
from tap_gorgias.streams import NAMES
from tests.support import truth
from tests.warehouse.project import meltano_for, plugin
from tests.warehouse.warehouses import DuckDB

if TYPE_CHECKING:
    from pathlib import Path

    from gorgias_sandbox.serve import Sandbox

HASHED = "hash-personal-data"
SEED = {"GORGIAS_HASH_SEED": "pepper"}
TEXTS = ("body_text", "body_html", "stripped_text", "stripped_html")
SHORTEST = 8
"""Characters below which a name or a text may stand in another by chance."""


def loaded(
    sandbox: Sandbox, home: Path, tap: str, *mappings: str, **variables: str
) -> tuple[DuckDB, str]:
    """The warehouse that a preset fills, and all that is in it as one text."""
    warehouse = DuckDB(home / "replica.duckdb")
    meltano_for(sandbox, home / "meltano").run(
        tap,
        *mappings,
        warehouse.loader,
        log=home / "run.log",
        settings={**warehouse.settings, **variables},
    )
    tables = {column.partition(".")[0] for column in warehouse.columns()}
    rows = warehouse.ask(*(f"select * from {table}" for table in tables))  # noqa: S608 - our own tables
    return warehouse, json.dumps(rows, default=str, ensure_ascii=False)


@pytest.fixture(scope="module")
def people(sandbox: Sandbox) -> set[str]:
    """Addresses, full names and telephone numbers."""
    everybody = truth(sandbox, "customers") + truth(sandbox, "users")
    found = {row[name] for row in everybody for name in ("email", "name")}
    found |= {row["phone_number_source"] for row in truth(sandbox, "voice_calls")}
    return {word for word in found if word and len(word) > SHORTEST}


@pytest.fixture(scope="module")
def writings(sandbox: Sandbox) -> set[str]:
    """What people wrote, as it stands in JSON."""
    messages = truth(sandbox, "messages")
    texts = {row[name] for row in messages for name in TEXTS}
    texts |= {row["excerpt"] for row in truth(sandbox, "tickets")}
    texts |= {row["body_text"] for row in truth(sandbox, "satisfaction_surveys")}
    quoted = {json.dumps(text, ensure_ascii=False)[1:-1] for text in texts if text}
    return {text for text in quoted if len(text) > SHORTEST}


def named(words: set[str], text: str) -> list[str]:
    return sorted(word for word in words if word in text)


def test_all_that_is_looked_for_is_found_without_a_preset(
    sandbox: Sandbox, tmp_path: Path, people: set[str], writings: set[str]
) -> None:
    _, text = loaded(sandbox, tmp_path, "tap-gorgias")
    assert len(named(people, text)) > len(people) / 2
    assert len(named(writings, text)) > len(writings) / 2


def test_metrics_hold_nobody_and_nothing_written(
    sandbox: Sandbox, tmp_path: Path, people: set[str], writings: set[str]
) -> None:
    warehouse, text = loaded(sandbox, tmp_path, "tap-gorgias-metrics")
    assert named(people | writings, text) == []
    (waits,) = warehouse.ask(
        "select min(messages.created_datetime) - any_value(tickets.created_datetime) as wait "
        "from tickets join messages on messages.ticket_id = tickets.id and messages.from_agent "
        "group by tickets.id"
    )
    assert waits


def test_without_bodies_nothing_written_is_held(
    sandbox: Sandbox, tmp_path: Path, people: set[str], writings: set[str]
) -> None:
    _, text = loaded(sandbox, tmp_path, "tap-gorgias-no-bodies")
    assert named(writings, text) == []
    assert named(people, text)


def test_everything_has_a_table_for_every_stream(sandbox: Sandbox, tmp_path: Path) -> None:
    warehouse, _ = loaded(sandbox, tmp_path, "tap-gorgias-everything")
    assert {column.partition(".")[0] for column in warehouse.columns()} == set(NAMES)


def test_hashed_data_holds_nobody_and_nothing_written_but_can_be_joined(
    sandbox: Sandbox, tmp_path: Path, people: set[str], writings: set[str]
) -> None:
    warehouse, text = loaded(sandbox, tmp_path, "tap-gorgias", HASHED, **SEED)
    assert named(people | writings, text) == []
    (rows,) = warehouse.ask(
        "select distinct email from tickets join customers on customers.id = tickets.customer_id"
    )
    customers = {row["email"] for row in truth(sandbox, "customers") if row["email"]}
    hashes = {hashlib.sha256(f"pepper{email}".encode()).hexdigest() for email in customers}
    assert {row["email"] for row in rows} - {None} <= hashes


def test_nothing_is_hashed_without_a_seed(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(MeltanoError):
        loaded(sandbox, tmp_path, "tap-gorgias", HASHED)


def test_every_mapped_stream_exists() -> None:
    for mapper in ("meltano-map-transformer", "hasher"):
        for mapping in plugin("mappers", mapper)["mappings"]:
            assert set(mapping["config"]["stream_maps"]) <= {"__else__", *NAMES}
