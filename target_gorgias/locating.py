"""Which object a change is about, by all that is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_gorgias.creating import external_id
from target_gorgias.entries import DONE
from target_gorgias.finding import Match

if TYPE_CHECKING:
    from target_gorgias.bodies import Bodies
    from target_gorgias.changes import Change
    from target_gorgias.creating import Creator
    from target_gorgias.entries import Entry
    from target_gorgias.finding import Finder
    from target_gorgias.ownership import Ownership
    from target_gorgias.recovery import Recovery


class Locator:
    """Locates objects that are there, or may be. Safe to share between threads."""

    def __init__(
        self,
        finder: Finder,
        bodies: Bodies,
        creator: Creator,
        recovery: Recovery,
        ownership: Ownership,
    ) -> None:
        self._finder = finder
        self._bodies = bodies
        self._creator = creator
        self._recovery = recovery
        self._ownership = ownership

    def locate(self, change: Change, known: Entry | None) -> int | None:
        """The id of the object a change is about; None when Gorgias has none."""
        if "id" in change.own:
            return int(change.own["id"])
        if known and known.gorgias_id is not None:
            return known.gorgias_id
        mark = change.own.get("external_id")
        if mark is not None and not (change.route.foreign or change.entity.of):
            noted = self._finder.by_external_id(change.route.name, mark)
            if noted is not None:
                row = {"id": noted, "external_id": mark}
                return self._ownership.check(change, Match(row, ("external_id",)))
        about = self._bodies.about(change)
        doubt = known is not None and known.may_be_there
        is_lost = known is not None and known.state == DONE and known.verb != "delete"
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
        return self._ownership.check(change, found) if found else None
