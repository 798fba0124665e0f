"""Writes changes: creates, updates and deletes objects, and keeps the ledger true."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

from gorgias_api.operations import OPERATIONS
from target_gorgias.attachments import Attachments
from target_gorgias.bodies import Bodies
from target_gorgias.contents import check_creation, has_creation
from target_gorgias.creating import Creator, Made, entry, external_id, ready
from target_gorgias.crew import Later
from target_gorgias.deleting import Allowance
from target_gorgias.directory import Directory
from target_gorgias.entries import DONE, PENDING
from target_gorgias.finding import Finder
from target_gorgias.guards import Guards
from target_gorgias.interruptible import Interruptible
from target_gorgias.keys import NotThereYet, need, singular
from target_gorgias.lists import additions, merged
from target_gorgias.locating import Locator
from target_gorgias.looking import Looker
from target_gorgias.naming import names_of
from target_gorgias.ownership import OwnedError, Ownership
from target_gorgias.parts import NOT_FOUND, Parts
from target_gorgias.recovery import GONE, Recovery
from target_gorgias.refusals import Refused
from target_gorgias.unchanged import Unchanged

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gorgias_api.clock import Clock
    from target_gorgias.changes import Change
    from target_gorgias.entries import Entry
    from target_gorgias.gateway import Gateway
    from target_gorgias.keys import Keys
    from target_gorgias.ledger import Ledger
    from target_gorgias.settings import Rules

CONFLICT = 409
MERGED = frozenset({301, NOT_FOUND})
FIRST_MESSAGE = "first message of "


class Both(NamedTuple):
    """What a ticket and its first message count as."""

    ticket: str
    message: str | None
    """None while it is in doubt, or is to be written by itself."""


class Writer:
    """Writes one change after the other, or several about the same object at once.

    Safe to share between threads, as long as no two changes about one object come at the same time.
    """

    def __init__(
        self, gateway: Gateway, ledger: Ledger, rules: Rules, clock: Clock, keys: Keys
    ) -> None:
        self._gateway = gateway
        self._ledger = ledger
        self._clock = clock
        self.directory = Directory()
        self.looker = Looker(gateway, ledger, keys, self.directory)
        self._finder = Finder(gateway, ledger, keys, self.directory)
        self._ownership = Ownership(ledger)
        gateway.on_merged(self._ownership.check_survivor)
        self._creator = Creator(ledger, clock, gateway.client.settings.max_retries)
        self._recovery = Recovery(
            gateway, ledger, self._finder, look_before_create=rules.look_before_create
        )
        self._allowance = Allowance(rules.max_deletes)
        self._parts = Parts(gateway, self._finder, self._allowance)
        self.aside = Interruptible()
        self._guards = Guards(rules, self._allowance, clock)
        attachments = Attachments(gateway, ledger, rules.files, self.aside)
        self._bodies = Bodies(self._finder, attachments)
        self._locator = Locator(
            gateway, self._finder, self._bodies, self._creator, self._recovery, self._ownership
        )
        self.unchanged = Unchanged(keys, self._ownership, self._note, clock.now().timestamp())

    def write(self, changes: Sequence[Change], known: Mapping[str, Entry | None]) -> str:
        """Write changes of one kind to one object, one change for all but parts.

        Args:
            changes: what is asked for.
            known: what the ledger says of them, by key.

        Returns:
            What each of them counts as: created, updated, unchanged or deleted.

        Raises:
            Refused: they cannot be written; of several, nobody says which.
            NotThereYet: an object they need is to come.
            GorgiasError: whatever is not their fault.
        """
        self._doubt(changes, known)
        try:
            return self._write(changes, known)
        except Refused as refused:
            healed = self._recovery.heal(refused, changes, known)
            if healed is None:
                raise
        outcome = self._write(changes, healed)
        for change in changes:
            self._move(change, known[change.key])
        return outcome

    def _move(self, change: Change, before: Entry | None) -> None:
        """Give what other records became its new id, too, when an object is back under one."""
        if not (change.entity.create and before and before.gorgias_id):
            return
        now = self._ledger.entry(change.stream, change.key)
        if now and now.gorgias_id and now.gorgias_id != before.gorgias_id:
            self._ledger.move(before.entity, before.gorgias_id, now.gorgias_id)

    def _write(self, changes: Sequence[Change], known: Mapping[str, Entry | None]) -> str:
        first = changes[0]
        if first.entity.of and not first.entity.create:
            outcome, owner = self._parts.write(changes)
            self._note(changes, owner)
            return outcome
        try:
            outcome = self._verbs()[first.route.verb](first, known[first.key])
        finally:
            self._ownership.release(first)
        self._finder.made([first])
        return outcome

    def _verbs(self) -> Mapping[str, Callable[[Change, Entry | None], str]]:
        return {
            "create": self._create,
            "update": self._update,
            "upsert": self._upsert,
            "delete": self._delete,
            "trash": self._trash,
            "merge": self._merge,
            "set_data": self._set_data,
        }

    def _create(self, change: Change, known: Entry | None) -> str:
        if known and known.verb == "trash" and known.gorgias_id is not None:
            self._gateway.call(
                change, change.entity.update, id=known.gorgias_id, trashed_datetime=None
            )
            self._note([change], known.gorgias_id)
            return "updated"
        if self._recovery.may_be_there(change, known):
            if self._is_there(change):
                return "unchanged"
        else:
            self._check_new(change)
        body = self._body(change, change.entity.create, known)
        try:
            made = self._created(change, known, body)
        except Refused as refused:
            self._taken(change, refused, body)  # to say whose it is
            raise
        return self._as_asked(change, made)

    def _is_there(self, change: Change) -> bool:
        """Whether a row of a lost ledger has become an object, which is noted.

        Raises:
            OwnedError: it has not: another row has.
        """
        found = self._recovery.found(change, self._bodies.at(change), self._bodies.about(change))
        if found is None:
            return False
        self._note([change], self._ownership.check(change, found, alone=True))
        return True

    def _check_new(self, change: Change) -> None:
        """Make sure that no other row has made an object of the name that a new one is to have.

        Raises:
            OwnedError: one has.
        """
        if change.route.foreign or change.route.name == "jobs":
            return
        if not change.entity.marked or self._ownership.has_rivals(change):
            found = self._finder.match(change, change.route.name, self._bodies.about(change))
            if found:
                self._ownership.check(change, found, alone=True)

    def _created(
        self, change: Change, known: Entry | None, body: dict[str, Any], *along: Entry
    ) -> Made:
        """Create an object from the body of its operation, and others `along` with it."""
        entity = change.entity
        if not body:
            message = "The row holds nothing that could be created."
            raise Refused(message)
        if change.route.name == "tickets" and not body.get("messages"):
            raise NotThereYet(FIRST_MESSAGE + need("tickets", "key", change.key, change.stream))
        at = self._bodies.at(change)
        body |= at
        ready(change, body)
        if _may_be_sent(change, known) and self._guards.reaches_a_person(entity.create, body):
            message = "It may have reached a person before, and is gone: it is not sent again."
            raise Refused(message)

        def send() -> Any:  # noqa: ANN401 - whatever Gorgias answers
            if along:
                self._ledger.put(*along)
            self._finder.made([change])  # even if nobody will know
            return self._gateway.call(change, entity.create, **body)

        def look(given: str | None) -> dict[str, Any] | None:
            # By its mark alone: who merely has the same e-mail address is somebody else.
            recognised = {**at, "external_id": given} if entity.marked else body
            return self._made_before(change, recognised)

        made = self._creator.resumed(change, known, look)
        if made is None:
            with self._guards.over(change, entity.create, body):
                delivered = self._guards.reaches_a_person(entity.create, body)
                made = self._creator.create(change, send, look, delivered=delivered)
        return made

    def _made_before(self, change: Change, recognised: Mapping[str, Any]) -> dict[str, Any] | None:
        """The object that was perhaps created from a record.

        Raises:
            OwnedError: there is one, created from another record.
        """
        found = self._finder.match(change, change.route.name, recognised, anew=True)
        if found is None:
            return None
        try:
            self._ownership.check(change, found, alone=True)
        except OwnedError:  # so nothing was created from this one
            self._creator.forget(change)
            raise
        return found.row

    def _update(self, change: Change, known: Entry | None) -> str:
        found = self._locator.locate(change, known)
        if found is None:
            message = f"There is no such {singular(change.route.name)} in Gorgias."
            raise Refused(message)
        return self._change(change, found, known)

    def _upsert(self, change: Change, known: Entry | None) -> str:
        found = None if (known and known.may_be_there) else self._locator.locate(change, known)
        if found is not None:
            try:
                return self._change(change, found, known)
            except Refused as refused:
                # Deleted by a run that did not live to note it.
                if refused.status not in GONE or not (known and known.may_be_gone):
                    raise
        body = self._body(change, change.entity.create, known)
        try:
            made = self._created(change, known, body)
        except Refused as refused:
            return self._change(change, self._taken(change, refused, body))
        return self._as_asked(change, made)

    def _as_asked(self, change: Change, made: Made) -> str:
        """Bring an object that was found instead of created to what is asked for."""
        if made.as_asked:
            return "created"
        if change.route.verb == "create":
            self._note([change], made.row["id"])
            return "created"
        return self._change(change, made.row["id"])

    def _taken(self, change: Change, refused: Refused, body: Mapping[str, Any]) -> int:
        """The object that has the name which was refused for being in use, if it may be written.

        Raises:
            Refused: it may not, or it cannot be found.
        """
        if refused.status == CONFLICT and (found := self._finder.taken(change, body)):
            return self._ownership.check(change, found)
        raise refused

    def _change(self, change: Change, found: int, known: Entry | None = None) -> str:
        """Update an object; one that its row took to the trash leaves it."""
        if has_creation(change.content):
            check_creation(change, self._ledger.entry(change.stream, change.key))
        body = self._body(change, change.entity.update)
        if known and known.verb == "trash":
            body.setdefault("trashed_datetime", None)
        added = list(additions(change, body))
        self._locator.check_names(change, found, body, known)
        self._guards.check_survey(change, found, body, self._gateway)
        body, gone = merged(self._gateway, change, found, body)
        at = self._bodies.at(change)
        with ExitStack() as guarded:  # all of it, before anything is sent
            if body:
                self._complete(change, body)
                guarded.enter_context(self._guards.over(change, change.entity.update, body, gone))
            for operation, fields in added:
                guarded.enter_context(self._guards.over(change, operation, fields))
            for operation, fields in added:
                self._gateway.call(change, operation, ticket_id=found, **fields)
            if body:
                self._send_update(change, found, {**at, **body})
        self._note([change], found)
        return "updated" if added or body else "unchanged"

    @staticmethod
    def _complete(change: Change, body: dict[str, Any]) -> None:
        """Say in an update what Gorgias insists on."""
        for field in OPERATIONS[change.entity.update].body:
            if field.required and field.name in change.entity.defaults:
                body.setdefault(field.name, change.entity.defaults[field.name])

    def _send_update(self, change: Change, found: int, body: dict[str, Any]) -> None:
        try:
            self._gateway.call(change, change.entity.update, id=found, **body)
        except Refused as refused:
            self._locator.check_conflict(change, found, refused, body)
            raise
        if change.entity.naming & body.keys():
            self._finder.forget()

    def _delete(self, change: Change, known: Entry | None) -> str:
        found = self._locator.locate(change, known)
        _check_named(change, known)
        if found is not None:
            try:
                with self._allowance.spend([change]):
                    self._gateway.call(
                        change, change.entity.delete, **self._bodies.at(change), id=found
                    )
            except Refused as refused:
                stale = known and known.state == DONE and known.gorgias_id == found
                if refused.status not in GONE or (stale and "id" not in change.own):
                    raise
                found = None
        self._finder.forget()
        self._note([change], None)
        return "deleted" if found is not None else "unchanged"

    def _trash(self, change: Change, known: Entry | None) -> str:
        found = self._locator.locate(change, known)
        _check_named(change, known)
        if found is None:
            self._note([change], None)
            return "unchanged"
        now = self._clock.now()
        with self._allowance.spend([change]):
            self._gateway.call(change, change.entity.update, id=found, trashed_datetime=now)
        self._note([change], found)
        return "deleted"

    def _merge(self, change: Change, _known: Entry | None) -> str:
        ids = {}
        for prefix in ("source", "target"):
            if prefix not in change.references:
                message = f"'{prefix}_id' is missing."
                raise Refused(message)
            ids[f"{prefix}_id"] = self._finder.id_of(change, change.references[prefix])
        if ids["source_id"] == ids["target_id"]:
            message = "'source' and 'target' are the same customer."
            raise Refused(message)
        try:
            with self._allowance.spend([change]):
                self._gateway.call(change, "merge-customers", **ids)
        except Refused as refused:
            if refused.status not in MERGED:
                raise
            # Merged before, perhaps by a run that did not live to note it: reading follows.
            left = self._gateway.call(change, "get-customer", id=ids["source_id"])
            if left["id"] != ids["target_id"]:
                raise
        self._finder.forget()
        self._note([change], None)
        return "updated"

    def _set_data(self, change: Change, known: Entry | None) -> str:
        if "customer" in change.references:
            found: int | None = self._finder.id_of(change, change.references["customer"])
        else:
            found = self._locator.locate(change, known)
        if found is None:
            message = "There is no such customer in Gorgias."
            raise Refused(message)
        with self._guards.over(change, "update-customer-data", change.values):
            self._gateway.call(change, "update-customer-data", customer_id=found, **change.values)
        self._note([change], found)
        return "updated"

    def create_with(self, ticket: Change, message: Change, first: dict[str, Any]) -> Both:
        """Create a ticket that came without messages.

        Args:
            ticket: the ticket.
            message: the first message that names it.
            first: the same as `first_message` made it.

        Returns:
            What the two count as.

        Raises:
            Refused: the ticket cannot be created.
        """
        now = self._clock.now().timestamp()
        pending = entry(message, PENDING, None, first["external_id"], now)
        known = self._ledger.entry(ticket.stream, ticket.key)
        body = self._body(ticket, "create-ticket", known) | {"messages": [first]}
        if self._recovery.may_be_there(ticket, known) and self._is_there(ticket):
            return Both("unchanged", None)
        try:
            made = self._created(ticket, known, body, pending)
        except Refused:
            self._ledger.forget(message.stream, message.key)
            raise
        outcome = self._as_asked(ticket, made)
        self._finder.made([ticket, message])
        for each in made.row.get("messages") or ():
            if each.get("external_id") == first["external_id"]:
                self._ledger.note(pending._replace(state=DONE, gorgias_id=each["id"]))
                return Both(outcome, "created")
        left = self._ledger.entry(message.stream, message.key)
        try:
            return Both(outcome, self._verbs()[message.route.verb](message, left))
        except Later:
            return Both(outcome, None)

    def first_message(self, ticket: Change, message: Change) -> dict[str, Any]:
        """The message as a part of a new ticket.

        Raises:
            Refused: it cannot be sent.
        """
        body = self._body(message, "create-ticket-message")
        if not (body.get("from_agent") or body.get("sender") or "customer" in ticket.references):
            message_ = "An incoming message needs a sender, or a ticket with a customer."
            raise Refused(message_)
        body = {**message.entity.defaults, **body, "external_id": external_id(message)}
        with self._guards.over(message, "create-ticket-message", body):
            return body

    def _body(self, change: Change, operation: str, known: Entry | None = None) -> dict[str, Any]:
        """The fields of an operation; files are uploaded for it, so it is checked before.

        What may be there already is not: it is only looked for.
        """
        if not (known and known.may_be_there):
            self._guards.check(change, operation, dict(change.values))
        return self._bodies.of(change, operation)

    def _doubt(self, changes: Sequence[Change], known: Mapping[str, Entry | None]) -> None:
        """Note that what was written before may be there no longer, until the answer has come.

        Else a record that returns to what it was, after a kill, would be taken for unchanged.
        """
        doubted = [
            before._replace(state=PENDING, verb=_doubted(before.verb, change.route.verb))
            for change in changes
            if (before := known[change.key]) and before.state == DONE and before.content
        ]
        if doubted:
            self._ledger.put(*doubted)

    def _note(self, changes: Sequence[Change], found: int | None) -> None:
        now = self._clock.now().timestamp()
        self._ledger.note(
            *(entry(change, DONE, found, change.own.get("external_id"), now) for change in changes)
        )


def _doubted(before: str, now: str) -> str:
    """The verb of an entry in doubt: what is in the trash is known to be there until it is not."""
    return before if before == "trash" and now != "delete" else now


def _may_be_sent(change: Change, known: Entry | None) -> bool:
    """Whether what a row had become is gone, without a row having asked for it.

    A user is invited again, since a new account is of no use without.
    """
    is_gone = known is not None and known.is_lost and not known.content
    return is_gone and change.route.name != "users"


def _check_named(change: Change, known: Entry | None) -> None:
    """Refuse to remove an object that nothing names, in a stream that is there for just that.

    Raises:
        Refused: it does not.
    """
    if known is None and not change.route.by_row and not any(names_of(change)):
        message = f"Nothing says which {singular(change.route.name)} is meant."
        raise Refused(message)
