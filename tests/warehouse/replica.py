"""Reading a replica as a user would: the current rows only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_gorgias.streams import STREAMS

if TYPE_CHECKING:
    from tests.warehouse.truth import Tables
    from tests.warehouse.warehouses import Warehouse

COMPLETE = {vars(stream)["name"] for stream in STREAMS if stream.complete}
# What was derived from a row and is gone since was read at another instant than the row.
PARENTS = {
    "attachments": ("messages", "message_id"),
    "customer_custom_fields": ("customers", "customer_id"),
    "ticket_custom_fields": ("tickets", "ticket_id"),
    "ticket_tags": ("tickets", "ticket_id"),
}
# What Gorgias has deleted stays in a warehouse; `deletions` tells what it is.
OWNERS = {
    "attachments": ("Ticket", "ticket_id"),
    "customer_custom_fields": ("Customer", "customer_id"),
    "customers": ("Customer", "id"),
    "integrations": ("Integration", "id"),
    "macros": ("Macro", "id"),
    "messages": ("Ticket", "ticket_id"),
    "rules": ("Rule", "id"),
    "tags": ("Tag", "id"),
    "teams": ("Team", "id"),
    "ticket_custom_fields": ("Ticket", "ticket_id"),
    "ticket_tags": ("Ticket", "ticket_id"),
    "tickets": ("Ticket", "id"),
    "views": ("View", "id"),
}


def replica(warehouse: Warehouse) -> Tables:
    """The current rows of every table."""
    tables = sorted({column.partition(".")[0] for column in warehouse.columns()})
    queries = [current(name, marked=warehouse.marks_gone) for name in tables]
    return dict(zip(tables, warehouse.ask(*queries), strict=True))


def current(table: str, *, marked: bool) -> str:
    """The query for the rows of a table that still exist.

    Args:
        table: its name.
        marked: whether the loader dates the rows of a complete list that are gone.
    """
    query = "select {0}.* from {0}"
    if marked and table in COMPLETE:
        query += " where _sdc_deleted_at is null"
    elif table in OWNERS:
        query += " where {0}.{4} not in (select object_id from deletions where object_type = '{3}')"
    if table in PARENTS:
        join = " join {1} on {1}.id = {0}.{2} and {1}.read_datetime = {0}.read_datetime where"
        query = query.replace(" where", join)
    return query.format(table, *PARENTS.get(table, ("", "")), *OWNERS.get(table, ()))
