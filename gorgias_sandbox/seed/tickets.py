"""The tickets of two years, each with its conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gorgias_sandbox.seed.channels import Switchboard
from gorgias_sandbox.seed.clock import DAY, SECOND, stamp
from gorgias_sandbox.seed.conversation import Conversation, Move
from gorgias_sandbox.seed.dice import chance, pick, turn
from gorgias_sandbox.seed.messages import Scribe
from gorgias_sandbox.seed.surveys import SurveyDesk
from gorgias_sandbox.seed.voice import Exchange

if TYPE_CHECKING:
    from random import Random

    from gorgias_sandbox.dataset import Row, Table
    from gorgias_sandbox.seed.cases import Case, CaseBook
    from gorgias_sandbox.seed.catalogue import Catalogue
    from gorgias_sandbox.seed.customers import Crowd, Patron
    from gorgias_sandbox.seed.journal import Journal

FIRST_TICKET_ID = 83_000_001

_C = Conversation
_PLOTS: tuple[tuple[int, tuple[Move, ...]], ...] = (  # share, moves
    (36, (_C.ask, _C.answer)),
    (26, (_C.ask, _C.answer, _C.thank)),
    (7, (_C.ask, _C.nudge, _C.answer)),
    (8, (_C.ask, _C.note, _C.answer, _C.thank)),
    (5, (_C.ask, _C.auto_answer, _C.answer)),
    (7, (_C.ask, _C.answer, _C.come_back, _C.answer)),
    (8, (_C.ask,)),
    (3, (_C.reach_out, _C.thank)),
)
_PLOT_DECK = [plot for share, plot in _PLOTS for _ in range(share)]
_PHONE_PLOT: tuple[Move, ...] = (_C.call, _C.note)
_QUIRK_PLOTS: dict[str | None, tuple[Move, ...]] = {
    "spam": (_C.ask,),
    "emptied": (),
    "internal": (_C.note,),
}
_PRIORITIES = ("normal",) * 44 + ("high",) * 4 + ("low", "critical")
_QUIRK_PERIOD = 97
_QUIRKS = {
    11: "deleted",
    23: "trashed",
    35: "spam",
    47: "emptied",
    59: "ownerless",
    71: "internal",
}
_QUIRK_EVENTS: dict[str | None, str] = {
    "trashed": "ticket-trashed",
    "spam": "ticket-marked-spam",
    "snoozed": "ticket-snoozed",
}
_SNOOZED_FROM_END = (6, 8, 9)
_IMPORTED_SHARE = 0.1
_BLANK: Row = {
    "id": 0,
    "uri": "",
    "external_id": None,
    "status": "open",
    "priority": "normal",
    "channel": "",
    "via": "",
    "from_agent": False,
    "spam": False,
    "imported": False,
    "customer_id": None,
    "assignee_user_id": None,
    "assignee_team_id": None,
    "language": None,
    "subject": None,
    "summary": None,
    "excerpt": None,
    "messages_count": 0,
    "integrations": [],
    "last_sent_message_not_delivered": False,
    "meta": None,
    "tag_ids": [],
    "field_values": {},
    "is_unread": False,
    "created_datetime": "",
    "updated_datetime": "",
    "processed_datetime": None,
    "opened_datetime": None,
    "last_received_message_datetime": None,
    "last_message_datetime": None,
    "closed_datetime": None,
    "snooze_datetime": None,
    "trashed_datetime": None,
}


class Desk:
    """Where tickets are written: what all conversations share.

    Args:
        rng: source of randomness.
        catalogue: the set-up of the shop.
        cases: what is written about.
        crowd: who writes.
        journal: where it is written down.
        moments: when the tickets arrive, ascending, in microseconds since 1970.
        now: nothing happens later than this.
    """

    def __init__(  # noqa: PLR0913 - everything a conversation draws on
        self,
        *,
        rng: Random,
        catalogue: Catalogue,
        cases: CaseBook,
        crowd: Crowd,
        journal: Journal,
        moments: list[int],
        now: int,
    ) -> None:
        self.rng = rng
        self.catalogue = catalogue
        self.journal = journal
        self.now = now
        self.opening = moments[0] if moments else now
        self.scribe = Scribe(rng, now)
        self.exchange = Exchange(rng, catalogue.phone_number)
        self._surveys = SurveyDesk(rng, journal, now)
        self._cases = cases
        self._crowd = crowd
        self._switchboard = Switchboard(rng, catalogue.tables["integrations"])
        self._moments = moments
        self._tickets: Table = {}

    def write(self) -> dict[str, Table]:
        """The tables of tickets and of everything that hangs on them."""
        for index, at in enumerate(self._moments):
            self._write_ticket(index, at)
        return {
            "tickets": self._tickets,
            "messages": self.scribe.finish(),
            "satisfaction_surveys": self._surveys.finish(),
            **self.exchange.finish(),
        }

    def _write_ticket(self, index: int, at: int) -> None:
        ticket_id = FIRST_TICKET_ID + index
        quirk = self._quirk(index)
        if quirk == "deleted":
            self._leave_trace(ticket_id, at)
            return
        patron = self._patron(index, at)
        plot = self._plot(patron, quirk)
        case = self._case(patron, quirk, plot)
        ticket = _blank(ticket_id, patron, case, stamp(at))
        self._mark_import(ticket, index)
        conversation = Conversation(self, ticket, patron, case, at)
        self.journal.record(at, "ticket-created", ticket_id, None, conversation.context(at))
        self._classify(ticket, conversation, case)
        if quirk == "internal":
            _make_internal(ticket)
        if conversation.play(plot) and quirk != "snoozed" and chance(self.rng, 0.98):
            self._close(conversation, ticket)
        self._apply(quirk, conversation, ticket)
        conversation.sum_up()
        self._tickets[ticket_id] = ticket

    def _quirk(self, index: int) -> str | None:
        if len(self._moments) - index in _SNOOZED_FROM_END:
            return "snoozed"
        return _QUIRKS.get(index % _QUIRK_PERIOD)

    def _leave_trace(self, ticket_id: int, at: int) -> None:
        """A ticket that was deleted for good: only its events remain."""
        journal = self.journal
        journal.record(at, "ticket-created", ticket_id, None, journal.cause())
        deleted = min(at + int(self.rng.random() * 9 * DAY) + SECOND, self.now)
        agent = self.catalogue.any_agent(self.rng)
        journal.record(deleted, "ticket-deleted", ticket_id, agent, journal.cause())

    def _patron(self, index: int, at: int) -> Patron:
        """Two writers in five have written before."""
        known = None if index == 0 or chance(self.rng, 0.6) else self._crowd.regular()
        return known or self._crowd.welcome(at, self._switchboard.draw())

    def _plot(self, patron: Patron, quirk: str | None) -> tuple[Move, ...]:
        if quirk in _QUIRK_PLOTS:
            return _QUIRK_PLOTS[quirk]
        if patron.channel.name == "phone":
            return _PHONE_PLOT
        return pick(self.rng, _PLOT_DECK)

    def _case(self, patron: Patron, quirk: str | None, plot: tuple[Move, ...]) -> Case:
        if quirk == "spam":
            return self._cases.spam
        by_mail = quirk is None and patron.channel.name == "email" and plot[0] is _C.ask
        odd = self._cases.draw_odd() if by_mail else None
        return odd or self._cases.draw(patron.language)

    def _mark_import(self, ticket: Row, index: int) -> None:
        """The first tickets came from the help desk the shop had before."""
        if index < _IMPORTED_SHARE * len(self._moments):
            old = turn(index, 3)
            ticket["imported"] = None if old else True
            ticket["from_agent"] = None if old else False
            ticket["external_id"] = f"legacy-{10_000 + index}"
            ticket["meta"] = {"imported_from": "legacy desk"}
            ticket["processed_datetime"] = None

    def _classify(self, ticket: Row, conversation: Conversation, case: Case) -> None:
        rng, catalogue = self.rng, self.catalogue
        ticket["priority"] = pick(rng, _PRIORITIES)
        if chance(rng, 0.75):
            ticket["tag_ids"] = catalogue.tags_for(case, rng)
            if chance(rng, 0.35):
                tags = {"tags_added": list(ticket["tag_ids"])}
                conversation.tell(conversation.at, "ticket-tags-added", None, tags)
        if case.intents and chance(rng, 0.7):
            ticket["field_values"] = catalogue.ticket_values(case, rng, solved=chance(rng, 0.8))

    def _close(self, conversation: Conversation, ticket: Row) -> None:
        unanswered = ticket["assignee_user_id"] is None
        by_sweep = unanswered or chance(self.rng, 0.12)
        closed = conversation.close(by_sweep=by_sweep)
        if closed and ticket["customer_id"] is not None and chance(self.rng, 0.2):
            self._surveys.ask(ticket, conversation.at)

    def _apply(self, quirk: str | None, conversation: Conversation, ticket: Row) -> None:
        """Bring the ticket into one of the rarer states."""
        if quirk == "ownerless":
            _forget_customer(ticket, conversation.messages)
        kind = _QUIRK_EVENTS.get(quirk)
        if kind is None:
            return
        at = conversation.at = min(conversation.at + SECOND, self.now)
        agent = self.catalogue.any_agent(self.rng)
        self.journal.record(at, kind, ticket["id"], agent, self.journal.cause())
        if quirk == "spam":
            ticket["spam"] = True
        elif quirk == "trashed":
            ticket["trashed_datetime"] = stamp(at)
        else:
            ticket["snooze_datetime"] = stamp(self.now // SECOND * SECOND + 3 * DAY)


def _blank(ticket_id: int, patron: Patron, case: Case, created: str) -> Row:
    channel, row = patron.channel, _BLANK.copy()
    row["id"] = ticket_id
    row["uri"] = f"/api/tickets/{ticket_id}/"
    row["channel"] = channel.name
    row["via"] = channel.via
    row["customer_id"] = patron.row["id"]
    row["integrations"] = channel.badge
    row["tag_ids"] = []
    row["field_values"] = {}
    row["created_datetime"] = row["processed_datetime"] = created
    if channel.rich:
        row["subject"] = case.subject
    if channel.name != "phone":
        row["language"] = patron.language
    return row


def _make_internal(ticket: Row) -> None:
    ticket["customer_id"] = ticket["language"] = None
    ticket["channel"], ticket["via"] = "internal-note", "helpdesk"
    ticket["from_agent"] = True
    ticket["integrations"] = []


def _forget_customer(ticket: Row, messages: list[Row]) -> None:
    ticket["customer_id"] = None
    for row in messages:
        row["receiver_id"] = None
        if not row["from_agent"]:
            row["sender_id"] = None
