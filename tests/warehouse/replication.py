"""Runs of `meltano run`, and what came of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.warehouse.project import meltano_for
from tests.warehouse.replica import replica
from tests.warehouse.truth import Tables, truth

if TYPE_CHECKING:
    from pathlib import Path

    from gorgias_sandbox.serve import Sandbox
    from tests.warehouse.warehouses import Warehouse

FAR_AWAY = {"TZ": "America/New_York"}


@dataclass(frozen=True)
class Sync:
    """What a run left in the warehouse, what the account held then, and the requests it took."""

    loaded: Tables
    truth: Tables
    requests: Counter[str]


class Replication:
    """Runs of one account into one warehouse, on a machine whose time zone is not UTC."""

    def __init__(self, sandbox: Sandbox, warehouse: Warehouse, home: Path) -> None:
        self.sandbox = sandbox
        self.warehouse = warehouse
        self._home = home
        self._meltano = meltano_for(sandbox, home / "meltano")

    def run(self, *options: str, through: str | None = None, **variables: str) -> Sync:
        """One `meltano run`, through a mapping if wanted, and what came of it."""
        self.sandbox.backend.requests.clear()
        mappings = [through] if through else []
        self._meltano.run(
            *options,
            "tap-gorgias",
            *mappings,
            self.warehouse.loader,
            log=self._home / "run.log",
            settings={**FAR_AWAY, **self.warehouse.settings, **variables},
        )
        requests = Counter(request.path for request in self.sandbox.requests)
        loaded = replica(self.warehouse)
        return Sync(loaded, truth(self.sandbox, loaded), requests)
