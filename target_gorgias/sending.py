"""What would reach a person, and is refused unless it is allowed.

https://developers.gorgias.com/reference/create-ticket-message: a message of an agent without
`sent_datetime` is sent by Gorgias. What is not documented counts as sent.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from target_gorgias.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NOTE = "internal-note"
SENDING_ACTIONS = frozenset({"force", "retry"})
QUIET_JOBS = frozenset(
    {
        "deleteTicket",
        "exportConvertCampaignSalesDrilldown",
        "exportMacro",
        "exportTicket",
        "exportTicketDrilldown",
        "importMacro",
        "updateTicket",
    }
)
"""Kinds of jobs that send nothing to a customer."""
CANCELLED = frozenset({"cancel_requested", "canceled"})


def refuse_sending(operation: str, values: Mapping[str, Any], now: datetime) -> None:
    """Refuse an operation that would reach a person.

    Args:
        operation: its name.
        values: its fields, as Gorgias takes them.
        now: aware; what is dated later has not been sent yet.

    Raises:
        Refused: it would.
    """
    if reason := why_sent(operation, values, now):
        message = f"{reason}, and the setting 'allow_sending' is off."
        raise Refused(message)


def why_sent(operation: str, values: Mapping[str, Any], now: datetime) -> str:
    """Why an operation would reach a person; empty when it would not."""
    check = CHECKS.get(operation)
    return check(values, now) if check else ""


def may_run(values: Mapping[str, Any]) -> bool:
    """Whether a change of a job may start it, or have it do something else."""
    stays = values.get("status") in CANCELLED | {None}
    return not stays or bool(values.get("params") or values.get("scheduled_datetime"))


def keep_inside(operation: str, body: dict[str, Any]) -> None:
    """Say of each internal note in a body that it is not public, which it is by default."""
    if operation == "create-ticket":
        notes = body.get("messages") or []
    else:
        notes = [body] if operation in MESSAGES else []
    for each in notes:
        if each.get("channel") == NOTE and each.get("public") is None:
            each["public"] = False


def _message(values: Mapping[str, Any], now: datetime) -> str:
    if values.get("action") in SENDING_ACTIONS:
        return f"The action '{values['action']}' may send the message"
    for field in ("actions", "macros"):
        if values.get(field):
            return f"The '{field}' of this message may reach a person"
    if values.get("channel") is None:
        return ""  # it is refused for that
    # A message that is not public on a real channel may still leave: only a note is known to stay.
    if values["channel"] == NOTE:
        return _note(values)
    if not values.get("from_agent") or _is_past(values.get("sent_datetime"), now):
        return ""
    later = bool(values.get("sent_datetime"))
    since = "its 'sent_datetime' lies in the future" if later else "it has no 'sent_datetime'"
    return f"Gorgias would send this message to a person, since {since}"


def _note(values: Mapping[str, Any]) -> str:
    if values.get("public"):
        return "An internal note that is public may reach a person"
    source = values.get("source") or {}
    to_others = any(source.get(field) for field in ("to", "cc", "bcc"))
    if to_others or source.get("type") not in {None, NOTE}:
        return "An internal note whose 'source' is no note may reach a person"
    return "Gorgias tells the users whom a note mentions" if values.get("mention_ids") else ""


def _ticket(values: Mapping[str, Any], now: datetime) -> str:
    reasons = (_message(each, now) for each in values.get("messages") or ())
    return next(filter(None, reasons), "")


def _user(_values: Mapping[str, Any], _now: datetime) -> str:
    return "Gorgias invites a new user by e-mail"


def _survey(values: Mapping[str, Any], now: datetime) -> str:
    due, sent = values.get("should_send_datetime"), values.get("sent_datetime")
    if due and not (_is_past(due, now) and _is_past(sent, now)):
        since = "it has a 'should_send_datetime'"
    elif sent and not _is_past(sent, now):
        since = "its 'sent_datetime' lies in the future"
    elif "sent_datetime" in values and sent is None and "should_send_datetime" not in values:
        since = "it would count as not sent"  # when it is due may have been written before
    else:
        return ""
    return f"Gorgias would send this survey to a person, since {since}"


def _job(values: Mapping[str, Any], _now: datetime) -> str:
    return "" if values.get("type") in QUIET_JOBS else "A macro may send messages"


def _changed_job(values: Mapping[str, Any], _now: datetime) -> str:
    """Of a job nobody sees here what it does: so whatever may start or redirect it is refused."""
    return "The job may apply a macro that sends messages" if may_run(values) else ""


def _is_past(moment: str | None, now: datetime) -> bool:
    return bool(moment) and datetime.fromisoformat(str(moment)) <= now


MESSAGES = frozenset({"create-ticket-message", "update-ticket-message"})
CHECKS: Mapping[str, Callable[[Mapping[str, Any], datetime], str]] = {
    "create-ticket": _ticket,
    "create-ticket-message": _message,
    "update-ticket-message": _message,
    "create-user": _user,
    "create-satisfaction-survey": _survey,
    "update-satisfaction-survey": _survey,
    "create-job": _job,
    "update-job": _changed_job,
}
