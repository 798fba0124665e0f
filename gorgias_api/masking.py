"""What keeps secrets, personal data and control characters out of logs and errors."""

from __future__ import annotations

import re
from typing import Any

from gorgias_api.known_secrets import MASK, SECRETS
from gorgias_api.known_secrets import NAMES as SECRET_NAMES

# Plain or percent-encoded; bounded, so that a long text costs no more than its length.
EMAIL = re.compile(
    r"(?:%(?!40)[0-9A-F]{2}|[^\s\"<>,;:()\[\]=&%/@]){1,64}(?:@|%40)[\w.-]{1,255}\.[^\W\d_]{2,}",
    re.IGNORECASE,
)
STEP = re.compile(r"[a-z]{1,40}(?:-[a-z]{1,40}){0,5}|[0-9]{1,19}|", re.ASCII)
"""A part of a path that is a word of the API or an id."""
STEPS = 12
REQUEST_ID = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9._-]{1,64}", re.ASCII)
MEDIA_TYPE = re.compile(r"([a-z]{1,20}/[a-z0-9.+-]{1,60})(?:\s*;.*)?", re.ASCII | re.IGNORECASE)
WORD_AT_END = re.compile(r"(?<![\w.%@+-])[\w.%@+-]{1,320}\Z")
LONGEST = 1000
"""Characters of what somebody else says that are worth a line of log."""


def mask_text(text: str) -> str:
    """`text` without any e-mail address."""
    if "@" not in text and "%40" not in text:
        return text
    return EMAIL.sub(_hidden, text)


def _hidden(found: re.Match[str]) -> str:
    """What stands for an address; the host behind a password that is hidden already is none."""
    return found[0] if found[0].startswith(f"{MASK}@") else f"{MASK}@{MASK}"


def visible(text: str) -> str:
    r"""`text` with every character that is not seen spelled out, such as `\n`, `\x1b`, `\u202e`.

    Control characters, line breaks, and what turns or joins text move no cursor and end no line.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def cleaned(text: str, longest: int = LONGEST) -> str:
    """`text` as one line for people: no known secret, no e-mail address, nothing unseen.

    Args:
        text: any.
        longest: characters after which it is cut off.
    """
    # Cut after secrets are hidden, and not within an address: parts would not be recognised.
    line = SECRETS.hide(text)
    if cut := len(line) > longest:
        line = WORD_AT_END.sub("", line[:longest])
    line = visible(mask_text(line))
    return line[:longest] + "…" if cut or len(line) > longest else line


def one_line(text: str) -> str:
    """What somebody else says as a part of one line, as `cleaned`, without outer space."""
    return cleaned(text.strip())


def plain_path(path: str) -> str:
    """A path as logs and errors tell it: words of the API and ids; all else is hidden."""
    steps = path.split("/", STEPS)
    return "/".join(step if STEP.fullmatch(step) else MASK for step in steps)


def plain_id(request_id: str) -> str:
    """The id of a request, if it looks like one."""
    return request_id if REQUEST_ID.fullmatch(request_id) else MASK


def media_type(content_type: str) -> str:
    """The type in a `Content-Type`, without its parameters, if it looks like one."""
    found = MEDIA_TYPE.fullmatch(content_type)
    return found[1].lower() if found else "an unknown type"


def mask_value(value: Any, name: str = "") -> Any:  # noqa: ANN401 - any JSON in, the same JSON out
    """`value` with every secret, known or by its name, and every e-mail address hidden."""
    if value is not None and name and SECRET_NAMES.search(name):
        return MASK
    if isinstance(value, dict):
        return {mask_text(str(key)): mask_value(item, str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [mask_value(item, name) for item in value]
    return mask_text(SECRETS.hide(value)) if isinstance(value, str) else value
