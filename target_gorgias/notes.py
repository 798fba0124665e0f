"""Internal notes: what Gorgias wants to be told of them although it cannot be otherwise.

https://developers.gorgias.com/changelog/stricter-ticket-messages-validation
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_gorgias.said import says_nothing
from target_gorgias.sending import NOTE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_gorgias.changes import Change


def with_author(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message that is from an agent if it is a note and does not say whom it is from."""
    known = message.get("channel") == NOTE and says_nothing(message.get("from_agent"))
    return {**message, "from_agent": True} if known else dict(message)


def completed(change: Change) -> None:
    """Have the notes of a change say that they are notes, unless they say something else.

    It is no part of what the row asks for, so it does not make a row that was written before
    another one.
    """
    if change.route.name == "messages" and change.route.verb in {"create", "update", "upsert"}:
        change.values = _completed(change.values)
    elif messages := change.values.get("messages"):
        change.values["messages"] = [_completed(each) for each in messages]


def _completed(message: Mapping[str, Any]) -> dict[str, Any]:
    if message.get("channel") != NOTE:
        return dict(message)
    return {"public": False} | with_author(message)
