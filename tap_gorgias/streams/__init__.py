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
from tap_gorgias.streams.incremental import IncrementalStream
from tap_gorgias.streams.messages import Attachments, Messages
from tap_gorgias.streams.reports import Reports, reports_of
from tap_gorgias.streams.surveys import SatisfactionSurveys
from tap_gorgias.streams.tickets import TicketCustomFields, Tickets, TicketTags
from tap_gorgias.streams.view_items import ViewItems
from tap_gorgias.streams.voice import VoiceCallEvents, VoiceCallRecordings, VoiceCalls

STREAMS: tuple[type[GorgiasStream], ...] = (
    Account,
    AccountSettings,
    Attachments,
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
    Reports,
    Rules,
    SatisfactionSurveys,
    Tags,
    Teams,
    TicketCustomFields,
    TicketTags,
    Tickets,
    Users,
    ViewItems,
    Views,
    VoiceCallEvents,
    VoiceCallRecordings,
    VoiceCalls,
    Widgets,
)
DATED = tuple(
    vars(stream)["name"] for stream in STREAMS if issubclass(stream, (IncrementalStream, Reports))
)
NAMES = tuple(vars(stream)["name"] for stream in STREAMS)

__all__ = ["DATED", "NAMES", "STREAMS", "GorgiasStream", "reports_of"]
