"""Tickets by view."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, ClassVar

from gorgias_api import NotFoundError
from gorgias_api.paging import get_page
from tap_gorgias import schemas
from tap_gorgias.rows import Sieve
from tap_gorgias.streams.base import GorgiasStream
from tap_gorgias.walk import Batch, Bookmark, insist

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gorgias_api import Page


class ViewItems(GorgiasStream):
    """Which tickets each view shows now (https://developers.gorgias.com/reference/list-view-items).

    A request per view and per hundred tickets in it, every time.
    """

    name = "view_items"
    path = "/api/views"
    scope = "tickets:read"
    primary_keys: ClassVar = ["view_id", "id"]
    selected_by_default = False
    schema = schemas.VIEW_ITEMS

    @cached_property
    def _views(self) -> Sieve:
        schema = {"required": ["id"], "properties": {"id": {"type": ["integer"]}}}
        return Sieve(self.name, schema, self.logger)

    @property
    def set_aside(self) -> int:
        """How many rows, and views, this run could make no record of."""
        return self._views.set_aside + self.sieve.set_aside

    def batches(self) -> Iterator[Batch]:
        """The items of every view of tickets; views of customers hold other things."""
        for views, _ in insist(partial(self._page, self.path)):
            for view in self._views(views.rows):
                if view.get("type") != "customer-list":
                    yield from self._items(view["id"])

    def _items(self, view: int) -> Iterator[Batch]:
        try:
            for page, _ in insist(partial(self._page, f"{self.path}/{view}/items")):
                rows = [
                    row | {"view_id": view} if isinstance(row, dict) else row for row in page.rows
                ]
                yield Batch(list(self.sieve(rows)), Bookmark(), 0.0)
        except NotFoundError:
            self.logger.info("The view %d is gone since the views were listed.", view)

    def _page(self, path: str, cursor: str | None) -> Page:
        self.requests += 1
        return get_page(self._tap.client, path, {"limit": self._tap.page_size}, cursor)
