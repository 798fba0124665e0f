"""What takes something away, under whatever name, and how much of it a run may do.

One counts: an object that is deleted, trashed, marked as spam, deactivated, cancelled or merged
away; a tag, a field value, a channel or a member that is taken off, by name or because a list
without it replaces what is there; the data of a customer that are emptied.

https://developers.gorgias.com/reference/create-job: a job may do so to many tickets.
https://developers.gorgias.com/reference/update-ticket-message: `cancel` deletes the message.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from target_gorgias.crew import Later
from target_gorgias.refusals import Refused
from target_gorgias.sending import CANCELLED, QUIET_JOBS, may_run
from target_gorgias.trouble import TROUBLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from target_gorgias.changes import Change
    from target_gorgias.entries import Name

REPLACED = ("tags", "custom_fields")
"""Lists of a ticket that an update by a job replaces, whatever they held."""
KEEPING_JOBS = QUIET_JOBS - {"deleteTicket"} | {"applyMacro"}
"""Kinds of jobs that take nothing away by themselves."""


class Allowance:
    """What a run may still take away. Safe to share between threads.

    Args:
        most: how much in all.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._spent = 0
        self._unsure: dict[Name, list[int]] = {}
        """By row, what was spent for it, perhaps together with others, without an answer."""
        self._lock = threading.Lock()

    def make_sure(self, change: Change, number: int) -> None:
        """Do nothing if so much is left, so that a row is refused before its first request.

        Raises:
            Refused: there is not.
        """
        with self._lock:
            (before,) = self._unsure.get((change.stream, change.key), [0])
            more = max(0, number - before)
            self._refuse_unless(not more or self._spent + more <= self._most)

    @contextmanager
    def spend(self, changes: Sequence[Change], number: int = 1) -> Iterator[None]:
        """Take so much of it for what happens inside; give it back if that is refused.

        What nobody knows to have happened stays taken, and is not taken again by the same rows.

        Args:
            changes: that it is for.
            number: how much.

        Raises:
            Refused: there is not so much left.
        """
        names = [(change.stream, change.key) for change in changes]
        with self._lock:
            more = number - self._taken(names[0], number)
            self._refuse_unless(not more or self._spent + more <= self._most)
            self._spent += more
        try:
            yield
        except Refused:
            with self._lock:
                self._spent -= more
            raise
        except (*TROUBLE, Later):
            with self._lock:
                left = [number]  # for all of them together
                self._unsure.update(dict.fromkeys(names, left))
            raise

    def _refuse_unless(self, enough: bool) -> None:  # noqa: FBT001 - the one thing it is about
        if not enough:
            message = f"No more may be deleted in this run ('max_deletes' is {self._most})."
            raise Refused(message)

    def _taken(self, name: Name, number: int) -> int:
        """How much of a number was taken before."""
        left = self._unsure.get(name, [0])
        taken = min(left[0], number)
        left[0] -= taken
        return taken


def takes_away(operation: str, values: Mapping[str, Any]) -> bool:
    """Whether the fields of an operation ask for something to be gone."""
    asks = TAKING.get(operation)
    return bool(asks and asks(values))


def deletions(operation: str, values: Mapping[str, Any]) -> int:
    """How much of an object is gone after an operation, or how many objects.

    Raises:
        Refused: nobody can tell how much.
    """
    if operation == "delete-ticket-tags":
        return len(values.get("names", ())) + len(values.get("ids", ()))
    if operation == "update-customer-data":
        return int(not values.get("data"))
    if not takes_away(operation, values):
        return 0
    if operation == "create-job" or (operation == "update-job" and values.get("params")):
        return _listed(values)
    return int(operation != "update-job" or values.get("status") in CANCELLED)


def _puts_away(values: Mapping[str, Any]) -> bool:
    return values.get("trashed_datetime") is not None or values.get("spam") is True


def _takes_off(values: Mapping[str, Any]) -> bool:
    updates = (values.get("params") or {}).get("updates") or {}
    return _puts_away(updates) or any(name in updates for name in REPLACED)


def _listed(values: Mapping[str, Any]) -> int:
    params = values.get("params") or {}
    tickets = params.get("ticket_ids")
    if not tickets or not isinstance(tickets, list) or {"view", "view_id"} & params.keys():
        message = "A job that may delete tickets must list them in 'params.ticket_ids' alone."
        raise Refused(message)
    return len(tickets)


TAKING: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "update-ticket": _puts_away,
    "create-ticket-message": lambda values: values.get("action") == "cancel",
    "update-ticket-message": lambda values: values.get("action") == "cancel",
    "create-job": lambda values: values.get("type") not in KEEPING_JOBS or _takes_off(values),
    # Of a job it is not said here what it does.
    "update-job": lambda values: may_run(values) or values.get("status") in CANCELLED,
    "update-user": lambda values: values.get("active") is False,
    "update-custom-field": lambda values: values.get("deactivated_datetime") is not None,
}
"""By operation, whether its fields ask for something to be gone."""
