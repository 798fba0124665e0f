"""Which record becomes which request.

So far the target writes only what may be sent twice without harm: each request here leaves the
same behind however often it is repeated, so a replay after a failure changes nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Record = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One write of the API. `path` is filled from the record, `body` makes the JSON from it."""

    method: str
    path: str
    fields: tuple[str, ...]
    """What a record must hold; a null counts as missing."""
    body: Callable[[Record], Any]


OPERATIONS: Mapping[str, Operation] = {
    # https://developers.gorgias.com/reference/create-ticket-tags: adds, keeps the others.
    "ticket_tags": Operation(
        method="POST",
        path="/api/tickets/{ticket_id}/tags",
        fields=("ticket_id", "name"),
        body=lambda record: {"names": [record["name"]]},
    ),
    # https://developers.gorgias.com/reference/update-ticket-custom-field: one value, bare.
    "ticket_custom_fields": Operation(
        method="PUT",
        path="/api/tickets/{ticket_id}/custom-fields/{custom_field_id}",
        fields=("ticket_id", "custom_field_id", "value"),
        body=lambda record: json.loads(record["value"]),
    ),
    # https://developers.gorgias.com/reference/update-customer-custom-field: one value, bare.
    "customer_custom_fields": Operation(
        method="PUT",
        path="/api/customers/{customer_id}/custom-fields/{custom_field_id}",
        fields=("customer_id", "custom_field_id", "value"),
        body=lambda record: json.loads(record["value"]),
    ),
}
