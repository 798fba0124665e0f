"""Creating an object exactly once.

Why it is right: what is created is recognisable before it exists, by an `external_id` (the
record's own, or one made of its stream and key) or by what is unique about it. So:

1. `pending` is in the ledger, durably, before the request leaves.
2. When the request is answered, the id goes into the ledger with `done`; when it is refused,
   nothing was created and the entry goes.
3. When nobody knows (killed, no answer, an answer that is none), Gorgias is asked whether the
   object is there, and only if it is not, the request is sent again.

An answer may be lost while the request is still being worked on. So the question of step 3 is asked
again and again, with growing pauses, until `SETTLED` seconds have passed since the request may have
left; other rows go on meanwhile. What would reach a person is not even then sent again by the same
run: it stays `pending`, and the next run looks first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from gorgias_api import (
    AnswerError,
    GorgiasError,
    RateLimitError,
    TransportError,
    UnauthorizedError,
)
from target_gorgias.contents import is_same
from target_gorgias.crew import Later
from target_gorgias.entities import JOB_KEY
from target_gorgias.entries import DONE, PENDING, Entry
from target_gorgias.refusals import Refused
from target_gorgias.trouble import TROUBLE

if TYPE_CHECKING:
    from gorgias_api.clock import Clock
    from target_gorgias.changes import Change
    from target_gorgias.ledger import Ledger

PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds before each look at what may have been created."""
SETTLED = sum(PAUSES)
SENDS = 3
"""How often a run sends what is in doubt at most: after each time it looks for a minute."""
LONGEST_EXTERNAL_ID = 255
EMAIL_CHANNEL = {"type": "email", "preferred": True}


def external_id(change: Change) -> str:
    """What an object made from a record is recognised by: its own external id, or a given one."""
    return mark_of(change.stream, change.key, change.own.get("external_id"))


def mark_of(stream: str, key: str, own: object = None) -> str:
    """The same for the record of a stream with a key, and perhaps an external id of its own."""
    given = f"{stream}:{key}" if own is None else str(own)
    if len(given) <= LONGEST_EXTERNAL_ID:
        return given
    return f"{stream[:100]}:{hashlib.sha256(given.encode()).hexdigest()}"


def ready(change: Change, body: dict[str, Any]) -> dict[str, Any]:
    """The body of a create with what it is recognised by, and what Gorgias insists on."""
    entity, mark = change.entity, external_id(change)
    if entity.marked:
        body["external_id"] = mark
    elif change.route.name == "jobs":
        body["meta"] = {**(body.get("meta") or {}), JOB_KEY: mark}
    for field, value in entity.defaults.items():
        body.setdefault(field, value)
    if change.route.name == "customers" and body.get("email"):
        # Sources disagree whether Gorgias insists on them.
        body.setdefault("channels", [EMAIL_CHANNEL | {"address": body["email"]}])
    return body


def entry(
    change: Change, state: str, gorgias_id: int | None, mark: str | None, now: float
) -> Entry:
    """What the ledger says of a change."""
    return Entry(
        stream=change.stream,
        key=change.key,
        entity=change.route.name,
        verb=change.route.verb,
        state=state,
        gorgias_id=gorgias_id,
        external_id=mark,
        content=change.content,
        written=now,
    )


class InDoubtError(GorgiasError):
    """Nobody knows whether an object was created, and this run does not send it again."""

    def __init__(self, error: GorgiasError, *, delivered: bool) -> None:
        super().__init__(
            f"{error} It would reach a person, so it is not sent twice: the next run looks first "
            "whether it was."
            if delivered
            else f"{error} It is left out of this run; the next one looks first whether it was "
            "done all the same."
        )
        self.error = error
        """Why the answer is not known."""
        self.delivered = delivered
        """Whether it would reach a person."""


class Made(NamedTuple):
    """An object that is there now."""

    row: dict[str, Any]
    as_asked: bool
    """False when it was found, made from an earlier version of the record or by somebody else."""


_Found = TypeVar("_Found")
Look = Callable[[str | None], dict[str, Any] | None]
"""Finds an object in Gorgias, by the external id it was given if it got one."""


@dataclass
class _Doubt:
    """A create of which nobody knows whether it was done."""

    settled: float
    """When it must have been done, if it ever is; as the clock's `monotonic`."""
    looks: int = 0
    sent: int = 0
    """How often this run sent it."""
    error: GorgiasError | None = None
    """What came of that."""
    content: str = ""
    """Hash of what it sent last."""


class Creator:
    """Creates objects. Safe to share between threads, one record at a time."""

    def __init__(self, ledger: Ledger, clock: Clock, tries: int) -> None:
        self._ledger = ledger
        self._clock = clock
        self._sends = min(tries, SENDS)
        self._doubts: dict[tuple[str, str], _Doubt] = {}

    def resumed(self, change: Change, before: Entry | None, look: Look) -> Made | None:
        """What a record has become whose create is in doubt; None when it may be sent.

        Args:
            change: what is asked for.
            before: its entry in the ledger.
            look: finds the object.

        Raises:
            Later: it is too early to tell.
        """
        if before is None or before.state != PENDING:
            return None
        doubt = self._doubts.get((before.stream, before.key))
        found = self.settled(before, lambda: look(before.external_id))
        if found is None:
            return None
        # What has no mark may be somebody else's, unless it was not there before this run sent it.
        ours = change.entity.marked or (doubt is not None and doubt.sent > 0)
        same = is_same(before.content, change.content)
        return self._noted(before, found, as_asked=same and ours)

    def settled(self, pending: Entry, look: Callable[[], _Found | None]) -> _Found | None:
        """The object of a create in doubt; None when it is not there and will not come.

        Raises:
            Later: it is too early to tell.
        """
        name, now = (pending.stream, pending.key), self._clock.monotonic()
        since = self._clock.now().timestamp() - pending.written
        left = max(0.0, SETTLED - max(0.0, since))
        doubt = self._doubts.setdefault(name, _Doubt(now + left))
        if found := look():
            del self._doubts[name]
            return found
        if now >= doubt.settled:
            return None
        pause = PAUSES[min(doubt.looks, len(PAUSES) - 1)]
        doubt.looks += 1
        raise Later(min(pause, doubt.settled - now))

    def create(
        self, change: Change, send: Callable[[], Any], look: Look, *, delivered: bool
    ) -> Made:
        """Create the object of a change.

        Args:
            change: what is asked for, not in doubt: see `resumed`.
            send: sends the request; gives the object.
            look: finds the object.
            delivered: whether it would reach a person.

        Raises:
            Refused: it cannot be created.
            Later: nobody knows whether it was; it is to be looked for.
            InDoubtError: likewise, and it is not sent again; the entry stays `pending`.
            GorgiasError: what is no matter of one row.
        """
        name = (change.stream, change.key)
        doubt = self._doubts.get(name)
        if doubt and doubt.error and (delivered or self._is_given_up(doubt, change)):
            raise InDoubtError(doubt.error, delivered=delivered)
        mark = external_id(change) if change.entity.marked else None
        pending = entry(change, PENDING, None, mark, self._now())
        self._ledger.put(pending)
        try:
            made = self._noted(pending, _object(send()), as_asked=True)
        except (Refused, UnauthorizedError, RateLimitError):
            # In doubt it may be refused for being there already.
            if not (doubt and (found := look(mark))):
                self._ledger.forget(*name)
                raise
            made = self._noted(pending, found, as_asked=True)
        except TROUBLE as error:
            if isinstance(error, TransportError) and error.refused:
                self._ledger.forget(*name)  # it never left
                raise
            sent = doubt.sent if doubt and is_same(doubt.content, change.content) else 0
            settled = self._clock.monotonic() + SETTLED
            self._doubts[name] = _Doubt(settled, 1, sent + 1, error, change.content)
            change.logger.warning("%s Looking whether it was done.", error)
            raise Later(PAUSES[0]) from None
        self._doubts.pop(name, None)
        return made

    def forget(self, change: Change) -> None:
        """A create that was in doubt was not done, and is not to be."""
        self._doubts.pop((change.stream, change.key), None)
        self._ledger.forget(change.stream, change.key)

    def _is_given_up(self, doubt: _Doubt, change: Change) -> bool:
        """Whether the same was sent as often as is allowed; another version may fare better."""
        return is_same(doubt.content, change.content) and doubt.sent >= self._sends

    def _noted(self, pending: Entry, row: dict[str, Any], *, as_asked: bool) -> Made:
        """Note the object; its fields stay in doubt if it is not as asked."""
        state = DONE if as_asked else PENDING
        noted = pending._replace(state=state, gorgias_id=row["id"], written=self._now())
        self._ledger.note(noted)
        return Made(row, as_asked)

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _object(answer: Any) -> dict[str, Any]:  # noqa: ANN401 - what the API answered
    if isinstance(answer, dict) and isinstance(answer.get("id"), int):
        return answer
    message = "A create was answered without the object that was created."
    raise AnswerError(message)
