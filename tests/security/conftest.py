"""The account that the tests of the target write to."""

from __future__ import annotations

from tests.target.conftest import dataset, desk, empty_ledger, running  # noqa: F401 - fixtures
