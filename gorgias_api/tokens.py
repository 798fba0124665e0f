"""Where OAuth2 tokens outlive the process.

Gorgias may answer a refresh with a new refresh token that replaces the old one, so the newest
token has exactly one home: a file that is replaced as a whole, before the token in it is used.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from filelock import FileLock

from gorgias_api.atomic import PRIVATE, replacing
from gorgias_api.errors import SettingsError, UsageError

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


def fingerprint(*parts: str | None) -> str:
    """A hash that recognises a login without telling anything about it."""
    return hashlib.sha256("\0".join(part or "" for part in parts).encode()).hexdigest()


class TokenStore:
    """A file of tokens, readable by its owner only, one writer at a time across processes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from refreshing meanwhile.

        Raises:
            SettingsError: the folder cannot be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = FileLock(f"{self.path}.lock", mode=0o600)
            lock.acquire()
        except OSError as error:
            raise self._unusable(error) from error
        try:
            yield
        finally:
            lock.release()

    def load(self) -> Tokens | None:
        """The stored tokens, or None when there are none.

        Raises:
            SettingsError: the file cannot be read or is not one of ours.
        """
        try:
            return _checked(Tokens(**json.loads(self.path.read_text())))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, RecursionError) as error:
            raise self._unusable(error) from error

    def save(self, tokens: Tokens) -> None:
        """Replace the stored tokens; a kill at any moment leaves the old file or the new one.

        Raises:
            SettingsError: the file cannot be written.
        """
        try:
            with replacing(self.path, PRIVATE) as file:
                file.write(json.dumps(asdict(tokens)).encode())
        except UsageError as error:
            raise self._unusable(error.__cause__) from error

    def _unusable(self, error: BaseException | None) -> SettingsError:
        return SettingsError(
            f"The setting 'token_store' ({self.path}) cannot be used: {type(error).__name__}."
        )


def _checked(tokens: Tokens) -> Tokens:
    """The same tokens.

    Raises:
        TypeError: a field is of another kind than it may be.
    """
    texts = (tokens.access_token, tokens.refresh_token, tokens.origin)
    timely = isinstance(tokens.expires_at, int | float | None)
    if not timely or not all(isinstance(text, str | None) for text in texts):
        raise TypeError
    return tokens
