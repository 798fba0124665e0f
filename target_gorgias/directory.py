"""The customers of an account, read ahead where that takes fewer requests than asking for each.

Nothing tells how large an account is. So for each request that asking for the rows at hand would
take, one page may be read, until the list has come to its end: reading never costs more than the
requests it is to save. From then on the list answers; it does not for a customer whom this run has
written to or may have made, about whom Gorgias is asked as ever.

The list is kept in a temporary database, so that memory stays flat.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from typing import TYPE_CHECKING, Any

from gorgias_api.paging import read_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from target_gorgias.ordering import Name

Row = dict[str, Any]
WAYS = ("external_id", "email")
TABLES = """
create table customers (id integer primary key, external_id text, email text, shown text);
create index by_external_id on customers (external_id);
create index by_email on customers (email);
create table touched (way text, value text, primary key (way, value)) without rowid;
"""


class Directory:
    """The customers of an account. Safe to share between threads; close it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._database: sqlite3.Connection | None = None
        self._cursor: str | None = None
        self._pages = 0
        self._worth = 0.0
        self._complete = False

    def close(self) -> None:
        """Drop what was read."""
        with self._lock:
            if self._database:
                self._database.close()

    def read_ahead(self, ask: Callable[[str | None], Any], worth: float) -> None:
        """Read on, as long as it is worth it.

        Args:
            ask: gives the answer of the list at a cursor.
            worth: the requests that the rows at hand would take without it.
        """
        with self._reading:
            self._worth += worth
            with self._lock:
                self._open()
            while not self._complete and self._pages < self._worth:
                page = read_page("GET /api/customers", ask(self._cursor))
                self._pages += 1
                self._keep(page.rows)
                self._cursor = page.next_cursor
                self._complete = page.next_cursor is None

    def find(self, about: Mapping[str, Any]) -> list[Row] | None:
        """The customers of whom something is asked; None when the list cannot tell.

        Args:
            about: an external id or an e-mail address, by the name of the field.
        """
        (way, value), *more = about.items()
        if more or way not in WAYS or not self._complete:
            return None
        with self._lock:
            if self._ask("select 1 from touched where way = ? and value = ?", way, _folded(value)):
                return None
            found = self._ask(
                f"select shown from customers where {way} = ?",  # noqa: S608 - one of `WAYS`
                _folded(value),
            )
        return [json.loads(shown) for (shown,) in found]

    def by_id(self, number: int) -> Row | None:
        """A customer as the list shows it; None when it does not, or was written to since."""
        with self._lock:
            found = self._ask("select shown from customers where id = ?", number)
        return json.loads(found[0][0]) if found else None

    def touch(self, names: Iterable[Name]) -> None:
        """Customers with these names may be there by now, or be others than before."""
        touched = [(way, value.casefold()) for entity, way, value in names if entity == "customers"]
        with self._lock:
            self._touch(touched)

    def written(self, number: int) -> None:
        """A customer was written to: what the list says of it may no longer hold."""
        with self._lock:
            for pair in self._ask("select external_id, email from customers where id = ?", number):
                self._touch((way, value) for way, value in zip(WAYS, pair, strict=True) if value)
            self._ask("delete from customers where id = ?", number)

    def _keep(self, rows: Iterable[Row]) -> None:
        values = [
            (row["id"], *(_folded(row.get(way)) for way in WAYS), json.dumps(row)) for row in rows
        ]
        with self._lock:
            statement = "insert or replace into customers values (?, ?, ?, ?)"
            self._open().executemany(statement, values)

    def _touch(self, names: Iterable[tuple[str, str]]) -> None:
        if self._database:  # else what is made now is in the list when it is read
            self._database.executemany("insert or ignore into touched values (?, ?)", names)

    def _ask(self, query: str, *values: Any) -> list[Any]:  # noqa: ANN401 - numbers and text
        return self._database.execute(query, values).fetchall() if self._database else []

    def _open(self) -> sqlite3.Connection:
        if self._database is None:
            self._database = sqlite3.connect("", check_same_thread=False)  # its file goes by itself
            self._database.executescript(TABLES)
        return self._database


def _folded(value: Any) -> str | None:  # noqa: ANN401 - any JSON
    """As names are compared first; whoever asks compares what comes back more closely."""
    return None if value is None else str(value).casefold()
