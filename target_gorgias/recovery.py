"""What the ledger does not know, or no longer rightly: objects of a lost ledger, and stale ids.

Everything made from a record can be recognised by its mark, which its stream and key give. So a
ledger that was lost, and objects that are back under another id, cost looks and no second object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_gorgias.creating import external_id
from target_gorgias.entities import ENTITIES, JOB_KEY
from target_gorgias.entries import DONE
from target_gorgias.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from target_gorgias.changes import Change
    from target_gorgias.entries import Entry
    from target_gorgias.finding import Finder, Match
    from target_gorgias.gateway import Gateway
    from target_gorgias.ledger import Ledger

GONE = frozenset({404, 410})
REFUSED = 400
"""How Gorgias may call an object in the body that is gone."""


class Recovery:
    """Finds again what the ledger has lost. Safe to share between threads.

    Args:
        gateway: to look whether an object is there.
        ledger: that does not know, or no longer rightly.
        finder: is told what is gone.
        look_before_create: whether a ledger may have been lost that knew streams new to this one.
    """

    def __init__(
        self, gateway: Gateway, ledger: Ledger, finder: Finder, *, look_before_create: bool
    ) -> None:
        self._gateway = gateway
        self._ledger = ledger
        self._finder = finder
        self._look_before_create = look_before_create
        self._told: set[str] = set()
        self._there: set[tuple[str, int]] = set()

    def may_be_there(self, change: Change, known: Entry | None) -> bool:
        """Whether a record may have become an object of which this ledger knows nothing."""
        if known is not None or not change.entity.create:
            return False
        if self._ledger.is_complete(change.stream, from_now_on=not self._look_before_create):
            return False
        if change.stream not in self._told:
            self._told.add(change.stream)
            change.logger.info(
                "The ledger does not know everything that this stream may have become: each "
                "object is looked up before it is created."
            )
        return True

    def found(self, change: Change, at: Mapping[str, int], body: Mapping[str, Any]) -> Match | None:
        """What a record has become, by its mark, or by what is unique about it.

        Args:
            change: of the record.
            at: where in the path of its operations the object is.
            body: what would be created.
        """
        mark, name = external_id(change), change.route.name
        if change.entity.marked:
            about = {**at, "external_id": mark}
        else:
            about = {**body, **at} | ({"meta": {JOB_KEY: mark}} if name == "jobs" else {})
        return self._finder.match(change, name, about)

    def heal(
        self, refused: Refused, changes: Sequence[Change], known: Mapping[str, Entry | None]
    ) -> dict[str, Entry | None] | None:
        """What the ledger rightly knows of changes that were refused for resting on stale ids.

        Args:
            refused: why; only what says that something is gone is looked into.
            changes: of one kind to one object.
            known: what the ledger says of them, by key.

        Returns:
            The same without what is gone, to try again with; None when nothing is gone.

        Raises:
            GorgiasError: nobody can look.
        """
        if refused.status not in GONE | {REFUSED}:
            return None
        stale = {each for change in changes for each in self._stale(change, known, refused)}
        if not stale:
            return None
        self._finder.let_go(stale)
        return {key: self._without(entry, stale) for key, entry in known.items()}

    def _stale(
        self, change: Change, known: Mapping[str, Entry | None], refused: Refused
    ) -> Iterator[tuple[str, int]]:
        """The objects that a change rests on, by the word of the ledger, and that are gone."""
        own = known.get(change.key)
        if refused.status in GONE and "id" not in change.own and change.entity.create:
            ids = {own.gorgias_id} if own and own.gorgias_id is not None else set()
            if not change.entity.of and (mark := change.own.get("external_id")):
                ids |= self._ledger.by_external_id(change.route.name, mark)
            for each in ids:
                if self.is_gone(change, change.route.name, each):
                    yield change.route.name, each
        for reference in change.references.values():
            for entity, each in self._finder.noted(reference):
                if self.is_gone(change, entity, each):
                    yield entity, each

    def is_gone(self, change: Change, name: str, number: int) -> bool:
        """Whether an object is no longer there."""
        if (name, number) in self._there:
            return False
        owner = ENTITIES[name].of
        try:
            at = (
                {f"{owner}_id": self._finder.id_of(change, change.references[owner])}
                if owner
                else {}
            )
            self._gateway.call(
                change, ENTITIES[name].update.replace("update-", "get-", 1), **at, id=number
            )
        except Refused as refused:
            return refused.status in GONE
        if not owner:  # else it is there in this one
            self._there.add((name, number))
        return False

    def _without(self, entry: Entry | None, stale: set[tuple[str, int]]) -> Entry | None:
        """An entry without an id that is gone, in the ledger too; so its row counts as new."""
        if entry is None or (entry.entity, entry.gorgias_id or 0) not in stale:
            return entry
        left = entry._replace(gorgias_id=None, state=DONE, content="")
        self._ledger.put(left)
        return left
