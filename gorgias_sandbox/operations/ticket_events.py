"""Which events a change of a ticket emits beside `ticket-updated` (sections 4.5, 6.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gorgias_sandbox.contract import Json
    from gorgias_sandbox.dataset import Row

_KINDS: dict[str, Callable[[Json], str | None]] = {
    "status": lambda status: "ticket-closed" if status == "closed" else "ticket-reopened",
    "assignee_user_id": lambda user: "ticket-assigned" if user else "ticket-unassigned",
    "assignee_team_id": lambda team: "ticket-team-assigned" if team else "ticket-team-unassigned",
    "subject": lambda _subject: "ticket-subject-updated",
    "customer_id": lambda _customer: "ticket-customer-updated",
    "spam": lambda spam: "ticket-marked-spam" if spam else "ticket-unmarked-spam",
    "trashed_datetime": lambda moment: "ticket-trashed" if moment else "ticket-untrashed",
    "snooze_datetime": lambda moment: "ticket-snoozed" if moment else None,
    "is_unread": lambda _unread: "ticket-read-status-updated",
}


def specific_events(old: Row, new: Row) -> Iterator[tuple[str, Json]]:
    """Type and data of each event, for the row before and after."""
    for field, kind_of in _KINDS.items():
        kind = kind_of(new[field])
        if old[field] != new[field] and kind is not None:
            yield kind, _data(field, old, new)
    if added := [each for each in new["tag_ids"] if each not in old["tag_ids"]]:
        yield "ticket-tags-added", {"tags_added": added}
    if removed := [each for each in old["tag_ids"] if each not in new["tag_ids"]]:
        yield "ticket-tags-removed", {"tags_removed": removed}


def _data(field: str, old: Row, new: Row) -> Json:
    if field == "subject":
        return {"new_subject": new["subject"], "old_subject": old["subject"]}
    if field in ("assignee_user_id", "assignee_team_id") and new[field] is not None:
        return {field: new[field]}
    return None
