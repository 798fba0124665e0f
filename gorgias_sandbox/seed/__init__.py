"""A believable help desk of an online shop, the same for the same seed."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from random import Random
from typing import TYPE_CHECKING

from gorgias_sandbox.dataset import Dataset
from gorgias_sandbox.seed.cases import CaseBook
from gorgias_sandbox.seed.catalogue import Catalogue
from gorgias_sandbox.seed.clock import arrivals, founding_moment, micros
from gorgias_sandbox.seed.customers import Crowd
from gorgias_sandbox.seed.journal import Journal
from gorgias_sandbox.seed.names import NamePool
from gorgias_sandbox.seed.plumbing import make_jobs, open_account
from gorgias_sandbox.seed.staff import Founding
from gorgias_sandbox.seed.tickets import Desk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

__all__ = ["build"]

_FIRST_EVENT_ID = 2_190_000_001


def build(*, seed: int, tickets: int, now: datetime) -> Dataset:
    """Make the data of an account: the two years up to `now`.

    The same arguments give the same rows, in any process.

    Args:
        seed: any integer.
        tickets: how many tickets ever existed; about one in a hundred of them was deleted.
        now: aware; nothing is dated later, except what is planned (snoozes, surveys, jobs).
    """
    with _without_garbage_collection():
        return _build(Random(seed), tickets, micros(now))  # noqa: S311 - play data, no secrets


def _build(rng: Random, tickets: int, now: int) -> Dataset:
    moments = arrivals(rng, tickets, now)
    journal = Journal(rng)
    names = NamePool(rng, size=_between(40, tickets // 100, 500))
    cases = CaseBook(rng, size=_between(60, tickets // 25, 3_000))
    founding = Founding(rng, journal, founding_moment(now))
    catalogue = Catalogue(founding, names, cases.products)
    first_customer = max(catalogue.tables["users"]) + 1
    crowd = Crowd(rng, names, journal, catalogue, first_customer, now)
    desk = Desk(
        rng=rng,
        catalogue=catalogue,
        cases=cases,
        crowd=crowd,
        journal=journal,
        moments=moments,
        now=now,
    )
    written = desk.write()
    jobs = make_jobs(now, catalogue.boss, list(written["tickets"]), catalogue.macros[0])
    tables = {**catalogue.tables, "customers": crowd.table, **written, "jobs": jobs}
    tables["events"] = journal.close(_FIRST_EVENT_ID)
    account = open_account(founding, tables["account_settings"])
    return Dataset(tables, account, crowd.merged)


def _between(low: int, value: int, high: int) -> int:
    return max(low, min(value, high))


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """A million new rows and no cycle among them: looking for one would double the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # nor look for one when it is over
        if was_enabled:
            gc.enable()
