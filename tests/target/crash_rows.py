"""Input for the crash test: rows about many objects, and what an account must hold after them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Iterator

    from tests.support import Row

KEYS = {
    "customers": ("external_id",),
    "people": ("crm_id",),
    "newcomers": ("number",),
    "profiles": ("customer_key",),
    "merges": ("source_external_id",),
    "tickets": ("external_id",),
    "requests": ("number",),
    "messages": ("reply",),
    "ticket_tags": ("ticket_key", "name"),
    "values": ("ticket_key", "custom_field_id"),
    "points": ("customer_key", "custom_field_id"),
}
STREAMS = {
    "people": {"operation": "upsert_customers", "verbs": ["delete"]},
    "tickets": {"verbs": ["delete"]},
    "ticket_tags": {"verbs": ["remove"]},
    "newcomers": "create_customers",
    "profiles": "set_data_customers",
    "merges": "merge_customers",
    "requests": "upsert_tickets",
    "values": {"operation": "set_ticket_custom_fields", "nulls": "write"},
    "points": "set_customer_custom_fields",
}
INTENT, ITEMS, GIFT, POINTS = 504, 506, 507, 510
FIELDS: dict[int, list[Any]] = {
    INTENT: ["a", "b", None],
    ITEMS: [1, 2, None],
    GIFT: [True, False, None],
}
TAGS = ("vip", "late", "gift", "b2b")
SENT = "2026-03-01T12:00:00Z"
STATE_EVERY = 7
SPREAD = 4
"""Slots over which the versions of a record are spread."""
MERGES, DELETIONS = 10, 20
"""Slots of what must come after everything else about an object."""


class Line(NamedTuple):
    """A row of a stream."""

    stream: str
    record: Row

    @property
    def key(self) -> tuple[Any, ...]:
        """Its key within the stream."""
        return tuple(self.record[name] for name in KEYS[self.stream])


class Warehouse:
    """Rows of all streams, several versions of each: in order per record, mixed otherwise.

    So a message may come before its ticket, and a ticket before its customer.
    """

    def __init__(self, chance: random.Random, size: int) -> None:
        self._chance = chance
        self._placed: list[tuple[float, Line]] = []
        self._replies = 0
        for number in range(size):
            self._customer(number)
            self._others(number)
            self._ticket(number)
            self._request(number)
            self._merged(number)
        self.lines = [line for _, line in sorted(self._placed, key=lambda placed: placed[0])]
        newest = {(line.stream, line.key): line for line in self.lines}
        self.newest = list(newest.values())

    def messages(self, lines: list[Line], start: int) -> Iterator[Row]:
        """Lines as a tap gives them from `start` on, with states that say how far it is."""
        for stream, keys in KEYS.items():
            columns = {name for line in self.lines if line.stream == stream for name in line.record}
            schema: Row = {"properties": {name: {} for name in columns | {*keys}}}
            yield {"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": keys}
        for number, (stream, record) in enumerate(lines[start:], start + 1):
            yield {"type": "RECORD", "stream": stream, "record": record}
            if number % STATE_EVERY == 0 or number == len(lines):
                yield {"type": "STATE", "value": {"at": number}}

    def rows(self, stream: str) -> dict[Any, Row]:
        """The newest rows of a stream by key, without those that were deleted."""
        return {
            line.key if len(line.key) > 1 else line.key[0]: line.record
            for line in self.newest
            if line.stream == stream and line.record.get("_gorgias_action") != "delete"
        }

    def customers(self) -> dict[str, Row]:
        """The customers there must be, by external id."""
        data, points, gone = self.rows("profiles"), self.rows("points"), self.rows("merges")
        found = {
            f"{stream}:{key}": _customer(row)
            for stream in ("people", "newcomers")
            for key, row in self.rows(stream).items()
        }
        for key, row in self.rows("customers").items():
            if key not in gone:
                found[key] = _customer(row)
            if key in data:
                found[key]["data"] = data[key]["data"]
            if (key, POINTS) in points:
                found[key]["values"] = {POINTS: points[key, POINTS]["value"]}
        for key, row in gone.items():
            found[row["target_external_id"]]["addresses"].add(f"{key}@example.com")
        return found

    def tickets(self) -> dict[str, Row]:
        """The tickets there must be, by external id."""
        found = {}
        for key, row in self.rows("tickets").items():
            inside = [(None, each["body_text"], each["from_agent"]) for each in row["messages"]]
            found[key] = self._expected(key, row, inside) | {
                "customer": row["customer_email"],
                "status": row["status"],
            }
        for key, row in self.rows("requests").items():
            found[f"requests:{key}"] = self._expected(str(key), row, []) | {
                "customer": f"{row['customer_key']}@example.com",
                "status": "open",
            }
        return found

    def delivered(self) -> list[str]:
        """The messages that are to be sent, by external id."""
        return [
            f"messages:{number}"
            for number, row in self.rows("messages").items()
            if row["from_agent"] and "sent_datetime" not in row
        ]

    def _expected(self, key: str, row: Row, inside: Iterable[Any]) -> Row:
        tags, values = self.rows("ticket_tags"), self.rows("values")
        replies = [
            (f"messages:{number}", each["body_text"], each["from_agent"])
            for number, each in self.rows("messages").items()
            if each["ticket_key"] == key
        ]
        return {
            "subject": row["subject"],
            "tags": {
                tag
                for (ticket, tag), each in tags.items()
                if ticket == key and each["_gorgias_action"] == "add"
            },
            "values": {
                field: each["value"]
                for (ticket, field), each in values.items()
                if ticket == key and each["value"] is not None
            },
            "messages": Counter([*inside, *replies]),
        }

    def _place(self, slot: int, stream: str, *records: Row) -> None:
        """Put the versions of a record one after the other, somewhere from `slot` on."""
        spots = sorted(self._chance.uniform(slot, slot + SPREAD) for _ in records)
        for spot, record in zip(spots, records, strict=True):
            self._placed.append((spot, Line(stream, record)))

    def _versions(self, most: int = 3) -> range:
        return range(1, self._chance.randint(1, most) + 1)

    def _customer(self, number: int) -> None:
        who = {"external_id": f"c{number}", "email": f"c{number}@example.com"}
        names = [who | {"name": f"C{number} version {v}"} for v in self._versions()]
        self._place(0, "customers", *names)
        key = {"customer_key": f"c{number}"}
        points = [key | {"custom_field_id": POINTS, "value": v} for v in self._versions()]
        self._place(0, "points", *points)
        self._place(0, "profiles", *[key | {"data": {"v": v}} for v in self._versions()])

    def _others(self, number: int) -> None:
        """Customers without an external id of their own."""
        who = {"crm_id": number, "email": f"p{number}@example.com"}
        names = [who | {"name": f"P{number} version {v}"} for v in self._versions()]
        self._place(0, "people", *names)
        if self._chance.random() < 0.3:
            self._place(DELETIONS, "people", {"crm_id": number, "_gorgias_action": "delete"})
        self._place(0, "newcomers", {"number": number, "name": f"Newcomer {number}"})

    def _merged(self, number: int) -> None:
        sides = {"source_external_id": f"from{number}", "target_external_id": f"into{number}"}
        for who in sides.values():
            row = {"external_id": who, "email": f"{who}@example.com", "name": who}
            self._place(0, "customers", row)
        self._place(MERGES, "merges", sides)

    def _ticket(self, number: int) -> None:
        ticket = {
            "external_id": f"t{number}",
            "customer_email": f"c{number}@example.com",
            "channel": "email",
            "messages": [self._message(f"First of t{number}", history=True)],
        }
        versions = [
            ticket | {"subject": f"T{number} version {v}", "status": status}
            for v in self._versions()
            for status in [self._chance.choice(["open", "closed"])]
        ]
        self._place(0, "tickets", *versions)
        self._parts(f"t{number}")
        doomed = self._chance.random() < 0.3
        if doomed:
            row = {"external_id": f"t{number}", "_gorgias_action": "delete"}
            self._place(DELETIONS, "tickets", row)
        # A message that went with its ticket cannot be changed when rows are taken up again.
        self._conversation(f"t{number}", least=0, versions=1 if doomed else 2, history=True)

    def _request(self, number: int) -> None:
        """A ticket that comes without messages."""
        ticket = {"number": number, "customer_key": f"c{number}", "channel": "email"}
        versions = [ticket | {"subject": f"Request {number}.{v}"} for v in self._versions()]
        self._place(0, "requests", *versions)
        self._parts(str(number))
        self._conversation(str(number), least=1, versions=2, history=False)

    def _conversation(self, ticket: str, *, least: int, versions: int, history: bool) -> None:
        for _ in range(self._chance.randint(least, 3)):
            self._replies += 1
            row = {"reply": self._replies, "ticket_key": ticket}
            row |= self._message(f"Reply {self._replies}", history=history)
            edited = [row | {"body_text": f"Edited {v}"} for v in self._versions(versions)[1:]]
            self._place(0, "messages", row, *edited)

    def _message(self, text: str, *, history: bool) -> Row:
        """What Gorgias would send to somebody, unless it is history."""
        from_agent = self._chance.random() < 0.5
        message = {"channel": "email", "from_agent": from_agent, "body_text": text}
        sent = from_agent and (history or self._chance.random() < 0.5)
        return message | ({"sent_datetime": SENT} if sent else {})

    def _parts(self, ticket: str) -> None:
        for name in self._chance.sample(TAGS, 2):
            tag = {"ticket_key": ticket, "name": name}
            actions = [self._chance.choice(["add", "remove"]) for _ in self._versions()]
            self._place(0, "ticket_tags", *[tag | {"_gorgias_action": each} for each in actions])
        for field, choices in FIELDS.items():
            value = {"ticket_key": ticket, "custom_field_id": field}
            values = [self._chance.choice(choices) for _ in self._versions()]
            self._place(0, "values", *[value | {"value": each} for each in values])


def _customer(row: Row) -> Row:
    email = row.get("email")
    addresses = {email} if email else set()
    return {
        "email": email,
        "name": row["name"],
        "data": None,
        "values": {},
        "addresses": addresses,
    }
