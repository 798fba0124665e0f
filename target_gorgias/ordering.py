"""Which changes must keep their order: those about the same object, whatever their streams.

A change writes to the objects it is about, and reads those it refers to. Work on one object keeps
its order; those who only read it do not wait for each other. Objects are compared by the ways in
which rows name them. So a change waits for everything before it where these cannot tell:

- two streams name the same kind of object in different ways, one by id and one by external id;
- an object goes, or is of a kind that others depend on without naming it, such as a field's
  definition or a job on many tickets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from target_gorgias.creating import external_id
from target_gorgias.naming import unqualified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_gorgias.changes import Change

FREE = frozenset(
    {
        "customers",
        "customer_custom_fields",
        "tickets",
        "ticket_custom_fields",
        "ticket_tags",
        "messages",
        "satisfaction_surveys",
    }
)
"""What may be written while another stream still is."""
ENDINGS = frozenset({"delete", "merge"})
PEOPLE = ("customers", "users")
OWN = "row"
"""Beside the ways in which a row names its own object, by a key that only its stream knows."""

Name = tuple[str, str, str]
"""Kind of object, way, value."""
Ways = frozenset[str]


def written(change: Change) -> set[Name]:
    """The names of what a change writes to."""
    names = cast("set[Name]", change.names)
    if change.route.verb in {"create", "upsert"} and change.entity.marked:
        names |= {(change.route.name, "external_id", external_id(change).casefold())}
    if change.route.verb == "set_data":
        names |= set(_named(change, "customer"))
    return names


def read(change: Change) -> set[Name]:
    """The names of what a change refers to and leaves alone."""
    names = {name for prefix in change.references for name in _named(change, prefix)}
    for message in change.values.get("messages") or ():
        for side in ("sender", "receiver"):
            names |= set(_people((message.get(side) or {}).items()))
    return names - change.writes


def _named(change: Change, prefix: str) -> Iterator[Name]:
    reference = change.references.get(prefix)
    if reference is None:
        return
    if reference.entity == "people":
        yield from _people(reference.ways.items())
        return
    for way, value in reference.ways.items():
        for named in {value, unqualified(way, value)}:
            yield (reference.entity, way, str(named).casefold())


def _people(ways: Any) -> Iterator[Name]:  # noqa: ANN401 - names and any JSON
    for way, value in ways:
        for entity in PEOPLE:
            for named in {value, unqualified(way, value)}:
                yield (entity, way, str(named).casefold())


class Turns:
    """Tells when the next change must wait for everything that is under way."""

    def __init__(self) -> None:
        self._ways: set[tuple[str, str, Ways]] = set()
        self._ending = ""
        """The stream of a change before which, or after which, others wait."""

    def must_wait(self, change: Change) -> bool:
        """Whether it must, if it is to keep its order; whoever is told so waits.

        Args:
            change: the next one.
        """
        ends = change.route.verb in ENDINGS or change.route.name not in FREE
        mine = {(change.stream, entity, ways) for entity, ways in _ways(change).items()}
        others = {each for each in self._ways if each[0] != change.stream}
        waits = bool(self._ending and self._ending != change.stream) or (
            (ends and bool(others))
            or any(
                theirs[1] == ours[1] and not _comparable(theirs[2], ours[2])
                for theirs in others
                for ours in mine - self._ways
            )
        )
        if waits:
            self._ways.clear()
        if waits or ends:
            self._ending = change.stream if ends else ""
        self._ways |= mine
        return waits


def _ways(change: Change) -> dict[str, Ways]:
    """How a change names what it writes to, by kind of object."""
    found: dict[str, set[str]] = {}
    for entity, way, _ in change.writes:
        found.setdefault(entity, set()).add(way)
    mine = found.setdefault(change.route.name, set())
    if "id" in change.own:
        mine &= {"id"}  # what else it says may be new, and another object's so far
    if change.entity.of and not change.entity.create:
        del found[change.route.name]  # a part is no object of its own
    elif change.route.verb not in {"set_data", "merge"}:
        mine.add(OWN)
    return {entity: frozenset(ways) for entity, ways in found.items()}


def _comparable(one: Ways, other: Ways) -> bool:
    """Whether two namings tell if they mean the same object."""
    both = one & other
    return bool(both - {OWN, "key"} if OWN in both else both)
