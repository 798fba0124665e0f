"""Which object a change is about, by all that is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_gorgias.contents import has_moved
from target_gorgias.creating import external_id
from target_gorgias.entities import EXTERNAL_ID
from target_gorgias.finding import Match
from target_gorgias.keys import singular
from target_gorgias.naming import MARKED_WITH, is_known_by
from target_gorgias.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_gorgias.bodies import Bodies
    from target_gorgias.changes import Change
    from target_gorgias.creating import Creator
    from target_gorgias.entries import Entry
    from target_gorgias.finding import Finder
    from target_gorgias.gateway import Gateway
    from target_gorgias.ownership import Ownership
    from target_gorgias.recovery import Recovery


CONFLICT, NOT_FOUND = 409, 404


class Locator:
    """Locates objects that are there, or may be. Safe to share between threads."""

    def __init__(
        self,
        gateway: Gateway,
        finder: Finder,
        bodies: Bodies,
        creator: Creator,
        recovery: Recovery,
        ownership: Ownership,
    ) -> None:
        self._gateway = gateway
        self._finder = finder
        self._bodies = bodies
        self._creator = creator
        self._recovery = recovery
        self._ownership = ownership

    def locate(self, change: Change, known: Entry | None) -> int | None:
        """The id of the object a change is about; None when Gorgias has none."""
        if "id" in change.own:
            return int(change.own["id"])
        if known and known.gorgias_id is not None and self._is_where_it_was(change, known):
            return known.gorgias_id
        mark = change.own.get("external_id")
        if mark is not None and not (change.route.foreign or change.entity.of):
            noted = self._finder.by_external_id(change.route.name, mark)
            if noted is not None:
                return self._checked(change, Match({"id": noted, "external_id": mark}, EXTERNAL_ID))
        about = self._bodies.about(change)
        doubt = known is not None and known.may_be_there
        is_lost = known is not None and known.is_lost
        if change.entity.marked and (is_lost or self._recovery.may_be_there(change, known)):
            own = known.external_id if known else None
            about.setdefault("external_id", own or external_id(change))
            if is_lost and change.route.verb in {"delete", "trash"}:
                about.pop("email", None)  # somebody else may have it by now

        def look() -> Match | None:
            # What was read ahead is older than what is in doubt, or was found to be gone.
            anew = doubt or is_lost
            return self._finder.match(change, change.route.name, about, anew=anew)

        if known and doubt:
            about.setdefault("external_id", known.external_id)
            found = self._creator.settled(known, look)
        else:
            found = look()
        return self._checked(change, found) if found else None

    def _is_where_it_was(self, change: Change, known: Entry) -> bool:
        """Whether the object of a row still is in the one that the row names.

        Raises:
            Refused: it is not, and nothing but the key of the row says which one is meant.
        """
        if not has_moved(change.content, known.content):
            return True
        number = int(known.gorgias_id or 0)
        if not self._recovery.is_gone(change, change.route.name, number):
            return True
        if "external_id" in change.own:  # means whatever has it there
            return False
        raise _moved(change)

    def check_names(
        self, change: Change, number: int, body: Mapping[str, Any], known: Entry | None
    ) -> None:
        """Make sure that no other object has a name which the one of a change is to be given.

        Customers and users of one e-mail address are left to Gorgias, which allows no two.

        Args:
            change: what is asked for.
            number: the id of its object.
            body: what is to be sent.
            known: what the ledger says of its row.

        Raises:
            OwnedError: another one has it.
            Refused: its own object is gone, so perhaps that one is what it has become.
        """
        if change.route.foreign:  # in the other account, several may have the same external id
            return
        mine = known if known and known.gorgias_id == number else None
        for find in change.entity.finds:
            if MARKED_WITH in find.same:
                continue  # which is no name
            names = {field: body.get(field) for field in find.same}
            if any(names.values()) and None in names.values():
                there = self._gateway.call(change, change.entity.get, id=number)
                names = {field: value or there.get(field) for field, value in names.items()}
            is_its = find.same == change.found_by or (mine and is_known_by(change, find.same))
            if is_its or find.same == ("email",) or None in names.values():
                continue
            if find.same == EXTERNAL_ID and mine and mine.external_id == names["external_id"]:
                continue
            about = names | self._bodies.at(change)
            found = self._finder.match(change, change.route.name, about)
            if found and int(found.row["id"]) != number:
                if mine and self._recovery.is_gone(change, change.route.name, number):
                    raise _gone()
                raise self._ownership.taken(change, found)

    def check_conflict(
        self, change: Change, number: int, refused: Refused, body: Mapping[str, Any]
    ) -> None:
        """Say whose a name is that Gorgias refused for being in use.

        Raises:
            OwnedError: another row's, or that of another object.
        """
        found = self._finder.taken(change, body) if refused.status == CONFLICT else None
        if found and int(found.row["id"]) != number:
            raise self._ownership.taken(change, found)

    def _checked(self, change: Change, found: Match) -> int:
        change.found_by = found.same
        return self._ownership.check(change, found)


def _moved(change: Change) -> Refused:
    what = singular(change.route.name)
    message = (
        f"The {change.entity.of} it names is not the one that its {what} was written to, or is "
        f"named otherwise, and has no such {what}: a {what} cannot be moved."
    )
    return Refused(message)


def _gone() -> Refused:
    refused = Refused("Gorgias does not have it any longer.")
    refused.status = NOT_FOUND
    return refused
