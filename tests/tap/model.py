"""What the README promises of a run: which rows must come, and which may.

Written from the tables "Streams" and "What an incremental run sees", and from nothing else. A row
is its key and the instant it was changed; what it holds is compared by other tests.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from gorgias_sandbox.operations.views import row_test
from tests.support import truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from gorgias_sandbox.serve import Sandbox
    from tests.support import Row

Key = tuple[Any, ...]
Instants = dict[Key, datetime]

COMPLETE = ("tags", "users", "teams", "views", "macros", "rules", "integrations", "widgets", "jobs")
"""Lists that are read in full, and whose vanished rows are declared gone."""
FULL = (*COMPLETE, "account", "account_settings", "custom_fields", "view_items")
DAY = timedelta(days=1)
LOOKBACK = {
    "tickets": timedelta(minutes=5),
    "customers": timedelta(minutes=5),
    "customer_details": timedelta(minutes=5),
    "messages": DAY,
    "events": timedelta(minutes=5),
    "deletions": timedelta(minutes=5),
    "satisfaction_surveys": 30 * DAY,
    "voice_calls": DAY,
    "voice_call_events": timedelta(0),
    "voice_call_recordings": DAY,
}
READ_IN_FULL = {"messages", "satisfaction_surveys", "voice_calls", "voice_call_recordings"}
"""Where the default `lookback` is a promise; elsewhere it ends after a page without news."""
FROM = {"deletions": "events", "customer_details": "customers"}


def _tags(row: Row) -> set[Key]:
    return {(row["id"], tag["id"]) for tag in row["tags"]}


def _values(row: Row) -> set[Key]:
    return {(row["id"], int(field)) for field in row["custom_fields"]}


def _files(row: Row) -> set[Key]:
    return {(row["id"], place) for place, _ in enumerate(row["attachments"] or ())}


CHILDREN: dict[str, tuple[str, Callable[[Row], set[Key]]]] = {
    "ticket_tags": ("tickets", _tags),
    "ticket_custom_fields": ("tickets", _values),
    "customer_custom_fields": ("customers", _values),
    "attachments": ("messages", _files),
}
"""Derived streams: their parent, and the keys that a row of it gives."""


@dataclass(frozen=True)
class Promise:
    """Rows that must come, and all that may; derived ones of these parents where they are given."""

    must: set[Key]
    may: set[Key]


@dataclass
class Memory:
    """A state, and the rows of the server that were told when it was written."""

    state: Row | None = None
    told: dict[str, Instants] = field(default_factory=dict)

    def of(self, streams: set[str]) -> Memory:
        """What remains if only these streams are kept in the state."""
        bookmarks = (self.state or {}).get("bookmarks", {})
        kept = {name: mark for name, mark in bookmarks.items() if name in streams}
        return Memory({"bookmarks": kept}, self.told)

    def bookmark(self, stream: str) -> datetime | None:
        """Where a stream stands."""
        marks = (self.state or {}).get("bookmarks", {}).get(stream, {})
        value = marks.get("replication_key_value")
        return None if value is None else moment(value)


def moment(text: str) -> datetime:
    """A datetime as the API writes it; without a zone it is UTC."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def complete(sandbox: Sandbox, stream: str) -> set[Key]:
    """The keys of a stream that is read in full."""
    if stream == "account":
        return {(sandbox.world.domain,)}
    if stream != "view_items":
        return {(row["id"],) for row in truth(sandbox, stream)}
    world = sandbox.world
    users = world.tables["users"]
    admins = [user["id"] for user in users if user["role"]["name"] == "admin"]
    me = [*users.find("email", sandbox.email), *admins][0]
    tests = {
        view["id"]: row_test(world, view["filters"] or "", me)
        for view in world.tables["views"]
        if view["type"] == "ticket-list"
    }
    tickets = list(world.tables["tickets"])
    return {(view, row["id"]) for view, test in tests.items() for row in tickets if test(row)}


def dated(sandbox: Sandbox, stream: str, config: Row) -> Instants:
    """The rows of a dated list that lie in the window of the settings."""
    table = FROM.get(stream, stream)
    by = "updated_datetime" if table in {"tickets", "customers"} else "created_datetime"
    rows = truth(sandbox, table)
    if stream == "deletions":
        rows = [row for row in rows if row["type"].endswith(("-deleted", "-merged"))]
    if stream == "tickets" and config.get("include_trashed") is False:
        rows = [row for row in rows if row["trashed_datetime"] is None]
    start = moment(config.get("start_date") or "0001-01-01")
    end = moment(config.get("end_date") or "9999-12-31")
    instants = {(row["id"],): moment(row[by]) for row in rows}
    return {key: instant for key, instant in instants.items() if start <= instant < end}


def promised(stream: str, rows: Instants, memory: Memory, as_: str, config: Row) -> Promise:
    """What a run has to give of a dated list.

    Args:
        stream: the list.
        rows: what the server holds of it.
        memory: what the run starts from.
        as_: the stream whose bookmark counts: the list's own, or one that is derived from it.
        config: the settings.
    """
    bookmark = memory.bookmark(as_)
    if bookmark is None or stream == "voice_call_events":
        told = {} if bookmark is None else memory.told[as_]
        return Promise({key for key in rows if rows[key] != told.get(key)}, set(rows))
    chosen = (config.get("lookback") or {}).get(stream)
    depth = LOOKBACK[stream] if chosen is None else timedelta(days=int(chosen[1:-1]))
    news = {key for key in rows if rows[key] != memory.told[as_].get(key)}
    again = {key for key in rows if rows[key] >= bookmark - depth}
    newest = sorted(rows, key=lambda key: rows[key], reverse=True)
    page = set(newest[len(again) : len(again) + (config.get("page_size") or 100)])
    in_full = chosen is not None or stream in READ_IN_FULL
    return Promise(news | again if in_full else news, news | again | page)
