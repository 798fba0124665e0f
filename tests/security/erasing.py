"""The page on erasing a person: its blocks, and warehouses to run them in."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg

from demo.meltano import PROJECT
from tests.security.hashing import columns
from tests.warehouse.warehouses import SHIM, SNOWFLAKE_PYTHON, postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.support import Row

    Answers = list[list[tuple[Any, ...]]]
    Run = Callable[[Path, Sequence[str]], Answers]

PAGE = (PROJECT / "docs/erasing-a-person.md").read_text(encoding="utf-8")
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w+)\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL)
SHELL = [text for language, text in BLOCKS if language == "sh"]
WHOSE, SEEN, DELETED = (text for language, text in BLOCKS if language == "sql")
(WHOSE_IN_SNOWFLAKE,) = (text for language, text in BLOCKS if language == "snowflake")
RESERVED = {"order", "user"}
"""Columns that SQL would have in quotes; they hold no person."""


@dataclass(frozen=True)
class Warehouse:
    """How a warehouse is spoken to.

    Attributes:
        run: runs statements in one session, gives the rows of each.
        types: of its columns, by kind in JSON schema.
        nested: how JSON text becomes an object or a list.
        backslash: as it is written in a text.
        whose: the statements that say what is the person's.
    """

    run: Run
    types: Mapping[str, str]
    nested: str
    backslash: str = "\\"
    whose: str = WHOSE

    def filled(self, records: Mapping[str, list[Row]]) -> Iterator[str]:
        """Statements that make a table for each stream, with its rows."""
        for stream, schemas in columns().items():
            kinds = {name: _kind(schemas[name]) for name in schemas if name not in RESERVED}
            declared = [f"{name} {self.types.get(kind, 'text')}" for name, kind in kinds.items()]
            yield f"create table {stream} ({', '.join(declared)})"
            rows = [
                ", ".join(self._literal(row.get(name), kind) for name, kind in kinds.items())
                for row in records.get(stream, [])
            ]
            if rows:
                yield f"insert into {stream} values ({'), ('.join(rows)})"  # noqa: S608 - our own rows

    def _literal(self, value: Any, kind: str) -> str:
        if value is None or isinstance(value, bool | int | float):
            return "null" if value is None else str(value)
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        quoted = "'" + text.replace("\\", self.backslash).replace("'", "''") + "'"
        return self.nested.format(quoted) if kind in {"object", "array"} else quoted


def statements(block: str) -> list[str]:
    """The statements of a block of SQL."""
    return [each.strip() for each in block.split(";") if each.strip()]


def _kind(schema: Row) -> str:
    kinds = [each for each in schema["type"] if each != "null"]
    return str(kinds[0]) if len(kinds) == 1 else "string"


def _in_duckdb(_folder: Path, given: Sequence[str]) -> Answers:
    with duckdb.connect() as connection:
        return [connection.execute(each).fetchall() for each in given]


def _in_postgres(_folder: Path, given: Sequence[str]) -> Answers:
    with postgres() as uri, psycopg.connect(uri, autocommit=True) as connection:
        found = (connection.execute(each.encode()) for each in given)
        return [each.fetchall() if each.description else [] for each in found]


def _in_snowflake(folder: Path, given: Sequence[str]) -> Answers:
    answers = subprocess.run(  # noqa: S603 - our own words
        [SNOWFLAKE_PYTHON, SHIM, folder, "ask", "ANALYTICS.GORGIAS"],
        input=json.dumps(given),
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return [[tuple(row.values()) for row in rows] for rows in json.loads(answers.stdout)]


def _types(nested: str, **more: str) -> dict[str, str]:
    return {"integer": "bigint", "boolean": "boolean", "object": nested, "array": nested, **more}


WAREHOUSES = {
    "duckdb": Warehouse(_in_duckdb, _types("json", number="double"), "cast({} as json)"),
    "postgres": Warehouse(_in_postgres, _types("jsonb", number="numeric"), "cast({} as jsonb)"),
    "snowflake": Warehouse(
        _in_snowflake,
        _types("variant", number="float"),
        "parse_json({})",
        "\\\\",
        WHOSE_IN_SNOWFLAKE,
    ),
}
