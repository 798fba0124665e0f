"""The tables of the ledger, and the databases that can hold them: SQLite and PostgreSQL."""

from __future__ import annotations

import os
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from gorgias_api import SettingsError
from gorgias_api.private import FILE, make_folder, opened, tighten

if TYPE_CHECKING:
    from sqlalchemy import Engine

METADATA = MetaData()
ENTRIES = Table(
    "gorgias_ledger",
    METADATA,
    Column("account", String(255), primary_key=True),
    Column("stream", String(255), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("entity", String(64), nullable=False),
    Column("verb", String(16), nullable=False),
    Column("state", String(8), nullable=False),
    Column("gorgias_id", BigInteger),
    Column("external_id", Text),
    Column("content", String(64), nullable=False),
    Column("written", Float, nullable=False),
    Index("gorgias_ledger_key", "account", "entity", "key"),
    Index("gorgias_ledger_external_id", "account", "entity", "external_id"),
    Index("gorgias_ledger_object", "account", "entity", "gorgias_id"),
)
WAITING = Table(
    "gorgias_waiting",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("account", String(255), nullable=False),
    Column("needs", Text, nullable=False),
    Column("stream", String(255), nullable=False),
    Column("key", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("covered", Boolean, nullable=False, server_default=true()),
    Index("gorgias_waiting_needs", "account", "needs"),
    sqlite_autoincrement=True,  # or the number of a row that is gone would be given again
)
FILES = Table(
    "gorgias_files",
    METADATA,
    Column("account", String(255), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("reference", Text, nullable=False),
)
STREAMS = Table(
    "gorgias_streams",
    METADATA,
    Column("account", String(255), primary_key=True),
    Column("stream", String(255), primary_key=True),
    Column("known", Boolean, nullable=False),
)
LAYOUT = Table(
    "gorgias_layout", METADATA, Column("number", Integer, primary_key=True, autoincrement=False)
)
"""One row: see `target_gorgias.layout`."""
COMPANIONS = ("", "-wal", "-shm", "-journal", ".lock")
"""Ends of the names of the files that make up a ledger in SQLite, which gives new ones the mode of
the first."""
PLAIN = re.compile(r"[^@=\s/?#&\[\]]{0,255}")
PATIENCE = 10
"""Seconds to wait for a connection."""


def upsert(engine: Engine) -> str:
    """SQL that puts an entry in the place of the one before, with its columns for parameters.

    As text, because SQLAlchemy takes longer over a statement than the database does.
    """
    statement = (sqlite if engine.dialect.name == "sqlite" else postgresql).insert(ENTRIES)
    changed = {column.name: statement.excluded[column.name] for column in ENTRIES.columns}
    whole = statement.on_conflict_do_update(index_elements=ENTRIES.primary_key, set_=changed)
    return str(whole.compile(engine))


def open_engine(url: str) -> Engine:
    """The database at `url`.

    Raises:
        SettingsError: it is neither SQLite nor PostgreSQL.
    """
    try:
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
            raise ArgumentError
        # Parameters would go into the log.
        more: dict[str, Any] = {"hide_parameters": True}
        if parsed.get_backend_name() == "sqlite":
            parsed = parsed.set(database=_expanded(parsed.database))
            more["paramstyle"] = "named"  # as PostgreSQL's driver has them
        elif "connect_timeout" not in parsed.query:
            more["connect_args"] = {"connect_timeout": PATIENCE}
        with warnings.catch_warnings(action="ignore"):  # they name parts of the URL
            engine = create_engine(parsed, **more)
    except ModuleNotFoundError:
        message = "A ledger in PostgreSQL needs 'singer-gorgias[postgres]' to be installed."
        raise SettingsError(message) from None
    except (SQLAlchemyError, ValueError):
        message = (
            "The setting 'ledger_url' must be an SQLAlchemy URL of SQLite or PostgreSQL, such as "
            "'sqlite:////data/ledger.db' or 'postgresql://user:password@host/database'."
        )
        raise SettingsError(message) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _durable)
    return engine


def place(engine: Engine) -> str:
    """Where a database is, for people: without the password, wherever the URL has it.

    One with characters that ought to be encoded ends up in part among the other fields.
    """
    url, lite = engine.url, engine.dialect.name == "sqlite"
    fields = (url.username, url.host) if lite else (url.username, url.host, url.database)
    if "@" in str(dict(url.query)) or not all(PLAIN.fullmatch(each or "") for each in fields):
        return f"in {'SQLite' if lite else 'PostgreSQL'}"
    return url.set(query={}).render_as_string(hide_password=True)


def _expanded(path: str | None) -> str | None:
    """A path with `~` as the home folder, as a shell has it."""
    try:
        return str(Path(path).expanduser()) if path and path[0] == "~" else path
    except RuntimeError:
        message = f"The setting 'ledger_url' names {path}, and there is no home folder."
        raise SettingsError(message) from None


def _durable(connection: Any, _record: object) -> None:  # noqa: ANN401 - sqlite3's or a driver's
    """One wait for the disk per transaction, and none of them forgotten when the power fails."""
    for pragma in ("journal_mode = WAL", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}").close()


def file_lock(engine: Engine) -> FileLock | None:
    """A lock next to the file of SQLite, which is made for its owner's eyes only.

    Raises:
        SettingsError: it is no file, or cannot be written.
    """
    if engine.dialect.name != "sqlite":
        return None
    path = Path(engine.url.database or ":memory:")
    if path.name == ":memory:" or path.is_dir():
        message = "The setting 'ledger_url' must name a file that lasts, not memory or a folder."
        raise SettingsError(message)
    try:
        make_folder(path.parent)
        if not path.exists():
            os.close(opened(path, os.O_WRONLY | os.O_CREAT))
        for ending in COMPANIONS:
            tighten(path.with_name(path.name + ending))
    except OSError as error:
        message = f"The ledger {path} cannot be written ({error.strerror})."
        raise SettingsError(message) from None
    return FileLock(f"{path.resolve()}.lock", mode=FILE)
