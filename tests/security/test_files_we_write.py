"""Files we write are for their owner only, and are written where they are said to be."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gorgias_api import Client, SettingsError, UsageError
from gorgias_api.atomic import replacing
from gorgias_api.private import make_folder
from gorgias_api.tokens import Owner, Tokens, TokenStore
from tap_gorgias.output import LineWriter
from tap_gorgias.tap import TapGorgias
from target_gorgias.target import TargetGorgias
from tests.api.clock import ManualClock
from tests.api.command import Gorgias
from tests.api.server import Asked, Reply, Server, reply, scripted
from tests.security.two_logins import APP, KEY, connected, rotating, shared_store
from tests.support import Output, settings
from tests.target.support import lines, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gorgias_sandbox.serve import Sandbox

FILE = "https://uploads.example.com/d0main/x"
OWNER = Owner(api="a", token_url="b", client_id="c", refresh_token=None)


@pytest.fixture(autouse=True)
def generous() -> Iterator[None]:
    """A umask that takes nothing away."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def modes(folder: Path) -> dict[str, int]:
    """The mode of everything below a folder that others could use."""
    return {
        str(path.relative_to(folder)): mode(path)
        for path in folder.rglob("*")
        if not path.is_symlink() and mode(path) & 0o077
    }


def write(sandbox: Sandbox, folder: Path, *messages: dict[str, Any], **more: Any) -> None:
    """A run of the target whose files are all in one folder."""
    config = settings(sandbox) | {
        "ledger_url": f"sqlite:///{folder}/deep/er/ledger.db",
        "rejects_path": str(folder / "rejects.jsonl"),
        "summary_path": str(folder / "summary.json"),
        "plan_path": str(folder / "plan.jsonl"),
        "on_error": "continue",
        **more,
    }
    source = folder.parent / "rows.jsonl"
    source.write_text(lines(messages))
    with source.open() as file:
        TargetGorgias(config=config).listen(file)


ROWS = rows("tags", {"name": []}, {"name": "new"})
WRITTEN = ("rejects.jsonl", "summary.json", "plan.jsonl")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "ours"
    path.mkdir(0o700)
    return path


@pytest.mark.parametrize("dry", [False, True])
def test_what_the_target_writes_is_private(sandbox: Sandbox, folder: Path, *, dry: bool) -> None:
    write(sandbox, folder, *ROWS, dry_run=dry)
    assert modes(folder) == {}
    assert set(WRITTEN) - {path.name for path in folder.iterdir()} <= (
        set() if dry else {"plan.jsonl"}
    )


def test_files_of_before_are_made_private(sandbox: Sandbox, folder: Path) -> None:
    write(sandbox, folder, *ROWS)
    (folder / "plan.jsonl").touch()
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(0o664)
    write(sandbox, folder, *ROWS)
    assert modes(folder).keys() == {"plan.jsonl"}
    write(sandbox, folder, *ROWS, dry_run=True)
    assert modes(folder) == {}


@pytest.mark.parametrize(
    "name", [*WRITTEN, "rejects.jsonl.new", "deep/er/ledger.db", "deep/er/ledger.db.lock"]
)
@pytest.mark.parametrize("there", [True, False])
def test_no_link_is_followed_by_the_target(
    sandbox: Sandbox, folder: Path, tmp_path: Path, name: str, *, there: bool
) -> None:
    outside = tmp_path / "outside"
    if there:
        outside.write_text("mine\n")
        outside.chmod(0o644)
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / name).symlink_to(outside)
    with pytest.raises(Exception, match=r"symbolic link"):
        write(sandbox, folder, *ROWS, dry_run=name.startswith("plan"))
    assert outside.exists() is there
    assert not there or (outside.read_text(), mode(outside)) == ("mine\n", 0o644)


def test_what_a_user_redirects_is_left_to_the_user(
    sandbox: Sandbox, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    os.fchmod(2, 0o644)
    write(sandbox, folder, *ROWS, rejects_path="/dev/stderr", summary_path="/dev/stderr")
    assert stat.S_IMODE(os.fstat(2).st_mode) == 0o644
    said = capfd.readouterr().err
    assert '"created": 1' in said
    assert '"type":"RECORD"' in said.replace(" ", "")


@pytest.fixture
def server() -> Iterator[Server]:
    with scripted() as server:
        yield server


def attachments(server: Server, place: Path, *names: str) -> None:
    """Let the tap save attachments with these names, whose contents are their names."""
    urls = [f"https://uploads.example.com/d0main/{name}" for name in names]
    message = {"id": 1, "ticket_id": 1, "created_datetime": "2026-01-01T00:00:00"}
    message["attachments"] = [{"url": url, "name": "n", "size": 1} for url in urls]

    def serve(asked: Asked) -> Reply:
        if "/download/" in asked.target:
            return Reply(200, asked.target.rpartition("/")[2].encode())
        listed = [message] if asked.target.startswith("/api/messages") else []
        return reply({"data": listed, "meta": {"next_cursor": None}})

    server.answer = serve
    config = KEY | {"api_url": f"{server.url}/api", "download_attachments_to": str(place)}
    tap = TapGorgias(config=config, message_writer=LineWriter(Output()))
    for name, stream in tap.streams.items():
        stream.selected = name == "attachments"
    tap.sync_all()


def test_attachments_are_private(server: Server, folder: Path) -> None:
    attachments(server, folder / "new" / "er", "a.png", "b.png")
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 2
    assert modes(folder) == {}


def test_attachments_whose_names_look_like_parts_do_not_overwrite_each_other(
    server: Server, folder: Path
) -> None:
    names = ("x", "x.part", "x.part.part", ".x.part", ".x.0123456789abcdef.part")
    attachments(server, folder, *names)
    found = {path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert found == set(names)


@pytest.mark.parametrize("there", [True, False])
def test_no_link_is_followed_by_the_tap(
    server: Server, folder: Path, tmp_path: Path, *, there: bool
) -> None:
    outside = tmp_path / "outside"
    if there:
        outside.write_text("mine")
    (folder / "d0main").mkdir()
    for name in ("x", "x.part"):
        (folder / "d0main" / name).symlink_to(outside)
    attachments(server, folder, "x")
    assert outside.exists() is there
    assert not there or outside.read_text() == "mine"
    assert (folder / "d0main" / "x").read_text() == "x"
    assert not (folder / "d0main" / "x").is_symlink()


def test_a_folder_that_is_a_link_is_refused(server: Server, folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder / "d0main").symlink_to(outside)
    with pytest.raises(SettingsError, match=r"cannot be used \(it is a symbolic link\)\.$"):
        attachments(server, folder, "x")
    assert list(outside.iterdir()) == []


def downloaded(client: Client, folder: Path) -> None:
    client.download_to(FILE, folder)


def requested(client: Client, folder: Path) -> None:
    given = KEY | {"api_url": client.settings.api_url}
    command = Gorgias(None, **given)
    assert command("request", "GET", "/api/x", "--output", folder / "out").code == 0
    assert command("download", FILE, "--to", folder / "down").code == 0


@pytest.mark.parametrize("act", [downloaded, requested])
def test_downloads_are_private(
    server: Server, folder: Path, act: Callable[[Client, Path], None]
) -> None:
    with connected(server) as client:
        act(client, folder)
    assert any(folder.iterdir())
    assert modes(folder) == {}


def test_tokens_are_private(server: Server, folder: Path) -> None:
    rotating(server, "x")
    deep = folder / "deep" / "er"
    with connected(server, **APP, refresh_token="r", **shared_store(deep)) as client:
        client.request("GET", "/api/account")
    assert modes(folder) == {}
    (deep / "tokens.json").chmod(0o644)
    (deep / "tokens.json.lock").touch()
    (deep / "tokens.json.lock").chmod(0o666)
    later = ManualClock()
    later.advance(7200)
    with connected(server, later, **APP, refresh_token="r", **shared_store(deep)) as client:
        client.request("GET", "/api/account")
    assert modes(folder) == {}


@pytest.mark.parametrize("name", ["tokens.json", "tokens.json.lock"])
def test_no_link_is_followed_to_tokens(
    server: Server, folder: Path, tmp_path: Path, name: str
) -> None:
    rotating(server, "x")
    outside = tmp_path / "outside"
    outside.write_text(json.dumps({"access_token": "planted"}))
    (folder / name).symlink_to(outside)
    with (
        connected(server, **APP, refresh_token="r", **shared_store(folder)) as client,
        pytest.raises(SettingsError, match=r"'token_store' .* cannot be used: it is a symbolic"),
    ):
        client.request("GET", "/api/account")
    assert server.asked == []
    assert json.loads(outside.read_text()) == {"access_token": "planted"}


def test_parts_with_tokens_that_a_kill_left_are_swept(folder: Path) -> None:
    store = TokenStore(folder / "tokens.json", OWNER)
    left = [f".tokens.json.{end}.part" for end in ("0a1b2c3d", "0123456789abcdef")]
    other = [".other.json.0a1b2c3d.part", ".tokens.json.backup.part", "tokens.json.part"]
    for name in (*left, *other):
        (folder / name).write_text("t0ken")
    with store.lock():
        store.save(Tokens(access_token="new"))
    names = {path.name for path in folder.iterdir()}
    assert names - {"tokens.json.lock"} == {"tokens.json", *other}


def test_names_of_parts_cannot_be_guessed(folder: Path) -> None:
    seen = set()
    for _ in range(5):
        with replacing(folder / "file") as file:
            file.write(b"x")
            (part,) = (path for path in folder.iterdir() if path.name != "file")
            seen.add(part.name)
            assert mode(part) == 0o600
    assert len(seen) == 5


def test_a_folder_is_synced_after_a_file_gets_its_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    sync_file, rename = os.fsync, Path.replace

    def noted_sync(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        order.append("folder" if is_folder else "file")
        sync_file(descriptor)

    def noted_rename(path: Path, goal: Path) -> Path:
        order.append("rename")
        return rename(path, goal)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(Path, "replace", noted_rename)
    with replacing(folder / "file") as file:
        file.write(b"x")
    assert order == ["file", "rename", "folder"]


def test_folders_are_made_private_all_the_way(folder: Path) -> None:
    make_folder(folder / "a" / "b" / "c")
    assert modes(folder) == {}
    (folder / "file").touch(0o600)
    with pytest.raises(OSError, match="Not a directory"):
        make_folder(folder / "file")
    with pytest.raises(UsageError), replacing(folder / "a"):
        pass
