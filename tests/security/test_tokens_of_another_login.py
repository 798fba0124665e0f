"""Two logins that share one token store never get each other's tokens."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from gorgias_api import SettingsError
from gorgias_api.tokens import fingerprint
from tests.api.clock import ManualClock
from tests.api.command import Gorgias
from tests.api.server import Server, scripted
from tests.security.two_logins import APP, connected, refreshes, rotating, seen_by, shared_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REFUSED = (
    r"names a file with the tokens of another login, .* or remove the file and log in again\.$"
)
ASKING = """
import json, sys
from gorgias_api import Client, GorgiasError

sys.stdin.readline()
with Client.from_settings(json.loads(sys.argv[1])) as client:
    for _ in range(5):
        try:
            client.request("GET", "/api/account")
        except GorgiasError as error:
            print(error)
"""


@pytest.fixture
def ours() -> Iterator[Server]:
    with scripted() as server:
        rotating(server, "ours")
        yield server


@pytest.fixture
def theirs() -> Iterator[Server]:
    with scripted() as server:
        rotating(server, "theirs")
        yield server


def logged_in(server: Server, folder: Path, **given: str) -> None:
    with connected(server, **APP, refresh_token="first", **shared_store(folder), **given) as client:
        client.request("GET", "/api/account")


def refused(
    server: Server, folder: Path, clock: ManualClock | None = None, /, **given: Any
) -> None:
    given = APP | shared_store(folder) | given
    with connected(server, clock, **given) as client, pytest.raises(SettingsError, match=REFUSED):
        client.request("GET", "/api/account")


@pytest.mark.parametrize("more", [{}, {"refresh_token": "another"}])
@pytest.mark.parametrize("hours", [0, 10])
def test_tokens_of_another_login_are_refused_in_one_sentence(
    ours: Server, theirs: Server, tmp_path: Path, more: dict[str, str], hours: int
) -> None:
    logged_in(ours, tmp_path)
    before = (tmp_path / "tokens.json").read_text()
    clock = ManualClock()
    clock.advance(hours * 3600)
    refused(theirs, tmp_path, clock, **more)
    # The host of the API alone, the address for tokens alone, and the app alone tell them apart.
    refused(theirs, tmp_path, clock, **more, token_url=f"{ours.url}/oauth/token")
    refused(ours, tmp_path, clock, **more, token_url=f"{theirs.url}/oauth/token")
    refused(ours, tmp_path, clock, **more, client_id="app-2")
    assert theirs.asked == []
    assert refreshes(ours) == 1
    assert (tmp_path / "tokens.json").read_text() == before


def test_an_access_token_that_is_given_does_not_open_the_store_either(
    ours: Server, theirs: Server, tmp_path: Path
) -> None:
    logged_in(ours, tmp_path)
    refused(theirs, tmp_path, access_token="given", refresh_token="another")
    with connected(theirs, access_token="given", **shared_store(tmp_path)) as client:
        client.request("GET", "/api/account")
    assert "ours-" not in seen_by(theirs)


def test_whoever_finds_the_store_taken_when_it_refreshes_gives_way(
    ours: Server, theirs: Server, tmp_path: Path
) -> None:
    given = APP | {"refresh_token": "first"} | shared_store(tmp_path)
    clock = ManualClock()
    with connected(ours, clock, **given) as one, connected(theirs, clock, **given) as other:
        one.request("GET", "/api/account")
        with pytest.raises(SettingsError, match=REFUSED):
            other.request("GET", "/api/account")
        (tmp_path / "tokens.json").unlink()
        other.request("GET", "/api/account")
        clock.advance(7200)
        with pytest.raises(SettingsError, match=REFUSED):
            one.request("GET", "/api/account")
    assert "theirs-" not in seen_by(ours)
    assert "ours-" not in seen_by(theirs)


def test_threads_of_two_logins_that_start_together_never_mix(
    ours: Server, theirs: Server, tmp_path: Path
) -> None:
    given = APP | {"refresh_token": "first"} | shared_store(tmp_path)

    def ask(server: Server) -> bool:
        with connected(server, **given) as client:
            try:
                client.request("GET", "/api/account")
            except SettingsError:
                return False
        return True

    with ThreadPoolExecutor(8) as pool:
        went_on = list(pool.map(ask, [ours, theirs] * 20))
    assert set(went_on[::2]) ^ set(went_on[1::2]) == {True, False}
    assert "theirs-" not in seen_by(ours)
    assert "ours-" not in seen_by(theirs)


def test_processes_of_two_logins_that_start_together_never_mix(
    ours: Server, theirs: Server, tmp_path: Path
) -> None:
    pipe = subprocess.PIPE
    given = APP | {"refresh_token": "first"} | shared_store(tmp_path)
    started = [
        subprocess.Popen(  # noqa: S603 - our own
            [sys.executable, "-c", ASKING, json.dumps(given | {"api_url": f"{server.url}/api"})],
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            text=True,
        )
        for server in (ours, theirs)
    ]
    told = [process.communicate("\n", timeout=60) for process in started]
    assert [errors for _, errors in told] == ["", ""]
    assert sorted(len(said.splitlines()) for said, _ in told) == [0, 5]
    assert "theirs-" not in seen_by(ours)
    assert "ours-" not in seen_by(theirs)


def test_the_command_line_compares_too(ours: Server, theirs: Server, tmp_path: Path) -> None:
    logged_in(ours, tmp_path)
    before = (tmp_path / "tokens.json").read_text()
    command = Gorgias(None, **APP, **shared_store(tmp_path), api_url=f"{theirs.url}/api")
    for words in (["account"], ["login", "--no-browser"]):
        ended = command(*words)
        assert (ended.code, ended.out) == (2, "")
        assert "names a file with the tokens of another login" in ended.err
    assert theirs.asked == []
    assert (tmp_path / "tokens.json").read_text() == before


def written_before(folder: Path, server: Server, client_id: str, start: str | None) -> None:
    """A store as it was before the login was kept with it."""
    tokens = {
        "access_token": "old-access",
        "refresh_token": "old-refresh",
        "expires_at": None,
        "origin": fingerprint(f"{server.url}/oauth/token", client_id, start),
    }
    (folder / "tokens.json").write_text(json.dumps(tokens))


@pytest.mark.parametrize("start", [None, "first", "old-refresh"])
def test_a_store_of_an_older_version_is_taken_over_by_its_login_only(
    ours: Server, theirs: Server, tmp_path: Path, start: str | None
) -> None:
    written_before(tmp_path, ours, "app-1", start)
    refused(theirs, tmp_path)
    refused(ours, tmp_path, client_id="app-2")
    more = {"refresh_token": start} if start == "first" else {}
    with connected(ours, **APP, **more, **shared_store(tmp_path)) as client:
        client.request("GET", "/api/account")
    assert ours.asked[-1].headers["Authorization"] == "Bearer old-access"
    # From its first use on it belongs to one host, though the address for tokens is the same.
    refused(theirs, tmp_path, token_url=f"{ours.url}/oauth/token", **more)
    assert theirs.asked == []


def test_a_store_of_an_older_version_that_cannot_be_compared_is_refused(
    ours: Server, tmp_path: Path
) -> None:
    written_before(tmp_path, ours, "app-1", "a refresh token that is gone")
    refused(ours, tmp_path)
    refused(ours, tmp_path, refresh_token="another")


def test_a_store_of_an_older_version_with_the_default_name_is_taken_over(
    ours: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    written_before(tmp_path, ours, "app-1", "a refresh token that is gone")
    folder = tmp_path / ".singer-gorgias"
    folder.mkdir()
    name = f"account-{fingerprint('app-1', ours.url)[:8]}.json"
    (tmp_path / "tokens.json").rename(folder / name)
    with connected(ours, **APP) as client:
        client.request("GET", "/api/account")
    assert ours.asked[-1].headers["Authorization"] == "Bearer old-access"
    assert json.loads((folder / name).read_text())["login"]
