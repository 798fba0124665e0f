"""An account to write to."""

from __future__ import annotations

import gc
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gorgias_sandbox.options import Options
from gorgias_sandbox.seed import build
from gorgias_sandbox.serve import backend_for, serve
from target_gorgias.ledger import Ledger
from tests.target.support import Desk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gorgias_sandbox.dataset import Dataset
    from gorgias_sandbox.serve import Sandbox

OPTIONS = Options(tickets=30, rate_limit=None, record_bodies=True)


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    """Thirty tickets and what belongs to them."""
    return build(seed=OPTIONS.seed, tickets=OPTIONS.tickets, now=datetime.now(UTC))


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    """A server that stays up: starting and stopping it takes longer than a test."""
    with serve(OPTIONS) as sandbox:
        yield sandbox
    # The seed freezes what exists, DuckDB's types too, which then report themselves as leaked.
    gc.unfreeze()


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with its tables, which take a while to make."""
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    Ledger(f"sqlite:///{path}", "").close()
    return path


@pytest.fixture
def desk(running: Sandbox, dataset: Dataset, empty_ledger: Path, tmp_path: Path) -> Desk:
    """An account with bodies of requests on record and no rate limit; new for every test."""
    vars(running.backend).update(vars(backend_for(OPTIONS, dataset)))
    shutil.copy(empty_ledger, tmp_path)
    return Desk(running, tmp_path)
