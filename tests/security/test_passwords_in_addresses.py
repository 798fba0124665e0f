"""Nothing of a password in an address is shown, wherever it stands and however it is written."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gorgias_api import Client, GorgiasError, Settings, SettingsError
from gorgias_api.cli import main as gorgias
from gorgias_api.places import shown
from tap_gorgias.attachments import Saver
from target_gorgias.database import open_engine, place
from target_gorgias.ledger import Ledger
from tests.api.clock import ManualClock
from tests.api.conftest import API_KEY
from tests.security.here import run_here

if TYPE_CHECKING:
    from pathlib import Path

PIECE = "Zq7"
"""Every piece of a password has it."""
PASSWORDS = st.lists(st.sampled_from(["", *"@:/?#[]%&=+ \\'\""]), min_size=1, max_size=5).map(
    lambda marks: PIECE + "".join(f"{mark}{PIECE}{number}" for number, mark in enumerate(marks))
)
NAMES = st.sampled_from(["password", "sslpassword", "passfile", "token", "secret", "key"])
FORMS = [
    "{scheme}://user:{password}@host.invalid/path",
    "{scheme}://user:{password}@host.invalid:5432/path",
    "{scheme}://:{password}@host.invalid/path",
    "{scheme}://{password}@host.invalid/path",
    "{scheme}://host.invalid/path?{name}={password}",
    "{scheme}://user@host.invalid/path?user=x&{name}={password}",
    "{scheme}:///path?host=host.invalid&{name}={password}",
]
DATABASES = st.sampled_from(["postgresql", "postgresql+psycopg", "sqlite", "mysql", "nothing"])
STORAGES = st.sampled_from(["ftp", "sftp", "s3", "memory", "simplecache::ftp", "http", "abfs"])
MANY = settings(max_examples=200, deadline=None, derandomize=True)


@st.composite
def addresses(draw: st.DrawFn, schemes: st.SearchStrategy[str]) -> str:
    scheme, password, name = draw(schemes), draw(PASSWORDS), draw(NAMES)
    return draw(st.sampled_from(FORMS)).format(scheme=scheme, password=password, name=name)


@MANY
@given(addresses(DATABASES))
@example("postgresql://u:Zq7@Zq7@h/d")
@example("postgresql://u:Zq7/Zq7@h/d")
@example("postgresql://u@h/d?password=Zq7")
@example("postgresql://u@h/d?sslpassword=Zq7")
@example("postgresql:///password=Zq7 host=h")
@example("postgresql:///postgresql://u:Zq7@h/d")
def test_the_ledger_is_named_without_the_password_of_its_database(url: str) -> None:
    try:
        told = place(open_engine(url))
    except SettingsError as error:
        told = str(error)
    # Alone before the `@` it is the name of a user, which is shown.
    if "://Zq7" not in url:
        assert PIECE not in told


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u@127.0.0.1:9/d?password=Zq7",
        "postgresql://u@127.0.0.1:9/d?sslpassword=Zq7&sslkey=/nowhere",
        "postgresql://u:Zq7@Zq7@127.0.0.1:9/d",
        "postgresql://u:Zq7/Zq7@127.0.0.1:9/d",
        "postgresql://u:Zq7%40Zq7@127.0.0.1:9/d",
        "postgresql:///d?host=127.0.0.1&port=9&password=Zq7",
    ],
)
def test_a_ledger_that_cannot_be_opened_is_told_without_its_password(url: str) -> None:
    with pytest.raises(GorgiasError) as caught:
        Ledger(url, "account")
    assert PIECE not in str(caught.value)


@MANY
@given(addresses(STORAGES))
def test_a_place_for_files_is_shown_without_a_password(url: str) -> None:
    told = shown(url)
    assert PIECE not in told or told.startswith("abfs://Zq7")


@pytest.mark.parametrize(
    "place",
    [
        "/data/acme@example.com/files",
        "files",
        "file:///data/a#b?c",
        "s3://bucket/files",
        "memory://files",
        "abfs://container@account.dfs.core.windows.net/files",
        "simplecache::s3://bucket/files",
    ],
)
def test_a_place_without_a_password_is_shown_as_it_is(place: str) -> None:
    assert shown(place) == place


def test_the_rows_of_files_do_not_hold_the_password_of_their_place(tmp_path: Path) -> None:
    given_ = API_KEY | {"api_url": "http://127.0.0.1:9/api", "token_store": str(tmp_path / "t")}
    with Client(Settings.from_mapping(given_), ManualClock()) as client:
        saver = Saver(client, "memory://user:Zq7@host/files", logging.getLogger("test"))
        url = "https://files.example.com/d0main/a.png"
        saver._files.pipe(f"{saver._root}/d0main/a.png", b"x")  # noqa: SLF001 - a file that is there
        assert saver.save([url]) == {url: "memory://host/files/d0main/a.png"}


@pytest.mark.parametrize("address", ["nowhere://u:Zq7@h/x", "ftp://u:Zq7@127.0.0.1:9/x"])
def test_a_place_that_cannot_be_used_is_told_without_its_password(
    tmp_path: Path, address: str
) -> None:
    given_ = API_KEY | {"api_url": "http://127.0.0.1:9/api", "token_store": str(tmp_path / "t")}
    with (
        Client(Settings.from_mapping(given_), ManualClock()) as client,
        pytest.raises(SettingsError) as caught,
    ):
        Saver(client, address, logging.getLogger("test"))
    assert PIECE not in str(caught.value)


@MANY
@given(PASSWORDS)
@example("Zq7@Zq7")
def test_a_proxy_is_told_without_its_password(password: str) -> None:
    given_ = API_KEY | {"api_url": "https://acme.example/api", "max_retries": 1}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HTTPS_PROXY", f"http://user:{password}@127.0.0.1:9")
        patch.setenv("NO_PROXY", "")
        with Client(Settings.from_mapping(given_), ManualClock()) as client:
            with pytest.raises(GorgiasError) as caught:
                client.request("GET", "/api/tickets")
            assert PIECE not in str(caught.value)
            with pytest.raises(GorgiasError) as caught:
                client.download("/api/attachments/download/h/a", io.BytesIO())
            assert PIECE not in str(caught.value)


@MANY
@given(PASSWORDS)
def test_an_address_given_to_the_command_line_is_not_repeated(password: str) -> None:
    address = f"https://user:{password}@host.invalid/api"
    account = {"GORGIAS_API_URL": "http://127.0.0.1:9/api", "GORGIAS_USERNAME": "a@example.com"}
    account |= {"GORGIAS_API_KEY": "k", "GORGIAS_MAX_RETRIES": "1"}
    for words in (
        ("request", "GET", address),
        ("--api-url", address, "account"),
        ("--token-url", address, "account"),
        ("download", address),
        ("login", "--redirect-uri", address, "--port", "1", "--no-browser"),
    ):
        ended = run_here(gorgias, *words, **account)
        assert ended.code in {1, 2}
        assert PIECE not in ended.err + ended.out
