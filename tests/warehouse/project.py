"""`meltano.yml` as Meltano reads it, and runs of it against a sandbox."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import yaml  # type: ignore[import-untyped]  # the SDK brings it, nobody its stubs

from demo.meltano import PROJECT, Meltano
from gorgias_sandbox.options import Options
from gorgias_sandbox.serve import serve
from tests.support import settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gorgias_sandbox.serve import Sandbox

Plugin = dict[str, Any]


def plugin(kind: str, name: str) -> Plugin:
    """The definition of a plugin, such as `extractors`, `tap-gorgias`."""
    plugins = yaml.safe_load((PROJECT / "meltano.yml").read_text(encoding="utf-8"))["plugins"]
    found: Plugin = next(each for each in plugins[kind] if each["name"] == name)
    return found


@contextmanager
def account() -> Iterator[Sandbox]:
    """An account of a hundred tickets, without a rate limit."""
    with serve(Options(tickets=120, rate_limit=None)) as running:
        yield running
    # The seed freezes what exists, DuckDB's types too, which then report themselves as leaked.
    gc.unfreeze()


def meltano_for(sandbox: Sandbox, home: Path) -> Meltano:
    """A Meltano whose tap reads all there is from the sandbox; its state is in `home`."""
    given = settings(sandbox) | {"include_integration_http": "true"}
    return Meltano(home, {f"TAP_GORGIAS_{name.upper()}": value for name, value in given.items()})
