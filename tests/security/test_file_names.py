"""Whatever files and addresses the API names, nothing is written outside of the folder."""

from __future__ import annotations

import logging
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gorgias_api import Client, GorgiasError
from tap_gorgias.attachments import Saver
from tests.api.server import Asked, Reply, scripted
from tests.security.two_logins import connected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STEPS = ["..", ".", "", "%2e%2e", "%2f", "%5c", "\\", "/", "//", "%00", "~", "$HOME", "C:", "con"]
WORDS = ["x", "x.part", ".x", "é", "e\u0301", "\u202e", "\ud83d", "a" * 300, "b" * 300 + ".png"]
MARKS = ["outside", "file://", "http://", "?", "#", "%", "%zz", "\n", "\t", "|", " ", "*"]
PARTS = st.sampled_from([*STEPS, *WORDS, *MARKS])
NAMES = st.lists(PARTS | st.text(max_size=4), max_size=8).map("".join)
ADDRESSES = NAMES | st.builds("https://uploads.example.com/{}/{}".format, NAMES, NAMES)
many = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with ExitStack() as running:
        server = running.enter_context(scripted())
        server.answer = _contents
        yield running.enter_context(connected(server, max_retries=1))


def _contents(asked: Asked) -> Reply:
    planted = {"Content-Disposition": 'attachment; filename="../../outside"'}
    return Reply(200, asked.target.encode(), planted)


def only_below(folder: Path, act: Callable[[], object]) -> list[Path]:
    """The files that are in a folder when all is done; what is around it must stay as it is."""
    around = folder.parent
    (around / "outside").write_text("mine")
    folder.mkdir(exist_ok=True)
    act()
    found = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.name for path in around.iterdir()} == {"outside", folder.name}
    assert (around / "outside").read_text() == "mine"
    assert not [path for path in folder.rglob("*") if path.is_symlink()]
    return found


@many
@given(address=ADDRESSES)
@example("https://uploads.example.com/%2e%2e/outside")
@example("https://uploads.example.com/d0main/..%2f..%2foutside")
@example("/api/attachments/download/../outside")
def test_a_download_stays_in_its_folder(client: Client, tmp_path: Path, address: str) -> None:
    def download() -> None:
        with suppress(GorgiasError):
            client.download_to(address, tmp_path / "folder", overwrite=True)

    found = only_below(tmp_path / "folder", download)
    assert {path.parent for path in found} <= {tmp_path / "folder"}
    assert not [path for path in found if path.name.startswith(".")]


@many
@given(addresses=st.lists(ADDRESSES, min_size=1, max_size=4))
@example(["https://uploads.example.com/../outside"])
@example(["https://uploads.example.com/%2e%2e/outside", "https://uploads.example.com/~/outside"])
@example(["https://u.example.com/d/x", "https://u.example.com/d/x.part"])
def test_attachments_stay_in_their_folder(
    client: Client, tmp_path: Path, addresses: list[str]
) -> None:
    folder = tmp_path / "folder"
    saved: dict[str, str | None] = {}

    def save() -> None:
        saver = Saver(client, str(folder), logging.getLogger("tests"))
        saved.update(saver.save(addresses))

    found = only_below(folder, save)
    assert {str(path) for path in found} >= {place for place in saved.values() if place}
    assert not [path for path in found if path.name.startswith(".")]
    assert {path.parent.parent for path in found} <= {folder}
