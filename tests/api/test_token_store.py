"""The file of tokens: the newest or the one before, never half of one, and nobody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gorgias_api import SettingsError
from gorgias_api.tokens import Owner, Tokens, TokenStore, fingerprint

if TYPE_CHECKING:
    from pathlib import Path


OWNER = Owner(
    api="https://acme.example",
    token_url="https://acme.example/oauth/token",
    client_id="app-1",
    refresh_token=None,
)


def of_owner(**values: Any) -> Tokens:
    return Tokens(**values, login=OWNER.mark)


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("moment", ["json.dumps", "os.fsync", "pathlib.Path.replace"])
def test_a_kill_while_storing_leaves_the_old_tokens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    store = TokenStore(tmp_path / "tokens.json", OWNER)
    old = of_owner(access_token="old", refresh_token="old", expires_at=1.0, origin="x")
    store.save(old)

    def kill(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(moment, kill)
        with pytest.raises(Killed):
            store.save(Tokens(access_token="new"))
    assert store.load() == old


def test_stored_tokens_are_those_saved_last(tmp_path: Path) -> None:
    store = TokenStore(tmp_path / "deep" / "er" / "tokens.json", OWNER)
    assert store.load() is None
    for name in ("one", "two"):
        with store.lock():
            store.save(Tokens(access_token=name))
    assert store.load() == of_owner(access_token="two")
    assert {path.name for path in store.path.parent.iterdir()} <= {
        "tokens.json",
        "tokens.json.lock",
    }


@pytest.mark.parametrize(
    "contents",
    [
        "",
        "{",
        "[]",
        '{"unknown": 1}',
        "5",
        '{"access_token": 5}',
        '{"refresh_token": "two\\nlines"}',
        '{"expires_at": NaN}',
        '{"expires_at": "soon"}',
        '{"expires_at": true}',
        '{"origin": []}',
        '{"login": 5}',
        "[" * 100_000,
    ],
)
def test_a_store_that_holds_something_else_is_refused_and_kept(
    tmp_path: Path, contents: str
) -> None:
    path = tmp_path / "tokens.json"
    path.write_text(contents)
    with pytest.raises(SettingsError, match=r"'token_store' \(.*\) cannot be used"):
        TokenStore(path, OWNER).load()
    assert path.read_text() == contents


def test_a_store_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = TokenStore(tmp_path / "file" / "tokens.json", OWNER)
    with pytest.raises(SettingsError, match="'token_store'"), store.lock():
        pass
    with pytest.raises(SettingsError, match="'token_store'"):
        store.save(Tokens(access_token="new"))


def test_tokens_and_fingerprints_show_no_secret() -> None:
    assert "t0ken" not in repr(Tokens(access_token="t0ken", refresh_token="t0ken"))
    assert "s3cret" not in fingerprint("s3cret", None)
    assert fingerprint("a", "b") != fingerprint("ab", None)
