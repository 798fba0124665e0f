"""The handlers of the 111 operations, by group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gorgias_sandbox.operations import (
    account,
    automation,
    custom_fields,
    customers,
    files,
    jobs,
    lists,
    macros,
    messages,
    search,
    staff,
    stats,
    surveys,
    tags,
    ticket_parts,
    tickets,
    views,
    voice,
)

if TYPE_CHECKING:
    from gorgias_sandbox.call import Handler

_GROUPS = (
    account,
    automation,
    custom_fields,
    customers,
    files,
    jobs,
    lists,
    macros,
    messages,
    search,
    staff,
    stats,
    surveys,
    tags,
    ticket_parts,
    tickets,
    views,
    voice,
)

HANDLERS: dict[str, Handler] = {
    name: handler for group in _GROUPS for name, handler in group.HANDLERS.items()
}
"""Operation name -> what answers it."""
