"""What a record asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from target_gorgias.fields import naming_columns, prefixes
from target_gorgias.naming import unqualified
from target_gorgias.ordering import read, written
from target_gorgias.said import says_nothing, unwrapped

if TYPE_CHECKING:
    import logging
    from collections.abc import Hashable, Mapping

    from target_gorgias.entities import Entity
    from target_gorgias.looking import Shown
    from target_gorgias.ordering import Name
    from target_gorgias.routes import Route

Record = dict[str, Any]


@dataclass(frozen=True)
class Reference:
    """An object a record names, by one or more ways."""

    entity: str
    ways: Mapping[str, Any]
    optional: bool = False
    """Whether the record can be written without it."""
    stream: str = ""
    """Whose keys are meant, as far as the settings say so."""


@dataclass(kw_only=True)
class Change:
    """What a record asks for, checked as far as it can be without asking Gorgias."""

    stream: str
    key: str
    """Names the record within its stream, and the object it becomes."""
    key_values: Record
    route: Route
    record: Record
    """As it came, to be given back if it is refused."""
    logger: logging.Logger
    own: Mapping[str, Any] = field(default_factory=dict)
    """Ways in which the record names the object itself."""
    references: Mapping[str, Reference] = field(default_factory=dict)
    values: Record = field(default_factory=dict)
    """Fields of the operation, as Gorgias takes them."""
    content: str = ""
    """Hash of all that was asked for."""
    shown: Shown | None = None
    """Its object, or the one it is a part of, as Gorgias had it just before, if that was asked."""
    found_by: tuple[str, ...] = ()
    """The fields by which its object was just found."""
    position: int = 0
    """Of its record in the input."""
    waited: bool = False
    """Whether it comes from the rows that wait in the ledger."""

    @property
    def operation(self) -> str:
        """`<verb>_<entity>`."""
        return str(self.route)

    @property
    def entity(self) -> Entity:
        """The kind of thing it is about."""
        return self.route.entity

    @property
    def named(self) -> Record:
        """What its record says of the objects it means, by column."""
        meant = naming_columns(self.route)
        given = {meant.meaning(column) or column: each for column, each in self.record.items()}
        for prefix in prefixes(self.route):
            whole = unwrapped(given.get(prefix))
            inside = whole.items() if isinstance(whole, dict) else ()
            given = {f"{prefix}_{way}": value for way, value in inside} | given
        return {
            column: value
            for column in meant.known
            if not says_nothing(value := given.get(column)) and not isinstance(value, dict | list)
        }

    @property
    def together(self) -> Hashable:
        """What neighbouring changes must have in common to go out together; None for none."""
        if not self.entity.of or self.entity.create or self.route.verb in {"replace", "delete"}:
            return None
        if self.operation == "set_ticket_tags":
            return None
        owner = self.references.get(self.entity.of)
        return owner and (self.stream, self.operation, *owner.ways.items())

    @cached_property
    def writes(self) -> frozenset[Name]:
        """The names of what it writes to."""
        return frozenset(written(self))

    @cached_property
    def reads(self) -> frozenset[Name]:
        """The names of what it refers to and leaves alone."""
        return frozenset(read(self))

    @property
    def names(self) -> set[Hashable]:
        """What must not be touched by two changes at the same time."""
        about = [
            (reference.entity, way, named)
            for prefix, reference in self.references.items()
            if prefix in {self.entity.of, "source", "target"}
            or f"{prefix}_id" in self.entity.naming
            for way, value in reference.ways.items()
            for named in {value, unqualified(way, value)}
        ]
        names = {(entity, way, str(value).casefold()) for entity, way, value in about}
        return names | self.own_names

    @property
    def own_names(self) -> set[Hashable]:
        """Those of the object that the record is itself."""
        said = {**self.values, **self.own, "key": self.key}
        same = [("id",), ("key",), *(find.same for find in self.entity.finds)]
        return {
            (
                self.route.name,
                "+".join(fields),
                "+".join(str(said[field]) for field in fields).casefold(),
            )
            for fields in same
            if said.keys() >= set(fields)
        }
