"""The command `gorgias` as a person runs it, in this process."""

from __future__ import annotations

import json
import logging
import sys
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch

import pytest
from click.testing import CliRunner

from gorgias_api.cli import main
from gorgias_api.settings import SHARED
from tests.support import settings

if TYPE_CHECKING:
    from gorgias_sandbox.serve import Sandbox

NOTHING = {
    f"{prefix}_{setting.name.upper()}": None
    for prefix in ("GORGIAS", "TAP_GORGIAS")
    for setting in SHARED
}
"""The environment without any setting of whoever runs the tests."""


class Ended(NamedTuple):
    """How the command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed."""
        assert (self.code, self.err) == (0, "")
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """What it printed, as JSON lines."""
        assert (self.code, self.err) == (0, "")
        return [json.loads(line) for line in self.out.splitlines()]


class Gorgias:
    """`gorgias` with the settings of one account in its environment."""

    def __init__(self, sandbox: Sandbox | None = None, **more: str) -> None:
        # The command lives in real time, which has no minutes for a server that stays down.
        given = {"max_retries": "3"} | (settings(sandbox) if sandbox else {}) | more
        self._environment = NOTHING | {
            f"GORGIAS_{name.upper()}": value for name, value in given.items()
        }

    def __call__(self, *arguments: object, stdin: str | bytes = "", **more: str) -> Ended:
        """Run it with these arguments, input and further variables."""
        words = ["gorgias", *map(str, arguments)]
        handlers, level = list(logging.root.handlers), logging.root.level
        with (
            CliRunner().isolation(stdin, env=self._environment | more) as (out, err, _),
            patch.object(sys, "argv", words),
        ):
            try:
                with pytest.raises(SystemExit) as ended:
                    main()
            finally:
                # The command sets up logging for its whole process; this one lives on.
                logging.root.handlers[:], logging.root.level = handlers, level
            return Ended(
                int(ended.value.code or 0), out.getvalue().decode(), err.getvalue().decode()
            )
