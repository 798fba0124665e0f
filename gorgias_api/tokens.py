"""Where OAuth2 tokens outlive the process.

Gorgias may answer a refresh with a new refresh token that replaces the old one, so the newest
token has exactly one home: a file that is replaced as a whole, before the token in it is used.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from gorgias_api.atomic import replacing, sweep
from gorgias_api.errors import SettingsError, UsageError
from gorgias_api.known_secrets import SECRETS
from gorgias_api.private import FILE, make_folder, opened, tighten
from gorgias_api.trust import is_sendable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """One set of OAuth2 tokens. `expires_at` is in seconds since 1970."""

    access_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: float | None = None
    origin: str = ""
    """Fingerprint of the login the tokens descend from, so that a new login wins over the file."""
    login: str = ""
    """Fingerprint of who may use them; blank in files of versions that did not write it."""

    def __post_init__(self) -> None:
        SECRETS.learn([self.access_token, self.refresh_token])


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Who may use tokens: one app of one account.

    Attributes:
        api: scheme, host and port of the API.
        token_url: where the tokens are renewed.
        client_id: the app.
        refresh_token: what the settings start from.
        named: whether the name of the token store is the one made from API and app.
    """

    api: str
    token_url: str
    client_id: str | None
    refresh_token: str | None = field(repr=False)
    named: bool = False

    @property
    def mark(self) -> str:
        """What is kept with the tokens to recognise their owner."""
        return fingerprint("login", self.api, self.token_url, self.client_id)

    @property
    def origin(self) -> str:
        """What tells tokens that descend from these settings from those of an earlier login."""
        return self._origin(self.refresh_token)

    def owns(self, tokens: Tokens) -> bool:
        """Whether it may use these tokens; without a mark, as far as they can be compared."""
        if tokens.login:
            return tokens.login == self.mark
        starts = (self.refresh_token, None, tokens.refresh_token)
        return self.named or tokens.origin in map(self._origin, starts)

    def _origin(self, refresh_token: str | None) -> str:
        return fingerprint(self.token_url, self.client_id, refresh_token)


def fingerprint(*parts: str | None) -> str:
    """A hash that recognises a login without telling anything about it."""
    return hashlib.sha256("\0".join(part or "" for part in parts).encode()).hexdigest()


class TokenStore:
    """A file of tokens of one owner, private, with one writer at a time across processes."""

    def __init__(self, path: Path, owner: Owner) -> None:
        self.path = path
        self._owner = owner

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from refreshing meanwhile.

        Raises:
            SettingsError: the folder cannot be written.
        """
        beside = self.path.with_name(f"{self.path.name}.lock")
        try:
            make_folder(self.path.parent)
            tighten(beside)
            lock = FileLock(beside, mode=FILE)
            lock.acquire()
        except OSError as error:
            raise self._unusable(error) from error
        try:
            with suppress(OSError):  # what a kill left behind stays until somebody may remove it
                sweep(self.path)
            yield
        finally:
            lock.release()

    def load(self) -> Tokens | None:
        """The stored tokens, or None when there are none.

        Raises:
            SettingsError: the file cannot be read, is not one of ours, or belongs to another owner.
        """
        try:
            with os.fdopen(opened(self.path, os.O_RDONLY), encoding="utf-8") as file:
                tokens = _tokens(json.load(file))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, RecursionError) as error:
            raise self._unusable(error) from error
        if not self._owner.owns(tokens):
            message = (
                f"The setting 'token_store' ({self.path}) names a file with the tokens of another "
                "login, whose API host, token URL or client id is a different one: give each login "
                "a 'token_store' of its own, or remove the file and log in again."
            )
            raise SettingsError(message)
        return tokens

    def adopt(self) -> Tokens | None:
        """As `load`; tokens without a mark get that of the owner, before anybody uses them.

        Raises:
            SettingsError: as `load`, or the mark cannot be stored.
        """
        tokens = self.load()
        if not tokens or tokens.login:
            return tokens
        with self.lock():
            tokens = self.load()
            if tokens:
                self.save(tokens)
        return tokens

    def save(self, tokens: Tokens) -> None:
        """Replace the stored tokens; a kill at any moment leaves the old file or the new one.

        To be called while `lock` is held and after `load`, which refuses those of another owner.

        Raises:
            SettingsError: the file cannot be written.
        """
        marked = replace(tokens, login=self._owner.mark)
        try:
            with replacing(self.path) as file:
                file.write(json.dumps(asdict(marked)).encode())
        except UsageError as error:
            raise self._unusable(error.__cause__) from error

    def _unusable(self, error: BaseException | None) -> SettingsError:
        why = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        return SettingsError(f"The setting 'token_store' ({self.path}) cannot be used: {why}.")


def _tokens(found: dict[str, Any]) -> Tokens:
    """What a file holds.

    Raises:
        TypeError: it holds no tokens.
        ValueError: a value is not what it should be.
    """
    tokens = Tokens(**found)
    secrets_fit = all(
        each is None or is_sendable(each) for each in (tokens.access_token, tokens.refresh_token)
    )
    marks_fit = isinstance(tokens.origin, str) and isinstance(tokens.login, str)
    ends: Any = tokens.expires_at
    if not secrets_fit or not marks_fit or not (ends is None or _is_moment(ends)):
        raise ValueError
    return tokens


def _is_moment(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf
