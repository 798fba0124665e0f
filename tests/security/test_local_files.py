"""Which local files a row may send to the help desk: none until a folder is set, then those in it.

The names are judged by what the server got: a secret beside the folder must never arrive.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import fsspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gorgias_api import FilePart, SettingsError, UsageError
from gorgias_api.multipart import Multipart
from target_gorgias import local_files
from target_gorgias.local_files import LocalFiles
from target_gorgias.refusals import Refused
from tests.api.server import Reply, reply, scripted
from tests.target.support import MAIL, NOTE, json_lines, lines, rows, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.target.support import Desk, Row

KEY = ("external_id",)
TICKET = 83000001
SECRET = b"-----BEGIN OPENSSH PRIVATE KEY-----"
OPEN = b"an invoice"
UPLOAD = "POST /api/upload"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an invoice and links, and a secret beside it."""
    folder = tmp_path / "Files"
    (folder / "sub").mkdir(parents=True)
    (folder / "invoice.pdf").write_bytes(OPEN)
    (folder / "sub" / "invoice.pdf").write_bytes(OPEN)
    (tmp_path / "secret").write_bytes(SECRET)
    (tmp_path / "Files-2").mkdir()
    (tmp_path / "Files-2" / "secret").write_bytes(SECRET)
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "up").symlink_to(tmp_path)
    (folder / "sub" / "round").symlink_to("round")
    (folder / "inside").symlink_to(folder / "sub")
    (folder / "a\\b").write_bytes(OPEN)
    os.mkfifo(folder / "fifo")
    (folder / "to-zero").symlink_to("/dev/zero")
    (folder / "large").touch()
    os.truncate(folder / "large", local_files.LARGEST + 1)
    with socket.socket(socket.AF_UNIX) as other, _inside(folder):
        other.bind("socket")
    return folder


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """With a short path to it: the name of a socket has few bytes."""
    before = Path.cwd()
    os.chdir(folder)
    yield
    os.chdir(before)


def message(attachments: Any, number: int = 1) -> Row:
    note = {"external_id": f"m-{number}", "ticket_id": TICKET, **NOTE}
    return note | {"attachments": attachments}


def forms(path: str) -> list[Any]:
    """Every form in which a row may name a file."""
    return [
        path,
        [path],
        json.dumps([path]),
        [{"path": path}],
        json.dumps([{"path": path}]),
        [{"path": path, "url": "https://files.example.com/a"}],
        [{"path": path, "url": None, "name": "a.pdf", "content_type": "text/plain"}],
    ]


def uploaded(desk: Desk) -> list[bytes]:
    return [file.content for file in desk.sandbox.world.files.values()]


def test_files_are_refused_until_a_folder_is_set(desk: Desk, folder: Path) -> None:
    path = str(folder / "invoice.pdf")
    whole = [
        {"external_id": f"t-{n}", "customer_email": "lea@shop.example", "messages": messages}
        for n, form in enumerate(forms(path))
        for messages in [[MAIL | {"attachments": form}]]
    ]
    whole.append(whole[0] | {"external_id": "t-9", "messages": json.dumps(whole[0]["messages"])})
    notes = [message(form, n) for n, form in enumerate(forms(path))]
    desk.write(
        *rows("messages", *notes, keys=KEY), *rows("tickets", *whole, keys=KEY), on_error="continue"
    )
    assert desk.written == []
    assert uploaded(desk) == []
    assert len(desk.reasons) == len(notes) + len(whole)
    reason = (
        "Local files in 'attachments' are refused until the setting 'attachments_from' names the "
        "folder that they may come from."
    )
    assert set(desk.reasons) == {reason}


REFUSED = [
    ("/home/agent/.ssh/id_rsa", "lies outside"),
    ("/dev/zero", "lies outside"),
    ("../secret", "lies outside"),
    ("sub/../../secret", "lies outside"),
    ("../Files-2/secret", "lies outside"),
    ("{folder}/../secret", "lies outside"),
    ("{folder}-2/secret", "lies outside"),
    ("{upper}/invoice.pdf", "lies outside"),
    ("{uri}/../secret", "lies outside"),
    ("{uri}/%2e%2e/secret", "lies outside"),
    ("file:///home/agent/.ssh/id_rsa", "lies outside"),
    ("file://files.example.com{folder}/invoice.pdf", "lies outside"),
    ("FILE:///etc/passwd", "lies outside"),
    ("~/.ssh/id_rsa", "lies outside"),
    ("..\\secret", "lies outside"),
    ("sub\\..\\..\\secret", "lies outside"),
    ("a\\b", "lies outside"),
    ("C:\\secret", "lies outside"),
    ("link", "lies outside"),
    ("up/secret", "lies outside"),
    ("up/Files/../secret", "lies outside"),
    ("to-zero", "lies outside"),
    ("%2e%2e/secret", "cannot be read"),
    ("invoice.pdf%00", "cannot be read"),
    ("INVOICE.pdf/", "cannot be read"),
    ("data:text/plain,x", "cannot be read"),
    ("sub/round", "cannot be read"),
    ("socket", "cannot be read"),
    ("a" * 5000, "cannot be read"),
    ("fifo", "is no regular file"),
    ("sub", "is no regular file"),
    (".", "is no regular file"),
    ("sub/..", "is no regular file"),
    ("large", "is larger than 25 MB"),
]


@pytest.mark.parametrize("dry", [False, True])
def test_a_file_outside_of_the_folder_is_refused(desk: Desk, folder: Path, *, dry: bool) -> None:
    upper = folder.parent / folder.name.upper()
    named = [name.format(folder=folder, uri=folder.as_uri(), upper=upper) for name, _ in REFUSED]
    every = [form for name in named for form in forms(name)]
    desk.write(
        *rows("messages", *(message(form, n) for n, form in enumerate(every)), keys=KEY),
        on_error="continue",
        attachments_from=str(folder),
        dry_run=dry,
        plan_path=str(desk.folder / "plan.jsonl"),
    )
    expected = [f"m-{n}" for n in range(len(every))]
    assert sorted(row["record"]["external_id"] for row in desk.rejects) == sorted(expected)
    for row in desk.rejects:
        number = int(row["record"]["external_id"][2:]) // len(forms(""))
        assert REFUSED[number][1] in row["reason"], (REFUSED[number], row["reason"])
    assert desk.written == []
    assert json_lines(desk.folder / "plan.jsonl") == []


@pytest.mark.parametrize(
    "name",
    [
        "invoice.pdf",
        "./sub//invoice.pdf",
        "sub/../invoice.pdf",
        "inside/invoice.pdf",
        "{folder}/invoice.pdf",
        "{uri}/sub/../invoice.pdf",
        "{uri}/invoice%2Epdf",
    ],
)
@pytest.mark.parametrize("place", ["{folder}", "{folder}/", "{uri}", "{link}"])
def test_a_file_inside_the_folder_is_uploaded(
    desk: Desk,
    folder: Path,
    name: str,
    place: str,
) -> None:
    link = folder.parent / "link to it"
    link.symlink_to(folder)
    named = name.format(folder=folder, uri=folder.as_uri())
    setting = place.format(folder=folder, uri=folder.as_uri(), link=link)
    desk.write(*rows("messages", message([named]), keys=KEY), attachments_from=setting)
    assert uploaded(desk) == [OPEN]
    assert desk.rejects == []


@pytest.mark.parametrize(
    "url",
    [
        "file:///home/agent/.ssh/id_rsa",
        "FILE:/etc/passwd",
        " file:///etc/passwd",
        "/home/agent/.ssh/id_rsa",
        "invoice.pdf",
        "{folder}/invoice.pdf",
        "{uri}/invoice.pdf",
        "data:text/plain,secret",
        "ftp://files.example.com/a",
        "//files.example.com/a",
        "https:///etc/passwd",
        "https://files.example.com/a\nb",
        "http:invoice.pdf",
        5,
        ["https://files.example.com/a"],
    ],
)
def test_a_url_is_never_a_path(desk: Desk, folder: Path, url: Any) -> None:
    if isinstance(url, str):
        url = url.format(folder=folder, uri=folder.as_uri())
    items: list[Any] = [{"url": url}, {"url": url, "path": "invoice.pdf"}, {"url": url, "path": ""}]
    desk.write(
        *rows("messages", *(message([item], n) for n, item in enumerate(items)), keys=KEY),
        on_error="continue",
        attachments_from=str(folder),
    )
    assert set(desk.reasons) == {
        "The 'url' of an attachment must be an address with http or https."
    }
    assert len(desk.reasons) == len(items)
    assert desk.written == []


def test_rows_of_another_account_never_name_files(desk: Desk, folder: Path) -> None:
    names = [str(folder / "invoice.pdf"), "invoice.pdf", folder.as_uri() + "/invoice.pdf"]
    every = [form for name in names for form in forms(name)]
    copied = [
        {"id": 100 + n, "ticket_id": 7, **MAIL, "sender": {"id": 5, "email": "lea@shop.example"}}
        | {"attachments": form}
        for n, form in enumerate(every)
    ]
    ticket = {"id": 7, "customer": {"id": 5, "email": "lea@shop.example"}}
    desk.write(
        *rows("customers", {"id": 5, "email": "lea@shop.example"}, keys=["id"]),
        *rows("tickets", ticket, keys=["id"]),
        *rows("messages", MAIL | {"id": 99, "ticket_id": 7}, *copied, keys=["id"]),
        streams={"*": {"ids": "source"}},
        on_error="continue",
        attachments_from=str(folder),
    )
    assert uploaded(desk) == []
    assert len(desk.reasons) == len(copied)
    assert set(desk.reasons) == {
        "A row with 'ids: source' comes from another account and names no local file."
    }


def test_the_files_of_a_storage_stay_below_its_url(desk: Desk) -> None:
    storage = fsspec.filesystem("memory")
    storage.pipe({"/bucket/files/a/b.pdf": OPEN, "/bucket/secret": SECRET})
    storage.pipe({"/bucket/files-2/secret": SECRET, "/bucket/files/%2e%2e/secret": SECRET})
    good = ["a/b.pdf", "memory://bucket/files/a/b.pdf", "a/../a/b.pdf"]
    bad = [
        "../secret",
        "/bucket/secret",
        "memory://bucket/secret",
        "memory://bucket/files/../secret",
        "memory://bucket/files-2/secret",
        "%2e%2e/secret",
        "%252e%252e/secret",
        "a/..%2f..%2fsecret",
        "a\\..\\..\\secret",
        "/etc/passwd",
        "file:///etc/passwd",
        "a",
        "c",
        "",
        "a\0",
    ]
    desk.write(
        *rows("messages", *(message([name], n) for n, name in enumerate(good + bad)), keys=KEY),
        on_error="continue",
        attachments_from="memory://bucket/files",
    )
    assert uploaded(desk) == [OPEN]
    assert len(desk.rejects) == len(bad)
    assert desk.summary["messages"]["created"] == len(good)


STEPS = st.sampled_from(
    [
        *("..", ".", "", "sub", "up", "link", "inside", "secret", "invoice.pdf", "Files"),
        *("%2e%2e", "~", "\\", "..\\", "file:", "C:", "\0", "\n", "fifo", "round", "socket"),
    ]
)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.one_of(STEPS, st.text(max_size=3)), max_size=6), st.integers(0, 7))
@example(["up", "secret"], 0)
def test_no_name_leads_out_of_the_folder(folder: Path, steps: list[str], form: int) -> None:
    path = "/".join(steps)
    beginnings = ["", f"{folder}/", f"{folder.as_uri()}/", "/", "../", f"{folder}", "file://", "./"]
    named = beginnings[form] + (quote(path) if form % 2 else path)
    try:
        file = LocalFiles(str(folder)).read(named)
    except Refused:
        return
    assert file.contents == OPEN


def test_a_file_that_is_replaced_by_a_link_leads_nowhere_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # At the moment between the look and the opening, a folder on the way becomes a link.
    real = os.path.realpath

    def swap(path: str) -> str:
        found = real(path)
        if found.endswith("sub/secret"):
            (folder / "sub").rename(folder / "gone")
            (folder / "sub").symlink_to(folder.parent)
        return found

    files = LocalFiles(str(folder))
    (folder / "sub" / "secret").write_bytes(OPEN)
    monkeypatch.setattr(os.path, "realpath", swap)
    with pytest.raises(Refused, match="cannot be read"):
        files.read("sub/secret")


def test_a_file_that_grows_without_end_is_read_no_further(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As large as it says, which is nothing, and yet without end: as a file that is written to.
    monkeypatch.setattr(local_files, "LARGEST", 10)
    real = os.fstat
    monkeypatch.setattr(os, "fstat", lambda file: os.stat_result((real(file).st_mode, *[0] * 9)))
    with pytest.raises(Refused, match="is larger than"):
        LocalFiles(str(folder)).read("large")


@pytest.mark.parametrize("name", ["fifo", "to-zero", "sub"])
def test_the_client_uploads_regular_files_only(folder: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"is no regular file|Is a directory"):
        Multipart({}, [FilePart("a", folder / name)])


@pytest.mark.parametrize(
    "place", ["/nowhere", "{file}", "https://files.example.com", "nothing://x", "zip::memory://a"]
)
def test_a_place_that_is_none_is_a_mistake_in_the_settings(folder: Path, place: str) -> None:
    with pytest.raises(SettingsError, match=r"^The setting 'attachments_from' [^.]*\.$"):
        LocalFiles(place.format(file=folder / "invoice.pdf"))


def test_the_log_does_not_show_the_name_of_a_file(desk: Desk, folder: Path) -> None:
    named = rows("messages", message(["../Lea Marchetti.pdf"]), keys=KEY)
    ended = desk.run(lines(named), attachments_from=str(folder))
    assert ended.returncode == 1
    assert "Marchetti" not in ended.stderr
    assert "A file of 'attachments' lies outside of the place in the setting" in ended.stderr
    assert "Lea Marchetti.pdf" in desk.reasons[0]


@pytest.mark.parametrize("stuck", [Reply(silent=True), Reply(503)])
def test_a_signal_ends_an_upload_at_once(tmp_path: Path, stuck: Reply) -> None:
    (tmp_path / "invoice.pdf").write_bytes(OPEN)
    nothing = reply({"data": [], "meta": {"next_cursor": None}})
    with scripted() as server:
        server.answer = lambda asked: nothing if asked.method == "GET" else stuck
        config = {
            "domain": "acme",
            "api_url": server.url,
            "username": "agent@acme.example",
            "api_key": "s3cr3t",
            "ledger_url": f"sqlite:///{tmp_path}/ledger.db",
            "attachments_from": str(tmp_path),
        }
        (tmp_path / "config.json").write_text(json.dumps(config))
        (tmp_path / "input").write_text(lines(rows("messages", message(["invoice.pdf"]), keys=KEY)))
        command = [sys.executable, "-m", "target_gorgias", f"--config={tmp_path}/config.json"]
        with (
            (tmp_path / "input").open() as given,
            subprocess.Popen(  # noqa: S603 - our own module
                command, stdin=given, stderr=subprocess.PIPE
            ) as process,
        ):
            try:
                until(lambda: any(asked.method == "POST" for asked in server.asked))
                began = time.monotonic()
                process.send_signal(signal.SIGTERM)
                _, log = process.communicate(timeout=10)
                took = time.monotonic() - began
            finally:
                process.kill()
    assert took < 3
    assert process.returncode == 1, log.decode()
    assert b"Traceback" not in log
