"""The customers: who writes, from which address, and what the shop knows of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gorgias_sandbox.seed.clock import DAY, HOUR, SECOND, next_sweep, stamp
from gorgias_sandbox.seed.dice import chance, pick, turn

if TYPE_CHECKING:
    from random import Random

    from gorgias_sandbox.dataset import Row, Table
    from gorgias_sandbox.seed.catalogue import Catalogue
    from gorgias_sandbox.seed.channels import Channel
    from gorgias_sandbox.seed.journal import Journal
    from gorgias_sandbox.seed.names import NamePool

_SHARES = {"en": 60, "fr": 13, "de": 12, "es": 7, "ja": 4, "ar": 2, "th": 2}
_LANGUAGES = [language for language, share in _SHARES.items() for _ in range(share)]
_MAIL_HOSTS = ("example.com", "example.com", "example.org", "example.net")
_FIRST_CHANNEL_ID = 901_000_001
_MERGED_EVERY, _DELETED_EVERY = 61, 83
_PLANS = ("basic", "silver", "gold")
_SET_VIA_AGENT, _SET_VIA_EMAIL = {"name_set_via": "agent"}, {"name_set_via": "email"}
_ADDRESS_TYPES = {
    "phone": "phone",
    "sms": "phone",
    "whatsapp": "whatsapp",
    "chat": "chat",
    "instagram-direct-message": "instagram-direct-message",
    "instagram-comment": "instagram",
    "facebook-messenger": "facebook",
    "facebook": "facebook",
}


class Patron:
    """A customer together with the way they like to write.

    Attributes:
        row: the customer's row.
        channel: where they write.
        language: the language they write in, even when the shop has not noticed.
        source_in: `source` of the messages they send.
        source_out: `source` of the messages they get.
    """

    __slots__ = ("channel", "language", "row", "source_in", "source_out")

    def __init__(self, row: Row, channel: Channel, language: str, address: str) -> None:
        person = {"name": row["name"], "address": address}
        self.row = row
        self.channel = channel
        self.language = language
        self.source_in = channel.incoming(person)
        self.source_out = channel.outgoing(person)


class Crowd:
    """Everybody who ever wrote.

    Args:
        rng: source of randomness.
        names: where names come from.
        journal: where changes are written down.
        catalogue: ids of custom fields and staff.
        first_id: the lowest customer id; users and customers share one sequence.
        now: nothing happens later than this, in microseconds since 1970.
    """

    def __init__(
        self,
        rng: Random,
        names: NamePool,
        journal: Journal,
        catalogue: Catalogue,
        first_id: int,
        now: int,
    ) -> None:
        self.table: Table = {}
        self.merged: dict[int, int] = {}
        self._patrons: list[Patron] = []
        self._rng = rng
        self._names = names
        self._journal = journal
        self._catalogue = catalogue
        self._next_id = first_id
        self._next_channel_id = _FIRST_CHANNEL_ID
        self._taken: set[str] = set()
        self._now = now

    def regular(self) -> Patron | None:
        """Somebody who wrote before; None when nobody has."""
        return pick(self._rng, self._patrons) if self._patrons else None

    def welcome(self, at: int, channel: Channel) -> Patron:
        """A new customer, who writes for the first time at `at`."""
        serial = len(self._patrons) + 1
        language = pick(self._rng, _LANGUAGES)
        row = self._row(self._take_id(), serial, language, at)
        patron = Patron(row, channel, language, self._give_addresses(row, channel, serial, at))
        self._describe(row, serial, at)
        self.table[row["id"]] = row
        self._patrons.append(patron)
        if turn(serial, _MERGED_EVERY):
            self._merge_double(row["id"], at)
        if turn(serial, _DELETED_EVERY):
            self._delete_stranger(at)
        return patron

    def _take_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _row(self, customer_id: int, serial: int, language: str, at: int) -> Row:
        (first, first_slug), (last, last_slug) = self._names.draw(language)
        host = pick(self._rng, _MAIL_HOSTS)
        local = f"{first_slug}.{last_slug}".strip(".") or "guest"
        email = f"{local}@{host}"
        if email in self._taken:
            email = f"{local}.{customer_id}@{host}"
        self._taken.add(email)
        unnamed = turn(serial, 23, 6)
        born = stamp(at)
        return {
            "id": customer_id,
            "external_id": f"crm-{customer_id}" if turn(serial, 3) else None,
            "active": True,
            "email": email,
            "name": None if unnamed else f"{first} {last}",
            "firstname": "" if unnamed else first,
            "lastname": "" if unnamed else last,
            "language": language if serial % 5 else None,
            "timezone": self._names.timezone(language) if turn(serial, 4) else None,
            "created_datetime": born,
            "updated_datetime": born,
            "meta": (None, _SET_VIA_EMAIL, _SET_VIA_EMAIL, _SET_VIA_AGENT)[serial % 4],
            "data": None,
            "note": None,
            "field_values": {},
            "channels": [],
            "integrations": {},
            "external_data": {},
            "ecommerce_data": {},
        }

    def _give_addresses(self, row: Row, channel: Channel, serial: int, at: int) -> str:
        """Fill `channels`; returns the address the customer writes from."""
        kind = _ADDRESS_TYPES.get(channel.name, "email")
        if kind == "email":
            self._add_channel(row, "email", row["email"], at)
            if turn(serial, 13):
                self._add_channel(row, "phone", _phone_number(serial), at)
            return str(row["email"])
        by_phone = kind in {"phone", "whatsapp"}
        address = _phone_number(serial) if by_phone else f"{kind}-{row['id']}"
        self._add_channel(row, kind, address, at)
        if kind == "chat" or turn(serial, 3):
            self._add_channel(row, "email", row["email"], at)
        else:
            row["email"] = None
        return address

    def _add_channel(self, row: Row, kind: str, address: str, at: int) -> None:
        person = {"id": row["id"], "name": row["name"]}
        added = row["created_datetime"]
        former = len(row["channels"]) > 0 and row["id"] % 7 == 0
        row["channels"].append(
            {
                "id": self._next_channel_id,
                "type": kind,
                "address": address,
                "preferred": not row["channels"],
                "created_datetime": added,
                "updated_datetime": added,
                "deleted_datetime": stamp(at + HOUR) if former and at + HOUR < self._now else None,
                "user": person,
                "customer": person,
            }
        )
        self._next_channel_id += 1

    def _describe(self, row: Row, serial: int, at: int) -> None:
        """What was learnt about the customer later: shop data, notes, field values, edits."""
        rng = self._rng
        if turn(serial, 5, 1):
            row["integrations"] = {str(self._catalogue.shop_id): self._shopper(row)}
        if turn(serial, 12, 1):
            plan = _PLANS[serial % len(_PLANS)]
            row["external_data"] = {"6a00f0c0": {"__app_name__": "Loyalty Club", "plan": plan}}
        if turn(serial, 17, 4):
            row["data"] = {"lifetime_value": rng.randrange(900_000) / 100, "segments": ["b2c"]}
        if turn(serial, 4, 3):
            row["field_values"] = self._catalogue.customer_values(rng)
        if turn(serial, 6, 5):
            self._edit(row, next_sweep(at), "Imported from the shop system.")
        elif turn(serial, 11, 3):
            edited = at + int(rng.expovariate(1 / 40) * DAY)
            self._edit(row, edited, "Prefers to be called back in the afternoon ☎")

    def _edit(self, row: Row, at: int, note: str) -> None:
        if at <= self._now:
            row["note"] = note
            row["updated_datetime"] = stamp(at)
            agent = self._catalogue.any_agent(self._rng)
            self._journal.record(at, "customer-updated", row["id"], agent, self._journal.cause())

    def _shopper(self, row: Row) -> Row:
        rng = self._rng
        order = {
            "id": 5_400_000_000 + rng.randrange(10**8),
            "name": f"#{rng.randrange(100_000, 999_999)}",
            "total_price": f"{rng.randrange(900, 25_000) / 100:.2f}",
            "currency": "USD",
            "financial_status": "paid",
            "fulfillment_status": "fulfilled" if chance(rng, 0.8) else None,
        }
        shopper = {"id": 7_100_000_000 + row["id"], "orders_count": rng.randrange(1, 9)}
        return {"__integration_type__": "shopify", "customer": shopper, "orders": [order]}

    def _merge_double(self, survivor: int, at: int) -> None:
        """A second entry of the same person existed for a while and was merged away."""
        source, journal = self._take_id(), self._journal
        journal.record(at + SECOND, "customer-created", source, None, journal.cause())
        merged = min(at + int(self._rng.random() * 5 * DAY) + 2 * SECOND, self._now)
        agent, cause = self._catalogue.any_agent(self._rng), journal.cause()
        journal.record(merged, "customer-deleted", source, agent, cause)
        data = {"source_customer_id": source}
        journal.record(merged, "customer-merged", survivor, agent, cause, data)
        self.merged[source] = survivor

    def _delete_stranger(self, at: int) -> None:
        """Somebody was entered by an agent and later deleted on request."""
        gone, journal = self._take_id(), self._journal
        agent = self._catalogue.any_agent(self._rng)
        journal.record(at + SECOND, "customer-created", gone, agent, journal.cause())
        deleted = min(at + int(self._rng.random() * 20 * DAY) + 2 * SECOND, self._now)
        journal.record(deleted, "customer-deleted", gone, agent, journal.cause())


def _phone_number(serial: int) -> str:
    """A number nobody has: the exchange 555-01xx is kept for fiction."""
    area, line = divmod(serial, 100)
    return f"+1{200 + area % 800}55501{line:02d}"
