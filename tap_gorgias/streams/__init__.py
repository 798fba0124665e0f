"""The streams of the tap, by the area of the API they come from."""

from __future__ import annotations

from tap_gorgias.streams.account import Account, AccountSettings, CustomFields
from tap_gorgias.streams.base import GorgiasStream
from tap_gorgias.streams.catalogue import (
    Integrations,
    Jobs,
    Macros,
    Rules,
    Tags,
    Teams,
    Users,
    Views,
    Widgets,
)
from tap_gorgias.streams.customers import CustomerCustomFields, CustomerDetails, Customers
from tap_gorgias.streams.events import Deletions, Events
from tap_gorgias.streams.messages import Messages
from tap_gorgias.streams.surveys import SatisfactionSurveys
from tap_gorgias.streams.tickets import TicketCustomFields, Tickets, TicketTags
from tap_gorgias.streams.voice import VoiceCallEvents, VoiceCallRecordings, VoiceCalls

STREAMS: tuple[type[GorgiasStream], ...] = (
    Account,
    AccountSettings,
    CustomFields,
    CustomerCustomFields,
    CustomerDetails,
    Customers,
    Deletions,
    Events,
    Integrations,
    Jobs,
    Macros,
    Messages,
    Rules,
    SatisfactionSurveys,
    Tags,
    Teams,
    TicketCustomFields,
    TicketTags,
    Tickets,
    Users,
    Views,
    VoiceCallEvents,
    VoiceCallRecordings,
    VoiceCalls,
    Widgets,
)
NAMES = tuple(vars(stream)["name"] for stream in STREAMS)

__all__ = ["NAMES", "STREAMS", "GorgiasStream"]
