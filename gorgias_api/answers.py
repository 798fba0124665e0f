"""The one place that decides what an HTTP answer means: data, or exactly one typed error."""

from __future__ import annotations

import email.utils
import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from gorgias_api.errors import (
    AnswerError,
    ApiError,
    BadRequestError,
    ConflictError,
    ForbiddenError,
    MovedError,
    NotFoundError,
    RateLimitError,
    Refusal,
    ServerError,
    UnauthorizedError,
)
from gorgias_api.masking import mask_value, media_type

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

ResponseType = Literal["json", "text", "binary"]

CALL_LIMIT = "X-Gorgias-Account-Api-Call-Limit"
USED_OF_LIMIT = re.compile(r"\s*([0-9]{1,9})\s*/\s*([0-9]{1,9})\s*")
SECONDS = re.compile(r"\s*[0-9]{1,9}(\.[0-9]{0,9})?\s*")
HTTP_DATE = re.compile(
    r"[A-Za-z]{3}, [0-9]{2} [A-Za-z]{3} [1-9][0-9]{3} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT", re.ASCII
)
"""The one form that servers may send; Python reads others too, and the year 0 as 2000."""
LARGE = 1_000_000
"""Bytes from which on values are counted before they are decoded: `[]` takes 30 times as many."""
MOST_CONTAINERS, MOST_VALUES = 1_000_000, 4_000_000
"""In an answer. A page holds 100 rows."""
DEEPEST = 400
"""Levels of lists and objects. Python itself ends at 1000 calls, some of them needed twice."""
FIRST_YEAR, LAST_YEAR = 1970, 9998
"""The year after it is the last one that Python knows, and time must have room to go on."""
ERRORS: dict[int, type[ApiError]] = {
    HTTPStatus.UNAUTHORIZED: UnauthorizedError,
    HTTPStatus.FORBIDDEN: ForbiddenError,
    HTTPStatus.NOT_FOUND: NotFoundError,
    HTTPStatus.CONFLICT: ConflictError,
    HTTPStatus.TOO_MANY_REQUESTS: RateLimitError,
}


class Answer(NamedTuple):
    """One HTTP answer, without the library that brought it."""

    method: str
    path: str
    status: int
    headers: Mapping[str, str]
    """Names compare without case, as `requests` gives them."""
    body: bytes


def read_answer(answer: Answer, response_type: ResponseType = "json") -> Any:  # noqa: ANN401
    """The data an answer carries: JSON value, text or bytes; None for an empty body.

    Any 2xx is success: the documented number differs by source for a few operations.

    Raises:
        AnswerError: success, but not JSON where JSON is due.
        ApiError: its one subclass for the status; see `gorgias_api.errors`.
    """
    if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        raise _error(answer)
    if response_type == "binary":
        return answer.body
    if response_type == "text":
        return answer.body.decode(errors="replace")
    if not answer.body and answer.method != "GET":
        return None
    try:
        return _decoded(answer.body)
    except (ValueError, RecursionError):  # numbers without end and nesting without end, too
        kind = (
            media_type(answer.headers["Content-Type"])
            if "Content-Type" in answer.headers
            else "no content type"
        )
        message = (
            f"{answer.method} {answer.path} was answered {answer.status} with {len(answer.body)} "
            f"bytes of {kind} that are not JSON."
        )
        raise AnswerError(message) from None  # its cause would show the body


def call_limit(headers: Mapping[str, str]) -> tuple[int, int] | None:
    """Used and allowed requests, as `X-Gorgias-Account-Api-Call-Limit: 6/80` tells them.

    https://developers.gorgias.com/reference/limitations
    """
    found = USED_OF_LIMIT.fullmatch(headers.get(CALL_LIMIT, ""))
    used, limit = map(int, found.groups()) if found else (0, 0)
    return (used, limit) if limit else None


def http_date(text: str) -> datetime | None:
    """The moment that a header such as `Date` tells, aware, in UTC; None where it tells none."""
    if not HTTP_DATE.fullmatch(text):
        return None
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:  # such as the 30th of February
        return None
    return moment if FIRST_YEAR <= moment.year <= LAST_YEAR else None


def _error(answer: Answer) -> ApiError:
    message, fields = _said(answer.body)
    refusal = Refusal(
        method=answer.method,
        path=answer.path,
        status=answer.status,
        message=message,
        fields=fields,
        request_id=answer.headers.get("X-Request-Id"),
        location=answer.headers.get("Location"),
        retry_after=_retry_after(answer.headers),
    )
    if answer.status < HTTPStatus.BAD_REQUEST:
        return MovedError(refusal)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerError(refusal)
    return ERRORS.get(answer.status, BadRequestError)(refusal)


def _said(body: bytes) -> tuple[str, dict[str, Any]]:
    """The API's own message and field errors; nothing where the body is not its error envelope."""
    try:
        error = _decoded(body)["error"]
        message, fields = error.get("msg") or "", error.get("data") or {}
        masked: dict[str, Any] = mask_value(
            fields if isinstance(fields, dict) else {"data": fields}
        )
        return mask_value(str(message)), masked
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "", {}


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait: the header holds seconds, or by the HTTP standard a date."""
    value = headers.get("Retry-After", "")
    if SECONDS.fullmatch(value):
        return float(value)
    until, now = http_date(value), http_date(headers.get("Date", ""))
    return max(0.0, (until - now).total_seconds()) if until and now else None


def _decoded(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    """The value of a body.

    Raises:
        ValueError: it is not JSON, has far too many values, or is nested deeper than the functions
            that follow it can.
        RecursionError: the same.
    """
    if len(body) > LARGE and (
        body.count(b"[") + body.count(b"{") > MOST_CONTAINERS or body.count(b",") > MOST_VALUES
    ):
        message = "too many values"
        raise ValueError(message)
    value = json.loads(body, parse_constant=_no_number)
    if body.count(b"[") + body.count(b"{") > DEEPEST and _is_deep(value):
        message = "nested too deep"
        raise ValueError(message)
    return value


def _is_deep(value: Any) -> bool:  # noqa: ANN401 - any JSON
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(DEEPEST):
        if not level:
            break
        level = [
            inner
            for each in level
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, dict | list)
        ]
    return bool(level)


def _no_number(_name: str) -> None:
    """NaN and its like, which some servers write though JSON does not have them, are no value."""
