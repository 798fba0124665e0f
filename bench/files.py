"""Peak memory of `gorgias upload` and `gorgias download`, by the size of the file in MB.

Peak is what the process ever held, grown is by how much that passes what it held before: the
interpreter and its libraries. Linux only.

python -m bench.files [MB ...]
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from gorgias_api.cli import gorgias

if TYPE_CHECKING:
    from collections.abc import Iterator

MB = 1 << 20
CHUNK = bytes(MB)


class Files(BaseHTTPRequestHandler):
    """Takes any upload, and gives a file as long as its name says, without keeping either."""

    def do_POST(self) -> None:
        """Read and forget."""
        left = int(self.headers["Content-Length"])
        while left:
            left -= len(self.rfile.read(min(left, MB)))
        self._say(201, b'[{"url": "https://files.example.com/h/file"}]')

    def do_GET(self) -> None:
        """Send `/api/attachments/download/zeros/<MB>`."""
        size = int(self.path.rpartition("/")[2])
        self._say(200, b"", size * MB)
        for _ in range(size):
            self.wfile.write(CHUNK)

    def _say(self, status: int, body: bytes, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def serve() -> None:
    """Serve files on a free port, which is printed first."""
    with HTTPServer(("127.0.0.1", 0), Files) as server:
        print(server.server_port, flush=True)
        server.serve_forever()


@contextmanager
def server_process() -> Iterator[str]:
    """The address of a server in a process of its own."""
    command = [sys.executable, "-m", "bench.files", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        port = process.stdout.readline().strip() if process.stdout else ""
        try:
            yield f"http://127.0.0.1:{port}/api"
        finally:
            process.terminate()


def run(*arguments: str) -> None:
    """Run a command of `gorgias` here, and print MB before it and at its peak, and seconds."""
    before, began = _memory("VmRSS"), time.monotonic()
    gorgias(arguments, standalone_mode=False)
    seconds = time.monotonic() - began
    print(f"{before:.0f} {_memory('VmHWM'):.0f} {seconds:.1f}")


def _memory(name: str) -> float:
    """MB, as the system counts them for this process alone."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def measure(*arguments: str) -> str:
    """What `run` prints last, in a process of its own."""
    command = [sys.executable, "-m", "bench.files", "run", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - ours
    before, peak, seconds = done.stdout.splitlines()[-1].split()
    grown = int(peak) - int(before)
    return f"{peak:>5} MB peak   {grown:4d} MB grown   {seconds:>6} s"


def main(sizes: list[int]) -> None:
    """Print a line per size and direction."""
    with server_process() as url, tempfile.TemporaryDirectory() as folder:
        account = ("--api-url", url, "--username", "agent@acme.example", "--api-key", "key")
        for size in sizes:
            file = Path(folder, "file")
            file.touch()
            os.truncate(file, size * MB)
            print(f"upload   {size:5d} MB {measure(*account, 'upload', str(file))}")
            place = ("--to", str(file), "--overwrite")
            cost = measure(*account, "download", f"zeros/{size}", *place)
            print(f"download {size:5d} MB {cost}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve"]:
            serve()
        case ["run", *arguments]:
            run(*arguments)
        case arguments:
            main([int(size) for size in arguments] or [64, 1024])
