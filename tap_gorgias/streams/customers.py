"""Customers."""

from __future__ import annotations

from typing import ClassVar

from tap_gorgias import schemas
from tap_gorgias.streams.base import IncrementalStream


class Customers(IncrementalStream):
    """Customers in list shape (https://developers.gorgias.com/reference/list-customers)."""

    name = "customers"
    path = "/api/customers"
    primary_keys: ClassVar = ["id"]
    replication_key = "updated_datetime"
    schema = schemas.CUSTOMERS
