"""Where credentials may be sent, and what they may look like."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_trustworthy(url: str) -> bool:
    """Whether nobody between here and there can read along: https, or this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    plain = parts.scheme == "http" and is_loopback(parts.hostname or "")
    return bool(parts.hostname) and (parts.scheme == "https" or plain)


def is_sendable(token: object) -> bool:
    """Whether an HTTP header can carry it."""
    return isinstance(token, str) and bool(token) and token.isascii() and token.isprintable()


def is_loopback(host: str) -> bool:
    """Whether a host, by its text, is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
