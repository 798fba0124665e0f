"""What the tests of the target share: messages in, and everything that comes out."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from gorgias_api import Client
from gorgias_api.settings import Settings
from target_gorgias.target import TargetGorgias
from tests.api.clock import ManualClock
from tests.support import settings, truth
from tests.target import fork

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from gorgias_sandbox.serve import Sandbox

Row = dict[str, Any]
NOTHING = dict.fromkeys(("created", "updated", "unchanged", "deleted", "rejected", "requests"), 0)
EVERY_VERB = {"verbs": ["delete", "merge", "remove", "replace", "set", "set_data", "trash"]}
"""An option by which rows may take things away."""
SENT = "2026-01-31T09:00:00+00:00"
NOTE = {"channel": "internal-note", "from_agent": True, "via": "api", "body_text": "A note."}
MAIL = {"channel": "email", "from_agent": False, "via": "email", "body_text": "Where is it?"}
TICKET = {
    "external_id": "t-1",
    "subject": "Late parcel",
    "priority": "high",
    "customer": {"email": "lea@shop.example"},
    "messages": [MAIL],
}


class QuickClock(ManualClock):
    """Time that passes at once, for several threads. It begins where an account's data end."""

    def __init__(self) -> None:
        super().__init__()
        self._start = datetime.now(UTC)

    def now(self) -> datetime:
        """Wall-clock time."""
        return self._start + timedelta(seconds=self.monotonic())

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        """Let the others have a turn, then let time pass."""
        condition.wait(0.001)
        self.advance(seconds)


class Target(TargetGorgias):
    """The target in time that passes at once."""

    clock: ManualClock

    @cached_property
    def client(self) -> Client:
        """A client with the clock of the test."""
        return Client(Settings.from_mapping(self.config), clock=self.clock)


def schema(stream: str, *columns: str, keys: Iterable[str] = ()) -> Row:
    """A SCHEMA message; the types of columns mean nothing to the target."""
    return {
        "type": "SCHEMA",
        "stream": stream,
        "schema": {"properties": {name: {} for name in (*columns, *keys)}},
        "key_properties": list(keys),
    }


def record(stream: str, **values: Any) -> Row:
    """A RECORD message."""
    return {"type": "RECORD", "stream": stream, "record": values}


def state(value: Any) -> Row:
    """A STATE message."""
    return {"type": "STATE", "value": {"at": value}}


def rows(stream: str, *records: Row, keys: Iterable[str] = ()) -> list[Row]:
    """A stream with all the columns that its records have."""
    columns = dict.fromkeys(name for each in records for name in each)
    head = schema(stream, *(name for name in columns if name not in keys), keys=keys)
    return [head, *(record(stream, **each) for each in records)]


def lines(messages: Iterable[Any]) -> str:
    """Messages as the target reads them."""
    return "".join(json.dumps(message) + "\n" for message in messages)


class Ended(NamedTuple):
    """A process that has come to its end."""

    returncode: int | None
    stdout: str
    stderr: str


@dataclass
class Desk:
    """A local account, and the runs that write to it; their files are in a folder of their own."""

    sandbox: Sandbox
    folder: Path
    states: list[Row] = field(default_factory=list)
    """What the last run let out."""
    clock: ManualClock = field(default_factory=QuickClock)

    @property
    def settings(self) -> Row:
        """Settings with every file of a run in the folder."""
        return settings(self.sandbox) | {
            "ledger_url": f"sqlite:///{self.folder}/ledger.db",
            "rejects_path": str(self.folder / "rejects.jsonl"),
            "summary_path": str(self.folder / "summary.json"),
            "look_before_create": False,  # every test is a first load
        }

    def write(self, *messages: Row, **more: Any) -> list[Row]:
        """Run the target over messages; give the states it let out."""
        return self.feed(lines(messages), **more)

    def feed(self, text: str, **more: Any) -> list[Row]:
        """The same for text as it is read."""
        return self.listen(io.StringIO(text), **more)

    def listen(self, file: Any, **more: Any) -> list[Row]:
        """The same for a file."""
        emitted = io.StringIO()
        self.clock.advance(1.0)  # since the run before
        try:
            with redirect_stdout(emitted):
                target = Target(config=self.settings | more)
                target.clock = self.clock
                target.max_parallelism = 1  # of the SDK, whose pool takes a while to start
                target.listen(file)
        finally:
            self.states = [json.loads(line) for line in emitted.getvalue().splitlines()]
        return self.states

    def once(self, *messages: Row, writes: Iterable[str], again: Row, **more: Any) -> Row:
        """Write messages, then once more, which must write nothing; give the first counts.

        Comparing with Gorgias takes one request for these few rows.

        Args:
            messages: what to write.
            writes: the requests that it is to take, in any order.
            again: the counts of the second time.
            more: further settings.
        """
        self.forget()
        self.write(*messages, **more)
        assert sorted(self.written) == sorted(writes)
        counts = self.summary
        self.forget()
        self.write(*messages, **more)
        assert self.written == []
        summary = self.summary
        read = [found.pop("requests", 0) for found in summary.values()]
        assert summary == again
        assert sum(read) <= len(read)
        return counts

    def run(self, text: str, *options: str, **more: Any) -> Ended:
        """Run the command in a process of its own."""
        config, given = self.folder / "config.json", self.folder / "input.jsonl"
        config.write_text(json.dumps(self.settings | more))
        given.write_text(text)
        out, log = self.folder / "out.jsonl", self.folder / "run.log"
        code = fork.run([f"--config={config}", f"--input={given}", *options], out, log)
        return Ended(code, out.read_text(), log.read_text())

    def run_loudly(self, text: str | bytes, *options: str, **more: Any) -> Ended:
        """Run the command as a user does, and have it log as much as it can."""
        config = self.folder / "config.json"
        config.write_text(json.dumps(self.settings | more))
        ended = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", "target_gorgias", f"--config={config}", *options],
            input=text if isinstance(text, bytes) else text.encode(),
            capture_output=True,
            check=False,
            env=os.environ | {"LOGLEVEL": "DEBUG", "PYTHONIOENCODING": "utf-8:strict"},
        )
        return Ended(ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    @property
    def summary(self) -> Row:
        """The counts of the last run, those that are not 0."""
        streams = json.loads((self.folder / "summary.json").read_text())
        return {
            stream: {what: n for what, n in counts.items() if n}
            for stream, counts in streams.items()
        }

    @property
    def rejects(self) -> list[Row]:
        """What was refused so far."""
        return json_lines(self.folder / "rejects.jsonl")

    @property
    def reasons(self) -> list[str]:
        """Why it was refused."""
        return [row["reason"] for row in self.rejects]

    @property
    def written(self) -> list[str]:
        """The requests that may have changed something, such as `PUT /api/tickets/1`."""
        seen = self.sandbox.requests
        return [f"{each.method} {each.path}" for each in seen if each.method != "GET"]

    def forget(self) -> None:
        """Let `written` begin anew."""
        self.sandbox.backend.requests.clear()

    def rows(self, table: str) -> list[Row]:
        """What a table holds, as its list shows it."""
        return truth(self.sandbox, table)

    def row(self, table: str, row_id: int) -> Row:
        """One row of a table."""
        (found,) = (row for row in self.rows(table) if row["id"] == row_id)
        return found

    def the(self, table: str, **values: Any) -> Row:
        """The only row of a table with these values."""
        (found,) = (row for row in self.rows(table) if values.items() <= row.items())
        return found

    def messages_of(self, ticket: int) -> list[Row]:
        """The messages of a ticket, the oldest first."""
        return [row for row in self.rows("messages") if row["ticket_id"] == ticket]

    def stored(self, table: str, row_id: int) -> Row:
        """A row as the sandbox keeps it, with what no list shows."""
        row: Row = self.sandbox.world.tables[table][row_id]
        return row

    def any(self, table: str) -> Row:
        """The first row of a table, as it is kept."""
        return next(iter(self.sandbox.world.tables[table]))

    def people(self) -> set[str]:
        """The e-mail addresses of everybody in the account."""
        tables = (self.sandbox.world.tables[name] for name in ("customers", "users"))
        return {row["email"] for table in tables for row in table if row["email"]}


def until(true: Callable[[], bool]) -> None:
    """Wait for what another thread or process brings about."""
    patience = time.monotonic() + 10
    while not true() and time.monotonic() < patience:
        time.sleep(0.005)
    assert true()


def json_lines(path: Path) -> list[Row]:
    """The objects in a file of JSON lines; none if there is no file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
