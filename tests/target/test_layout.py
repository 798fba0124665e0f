"""Ledgers of other versions, and ledgers that cannot be used: one sentence with the cause."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import Engine, event

from gorgias_api import GorgiasError, SettingsError
from target_gorgias.entries import DONE, Entry
from target_gorgias.ledger import Ledger, LedgerError
from target_gorgias.target import TargetGorgias
from tests.target.support import MAIL, Ended, lines, rows
from tests.warehouse.warehouses import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.target.support import Desk, Row

FIRST = """
create table gorgias_ledger (
    account varchar(255) not null, stream varchar(255) not null, "key" text not null,
    entity varchar(64) not null, verb varchar(16) not null, state varchar(8) not null,
    gorgias_id bigint, external_id text, content varchar(64) not null, written float not null,
    primary key (account, stream, "key")
);
create index gorgias_ledger_key on gorgias_ledger (account, entity, "key");
create index gorgias_ledger_external_id on gorgias_ledger (account, entity, external_id);
create table gorgias_waiting (
    number {serial}, account varchar(255) not null, needs text not null,
    stream varchar(255) not null, "key" text not null, record text not null{primary}
);
create index gorgias_waiting_needs on gorgias_waiting (account, needs);
create table gorgias_files (
    account varchar(255) not null, digest varchar(64) not null, reference text not null,
    primary key (account, digest)
);
"""
"""The tables of the first layout, which did not say that it was."""
SQLITE_FIRST = FIRST.format(serial="integer primary key autoincrement not null", primary="")
POSTGRES_FIRST = FIRST.format(serial="serial", primary=", primary key (number)")
ENTRY = (
    "insert into gorgias_ledger values "
    "('{}', 'tickets', '7', 'tickets', 'upsert', 'done', 83000001, null, 'x', 1.0)"
)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture
def database(server: str) -> str:
    """An empty one."""
    with psycopg.connect(server, autocommit=True) as session:
        session.execute("drop schema public cascade")
        session.execute("create schema public")
    return server


def make_first(url: str, account: str) -> None:
    """A ledger of the first layout that knows the stream `tickets` of an account."""
    filled = ENTRY.format(account)
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
            file.executescript(f"{SQLITE_FIRST}{filled};")
    else:
        with psycopg.connect(url, autocommit=True) as session:
            session.execute(f"{POSTGRES_FIRST}{filled}".encode())


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for a ledger."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/first.db"
    made: str = request.getfixturevalue("database")
    return made


def test_a_ledger_of_the_first_layout_is_taken_over(desk: Desk, url: str) -> None:
    make_first(url, desk.sandbox.api_url)
    ticket = {"number": 7, "subject": "New"}
    other = {"number": 8, "customer_email": "a@shop.example", "messages": [MAIL]}
    desk.write(*rows("tickets", ticket, other, keys=["number"]), ledger_url=url)
    assert desk.row("tickets", 83000001)["subject"] == "New"
    assert sorted(desk.written) == ["POST /api/tickets", "PUT /api/tickets/83000001"]
    with closing(Ledger(url, desk.sandbox.api_url)) as ledger:
        assert ledger.entry("tickets", "8")
        assert ledger.is_complete("tickets", from_now_on=False)
        assert not ledger.is_complete("others", from_now_on=False)


def test_a_step_that_was_cut_short_is_taken_again(url: str) -> None:
    make_first(url, "one")
    Ledger(url, "one").close()
    _execute(url, "delete from gorgias_layout")
    _execute(url, "delete from gorgias_streams")
    with closing(Ledger(url, "one")) as ledger:
        assert ledger.is_complete("tickets", from_now_on=False)


def test_accounts_may_take_the_step_at_the_same_time(database: str) -> None:
    make_first(database, "one")
    failed: list[BaseException] = []

    def opened(account: str) -> None:
        try:
            Ledger(database, account).close()
        except GorgiasError as error:
            failed.append(error)

    threads = [threading.Thread(target=opened, args=(str(number),)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


@pytest.mark.parametrize(
    ("statements", "clause"),
    [
        (["update gorgias_layout set number = 4"], "its layout is 4, and this version"),
        (["update gorgias_layout set number = -1"], "its layout is -1, and this version"),
        (["insert into gorgias_layout values (1)"], "it does not say which layout it has"),
        (["alter table gorgias_ledger drop column written"], "lacks the column 'written'"),
        (
            ["drop table gorgias_ledger", "create table gorgias_ledger (account text)"],
            "lacks the column",
        ),
    ],
)
def test_another_layout_is_one_sentence(url: str, statements: list[str], clause: str) -> None:
    Ledger(url, "one").close()
    for statement in statements:
        _execute(url, statement)
    with pytest.raises(LedgerError) as caught:
        Ledger(url, "one")
    assert clause in str(caught.value)
    assert str(caught.value).endswith("; nothing is written.")


def _execute(url: str, statement: str) -> None:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file, file:
            file.execute(statement)
    else:
        with psycopg.connect(url, autocommit=True) as session:
            session.execute(statement.encode())


def run(desk: Desk, ledger_url: str) -> Ended:
    """Run the command; what it says must be one sentence."""
    ended = desk.run(lines(rows("tags", {"name": "a"})), ledger_url=ledger_url)
    assert ended.returncode in {1, 2}
    assert "Traceback" not in ended.stderr
    assert ended.stderr.count("ERROR") == 1
    assert "secret" not in ended.stderr
    assert desk.written == []
    return ended


@pytest.mark.parametrize("content", [b"not a database, but a text" * 99, os.urandom(4096)])
def test_a_file_that_is_no_database_is_one_sentence(desk: Desk, content: bytes) -> None:
    path = desk.folder / "text.db"
    path.write_bytes(content)
    assert "(the file is no SQLite database)" in run(desk, f"sqlite:///{path}").stderr
    assert path.read_bytes() == content


def test_a_damaged_file_is_one_sentence(desk: Desk) -> None:
    path = desk.folder / "damaged.db"
    with closing(Ledger(f"sqlite:///{path}", desk.sandbox.api_url)) as ledger:
        ledger.put(*(_entry(str(number)) for number in range(500)))
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(bytes(content))
    assert "(the file is damaged)" in run(desk, f"sqlite:///{path}").stderr


def test_a_disk_that_is_full_is_one_sentence(tmp_path: Path) -> None:
    @event.listens_for(Engine, "connect")
    def limit(connection: Any, _record: object) -> None:
        connection.execute("pragma max_page_count = 16").close()

    try:
        ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db", "one")
        many = [_entry(str(number)) for number in range(1000)]
        with pytest.raises(LedgerError, match=r"\(the disk is full\); nothing more is written"):
            ledger.put(*many)
    finally:
        event.remove(Engine, "connect", limit)
    ledger.close()


def _entry(key: str) -> Entry:
    return Entry("a", key, "tickets", "create", DONE, 5, "x" * 200, "hash", 1.0)


def test_a_locked_file_is_one_sentence(desk: Desk) -> None:
    path = desk.folder / "locked.db"
    Ledger(f"sqlite:///{path}", "one").close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin exclusive")
        with pytest.raises(LedgerError, match="another program is using it"):
            Ledger(f"sqlite:///{path}?timeout=0.1", "one").put(_entry("1"))


def test_the_home_folder_is_meant_by_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    Ledger("sqlite:///~/deep/ledger.db", "one").close()
    assert (tmp_path / "deep" / "ledger.db").exists()
    assert not (tmp_path / "~").exists()


def test_a_home_folder_that_nobody_has_is_one_sentence() -> None:
    with pytest.raises(SettingsError, match="there is no home folder"):
        Ledger("sqlite:///~nobody-has-this-name/ledger.db", "one")


def test_a_database_of_postgresql_that_is_not_there_is_one_sentence(
    desk: Desk, database: str
) -> None:
    changed = psycopg.conninfo.conninfo_to_dict(database)
    host = changed["host"]
    user = changed["user"]
    places = {
        f"postgresql://{user}:secret@/nowhere?host={host}": "there is no such database",
        f"postgresql://stranger:secret@/postgres?host={host}": "the user is unknown",
        "postgresql://u:secret@127.0.0.1:9/db": "nothing answers at its host and port",
        "postgresql://u:secret@host.invalid/db": "its host is unknown",
    }
    for place, clause in places.items():
        said = run(desk, place).stderr
        assert f"({clause}" in said
    assert "postgresql+psycopg://u:***@host.invalid/db" in said


def test_a_password_among_the_parameters_is_not_shown() -> None:
    with pytest.raises(LedgerError) as caught:
        Ledger("postgresql://127.0.0.1:9/db?user=u&password=secret", "one")
    assert "secret" not in str(caught.value)


def test_a_wrong_password_is_one_sentence(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as session:
        session.execute("create role reader login password 'right'")
        (place,) = session.execute("show hba_file").fetchone() or ()
    with open(place, encoding="utf-8") as file:  # noqa: PTH123 - a path of the server
        before = file.read()
    try:
        _write(place, f"local all reader scram-sha-256\n{before}", database)
        host = psycopg.conninfo.conninfo_to_dict(database)["host"]
        with pytest.raises(LedgerError, match=r"\(the password is wrong\)"):
            Ledger(f"postgresql://reader:wrong@/postgres?host={host}", "one")
        with pytest.raises(LedgerError, match=r"\(it has no schema that the user may use\)"):
            Ledger(f"postgresql://reader:right@/postgres?host={host}", "one")
        with psycopg.connect(database, autocommit=True) as session:
            session.execute("grant usage on schema public to reader")
        with pytest.raises(LedgerError, match=r"\(the user may not write there\)"):
            Ledger(f"postgresql://reader:right@/postgres?host={host}", "one")
    finally:
        _write(place, before, database)


def _write(path: str, text: str, database: str) -> None:
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123 - a path of the server
        file.write(text)
    with psycopg.connect(database, autocommit=True) as session:
        session.execute("select pg_reload_conf()")


@pytest.mark.parametrize(
    ("code", "clause"), [("53100", "the disk is full"), ("25006", "may only be read")]
)
def test_what_postgresql_says_later_is_said_in_words(database: str, code: str, clause: str) -> None:
    ledger = Ledger(database, "one")
    _execute(
        database,
        "create function fail() returns trigger language plpgsql as "
        f"$$ begin raise exception 'no' using errcode = '{code}'; end $$",
    )
    _execute(
        database, "create trigger fail before insert on gorgias_ledger execute function fail()"
    )
    with pytest.raises(LedgerError, match=clause):
        ledger.put(_entry("1"))
    ledger.close()


def test_settings_show_no_password(desk: Desk) -> None:
    target = TargetGorgias(
        config=desk.settings | {"ledger_url": "postgresql://u:secret@127.0.0.1:9/d"}
    )
    with pytest.raises(LedgerError) as caught:
        target.ledger  # noqa: B018 - opens it
    assert "secret" not in str(caught.value)


def test_types_of_rows_are_the_same(desk: Desk, url: str) -> None:
    row: Row = {"number": 1, "email": "lea@shop.example"}
    desk.write(*rows("customers", row, keys=["number"]), ledger_url=url)
    desk.forget()
    desk.write(*rows("customers", row, keys=["number"]), ledger_url=url)
    assert desk.written == []
