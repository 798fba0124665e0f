"""Where files are: https://developers.gorgias.com/reference/download-file."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import quote, unquote, urlsplit

from gorgias_api.errors import UsageError

FILE_TYPE = "attachments"


def file_parts(url: str) -> tuple[str, str]:
    """The domain hash and the resource name in the address of a file, percent-decoded.

    Raises:
        UsageError: the address has no two last parts, or they could lead elsewhere.
    """
    with suppress(ValueError):  # not even an address
        match [unquote(part) for part in urlsplit(url).path.split("/") if part]:
            case [*_, domain_hash, name] if _is_plain(domain_hash) and _is_plain(name):
                return domain_hash, name
    message = "The address of the file does not end in a domain hash and a name."
    raise UsageError(message)


def download_path(url: str) -> str:
    """The path of the API under which the file at `url` is to be had."""
    domain_hash, name = file_parts(url)
    return f"/api/{FILE_TYPE}/download/{quote(domain_hash, safe='')}/{quote(name, safe='')}"


def _is_plain(part: str) -> bool:
    return bool(part.strip(". ")) and not {"/", "\\", "\0"} & set(part)
