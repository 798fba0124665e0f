"""Tickets, and the streams that live in their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from gorgias_api.settings import read
from tap_gorgias import schemas
from tap_gorgias.settings import TRASHED
from tap_gorgias.streams.base import DerivedStream
from tap_gorgias.streams.incremental import IncrementalStream
from tap_gorgias.streams.values import field_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_gorgias.order import Row


class Tickets(IncrementalStream):
    """Tickets in list shape (https://developers.gorgias.com/reference/list-tickets)."""

    name = "tickets"
    path = "/api/tickets"
    scope = "tickets:read"
    primary_keys: ClassVar = ["id"]
    replication_key = "updated_datetime"
    schema = schemas.TICKETS

    @property
    def params(self) -> Mapping[str, Any]:  # type: ignore[override]  # depends on a setting
        """Trashed tickets come by default."""
        return {} if read(TRASHED, self.config) else {"trashed": False}


class TicketTags(DerivedStream):
    """Tags on tickets, one row each, taken from the ticket rows."""

    name = "ticket_tags"
    primary_keys: ClassVar = ["ticket_id", "tag_id"]
    replication_key = "ticket_updated_datetime"
    parent_stream_type = Tickets
    schema = schemas.TICKET_TAGS

    def rows(self, parent: Row) -> Iterator[Row]:
        """One row per tag, in the order in which the ticket shows them."""
        for position, tag in self.sieve.objects(parent, "tags"):
            yield {
                "ticket_id": parent["id"],
                "tag_id": tag.get("id"),
                "name": tag.get("name"),
                "decoration": tag.get("decoration"),
                "position": position,
                "ticket_updated_datetime": parent["updated_datetime"],
                "read_datetime": parent["read_datetime"],
            }


class TicketCustomFields(DerivedStream):
    """Values of custom fields, one row each, taken from the ticket rows."""

    name = "ticket_custom_fields"
    primary_keys: ClassVar = ["ticket_id", "custom_field_id"]
    replication_key = "ticket_updated_datetime"
    parent_stream_type = Tickets
    schema = schemas.TICKET_CUSTOM_FIELDS

    def rows(self, parent: Row) -> Iterator[Row]:
        """One row per field that has a value."""
        for value in field_values(parent, self.sieve):
            yield {
                "ticket_id": parent["id"],
                **value,
                "ticket_updated_datetime": parent["updated_datetime"],
                "read_datetime": parent["read_datetime"],
            }
