"""Random misbehaviour, repeatable by its seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gorgias_sandbox.faults import Fault
from gorgias_sandbox.operations import messages, tickets
from gorgias_sandbox.world import Actor

if TYPE_CHECKING:
    from random import Random

    from gorgias_sandbox.world import World

_CALM = 0.86
_DISTURBED = 0.2
_SLOWEST = 1.5
_HTML = {"content-type": "text/html"}
_HTML_BODY = "<html><body>We will be back soon.</body></html>"


class Chaos:
    """Errors, resets, truncation, slow answers, and changes while somebody reads."""

    def __init__(self, world: World, random: Random) -> None:
        self._world = world
        self._random = random

    def fault(self) -> Fault | None:
        """What happens to one request; most of them go well."""
        if self._random.random() < _CALM:
            return None
        faults = (
            Fault(status=self._random.choice((500, 502, 503, 504))),
            Fault(status=429, headers={"content-type": "application/json", "Retry-after": "1"}),
            Fault(status=200, headers=_HTML, body=_HTML_BODY),
            Fault(reset="before"),
            Fault(reset="after"),
            Fault(truncate=True),
            Fault(delay=self._random.uniform(0, _SLOWEST)),
        )
        return self._random.choices(faults, weights=(3, 2, 1, 2, 1, 1, 4))[0]

    def disturb(self) -> None:
        """Sometimes change a ticket: a new message, another priority, rarely its deletion."""
        entries = self._world.tables["tickets"].ordered(("created_datetime",))
        if not entries or self._random.random() > _DISTURBED:
            return
        ticket_id = self._random.choice(entries)[-1]
        actor = Actor(None, self._world.uuid())
        change = self._random.choices((self._write, self._rank, tickets.remove), (6, 6, 1))[0]
        with self._world.history.write("chaos"):
            change(self._world, actor, ticket_id)

    def _rank(self, world: World, actor: Actor, ticket_id: int) -> None:
        priority = self._random.choice(("low", "normal", "high", "critical"))
        tickets.change(world, actor, ticket_id, {"priority": priority})

    def _write(self, world: World, actor: Actor, ticket_id: int) -> None:
        note = {"channel": "internal-note", "via": "rule", "from_agent": True}
        messages.add(world, actor, ticket_id, {**note, "body_text": "Somebody was here."})
