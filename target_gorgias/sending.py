"""What would reach a person, and is refused unless it is allowed.

https://developers.gorgias.com/reference/create-ticket-message: a message of an agent without
`sent_datetime` is sent by Gorgias. What is not documented counts as sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_gorgias.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NOTE = "internal-note"
SENDING_ACTIONS = frozenset({"force", "retry"})


def refuse_sending(operation: str, values: Mapping[str, Any]) -> None:
    """Refuse an operation that would reach a person.

    Raises:
        Refused: it would.
    """
    if reason := why_sent(operation, values):
        message = f"{reason}, and the setting 'allow_sending' is off."
        raise Refused(message)


def why_sent(operation: str, values: Mapping[str, Any]) -> str:
    """Why an operation would reach a person; empty when it would not."""
    return REASONS.get(operation, _nobody)(values)


def _nobody(_values: Mapping[str, Any]) -> str:
    return ""


def _message(values: Mapping[str, Any]) -> str:
    if values.get("action") in SENDING_ACTIONS:
        return f"The action '{values['action']}' may send the message"
    if values.get("channel") is None:
        return ""  # it is refused for that
    # A message that is not public on a real channel may still leave: only a note is known to stay.
    inside = values["channel"] == NOTE
    if not values.get("from_agent") or inside or values.get("sent_datetime"):
        return ""
    return "Gorgias would send this message to a person, since it has no 'sent_datetime'"


def _ticket(values: Mapping[str, Any]) -> str:
    return next(filter(None, map(_message, values.get("messages") or ())), "")


def _user(_values: Mapping[str, Any]) -> str:
    return "Gorgias invites a new user by e-mail"


def _survey(values: Mapping[str, Any]) -> str:
    if not values.get("should_send_datetime") or values.get("sent_datetime"):
        return ""
    return "Gorgias would send this survey to a person, since it has a 'should_send_datetime'"


def _job(values: Mapping[str, Any]) -> str:
    return "A macro may send messages" if values.get("type") == "applyMacro" else ""


def _changed_job(values: Mapping[str, Any]) -> str:
    return "The job may apply a macro that sends messages" if values.get("params") else ""


REASONS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "create-ticket": _ticket,
    "create-ticket-message": _message,
    "update-ticket-message": _message,
    "create-user": _user,
    "create-satisfaction-survey": _survey,
    "update-satisfaction-survey": _survey,
    "create-job": _job,
    "update-job": _changed_job,
}
