"""Running programs as a user does, outside the repository."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from demo.meltano import PROJECT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

UV = PROJECT / ".venv-meltano/bin/uv"
MINUTES = 10


def run(*command: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    """The standard output of a command.

    Raises:
        AssertionError: it failed; with all it said.
    """
    done = subprocess.run(  # noqa: S603 - our own words
        command,
        cwd=cwd,
        env=env,
        check=False,
        capture_output=True,
        text=True,
        timeout=60 * MINUTES,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout
