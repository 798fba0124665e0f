"""Tickets by view."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, ClassVar

from gorgias_api import BadRequestError, ForbiddenError, NotFoundError
from gorgias_api.paging import get_page
from tap_gorgias import schemas
from tap_gorgias.bookmarks import Bookmark
from tap_gorgias.order import Ascending
from tap_gorgias.restart import read_whole
from tap_gorgias.rows import Sieve
from tap_gorgias.streams.base import GorgiasStream
from tap_gorgias.walk import Batch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gorgias_api import Page

BY_CREATION = {"order_by": "created_datetime:asc"}
"""The one order in which no item moves while the list is read."""


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
        for views, _ in read_whole(partial(self._page, self.path)):
            for view in self._views(views.rows):
                if view.get("type") != "customer-list":
                    yield from self._items(view["id"])

    def _items(self, view: int) -> Iterator[Batch]:
        order = Ascending()
        try:
            for page, again in read_whole(partial(self._page, f"{self.path}/{view}/items")):
                rows = [
                    row | {"view_id": view} if isinstance(row, dict) else row for row in page.rows
                ]
                usable = list(self.sieve(rows))
                order = Ascending() if again else order
                order.take(usable)
                self.is_certain &= order.is_kept
                yield Batch(usable, Bookmark(), 0.0)
        except (BadRequestError, ForbiddenError, NotFoundError) as error:
            if isinstance(error, NotFoundError) and self._is_gone(view):
                self.logger.info("The view %d is gone since the views were listed.", view)
                return
            self.is_certain = False
            self.logger.warning("The items of the view %d cannot be read: %s", view, error)

    def _is_gone(self, view: int) -> bool:
        self.requests += 1
        try:
            self._tap.client.request("GET", f"{self.path}/{view}")
        except NotFoundError:
            return True
        return False

    def _page(self, path: str, cursor: str | None) -> Page:
        self.requests += 1
        params = {**BY_CREATION, "limit": self._tap.page_size}
        page = get_page(self._tap.client, path, params, cursor)
        self.has_answered = True
        return page
