"""A request before it is signed: query, body and headers as the API reads them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import requests

from gorgias_api.errors import UsageError
from gorgias_api.multipart import FilePart, Multipart
from gorgias_api.unset import UNSET

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gorgias_api.files import Progress

Body = tuple[Any, dict[str, str]]
"""What `requests` sends, and the header that says what it is."""


def prepared(method: str, url: str, **parts: Any) -> requests.PreparedRequest:  # noqa: ANN401
    """A request ready to be signed, as often as it is sent.

    Raises:
        UsageError: a verb, a header or a path that HTTP cannot carry.
    """
    if not (method.isascii() and method.isalpha()):
        message = "The verb of a request is a word such as GET."
        raise UsageError(message)
    try:
        request = requests.Request(method, url, **parts).prepare()
        for value in request.headers.values():
            _ = value.encode("latin-1") if isinstance(value, str) else value
    except (requests.RequestException, ValueError) as error:
        message = f"The {method} request cannot be sent as it is ({type(error).__name__})."
        raise UsageError(message) from None
    return request


def spelled(params: Mapping[str, Any] | None) -> dict[str, Any]:
    """Parameters as the API reads them: lower-case booleans, absent when None."""
    said: dict[str, Any] = {}
    for name, value in (params or {}).items():
        if isinstance(value, bool):
            said[name] = str(value).lower()
        elif value is not None:
            said[name] = value
    return said


def encoded(
    data: Any,  # noqa: ANN401 - any JSON value
    form: Mapping[str, Any] | None,
    files: Iterable[FilePart] | None,
    progress: Progress | None,
) -> Body:
    """The one body there is: JSON, a form, or a form with files.

    Raises:
        UsageError: JSON next to a form, or a file that cannot be read.
    """
    if data is not UNSET and (form is not None or files is not None):
        message = "A request has a JSON body or a form with files, not both."
        raise UsageError(message)
    if data is not UNSET:
        return json.dumps(data).encode(), {"Content-Type": "application/json"}
    if files is not None:
        body = Multipart(spelled(form), files, progress)
        return body, {"Content-Type": body.content_type}
    return (None if form is None else spelled(form)), {}
