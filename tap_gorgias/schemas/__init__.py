"""The record schemas of the tap, one constant per stream, as JSON Schema dictionaries."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tap_gorgias.schemas.account import ACCOUNT, ACCOUNT_SETTINGS
from tap_gorgias.schemas.catalogue import INTEGRATIONS, JOBS, MACROS, RULES, TAGS, VIEWS, WIDGETS
from tap_gorgias.schemas.custom_fields import CUSTOM_FIELDS
from tap_gorgias.schemas.customers import CUSTOMER_CUSTOM_FIELDS, CUSTOMER_DETAILS, CUSTOMERS
from tap_gorgias.schemas.events import DELETIONS, EVENTS
from tap_gorgias.schemas.messages import ATTACHMENTS, MESSAGES
from tap_gorgias.schemas.reports import REPORTS
from tap_gorgias.schemas.surveys import SATISFACTION_SURVEYS
from tap_gorgias.schemas.tickets import TICKET_CUSTOM_FIELDS, TICKET_TAGS, TICKETS, VIEW_ITEMS
from tap_gorgias.schemas.users import TEAMS, USERS
from tap_gorgias.schemas.voice import VOICE_CALL_EVENTS, VOICE_CALL_RECORDINGS, VOICE_CALLS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ACCOUNT",
    "ACCOUNT_SETTINGS",
    "ATTACHMENTS",
    "CUSTOMERS",
    "CUSTOMER_CUSTOM_FIELDS",
    "CUSTOMER_DETAILS",
    "CUSTOM_FIELDS",
    "DELETIONS",
    "EVENTS",
    "INTEGRATIONS",
    "JOBS",
    "JSON_TEXT",
    "MACROS",
    "MESSAGES",
    "REPORTS",
    "RULES",
    "SATISFACTION_SURVEYS",
    "TAGS",
    "TEAMS",
    "TICKETS",
    "TICKET_CUSTOM_FIELDS",
    "TICKET_TAGS",
    "USERS",
    "VIEWS",
    "VIEW_ITEMS",
    "VOICE_CALLS",
    "VOICE_CALL_EVENTS",
    "VOICE_CALL_RECORDINGS",
    "WIDGETS",
]

# Stream -> top-level fields that can hold any JSON value. Loaders have no column type for that, so
# the tap writes them as JSON text; null stays null.
JSON_TEXT: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "customers": frozenset({"data"}),
        "customer_custom_fields": frozenset({"value"}),
        "customer_details": frozenset({"data"}),
        "ticket_custom_fields": frozenset({"value"}),
        "voice_calls": frozenset({"transcriptions"}),
    },
)
