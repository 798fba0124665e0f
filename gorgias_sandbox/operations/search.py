"""Search (section 9). Only the element shape of type customer was ever seen."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gorgias_sandbox.call import Call, Handler
    from gorgias_sandbox.contract import Json
    from gorgias_sandbox.dataset import Row

_SOURCES = {
    "agent": ("users", ("id", "name", "email")),
    "customer": ("customers", ("id", "name", "email")),
    "customer_profile": ("customers", ("id", "name", "email")),
    "integration": ("integrations", ("id", "name", "type")),
    "tag": ("tags", ("id", "name")),
    "team": ("teams", ("id", "name")),
}
_CHANNEL_TYPES = {
    "customer_channel": None,
    "customer_channel_email": "email",
    "customer_channel_phone": "phone",
}
_SCOPES = {
    "agent": "users:read",
    "integration": "integrations:read",
    "tag": "tags:read",
    "team": "users:read",
}


def search(call: Call) -> Json:
    """`POST /api/search`: rows that contain the query in a name, e-mail or address."""
    kind = call.body["type"]
    call.caller.need(_SCOPES.get(kind, "customers:read"))
    text = call.body["query"].casefold()
    if kind in _SOURCES:
        matches = _rows(call, kind, text)
    elif kind == "customers_by_phone":
        matches = (each["customer"] for each in _channels(call, "phone", text))
    else:
        matches = _channels(call, _CHANNEL_TYPES[kind], text)
    found = list(islice(matches, call.body["size"]))
    if not call.options.envelopes:
        return found
    return {"data": found, "object": "list", "uri": "", "meta": {}}


def _rows(call: Call, kind: str, text: str) -> Iterator[Row]:
    table, fields = _SOURCES[kind]
    for row in call.world.tables[table]:
        if any(text in str(row[field] or "").casefold() for field in fields[1:]):
            yield {field: row[field] for field in fields}


def _channels(call: Call, wanted: str | None, text: str) -> Iterator[Row]:
    for customer in call.world.tables["customers"]:
        for each in customer["channels"]:
            if wanted in (None, each["type"]) and text in each["address"].casefold():
                owner = {field: customer[field] for field in ("id", "name", "email")}
                shown = {field: each[field] for field in ("id", "type", "address")}
                yield {**shown, "customer": owner}


HANDLERS: dict[str, Handler] = {"search": search}
