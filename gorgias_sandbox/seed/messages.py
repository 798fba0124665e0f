"""Message rows (fact sheet, section 5.5)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from gorgias_sandbox.seed.clock import HOUR, MINUTE, SECOND, stamp
from gorgias_sandbox.seed.dice import pick, turn
from gorgias_sandbox.seed.journal import Dated, number

if TYPE_CHECKING:
    from random import Random

    from gorgias_sandbox.dataset import Row, Table
    from gorgias_sandbox.seed.cases import Body
    from gorgias_sandbox.seed.customers import Patron

_FIRST_ID = 220_000_001
_BLANK: Row = {
    "id": 0,
    "uri": "",
    "message_id": None,
    "ticket_id": 0,
    "external_id": None,
    "public": True,
    "channel": "",
    "via": "helpdesk",
    "source": None,
    "sender_id": None,
    "receiver_id": None,
    "auth_customer_identity": None,
    "integration_id": None,
    "rule_id": None,
    "intents": [],
    "from_agent": True,
    "subject": None,
    "body_text": None,
    "body_html": None,
    "stripped_text": None,
    "stripped_html": None,
    "stripped_signature": None,
    "attachments": None,
    "actions": None,
    "macros": [],
    "headers": None,
    "meta": None,
    "imported": False,
    "created_datetime": "",
    "processed_datetime": None,
    "sent_datetime": None,
    "failed_datetime": None,
    "opened_datetime": None,
    "deleted_datetime": None,
    "last_sending_error": None,
    "is_retriable": False,
    "replied_by": None,
    "replied_to": None,
}
_NOTE: Row = _BLANK | {
    "public": False,
    "channel": "internal-note",
    "source": {"type": "internal-note"},
    "macros": None,
}
_INCOMING: Row = _BLANK | {"from_agent": False, "is_retriable": True}
_SOCIAL = {"instagram-comment", "instagram-direct-message", "facebook-messenger"}
_HEADERS = {"X-Mailer": "Acme Mail 4", "Auto-Submitted": "no", "Content-Language": "en"}
_PAGE = {"current_page": "https://shop.acme.example/help"}
_ACTION: Row = {
    "name": "http",
    "title": "Tell the warehouse",
    "type": "system",
    "status": "success",
    "arguments": {"method": "POST", "url": "https://warehouse.example/hook"},
}
_FILES = (  # name, extension, content type
    ("photo", "jpg", "image/jpeg"),
    ("label", "pdf", "application/pdf"),
    ("Rechnung März", "pdf", "application/pdf"),
    ("screenshot", "png", "image/png"),
)


class Scribe:
    """Writes messages; they get their ids, which follow time, in `finish`.

    Args:
        rng: source of randomness.
        now: nothing happens later than this, in microseconds since 1970.
    """

    def __init__(self, rng: Random, now: int) -> None:
        self._rng = rng
        self._now = now
        self._pending: list[Dated] = []

    def finish(self) -> Table:
        """The rows of `messages`."""
        table = number(self._pending, _FIRST_ID)
        for message_id, row in table.items():
            row["uri"] = f"/api/tickets/{row['ticket_id']}/messages/{message_id}/"
        return table

    def received(self, ticket: Row, patron: Patron, body: Body, at: int) -> Row:
        """A message from the customer."""
        channel, serial = patron.channel, len(self._pending)
        row = _INCOMING.copy()
        created = self._date(row, ticket, at)
        row["channel"] = channel.name
        row["via"] = channel.via
        row["source"] = None if ticket["imported"] is None else patron.source_in
        row["sender_id"] = patron.row["id"]
        row["integration_id"] = channel.integration_id
        if channel.name != "phone":
            self._fill(row, body, ticket, rich=channel.rich)
        row["sent_datetime"] = _whole_seconds(created) if channel.rich else created
        if channel.rich and turn(serial, 9, 1):
            row["headers"] = _HEADERS
        elif channel.name == "chat":
            row["meta"] = _PAGE
            if turn(serial, 2):
                row["auth_customer_identity"] = {"provider": "shopify", "id": str(row["sender_id"])}
        if turn(serial, 53, 7):
            row["external_id"] = f"ext-{at}"
        if turn(serial, 41, 20):
            row["deleted_datetime"] = self._unless_future(at + 10 * MINUTE)
        return row

    def sent(self, ticket: Row, patron: Patron, body: Body, at: int, sender_id: int) -> Row:
        """A public message to the customer."""
        channel, serial = patron.channel, len(self._pending)
        row = _BLANK.copy()
        created = self._date(row, ticket, at)
        row["channel"] = channel.reply_name
        row["source"] = patron.source_out
        row["sender_id"] = sender_id
        row["receiver_id"] = patron.row["id"]
        row["integration_id"] = channel.integration_id
        self._fill(row, body, ticket, rich=channel.rich)
        if turn(serial, 79, 3):
            row["failed_datetime"] = created
            row["last_sending_error"] = {"error": "The mailbox of the recipient is full."}
            row["is_retriable"] = True
            return row
        row["sent_datetime"] = _whole_seconds(created) if channel.rich else created
        if turn(serial, 4, 1):
            row["opened_datetime"] = self._unless_future(at + HOUR + serial * SECOND)
        if turn(serial, 31, 5):
            row["actions"] = [_ACTION]
        return row

    def noted(self, ticket: Row, body: Body, at: int, sender_id: int) -> Row:
        """An internal note, which nobody outside gets."""
        row = _NOTE.copy()
        self._date(row, ticket, at)
        row["sender_id"] = sender_id
        row["body_text"] = row["stripped_text"] = body.text
        row["body_html"] = row["stripped_html"] = body.html
        return row

    def attach(self, row: Row) -> None:
        """Attach a file (fact sheet, section 8)."""
        rng = self._rng
        name, extension, content_type = pick(rng, _FILES)
        place = f"{name}-{rng.getrandbits(64):016x}.{extension}".replace(" ", "%20")
        row["attachments"] = [
            {
                "url": f"https://uploads.example/attachments/ab12/{place}",
                "name": f"{name}.{extension}",
                "size": rng.randrange(8_000, 4_000_000),
                "content_type": content_type,
                "public": True,
                "extra": None,
            }
        ]

    def _date(self, row: Row, ticket: Row, at: int) -> str:
        """Put the row among those to be numbered; returns when it was created."""
        created = stamp(at)
        row["ticket_id"] = ticket["id"]
        row["created_datetime"] = created
        row["imported"] = ticket["imported"]
        if ticket["imported"] is False:
            row["processed_datetime"] = created
        self._pending.append((at, row))
        return created

    def _fill(self, row: Row, body: Body, ticket: Row, *, rich: bool) -> None:
        row["stripped_text"] = body.stripped
        if rich:
            row["message_id"] = f"<{self._rng.getrandbits(64):016x}@mail.example>"
            row["subject"] = ticket["subject"]
            row["body_text"] = body.text
            row["body_html"] = body.html
            row["stripped_html"] = body.stripped_html
            row["stripped_signature"] = body.signature
        else:
            row["body_text"] = body.stripped
            if row["channel"] in _SOCIAL:
                row["message_id"] = f"m_{self._rng.getrandbits(64):016x}"

    def _unless_future(self, at: int) -> str | None:
        return stamp(at) if at <= self._now else None


def _whole_seconds(printed: str) -> str:
    """Mail servers know no fractions of a second."""
    return f"{printed[:19]}+00:00"


def link_replies(messages: list[Row]) -> None:
    """Let neighbouring social messages refer to each other."""
    for question, reply in pairwise(messages):
        if question["channel"] in _SOCIAL and not question["from_agent"] and reply["from_agent"]:
            question["replied_by"] = _reference(reply)
            reply["replied_to"] = _reference(question)


def _reference(row: Row) -> Row:
    names = ("integration_id", "message_id", "created_datetime", "body_text")
    return {name: row[name] for name in names}
