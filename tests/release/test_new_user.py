"""A new user's path: the README's own commands, in an empty folder, into PostgreSQL and back."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import requests

from demo.meltano import PROJECT, without_settings
from tests.release.commands import UV, run
from tests.warehouse.warehouses import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

README = (PROJECT / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("\n## Your own project\n")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"^```(sh|sql)\n(.+?)^```", SECTION, re.MULTILINE | re.DOTALL)
MINUTES = 10
EXECUTE = """
import os, psycopg, sys
psycopg.connect(os.environ["SERVER"], autocommit=True).execute(sys.argv[1])
"""


@dataclass(frozen=True)
class Journey:
    """What a user who has typed it all has got."""

    database: str
    sandbox: str
    log: str
    seconds: float

    def ask(self, query: str) -> set[Any]:
        """The rows of a query to the database."""
        with psycopg.connect(self.database) as connection:
            return set(connection.execute(query.encode()).fetchall())

    def table(self, name: str) -> list[dict[str, Any]]:
        """The help desk's own rows."""
        answer = requests.get(f"{self.sandbox}/_sandbox/tables/{name}", timeout=10)
        return [json.loads(line) for line in answer.text.splitlines()]


@pytest.fixture(scope="module")
def journey(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    home = tmp_path_factory.mktemp("new-user")
    run(UV, "venv", "--quiet", home / "pipx")
    run(UV, "pip", "install", "--quiet", "--python", home / "pipx/bin/python", "pipx")
    with postgres() as server:
        log, port = home / "log", _free_port()
        started = time.monotonic()
        with log.open("wb") as output:
            shell = subprocess.Popen(  # noqa: S603 - what the README says
                ["/bin/bash", "-euo", "pipefail", "-c", _script(port)],
                cwd=home,
                env=_environment(home, dist, server),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            try:
                status = shell.wait(60 * MINUTES)
                said = log.read_text(encoding="utf-8", errors="replace")
                assert status == 0, said
                took = time.monotonic() - started
                yield Journey(server, f"http://127.0.0.1:{port}", said, took)
            finally:
                # The sandbox has been left running in the background.
                with suppress(ProcessLookupError):
                    os.killpg(shell.pid, signal.SIGTERM)


def _script(port: int) -> str:
    """The README's commands, SQL among them, on a port that is free."""
    execute = shlex.join([sys.executable, "-c", EXECUTE])
    lines = [
        code if language == "sh" else f"{execute} {shlex.quote(code)}\n"
        for language, code in BLOCKS
    ]
    return "".join(lines).replace("8787", str(port))


def _environment(home: Path, dist: Path, server: str) -> dict[str, str]:
    """That of a new user, for whom the package is on the index."""
    return without_settings(os.environ) | {
        "PATH": f"{home}/bin:{home}/pipx/bin:/usr/bin:/bin",
        "HOME": str(home),
        "PIPX_BIN_DIR": f"{home}/bin",
        "PIPX_DEFAULT_PYTHON": sys.executable,
        "PIP_FIND_LINKS": str(dist),
        "UV_FIND_LINKS": str(dist),
        "DEFINITIONS": str(PROJECT / "plugins"),
        "SERVER": server,
        # tap-postgres insists on what a server behind a socket has no use for.
        "DATABASE": server.replace("postgresql://postgres:@/", "postgres:none@localhost/"),
    }


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_the_readme_s_path_takes_less_than_ten_minutes(journey: Journey) -> None:
    assert journey.seconds < 60 * MINUTES


def test_the_tickets_are_in_the_warehouse(journey: Journey) -> None:
    assert journey.ask("select id, status from gorgias.tickets") == {
        (ticket["id"], ticket["status"]) for ticket in journey.table("tickets")
    }


def test_the_tags_are_at_the_help_desk(journey: Journey) -> None:
    wanted = journey.ask("select ticket_id, name from reverse.ticket_tags")
    assert wanted
    found = {
        (ticket["id"], tag["name"]) for ticket in journey.table("tickets") for tag in ticket["tags"]
    }
    assert wanted <= found


def test_the_second_run_sends_nothing(journey: Journey) -> None:
    requests_seen = requests.get(f"{journey.sandbox}/_sandbox/requests", timeout=10).json()
    writes = [each for each in requests_seen if each["method"] != "GET"]
    assert len(writes) == len(journey.ask("select ticket_id from reverse.ticket_tags"))
