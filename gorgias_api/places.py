"""Addresses as they may be shown: without a password, also where it is not written as it should."""

from __future__ import annotations

LOCAL = frozenset({"file", "local"})
ACCOUNTS = frozenset({"abfs", "abfss", "adl", "wasb", "wasbs"})
"""Protocols that put a container before an `@`, not a person."""
HIDDEN = "***"


def shown(address: str) -> str:
    """A folder or URL as fsspec takes it, chained ones included, without what may be a secret.

    All before the last `@` may be part of a password with characters that ought to be encoded, and
    a query may hold one under any name. A path on this machine has none.
    """
    protocol, mark, rest = address.partition("://")
    if not mark or protocol in LOCAL:
        return address
    user, at, place = rest.rpartition("@")
    if {"?", "#"} & set(user):  # of the password, or else the `@` is of the query
        return f"{protocol}://{HIDDEN}"
    keeps = protocol in ACCOUNTS and not {":", "/", "@"} & set(user)
    place = place.partition("?")[0].partition("#")[0]
    return f"{protocol}://{user}{at}{place}" if keeps else f"{protocol}://{place}"
