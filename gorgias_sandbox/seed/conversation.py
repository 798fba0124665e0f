"""One conversation: who says what when, and what the ticket shows of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from gorgias_sandbox.seed.cases import EXCERPT_LENGTH
from gorgias_sandbox.seed.clock import DAY, HOUR, MINUTE, SECOND, answer_time, next_sweep, stamp
from gorgias_sandbox.seed.dice import chance
from gorgias_sandbox.seed.messages import link_replies

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gorgias_sandbox.dataset import Row
    from gorgias_sandbox.seed.cases import Body, Case
    from gorgias_sandbox.seed.customers import Patron
    from gorgias_sandbox.seed.tickets import Desk

Move: TypeAlias = Callable[["Conversation"], bool]

_NONE: frozenset[str] = frozenset()
_WITH_FILE_FROM_CUSTOMER = frozenset({"damaged", "wrong-item"})
_WITH_FILE_FROM_AGENT = frozenset({"return", "invoice", "exchange"})
_LONG_CONVERSATION = 4


class Conversation:
    """Lets a ticket's story happen, move by move, up to the present.

    Args:
        desk: what all conversations share.
        ticket: the ticket's row, which is filled in.
        patron: the customer.
        case: what it is about.
        at: when it starts, in microseconds since 1970.

    Attributes:
        at: when the last thing happened.
        messages: the rows written so far.
    """

    __slots__ = (
        "_agent",
        "_case",
        "_caused",
        "_context",
        "_desk",
        "_patron",
        "_ticket",
        "at",
        "messages",
    )

    def __init__(self, desk: Desk, ticket: Row, patron: Patron, case: Case, at: int) -> None:
        self.at = at
        self.messages: list[Row] = []
        self._desk = desk
        self._ticket = ticket
        self._patron = patron
        self._case = case
        self._agent = desk.catalogue.any_agent(desk.rng)
        self._caused, self._context = at, desk.journal.cause()

    def play(self, plot: Iterable[Move]) -> bool:
        """Play the moves of a plot; false when the next one lies in the future."""
        return all(move(self) for move in plot)

    def ask(self) -> bool:
        """The customer opens the conversation."""
        self._receive(self._case.ask, self.at, _WITH_FILE_FROM_CUSTOMER)
        return True

    def reach_out(self) -> bool:
        """The agent opens the conversation."""
        self._ticket["from_agent"] = True
        self._ticket["via"] = "helpdesk"
        self._send(self.at, self._agent)
        return True

    def call(self) -> bool:
        """The customer rings, which leaves a message without words."""
        desk = self._desk
        seconds = min(desk.rng.randrange(20, 700), (desk.now - self.at) // SECOND - 2)
        desk.exchange.call(self._ticket, self._patron, self.at, seconds, self._agent)
        return self.ask()

    def answer(self) -> bool:
        """An agent answers, takes the ticket over and so opens it."""
        desk, ticket = self._desk, self._ticket
        minutes = self._patron.channel.typical_minutes
        at = answer_time(desk.rng, self.at, minutes, desk.opening)
        if at > desk.now:
            return False
        if ticket["assignee_user_id"] is None:
            self._take_over(at)
        self._send(at, self._agent)
        return True

    def auto_answer(self) -> bool:
        """A rule answers at once, in the name of the bot."""
        desk = self._desk
        row = self._send(self.at + 2 * SECOND, desk.catalogue.helper)
        row["rule_id"] = desk.catalogue.auto_reply_rule
        row["via"] = "rule"
        return True

    def nudge(self) -> bool:
        """The customer asks again."""
        at = self.at + HOUR + int(self._desk.rng.expovariate(1 / 20) * HOUR)
        return at <= self._desk.now and self._receive(self._case.nudge, at)

    def thank(self) -> bool:
        """The customer is happy."""
        pace = 12 if self._patron.channel.rich else 1
        at = self.at + MINUTE + int(self._desk.rng.expovariate(1 / pace) * HOUR)
        return at <= self._desk.now and self._receive(self._case.thanks, at)

    def note(self) -> bool:
        """Agents talk among themselves."""
        desk = self._desk
        at = self.at + int(desk.rng.expovariate(1 / 15) * MINUTE) + SECOND
        if at > desk.now:
            return False
        row = desk.scribe.noted(self._ticket, self._case.note, at, self._agent)
        self._add(row, at, self._agent)
        return True

    def come_back(self) -> bool:
        """The ticket is closed, and days later the customer has another question."""
        desk, ticket = self._desk, self._ticket
        closed = self.at + SECOND
        at = closed + DAY + int(desk.rng.expovariate(1 / 4) * DAY)
        if at > desk.now:
            return False
        self.tell(closed, "ticket-closed", self._agent)
        self._receive(self._case.nudge, at)
        self.tell(at, "ticket-reopened")
        ticket["status"] = "open"
        return True

    def close(self, *, by_sweep: bool) -> bool:
        """Close the ticket: by hand some time later, or with the next sweep."""
        desk, ticket = self._desk, self._ticket
        pause = SECOND + int(desk.rng.expovariate(1 / 3) * HOUR)
        at = next_sweep(self.at) if by_sweep else self.at + pause
        if at > desk.now:
            return False
        self.tell(at, "ticket-closed", desk.catalogue.helper if by_sweep else self._agent)
        self.at = at
        ticket["status"] = "closed"
        ticket["closed_datetime"] = stamp(at)
        ticket["is_unread"] = False
        return True

    def tell(self, at: int, kind: str, user_id: int | None = None, data: Row | None = None) -> None:
        """Write an event about the ticket down, unless it happened before the import."""
        ticket = self._ticket
        if ticket["imported"] is False:
            self._desk.journal.record(at, kind, ticket["id"], user_id, self.context(at), data)

    def context(self, at: int) -> str:
        """The context of events: what happens in the same moment has one cause."""
        if at != self._caused:
            self._caused, self._context = at, self._desk.journal.cause()
        return self._context

    def sum_up(self) -> None:
        """Derive what the ticket shows from its messages."""
        ticket, messages = self._ticket, self.messages
        ticket["messages_count"] = len(messages)
        ticket["updated_datetime"] = stamp(self.at)
        if not messages:
            return
        last = messages[-1]
        text = last["stripped_text"]
        ticket["excerpt"] = text[:EXCERPT_LENGTH] if text else None
        ticket["last_message_datetime"] = last["created_datetime"]
        for row in reversed(messages):
            if not row["from_agent"]:
                ticket["last_received_message_datetime"] = row["created_datetime"]
                break
        if len(messages) > 1:
            link_replies(messages)
        if len(messages) >= _LONG_CONVERSATION:
            self._summarise()

    def _take_over(self, at: int) -> None:
        desk, ticket = self._desk, self._ticket
        ticket["assignee_user_id"] = self._agent
        ticket["opened_datetime"] = stamp(max(self.at, at - 3 * MINUTE))
        if chance(desk.rng, 0.6):
            ticket["assignee_team_id"] = desk.catalogue.team_for(self._case)
        if chance(desk.rng, 0.3):
            self.tell(at, "ticket-assigned", self._agent, {"assignee_user_id": self._agent})

    def _receive(self, body: Body, at: int, topics_with_file: frozenset[str] = _NONE) -> bool:
        row = self._desk.scribe.received(self._ticket, self._patron, body, at)
        row["intents"] = self._case.intents
        self._ticket["is_unread"] = True
        self._add(row, at, None, topics_with_file)
        return True

    def _send(self, at: int, sender_id: int) -> Row:
        desk, ticket = self._desk, self._ticket
        row = desk.scribe.sent(ticket, self._patron, self._case.answer, at, sender_id)
        if chance(desk.rng, 0.3):
            row["macros"] = desk.catalogue.use_macro(desk.rng)
        ticket["last_sent_message_not_delivered"] = row["failed_datetime"] is not None
        ticket["is_unread"] = False
        self._add(row, at, sender_id, _WITH_FILE_FROM_AGENT)
        return row

    def _add(
        self, row: Row, at: int, user_id: int | None, topics_with_file: frozenset[str] = _NONE
    ) -> None:
        desk = self._desk
        if self._case.topic in topics_with_file and chance(desk.rng, 0.6):
            desk.scribe.attach(row)
        self.messages.append(row)
        self.at = at
        if self._ticket["imported"] is False:
            context = self.context(at)
            desk.journal.record_about(row, at, "ticket-message-created", user_id, context)

    def _summarise(self) -> None:
        written = self.messages[-1]["created_datetime"]
        self._ticket["summary"] = {
            "content": f"{self._case.subject} The agent answered; nothing is left to do.",
            "created_datetime": written,
            "updated_datetime": written,
            "triggered_by": self._agent,
        }
