"""The secret values that this process knows, so that no text it writes repeats one.

A log belongs to the whole process, and so does what must not be in it: settings add the secrets
they hold when they are read, logins the tokens they get.
"""

from __future__ import annotations

import re
import threading
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

MASK = "***"
NAMES = re.compile(r"authorization|cookie|secret|password|api[-_]?key|token|^code$", re.IGNORECASE)
"""Names whose values are secrets."""
SHORTEST = 4
"""Characters; anything shorter would hide parts of ordinary words."""
BACKSLASHES = re.compile(r"\\+")
TELLING = 48
"""Characters of a secret that are enough to know it by."""


class KnownSecrets:
    """Values that are to be hidden wherever they appear. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()
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
            self._add(iter(found))

    def learn_pair(self, user: str | None, password: str | None) -> None:
        """Hide the two as HTTP Basic joins them."""
        if user and password:
            pair = f"{user}:{password}"
            self._add(b64encode(data).decode() for data in _encoded(pair))

    def hide(self, text: str) -> str:
        """`text` without any known secret."""
        pattern = self._pattern
        return pattern.sub(MASK, text) if pattern else text

    def _add(self, secrets: Iterator[str]) -> None:
        new = {text for secret in secrets if len(text := secret.strip()) >= SHORTEST}
        with self._lock:
            if new <= self._known:
                return
            self._known |= new
            longest_first = sorted(self._known, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(_spellings, longest_first)))


SECRETS = KnownSecrets()
"""Those of this process."""


def _spellings(secret: str) -> str:
    """A pattern for a secret, each of whose characters may be spelled as addresses or JSON do it.

    Of a very long one the beginning tells, and all that stands there is hidden.
    """
    told = secret[:TELLING]
    # A run of backslashes is one, however often it was escaped: else a text could fit in many ways.
    parts = ("".join(map(_character, part)) for part in BACKSLASHES.split(told))
    pattern = r"(?:(?i:\\u005c)|\\|(?i:%(?:25)?5c))+".join(parts)
    return pattern + (r"[^\s\"'<>,;]*" if len(secret) > TELLING else "")


def _character(char: str) -> str:
    """A pattern for a character as it is, percent-encoded once or twice, or escaped as in JSON."""
    code = "".join(f"%(?:25)?{byte:02x}" for byte in char.encode(errors="replace"))
    escaped = "".join(rf"\\u{unit:04x}" for unit in _utf_16(char))
    ways = [re.escape(char), f"(?i:{code})", f"(?i:{escaped})", rf"\\{re.escape(char)}"]
    return f"(?:{'|'.join([*ways, re.escape('+')] if char == ' ' else ways)})"


def _utf_16(char: str) -> Iterator[int]:
    data = char.encode("utf-16-be", errors="replace")
    return (int.from_bytes(data[at : at + 2]) for at in range(0, len(data), 2))


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
