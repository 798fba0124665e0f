"""`gorgias upload` and `gorgias download`."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.api.command import NOTHING, Gorgias
from tests.api.conftest import API_KEY
from tests.api.server import Reply, refusal, scripted

if TYPE_CHECKING:
    from pathlib import Path

    from gorgias_sandbox.serve import Sandbox
    from tests.api.server import Server

URL = "https://uploads.example.com/d0main/a.png"


@pytest.fixture
def gorgias(sandbox: Sandbox) -> Gorgias:
    return Gorgias(sandbox)


@pytest.fixture
def scripted_gorgias(server: Server) -> Gorgias:
    return Gorgias(None, api_url=f"{server.url}/api", max_retries="1", **API_KEY)


def test_what_goes_up_comes_down(gorgias: Gorgias, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    (tmp_path / "b.txt").write_text("b")
    uploaded = gorgias("upload", tmp_path / "a.png", tmp_path / "b.txt").json
    assert [(file["name"], file["size"]) for file in uploaded] == [("a.png", 4), ("b.txt", 1)]
    folder = tmp_path / "folder"
    folder.mkdir()
    ended = gorgias("download", uploaded[0]["url"], "--to", folder)
    (saved,) = folder.iterdir()
    assert ended == (0, f"{saved}\n", "")
    assert saved.read_bytes() == b"\x89PNG"


def test_type_and_label_are_those_asked_for(gorgias: Gorgias, tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    options = ("--type", "profile_picture", "--label", "me")
    (file,) = gorgias("upload", tmp_path / "a.png", *options).json
    assert file["name"] == "me"
    assert "/profile_pictures/" in file["url"]
    assert gorgias("upload", tmp_path / "a.png", "--type", "movie").code == 2


def test_a_file_may_be_named_by_its_three_parts(
    scripted_gorgias: Gorgias, server: Server, tmp_path: Path
) -> None:
    server.replies.append(Reply(200, b"picture"))
    parts = ("attachments", "d0main", "a ?.png")
    assert scripted_gorgias("download", *parts, "--to", tmp_path).code == 0
    assert server.targets() == ["GET /api/attachments/download/d0main/a%20%3F.png"]
    assert (tmp_path / "a _.png").read_bytes() == b"picture"


def test_without_a_place_a_file_goes_into_the_folder_one_is_in(
    scripted_gorgias: Gorgias, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    server.replies.append(Reply(200, b"picture"))
    assert scripted_gorgias("download", URL).out == "a.png\n"
    assert (tmp_path / "a.png").read_bytes() == b"picture"


def test_a_file_that_is_there_is_overwritten_only_when_asked(
    scripted_gorgias: Gorgias, server: Server, tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_text("mine")
    ended = scripted_gorgias("download", URL, "--to", tmp_path)
    assert ended.code == 2
    assert ended.err == f"gorgias: There is already a {tmp_path}/a.png; it was not overwritten.\n"
    assert (tmp_path / "a.png").read_text() == "mine"
    assert scripted_gorgias("download", URL, "--to", tmp_path, "--overwrite").code == 0
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["upload", "absent.txt"], "The file absent.txt cannot be read (No such file"),
        (["upload", "."], "The file . cannot be read (Is a directory)."),
        (["download", "a.png"], "does not end in a domain hash and a name"),
        (["download", "d0main/..%2f..%2fevil"], "does not end in a domain hash and a name"),
        (["download", "attachments", "d0main", "../evil"], "does not end in a domain hash and"),
        (["download", "attachments", "d0main"], "A file is its address, or its file type,"),
        (["download", "d0main/a", "--to", "absent/"], "There is no folder absent/."),
        (["download", "d0main/a", "--to", "absent/a"], "The file absent/a cannot be written"),
    ],
)
def test_a_mistake_is_one_sentence_and_nothing_is_sent(
    scripted_gorgias: Gorgias,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    complaint: str,
) -> None:
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    ended = scripted_gorgias(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert complaint in ended.err
    assert ended.err.startswith("gorgias: ")
    assert ended.err.count("\n") == 1
    assert server.asked == []
    assert [path.name for path in tmp_path.rglob("*")] == ["in"]


def test_a_file_nobody_may_read_is_one_sentence(
    scripted_gorgias: Gorgias, server: Server, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.txt"
    secret.touch(mode=0)
    if os.access(secret, os.R_OK):
        pytest.skip("this user may read everything")
    ended = scripted_gorgias("upload", secret)
    assert ended == (2, "", f"gorgias: The file {secret} cannot be read (Permission denied).\n")
    assert server.asked == []


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_refusal_is_exit_code_1_and_leaves_nothing(
    scripted_gorgias: Gorgias, server: Server, tmp_path: Path, status: int
) -> None:
    server.answer = lambda _: refusal(status)
    ended = scripted_gorgias("download", URL, "--to", tmp_path)
    assert ended.code == 1
    assert ended.err.startswith(
        f"gorgias: GET /api/attachments/download/***/*** was answered {status}"
    )
    assert ended.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_half_a_file_is_exit_code_1_and_leaves_nothing(
    scripted_gorgias: Gorgias, server: Server, tmp_path: Path
) -> None:
    server.replies.append(Reply(200, b"half", length=8))
    ended = scripted_gorgias("download", URL, "--to", tmp_path)
    assert ended.code == 1
    assert ended.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_the_host_in_an_address_is_never_asked(
    scripted_gorgias: Gorgias, server: Server, tmp_path: Path
) -> None:
    server.replies.append(Reply(200, b"picture"))
    with scripted() as other:
        ended = scripted_gorgias("download", f"{other.url}/d0main/a.png", "--to", tmp_path)
        assert other.asked == []
    assert ended.code == 0
    assert server.targets() == ["GET /api/attachments/download/d0main/a.png"]


def test_a_redirect_to_another_host_gets_no_credentials(
    scripted_gorgias: Gorgias, server: Server, tmp_path: Path
) -> None:
    with scripted() as other:
        server.replies.append(Reply(302, b"", {"Location": f"{other.url}/x"}))
        other.replies.append(Reply(200, b"picture"))
        assert scripted_gorgias("download", URL, "--to", tmp_path).code == 0
        (asked,) = other.asked
    assert asked.headers["Authorization"] is None
    assert API_KEY["api_key"] not in str(asked)
    assert (tmp_path / "a.png").read_bytes() == b"picture"


@pytest.mark.parametrize("location", ["http://storage.example.com/x", "/x", "https://[::1"])
def test_a_redirect_that_others_could_read_is_one_sentence(
    scripted_gorgias: Gorgias, server: Server, tmp_path: Path, location: str
) -> None:
    server.replies.append(Reply(302, b"", {"Location": location}))
    ended = scripted_gorgias("download", URL, "--to", tmp_path)
    assert ended.code == 1
    assert ended.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def on_a_terminal(sandbox: Sandbox, *arguments: object) -> str:
    """What the command shows on a terminal."""
    controller, terminal = pty.openpty()
    command = "from gorgias_api.cli import main; main()"
    settings = ("--api-url", sandbox.api_url, "--username", sandbox.email)
    words = [*settings, "--api-key", sandbox.api_key, *map(str, arguments)]
    environment = {name: value for name, value in os.environ.items() if name not in NOTHING}
    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-c", command, *words],
        stdout=subprocess.PIPE,
        stderr=terminal,
        env=environment | {"TERM": "xterm"},
    ) as process:
        os.close(terminal)
        shown = b""
        try:
            while chunk := os.read(controller, 1024):
                shown += chunk
        except OSError:  # the other end is closed
            pass
        finally:
            os.close(controller)
        out, _ = process.communicate()
    assert process.returncode == 0, shown
    assert b"%" not in out
    return shown.decode()


def test_a_terminal_shows_how_far_a_file_is(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(bytes(1_000_000))
    assert "Uploading" in (shown := on_a_terminal(sandbox, "upload", file))
    assert "100%" in shown
    url = next(iter(sandbox.world.files))
    shown = on_a_terminal(sandbox, "download", url, "--to", tmp_path)
    assert "Downloading" in shown
    assert "100%" in shown
