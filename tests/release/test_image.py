"""The image, as far as that can be seen without Docker: its build steps and a read-only root."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from demo.meltano import PROJECT
from tests.release.commands import run
from tests.warehouse.project import account

if TYPE_CHECKING:
    from pathlib import Path

DOCKERFILE = (PROJECT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
BUILD, FINAL = DOCKERFILE.split("\n\nFROM ")
ALLOWED = re.findall(
    r"^!(.+)$", (PROJECT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE
)
# The container's view: all is read-only but two folders.
READ_ONLY = """
for folder in "$DATA" "$TMPDIR" "$APP"; do mount --bind "$folder" "$folder"; done
mount -o remount,bind,ro "$APP"
mount -o remount,bind,ro /
exec "$@"
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the build stage makes of the files that it is given."""
    folder = tmp_path_factory.mktemp("image")
    source, made = folder / "src", folder / "app"
    source.mkdir()
    for name in ALLOWED:
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        copy(PROJECT / name, source / name)
    for step in re.findall(r"^RUN (.+)$", BUILD, re.MULTILINE):
        run(*shlex.split(step.replace("/app", str(made))), cwd=source)
    return made


@pytest.fixture
def contained(app: Path, tmp_path: Path) -> list[str | Path]:
    """The start of a command that runs as in a container with a read-only root."""
    data, temporary = tmp_path / "data", tmp_path / "tmp"
    data.mkdir()
    temporary.mkdir()
    variables = [f"DATA={data}", f"TMPDIR={temporary}", f"APP={app}", f"HOME={data}"]
    program = shutil.which("unshare") or pytest.skip("no unshare")
    start = [program, "--map-root-user", "--mount", "env", *variables, "sh", "-ec", READ_ONLY, "-"]
    if subprocess.run([*start, "true"], check=False, capture_output=True).returncode:  # noqa: S603 - our own words
        pytest.skip("this machine lends no namespaces")
    return [*start]


def test_the_image_runs_as_nobody_in_particular() -> None:
    (user,) = re.findall(r"^USER (\d+):(\d+)$", FINAL, re.MULTILINE)
    assert "0" not in user
    assert "HOME=/data" in FINAL
    assert "VOLUME /data" in FINAL


def test_the_root_is_read_only_in_this_test(contained: list[str | Path], app: Path) -> None:
    for folder in (app, "/var"):
        with pytest.raises(AssertionError, match="Read-only file system"):
            run(*contained, "touch", f"{folder}/file")


def test_the_tap_reads_and_keeps_its_tokens_on_a_read_only_root(
    contained: list[str | Path], app: Path, tmp_path: Path
) -> None:
    with account() as sandbox:
        options = sandbox.backend.options
        settings = {
            "api_url": sandbox.api_url,
            "client_id": options.client_id,
            "client_secret": options.client_secret,
            "refresh_token": options.refresh_token,
        }
        config = tmp_path / "data/settings.json"
        config.write_text(json.dumps(settings), encoding="utf-8")
        output = run(*contained, app / "bin/tap-gorgias", "--config", config, cwd=tmp_path / "data")
    lines = [json.loads(line) for line in output.splitlines()]
    assert {"RECORD", "STATE"} < {line["type"] for line in lines}
    assert (
        options.refresh_token
        not in (next((tmp_path / "data/.singer-gorgias").glob("*.json"))).read_text()
    )
