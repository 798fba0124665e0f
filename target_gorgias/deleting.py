"""What deletes or trashes objects without being called a deletion.

https://developers.gorgias.com/reference/create-job: a job may delete or trash many tickets.
https://developers.gorgias.com/reference/update-ticket-message: `cancel` deletes the message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_gorgias.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping


def deletions(operation: str, values: Mapping[str, Any]) -> int:
    """How many objects are gone after an operation of another name.

    Raises:
        Refused: nobody can tell how many.
    """
    match operation:
        case "update-ticket":
            return int(values.get("trashed_datetime") is not None)
        case "create-ticket-message" | "update-ticket-message":
            return int(values.get("action") == "cancel")
        case "create-job" if values.get("type") == "deleteTicket" or _trashes(values):
            return _listed(values)
        case "update-job" if values.get("params"):  # of a type that it does not say
            return _listed(values)
    return 0


def _trashes(values: Mapping[str, Any]) -> bool:
    updates = (values.get("params") or {}).get("updates") or {}
    return updates.get("trashed_datetime") is not None


def _listed(values: Mapping[str, Any]) -> int:
    tickets = values["params"].get("ticket_ids") if values.get("params") else None
    if not isinstance(tickets, list):
        message = "A job that may delete tickets must list them in 'params.ticket_ids'."
        raise Refused(message)
    return len(tickets)
