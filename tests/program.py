"""The tap as a program: settings, catalog and state in; lines, a log and an exit code out."""

from __future__ import annotations

import json
import multiprocessing
import re
import subprocess
import sys
import threading
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.tap_process import run_program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from tests.support import Row

PATIENCE = 60.0
"""Seconds after which a run that does not end is killed."""
SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["tests.tap_process"])
_CLAIM = re.compile(r"\| (\w+): (\d+) records?, (\d+) requests?\.$", re.MULTILINE)
_DONE = re.compile(r"\| Done: (\d+) requests? in ")


@dataclass
class Run:
    """What came out of a run.

    Attributes:
        lines: every whole line of the output, decoded.
        rest: what was written after the last whole line.
        log: everything on standard error.
        code: exit code; negative for a signal.
    """

    lines: list[Row] = field(default_factory=list)
    rest: bytes = b""
    log: str = ""
    code: int = 0

    @property
    def records(self) -> dict[str, list[Row]]:
        """Rows by stream, as written."""
        found: dict[str, list[Row]] = defaultdict(list)
        for line in self.lines:
            if line["type"] == "RECORD":
                found[line["stream"]].append(line["record"])
        return found

    @property
    def state(self) -> Row | None:
        """The last state; None: there was none."""
        states = [line["value"] for line in self.lines if line["type"] == "STATE"]
        return states[-1] if states else None

    @property
    def claimed(self) -> dict[str, int]:
        """Rows by stream, as the log has it; streams without any are left out."""
        return {name: int(rows) for name, rows, _ in _CLAIM.findall(self.log) if int(rows)}

    @property
    def claimed_requests(self) -> tuple[int, int]:
        """Requests of all streams added up, and those of the run, as the log has them."""
        of_streams = sum(int(requests) for _, _, requests in _CLAIM.findall(self.log))
        return of_streams, sum(int(requests) for requests in _DONE.findall(self.log))


class Program:
    """Runs of the tap, one at a time, in processes that start fast.

    Args:
        folder: an empty folder for settings, catalog, state and log.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: Any = None
        self.catalog = self._discovered()

    def run(
        self,
        config: Row,
        streams: Iterable[str],
        state: Row | None = None,
        watch: Callable[[int], object] = lambda _count: None,
    ) -> Run:
        """One run.

        Args:
            config: the settings.
            streams: what is selected.
            state: None: no file of a state is given.
            watch: called with the number of lines so far after each of them; it may `kill`.
        """
        return self._run(self._arguments(config, streams, state), watch)

    def run_alone(self, config: Row, streams: Iterable[str], state: Row | None = None) -> Run:
        """The same by a Python of its own, as a person starts it; takes a second longer."""
        command = [sys.executable, "-m", "tap_gorgias", *self._arguments(config, streams, state)]
        done = subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE)  # noqa: S603 - our own module
        *lines, rest = done.stdout.split(b"\n")
        return Run(
            [json.loads(each) for each in lines], rest, done.stderr.decode(), done.returncode
        )

    def kill(self) -> None:
        """End the run that is under way, by SIGKILL."""
        self._process.kill()

    def _run(self, arguments: list[str], watch: Callable[[int], object]) -> Run:
        reader, writer = SERVER.Pipe(duplex=False)
        log = self._folder / "log"
        self._process = SERVER.Process(target=run_program, args=(arguments, writer, str(log)))
        self._process.start()
        writer.close()
        run = Run()
        with reader, _ending(self._process), open(reader.fileno(), "rb", closefd=False) as output:
            for line in output:
                if not line.endswith(b"\n"):
                    run.rest = line
                    break
                run.lines.append(json.loads(line))
                watch(len(run.lines))
            self._process.join()
        run.code, run.log = self._process.exitcode, log.read_text(encoding="utf-8")
        return run

    def _arguments(self, config: Row, streams: Iterable[str], state: Row | None) -> list[str]:
        arguments = [self._file("config", config), self._file("catalog", self._selecting(streams))]
        return arguments if state is None else [*arguments, self._file("state", state)]

    def _file(self, name: str, content: Row) -> str:
        path = self._folder / f"{name}.json"
        path.write_text(json.dumps(content))
        return f"--{name}={path}"

    def _selecting(self, streams: Iterable[str]) -> Row:
        chosen = set(streams)
        for stream in self.catalog["streams"]:
            whole = next(each for each in stream["metadata"] if not each["breadcrumb"])
            whole["metadata"]["selected"] = stream["tap_stream_id"] in chosen
        return self.catalog

    def _discovered(self) -> Row:
        # What it prints goes over many lines.
        reader, writer = SERVER.Pipe(duplex=False)
        process = SERVER.Process(
            target=run_program, args=(["--discover"], writer, str(self._folder / "log"))
        )
        process.start()
        writer.close()
        with reader, open(reader.fileno(), "rb", closefd=False) as output:
            catalog: Row = json.loads(output.read())
        process.join()
        return catalog


@contextmanager
def _ending(process: Any) -> Iterator[None]:
    """Kill the process if it takes longer than anybody would wait."""
    alarm = threading.Timer(PATIENCE, process.kill)
    alarm.start()
    try:
        yield
    finally:
        alarm.cancel()
