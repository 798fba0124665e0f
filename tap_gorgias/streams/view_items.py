"""Tickets by view."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from gorgias_api import NotFoundError
from gorgias_api.paging import get_page
from tap_gorgias import schemas
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

    def batches(self) -> Iterator[Batch]:
        """The items of every view of tickets; views of customers hold other things."""
        size = {"limit": self._tap.page_size}
        for views, _ in insist(lambda cursor: self.ask(size, cursor)):
            for view in views.rows:
                if view.get("type") != "customer-list":
                    yield from self._items(view["id"])

    def _items(self, view: int) -> Iterator[Batch]:
        try:
            for page, _ in insist(lambda after: self._page(view, after)):
                yield Batch([{"view_id": view, **row} for row in page.rows], Bookmark(), 0.0)
        except NotFoundError:
            self.logger.info("The view %d is gone since the views were listed.", view)

    def _page(self, view: int, after: str | None) -> Page:
        self.requests += 1
        params = {"limit": self._tap.page_size}
        return get_page(self._tap.client, f"/api/views/{view}/items", params, after)
