"""The secret values that this process knows, so that no text it writes repeats one.

A log belongs to the whole process, and so does what must not be in it: settings add the secrets
they hold when they are read, logins the tokens they get.
"""

from __future__ import annotations

import json
import re
import threading
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, quote_plus, unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

MASK = "***"
NAMES = re.compile(r"authorization|cookie|secret|password|api[-_]?key|token|^code$", re.IGNORECASE)
"""Names whose values are secrets."""
SHORTEST = 4
"""Characters; anything shorter would hide parts of ordinary words."""
ESCAPE = re.compile(r"%[0-9A-F]{2}")


class KnownSecrets:
    """Values that are to be hidden wherever they appear. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def learn(self, value: object) -> None:
        """Hide `value` from now on.

        Args:
            value: a text; of an address only its passwords; of a list or an object every text in
                it. Anything else is no secret.
        """
        if isinstance(value, dict):
            for item in value.values():
                self.learn(item)
        elif isinstance(value, list):
            for item in value:
                self.learn(item)
        elif isinstance(value, str):
            found = _passwords(value) if "://" in value else (value,)
            self._add(form for secret in found for form in _forms(secret))

    def learn_pair(self, user: str | None, password: str | None) -> None:
        """Hide the two as HTTP Basic joins them."""
        if user and password:
            pair = f"{user}:{password}"
            self._add(b64encode(data).decode() for data in _encoded(pair))

    def hide(self, text: str) -> str:
        """`text` without any known secret."""
        pattern = self._pattern
        return pattern.sub(MASK, text) if pattern else text

    def _add(self, forms: Iterator[str]) -> None:
        new = {form for form in forms if len(form) >= SHORTEST}
        with self._lock:
            if new <= self._forms:
                return
            self._forms |= new
            longest_first = sorted(self._forms, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))


SECRETS = KnownSecrets()
"""Those of this process."""


def _forms(secret: str) -> Iterator[str]:
    """A secret as it is, and as addresses and JSON spell it."""
    text = secret.strip()
    if len(text) < SHORTEST:
        return
    yield text
    if any("\ud800" <= char <= "\udfff" for char in text):  # half a character: no bytes hold it
        return
    for spelled in (quote(text), quote(text, safe=""), quote_plus(text)):
        yield spelled
        yield ESCAPE.sub(lambda found: found[0].lower(), spelled)
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]


def _encoded(text: str) -> Iterator[bytes]:
    for encoding in ("utf-8", "latin-1"):
        yield text.encode(encoding, errors="replace")


def _passwords(address: str) -> Iterator[str]:
    """What is secret in an address, even one whose password should have been percent-encoded."""
    rest = address.partition("://")[2]
    before, _, query = rest.partition("?")
    for part in (before, rest):
        password = part.rpartition("@")[0].partition(":")[2]
        yield password
        yield unquote(password)
    for name, value in parse_qsl(query):
        if NAMES.search(name):
            yield value
