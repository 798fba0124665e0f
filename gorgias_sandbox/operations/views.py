"""Views and their items (section 12)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from gorgias_sandbox.call import refuse
from gorgias_sandbox.filters import compiled, parse
from gorgias_sandbox.operations import records
from gorgias_sandbox.paging import Order, window
from gorgias_sandbox.render import encode
from gorgias_sandbox.replies import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gorgias_sandbox.call import Call, Handler
    from gorgias_sandbox.contract import Json
    from gorgias_sandbox.dataset import Row
    from gorgias_sandbox.world import World

_RELATIONS = {
    "assignee_team": ("teams", "assignee_team_id"),
    "assignee_user": ("users", "assignee_user_id"),
    "customer": ("customers", "customer_id"),
}
_ITEM_ORDERS = frozenset(
    {
        "closed_datetime",
        "created_datetime",
        "last_message_datetime",
        "last_received_message_datetime",
        "priority",
        "snooze_datetime",
        "updated_datetime",
    }
)


def row_test(world: World, filters: str, user_id: int | None) -> Callable[[Row], bool]:
    """A test of ticket or customer rows for a view's filter, as `user_id` sees it.

    Raises:
        Invalid: 400, the filter cannot be understood.
    """
    test = compiled(parse(filters))

    def passes(row: Row) -> bool:
        def resolve(path: Sequence[str]) -> Json:
            if list(path) == ["current_user", "id"]:
                return user_id
            return _value(world, row, path)

        return test(resolve)

    return passes


def view_filter(call: Call, view_id: Json) -> Callable[[Row], bool]:
    """The `view_id` parameter of the ticket and customer lists."""
    view = call.world.tables["views"].get(view_id)
    if view is None:
        raise refuse(view_id="There is no such view.")
    return row_test(call.world, view["filters"] or "", call.actor.user_id)


def list_items(call: Call) -> bytes:
    """`GET /api/views/{view_id}/items`."""
    return _items(call, call.row("views", "view_id"))


def search_items(call: Call) -> bytes:
    """`PUT /api/views/{view_id}/items`: the view, or 0 for none, with parts replaced."""
    view = call.row("views", "view_id") if call.id("view_id") else {}
    return _items(call, {**view, **call.body.get("view", {})})


def _items(call: Call, view: Row) -> bytes:
    order = _order(call, view)
    kind = "customers" if view.get("type") == "customer-list" else "tickets"
    table = call.world.tables[kind]
    test = row_test(call.world, view.get("filters") or "", call.actor.user_id)
    ignored = call.query.get("ignored_item")
    purpose = f"{call.path['view_id']} {order}"
    place = None
    if "cursor" in call.query:
        place = call.cursors.read(purpose, call.query["cursor"], order, call.options.cursor_ttl)
    page = window(
        table.ordered(order.fields),
        descending=order.descending,
        limit=call.query["limit"],
        place=place,
        keep=lambda row_id: row_id != ignored and test(table[row_id]),
    )

    def link(direction: str) -> str | None:
        forward = direction == "next"
        entry = page.next if forward else page.previous
        cursor = call.cursors.issue(purpose, entry, order, forward=forward)
        if entry is None:
            return None
        query: dict[str, Json] = {
            "cursor": cursor,
            "direction": direction,
            "ignored_item": entry[-1],
        }
        query |= {name: call.query[name] for name in ("limit", "order_by") if name in call.query}
        return f"/api/views/{call.path['view_id']}/items?{urlencode(query)}"

    meta = {
        "next_items": link("next"),
        "prev_items": link("prev"),
        "current_cursor": call.query.get("cursor"),
    }
    rows = b",".join([call.world.listed(kind, row_id) for row_id in page.ids])
    return b'{"data":[%b],"meta":%b}' % (rows, encode(meta))


def _order(call: Call, view: Row) -> Order:
    if "order_by" in call.query:
        return Order.parse(call.query["order_by"])
    field = view.get("order_by") or "updated_datetime"
    if field not in _ITEM_ORDERS:
        raise refuse(order_by="Items cannot be ordered by this field.")
    return Order((field,), view.get("order_dir") != "asc")


def _value(world: World, row: Row, path: Sequence[str]) -> Json:
    """What `ticket.status`, `ticket.tags.name` or `ticket.customer.email` means for a row."""
    match path:
        case ["ticket", "tags", ("id" | "name") as field]:
            tags = world.tables["tags"]
            return [tags[tag_id][field] for tag_id in row["tag_ids"]]
        case ["ticket", "tags"]:
            return row["tag_ids"]
        case ["ticket", relation] if relation in _RELATIONS:
            return row[_RELATIONS[relation][1]]
        case ["ticket", relation, field] if relation in _RELATIONS:
            table, key = _RELATIONS[relation]
            return (world.tables[table].get(row[key]) or {}).get(field)
        case ["ticket" | "customer", field] if field in row:
            return row[field]
        case _:
            raise refuse(filters=f"Unknown field {'.'.join(path)!r}.")


def _fields(_call: Call, body: Row, _old: Row) -> Row:
    fields = dict(body)
    if "filters" in body:
        fields["filters_ast"] = parse(body["filters"])
        compiled(fields["filters_ast"])
    if body.get("name") and not body.get("slug"):
        fields["slug"] = re.sub(r"[^a-z0-9]+", "-", body["name"].lower()).strip("-")
    return fields


def _keep_system_views(_call: Call, view: Row) -> None:
    if view["category"] == "system":
        raise ApiError(403, "System views cannot be deleted.")


VIEW = records.Resource(
    "view",
    "views",
    uri="/api/views/{id}/",
    blank={
        "id": None,
        "uri": None,
        "name": "",
        "slug": "",
        "type": "ticket-list",
        "category": "user",
        "visibility": "public",
        "decoration": None,
        "fields": [],
        "filters": "",
        "filters_ast": parse(""),
        "order_by": "updated_datetime",
        "order_dir": "desc",
        "search": None,
        "section_id": None,
        "shared_with_teams": [],
        "shared_with_users": [],
        "created_datetime": None,
        "deactivated_datetime": None,
    },
    fields=_fields,
    before_delete=_keep_system_views,
)

HANDLERS: dict[str, Handler] = {
    **records.handlers(VIEW, "create", "get", "update", "delete"),
    "list-view-items": list_items,
    "update-view-items": search_items,
}
