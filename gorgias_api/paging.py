"""Cursor paging: https://developers.gorgias.com/reference/pagination.

An answer that does not say whether more follows is no page: taken for the last one, it would end
a list early, and nobody would know.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

from gorgias_api.errors import AnswerError
from gorgias_api.masking import plain_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from gorgias_api.client import Client
    from gorgias_api.retry import Retry

EMPTY_PAGES = 50
"""Pages without a row, one after the other, that a list may have before its end."""
UNPAGED = frozenset({"GET /api/account/settings"})
"""Documented with a cursor and answered without `meta`: all there is on one page."""


class Page(NamedTuple):
    """One page of a list endpoint."""

    rows: list[dict[str, Any]]
    next_cursor: str | None
    """None on the last page. Opaque and short lived; for items of a view a path with a query."""


def read_page(asked: str, answer: Any) -> Page:  # noqa: ANN401 - what the API answered
    """The page in the answer of a paged list: `{"data": […], "meta": {"next_cursor": …}}`.

    The cursor is null or text; items of a view have `next_items` in its place.

    Args:
        asked: verb and path, such as `GET /api/tickets`.
        answer: the JSON value.

    Raises:
        AnswerError: anything else; names the part that is wrong, never its value.
    """
    if asked in UNPAGED and not (isinstance(answer, dict) and "meta" in answer):
        return Page(_list(asked, answer), None)
    name = "next_items" if asked.endswith("/items") else "next_cursor"
    if not isinstance(answer, dict):
        raise _no_page(asked, f"it is {_kind(answer)}")
    rows = _part(asked, answer, "data")
    if not isinstance(rows, list):
        raise _no_page(asked, f"'data' is {_kind(rows)}")
    cursor = _part(asked, answer, "meta", name)
    if cursor is not None and not (isinstance(cursor, str) and cursor and cursor.isprintable()):
        raise _no_page(asked, f"'meta.{name}' is {_kind(cursor)}")
    return Page(rows, cursor)


def read_rows(asked: str, answer: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - what the API answered
    """The rows of a list without pages: `{"data": […]}` or a bare array.

    Raises:
        AnswerError: neither, or a row is no object.
    """
    rows = _list(asked, answer)
    check_rows(asked, rows)
    return rows


def check_rows(asked: str, rows: Iterable[Any]) -> None:
    """Make sure that rows are objects. `read_page` does not: some readers set others aside.

    Raises:
        AnswerError: one of them is not.
    """
    for row in rows:
        if not isinstance(row, dict):
            message = f"{asked} was answered with a row that is {_kind(row)}."
            raise AnswerError(message)


def get_page(
    client: Client,
    path: str,
    params: Mapping[str, Any],
    cursor: str | None,
    ahead: float = 0.0,
    retry: Retry | None = None,
) -> Page:
    """One page; `params` go with every cursor, since the cursor does not carry them.

    Args:
        client: of the account.
        path: of a paged list.
        params: what the list is asked with.
        cursor: of the page; None for the first one.
        ahead: requests that wait for this one; see `gorgias_api.budget`.
        retry: how often and how patiently to try; by default as the settings say.

    Raises:
        AnswerError: the answer is no page, however often it was asked for.
        GorgiasError: see `gorgias_api.errors`.
    """
    read = partial(read_page, f"GET {plain_path(path)}")
    query = {**params, **further(cursor)}
    return read(client.request("GET", path, params=query, ahead=ahead, retry=retry, check=read))


def further(cursor: str | None) -> dict[str, Any]:
    """The parameters that lead to the page at `cursor`.

    It may hold anything. Only with a query behind it, what begins with a slash is a path.
    """
    path, _, query = str(cursor).partition("?")
    return dict(parse_qsl(query)) if query and path.startswith("/") else {"cursor": cursor}


def follow(ask: Callable[[str | None], Page], cursor: str | None = None) -> Iterator[Page]:
    """Every page from `cursor` on, each asked for when the one before has been used.

    Raises:
        AnswerError: the API points back to a page already given, or gives only empty ones:
            following would never end.
        GorgiasError: whatever `ask` raises.
    """
    seen = {hash(cursor)}
    empty = 0
    while True:
        page = ask(cursor)
        yield page
        cursor = page.next_cursor
        if cursor is None:
            return
        empty = 0 if page.rows else empty + 1
        if hash(cursor) in seen:
            message = "The API points back to a page it has already given."
            raise AnswerError(message)
        if empty == EMPTY_PAGES:
            message = f"The API gave {empty} empty pages one after the other and no end of them."
            raise AnswerError(message)
        seen.add(hash(cursor))  # hashes, so that memory stays flat over very many pages


def _list(asked: str, answer: Any) -> list[Any]:  # noqa: ANN401 - any JSON
    rows = answer.get("data") if isinstance(answer, dict) else answer
    if isinstance(rows, list):
        return rows
    message = f"{asked} was answered without a list of rows."
    raise AnswerError(message)


def _part(asked: str, value: Any, *path: str) -> Any:  # noqa: ANN401 - any JSON
    """What stands at `path` in the answer."""
    for depth, name in enumerate(path):
        if not isinstance(value, dict):
            raise _no_page(asked, f"'{'.'.join(path[:depth])}' is {_kind(value)}")
        if name not in value:
            raise _no_page(asked, f"'{'.'.join(path[: depth + 1])}' is missing")
        value = value[name]
    return value


def _no_page(asked: str, what: str) -> AnswerError:
    return AnswerError(f"{asked} was answered with no page of a list: {what}.")


def _kind(value: Any) -> str:  # noqa: ANN401 - any JSON
    """What kind of JSON value it is, without the value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        if not value.isprintable():
            return "no printable text"
        return "a text" if value else "an empty text"
    kinds = {int: "a number", float: "a number", list: "a list", dict: "an object"}
    return kinds[type(value)]
