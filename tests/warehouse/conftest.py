"""An account and a Meltano for each module of warehouse tests."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from demo.meltano import Meltano
from gorgias_sandbox.options import Options
from gorgias_sandbox.serve import serve
from tests.support import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gorgias_sandbox.serve import Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """An account of some hundred tickets, without a rate limit."""
    with serve(Options(tickets=300, rate_limit=None)) as running:
        yield running
    # The seed freezes what exists, DuckDB's types too, which then report themselves as leaked.
    gc.unfreeze()


@pytest.fixture(scope="module")
def meltano(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Meltano:
    """A Meltano that reads from the sandbox; its state is that of this module only."""
    return Meltano(
        tmp_path_factory.mktemp("meltano"),
        {f"TAP_GORGIAS_{name.upper()}": value for name, value in settings(sandbox).items()},
    )
