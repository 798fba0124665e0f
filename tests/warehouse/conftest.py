"""An account for each module of warehouse tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.warehouse.project import account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gorgias_sandbox.serve import Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """An account of a hundred tickets, without a rate limit."""
    with account() as running:
        yield running
