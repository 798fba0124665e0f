"""Secrets that are neither typed nor in variables."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gorgias_api.errors import SettingsError, UsageError
from gorgias_api.settings import SHARED, Setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SECRETS = tuple(setting for setting in SHARED if setting.secret)
ENDING = "_file"
LONGEST = 64 * 1024
"""Characters; no secret is nearly as long."""
STDIN = "-"


def from_secret_files(given: Mapping[str, str], also: Iterable[str]) -> dict[str, str]:
    """The secrets in files.

    Args:
        given: the file of each, by the name of the setting; `-` is one line of standard input.
        also: settings that were given as options themselves.

    Raises:
        UsageError: a file cannot be read or holds no secret, or one secret is given twice.
    """
    if list(given.values()).count(STDIN) > 1:
        message = "Only one secret can come from standard input."
        raise UsageError(message)
    for name in set(given) & set(also):
        message = f"Both {_option(name)} and {_option(name + ENDING)} are given; give only one."
        raise UsageError(message)
    return {name: _read(name, path) for name, path in given.items()}


def from_keyring(service: str, missing: Iterable[Setting]) -> dict[str, str]:
    """The secrets that the keyring of this system holds for a service, by the names of settings.

    Raises:
        SettingsError: there is no keyring, or it cannot be used.
    """
    try:
        keyring: Any = importlib.import_module("keyring")
        errors: Any = importlib.import_module("keyring.errors")
    except ImportError:
        message = "The option '--keyring' needs 'singer-gorgias[keyring]' to be installed."
        raise SettingsError(message) from None
    try:
        found = {each.name: keyring.get_password(service, each.name) for each in missing}
    except errors.KeyringError as error:
        message = f"The keyring of this system cannot be used ({type(error).__name__})."
        raise SettingsError(message) from None  # its text is somebody else's
    return {name: secret for name, secret in found.items() if secret}


def _read(name: str, path: str) -> str:
    option = _option(name + ENDING)
    try:
        if path == STDIN:
            text = sys.stdin.readline(LONGEST + 1)
        else:
            with Path(path).open(encoding="utf-8") as file:
                text = file.read(LONGEST + 1)
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text in UTF-8"
        message = f"The file of {option} cannot be read ({why})."
        raise UsageError(message) from None
    secret = text.strip()
    if not secret or len(text) > LONGEST or len(secret.splitlines()) > 1:
        message = f"The file of {option} must hold the secret in one line, and nothing else."
        raise UsageError(message)
    return secret


def _option(name: str) -> str:
    return f"'--{name.replace('_', '-')}'"
