"""Why a database cannot be used, in words: drivers say it in codes, or in a paragraph."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.exc import SQLAlchemyError

SQLITE: Mapping[int, str] = {
    3: "it may not be opened",
    5: "another program is using it",
    6: "another program is using it",
    8: "it may only be read",
    10: "the disk cannot be read or written",
    11: "the file is damaged",
    13: "the disk is full",
    14: "the file cannot be opened",
    23: "it may not be used",
    26: "the file is no SQLite database",
}
"""By primary result code: https://www.sqlite.org/rescode.html"""
POSTGRESQL: Mapping[str, str] = {
    "25006": "it may only be read",
    "28000": "the user is unknown or not allowed in",
    "28P01": "the password is wrong",
    "3D000": "there is no such database",
    "3F000": "it has no schema that the user may use",
    "42501": "the user may not write there",
    "53100": "the disk is full",
    "53300": "the server has too many connections",
    "55P03": "another program is using it",
    "57P01": "the server is shutting down, or ended the connection",
    "57P03": "the server is starting or shutting down",
}
"""By SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html"""
SAID: Mapping[str, str] = {
    r"password authentication failed|no password supplied": "the password is wrong",
    r'database "[^"]*" does not exist': "there is no such database",
    r'role "[^"]*" does not exist|no pg_hba\.conf entry': "the user is unknown or not allowed in",
    r"too many (clients|connections)|remaining connection slots": POSTGRESQL["53300"],
    r"starting up|shutting down": POSTGRESQL["57P03"],
    r"terminating connection": POSTGRESQL["57P01"],
    r"resolve host|could not translate host|getaddrinfo": "its host is unknown",
    r"[Cc]onnection refused": "nothing answers at its host and port",
    r"[Nn]o route|unreachable": "its host cannot be reached",
    r"time(d )?out": "its host does not answer",
    r"SSL|TLS|certificate": "no secure connection comes about",
    r"closed the connection|connection is (lost|closed)|consuming input failed": (
        "the connection was lost"
    ),
}
"""By what the client library of PostgreSQL says when there is no SQLSTATE yet."""


def cause(error: SQLAlchemyError) -> str:
    """A clause that says why, without what the statement held."""
    told = getattr(error, "orig", None) or error
    if (code := getattr(told, "sqlite_errorcode", None)) is not None:
        return SQLITE.get(code & 0xFF, getattr(told, "sqlite_errorname", type(told).__name__))
    if found := POSTGRESQL.get(getattr(told, "sqlstate", None) or ""):
        return found
    text = str(told)
    return next(
        (words for said, words in SAID.items() if re.search(said, text)), type(told).__name__
    )
