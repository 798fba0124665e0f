"""Cursor paging: https://developers.gorgias.com/reference/pagination."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

from gorgias_api.errors import AnswerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gorgias_api.client import Client


class Page(NamedTuple):
    """One page of a list endpoint."""

    rows: list[dict[str, Any]]
    next_cursor: str | None
    """None on the last page. Opaque and short lived; for items of a view a path with a query."""


def read_page(asked: str, answer: Any) -> Page:  # noqa: ANN401 - what the API answered
    """The page in a list answer: the documented envelope, or a bare array.

    Args:
        asked: verb and path, for the error.
        answer: the JSON value.

    Raises:
        AnswerError: neither.
    """
    if isinstance(answer, list):
        return Page(answer, None)
    if isinstance(answer, dict) and isinstance(answer.get("data"), list):
        meta = answer.get("meta")
        told = meta or {}
        return Page(answer["data"], told.get("next_cursor") or told.get("next_items"))
    message = f"{asked} was answered without a list of rows."
    raise AnswerError(message)


def get_page(
    client: Client, path: str, params: Mapping[str, Any], cursor: str | None, ahead: float = 0.0
) -> Page:
    """One page; `params` go with every cursor, since the cursor does not carry them."""
    query = {**params, **further(cursor)}
    return read_page(f"GET {path}", client.request("GET", path, params=query, ahead=ahead))


def further(cursor: str | None) -> dict[str, Any]:
    """The parameters that lead to the page at `cursor`.

    It may hold anything. Only with a query behind it, what begins with a slash is a path.
    """
    path, _, query = str(cursor).partition("?")
    return dict(parse_qsl(query)) if query and path.startswith("/") else {"cursor": cursor}


def follow(ask: Callable[[str | None], Page], cursor: str | None = None) -> Iterator[Page]:
    """Every page from `cursor` on, each asked for when the one before has been used.

    Raises:
        AnswerError: the API points back to a page already given: following would never end.
        GorgiasError: whatever `ask` raises.
    """
    seen = {hash(cursor)}
    while True:
        page = ask(cursor)
        yield page
        cursor = page.next_cursor
        if cursor is None:
            return
        if hash(cursor) in seen:
            message = "The API points back to a page it has already given."
            raise AnswerError(message)
        seen.add(hash(cursor))  # hashes, so that memory stays flat over very many pages
