"""A headless Chromium, driven over the WebDriver protocol (https://www.w3.org/TR/webdriver2/)."""

from __future__ import annotations

import re
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHROMIUM, DRIVER = (shutil.which(name) for name in ("chromium", "chromedriver"))
"""Where the Debian packages `chromium` and `chromium-driver` put them; None: not installed."""

_DEADLINE = 20
_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",  # CI may be root
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-features=BackForwardCache",  # a page that was left is gone, with its connections
    "--window-size=1280,800",
)
_POLL = """
const [values, done] = arguments;
const look = () => {{ const found = {condition}; found ? done(found) : setTimeout(look, 30); }};
look();
"""


class Browser:
    """One window."""

    def __init__(self, session: str) -> None:
        self._session = session

    def command(self, path: str, **parameters: Any) -> Any:
        """Send one command of the protocol, and give its value."""
        answer = requests.post(f"{self._session}/{path}", json=parameters, timeout=2 * _DEADLINE)
        value = answer.json()["value"]
        assert answer.ok, f"{value['error']}: {value['message']} ({parameters})"
        return value

    def open(self, url: str) -> None:
        """Go to a page."""
        self.command("url", url=url)

    def run(self, script: str, *values: Any) -> Any:
        """What a script returns; it finds `values` in `arguments`."""
        return self.command("execute/sync", script=script, args=values)

    def until(self, condition: str, *values: Any) -> Any:
        """Wait until an expression about the array `values` is true, and give what it is then."""
        script = _POLL.format(condition=condition)
        return self.command("execute/async", script=script, args=[values])


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A browser without a past, that keeps its profile in `folder`."""
    assert CHROMIUM is not None
    assert DRIVER is not None
    command = [DRIVER, "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as driver:  # noqa: S603 - the system's own
        try:
            assert driver.stdout is not None
            ports = (re.search(r"successfully on port (\d+)", line) for line in driver.stdout)
            url = f"http://127.0.0.1:{next(filter(None, ports))[1]}/session"
            chromium = {"binary": CHROMIUM, "args": [*_ARGUMENTS, f"--user-data-dir={folder}"]}
            wanted = {"goog:chromeOptions": chromium, "timeouts": {"script": _DEADLINE * 1000}}
            asked = {"capabilities": {"alwaysMatch": wanted}}
            answer = requests.post(url, json=asked, timeout=3 * _DEADLINE)
            session = f"{url}/{answer.json()['value']['sessionId']}"
            try:
                yield Browser(session)
            finally:
                requests.delete(session, timeout=_DEADLINE)
        finally:
            driver.terminate()
