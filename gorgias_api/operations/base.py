"""An operation of the API as data, and how values become a request for it."""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import quote

from gorgias_api.errors import UsageError
from gorgias_api.masking import plain_path
from gorgias_api.nearest import did_you_mean
from gorgias_api.operations.fields import Field, FieldError
from gorgias_api.unset import UNSET

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gorgias_api.answers import ResponseType

Shape = Literal["none", "object", "list", "value", "files"]
PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Operation:
    """One documented operation.

    No operation has the same name for two of its fields, be they in path, query or body; so one
    flat set of values says everything.
    """

    name: str
    method: str
    path: str
    summary: str
    """One sentence."""
    _: KW_ONLY
    query: tuple[Field, ...] = ()
    body: tuple[Field, ...] = ()
    shape: Shape = "none"
    """What is sent: an object of the `body` fields, the bare list or value of the one field
    there is, or files as multipart form data."""
    repeatable: bool = True
    """Whether sending it twice leaves the same as sending it once; for an upload, but for a file
    that nothing refers to."""
    replaces: tuple[str, ...] = ()
    """Fields that replace all there was before."""
    paged: bool = False
    """Whether the answer is one page of a list."""
    response_type: ResponseType = "json"
    """What is answered."""
    scope: str | None = None
    """OAuth2 scope, for most operations inferred from the documented groups."""

    @cached_property
    def path_fields(self) -> tuple[Field, ...]:
        """The fields in the path: ids, and the text parts of a few addresses."""
        return tuple(
            Field(name, "integer", help="In the path.", required=True, least=0)
            if name.endswith("id")
            else Field(name, "string", help="In the path.", required=True)
            for name in PLACEHOLDER.findall(self.path)
        )

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """All fields: path, query, body."""
        return self.path_fields + self.query + self.body

    @property
    def page(self) -> str:
        """Where Gorgias documents it."""
        return f"https://developers.gorgias.com/reference/{self.name}"


class Call(NamedTuple):
    """A request ready to be sent. `data` is UNSET where there is no body."""

    method: str
    path: str
    params: dict[str, Any]
    data: Any
    repeatable: bool

    @property
    def asked(self) -> str:
        """Verb and path, as errors tell them."""
        return f"{self.method} {plain_path(self.path)}"


def prepare(operation: Operation, values: Mapping[str, Any]) -> Call:
    """The request for an operation with these values of its fields.

    None for a query parameter means that it is absent; elsewhere it means null.

    Raises:
        UsageError: an unknown field, a missing one or a value its field does not take, as in
            "create-ticket: 'messages.0.channel' is missing."
    """
    known = {field.name for field in operation.fields}
    for name in values:
        if name not in known:
            message = f"{operation.name} has no field '{name}'{did_you_mean(name, known)}"
            raise UsageError(message)
    steps = _read(operation, operation.path_fields, values)
    asked = {name: value for name, value in values.items() if value is not None}
    query = _read(operation, operation.query, asked)
    body = _read(operation, operation.body, values)
    spelled = {field.name: field.sent_as or field.name for field in operation.query}
    return Call(
        operation.method,
        PLACEHOLDER.sub(lambda found: _step(operation, found[1], steps), operation.path),
        {spelled[name]: value for name, value in query.items()},
        _data(operation, body),
        # `action` runs what is attached to a message: once more would be twice.
        operation.repeatable and "action" not in query,
    )


def _read(
    operation: Operation, fields: tuple[Field, ...], values: Mapping[str, Any]
) -> dict[str, Any]:
    read = {}
    for field in fields:
        if field.name not in values and not field.required:
            continue
        try:
            read[field.name] = _value(field, values)
        except FieldError as error:
            where = ".".join((field.name, *error.path))
            message = f"{operation.name}: '{where}' {error.clause}."
            raise UsageError(message) from None
    return read


def _value(field: Field, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
    if field.name not in values:
        clause = "is missing"
        raise FieldError(clause)
    return field.read(values[field.name])


def _step(operation: Operation, name: str, steps: Mapping[str, Any]) -> str:
    """One step of the path, that cannot lead elsewhere."""
    step = str(steps[name])
    if step in ("", ".", ".."):
        message = f"{operation.name}: '{name}' must be more than dots."
        raise UsageError(message)
    return quote(step, safe="")


def _data(operation: Operation, body: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
    if operation.shape == "none":
        return UNSET
    return body if operation.shape == "object" else body[operation.body[0].name]
