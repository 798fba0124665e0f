"""Customers: list, get, and everything that changes one (section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gorgias_sandbox.call import refuse
from gorgias_sandbox.clock import micros
from gorgias_sandbox.operations import field_values
from gorgias_sandbox.operations.lists import Listing, by, by_lower, lister, same
from gorgias_sandbox.operations.people import (
    PLAIN_FIELDS,
    channels_of,
    check_addresses,
    create_customer,
    name_fields,
)
from gorgias_sandbox.operations.views import view_filter
from gorgias_sandbox.render import customer_full
from gorgias_sandbox.replies import Moved, conflict, missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from gorgias_sandbox.call import Call, Handler
    from gorgias_sandbox.contract import Json
    from gorgias_sandbox.dataset import Row
    from gorgias_sandbox.world import Actor, World

_OBJECT = "Customer"


def _on_channel(call: Call, channel_type: Json) -> Callable[[Row], bool]:
    """Without `channel_address` any channel of the type will do."""
    address = call.query.get("channel_address", "").lower()
    return lambda row: any(
        each["type"] == channel_type and (not address or each["address"].lower() == address)
        for each in row["channels"]
    )


LISTING = Listing(
    "customers",
    indexes={
        "channel_address": by_lower("address"),
        "email": by_lower("email"),
        "external_id": by("external_id"),
    },
    filters={
        "channel_type": _on_channel,
        "language": same("language"),
        "name": same("name"),
        "timezone": same("timezone"),
        "view_id": view_filter,
    },
)


def found(call: Call, name: str = "id") -> Row:
    """The customer the path names.

    Raises:
        Moved: it was merged away; the same request should go to the survivor.
        ApiError: 404.
    """
    customer_id = survivor = call.id(name)
    while survivor in call.world.merged:
        survivor = call.world.merged[survivor]
    if survivor != customer_id:
        raise Moved(call.uri.replace(f"/{customer_id}", f"/{survivor}", 1).removesuffix("?"))
    return call.row("customers", name)


def get(call: Call) -> Row:
    """`GET /api/customers/{id}`."""
    return customer_full(found(call), on_get=True)


def create(call: Call) -> Row:
    """`POST /api/customers`."""
    return customer_full(
        create_customer(call.world, call.actor, call.body, via="agent"), on_get=False
    )


def update(call: Call) -> Row:
    """`PUT /api/customers/{id}`: moves and emits only when something differs."""
    world, body, old = call.world, call.body, found(call)
    if "custom_fields" in body:
        _put_values(call, old, body["custom_fields"])
    check_addresses(world, body.get("email"), body.get("channels", []), owner=old["id"])
    new = {**old, **name_fields(body)}
    new |= {field: body[field] for field in PLAIN_FIELDS if field in body}
    addresses = body.get("channels", old["channels"])
    if "email" in body:
        new["email"] = body["email"]
    elif not any(each["address"] == old["email"] for each in addresses):
        emails = (each["address"] for each in addresses if each["type"] == "email")
        new["email"] = next(emails, None)
    new["channels"] = channels_of(world, new, addresses)
    changes = {field: value for field, value in new.items() if value != old[field]}
    if changes:
        world.update("customers", old["id"], **changes, updated_datetime=world.now())
        world.emit(call.actor, "customer-updated", "customers", old["id"])
    return customer_full(world.tables["customers"][old["id"]], on_get=False)


def delete(call: Call) -> None:
    """`DELETE /api/customers/{id}`."""
    _delete(call.world, call.actor, found(call)["id"])


def delete_many(call: Call) -> None:
    """`DELETE /api/customers`: unknown ids are passed over."""
    for customer_id in call.body["ids"]:
        if customer_id in call.world.tables["customers"]:
            _delete(call.world, call.actor, customer_id)


def merge(call: Call) -> Row:
    """`PUT /api/customers/merge`: the target takes over what the source has, and does not move.

    The body is not applied: its `name` was seen to be ignored.
    """
    world = call.world
    source_id, target_id = call.query["source_id"], call.query["target_id"]
    if source_id == target_id:
        raise refuse(source_id="A customer cannot be merged into itself.")
    source = world.tables["customers"].get(source_id)
    target = world.tables["customers"].get(target_id)
    if source is None or target is None:
        raise missing()
    if source["integrations"].keys() & target["integrations"].keys():
        raise conflict(msg="Both customers hold data of the same integration.")
    _hand_over(world, source_id, target_id)
    world.delete("customers", source_id)
    world.merged[source_id] = target_id
    owner = {"id": target_id, "name": target["name"]}
    gained = [{**each, "user": owner, "customer": owner} for each in source["channels"]]
    merged = world.update(
        "customers",
        target_id,
        channels=target["channels"] + [{**each, "preferred": False} for each in gained],
        integrations=target["integrations"] | source["integrations"],
    )
    world.emit(call.actor, "customer-deleted", "customers", source_id)
    trail = {"source_customer_id": source_id}
    world.emit(call.actor, "customer-merged", "customers", target_id, trail)
    return {**customer_full(merged, on_get=False), "ecommerce_data": merged["ecommerce_data"]}


def set_data(call: Call) -> None:
    """`PUT /api/customers/{id}/data`: overwrites; an older `version` is silently ignored.

    An app's data go to `external_data`, an API key's to `data`. Nothing moves (section 4.5).
    """
    world, row = call.world, found(call, "customer_id")
    app_id = call.caller.app_id
    version = call.body.get("version")
    slot = (row["id"], app_id)
    stored = world.data_versions.get(slot)
    if version is not None and stored is not None and micros(version) < micros(stored):
        return
    world.data_versions[slot] = version or world.now()
    data = call.body["data"]
    if app_id is None:
        world.update("customers", row["id"], data=data)
        return
    entry = {"__app_name__": app_id, **data} if isinstance(data, dict) else data
    world.update("customers", row["id"], external_data={**row["external_data"], app_id: entry})


def list_values(call: Call) -> Json:
    """`GET /api/customers/{id}/custom-fields`."""
    row = found(call, "customer_id")
    return call.plain_list(field_values.shown_values(call.world, _OBJECT, row))


def put_values(call: Call) -> Json:
    """`PUT /api/customers/{id}/custom-fields`."""
    row = _put_values(call, found(call, "customer_id"), call.body)
    return call.plain_list(field_values.shown_values(call.world, _OBJECT, row))


def put_value(call: Call) -> Row:
    """`PUT /api/customers/{id}/custom-fields/{id}`."""
    row = found(call, "customer_id")
    return field_values.set_one(call.world, _OBJECT, row, call.id(), call.body)


def delete_value(call: Call) -> None:
    """`DELETE /api/customers/{id}/custom-fields/{id}`."""
    field_values.remove_one(call.world, _OBJECT, found(call, "customer_id"), call.id())


def _put_values(call: Call, row: Row, items: list[Row]) -> Row:
    values = field_values.values_of(call.world, _OBJECT, items)
    if not call.options.customer_fields_replace:
        cleared = {item["id"] for item in items} - values.keys()
        values = {**row["field_values"], **values}
        values = {each: value for each, value in values.items() if each not in cleared}
    return field_values.set_values(call.world, _OBJECT, row, values)


def _delete(world: World, actor: Actor, customer_id: int) -> None:
    """Take a customer out. Its tickets stay, without a customer and without moving."""
    for ticket_id in world.tables["tickets"].find("customer_id", customer_id):
        world.update("tickets", ticket_id, customer_id=None)
    world.delete("customers", customer_id)
    world.emit(actor, "customer-deleted", "customers", customer_id)


def _hand_over(world: World, source_id: int, target_id: int) -> None:
    for table, field in (
        ("tickets", "customer_id"),
        ("messages", "sender_id"),
        ("messages", "receiver_id"),
    ):
        for row_id in world.tables[table].find(field, source_id):
            world.update(table, row_id, **{field: target_id})


HANDLERS: dict[str, Handler] = {
    "list-customers": lister(LISTING),
    "create-customer": create,
    "delete-customers": delete_many,
    "merge-customers": merge,
    "get-customer": get,
    "update-customer": update,
    "delete-customer": delete,
    "update-customer-data": set_data,
    "list-customer-custom-field-values": list_values,
    "update-customer-custom-field-values": put_values,
    "update-customer-custom-field-value": put_value,
    "delete-customer-custom-field-value": delete_value,
}
