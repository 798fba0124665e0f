"""target-snowflake, and queries, on a Snowflake that is none; runs in `.venv-snowflake`.

fakesnow translates Snowflake's SQL to DuckDB's. It knows no user stages, which the loader puts its
batches on: here a batch is a table, from which the loader's own SELECT reads, and the loader's own
MERGE follows. So schemas, columns, types, casts, merges and ACTIVATE_VERSION are put to the test.
PUT, stages and file formats are not, nor Snowflake's network, roles, warehouses and limits.

    python on_fakesnow.py FOLDER load --config settings.json       # target-snowflake
    python on_fakesnow.py FOLDER ask DATABASE.SCHEMA < queries     # JSON in and out
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import fakesnow
import snowflake.connector
from snowflake.connector.constants import FIELD_ID_TO_NAME
from sqlalchemy import text
from target_snowflake.connector import SnowflakeConnector
from target_snowflake.sinks import SnowflakeSink
from target_snowflake.target import TargetSnowflake

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

MERGE = re.compile(
    r"merge into (?P<table>\S+) d using \((?P<select>select .+) from '@~.+?'\(.+?\) "
    r"(?P<dedup>QUALIFY .+?)\) s (?P<rest>on .+)",
    re.DOTALL,
)


class Connector(SnowflakeConnector):  # type: ignore[misc]  # lives in another environment
    """The loader's connector, with a table in the place of each stage."""

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """A transaction in the loader's schema, which fakesnow's MERGE needs."""
        with self._connect() as connection, connection.begin():
            connection.execute(text(f"use schema {self.config['default_target_schema']}"))
            yield connection

    def put_batches_to_stage(self, sync_id: str, files: Sequence[str]) -> None:
        """Keep the rows of the batch and their order."""
        rows = f"[{','.join(row for uri in files for row in _lines(uri))}]"
        with self.session() as connection:
            connection.execute(
                text(
                    f'create table "{sync_id}" as select index as seq, value as line '  # noqa: S608 - its own id
                    "from table(flatten(input => parse_json(:rows)))"
                ),
                {"rows": rows},
            )

    def merge_from_stage(self, *, sync_id: str, **how: Any) -> int:
        """Merge what the loader's SELECT makes of the batch; gives the number of rows."""
        statement, _ = self._get_merge_from_stage_statement(sync_id=sync_id, **how)
        found = MERGE.fullmatch(str(statement))
        assert found, "the loader's MERGE has changed"
        select = found["select"].replace("$1:", "line:")
        dedup = found["dedup"].replace("SEQ8()", "seq")
        with self.session() as connection:
            source = f'create temporary table batch as {select} from "{sync_id}" {dedup}'
            connection.execute(text(source))
            merged = connection.execute(
                text(f"merge into {found['table']} d using batch s {found['rest']}")
            )
            connection.execute(text("drop table batch"))
            return sum(merged.one())

    def remove_staged_files(self, sync_id: str) -> None:
        """Forget the batch."""
        with self.session() as connection:
            connection.execute(text(f'drop table "{sync_id}"'))


def _lines(uri: str) -> list[str]:
    with gzip.open(urlsplit(uri).path, "rt", encoding="utf-8", newline="\n") as file:
        return file.read().rstrip("\n").split("\n")


def load(*arguments: str) -> None:
    """Run the loader; fakesnow's one DuckDB wants one stream after the other."""
    TargetSnowflake.max_parallelism = 1
    SnowflakeSink.connector_class = Connector
    TargetSnowflake.cli(arguments)


def ask(place: str) -> None:
    """Answer queries; the rows of each are objects, VARIANT decoded."""
    database, schema = place.split(".")
    with snowflake.connector.connect(database=database, schema=schema) as connection:
        answers = [_rows(connection.cursor().execute(query)) for query in json.load(sys.stdin)]
    json.dump(answers, sys.stdout, default=str)


def _rows(cursor: Any) -> list[dict[str, Any]]:
    columns = [(each.name.lower(), FIELD_ID_TO_NAME[each.type_code]) for each in cursor.description]
    return [
        {
            name: json.loads(value) if kind == "VARIANT" and value is not None else value
            for (name, kind), value in zip(columns, row, strict=True)
        }
        for row in cursor.fetchall()
    ]


if __name__ == "__main__":
    with fakesnow.patch(db_path=sys.argv[1], nop_regexes=["drop file format"]):
        if sys.argv[2] == "load":
            load(*sys.argv[3:])
        else:
            ask(*sys.argv[3:])
