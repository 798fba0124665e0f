"""What keeps secrets and personal data out of logs and errors."""

from __future__ import annotations

import re
from typing import Any

# Plain or percent-encoded; bounded, so that a long text costs no more than its length.
EMAIL = re.compile(
    r"(?:%(?!40)[0-9A-F]{2}|[^\s\"<>,;:()\[\]=&%/@]){1,64}(?:@|%40)[\w.-]{1,255}\.[^\W\d_]{2,}",
    re.IGNORECASE,
)
SECRET_NAMES = re.compile(
    r"authorization|cookie|secret|password|api[-_]?key|token|^code$", re.IGNORECASE
)
MASK = "***"
LONGEST = 1000
"""Characters of what somebody else says that are worth a line of log."""


def mask_text(text: str) -> str:
    """`text` without any e-mail address."""
    if "@" not in text and "%40" not in text:
        return text
    return EMAIL.sub(f"{MASK}@{MASK}", text)


def one_line(text: str) -> str:
    """`text` as a part of one line: no e-mail address, nothing unprintable, no endless length."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[:LONGEST]).split())
    return mask_text(line) + ("…" if len(text) > LONGEST else "")


def mask_value(value: Any, name: str = "") -> Any:  # noqa: ANN401 - any JSON in, the same JSON out
    """`value` with every secret (by its name) and every e-mail address hidden, at any depth."""
    if value is not None and name and SECRET_NAMES.search(name):
        return MASK
    if isinstance(value, dict):
        return {mask_text(str(key)): mask_value(item, str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [mask_value(item, name) for item in value]
    return mask_text(value) if isinstance(value, str) else value
