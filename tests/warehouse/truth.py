"""What the tables of a replica must hold, and rows brought into a form that can be compared."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from gorgias_api import Client
from tap_gorgias.schemas import JSON_TEXT
from tests import support

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gorgias_sandbox.serve import Sandbox
    from tests.support import Row

Tables = dict[str, list[dict[str, Any]]]
KEYS = ("id", "domain", "message_id", "ticket_id", "customer_id")
INNER_KEYS = ("custom_field_id", "tag_id", "position")


def truth(sandbox: Sandbox, tables: Iterable[str]) -> Tables:
    """The sandbox's own rows for the tables of a replica.

    Raises:
        KeyError: no truth is known for a table, so nothing can be loaded and not be compared.
    """
    return {name: list(_rows(sandbox, name)) for name in tables}


def _rows(sandbox: Sandbox, table: str) -> Iterator[Row]:
    if table == "account":
        with Client.from_settings(support.settings(sandbox)) as client:
            yield client.request("GET", "/api/account")
    elif table in DERIVED:
        parent, rows = DERIVED[table]
        for row in support.truth(sandbox, parent):
            yield from _with_text(table, rows(row))
    else:
        yield from _with_text(table, support.truth(sandbox, table))


def _with_text(table: str, rows: Iterable[Row]) -> Iterator[Row]:
    """Rows with what can be any JSON as text, which is what a column can hold."""
    fields = JSON_TEXT.get(table, ())
    for row in rows:
        texts = {name: json.dumps(row[name], ensure_ascii=False) for name in fields if name in row}
        yield row | {name: None if text == "null" else text for name, text in texts.items()}


def _ticket_fields(ticket: Row) -> Iterator[Row]:
    for value in _field_values(ticket):
        yield {
            "ticket_id": ticket["id"],
            "ticket_updated_datetime": ticket["updated_datetime"],
            **value,
        }


def _customer_fields(customer: Row) -> Iterator[Row]:
    for value in _field_values(customer):
        yield {
            "customer_id": customer["id"],
            "customer_updated_datetime": customer["updated_datetime"],
            **value,
        }


def _field_values(row: Row) -> Iterator[Row]:
    for field_id, entry in row["custom_fields"].items():
        value = entry["value"]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        yield {
            "custom_field_id": int(field_id),
            "value": value,
            "value_text": value if isinstance(value, str) else None,
            "value_number": value if is_number else None,
            "value_boolean": value if isinstance(value, bool) else None,
        }


def _ticket_tags(ticket: Row) -> Iterator[Row]:
    for position, tag in enumerate(ticket["tags"]):
        yield {
            "ticket_id": ticket["id"],
            "ticket_updated_datetime": ticket["updated_datetime"],
            "tag_id": tag["id"],
            "position": position,
            "name": tag["name"],
            "decoration": tag["decoration"],
        }


def _attachments(message: Row) -> Iterator[Row]:
    for position, file in enumerate(message["attachments"] or []):
        yield {
            "message_id": message["id"],
            "message_created_datetime": message["created_datetime"],
            "ticket_id": message["ticket_id"],
            "position": position,
            **file,
        }


def _deletions(event: Row) -> Iterator[Row]:
    if event["type"].endswith(("-deleted", "-merged")):
        source = (event["data"] or {}).get("source_customer_id")
        yield {
            "id": event["id"],
            "event_type": event["type"],
            "object_type": event["object_type"],
            "object_id": source or event["object_id"],
            "merged_into_id": event["object_id"] if source else None,
            "user_id": event["user_id"],
            "deleted_datetime": event["created_datetime"],
            "created_datetime": event["created_datetime"],
        }


def _views(view: Row) -> Iterator[Row]:
    """The tap gives whom a view is shared with by id."""
    shared = ("shared_with_teams", "shared_with_users")
    yield view | {name: [each["id"] for each in view[name] or []] for name in shared}


def _coded(name: str) -> Callable[[Row], Iterator[Row]]:
    """A column of text for ids and codes of no documented type."""

    def rows(row: Row) -> Iterator[Row]:
        yield row | {name: None if row[name] is None else str(row[name])}

    return rows


DERIVED: dict[str, tuple[str, Callable[[Row], Iterator[Row]]]] = {
    "attachments": ("messages", _attachments),
    "customer_custom_fields": ("customers", _customer_fields),
    "deletions": ("events", _deletions),
    "integrations": ("integrations", _coded("application_id")),
    "ticket_custom_fields": ("tickets", _ticket_fields),
    "ticket_tags": ("tickets", _ticket_tags),
    "views": ("views", _views),
    "voice_call_recordings": ("voice_call_recordings", _coded("error_code")),
    "voice_calls": ("voice_calls", _coded("answered_by_external_customer_id")),
}


def differences(
    loaded: list[Row], wanted: list[Row], lacking: str | None = None
) -> list[tuple[Any, ...]]:
    """Key, column, and what the two sides hold; a row that only one side has differs in its key.

    Args:
        loaded: rows of a table; none may be there twice.
        wanted: what they should be.
        lacking: a column that nobody loaded.
    """
    left, right = _by_key(loaded), _by_key(wanted)
    return [
        (key, column, left.get(key, {}).get(column), right.get(key, {}).get(column))
        for key in left.keys() | right.keys()
        for column in (left.get(key, {}).keys() | right.get(key, {}).keys()) - {lacking}
        if left.get(key, {}).get(column) != right.get(key, {}).get(column)
    ]


def _by_key(rows: list[Row]) -> dict[tuple[Any, ...], Row]:
    """Comparable rows by what identifies them."""
    keyed = {_key(row): _comparable(row) for row in rows}
    assert len(keyed) == len(rows)
    return keyed


def _key(row: Row) -> tuple[Any, ...]:
    outer = next(row[name] for name in KEYS if name in row)
    return outer, next((row[name] for name in INNER_KEYS if "id" not in row and name in row), None)


def _comparable(row: Row) -> Row:
    """A row without what only tap and loader know, and in one spelling.

    target-duckdb stores empty text as NULL, and a column that no row has as NULL too.
    """
    plain = {name: _plain(support.plain(value, name)) for name, value in row.items()}
    return {
        name: value
        for name, value in plain.items()
        if value not in (None, "") and name != "read_datetime" and not name.startswith("_sdc_")
    }


def _plain(value: Any) -> Any:
    """Datetimes without a zone are UTC, as every loader keeps them."""
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return float(value) if isinstance(value, Decimal) else value
