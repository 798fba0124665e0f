"""The account itself, and how it is set up."""

from __future__ import annotations

from typing import ClassVar

from tap_gorgias import schemas
from tap_gorgias.streams.whole import FullStream, ObjectStream


class Account(ObjectStream):
    """The account (https://developers.gorgias.com/reference/get-account)."""

    name = "account"
    path = "/api/account"
    scope = "account:read"
    primary_keys: ClassVar = ["domain"]
    schema = schemas.ACCOUNT


class CustomFields(FullStream):
    """Definitions of fields (https://developers.gorgias.com/reference/list-custom-fields)."""

    name = "custom_fields"
    path = "/api/custom-fields"
    scope = "custom_fields:read"
    variants = ({"object_type": "Ticket"}, {"object_type": "Customer"})
    primary_keys: ClassVar = ["id"]
    complete = False  # a definition cannot be deleted, only archived
    schema = schemas.CUSTOM_FIELDS


class AccountSettings(FullStream):
    """Settings (https://developers.gorgias.com/reference/list-account-settings); unpaged."""

    name = "account_settings"
    path = "/api/account/settings"
    scope = "account:read"
    paged = False
    primary_keys: ClassVar = ["id"]
    schema = schemas.ACCOUNT_SETTINGS
