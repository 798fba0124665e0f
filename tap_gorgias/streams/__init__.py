"""The streams of the tap, by the area of the API they come from."""

from __future__ import annotations

from tap_gorgias.streams.account import Account, CustomFields
from tap_gorgias.streams.base import DerivedStream, GorgiasStream
from tap_gorgias.streams.customers import Customers
from tap_gorgias.streams.events import Events
from tap_gorgias.streams.messages import Messages
from tap_gorgias.streams.tickets import TicketCustomFields, Tickets

STREAMS: tuple[type[GorgiasStream], ...] = (
    Account,
    CustomFields,
    Customers,
    Events,
    Messages,
    TicketCustomFields,
    Tickets,
)

NAMES = tuple(vars(stream)["name"] for stream in STREAMS)

__all__ = ["NAMES", "STREAMS", "DerivedStream", "GorgiasStream"]
