"""What becomes of each change: written, unchanged, refused, or waiting for another record."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gorgias_api import ApiError
from target_gorgias.creating import InDoubtError
from target_gorgias.crew import Later
from target_gorgias.keys import NotThereYet, did_not_come, need
from target_gorgias.notices import Notices
from target_gorgias.ownership import OwnedError
from target_gorgias.refusals import Refused, shown, who
from target_gorgias.trouble import TROUBLE
from target_gorgias.waiting import WaitingRows, may_be_first
from target_gorgias.writer import FIRST_MESSAGE

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gorgias_api import GorgiasError
    from target_gorgias.changes import Change
    from target_gorgias.crew import Crew
    from target_gorgias.entries import Entry
    from target_gorgias.keys import Keys
    from target_gorgias.ledger import Ledger
    from target_gorgias.refusals import Rejects
    from target_gorgias.routes import Routes
    from target_gorgias.summary import Summary
    from target_gorgias.trouble import Trouble
    from target_gorgias.writer import Writer

TURN = 1.0
"""Seconds in which others get their turn when a row fails."""


class Applier:
    """Applies changes and counts what became of them. Safe to share between threads.

    A record that names an object by key may come before it: a message before its ticket, a ticket
    without messages before its first message. It waits in the ledger, and is taken up by the
    record it waited for, or by the next run. What still waits at the end is refused.
    """

    def __init__(  # noqa: PLR0913 - it brings everything together
        self,
        writer: Writer,
        *,
        keys: Keys,
        ledger: Ledger,
        rejects: Rejects,
        summary: Summary,
        crew: Crew,
        trouble: Trouble,
        routes: Routes,
        logger: logging.Logger,
        started: float,
    ) -> None:
        self._writer = writer
        self._keys = keys
        self._ledger = ledger
        self._rejects = rejects
        self._summary = summary
        self._crew = crew
        self._trouble = trouble
        self._notices = Notices(keys, started)
        self._waiting = WaitingRows(
            ledger, keys, routes, logger, lambda change: self._count(change, "unchanged")
        )
        self._is_last = False
        """Whether nothing can change any more that a row waits for."""
        self._closed: dict[str, Refused] = {}
        """Streams no row of which this login may write, and what their rows are refused for."""

    def close(self) -> None:
        """Drop what was kept for this run only."""
        self._writer.directory.close()

    def hurry(self) -> None:
        """Wait no longer for what is under way and leaves nothing behind."""
        self._writer.aside.end()

    def cover(self, position: int) -> None:
        """Note that a state is about to go out for all changes up to this position."""
        self._waiting.cover(position)

    def submit(self, groups: Sequence[Sequence[Change]]) -> None:
        """Have changes applied when it is their turn.

        Args:
            groups: changes that belong together, in the order in which they came.

        Raises:
            GorgiasError: an earlier change made the run end.
        """
        for change in (change for group in groups for change in group):
            self._waiting.replace_earlier(change)
        for group in groups:
            self._keys.come(group[0])
            self._notices.begin(group[0])
        self._ledger.announce((change.stream, change.key) for group in groups for change in group)
        ahead = [c for group in groups for c in group if self._writer.looker.concerns(c)]
        if ahead:
            # It reads what they are about, so it comes after what writes to that, and before them.
            names = set().union(*(change.writes for change in ahead))
            self._crew.submit((), partial(self._look, ahead), reads=names)
        for group in groups:
            self._hand_in(group, partial(self.apply, group))

    def _hand_in(
        self, changes: Sequence[Change], run: Callable[[], None], *, patient: bool = True
    ) -> None:
        """Hand the crew work on all that changes touch."""
        names = set().union(*(change.writes for change in changes))
        reads = set().union(*(change.reads for change in changes)) - names
        self._crew.submit(names, run, reads=reads, patient=patient)

    def _look(self, changes: Sequence[Change]) -> None:
        """Look ahead for those changes that will be tried."""
        if tried := [change for change in changes if change.stream not in self._closed]:
            self._writer.looker.look(tried)

    def apply(self, changes: Sequence[Change]) -> None:
        """Apply changes that belong together.

        Raises:
            GorgiasError: the run cannot go on.
        """
        known = {change.key: self._ledger.entry(change.stream, change.key) for change in changes}
        todo = self._todo(changes, known)
        if not todo or self._refuse_untried(todo):
            return
        if first := self._waiting.needed_first(todo):
            for change in todo:
                self._waiting.keep(change, first)
            return
        try:
            self._write(todo, known)
        except Later as later:  # what is counted is not counted again
            raise Later(later.seconds, later.run or partial(self.apply, todo)) from None

    def _write(self, todo: Sequence[Change], known: Mapping[str, Entry | None]) -> None:
        try:
            outcome = self._writer.write(todo, known)
        except Refused as refused:
            self._refuse(todo, refused)
        except (*TROUBLE, InDoubtError) as error:
            if len(todo) == 1:
                self.refuse(todo[0], self._at_fault(todo[0], error))
            else:
                self._one_by_one(todo)
        except NotThereYet as missing:
            for change in todo:
                self._wait(change, missing.needs)
        else:
            for change in todo:
                self._count(change, outcome)
                self._waiting.supersede(change)
            self._release(todo[0])

    def _refuse(self, changes: Sequence[Change], refused: Refused) -> None:
        """Deal with changes that belong together, of which at least one is refused."""
        if len(changes) > 1 and not refused.missing_scope:
            self._one_by_one(changes)
        elif isinstance(refused, OwnedError) and not self._is_last:
            self._waiting.keep(changes[0], refused.needs)  # its owner may be given another name
            self._waiting.pass_by(changes[0])
        else:
            for change in changes:
                self.refuse(change, refused)

    def _one_by_one(self, changes: Sequence[Change]) -> None:
        """Apply changes that together failed, to see which it was; those in trouble come last."""
        left: list[Change] = []
        pause = 0.0
        for change in changes:
            if any(change.key == earlier.key for earlier in left):
                left.append(change)
                continue
            try:
                self.apply([change])
            except Later as later:
                left.append(change)
                pause = max(pause, later.seconds)
        if left:
            raise Later(pause, partial(self._one_by_one, left))

    def _at_fault(self, change: Change, error: GorgiasError) -> Refused:
        """The refusal of a change that alone fails.

        Raises:
            Later: others are to have their turn, to see if it is alone.
            GorgiasError: the error, when it is not the change's fault.
        """
        doubt = error if isinstance(error, InDoubtError) else None
        cause = doubt.error if doubt else error
        row = (change.stream, change.key)
        blame = self._trouble.blame(row, cause)
        if blame == "unclear":
            raise Later(TURN)
        if blame == "server" and not (doubt and doubt.delivered and self._trouble.is_alone(row)):
            raise cause
        others = "Other rows were written, so it is left out."
        refused = Refused(str(doubt) if doubt else f"{cause.in_full} {others}")
        refused.logged = str(doubt or f"{cause} {others}")
        refused.status = cause.status if isinstance(cause, ApiError) else None
        return refused

    def refuse(self, change: Change, refused: Refused) -> None:
        """Note that a change cannot be written.

        Raises:
            TooManyError: the settings say to stop.
        """
        self._keys.leave_open(change)
        self._waiting.pass_by(change)
        self._count(change, "rejected")
        closed = change.stream in self._closed
        if refused.missing_scope:
            reason = Refused(f"Not tried: this login lacks the scope '{refused.missing_scope}'.")
            # Others that were under way are refused for the same.
            closed = self._closed.setdefault(change.stream, reason) is not reason
        self._rejects.add(change, refused, quietly=closed)

    def _refuse_untried(self, changes: Sequence[Change]) -> bool:
        """Refuse changes of a stream that this login may not write; say whether it is one."""
        closed = self._closed.get(changes[0].stream)
        if closed:
            for change in changes:
                self.refuse(change, closed)
        return closed is not None

    def finish(self) -> None:
        """Refuse what waits for something that did not come, and leave out what waits for the gone.

        Rows before a deletion come again when a run was killed after it.

        Raises:
            GorgiasError: the run cannot go on.
        """
        self._keys.ended = True
        self.take_up()  # while one row gives up a name that another one wants
        self._is_last = True
        self.take_up()
        for each in self._ledger.all_waiting():
            change = self._waiting.at(each.number)
            if not change:
                continue
            if self._keys.was_deleted(each.needs):
                change.logger.warning("Left out, its object was deleted by a row: %s", who(change))
                self._count(change, "unchanged")
            else:
                self.refuse(change, _in_vain(each.needs))
            self._ledger.no_longer_waiting(each.number)

    def take_up(self) -> None:
        """Try again what waits, as long as that brings something on.

        Raises:
            GorgiasError: the run cannot go on.
        """
        left, before = self._ledger.all_waiting(), None
        while left and len(left) != before:
            before = len(left)
            for together in self._waiting.neighbours(left):
                self._hand_in([*together.values()], partial(self._take_up, *together))
            self._crew.wait()
            left = self._ledger.all_waiting()

    def _wait(self, change: Change, needs: str) -> None:
        """Keep a change until what it needs is there, unless it waits here already."""
        if needs.startswith(FIRST_MESSAGE) and self._with_first_message(change):
            return
        if may_be_first(change) and self._as_first_message(change, needs):
            return
        self._waiting.keep(change, needs)

    def _with_first_message(self, ticket: Change) -> bool:
        """Create a ticket with a message that waits for it; say whether it is dealt with."""
        for each in self._waiting.for_object(ticket):
            message = self._waiting.change(each)
            if message is None or not may_be_first(message):
                continue
            try:
                if self._create_together(ticket, message):
                    return True
            except Refused as refused:
                self.refuse(ticket, refused)
                return True
        return False

    def _as_first_message(self, message: Change, needs: str) -> bool:
        """Create the ticket that waits for this message; say whether the message is dealt with."""
        for each in self._waiting.waiting_for(f"{FIRST_MESSAGE}{needs}"):
            ticket = self._waiting.change(each)
            if ticket is None:
                continue
            try:
                self._create_together(ticket, message)
            except Refused as refused:
                self.refuse(ticket, refused)
                self._ledger.no_longer_waiting(each.number)
                return False
            return True
        return False

    def _create_together(self, ticket: Change, message: Change) -> bool:
        """Create a ticket with its first message; False when it is no fit message.

        Raises:
            Refused: the ticket cannot be created.
        """
        try:
            first = self._writer.first_message(ticket, message)
        except Refused as refused:
            self.refuse(message, refused)
            self._waiting.supersede(message)
            return False
        except NotThereYet as missing:
            self._waiting.keep(message, missing.needs)
            return False
        try:
            both = self._writer.create_with(ticket, message, first)
        except NotThereYet as missing:
            self._waiting.keep(message, need("tickets", "key", ticket.key, ticket.stream))
            self._waiting.keep(ticket, missing.needs)
            return True
        except (*TROUBLE, InDoubtError) as error:
            raise self._at_fault(ticket, error) from None
        self._count(ticket, both.ticket)
        self._waiting.supersede(ticket)
        if both.message is None:
            self._waiting.keep(message, need("tickets", "key", ticket.key, ticket.stream))
        else:
            self._count(message, both.message)
            self._waiting.supersede(message)
        self._release(ticket)
        return True

    def _release(self, change: Change) -> None:
        """Take up what waited for the object that a change has become."""
        for each in self._waiting.for_object(change):
            other = self._waiting.change(each)
            if other is None:
                continue
            take_up = partial(self._take_up, each.number)
            if other.entity.references.get(other.entity.of) == change.route.name:
                try:
                    take_up()  # parts of this object: nobody else touches it now
                    continue
                except Later:
                    pass  # not so soon
            self._hand_in([other], take_up, patient=False)

    def _take_up(self, *numbers: int) -> None:
        waiting = {number: self._waiting.at(number) for number in numbers}
        still = {number: change for number, change in waiting.items() if change}
        if still:
            self._taking_up(still.keys(), partial(self.apply, [*still.values()]))

    def _taking_up(self, numbers: Iterable[int], apply: Callable[[], None]) -> None:
        try:
            apply()
        except Later as later:
            left = partial(self._taking_up, numbers, later.run or apply)
            raise Later(later.seconds, left) from None
        for number in numbers:
            self._ledger.no_longer_waiting(number)

    def _todo(self, changes: Sequence[Change], known: Mapping[str, Entry | None]) -> list[Change]:
        """The changes that are not written yet."""
        todo: list[Change] = []
        for change in changes:
            # Once a record is to be written, its later versions are too.
            again = any(change.key == earlier.key for earlier in todo)
            if again or not self._writer.unchanged.includes(change, known[change.key]):
                if again or self._notices.is_of_this_run(change, known[change.key]):
                    self._notices.tell_versions(change)
                todo.append(change)
            else:
                self._notices.tell_created(change, known[change.key])
                self._count(change, "unchanged")
                self._waiting.supersede(change)
        return todo

    def _count(self, change: Change, outcome: str) -> None:
        self._trouble.is_over((change.stream, change.key))
        self._summary.count(change.stream, outcome)


def _in_vain(needs: str) -> Refused:
    """What waited for something that did not come."""
    if needs.startswith(FIRST_MESSAGE):
        return Refused("A ticket needs at least one message, and none came that names it.")
    what, _, value = needs.partition(":")
    refused = Refused(did_not_come(needs))
    refused.logged = did_not_come(f"{what}:{shown(value)}")
    return refused
