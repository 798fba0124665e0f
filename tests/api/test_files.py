"""Attachments are fetched through the API, and credentials go nowhere else."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorgias_api import AnswerError, NotFoundError, TransportError, UsageError
from gorgias_api.files import LONGEST, download_path, file_parts, safe_name
from tests.api.server import Reply, refusal, scripted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gorgias_api import Client
    from tests.api.conftest import Connect
    from tests.api.server import Server

URL = "https://uploads.example.com/attachments/d0main/a%20file.png"
PATH = "/api/attachments/download/d0main/a%20file.png"


@pytest.fixture
def storage() -> Iterator[Server]:
    with scripted() as storage:
        yield storage


def download(client: Client, url: str = URL) -> bytes:
    into = io.BytesIO(b"what was there before, and longer")
    client.download(url, into)
    return into.getvalue()


def test_a_file_is_asked_of_the_api_by_hash_and_name(client: Client, server: Server) -> None:
    server.replies.append(Reply(200, b"contents"))
    assert download(client) == b"contents"
    assert server.targets() == [f"GET {PATH}"]
    assert server.asked[0].headers["Authorization"]


def test_a_redirect_to_the_storage_is_followed_without_credentials(
    client: Client, server: Server, storage: Server
) -> None:
    server.replies.append(Reply(302, b"moved", {"Location": f"{storage.url}/x?signature=1"}))
    storage.replies.append(Reply(200, b"contents"))
    assert download(client) == b"contents"
    assert storage.targets() == ["GET /x?signature=1"]
    assert storage.asked[0].headers["Authorization"] is None


@pytest.mark.parametrize(
    "location", ["http://storage.example.com/x", "/x", "ftp://localhost/x", "", "https://[::1"]
)
def test_a_redirect_that_others_could_read_is_not_followed(
    connect: Connect, server: Server, location: str
) -> None:
    server.replies.append(Reply(302, b"", {"Location": location}))
    with pytest.raises(AnswerError, match="it was not asked"):
        download(connect(server.url, max_retries=1))


def test_a_half_download_starts_over(client: Client, server: Server) -> None:
    server.replies.extend([Reply(200, b"contentless", length=20), Reply(200, b"contents")])
    assert download(client) == b"contents"


def test_a_storage_in_trouble_is_asked_again_through_the_api(
    client: Client, server: Server, storage: Server
) -> None:
    moved = Reply(302, b"", {"Location": storage.url})
    server.replies.extend([moved, moved, moved])
    server.replies.append(moved)
    storage.replies.extend([Reply(lost=True), refusal(503), refusal(429), Reply(200, b"contents")])
    assert download(client) == b"contents"
    assert len(server.asked) == len(storage.asked) == 4


def test_a_file_that_is_gone_leaves_nothing_behind(client: Client, server: Server) -> None:
    server.replies.append(refusal(404))
    into = io.BytesIO(b"before")
    with pytest.raises(NotFoundError):
        client.download(URL, into)
    assert into.getvalue() == b""


def test_a_storage_that_is_not_there_is_an_error_without_the_signature(
    connect: Connect, server: Server, unused_url: str
) -> None:
    server.answer = lambda _: Reply(302, b"", {"Location": f"{unused_url}/x?signature=s3cret"})
    with pytest.raises(TransportError) as caught:
        download(connect(server.url, max_retries=1))
    assert str(caught.value) == (
        "GET /x could not be sent: no connection to 127.0.0.1 (Connection refused); check the "
        "network."
    )


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        (URL, ("d0main", "a file.png")),
        ("/attachments/d0main/a", ("d0main", "a")),
        ("d0main/a", ("d0main", "a")),
        (f"{URL}?x=1#y", ("d0main", "a file.png")),
    ],
)
def test_hash_and_name_are_the_last_two_parts(url: str, parts: tuple[str, str]) -> None:
    assert file_parts(url) == parts


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a",
        "https://uploads.example.com/a",
        "https://uploads.example.com/../a",
        "https://uploads.example.com/d/..",
        "https://uploads.example.com/d/%2e%2e",
        "https://uploads.example.com/d/..%2f..%2fetc",
        "https://uploads.example.com/d%5c/a",
        "https://uploads.example.com/d/a%00",
        "https://[::1/d/a",
    ],
)
def test_an_address_that_could_lead_elsewhere_is_refused(client: Client, url: str) -> None:
    with pytest.raises(UsageError):
        download(client, url)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        (URL, PATH),
        ("https://uploads.example.com/d/é?x", "/api/attachments/download/d/%C3%A9"),
        ("https://cdn.example.com/a/b/d/x", "/api/attachments/download/d/x"),
        ("public_attachments/d/x", "/api/public_attachments/download/d/x"),
        ("/api/profile_pictures/download/d/x", "/api/profile_pictures/download/d/x"),
    ],
)
def test_the_path_of_a_download_names_the_type_of_the_file_where_it_is_told(
    url: str, path: str
) -> None:
    assert download_path(url) == path


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Rechnung für März.pdf", "Rechnung für März.pdf"),
        ("領収書.png", "領収書.png"),
        ("हिन्दी.txt", "हिन्दी.txt"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\windows\\x.dll", "x.dll"),
        ("x.txt:stream", "x.txt_stream"),
        ("..", "file"),
        ("", "file"),
        (" . ", "file"),
        (".bashrc", "bashrc"),
        ("a.txt. .", "a.txt"),
        ("NUL", "_NUL"),
        ("com1.txt", "_com1.txt"),
        ("console.txt", "console.txt"),
        ("a\0b\nc\x1b[31m", "a_b_c_[31m"),
        ("invoice\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe", "invoice_gpj.exe"),
        ("half \ud800", "half _"),
        ("é" * 300 + ".pdf", "é" * 98 + ".pdf"),
        ("a." + "é" * 300, "a." + "é" * 99),
        ("a" * 199 + " b", "a" * 199),
    ],
)
def test_a_name_is_made_safe_and_stays_readable(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text(st.characters(codec=None)))
def test_no_name_leads_out_of_its_folder_or_hides(name: str) -> None:
    safe = safe_name(name)
    assert Path(safe).name == safe == safe_name(safe)
    assert not safe.startswith(".")
    assert not {"/", "\\", "\0", ":"} & set(safe)
    assert len(safe.encode()) <= LONGEST
