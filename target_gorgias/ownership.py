"""Whose an object is: a row that merely finds one may not write to what is another row's.

A row owns the object that it created, or that it wrote as the first one. Its own entry in the
ledger, or Gorgias' id, lead it to its object; an e-mail address, a name or an external id lead it
to whatever has that now, which may be somebody else. A row whose only key is that name means just
this, so it neither owns nor is kept out.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from target_gorgias.creating import external_id
from target_gorgias.keys import REFERRING, singular
from target_gorgias.naming import is_known_by, keys_of_keyless
from target_gorgias.refusals import Refused, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_gorgias.changes import Change
    from target_gorgias.entries import Name
    from target_gorgias.finding import Match
    from target_gorgias.ledger import Ledger


class OwnedError(Refused):
    """The object that a row found is another row's. `needs` is what would change that."""

    def __init__(self, text: str, needs: str) -> None:
        super().__init__(text)
        self.needs = needs


class _Owner(NamedTuple):
    """A row that has an object, and the external id it gave it."""

    stream: str
    key: str
    external_id: str | None


class Ownership:
    """Says which rows may write to what they found. Safe to share between threads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._claims: dict[tuple[str, int], Name] = {}

    def check(self, change: Change, found: Match, *, alone: bool = False) -> int:
        """The id of an object that a record found by a name, and may write to.

        Args:
            change: what is asked for.
            found: the object, with the fields by which it was found.
            alone: it was to be created, so it must be no other row's, whatever its key.

        Raises:
            OwnedError: it is another row's, or has the external id of something else.
        """
        number = int(found.row["id"])
        if alone:
            for owner in self._owners(change, number):
                raise _owned(change, number, owner)
        elif not change.route.take_over:
            self._check_found(change, found)
        return number

    def _check_found(self, change: Change, found: Match) -> None:
        number, by_name = int(found.row["id"]), is_known_by(change, found.same)
        owners = self._owners(change, number, claim=not by_name)
        names = [owner for owner in owners if _is_a_name(owner, change, found)]
        for owner in owners:
            if not by_name and owner not in names:
                raise _owned(change, number, owner)
        theirs, mine = found.row.get("external_id"), change.own.get("external_id")
        if not change.entity.marked or not theirs or (by_name and mine is None):
            return
        if theirs not in {mine, _mark(change), *(owner.external_id for owner in names)}:
            raise _known_otherwise(change, found.row)

    def check_survivor(self, change: Change, number: int) -> None:
        """Make sure that a record may write to the customer whom its own was merged into.

        Raises:
            OwnedError: that is another row's.
        """
        for owner in self._owners(change, number, "customers"):
            raise _owned(change, number, owner)

    def taken(self, change: Change, found: Match) -> OwnedError:
        """What is said of a record whose object is to get a name that another one has."""
        number = int(found.row["id"])
        owners = self._owners(change, number)
        return _named_alike(change, number, found.same, owners[0] if owners else None)

    def release(self, change: Change) -> None:
        """A record is dealt with, and in the ledger."""
        with self._lock:
            mine = [at for at, name in self._claims.items() if name == (change.stream, change.key)]
            for at in mine:
                del self._claims[at]

    def has_rivals(self, change: Change) -> bool:
        """Whether another row gave an object the external id of one that is to be created."""
        mark, mine = change.own.get("external_id"), (change.stream, change.key)
        if mark is None:
            return False
        entries = self._ledger.with_external_id(change.route.name, mark)
        return any((entry.stream, entry.key) != mine for entry in entries)

    def _owners(
        self, change: Change, number: int, entity: str = "", *, claim: bool = False
    ) -> list[_Owner]:
        """The other rows that have an object, or are just about to."""
        name, mine = entity or change.route.name, (change.stream, change.key)
        with self._lock:
            claimed = self._claims.get((name, number), mine)
            if claim:
                self._claims[name, number] = claimed
        owners = [
            _Owner(entry.stream, entry.key, entry.external_id)
            for entry in self._ledger.with_object(name, number)
            if not (entry.may_be_gone or entry.verb in REFERRING)
        ]
        owners.append(_Owner(*claimed, None))
        return [owner for owner in owners if (owner.stream, owner.key) != mine]


def _is_a_name(owner: _Owner, change: Change, found: Match) -> bool:
    """Whether the key of a row is Gorgias' id or the name by which another row found its object.

    A number may be a key here and an external id there: that is not the same name.
    """
    key, number = owner.key.casefold(), found.row["id"]
    keyless = {each.casefold() for each in keys_of_keyless(change, found.same)}
    if key in {str(number), f'["id", {number}]', *keyless}:
        return True
    said = {**change.values, **change.own}.get(found.same[0])
    return (
        owner.stream != change.stream
        and found.same in {("email",), ("name",)}
        and key == str(said).casefold()
    )


def _mark(change: Change) -> str:
    """The external id that an object gets whose row gives none."""
    return external_id(replace(change, own={}))


def _owned(change: Change, number: int, owner: _Owner) -> OwnedError:
    """Refused, with both keys."""
    what = singular(change.entity.references.get(change.entity.of, change.route.name))

    def sentence(mine: str, theirs: str) -> str:
        return (
            f"The {what} it names is that of the row '{owner.stream}:{theirs}', so the row "
            f"'{change.stream}:{mine}' may not write to it unless the option 'take_over' says so."
        )

    needs = f"{change.route.name} id:{number}"
    refused = OwnedError(sentence(change.key, owner.key), needs)
    refused.logged = sentence(shown(change.key), shown(owner.key))
    return refused


def _known_otherwise(change: Change, row: Mapping[str, Any]) -> OwnedError:
    """Refused, with both external ids."""
    what, mine = singular(change.route.name), external_id(change)

    def sentence(mine: str, theirs: str) -> str:
        return (
            f"The {what} it names has the external id '{theirs}' and not '{mine}', so the row may "
            "not write to it unless the option 'take_over' says so."
        )

    refused = OwnedError(sentence(mine, row["external_id"]), f"{change.route.name} id:{row['id']}")
    refused.logged = sentence(shown(mine), shown(row["external_id"]))
    return refused


def _named_alike(
    change: Change, number: int, same: tuple[str, ...], owner: _Owner | None
) -> OwnedError:
    """Refused, with both keys, or the id of an object that is no row's."""
    what, fields = singular(change.route.name), " and ".join(f"'{name}'" for name in same)

    def sentence(mine: str, theirs: str) -> str:
        whose = f"that of the row '{owner.stream}:{theirs}'" if owner else f"with the id {number}"
        return (
            f"Another {what} has this {fields}, {whose}, so that of the row "
            f"'{change.stream}:{mine}' cannot have it, too."
        )

    theirs = owner.key if owner else ""
    refused = OwnedError(sentence(change.key, theirs), f"{change.route.name} id:{number}")
    refused.logged = sentence(shown(change.key), shown(theirs))
    return refused
