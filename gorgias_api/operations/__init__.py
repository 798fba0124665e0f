"""The one table of everything the API can do: 111 operations with their fields.

Facts: https://developers.gorgias.com/reference. Where sources disagree whether `via` is required,
the table asks for it: sending it is right either way.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from gorgias_api.errors import UsageError
from gorgias_api.nearest import did_you_mean
from gorgias_api.operations import (
    account,
    customers,
    integrations,
    jobs,
    labels,
    macros,
    messages,
    people,
    reports,
    rules,
    surveys,
    tickets,
    views,
    voice,
)
from gorgias_api.operations.base import Call, Operation, prepare
from gorgias_api.operations.fields import Field, FieldError, Kind, encode

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "OPERATIONS",
    "Call",
    "Field",
    "FieldError",
    "Kind",
    "Operation",
    "encode",
    "find",
    "prepare",
]

MODULES = (
    account,
    customers,
    tickets,
    messages,
    surveys,
    labels,
    macros,
    rules,
    views,
    people,
    integrations,
    jobs,
    voice,
    reports,
)
OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {operation.name: operation for module in MODULES for operation in module.OPERATIONS}
)
"""By name, such as `create-ticket`."""


def find(name: str) -> Operation:
    """The operation of this name.

    Raises:
        UsageError: there is none; names the nearest one.
    """
    if name not in OPERATIONS:
        message = f"There is no operation '{name}'{did_you_mean(name, OPERATIONS)}"
        raise UsageError(message)
    return OPERATIONS[name]
