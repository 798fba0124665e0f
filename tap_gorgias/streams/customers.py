"""Customers, and the streams that follow them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from gorgias_api import BadRequestError, ForbiddenError, MovedError, NotFoundError
from tap_gorgias import schemas
from tap_gorgias.order import position
from tap_gorgias.streams.base import DerivedStream
from tap_gorgias.streams.incremental import IncrementalStream
from tap_gorgias.streams.values import field_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_gorgias.order import Row

AT_ONCE = 8


class Customers(IncrementalStream):
    """Customers in list shape (https://developers.gorgias.com/reference/list-customers)."""

    name = "customers"
    path = "/api/customers"
    scope = "customers:read"
    primary_keys: ClassVar = ["id"]
    replication_key = "updated_datetime"
    schema = schemas.CUSTOMERS


class CustomerCustomFields(DerivedStream):
    """Values of custom fields, one row each, taken from the customer rows."""

    name = "customer_custom_fields"
    primary_keys: ClassVar = ["customer_id", "custom_field_id"]
    replication_key = "customer_updated_datetime"
    parent_stream_type = Customers
    schema = schemas.CUSTOMER_CUSTOM_FIELDS

    def rows(self, parent: Row) -> Iterator[Row]:
        """One row per field that has a value."""
        for value in field_values(parent, self.sieve):
            yield {
                "customer_id": parent["id"],
                **value,
                "customer_updated_datetime": parent["updated_datetime"],
                "read_datetime": parent["read_datetime"],
            }


class CustomerDetails(DerivedStream):
    """Channels, integrations and data of customers: one request for each that has changed.

    https://developers.gorgias.com/reference/get-customer
    """

    name = "customer_details"
    primary_keys: ClassVar = ["id"]
    replication_key = "updated_datetime"
    parent_stream_type = Customers
    selected_by_default = False
    schema = schemas.CUSTOMER_DETAILS

    @cached_property
    def _fetched(self) -> dict[int, list[Any]]:
        return {}

    @cached_property
    def _known(self) -> str:
        """The bookmark before this run."""
        return self.bookmark().position or ""

    @property
    def _rereads(self) -> bool:
        parent = self._tap.streams[Customers.name]
        asked = Customers.name in self._tap.window.lookback
        return asked or getattr(parent, "full_read_begun", None) is not None

    def prepare(self, rows: list[Row]) -> None:
        """Fetch the details of a page of customers, but for those read again only to be sure."""
        key = self.replication_key or ""
        rows = [row for row in rows if self._rereads or position(row, key) >= self._known]
        self.requests += len(rows)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix=self.name) as pool:
            for row, answers in zip(rows, pool.map(self._fetch, rows), strict=True):
                self._fetched[row["id"]] = answers

    def rows(self, parent: Row) -> Iterator[Row]:
        """The details, unless the customer is gone by now."""
        yield from self._fetched.pop(parent["id"], [])

    def _fetch(self, row: Row) -> list[Any]:
        """One customer; none when deleted or merged since the list was read: events tell that."""
        try:
            return [self._tap.client.request("GET", f"/api/customers/{row['id']}")]
        except (NotFoundError, MovedError):
            return []
        except (BadRequestError, ForbiddenError) as error:
            self.is_certain = False
            self.logger.warning("The details of a customer are not to be had: %s", error)
            return []
