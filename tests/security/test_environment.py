"""Neither a file nor a proxy that somebody left in the way gets to see a request."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import singer_sdk

from tests.api.server import Asked, Reply, Server, reply, scripted
from tests.security.two_logins import APP, KEY, connected, shared_store
from tests.support import settings
from tests.target.support import lines, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gorgias_sandbox.serve import Sandbox

ROOT = Path(__file__).parents[2]


@pytest.fixture
def elsewhere() -> Iterator[Server]:
    with scripted() as server:
        yield server


@pytest.mark.parametrize("module", ["tap_gorgias", "target_gorgias"])
def test_no_env_file_is_read(
    elsewhere: Server, sandbox: Sandbox, tmp_path: Path, module: str
) -> None:
    # The SDK looks for one next to its own code and in all folders above.
    packages = tmp_path / "inner" / "packages"
    packages.mkdir(parents=True)
    (packages / "singer_sdk").symlink_to(Path(singer_sdk.__file__).parent)
    prefix = module.upper()
    for place in (tmp_path, packages.parent, packages):
        planted = {f"{prefix}_API_URL": f"{elsewhere.url}/api", "HTTP_PROXY": elsewhere.url}
        (place / ".env").write_text("".join(f"{name}={planted[name]}\n" for name in planted))
    (tmp_path / "rows.jsonl").write_text(lines(rows("tags", {"name": "x"})))
    given = settings(sandbox) | {"max_retries": "1"} | shared_store(tmp_path)
    environment = {name: value for name, value in os.environ.items() if "GORGIAS" not in name}
    options = ["--input=rows.jsonl"] if module == "target_gorgias" else []
    ended = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", module, "--config=ENV", *options],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=environment
        | {"PYTHONPATH": f"{packages}{os.pathsep}{ROOT}"}
        | {f"{prefix}_{name.upper()}": value for name, value in given.items()},
    )
    assert ended.returncode == 0, ended.stderr
    assert sandbox.requests
    assert elsewhere.asked == []


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"])
def test_no_proxy_sees_a_request_over_plain_http(
    elsewhere: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, elsewhere.url)

    def serve(asked: Asked) -> Reply:
        if "/download/" in asked.target:
            return Reply(302, b"", {"Location": f"{server.url}/storage"})
        return reply({"access_token": "t", "refresh_token": "r"})

    with scripted() as server:
        server.answer = serve
        oauth = APP | {"refresh_token": "first"} | shared_store(tmp_path)
        for login in (KEY, oauth):
            with connected(server, **login) as client:
                client.request("POST", "/api/tickets", data={})
                client.download("https://uploads.example.com/d0main/x", io.BytesIO())
        targets = [asked.target for asked in server.asked]
    assert targets.count("/oauth/token") == 1
    assert targets.count("/storage") == 2
    assert elsewhere.asked == []
