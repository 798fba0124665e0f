"""The ledger in PostgreSQL, for runs in containers that keep nothing."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING

import psycopg
import pytest

from gorgias_api import GorgiasError
from target_gorgias import ledger
from target_gorgias.entries import DONE, Entry
from target_gorgias.ledger import Ledger, LedgerError
from tests.target.support import MAIL, NOTE, Target, lines, rows, state
from tests.warehouse.warehouses import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.target.support import Desk, Row

KEY = ("number",)


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


def messages(count: int = 3) -> list[Row]:
    return [
        *rows("messages", {"number": 1, "ticket_key": count - 1, **NOTE}, keys=KEY),
        *rows(
            "tickets",
            *(
                {"number": n, "customer_email": "lea@shop.example", "messages": [MAIL]}
                for n in range(count)
            ),
            keys=KEY,
        ),
        state(1),
    ]


def test_what_was_written_is_remembered(desk: Desk, database: str) -> None:
    counts = desk.once(
        *messages(),
        writes=["POST /api/tickets"] * 3 + ["POST /api/tickets/83000033/messages"],
        again={"messages": {"unchanged": 1}, "tickets": {"unchanged": 3}},
        ledger_url=database,
        max_parallelism=1,
    )
    assert counts["tickets"]["created"] == 3
    assert desk.rejects == []


def test_a_lost_create_is_found_again(desk: Desk, database: str) -> None:
    desk.sandbox.fail("/api/tickets", method="POST", reset="after")
    desk.sandbox.fail("/api/tickets", method="GET", status=503, times=99)
    with pytest.raises(GorgiasError):
        desk.write(*messages(2), ledger_url=database, max_parallelism=1)
    desk.sandbox.backend.faults.clear()
    desk.write(*messages(2), ledger_url=database)
    marks = [row["external_id"] for row in desk.rows("tickets") if row["external_id"]]
    assert sorted(mark for mark in marks if ":" in mark) == ["tickets:0", "tickets:1"]


def test_a_dry_run_leaves_nothing_behind(desk: Desk, database: str) -> None:
    desk.write(*messages(2), ledger_url=database, dry_run=True)
    desk.write(*messages(2), ledger_url=database)
    assert desk.summary["tickets"]["created"] == 2


def test_two_runs_at_once_are_one_sentence(
    desk: Desk, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "PATIENCE", 1)
    first = Ledger(database, desk.sandbox.api_url)
    with pytest.raises(LedgerError) as caught:
        desk.write(*messages(), ledger_url=database)
    assert "Another run is using the ledger postgresql+psycopg://" in str(caught.value)
    assert "for this account: wait for it, or give each its own 'ledger_url'." in str(caught.value)
    first.close()
    desk.write(*messages(), ledger_url=database)
    assert desk.written


def test_runs_for_other_accounts_do_not_wait(database: str) -> None:
    first, second = Ledger(database, "one"), Ledger(database, "two")
    second.put(Entry("a", "1", "tickets", "create", DONE, 5, "x", "hash", 1.0))
    assert first.entry("a", "1") is None
    second.close()
    first.close()


def test_many_at_once_are_all_noted(database: str) -> None:
    shared = Ledger(database, "many")

    def note(number: int) -> None:
        for each in range(20):
            key = f"{number}-{each}"
            shared.put(Entry("a", key, "tickets", "create", DONE, each + 1, key, "hash", 1.0))
            assert shared.by_external_id("tickets", key) == {each + 1}

    threads = [threading.Thread(target=note, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shared.close()
    again = Ledger(database, "many")
    assert all(again.entry("a", f"{n}-{each}") for n in range(6) for each in range(20))
    again.close()


def test_a_ledger_that_failed_gives_out_nothing_it_remembers(database: str) -> None:
    ledger = Ledger(database, "failing")
    ledger.announce([("a", "1"), ("a", "2")])
    assert ledger.entry("a", "1") is None
    _end_sessions(database)
    with pytest.raises(LedgerError):
        ledger.put(Entry("a", "1", "tickets", "create", DONE, 1, None, "hash", 1.0))
    with pytest.raises(LedgerError):
        ledger.entry("a", "2")
    ledger.close()


def test_a_database_that_goes_away_ends_the_run_in_one_sentence(desk: Desk, database: str) -> None:
    target = Target(config=desk.settings | {"ledger_url": database})
    target.clock = desk.clock
    target.ledger  # noqa: B018 - opens it
    _end_sessions(database)
    with pytest.raises(LedgerError, match=r"cannot be used .*; nothing more is written"):
        target.listen(io.StringIO(lines(messages())))
    assert desk.written == []


def _end_sessions(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as session:
        session.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where pid <> pg_backend_pid() and state is not null"
        )
