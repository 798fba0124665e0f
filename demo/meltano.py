"""Meltano as a person would run it, apart from the state of the project it runs in."""

from __future__ import annotations

import os
import subprocess
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PROJECT = Path(__file__).resolve().parent.parent
PLUGIN_FOLDERS = ("extractors", "loaders", "mappers")
POLL_SECONDS = 0.5
LINES_SHOWN = 15


class MeltanoError(Exception):
    """Meltano failed; the message ends with the last lines of its log and where it is."""


class Meltano:
    """Runs of the project's plugins with a system database and run folders of their own.

    The plugins' environments are those that `meltano install` has made in the project.

    Args:
        home: an empty or absent folder, taken for `.meltano`.
        settings: variables such as `TAP_GORGIAS_API_URL`, for every run.
    """

    def __init__(self, home: Path, settings: Mapping[str, str]) -> None:
        self._home = home
        self._variables = {
            **without_settings(os.environ),
            "MELTANO_PROJECT_ROOT": str(PROJECT),
            "MELTANO_SYS_DIR_ROOT": str(home),
            "MELTANO_ENVIRONMENT": "ci",
            "MELTANO_AUTO_INSTALL": "false",
            "NO_COLOR": "1",
            **settings,
        }
        home.mkdir(parents=True, exist_ok=True)
        for folder in PLUGIN_FOLDERS:
            (home / folder).symlink_to(PROJECT / ".meltano" / folder, target_is_directory=True)

    def run(
        self,
        *arguments: str,
        log: Path,
        settings: Mapping[str, str] | None = None,
        waiting: Callable[[], None] = lambda: None,
    ) -> None:
        """`meltano run` with its output in `log`.

        Args:
            arguments: plugins and options.
            log: file to write.
            settings: variables for this run only.
            waiting: called about twice a second until it ends.

        Raises:
            MeltanoError: the run failed.
        """
        command = [str(PROJECT / ".venv-meltano/bin/meltano"), "run", *arguments]
        with (
            log.open("wb") as output,
            subprocess.Popen(  # noqa: S603 - our own words
                command,
                cwd=PROJECT,
                env=self._variables | dict(settings or {}),
                stdout=output,
                stderr=output,
            ) as process,
        ):
            try:
                status = None
                while status is None:
                    waiting()
                    with suppress(subprocess.TimeoutExpired):
                        status = process.wait(POLL_SECONDS)
            finally:
                process.terminate()
        if status:
            message = f"`meltano run {' '.join(arguments)}` failed:\n\n{_tail(log)}\n\nLog: {log}"
            raise MeltanoError(message)


def without_settings(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment without what would send the run to a real account or warehouse."""
    ours = ("TAP_GORGIAS_", "TARGET_", "GORGIAS_", "MELTANO_")
    return {name: value for name, value in variables.items() if not name.startswith(ours)}


def _tail(log: Path) -> str:
    with log.open(encoding="utf-8", errors="replace") as lines:
        return "".join(f"  {line}" for line in deque(lines, maxlen=LINES_SHOWN)).rstrip()
