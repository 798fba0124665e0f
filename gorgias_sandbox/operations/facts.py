"""What each reporting scope counts: moments, dimensions and values (section 20)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from gorgias_sandbox.clock import micros

if TYPE_CHECKING:
    from gorgias_sandbox.contract import Json
    from gorgias_sandbox.dataset import Row
    from gorgias_sandbox.world import World


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that counts; `value` is what averages and medians are made of."""

    moment: str | None
    dimensions: dict[str, Json]
    value: float | None


Facts: TypeAlias = Callable[["World", "list[Row]"], Iterator[Fact]]
"""All facts of a scope; gets the filters of the query, for scopes that are about one field."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One reporting scope: names that may be asked for, and where its numbers come from."""

    dimensions: tuple[str, ...]
    measures: tuple[str, ...]
    facts: Facts


_COMMON = ("agentId", "channel", "integrationId", "storeId")
_NO_AGENT = _COMMON[1:]
_TICKETS = ("ticketCount",)


def _nothing(_world: World, _filters: list[Row]) -> Iterator[Fact]:
    return iter(())


def _ticket_dimensions(ticket: Row) -> dict[str, Json]:
    return {"agentId": ticket["assignee_user_id"], "channel": ticket["channel"]}


def _tickets(field: str, wanted: Callable[[World, Row], bool]) -> Facts:
    def facts(world: World, _filters: list[Row]) -> Iterator[Fact]:
        for ticket in world.tables["tickets"]:
            if wanted(world, ticket):
                yield Fact(ticket[field], _ticket_dimensions(ticket), 1)

    return facts


def _replies(world: World, ticket: Row) -> list[Row]:
    """The public messages of agents, oldest first."""
    table = world.tables["messages"]
    messages = (table[each] for each in table.find("ticket_id", ticket["id"]))
    return [each for each in messages if each["from_agent"] and each["public"]]


def _messages(*, from_agent: bool) -> Facts:
    def facts(world: World, _filters: list[Row]) -> Iterator[Fact]:
        for message in world.tables["messages"]:
            if message["public"] and message["from_agent"] == from_agent:
                dimensions = {
                    "agentId": message["sender_id"],
                    "channel": message["channel"],
                    "integrationId": message["integration_id"],
                }
                yield Fact(message["sent_datetime"], dimensions, 1)

    return facts


def _durations(start: str, end: Callable[[World, Row], str | None], moment: str | None) -> Facts:
    """Seconds from a field of a ticket to a later moment; dated by `moment`, or by that end."""

    def facts(world: World, _filters: list[Row]) -> Iterator[Fact]:
        for ticket in world.tables["tickets"]:
            ended = end(world, ticket)
            if ended is not None:
                seconds = (micros(ended) - micros(ticket[start])) / 1_000_000
                dated = ended if moment is None else ticket[moment]
                yield Fact(dated, _ticket_dimensions(ticket), seconds)

    return facts


def _first_reply(world: World, ticket: Row) -> str | None:
    return next((each["created_datetime"] for each in _replies(world, ticket)), None)


def _messages_per_ticket(world: World, _filters: list[Row]) -> Iterator[Fact]:
    for ticket in world.tables["tickets"]:
        count = ticket["messages_count"]
        yield Fact(ticket["created_datetime"], _ticket_dimensions(ticket), count)


def _surveys(world: World, _filters: list[Row]) -> Iterator[Fact]:
    for survey in world.tables["satisfaction_surveys"]:
        ticket = world.tables["tickets"].get(survey["ticket_id"])
        dimensions = _ticket_dimensions(ticket) if ticket else {}
        yield Fact(survey["created_datetime"], dimensions, survey["score"])


def _tag_uses(world: World, _filters: list[Row]) -> Iterator[Fact]:
    for ticket in world.tables["tickets"]:
        for tag_id in ticket["tag_ids"]:
            yield Fact(ticket["created_datetime"], {"tagId": tag_id}, 1)


def _field_uses(world: World, filters: list[Row]) -> Iterator[Fact]:
    wanted = {
        int(value)
        for each in filters
        if each["member"] == "customFieldId"
        for value in each.get("values", [])
    }
    for ticket in world.tables["tickets"]:
        for field_id in wanted & ticket["field_values"].keys():
            value = ticket["field_values"][field_id]
            yield Fact(ticket["created_datetime"], {"customFieldValue": value}, 1)


def _is_open(_world: World, ticket: Row) -> bool:
    return bool(ticket["status"] == "open")


SCOPES: dict[str, Scope] = {
    "tickets-created": Scope(
        _COMMON, _TICKETS, _tickets("created_datetime", lambda _world, _ticket: True)
    ),
    "tickets-open": Scope(_COMMON, _TICKETS, _tickets("created_datetime", _is_open)),
    "workload-tickets": Scope(("agentId",), _TICKETS, _tickets("created_datetime", _is_open)),
    "tickets-replied": Scope(
        _COMMON,
        _TICKETS,
        _tickets("created_datetime", lambda world, ticket: bool(_replies(world, ticket))),
    ),
    "tickets-closed": Scope(
        _COMMON, _TICKETS, _tickets("closed_datetime", lambda _world, _ticket: True)
    ),
    "one-touch-tickets": Scope(
        _COMMON,
        _TICKETS,
        _tickets("closed_datetime", lambda world, ticket: len(_replies(world, ticket)) == 1),
    ),
    "zero-touch-tickets": Scope(
        _NO_AGENT,
        _TICKETS,
        _tickets("closed_datetime", lambda world, ticket: not _replies(world, ticket)),
    ),
    "messages-sent": Scope(_COMMON, ("messagesCount",), _messages(from_agent=True)),
    "messages-received": Scope(_NO_AGENT, ("messagesCount",), _messages(from_agent=False)),
    "messages-per-ticket": Scope(_COMMON, ("averageMessagesCount",), _messages_per_ticket),
    "satisfaction-surveys": Scope(
        _COMMON, ("averageSurveyScore", "scoredSurveysCount", "responseRate"), _surveys
    ),
    "resolution-time": Scope(
        _COMMON,
        ("medianResolutionTime",),
        _durations(
            "created_datetime", lambda _world, ticket: ticket["closed_datetime"], "created_datetime"
        ),
    ),
    "first-response-time": Scope(
        _COMMON, ("medianFirstResponseTime",), _durations("created_datetime", _first_reply, None)
    ),
    "human-first-response-time": Scope(
        _COMMON, ("medianFirstResponseTime",), _durations("created_datetime", _first_reply, None)
    ),
    "tags": Scope(("tagId",), _TICKETS, _tag_uses),
    "ticket-fields": Scope(("customFieldValue",), _TICKETS, _field_uses),
    "response-time": Scope(_COMMON, ("medianResponseTime",), _nothing),
    "ticket-handle-time": Scope(_COMMON, ("averageHandleTime",), _nothing),
    "auto-qa": Scope((*_COMMON, "categoryName"), ("averageRatingScore",), _nothing),
    "automated-interactions": Scope(
        ("eventType", *_NO_AGENT), ("automatedInteractions",), _nothing
    ),
    "ticket-sla": Scope(("status",), _TICKETS, _nothing),
    "knowledge-insights": Scope((), ("viewsCount", "clicksCount"), _nothing),
    "automation-rate": Scope(_NO_AGENT, ("automationRate",), _nothing),
    "online-time": Scope(("agentId",), ("onlineTime",), _nothing),
    "voice-calls": Scope(_COMMON, ("voiceCallsCount",), _nothing),
    "voice-agent-events": Scope(("agentId",), ("voiceEventsCount",), _nothing),
    "voice-calls-summary": Scope(_COMMON, ("voiceCallsCount",), _nothing),
}
