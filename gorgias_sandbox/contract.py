"""The 111 operations of the API as data: routes, parameters, bodies, statuses, scopes."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

Json: TypeAlias = Any
"""Any JSON value."""

_Type = Literal[
    "any",
    "array",
    "boolean",
    "datetime",
    "files",
    "integer",
    "number",
    "object",
    "scalar",
    "string",
]


class Spec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a value must look like.

    `scalar` is a string, number or boolean; `files` a multipart upload. An object without
    `fields` may hold anything. `min`/`max` bound numbers, the `_length` pair strings, the
    `_items` pair arrays.
    """

    type: _Type
    null: bool = False
    required: bool = False
    default: Any = None
    enum: list[str] | None = None
    format: Literal["email", "language", "rule-events", "slug", "timezone"] | None = None
    min: int | None = None
    max: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    min_items: int | None = None
    max_items: int | None = None
    items: Spec | None = None
    fields: dict[str, Spec] | None = None


class Operation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One operation. `scope` is None where it depends on the body."""

    operation: str
    method: str
    path: str
    status: int
    scope: str | None
    query: dict[str, Spec] = {}
    body: Spec | None = None

    @property
    def failure(self) -> str:
        """The `msg` of a 400, worded as the API words it: `Failed to create ticket`."""
        return f"Failed to {self.operation.replace('-', ' ')}"


class Contract:
    """All operations, and which of them a request means."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self.operations = {operation.operation: operation for operation in operations}
        routes: dict[str, dict[str, Operation]] = {}
        for operation in self.operations.values():
            routes.setdefault(operation.path, {})[operation.method] = operation
        # Fixed segments sort before placeholders, so /customers/merge wins over /customers/{id}.
        self._routes = [
            (_pattern(path), methods)
            for path, methods in sorted(routes.items(), key=lambda route: _precedence(route[0]))
        ]
        self._fixed = {path: methods for path, methods in routes.items() if "{" not in path}

    def match(self, path: str) -> tuple[dict[str, Operation], dict[str, str]]:
        """Operations by method for a request path, and the values of its placeholders.

        Both are empty for an unknown path. A trailing slash is allowed (section 1.1).
        """
        path = path.rstrip("/")
        if path in self._fixed:
            return self._fixed[path], {}
        for pattern, methods in self._routes:
            if found := pattern.fullmatch(path):
                return methods, found.groupdict()
        return {}, {}


def load() -> Contract:
    """The contract that ships with the package."""
    source = files("gorgias_sandbox").joinpath("endpoints.json").read_bytes()
    return Contract(msgspec.json.decode(source, type=list[Operation]))


def _precedence(path: str) -> list[tuple[bool, str]]:
    return [("{" in segment, segment) for segment in path.split("/")]


def _pattern(path: str) -> re.Pattern[str]:
    def placeholder(found: re.Match[str]) -> str:
        name = found[1]
        return f"(?P<{name}>\\d{{1,18}})" if name.endswith("id") else f"(?P<{name}>[^/]+)"

    return re.compile(re.sub(r"\{(\w+)\}", placeholder, path))
