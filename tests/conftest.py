"""What all tests share: local Gorgias accounts."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from gorgias_api.known_secrets import SECRETS, KnownSecrets
from gorgias_sandbox.options import Options
from gorgias_sandbox.serve import serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gorgias_sandbox.serve import Sandbox

settings.register_profile("any machine", deadline=None)  # how long it takes is not what is tested
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def _process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test logging and known secrets as a new process has them."""
    monkeypatch.setattr(logging.Logger, "callHandlers", logging.Logger.callHandlers)
    for name, value in vars(KnownSecrets()).items():
        monkeypatch.setattr(SECRETS, name, value)


@pytest.fixture
def open_sandbox() -> Iterator[Callable[..., Sandbox]]:
    """Starts sandboxes, without a rate limit unless asked, that last as long as the test."""
    with ExitStack() as running:

        def start(**options: Any) -> Sandbox:
            chosen = Options(**{"rate_limit": None, "tickets": 150} | options)
            return running.enter_context(serve(chosen))

        yield start


@pytest.fixture
def sandbox(open_sandbox: Callable[..., Sandbox]) -> Sandbox:
    """A small account without a rate limit."""
    return open_sandbox()
