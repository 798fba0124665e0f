"""What a request may set off in Gorgias beyond what it changes.

https://developers.gorgias.com/reference/the-rule-object: rules run when a ticket is created or
updated, a message is created, or a survey is answered; what they do is up to the account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

RULES, SURVEY = "rules", "survey"
WATCHED = frozenset(
    {
        "create-ticket",
        "update-ticket",
        "create-ticket-message",
        "create-ticket-tags",
        "update-ticket-tags",
        "delete-ticket-tags",
    }
)
SURVEYS = frozenset({"create-satisfaction-survey", "update-satisfaction-survey"})
JOBS = frozenset({"create-job", "update-job"})


def may_set_off(operation: str, body: Any) -> list[str]:  # noqa: ANN401 - any JSON
    """`rules`, or `rules` and a satisfaction `survey`, or nothing.

    Args:
        operation: its name.
        body: what it sends.
    """
    values: Mapping[str, Any] = body if isinstance(body, dict) else {}
    if operation in JOBS:
        params = values.get("params") or {}
        closes = params.get("apply_and_close") or _closes(params.get("updates") or {})
        return [RULES, SURVEY] if closes else [RULES] if params.get("updates") else []
    if operation in SURVEYS:
        return [RULES] if values.get("score") is not None else []
    if operation not in WATCHED:
        return []
    return [RULES, SURVEY] if _closes(values) else [RULES]


def _closes(values: Mapping[str, Any]) -> bool:
    return values.get("status") == "closed"
