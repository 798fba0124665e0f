"""Which object of Gorgias a record means."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from target_gorgias.entities import ENTITIES
from target_gorgias.refusals import Refused

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

    def row(self, change: Change, name: str, about: Mapping[str, Any]) -> dict[str, Any] | None:
        """The object of an entity with these fields, as a list shows it; None when there is none.

        Raises:
            Refused: there are several.
        """
        for find in ENTITIES[name].finds:
            if all(about.get(field) is not None for field in {*find.same, *find.filters.values()}):
                found = self._rows(change, find, about)
                if len(found) > 1:
                    message = f"Several {name} have the same {' and '.join(find.same)}."
                    raise Refused(message)
                if found:
                    return found[0]
        return None

    def by_address(self, change: Change, address: str) -> dict[str, Any] | None:
        """The customer whom an e-mail address leads to, be it their first one or not."""
        rows = self._gateway.rows(
            change, "list-customers", channel_type="email", channel_address=address
        )
        return next(rows, None)

    def id_of(self, change: Change, reference: Reference) -> int:
        """The id of the object that a record names.

        Raises:
            NotThereYet: it is named by the key of a record that has not come.
            Refused: there is none, or more than one.
        """
        for way, value in reference.ways.items():
            found = self._by(change, reference.entity, way, value)
            if found is not None:
                return found
        what = reference.entity.removesuffix("s")
        if not reference.ways:
            message = f"Nothing says which {what} is meant."
            raise Refused(message)
        if "key" in reference.ways:
            needs = f"{reference.entity}:{reference.ways['key']}"
            raise NotThereYet(needs)
        message = f"There is no {what} with this {' or '.join(reference.ways)}."
        raise Refused(message)

    def person(self, change: Change, reference: Reference) -> dict[str, Any]:
        """How a body names somebody: by id where it is known, else by e-mail address."""
        ways = reference.ways
        if not ways:
            return {"id": None}
        if reference.entity in {"users", "teams"} or not ways.get("email"):
            entity = "customers" if reference.entity == "people" else reference.entity
            return {"id": self.id_of(change, type(reference)(entity, ways))}
        known = ways.get("id") or self._keyed("customers", ways.get("key"))
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
            return self._keyed(entity, value)
        if (entity, way, value) not in self._known:
            found = self._look(change, entity, way, value)
            if found is None:
                return None
            with self._lock:
                if len(self._known) >= REMEMBERED:
                    self._known.clear()
                self._known[entity, way, value] = found
        return self._known[entity, way, value]

    def _look(self, change: Change, entity: str, way: str, value: Any) -> int | None:  # noqa: ANN401
        if way == "external_id":
            ids = {e.gorgias_id for e in self._ledger.by_external_id(entity, value)} - {None}
            if len(ids) == 1:
                return ids.pop()
        row = self.row(change, entity, {way: value})
        return int(row["id"]) if row else None

    def _keyed(self, entity: str, key: str | None) -> int | None:
        if key is None:
            return None
        ids = {entry.gorgias_id for entry in self._ledger.named(entity, key)} - {None}
        if len(ids) > 1:
            message = f"Records of several streams with this key became {entity}."
            raise Refused(message)
        return ids.pop() if ids else None

    def _rows(self, change: Change, find: Find, about: Mapping[str, Any]) -> list[dict[str, Any]]:
        filters = {parameter: about[field] for parameter, field in find.filters.items()}
        rows = self._gateway.rows(change, find.operation, **filters)
        same = {field: _comparable(field, about[field]) for field in find.same}
        return [
            row
            for row in rows
            if all(_comparable(field, row.get(field)) == value for field, value in same.items())
        ]


def _comparable(field: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
    """E-mail addresses are the same in upper and lower case."""
    return value.casefold() if field == "email" and isinstance(value, str) else value
