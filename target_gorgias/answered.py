"""What the target relies on in an answer: checked once, where the answer is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gorgias_api import AnswerError
from gorgias_api.kinds import LARGEST
from gorgias_api.paging import read_page, read_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gorgias_api.operations import Operation

    Has = Callable[[Any], bool]


def check(operation: Operation, answer: Any) -> None:  # noqa: ANN401 - what the API answered
    """Make sure that rows are objects, and that ids are numbers which a database can hold.

    Raises:
        AnswerError: they are not; it names the operation, never a value.
    """
    asked = f"{operation.method} {operation.path}"
    rows: Iterable[Any] = [answer] if isinstance(answer, dict) and "id" in answer else []
    if operation.paged:
        rows = read_page(asked, answer).rows
    elif operation.name in LISTED:
        rows = read_rows(asked, answer)
    if not all(map(LISTED.get(operation.name, _is_object), rows)):
        message = f"{asked} was answered with something else than documented."
        raise AnswerError(message)


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST


def _is_object(row: Any) -> bool:  # noqa: ANN401 - any JSON
    return (
        isinstance(row, dict)
        and _is_id(row.get("id"))
        and _are_all(_is_tag, row.get("tags"))
        and _are_all(_is_object, row.get("messages"))
    )


def _is_tag(row: Any) -> bool:  # noqa: ANN401 - any JSON
    return isinstance(row, dict) and isinstance(row.get("name"), str)


def _is_value(row: Any) -> bool:  # noqa: ANN401 - any JSON
    return isinstance(row, dict) and "value" in row and _is_inner(row, "field", "id", _is_id)


def _is_field(row: Any) -> bool:  # noqa: ANN401 - any JSON
    return _is_object(row) and _is_inner(row, "definition", "data_type", _is_text)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_inner(row: Mapping[str, Any], name: str, inner: str, has: Has) -> bool:
    return isinstance(row.get(name), dict) and has(row[name].get(inner))


def _are_all(has: Has, rows: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether it is a list of such rows, or nothing."""
    return rows is None or (isinstance(rows, list) and all(map(has, rows)))


LISTED: Mapping[str, Has] = {
    "list-custom-fields": _is_field,
    "list-customer-custom-fields": _is_value,
    "list-ticket-custom-fields": _is_value,
    "list-ticket-tags": _is_tag,
}
"""Of lists that are read for more than ids, what their rows have."""
