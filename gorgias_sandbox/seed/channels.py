"""The ways in: each channel with its `via`, `source` and integration (fact sheet, annex 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from gorgias_sandbox.dataset import Row, Table

_EMAIL = "email"
_WAYS = (  # share, channel, via, source type, integration name, minutes to answer, rich text
    (43, _EMAIL, "email", "email", "Acme Support", 150, True),
    (9, _EMAIL, "email", "email", "Acme Orders", 120, True),
    (16, "chat", "gorgias_chat", "chat", "Acme Chat", 3, False),
    (8, "contact_form", "contact_form", "contact-form", "Acme Support", 170, True),
    (4, "help-center", "help-center", "help-center-contact-form", "Acme Support", 170, True),
    (5, "instagram-direct-message", *("instagram-direct-message",) * 2, "Acme Social", 45, False),
    (3, "facebook-messenger", *("facebook-messenger",) * 2, "Acme Social", 50, False),
    (2, "instagram-comment", *("instagram-comment",) * 2, "Acme Social", 90, False),
    (5, "phone", "twilio", "phone", "Acme Phone", 2, False),
    (2, "sms", "sms", "sms", "Acme Text", 12, False),
    (3, "whatsapp", "whatsapp", "whatsapp-message", "Acme WhatsApp", 15, False),
)
_ANSWERED_BY_EMAIL = {"contact_form", "help-center"}


@dataclass(frozen=True)
class Channel:
    """One way in.

    Attributes:
        name: `channel` of tickets and messages.
        via: `via` of the customer's messages.
        source_type: `source.type` of the customer's messages.
        reply_name: `channel` of the answers: a form is answered by e-mail.
        integration_id: the integration that carries it.
        mailbox: the shop's own name and address.
        badge: `integrations` of the tickets.
        typical_minutes: time to a first answer during opening hours.
        rich: whether messages have a subject, HTML and signatures.
    """

    name: str
    via: str
    source_type: str
    reply_name: str
    integration_id: int
    mailbox: Row
    badge: list[Row]
    typical_minutes: float
    rich: bool

    def incoming(self, person: Row) -> Row:
        """`source` of what the person sends."""
        if self.name == "phone":
            return {"type": "phone"}
        return _source(self.source_type, person, self.mailbox)

    def outgoing(self, person: Row) -> Row:
        """`source` of what the person gets."""
        if self.name == "phone":
            return {"type": "phone"}
        kind = _EMAIL if self.name in _ANSWERED_BY_EMAIL else self.source_type
        return _source(kind, self.mailbox, person)


class Switchboard:
    """Deals channels like cards, so that a small account has its share of each, too.

    Args:
        rng: source of randomness.
        integrations: the table that carries the channels.
    """

    def __init__(self, rng: Random, integrations: Table) -> None:
        by_name = {row["name"]: row for row in integrations.values()}
        self._deck: list[Channel] = []
        for way in _WAYS:
            self._deck += [_channel(by_name[way[4]], way)] * way[0]
        self._hand: list[Channel] = []
        self._rng = rng

    def draw(self) -> Channel:
        """Where the next new customer writes."""
        if not self._hand:
            self._hand = self._rng.sample(self._deck, k=len(self._deck))
        return self._hand.pop()


def _channel(integration: Row, way: tuple[int, str, str, str, str, float, bool]) -> Channel:
    _, name, via, source_type, _, minutes, rich = way
    address = integration["meta"]["address"]
    return Channel(
        name=name,
        via=via,
        source_type=source_type,
        reply_name=_EMAIL if name in _ANSWERED_BY_EMAIL else name,
        integration_id=integration["id"],
        mailbox={"name": integration["name"], "address": address},
        badge=[{"name": integration["name"], "address": address, "type": integration["type"]}],
        typical_minutes=minutes,
        rich=rich,
    )


def _source(kind: str, sender: Row, recipient: Row) -> Row:
    return {
        "type": kind,
        "from": sender,
        "to": [recipient],
        "cc": [],
        "bcc": [],
        "extra": {"include_thread": False},
    }
