"""The layout of the ledger's tables: which one a database has, and the steps to the newest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, inspect, select, text, true

from gorgias_api import GorgiasError
from target_gorgias.database import ENTRIES, LAYOUT, METADATA, STREAMS, WAITING

if TYPE_CHECKING:
    from sqlalchemy import Connection

FIRST, STREAMS_NOTED, NEWEST = 1, 2, 3
SAME_TIME = 5_083_112_024
"""PostgreSQL's lock for changing the tables, which several accounts may share."""


class LayoutError(GorgiasError):
    """The tables are not those of a ledger that this version can use. The text is a clause."""


def settle(connection: Connection) -> None:
    """Make the tables, or bring them to the newest layout; what was begun is begun anew.

    Raises:
        LayoutError: they are newer, or not those of a ledger.
    """
    try:
        if _found(connection) != NEWEST:
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(SAME_TIME)))
            if (found := _found(connection)) != NEWEST:
                _step(connection, found)
        _check_columns(connection)
    except LayoutError:
        connection.rollback()
        raise


def _step(connection: Connection, found: int | None) -> None:
    if found is not None:
        _add_covered(connection)
    METADATA.create_all(connection)
    for index in ENTRIES.indexes:  # which a table that was there before may lack
        index.create(connection, checkfirst=True)
    if found is not None and found < STREAMS_NOTED:
        _note_known_streams(connection)
    connection.execute(delete(LAYOUT))
    connection.execute(insert(LAYOUT).values(number=NEWEST))


def _found(connection: Connection) -> int | None:
    """The number of the layout; None where there is none yet."""
    there = set(inspect(connection).get_table_names())
    if LAYOUT.name in there:
        numbers = list(connection.execute(select(LAYOUT.c.number)).scalars())
        if len(numbers) > 1 or not all(isinstance(each, int) for each in numbers):
            message = "it does not say which layout it has"
            raise LayoutError(message)
        if numbers and not FIRST <= numbers[0] <= NEWEST:
            message = (
                f"its layout is {numbers[0]}, and this version of singer-gorgias knows {FIRST} to "
                f"{NEWEST}: use the version that wrote it, or a newer one"
            )
            raise LayoutError(message)
        if numbers:
            return int(numbers[0])
    return FIRST if ENTRIES.name in there else None


def _note_known_streams(connection: Connection) -> None:
    """From layout 1 to 2: whatever was written was noted, since nothing else was ever the case."""
    connection.execute(delete(STREAMS))
    known = select(ENTRIES.c.account, ENTRIES.c.stream, true()).distinct()
    connection.execute(insert(STREAMS).from_select(["account", "stream", "known"], known))


def _add_covered(connection: Connection) -> None:
    """From layout 2 to 3: a row that waits is one whose state went out, as far as is known."""
    tables = inspect(connection)
    if WAITING.name not in tables.get_table_names():
        return
    there = {column["name"] for column in tables.get_columns(WAITING.name)}
    if WAITING.c.covered.name not in there:
        column = f"{WAITING.c.covered.name} boolean not null default true"
        connection.execute(text(f"alter table {WAITING.name} add column {column}"))


def _check_columns(connection: Connection) -> None:
    tables = inspect(connection)
    for table in METADATA.sorted_tables:
        there = {column["name"] for column in tables.get_columns(table.name)}
        lacking = [column.name for column in table.columns if column.name not in there]
        if lacking:
            message = f"its table '{table.name}' lacks the column '{lacking[0]}'"
            raise LayoutError(message)
