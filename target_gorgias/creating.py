"""Creating an object exactly once.

Why it is right: what is created is recognisable before it exists, by an `external_id` (the
record's own, or one made of its stream and key) or by what is unique about it. So:

1. `pending` is in the ledger, durably, before the request leaves.
2. When the request is answered, the id goes into the ledger with `done`; when it is refused,
   nothing was created and the entry goes.
3. When nobody knows (killed, no answer, an answer that is none), Gorgias is asked whether the
   object is there, and only if it is not, the request is sent again.

An answer may be lost while the request is still being worked on. So the question of step 3 is not
asked before `SETTLED` seconds have passed since the request may have left.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

from gorgias_api import AnswerError, GorgiasError, RateLimitError, UnauthorizedError
from target_gorgias.ledger import DONE, PENDING, Entry
from target_gorgias.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from gorgias_api.clock import Clock
    from target_gorgias.changes import Change
    from target_gorgias.ledger import Ledger

SETTLED = 5.0
LONGEST_EXTERNAL_ID = 255


def external_id(change: Change) -> str:
    """What an object made from a record is recognised by: its own external id, or a given one."""
    own = change.own.get("external_id")
    given = f"{change.stream}:{change.key}" if own is None else str(own)
    if len(given) <= LONGEST_EXTERNAL_ID:
        return given
    return f"{change.stream[:100]}:{hashlib.sha256(given.encode()).hexdigest()}"


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


class Made(NamedTuple):
    """An object that is there now."""

    row: dict[str, Any]
    as_asked: bool
    """False when it was found, made from an earlier version of the record or by somebody else."""


class Creator:
    """Creates objects. Safe to share between threads."""

    def __init__(self, ledger: Ledger, clock: Clock, tries: int) -> None:
        self._ledger = ledger
        self._clock = clock
        self._tries = tries

    def create(
        self,
        change: Change,
        before: Entry | None,
        send: Callable[[], Any],
        look: Callable[[str | None], dict[str, Any] | None],
    ) -> Made:
        """Create the object of a change, unless it was created already.

        Args:
            change: what is asked for.
            before: its entry in the ledger.
            send: sends the request; gives the object.
            look: finds the object in Gorgias, by the external id it was given if it got one.

        Raises:
            Refused: it cannot be created.
            GorgiasError: nobody knows; the entry stays `pending`.
        """
        if before and before.state == PENDING:
            self.settle(before)
            if found := look(before.external_id):
                same = before.content == change.content
                return self._noted(before, found, as_asked=same and change.entity.marked)
        mark = external_id(change) if change.entity.marked else None
        pending = entry(change, PENDING, None, mark, self._now())
        self._ledger.put(pending)
        doubt = False
        for left in reversed(range(self._tries)):
            try:
                return self._noted(pending, _object(send()), as_asked=True)
            except (Refused, UnauthorizedError, RateLimitError):
                # In doubt it may be refused for being there already.
                if doubt and (found := look(mark)):
                    return self._noted(pending, found, as_asked=change.entity.marked)
                self._ledger.forget(change.stream, change.key)
                raise
            except GorgiasError as error:
                if not left:
                    raise
                change.logger.warning("%s Looking whether it was done.", error)
            doubt = True
            self.settle(pending._replace(written=self._now()))
            if found := look(mark):
                return self._noted(pending, found, as_asked=change.entity.marked)
        raise AssertionError  # the last try returns or raises

    def settle(self, pending: Entry) -> None:
        """Wait until Gorgias is done with a request that may have left."""
        self._clock.sleep(max(0.0, min(SETTLED, pending.written + SETTLED - self._now())))

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
