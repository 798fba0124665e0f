"""What a person asks the warehouse, as SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb

if TYPE_CHECKING:
    from datetime import date, datetime
    from pathlib import Path

LOADED = "select max(_sdc_batched_at), count(*) from {}"
SINCE = "select count(*) from {} where _sdc_batched_at > ?"

# Rows that Gorgias has deleted stay in the warehouse; the stream `deletions` tells which.
EXISTING = "id not in (select object_id from deletions where object_type = 'Ticket')"

OPEN_BY_CHANNEL = f"""
    select channel, count(*)
    from tickets
    where status = 'open' and not spam and trashed_datetime is null and {EXISTING}
    group by channel
    order by count(*) desc, channel
"""  # noqa: S608 - put together from constants

FIRST_RESPONSES = """
    with asked as (
        select ticket_id, min(created_datetime) as asked_at
        from messages
        where public and not from_agent
        group by ticket_id
    ), answered as (
        select ticket_id, any_value(asked_at) as asked_at, min(created_datetime) as answered_at
        from messages join asked using (ticket_id)
        where public and from_agent and created_datetime > asked_at
        group by ticket_id
    ), waits as (
        select asked_at, epoch(answered_at - asked_at) / 3600 as hours from answered
    ), weeks as (
        select date_trunc('week', asked_at) as monday, count(*) as tickets, median(hours) as median
        from waits
        group by monday
    )
    select
        monday::date, tickets, median,
        quantile_cont(hours, 0.25), quantile_cont(hours, 0.5), quantile_cont(hours, 0.75)
    from weeks
    join waits on asked_at between monday - interval 21 days and monday + interval 7 days
    group by monday, tickets, median
    order by monday
"""

# A value is current if it was read together with its ticket; one that is gone was read earlier.
TOP_REASONS = f"""
    with newest as (
        select max(created_datetime) - interval 90 days as recent from tickets
    ), reasons as (
        select replace(value_text, '::', ': ') as reason, tickets.created_datetime as opened
        from ticket_custom_fields
        join custom_fields on custom_fields.id = custom_field_id
        join tickets on tickets.id = ticket_id
            and tickets.read_datetime = ticket_custom_fields.read_datetime
        where managed_type = 'contact_reason' and tickets.{EXISTING}
    )
    select
        reason,
        count(*) filter (opened > recent) as now,
        count(*) filter (opened <= recent) as before
    from reasons, newest
    where opened > recent - interval 90 days
    group by reason
    order by now desc, reason
    limit 8
"""  # noqa: S608 - put together from constants


class Week(NamedTuple):
    """First responses to the tickets that came in a week, in hours.

    The quartiles are those of this week and the three before, which smooths a small account.
    """

    monday: date
    tickets: int
    median: float
    lower: float
    middle: float
    upper: float


class Table(NamedTuple):
    """A table as a run has left it: when it last wrote a row, and how many rows there are."""

    written: datetime
    rows: int


Loaded = dict[str, Table]


class Warehouse:
    """The tables that the runs have filled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rows(self) -> Loaded:
        """What is in every table."""
        tables = self._ask("select table_name from duckdb_tables() order by table_name")
        return {name: Table(*self._ask(LOADED.format(name))[0]) for (name,) in tables}

    def written_since(self, before: Loaded) -> dict[str, int]:
        """How many rows a later run has written, by table."""
        return {
            name: self._ask(SINCE.format(name), table.written)[0][0]
            for name, table in before.items()
        }

    def open_by_channel(self) -> list[tuple[str, int]]:
        """Channel and number of open tickets, most first."""
        return self._ask(OPEN_BY_CHANNEL)

    def first_responses(self) -> list[Week]:
        """Every week in which a ticket came that was answered, in order."""
        return [Week(*row) for row in self._ask(FIRST_RESPONSES)]

    def top_reasons(self) -> list[tuple[str, int, int]]:
        """Contact reason, tickets of the last 90 days, and of the 90 days before."""
        return self._ask(TOP_REASONS)

    def _ask(self, query: str, *values: object) -> list[Any]:
        with duckdb.connect(str(self._path), read_only=True) as connection:
            return connection.execute(query, values).fetchall()
