"""The account's event feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from gorgias_api import BadRequestError
from tap_gorgias import schemas
from tap_gorgias.streams.incremental import IncrementalStream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gorgias_api import Page
    from tap_gorgias.order import Row
    from tap_gorgias.walk import Request

TYPES = frozenset(
    {
        "customer-deleted",
        "customer-merged",
        "integration-deleted",
        "macro-deleted",
        "rule-deleted",
        "tag-deleted",
        "tag-merged",
        "team-deleted",
        "ticket-deleted",
        "ticket-merged",
        "user-deleted",
        "view-deleted",
    }
)


class Events(IncrementalStream):
    """Events (https://developers.gorgias.com/reference/list-events)."""

    name = "events"
    path = "/api/events"
    scope = "events:read"
    primary_keys: ClassVar = ["id"]
    replication_key = "created_datetime"
    filters = True
    schema = schemas.EVENTS


class Deletions(IncrementalStream):
    """Objects that are gone, from the events that tell of it; no list mentions them any more.

    A merged customer gives two rows: the merge, with the survivor, and the deletion.
    """

    name = "deletions"
    path = "/api/events"
    scope = "events:read"
    primary_keys: ClassVar = ["id"]
    replication_key = "created_datetime"
    filters = True
    schema = schemas.DELETIONS

    def page(self, request: Request) -> Page:
        """One page of events, of all types if the API does not know one that is asked for."""
        if not self._plain:
            try:
                return super().page(request)
            except BadRequestError:
                if request.cursor is not None:
                    raise
                self._plain = True
        return super().page(request)

    @property
    def params(self) -> Mapping[str, Any]:  # type: ignore[override]  # depends on what the API takes
        """The types to ask for."""
        return {} if self._plain else {"types": list(TYPES)}

    _plain = False

    def wants(self, row: Row) -> bool:
        """Whether the event is about a deletion, and can be understood."""
        kind = row.get("type")
        # Without its data, a merge would say that the survivor is gone.
        return isinstance(kind, str) and kind in TYPES and self.sieve.fits(row, "data", dict)

    def shape(self, row: Row) -> Row:
        """The event as the deletion it tells of."""
        source = (row.get("data") or {}).get("source_customer_id")
        return {
            "id": row["id"],
            "object_type": row.get("object_type"),
            "object_id": row.get("object_id") if source is None else source,
            "deleted_datetime": row["created_datetime"],
            "merged_into_id": None if source is None else row.get("object_id"),
            "event_type": row["type"],
            "user_id": row.get("user_id"),
            "created_datetime": row["created_datetime"],
        }
