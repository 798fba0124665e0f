"""Reading a DuckDB replica as a user would: the current rows only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support import Row
    from tests.warehouse.truth import Tables

# Rows that Gorgias has deleted stay in a warehouse; `deletions` tells which they are. What was
# derived from a row and is gone since was read at another instant than the row.
PARENTS = {
    "attachments": ("messages", "message_id"),
    "customer_custom_fields": ("customers", "customer_id"),
    "ticket_custom_fields": ("tickets", "ticket_id"),
    "ticket_tags": ("tickets", "ticket_id"),
}
OWNERS = {
    "attachments": ("Ticket", "ticket_id"),
    "customer_custom_fields": ("Customer", "customer_id"),
    "customers": ("Customer", "id"),
    "messages": ("Ticket", "ticket_id"),
    "tags": ("Tag", "id"),
    "ticket_custom_fields": ("Ticket", "ticket_id"),
    "ticket_tags": ("Ticket", "ticket_id"),
    "tickets": ("Ticket", "id"),
}


def replica(path: Path) -> Tables:
    """The current rows of every table, JSON columns decoded."""
    with duckdb.connect(str(path), read_only=True) as warehouse:
        names = warehouse.execute("select table_name from duckdb_tables()").fetchall()
        return {name: _rows(warehouse, name) for (name,) in names}


def current(table: str) -> str:
    """The query for the rows of a table that still exist."""
    query = "select {0}.* from {0}"
    if table in PARENTS:
        query += " join {1} on {1}.id = {0}.{2} and {1}.read_datetime = {0}.read_datetime"
    if table in OWNERS:
        query += " where {0}.{4} not in (select object_id from deletions where object_type = '{3}')"
    return query.format(table, *PARENTS.get(table, ("", "")), *OWNERS.get(table, ()))


def _rows(warehouse: duckdb.DuckDBPyConnection, table: str) -> list[Row]:
    found = warehouse.execute(current(table))
    columns = [(name, str(kind)) for name, kind, *_ in found.description or ()]
    return [
        {name: _decoded(value, kind) for (name, kind), value in zip(columns, row, strict=True)}
        for row in found.fetchall()
    ]


def _decoded(value: Any, kind: str) -> Any:
    return json.loads(value) if kind == "JSON" and value is not None else value
