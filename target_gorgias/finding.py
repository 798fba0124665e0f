"""Which object of Gorgias a record means."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from target_gorgias.creating import mark_of
from target_gorgias.entities import ENTITIES, JOB_KEY
from target_gorgias.refusals import Refused, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_gorgias.changes import Change, Reference
    from target_gorgias.entities import Find
    from target_gorgias.gateway import Gateway
    from target_gorgias.ledger import Ledger

REMEMBERED = 10_000
"""Objects of other streams whose ids are kept in memory."""


class NotThereYet(Exception):  # noqa: N818 - it is no error
    """A record needs an object that no record has become yet. `needs` names it."""

    def __init__(self, needs: str) -> None:
        super().__init__(needs)
        self.needs = needs


def need(entity: str, way: str, value: object) -> str:
    """What a record needs that names an object by a value."""
    return f"{entity}:{value}" if way == "key" else f"{entity} {way}:{str(value).casefold()}"


def did_not_come(needs: str) -> str:
    """What it means that a need was not met."""
    what, _, value = needs.partition(":")
    entity, _, way = what.partition(" ")
    if way:
        return f"There is no {singular(entity)} with this {way}."
    return f"No row of {entity} with the key {value} was written: is its stream missing?"


def singular(entity: str) -> str:
    """What one object of an entity is called."""
    return entity.removesuffix("s").replace("_", " ")


class Finder:
    """Finds objects: in the ledger, else through the filters of lists, never by reading them all.

    Safe to share between threads.
    """

    def __init__(self, gateway: Gateway, ledger: Ledger) -> None:
        self._gateway = gateway
        self._ledger = ledger
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str, Any], int] = {}
        self._users: dict[str, int | None] = {}
        self.gone: set[tuple[str, int]] = set()
        """Entities and ids that the ledger has, and Gorgias no longer."""

    def row(self, change: Change, name: str, about: Mapping[str, Any]) -> dict[str, Any] | None:
        """The object of an entity with these fields, as a list shows it; None when there is none.

        Raises:
            Refused: there are several.
        """
        for find in ENTITIES[name].finds:
            if all(about.get(field) is not None for field in {*find.same, *find.filters.values()}):
                found = self._rows(change, find, about)
                if change.route.foreign and name == change.route.name:
                    # In the other account, several may have the same external id.
                    found = [row for row in found if not self._is_anothers(change, row)]
                if len(found) > 1:
                    message = f"Several {name} have the same {' and '.join(find.same)}."
                    raise Refused(message)
                if found:
                    return found[0]
        return None

    def forget(self) -> None:
        """An object is gone; what named it may name another one now."""
        with self._lock:
            self._known.clear()

    def let_go(self, gone: set[tuple[str, int]]) -> None:
        """Trust the ledger no longer that these are there."""
        with self._lock:
            self.gone |= gone
            self._known.clear()

    def by_external_id(self, entity: str, external_id: str) -> int | None:
        """The one object that was written with this external id, as far as the ledger knows."""
        ids = self._ledger.by_external_id(entity, external_id)
        ids = {each for each in ids if (entity, each) not in self.gone}
        return ids.pop() if len(ids) == 1 else None

    def by_address(self, change: Change, address: str) -> dict[str, Any] | None:
        """The customer whom an e-mail address leads to, be it their first one or not."""
        rows = self._gateway.rows(
            change, "list-customers", channel_type="email", channel_address=address
        )
        return next(rows, None)

    def id_of(self, change: Change, reference: Reference) -> int:
        """The id of the object that a record names.

        Raises:
            NotThereYet: there is none, as far as the records have come.
            Refused: there is more than one.
        """
        for way, value in reference.ways.items():
            found = self._by(change, reference.entity, way, value)
            if found is not None:
                return found
        if not reference.ways:
            message = f"Nothing says which {singular(reference.entity)} is meant."
            raise Refused(message)
        raise NotThereYet(need(reference.entity, *min(reference.ways.items(), key=_key_first)))

    def person(self, change: Change, reference: Reference) -> dict[str, Any] | None:
        """How a body names somebody: by id where it is known, else by e-mail address."""
        ways = reference.ways
        if not ways:
            return None if reference.entity == "customers" else {"id": None}
        if reference.entity in {"users", "teams"} or not ways.get("email"):
            entity = "customers" if reference.entity == "people" else reference.entity
            return {"id": self.id_of(change, type(reference)(entity, ways))}
        known = ways.get("id") or self._keyed(change, "customers", ways.get("key"))
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
        if way == "key":
            return self._keyed(change, entity, value)
        known = self._known.get((entity, way, value))
        if known is None and (known := self._look(change, entity, way, value)) is not None:
            with self._lock:
                if len(self._known) >= REMEMBERED:
                    self._known.clear()
                self._known[entity, way, value] = known
        return known

    def _look(self, change: Change, entity: str, way: str, value: Any) -> int | None:  # noqa: ANN401
        if way == "external_id":
            found = self.by_external_id(entity, value)
            if found is not None:
                return found
        row = self.row(change, entity, {way: value})
        return int(row["id"]) if row else None

    def _keyed(self, change: Change, entity: str, key: str | None) -> int | None:
        if key is None:
            return None
        ids = self._ledger.named(entity, key)
        left = {each for each in ids if (entity, each) not in self.gone}
        if len(left) > 1:
            message = f"Records of several streams with this key became {entity}."
            raise Refused(message)
        if ids and not left:
            return self._again(change, entity, key, ids)
        return left.pop() if left else None

    def _again(self, change: Change, entity: str, key: str, gone: set[int]) -> int:
        """The object of a record that is no longer there under the id it had.

        Raises:
            Refused: it is not there at all.
        """
        for stream, own in self._ledger.marks(entity, key) if ENTITIES[entity].marked else ():
            row = self.row(change, entity, {"external_id": mark_of(stream, key, own)})
            if row:
                for each in gone:
                    self._ledger.move(entity, each, row["id"])
                return int(row["id"])
        what = singular(entity)
        refused = Refused(f"The {what} that the row with the key {key} became is gone.")
        refused.logged = f"The {what} that the row with the key {shown(key)} became is gone."
        raise refused

    def _is_anothers(self, change: Change, row: Mapping[str, Any]) -> bool:
        return self._ledger.is_anothers(change.stream, change.key, row["id"])

    def _rows(self, change: Change, find: Find, about: Mapping[str, Any]) -> list[dict[str, Any]]:
        filters = {parameter: about[field] for parameter, field in find.filters.items()}
        rows = self._gateway.rows(change, find.operation, **filters)
        same = {field: _comparable(field, about[field]) for field in find.same}
        return [
            row
            for row in rows
            if all(_comparable(field, row.get(field)) == value for field, value in same.items())
        ]


def _key_first(way: tuple[str, object]) -> bool:
    return way[0] != "key"


def _comparable(field: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
    """E-mail addresses are the same in upper and lower case, jobs by what they are marked with."""
    if field == "email" and isinstance(value, str):
        return value.casefold()
    if field == "meta" and isinstance(value, dict):
        return value.get(JOB_KEY, object())  # without a mark it is like no other
    return value
