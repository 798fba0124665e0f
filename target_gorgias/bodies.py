"""The bodies of requests: what a change says, and everything it refers to as Gorgias wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gorgias_api.operations import OPERATIONS
from target_gorgias.changes import Reference
from target_gorgias.naming import PERSONS
from target_gorgias.refusals import Refused

if TYPE_CHECKING:
    from target_gorgias.attachments import Attachments
    from target_gorgias.changes import Change
    from target_gorgias.finding import Finder


class Bodies:
    """Makes bodies. Safe to share between threads.

    All of it raises `NotThereYet` when something is to come that a change refers to, and `Refused`
    when it cannot be told what that is.
    """

    def __init__(self, finder: Finder, attachments: Attachments) -> None:
        self._finder = finder
        self._attachments = attachments

    def of(self, change: Change, operation: str) -> dict[str, Any]:
        """The fields of an operation, with everything they refer to."""
        taken = {field.name for field in OPERATIONS[operation].query + OPERATIONS[operation].body}
        body = {name: value for name, value in change.values.items() if name in taken}
        for prefix, reference in change.references.items():
            if reference.optional:
                if user := self._finder.user(change, reference):
                    body[prefix] = user
            elif prefix in taken:
                # Gorgias makes a customer of an unknown address, which no update is to do.
                there = not (operation.startswith("create-") or _is_agent(change, prefix))
                body[prefix] = self._finder.person(change, reference, there=there)
            elif f"{prefix}_id" in taken:
                body[f"{prefix}_id"] = self._finder.id_of(change, reference)
        if operation == "create-ticket" and body.get("messages"):
            body["messages"] = [
                self._with_people(change, self._attachments.of(change, each))
                for each in body["messages"]
            ]
        if "attachments" in body:
            body = self._attachments.of(change, body)
        return body

    def _with_people(self, change: Change, message: dict[str, Any]) -> dict[str, Any]:
        """A message inside a ticket, with its people as Gorgias wants them named."""
        for side in PERSONS:
            if ways := message.get(side):
                stream = change.route.stream_of(side, "people", change.stream)
                reference = Reference("people", ways, stream=stream)
                message[side] = self._finder.person(change, reference)
        return message

    def at(self, change: Change) -> dict[str, int]:
        """Where in the path of its operations an object is, beside its own id."""
        if not change.entity.of:
            return {}
        reference = change.references.get(change.entity.of)
        if reference is None:
            message = f"Nothing says which {change.entity.of} is meant."
            raise Refused(message)
        return {f"{change.entity.of}_id": self._finder.id_of(change, reference)}

    def about(self, change: Change) -> dict[str, Any]:
        """What a record says of its object by which that may be found."""
        about = {**change.values, **change.own, **self.at(change)}
        for prefix, reference in change.references.items():
            if f"{prefix}_id" in change.entity.naming - about.keys():
                about[f"{prefix}_id"] = self._finder.id_of(change, reference)
        return about


def _is_agent(change: Change, prefix: str) -> bool:
    """Whether somebody is a user, of whom Gorgias makes none."""
    return prefix == "sender" and change.values.get("from_agent") is True
