"""Which object of Gorgias a record means."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from target_gorgias.creating import mark_of
from target_gorgias.entities import ENTITIES, JOB_KEY
from target_gorgias.entries import objects
from target_gorgias.keys import NotThereYet, need, singular
from target_gorgias.memory import Memory
from target_gorgias.naming import MARKED_WITH
from target_gorgias.refusals import Refused, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from target_gorgias.changes import Change, Reference
    from target_gorgias.directory import Directory
    from target_gorgias.entities import Find
    from target_gorgias.entries import Entry
    from target_gorgias.gateway import Gateway
    from target_gorgias.keys import Keys
    from target_gorgias.ledger import Ledger
    from target_gorgias.ordering import Name


class Match(NamedTuple):
    """An object that was found, and the fields by which it was."""

    row: dict[str, Any]
    same: tuple[str, ...]


class Finder:
    """Finds objects: in the ledger, else through the filters of lists, never by reading them all.

    Safe to share between threads.
    """

    def __init__(self, gateway: Gateway, ledger: Ledger, keys: Keys, directory: Directory) -> None:
        self._gateway = gateway
        self._ledger = ledger
        self._keys = keys
        self._directory = directory
        self._lock = threading.Lock()
        self._memory = Memory()
        self._users: dict[str, int | None] = {}
        self.gone: set[tuple[str, int]] = set()
        """Entities and ids that the ledger has, and Gorgias no longer."""

    def row(
        self, change: Change, name: str, about: Mapping[str, Any], *, anew: bool = False
    ) -> dict[str, Any] | None:
        """The object of an entity with these fields, as a list shows it; None when there is none.

        Args:
            change: that asks.
            name: of the entity.
            about: the fields.
            anew: whether what was read ahead is too old to tell.

        Raises:
            Refused: there are several.
        """
        found = self.match(change, name, about, anew=anew)
        return found.row if found else None

    def match(
        self, change: Change, name: str, about: Mapping[str, Any], *, anew: bool = False
    ) -> Match | None:
        """The same, with the fields by which it was found.

        Raises:
            Refused: there are several.
        """
        for find in ENTITIES[name].finds:
            if all(about.get(field) is not None for field in {*find.same, *find.filters.values()}):
                ask = partial(self._only_one, change, name, find, about, anew=anew)
                named = None if anew else _name(name, find, about)
                if found := self._memory.look_for(named, ask) if named else ask():
                    return Match(found, find.same)
        return None

    def _only_one(
        self, change: Change, name: str, find: Find, about: Mapping[str, Any], *, anew: bool
    ) -> dict[str, Any] | None:
        """The object that a list shows; None when it shows none.

        Raises:
            Refused: there are several.
        """
        found = self._rows(change, find, about, anew=anew)
        if change.route.foreign and name == change.route.name:
            # In the other account, several may have the same external id.
            found = [row for row in found if not self._is_anothers(change, row)]
        if len(found) > 1:
            message = f"Several {name} have the same {' and '.join(find.same)}."
            raise Refused(message)
        return found[0] if found else None

    def forget(self) -> None:
        """An object is gone or named otherwise; what named it may name another one now."""
        self._memory.forget()

    def made(self, changes: Iterable[Change]) -> None:
        """Note that what changes name may be there from now on, whom they refer to included."""
        names = {name for change in changes for name in change.writes | change.reads}
        self._memory.made(names)
        self._directory.touch(names)

    def let_go(self, gone: set[tuple[str, int]]) -> None:
        """Trust the ledger no longer that these are there."""
        with self._lock:
            self.gone |= gone
        self.forget()
        for entity, number in gone:
            if entity == "customers":
                self._directory.written(number)

    def by_external_id(self, entity: str, external_id: str) -> int | None:
        """The one object that was written with this external id, as far as the ledger knows."""
        ids = self._ledger.by_external_id(entity, external_id)
        ids = {each for each in ids if (entity, each) not in self.gone}
        return ids.pop() if len(ids) == 1 else None

    def noted(self, reference: Reference) -> set[tuple[str, int]]:
        """The objects, with their entities, that the ledger says a reference means."""
        entity = "customers" if reference.entity == "people" else reference.entity
        ids: set[int] = set()
        if mark := reference.ways.get("external_id"):
            ids |= self._ledger.by_external_id(entity, mark)
        if "key" in reference.ways:
            with suppress(NotThereYet, Refused):
                entry = self._keys.find(replace(reference, entity=entity))
                ids |= objects([entry] if entry else [])
        return {(entity, each) for each in ids}

    def by_address(self, change: Change, address: str) -> dict[str, Any] | None:
        """The customer whom an e-mail address leads to, be it their first one or not.

        Raises:
            Refused: there are several.
        """
        rows = self._gateway.rows(
            change, "list-customers", channel_type="email", channel_address=address
        )
        found = [row for row in rows if self._has_address(change, row, address)]
        if len(found) > 1:
            message = "Several customers have this e-mail address."
            raise Refused(message)
        return found[0] if found else None

    def _has_address(self, change: Change, row: Mapping[str, Any], address: str) -> bool:
        """Whether an address is a customer's; the list shows only their first one."""
        address = address.casefold()
        if _comparable("email", row.get("email")) == address:
            return True
        whole = self._gateway.call(change, "get-customer", id=row["id"])
        channels = whole.get("channels") or ()
        return any(
            each.get("type") == "email" and _comparable("email", each.get("address")) == address
            for each in channels
        )

    def taken(self, change: Change, body: Mapping[str, Any]) -> Match | None:
        """The object that has a name which is refused for being in use."""
        if change.route.name != "customers":
            return self.match(change, change.route.name, body)
        row = self.by_address(change, body["email"]) if body.get("email") else None
        return Match(row, ("email",)) if row else None

    def id_of(self, change: Change, reference: Reference) -> int:
        """The id of the object that a record names.

        Raises:
            NotThereYet: there is none, as far as the records have come.
            Refused: there is more than one.
        """
        for way, value in reference.ways.items():
            found = (
                self._keyed(change, reference)
                if way == "key"
                else self._by(change, reference.entity, way, value)
            )
            if found is not None:
                return found
        if not reference.ways:
            message = f"Nothing says which {singular(reference.entity)} is meant."
            raise Refused(message)
        if "key" in reference.ways:
            raise NotThereYet(self._keys.need(reference))
        raise NotThereYet(need(reference.entity, *next(iter(reference.ways.items()))))

    def person(
        self, change: Change, reference: Reference, *, there: bool = False
    ) -> dict[str, Any] | None:
        """How a body names somebody: by id where it is known, else by e-mail address.

        Nothing else about them goes along: Gorgias would change them.

        Args:
            change: the record that names them.
            reference: who is meant.
            there: they must exist: Gorgias would make a customer of an unknown address.

        Raises:
            NotThereYet: there is nobody yet.
            Refused: it cannot be told who is meant.
        """
        ways = reference.ways
        if not ways:
            return None if reference.entity == "customers" else {"id": None}
        if reference.entity == "people":
            reference = replace(reference, entity="customers")
        if there or reference.entity in {"users", "teams"} or not ways.get("email"):
            return {"id": self.id_of(change, reference)}
        known = ways.get("id") or ("key" in ways and self._keyed(change, reference))
        return {"id": known} if known else {"email": ways["email"]}

    def user(self, change: Change, reference: Reference) -> dict[str, Any] | None:
        """The user of this account who has an e-mail address; None when there is none.

        Raises:
            GorgiasError: what is no matter of one row.
        """
        address = reference.ways.get("email")
        with self._lock:  # once per address: there are few users
            if address is not None and address not in self._users:
                row = self.row(change, "users", {"email": address})
                if row is None and None not in self._users.values():
                    change.logger.warning("Users whom this account does not have are left out.")
                self._users[address] = int(row["id"]) if row else None
        found = self._users.get(address or "")
        return None if found is None else {"id": found}

    def _by(self, change: Change, entity: str, way: str, value: Any) -> int | None:  # noqa: ANN401
        if way == "id":
            return int(value)
        name = (entity, way, str(value))
        return self._memory.id_of(name, lambda: self._look(change, entity, way, value))

    def _look(self, change: Change, entity: str, way: str, value: Any) -> int | None:  # noqa: ANN401
        if way == "external_id":
            found = self.by_external_id(entity, value)
            if found is not None:
                return found
        row = self.row(change, entity, {way: value})
        if row is None and (entity, way) == ("customers", "email"):
            row = self.by_address(change, value)
        return int(row["id"]) if row else None

    def _keyed(self, change: Change, reference: Reference) -> int | None:
        """The object that a key means, under the id that it has now.

        Raises:
            NotThereYet: that cannot be told yet.
            Refused: several streams have the key, or the object is gone.
        """
        entry = self._keys.find(reference)
        if entry is None or (reference.entity, entry.gorgias_id) not in self.gone:
            return entry and entry.gorgias_id
        return self._again(change, entry)

    def _again(self, change: Change, entry: Entry) -> int:
        """The object of a record that is no longer there under the id it had.

        Raises:
            Refused: it is not there at all.
        """
        if ENTITIES[entry.entity].marked and entry.gorgias_id is not None:
            mark = mark_of(entry.stream, entry.key, entry.external_id)
            row = self.row(change, entry.entity, {"external_id": mark}, anew=True)
            if row:
                self._ledger.move(entry.entity, entry.gorgias_id, row["id"])
                return int(row["id"])
        what = singular(entry.entity)
        message = "The {} that the row with the key {} became is gone."
        refused = Refused(message.format(what, entry.key))
        refused.logged = message.format(what, shown(entry.key))
        raise refused

    def _is_anothers(self, change: Change, row: Mapping[str, Any]) -> bool:
        return self._ledger.is_anothers(change.stream, change.key, row["id"])

    def _rows(
        self, change: Change, find: Find, about: Mapping[str, Any], *, anew: bool
    ) -> list[dict[str, Any]]:
        filters = {parameter: about[field] for parameter, field in find.filters.items()}
        ahead = find.operation == "list-customers" and not anew
        listed = self._directory.find(filters) if ahead else None
        rows = self._gateway.rows(change, find.operation, **filters) if listed is None else listed
        same = {field: _comparable(field, about[field]) for field in find.same}
        return [
            row
            for row in rows
            if all(_comparable(field, row.get(field)) == value for field, value in same.items())
        ]


def _name(entity: str, find: Find, about: Mapping[str, Any]) -> Name | None:
    """The name that an object is looked for by, if it is one that rows have for their objects."""
    if not {*find.filters.values()} <= {*find.same} or MARKED_WITH in find.same:
        return None
    if any(field.removesuffix("_id") in ENTITIES[entity].references for field in find.same):
        return None
    return entity, "+".join(find.same), "+".join(str(about[field]) for field in find.same)


def _comparable(field: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
    """E-mail addresses are the same in upper and lower case, jobs by what they are marked with."""
    if field == "email" and isinstance(value, str):
        return value.casefold()
    if field == "meta" and isinstance(value, dict):
        return value.get(JOB_KEY, object())  # without a mark it is like no other
    return value
