"""The list endpoints: which table, which order, which filters."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from gorgias_sandbox.call import refuse
from gorgias_sandbox.clock import micros
from gorgias_sandbox.contract import Json
from gorgias_sandbox.dataset import Row
from gorgias_sandbox.paging import Order, window
from gorgias_sandbox.render import encode
from gorgias_sandbox.table import Table

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gorgias_sandbox.call import Call, Handler
    from gorgias_sandbox.table import Entry

Index: TypeAlias = Callable[[Table, Json], "Collection[int]"]
"""The ids that a query parameter allows, found without looking at every row."""

Filter: TypeAlias = Callable[["Call", Json], Callable[[Row], bool]]
"""Makes the test that a query parameter puts to each row."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One list endpoint.

    Attributes:
        table: where the rows are.
        order: for endpoints without `order_by`.
        indexes: query parameters that name rows.
        filters: query parameters that test rows.
        total: whether `meta.total_resources` appears; it is always null (section 1.7).
    """

    table: str
    order: str = "created_datetime:desc"
    indexes: Mapping[str, Index] = field(default_factory=dict)
    filters: Mapping[str, Filter] = field(default_factory=dict)
    total: bool = False


def by(name: str) -> Index:
    """The rows whose field equals the parameter."""
    return lambda table, value: table.find(name, value)


def by_lower(name: str) -> Index:
    """The same for fields that ignore case."""
    return lambda table, value: table.find(name, value.lower())


def same(name: str) -> Filter:
    """Keep rows whose field equals the parameter."""
    return lambda _call, value: lambda row: row[name] == value


def containing(*names: str) -> Filter:
    """Keep rows of which a field contains the parameter, in any case."""
    return lambda _call, text: (
        lambda row: any(text.casefold() in (row[name] or "").casefold() for name in names)
    )


def lister(listing: Listing) -> Handler:
    """The handler of a list endpoint."""
    return lambda call: answer(call, listing)


def answer(call: Call, listing: Listing) -> bytes:
    """The page that a list request asks for, as an encoded envelope."""
    order_by = call.query.get("order_by", listing.order)
    order = Order.parse(order_by)
    purpose = f"{call.operation.operation} {order_by}"
    table = call.world.tables[listing.table]
    entries = _entries(call, listing, order)
    place = None
    if "cursor" in call.query:
        place = call.cursors.read(purpose, call.query["cursor"], order, call.options.cursor_ttl)
    page = window(
        entries,
        descending=order.descending,
        limit=call.query["limit"],
        place=place,
        keep=_keep(call, listing, table),
        bounds=_bounds(call.query.get("created_datetime", {}), entries),
    )
    meta = {
        "prev_cursor": call.cursors.issue(purpose, page.previous, order, forward=False),
        "next_cursor": call.cursors.issue(purpose, page.next, order, forward=True),
    }
    if listing.total:
        meta["total_resources"] = None
    rows = b",".join([call.world.listed(listing.table, row_id) for row_id in page.ids])
    return b'{"data":[%b],"object":"list","uri":%b,"meta":%b}' % (
        rows,
        encode(call.uri),
        encode(meta),
    )


def _entries(call: Call, listing: Listing, order: Order) -> Sequence[Entry]:
    table = call.world.tables[listing.table]
    asked = [name for name in listing.indexes if name in call.query]
    if not asked:
        return table.ordered(order.fields)
    found = [set(listing.indexes[name](table, call.query[name])) for name in asked]
    return table.entries(order.fields, set.intersection(*found))


def _keep(call: Call, listing: Listing, table: Table) -> Callable[[int], bool] | None:
    tests = [
        make(call, call.query[name]) for name, make in listing.filters.items() if name in call.query
    ]
    if not tests:
        return None
    return lambda row_id: all(test(table[row_id]) for test in tests)


def _bounds(wanted: Mapping[str, str], entries: Sequence[Entry]) -> tuple[int, int]:
    """Positions in an order by `created_datetime` between `gt`/`gte` and `lt`/`lte`."""
    low, high = 0, len(entries)
    for comparison, moment in wanted.items():
        # Keys are whole microseconds, so "after" is "from the next one on".
        after = comparison in ("gt", "lte")
        position = bisect_left(entries, (micros(moment) + after,))
        if comparison in ("gt", "gte"):
            low = max(low, position)
        else:
            high = min(high, position)
    return low, max(low, high)


def _needs_object_id(call: Call, value: Json) -> Callable[[Row], bool]:
    if "object_id" not in call.query:
        raise refuse(object_type="Only together with object_id.")
    return lambda row: row["object_type"] == value


def _any_of(name: str) -> Filter:
    return lambda _call, values: lambda row: row[name] in values


def _archived(name: str) -> Filter:
    return lambda _call, value: lambda row: (row[name] is not None) == value


LISTINGS = {
    "list-events": Listing(
        "events",
        indexes={"object_id": by("object_id")},
        filters={
            "object_type": _needs_object_id,
            "types": _any_of("type"),
            "user_ids": _any_of("user_id"),
        },
    ),
    "list-messages": Listing("messages", indexes={"ticket_id": by("ticket_id")}),
    "list-satisfaction-surveys": Listing(
        "satisfaction_surveys", indexes={"ticket_id": by("ticket_id")}
    ),
    "list-custom-fields": Listing(
        "custom_fields",
        indexes={"object_type": by("object_type")},
        filters={"search": containing("label"), "archived": _archived("deactivated_datetime")},
    ),
    "list-tags": Listing("tags", filters={"search": containing("name")}, total=True),
    "list-users": Listing(
        "users",
        indexes={"email": by_lower("email"), "external_id": by("external_id")},
        filters={
            "roles": lambda _call, names: lambda row: row["role"]["name"] in names,
            "search": containing("name", "email"),
        },
        total=True,
    ),
    "list-teams": Listing("teams"),
    "list-views": Listing("views"),
    "list-rules": Listing("rules"),
    "list-integrations": Listing("integrations", filters={"type": same("type")}, total=True),
    "list-widgets": Listing(
        "widgets",
        filters={"integration_id": same("integration_id"), "app_id": same("app_id")},
    ),
    "list-jobs": Listing("jobs", filters={"status": same("status"), "type": same("type")}),
    "list-voice-calls": Listing("voice_calls", indexes={"ticket_id": by("ticket_id")}),
    "list-voice-call-events": Listing(
        "voice_call_events", order="created_datetime:asc", indexes={"call_id": by("call_id")}
    ),
    "list-voice-call-recordings": Listing(
        "voice_call_recordings", indexes={"call_id": by("call_id")}
    ),
}
"""The plain ones; tickets, customers and macros have their own modules."""

HANDLERS: dict[str, Handler] = {name: lister(listing) for name, listing in LISTINGS.items()}
