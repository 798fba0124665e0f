"""A file arrives whole or not at all, only in its folder, and only the API sees credentials."""

from __future__ import annotations

import errno
import io
import os
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gorgias_api import (
    BadRequestError,
    Client,
    MovedError,
    NotFoundError,
    Settings,
    TransportError,
    UsageError,
)
from gorgias_api.atomic import replacing
from gorgias_api.bodies import CHUNK
from tests.api.clock import ManualClock
from tests.api.conftest import API_KEY
from tests.api.server import Asked, Reply, refusal, scripted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gorgias_sandbox.serve import Sandbox
    from tests.api.conftest import Connect
    from tests.api.server import Server

URL = "https://uploads.example.com/d0main/a%20file.png"
CONTENTS = bytes(range(256)) * 1000
GOT = 3 * CHUNK
"""What a try that breaks off somewhat later has brought: whole chunks."""
SIZE = len(CONTENTS)


class Shelf:
    """Sends one file, breaks off where told, and knows ranges or does not."""

    def __init__(self, contents: bytes = CONTENTS, **headers: str) -> None:
        self.contents = contents
        self.headers = headers
        self.ranges = True
        self.breaks: list[int] = []
        self.asked: list[Asked] = []

    def __call__(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        start = self._start(asked)
        rest = self.contents[start:]
        sent = rest[: self.breaks.pop(0)] if self.breaks else rest
        headers = dict(self.headers)
        if start:
            end, size = len(self.contents) - 1, len(self.contents)
            headers["Content-Range"] = f"bytes {start}-{end}/{size}"
        return Reply(206 if start else 200, sent, headers, len(rest))

    def _start(self, asked: Asked) -> int:
        said = asked.headers.get("Range")
        wanted = asked.headers.get("If-Range")
        if not said or not self.ranges or wanted not in (None, *self.headers.values()):
            return 0
        return int(said.removeprefix("bytes=").removesuffix("-"))

    @property
    def starts(self) -> list[str | None]:
        """The `Range` of each request."""
        return [asked.headers.get("Range") for asked in self.asked]


@pytest.fixture
def shelf(server: Server) -> Shelf:
    server.answer = shelf = Shelf(ETag='"v1"')
    return shelf


def in_turn(*answers: Callable[[Asked], Reply]) -> Callable[[Asked], Reply]:
    """Each answers one request."""
    left = list(answers)

    def answer(asked: Asked) -> Reply:
        return left.pop(0)(asked)

    return answer


def fetched(client: Client) -> bytes:
    into = io.BytesIO()
    client.download(URL, into)
    return into.getvalue()


def test_a_download_that_breaks_off_goes_on_where_it_ended(client: Client, shelf: Shelf) -> None:
    shelf.breaks = [GOT - 1, 5]
    assert fetched(client) == CONTENTS
    assert shelf.starts == [None, f"bytes={GOT - 1}-", f"bytes={GOT + 4}-"]
    assert [asked.headers.get("If-Range") for asked in shelf.asked] == [None, '"v1"', '"v1"']


def test_a_server_that_names_no_version_may_go_on_with_a_file_of_the_same_length(
    client: Client, shelf: Shelf
) -> None:
    shelf.headers, shelf.breaks = {}, [GOT]
    assert fetched(client) == CONTENTS
    assert shelf.starts == [None, f"bytes={GOT}-"]
    assert shelf.asked[1].headers["If-Range"] is None


def test_a_weak_tag_names_no_version(client: Client, shelf: Shelf) -> None:
    shelf.headers, shelf.breaks = {"ETag": 'W/"v1"'}, [GOT]
    assert fetched(client) == CONTENTS
    assert shelf.asked[1].headers["If-Range"] is None


def test_a_server_without_ranges_sends_the_file_again(client: Client, shelf: Shelf) -> None:
    shelf.ranges, shelf.breaks = False, [GOT]
    assert fetched(client) == CONTENTS
    assert shelf.starts == [None, f"bytes={GOT}-"]


def test_a_file_that_changed_meanwhile_is_fetched_from_its_start(
    client: Client, shelf: Shelf, server: Server
) -> None:
    shelf.breaks = [GOT]

    def changing(asked: Asked) -> Reply:
        reply = shelf(asked)
        shelf.contents, shelf.headers = b"shorter", {"ETag": '"v2"'}
        return reply

    server.answer = changing
    assert fetched(client) == b"shorter"


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Range": f"bytes {GOT + 1}-{SIZE - 1}/{SIZE}"},
        {"Content-Range": f"bytes {GOT}-{SIZE}/{SIZE + 1}"},
        {"Content-Range": f"bytes {GOT}-{SIZE - 1}/*"},
        {"Content-Range": f"bytes {GOT}-{SIZE - 1}/{SIZE}", "ETag": '"v2"'},
        {},
    ],
)
def test_a_part_that_was_not_asked_for_is_not_taken(
    client: Client, shelf: Shelf, server: Server, headers: dict[str, str]
) -> None:
    shelf.breaks = [GOT]
    wrong = Reply(206, CONTENTS[GOT:], headers)
    server.answer = in_turn(shelf, lambda _: wrong, shelf)
    assert fetched(client) == CONTENTS
    assert shelf.starts == [None, None]


def test_a_rest_that_lacks_something_is_not_taken(
    client: Client, shelf: Shelf, server: Server
) -> None:
    shelf.breaks = [GOT]
    lacking = Reply(206, CONTENTS[GOT:-1], {"Content-Range": f"bytes {GOT}-{SIZE - 1}/{SIZE}"})
    server.answer = in_turn(shelf, lambda _: lacking, shelf)
    assert fetched(client) == CONTENTS
    assert shelf.starts == [None, None]


def test_a_range_that_is_refused_makes_the_download_begin_again(
    client: Client, shelf: Shelf, server: Server
) -> None:
    shelf.breaks = [GOT]
    server.answer = in_turn(shelf, lambda _: refusal(416), shelf)
    assert fetched(client) == CONTENTS
    assert shelf.starts == [None, None]


def test_a_range_nobody_asked_for_is_not_refused_twice(client: Client, server: Server) -> None:
    server.replies.append(refusal(416))
    with pytest.raises(BadRequestError):
        fetched(client)


def test_a_file_that_always_ends_too_early_is_an_error(
    connect: Connect, server: Server, tmp_path: Path
) -> None:
    server.answer = lambda _: Reply(200, CONTENTS, length=SIZE + 1)
    with pytest.raises(TransportError):
        connect(server.url, max_retries=3).download_to(URL, tmp_path)
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=25, deadline=None)
@given(
    size=st.integers(1, 5 * CHUNK),
    breaks=st.lists(st.integers(0, 5 * CHUNK), max_size=6),
    ranges=st.booleans(),
    headers=st.sampled_from([{}, {"ETag": '"v1"'}, {"Last-Modified": "today"}]),
)
def test_however_often_it_breaks_off_the_file_is_whole(
    *, size: int, breaks: list[int], ranges: bool, headers: dict[str, str]
) -> None:
    shelf = Shelf(random.Random(1).randbytes(size), **headers)  # noqa: S311 - bytes that repeat
    shelf.ranges, shelf.breaks = ranges, breaks
    with scripted() as server:
        server.answer = shelf
        given = API_KEY | {"api_url": f"{server.url}/api", "max_retries": 10}
        with Client(Settings.from_mapping(given), ManualClock()) as client:
            assert fetched(client) == shelf.contents


def test_progress_tells_what_came_and_what_is_to_come(client: Client, shelf: Shelf) -> None:
    shelf.breaks = [GOT]
    told: list[tuple[int, int | None]] = []
    client.download(URL, io.BytesIO(), lambda done, total: told.append((done, total)))
    assert told == [(done, SIZE) for done in (CHUNK, 2 * CHUNK, GOT, SIZE)]


def test_a_file_gets_its_name_in_the_folder_or_another_one(
    client: Client, shelf: Shelf, tmp_path: Path
) -> None:
    path = client.download_to(URL, tmp_path)
    assert path == tmp_path / "a file.png"
    assert path.read_bytes() == shelf.contents
    assert client.download_to(URL, tmp_path / "own name") == tmp_path / "own name"


def test_until_it_is_whole_a_file_is_not_under_its_name(
    client: Client, shelf: Shelf, tmp_path: Path
) -> None:
    seen: list[list[str]] = []

    def look(_done: int, _total: int | None) -> None:
        seen.append([path.name for path in tmp_path.iterdir()])

    client.download_to(URL, tmp_path, progress=look)
    assert shelf.starts == [None]
    assert len(seen) > 1
    assert {name.startswith(".a file.png.") and name.endswith(".part") for (name,) in seen} == {
        True
    }


def test_a_file_that_is_there_is_kept_unless_it_is_to_be_overwritten(
    client: Client, shelf: Shelf, tmp_path: Path
) -> None:
    (tmp_path / "a file.png").write_text("mine")
    for place in (tmp_path, tmp_path / "a file.png"):
        with pytest.raises(UsageError, match=r"^There is already a .*a file\.png; it was not"):
            client.download_to(URL, place)
    assert shelf.starts == []
    client.download_to(URL, tmp_path, overwrite=True)
    assert (tmp_path / "a file.png").read_bytes() == CONTENTS


def test_a_download_that_fails_keeps_what_was_there(
    client: Client, server: Server, tmp_path: Path
) -> None:
    (tmp_path / "a file.png").write_text("mine")
    server.replies.append(refusal(404))
    with pytest.raises(NotFoundError):
        client.download_to(URL, tmp_path, overwrite=True)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


def test_a_link_out_of_the_folder_is_replaced_and_not_followed(
    client: Client, shelf: Shelf, tmp_path: Path
) -> None:
    folder, outside = tmp_path / "folder", tmp_path / "outside"
    folder.mkdir()
    (folder / "a file.png").symlink_to(outside)
    with pytest.raises(UsageError, match="already"):
        client.download_to(URL, folder)
    path = client.download_to(URL, folder, overwrite=True)
    assert path.read_bytes() == shelf.contents
    assert not path.is_symlink()
    assert not outside.exists()


@pytest.mark.parametrize(
    ("place", "complaint"),
    [
        ("absent/", "There is no folder"),
        ("absent/file", r"cannot be written \(No such file or directory\)"),
    ],
)
def test_a_place_that_is_not_there_is_one_sentence_before_anything_is_asked(
    client: Client, server: Server, tmp_path: Path, place: str, complaint: str
) -> None:
    with pytest.raises(UsageError, match=complaint):
        client.download_to(URL, f"{tmp_path}/{place}")
    assert server.asked == []


def test_a_folder_of_the_same_name_is_never_replaced(
    client: Client, shelf: Shelf, tmp_path: Path
) -> None:
    (tmp_path / "a file.png").mkdir()
    with pytest.raises(UsageError, match="already"):
        client.download_to(URL, tmp_path, overwrite=True)
    assert shelf.starts == []


@pytest.mark.parametrize(
    "name", ["..%2f..%2fevil", "%2e%2e%5cevil", "..%5cevil", "%2e%2e", "evil%00", "%2fetc%2fevil"]
)
def test_a_name_that_leads_elsewhere_is_refused_before_anything_is_asked(
    client: Client, server: Server, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(UsageError, match="does not end in a domain hash and a name"):
        client.download_to(f"https://uploads.example.com/d0main/{name}", folder)
    assert [path.name for path in tmp_path.rglob("*")] == ["folder"]
    assert server.asked == []


def test_a_name_of_a_header_is_not_taken(client: Client, shelf: Shelf, tmp_path: Path) -> None:
    shelf.headers["Content-Disposition"] = 'attachment; filename="../../evil"'
    assert client.download_to(URL, tmp_path) == tmp_path / "a file.png"


def test_the_storage_goes_on_where_it_broke_off_and_sees_no_credentials(
    client: Client, server: Server, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login someone password s3cret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    shelf.breaks = [GOT]
    with scripted() as storage:
        server.answer = lambda _: Reply(302, b"", {"Location": f"{storage.url}/x?signature=1"})
        storage.answer = shelf
        assert fetched(client) == CONTENTS
    assert shelf.starts == [None, f"bytes={GOT}-"]
    assert [asked.headers.get("Authorization") for asked in shelf.asked] == [None, None]
    assert {asked.headers.get("Cookie") for asked in shelf.asked} == {None}


def test_a_storage_that_points_further_is_not_followed(client: Client, server: Server) -> None:
    with scripted() as storage, scripted() as third:
        server.answer = lambda _: Reply(302, b"", {"Location": storage.url})
        storage.answer = lambda _: Reply(302, b"", {"Location": third.url})
        with pytest.raises(MovedError):
            fetched(client)
        assert third.asked == []


def test_what_is_uploaded_comes_down_the_same(
    connect: Connect, sandbox: Sandbox, tmp_path: Path
) -> None:
    contents = os.urandom(300_000)
    (tmp_path / "Grüße.bin").write_bytes(contents)
    client = connect(sandbox.url, username=sandbox.email, api_key=sandbox.api_key)
    for kind in ("attachment", "public_attachment"):
        (file,) = client.upload(tmp_path / "Grüße.bin", kind)
        path = client.download_to(file["url"], tmp_path)
        assert path.name.startswith("Grüße-")
        assert path.read_bytes() == contents


def test_a_disk_that_is_full_is_one_sentence(tmp_path: Path) -> None:
    def write() -> None:
        with replacing(tmp_path / "file") as file:
            file.write(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(UsageError, match=r"cannot be written \(No space left on device\)\.$"):
        write()
    assert list(tmp_path.iterdir()) == []
