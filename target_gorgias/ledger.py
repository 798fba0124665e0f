"""The ledger: what was written, so that nothing is written twice.

Why it is right:

- A row per account, stream and record key says what became of the record: the Gorgias id, the
  external id it was given, a hash of what was written. A record whose hash is there is unchanged.
- What must not be sent twice is noted as `pending` before it is sent, and as `done` after. Whoever
  is killed in between leaves a `pending` row, and whoever comes next looks in Gorgias for the
  object before it sends anything: see `target_gorgias.creating`.
- `pending` is durable before the request leaves. All other notes may be lost: that costs a look or
  a repeated update, never a second object. So they go along with the next transaction, at the
  latest before a state goes out.
- One process at a time holds the ledger of an account. Two would each find nothing and both write.
- A record that needs an object which is not there yet waits here, not in memory: its state may go
  out, and the next run finds it.
- Entries of records that are announced are read together. What was read is dropped when its entry
  is about to change, while the database is locked: so nobody is ever given an old one.
"""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from filelock import Timeout
from singer_sdk.singerlib.json import serialize_json
from sqlalchemy import bindparam, delete, func, insert, select, text, update
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from gorgias_api import GorgiasError
from target_gorgias.causes import cause
from target_gorgias.database import (
    ENTRIES,
    FILES,
    STREAMS,
    WAITING,
    file_lock,
    open_engine,
    place,
    upsert,
)
from target_gorgias.entries import PENDING, Entry, Name, Place, Waiting, objects
from target_gorgias.layout import LayoutError, settle

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import ColumnElement, Executable

MOST_QUEUED = 200
MOST_READ = 200
"""Entries read at once."""
PATIENCE = 10
"""Seconds to wait for a run that is just ending."""


class LedgerError(GorgiasError):
    """The ledger cannot be used; nothing is written without it."""


# Built once: that takes longer than the database does.
SOME_ENTRIES = select(*(ENTRIES.c[name] for name in Entry._fields)).where(
    ENTRIES.c.account == bindparam("account"),
    ENTRIES.c.stream == bindparam("stream"),
    ENTRIES.c.key.in_(bindparam("keys", expanding=True)),
)


class Ledger:
    """The ledger of one account. Safe to share between threads; close it.

    Args:
        url: an SQLAlchemy URL of SQLite or PostgreSQL.
        account: whose ledger it is; several accounts may share a database.
        keep: False forgets everything on closing, for a dry run.

    Raises:
        SettingsError: the URL is none, or of another kind of database.
        LedgerError: it cannot be opened, or another run holds it.
    """

    def __init__(self, url: str, account: str, *, keep: bool = True) -> None:
        self._account = account
        self._keep = keep
        self._lock = threading.Lock()
        self._queue: dict[Name, Entry] = {}
        self._announced: dict[Name, None] = {}
        self._read: dict[Name, Entry | None] = {}
        self._memory = threading.Lock()  # of these three; may be taken while `_lock` is held
        self._known: dict[str, bool] = {}
        self._failure: LedgerError | None = None
        self._engine = open_engine(url)
        self._put = upsert(self._engine)
        self.where = place(self._engine)
        self._file = file_lock(self._engine)
        with ExitStack() as opened, self._errors():
            opened.callback(self._engine.dispose)
            self._connection = opened.enter_context(self._engine.connect())
            self._hold(opened)
            self._settle()
            self._commit()
            self._opened = opened.pop_all()

    @property
    def is_new(self) -> bool:
        """Whether nothing is noted of the account yet."""
        return not self._has()

    def is_complete(self, stream: str, *, from_now_on: bool) -> bool:
        """Whether all that records of a stream ever became is noted here.

        Not so for a stream of which nothing was noted when it first came: what it became may be in
        a ledger that was lost. That stays true until somebody says otherwise.

        Args:
            stream: its name.
            from_now_on: somebody says so.
        """
        if stream not in self._known or (from_now_on and not self._known[stream]):
            here = (STREAMS.c.account == self._account) & (STREAMS.c.stream == stream)
            with self._lock, self._errors():
                noted = self._connection.execute(select(STREAMS.c.known).where(here)).scalar()
            self._known[stream] = bool(noted) or from_now_on
            if noted != self._known[stream]:
                row = {"account": self._account, "stream": stream, "known": self._known[stream]}
                self._execute(delete(STREAMS).where(here), insert(STREAMS).values(**row))
        return self._known[stream]

    def close(self) -> None:
        """Let the next run have it."""
        with self._opened:
            if not self._failure:
                self.flush()

    def entry(self, stream: str, key: str) -> Entry | None:
        """What became of a record."""
        with self._errors(), self._memory:
            self._announced.pop((stream, key), None)
            if noted := self._queue.get((stream, key)):
                return noted
            if (stream, key) in self._read:
                return self._read.pop((stream, key))
        with self._lock, self._errors():
            return self._read_with_others(stream, key)

    def known(self, names: Iterable[Name]) -> dict[Name, Entry | None]:
        """What became of records that `entry` will be asked for."""
        with self._lock, self._errors():
            with self._memory:
                unread: dict[str, list[str]] = {}
                for stream, key in names:
                    self._announced.pop((stream, key), None)
                    if (stream, key) not in self._queue and (stream, key) not in self._read:
                        unread.setdefault(stream, []).append(key)
            found: dict[Name, Entry | None] = {}
            for stream, keys in unread.items():
                found |= self._some(stream, keys)
            with self._memory:
                self._read.update(found)
                return {name: self._queue.get(name) or self._read.get(name) for name in names}

    def ids_by(
        self, entity: str, way: str, values: Iterable[str], stream: str = ""
    ) -> dict[str, set[int]]:
        """The objects that records became, in one or any stream, by `key` or `external_id`."""
        self.flush()
        column = ENTRIES.c[way]
        query = select(column, ENTRIES.c.gorgias_id).where(
            ENTRIES.c.account == self._account,
            ENTRIES.c.entity == entity,
            ENTRIES.c.gorgias_id.is_not(None),
            (ENTRIES.c.state != PENDING) | (ENTRIES.c.verb != "delete"),
            column.in_(list(values)),
            *([ENTRIES.c.stream == stream] if stream else []),
        )
        found: dict[str, set[int]] = {}
        with self._lock, self._errors():
            for value, number in self._connection.execute(query):
                found.setdefault(value, set()).add(number)
        return found

    def announce(self, names: Iterable[Name]) -> None:
        """Tell of which records `entry` will be asked, so that they are read together."""
        with self._memory:
            self._announced.update(dict.fromkeys(names))

    def with_key(self, entity: str, key: str) -> list[Entry]:
        """What became of records with this key, in all streams."""
        return self._entries(ENTRIES.c.entity == entity, ENTRIES.c.key == key)

    def with_object(self, entity: str, gorgias_id: int) -> list[Entry]:
        """The records that became or wrote this object."""
        return self._entries(ENTRIES.c.entity == entity, ENTRIES.c.gorgias_id == gorgias_id)

    def with_external_id(self, entity: str, external_id: str) -> list[Entry]:
        """The records written with this external id."""
        return self._entries(ENTRIES.c.entity == entity, ENTRIES.c.external_id == external_id)

    def has_stream(self, entity: str, stream: str) -> bool:
        """Whether a record of this stream was ever about this kind of object."""
        return self._has(ENTRIES.c.stream == stream, ENTRIES.c.entity == entity)

    def has_entity(self, entity: str) -> bool:
        """Whether a record of any stream was ever about this kind of object."""
        return self._has(ENTRIES.c.entity == entity)

    def by_external_id(self, entity: str, external_id: str) -> set[int]:
        """The objects written with this external id."""
        return objects(self.with_external_id(entity, external_id))

    def move(self, entity: str, old: int, new: int) -> None:
        """An object is back under another id: whatever became the old one is now the new one."""
        self.flush()
        here = (ENTRIES.c.account == self._account) & (ENTRIES.c.entity == entity)
        there = here & (ENTRIES.c.gorgias_id == old)
        self._execute(update(ENTRIES).where(there).values(gorgias_id=new))
        with self._memory:
            self._read.clear()

    def is_anothers(self, stream: str, key: str, gorgias_id: int) -> bool:
        """Whether another record of the stream became this object."""
        self.flush()
        mine = (ENTRIES.c.account == self._account) & (ENTRIES.c.stream == stream)
        query = select(ENTRIES.c.key).where(
            mine, ENTRIES.c.gorgias_id == gorgias_id, ENTRIES.c.key != key
        )
        with self._lock, self._errors():
            return self._connection.execute(query).first() is not None

    def note(self, *entries: Entry) -> None:
        """Note what became of records, before long: if it is lost, nothing is done twice."""
        with self._memory:
            self._queue.update(((entry.stream, entry.key), entry) for entry in entries)
            full = len(self._queue) > MOST_QUEUED
        if full:
            self.flush()

    def put(self, *entries: Entry) -> None:
        """Note what becomes of records; durable when it returns."""
        self.note(*entries)
        self.flush()

    def flush(self) -> None:
        """Make all notes durable."""
        with self._lock, self._errors():
            with self._memory:
                batch, self._queue = self._queue, {}
                self._drop(batch)
            if batch:  # else somebody else's transaction took ours along
                self._write(batch.values())

    def forget(self, stream: str, key: str) -> None:
        """Nothing became of a record after all."""
        self.flush()
        here = (ENTRIES.c.account == self._account) & (ENTRIES.c.stream == stream)
        with self._lock, self._errors():
            self._connection.execute(delete(ENTRIES).where(here, ENTRIES.c.key == key))
            self._commit()
            with self._memory:
                self._drop([(stream, key)])

    def wait(
        self, needs: str, stream: str, key: str, record: dict[str, Any], *, covered: bool = True
    ) -> None:
        """Keep a record until what it needs is there; it replaces an earlier version of itself.

        Args:
            needs: what that is.
            stream: of the record.
            key: of the record.
            record: what it takes to read it again.
            covered: whether a state says that it was taken; else its source will give it again.
        """
        row: dict[str, Any] = {"account": self._account, "needs": needs, "covered": covered}
        row |= {"stream": stream, "key": key, "record": serialize_json(record)}
        self._execute(self._no_longer(stream, key), insert(WAITING).values(**row))

    def cover(self, names: Iterable[Name]) -> None:
        """A state is about to say that these records, which wait, were taken."""
        mine = WAITING.c.account == self._account
        one = (WAITING.c.stream == bindparam("of")) & (WAITING.c.key == bindparam("named"))
        rows = [{"of": stream, "named": key} for stream, key in names]
        if rows:
            with self._lock, self._errors():
                self._connection.execute(
                    update(WAITING).where(mine, one).values(covered=True), rows
                )
                self._commit()

    def drop_uncovered(self) -> None:
        """Forget the records that wait and whose source will give them again, or others instead."""
        mine = WAITING.c.account == self._account
        self._execute(delete(WAITING).where(mine, WAITING.c.covered.is_(False)))

    def waiting(self, needs: str) -> list[Waiting]:
        """The records that need something, in the order they came."""
        return self._records(WAITING.c.needs == needs)

    def waiting_at(self, number: int) -> Waiting | None:
        """A record that still waits."""
        found = self._records(WAITING.c.number == number)
        return found[0] if found else None

    def all_waiting(self) -> list[Place]:
        """What waits, in the order it came, without the records: there may be many."""
        columns = [WAITING.c[name] for name in Place._fields]
        query = select(*columns).where(WAITING.c.account == self._account)
        with self._lock, self._errors():
            return [Place(*row) for row in self._connection.execute(query.order_by(columns[0]))]

    def no_longer_waiting(self, number: int) -> None:
        """A record has what it needs, and is noted."""
        self.flush()
        self._execute(delete(WAITING).where(WAITING.c.number == number))

    def supersede(self, stream: str, key: str) -> None:
        """A later version of a record is noted; this one waits no longer."""
        self.flush()
        self._execute(self._no_longer(stream, key))

    def file(self, digest: str) -> dict[str, Any] | None:
        """How a file is referred to that was uploaded before, by the hash of what it holds."""
        here = (FILES.c.account == self._account) & (FILES.c.digest == digest)
        with self._lock, self._errors():
            row = self._connection.execute(select(FILES.c.reference).where(here)).first()
        return json.loads(row.reference) if row else None

    def put_file(self, digest: str, reference: dict[str, Any]) -> None:
        """Note how an uploaded file is referred to."""
        values = {"account": self._account, "digest": digest, "reference": json.dumps(reference)}
        here = (FILES.c.account == self._account) & (FILES.c.digest == digest)
        self._execute(delete(FILES).where(here), insert(FILES).values(**values))

    def _records(self, condition: ColumnElement[bool]) -> list[Waiting]:
        query = select(WAITING).where(WAITING.c.account == self._account, condition)
        with self._lock, self._errors():
            rows = self._connection.execute(query.order_by(WAITING.c.number)).all()
        return [Waiting(row.number, row.stream, row.key, _record(row.record)) for row in rows]

    def _no_longer(self, stream: str, key: str) -> Executable:
        here = (WAITING.c.account == self._account) & (WAITING.c.stream == stream)
        return delete(WAITING).where(here, WAITING.c.key == key)

    def _has(self, *conditions: ColumnElement[bool]) -> bool:
        mine = ENTRIES.c.account == self._account
        query = select(ENTRIES.c.key).where(mine, *conditions).limit(1)
        self.flush()
        with self._lock, self._errors():
            return self._connection.execute(query).first() is not None

    def _entries(self, *conditions: ColumnElement[bool]) -> list[Entry]:
        self.flush()
        columns = [ENTRIES.c[name] for name in Entry._fields]
        query = select(*columns).where(ENTRIES.c.account == self._account, *conditions)
        with self._lock, self._errors():
            return [Entry(*row) for row in self._connection.execute(query)]

    def _read_with_others(self, stream: str, key: str) -> Entry | None:
        """An entry, and what was announced of its stream."""
        with self._memory:
            others = [name for name in self._announced if name[0] == stream][:MOST_READ]
            for name in others:
                del self._announced[name]
        found = self._some(stream, [key, *(name[1] for name in others)])
        with self._memory:
            self._read.update(found)
            return self._read.pop((stream, key))

    def _some(self, stream: str, keys: list[str]) -> dict[Name, Entry | None]:
        """The entries of records of a stream; None for those that have none."""
        found: dict[Name, Entry | None] = {(stream, key): None for key in keys}
        values = {"account": self._account, "stream": stream, "keys": keys}
        for row in self._connection.execute(SOME_ENTRIES, values):
            found[row.stream, row.key] = Entry(*row)
        return found

    def _drop(self, names: Iterable[Name]) -> None:
        for name in names:
            self._read.pop(name, None)

    def _write(self, entries: Iterable[Entry]) -> None:
        rows = [{"account": self._account, **entry._asdict()} for entry in entries]
        self._connection.exec_driver_sql(self._put, rows)
        self._commit()

    def _execute(self, *statements: Executable) -> None:
        with self._lock, self._errors():
            for statement in statements:
                self._connection.execute(statement)
            self._commit()

    def _commit(self) -> None:
        if self._keep:
            self._connection.commit()

    def _settle(self) -> None:
        try:
            settle(self._connection)
        except LayoutError as error:
            message = f"The ledger {self.where} cannot be used ({error}); nothing is written."
            raise LedgerError(message) from None

    def _hold(self, opened: ExitStack) -> None:
        """Keep other runs out; the database or the system lets go of it when this process dies.

        Raises:
            LedgerError: another run is at work.
        """
        try:
            if self._file:
                opened.enter_context(self._file.acquire(timeout=PATIENCE))
            elif self._engine.dialect.name == "postgresql":
                number = hashlib.sha256(f"singer-gorgias {self._account}".encode()).digest()[:8]
                key = int.from_bytes(number, signed=True)
                self._connection.execute(text(f"SET lock_timeout = {PATIENCE * 1000}"))
                self._connection.execute(select(func.pg_advisory_lock(key)))
                self._connection.execute(text("SET lock_timeout = 0"))
        except (Timeout, OperationalError):
            message = (
                f"Another run is using the ledger {self.where} for this account: wait for it, or "
                "give each its own 'ledger_url'."
            )
            raise LedgerError(message) from None
        except OSError as error:
            message = f"The ledger {self.where} cannot be locked ({error.strerror})."
            raise LedgerError(message) from None

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """After one failure nobody knows what is durable, so all that follows fails too."""
        if self._failure:
            raise self._failure
        try:
            yield
        except SQLAlchemyError as error:
            why = cause(error)
            message = f"The ledger {self.where} cannot be used ({why}); nothing more is written."
            self._failure = LedgerError(message)
            raise self._failure from None


def _record(text: str) -> dict[str, Any]:
    """A record as it came, with the digits that its numbers had."""
    record: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return record
