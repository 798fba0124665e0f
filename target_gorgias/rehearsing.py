"""Dry runs: whether what a request is about is there, asked without writing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gorgias_api.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gorgias_api.operations import Call

PLACE = re.compile(r"\{\w+\}")
READABLE = frozenset(
    PLACE.sub("{}", each.path) for each in OPERATIONS.values() if each.method == "GET"
)
NAMED = {"customer": "customers", "assignee_user": "users", "assignee_team": "teams"}
"""Objects in a body, by id."""
NUMBERED = {
    "source_id": "customers",
    "target_id": "customers",
    "customer_id": "customers",
    "ticket_id": "tickets",
}


def needed(name: str, call: Call) -> Iterator[str]:
    """The paths that must lead somewhere, else Gorgias would refuse a request.

    Args:
        name: of the operation.
        call: what it sends.
    """
    template = PLACE.sub("{}", OPERATIONS[name].path)
    if template in READABLE and "{}" in template:
        yield call.path
    elif "{}" in template:
        steps = template.split("/")
        yield "/".join(call.path.split("/")[: steps.index("{}") + 1])
    body: dict[str, Any] = call.data if isinstance(call.data, dict) else {}
    for field, table in NAMED.items():
        named = body.get(field)
        if isinstance(named, dict) and named.get("id") is not None:
            yield f"/api/{table}/{named['id']}"
    for field, table in NUMBERED.items():
        number = {**body, **call.params}.get(field)
        if number is not None:
            yield f"/api/{table}/{number}"
