"""What stands before every write: nobody is reached, and no more is taken away than is allowed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from target_gorgias.deleting import deletions
from target_gorgias.reach import keep_within
from target_gorgias.refusals import Refused
from target_gorgias.sending import keep_inside, refuse_sending, why_sent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gorgias_api.clock import Clock
    from target_gorgias.changes import Change
    from target_gorgias.deleting import Allowance
    from target_gorgias.gateway import Gateway
    from target_gorgias.settings import Rules


class Guards:
    """Checks requests before they are sent. Safe to share between threads."""

    def __init__(self, rules: Rules, allowance: Allowance, clock: Clock) -> None:
        self._rules = rules
        self._allowance = allowance
        self._clock = clock

    def reaches_a_person(self, operation: str, body: Mapping[str, Any]) -> bool:
        """Whether an operation would."""
        return bool(why_sent(operation, body, self._clock.now()))

    def check_survey(
        self, change: Change, number: int, body: Mapping[str, Any], gateway: Gateway
    ) -> None:
        """Refuse to have a survey that may still be sent reach another person.

        Raises:
            Refused: it would.
        """
        asked = {name: body[name] for name in ("customer_id", "ticket_id") if name in body}
        if self._rules.allow_sending or change.route.name != "satisfaction_surveys" or not asked:
            return
        there = gateway.call(change, change.entity.get, id=number)
        if there.get("id") != number or there.get("sent_datetime"):
            return
        if any(there.get(name) != value for name, value in asked.items()):
            message = (
                "Gorgias may yet send this survey, now to another person, and the setting "
                "'allow_sending' is off."
            )
            raise Refused(message)

    def check(self, change: Change, operation: str, body: dict[str, Any]) -> None:
        """Refuse what reaches further than its stream, or a person.

        Raises:
            Refused: it does.
        """
        if not self._rules.allow_sending:
            refuse_sending(operation, body, self._clock.now())
        keep_within(change.route, operation, body)

    @contextmanager
    def over(
        self, change: Change, operation: str, body: dict[str, Any], gone: int = 0
    ) -> Iterator[None]:
        """Refuse what `check` refuses, and what takes away too much.

        Args:
            change: what is asked for.
            operation: what is done inside.
            body: its fields.
            gone: what the lists in it take off.
        """
        keep_inside(operation, body)
        self.check(change, operation, body)
        if operation == "create-satisfaction-survey" and not self._rules.allow_sending:
            body["should_send_datetime"] = None  # what Gorgias does without it is not known
        with self._allowance.spend([change], deletions(operation, body) + gone):
            yield
