"""Customers as other objects refer to them, and how one comes into being (sections 1.10, 3.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gorgias_sandbox.call import refuse
from gorgias_sandbox.operations.field_values import values_of
from gorgias_sandbox.replies import conflict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gorgias_sandbox.dataset import Row
    from gorgias_sandbox.world import Actor, World

PLAIN_FIELDS = ("external_id", "language", "timezone", "note", "meta")
"""Fields of a customer body that are stored as they come."""


def find_customer(world: World, reference: Row) -> Row | None:
    """The customer that `{id}` or `{email}` means, if there is one."""
    customers = world.tables["customers"]
    if reference.get("id") is not None:
        return customers.get(reference["id"])
    return next(_owners(world, "email", reference.get("email") or ""), None)


def customer_id_of(world: World, actor: Actor, reference: Row | None, field: str) -> int | None:
    """The id behind a nested person; an unknown e-mail creates the customer.

    Raises:
        Invalid: 400 about `field`, an unknown id, or neither id nor e-mail.
    """
    if reference is None:
        return None
    customer = find_customer(world, reference)
    if customer is None:
        if reference.get("id") is not None or not reference.get("email"):
            raise refuse(**{field: "This customer does not exist."})
        known = {name: value for name, value in reference.items() if value is not None}
        customer = create_customer(world, actor, known, via="email")
    customer_id: int = customer["id"]
    return customer_id


def create_customer(world: World, actor: Actor, body: Row, *, via: str) -> Row:
    """Add a customer; `via` is how its name came to be known.

    Raises:
        ApiError: 409, the e-mail or an address belongs to another customer.
        Invalid: 400, a custom field does not exist or cannot hold its value.
    """
    values = values_of(world, "Customer", body.get("custom_fields", []))
    addresses = body.get("channels", [])
    check_addresses(world, body.get("email"), addresses, owner=None)
    customer_id = world.next_id("customers")
    name = name_fields(body)
    row = {
        "id": customer_id,
        "external_id": body.get("external_id"),
        "active": True,
        "email": body.get("email") or _first_email(addresses),
        "name": name.get("name"),
        "firstname": name.get("firstname", ""),
        "lastname": name.get("lastname", ""),
        "language": body.get("language"),
        "timezone": body.get("timezone"),
        "created_datetime": world.now(),
        "updated_datetime": world.now(),
        "meta": body.get("meta") or {"name_set_via": via},
        "data": None,
        "note": body.get("note"),
        "field_values": values,
        "channels": [],
        "integrations": {},
        "external_data": {},
        "ecommerce_data": {},
    }
    row["channels"] = channels_of(world, row, addresses)
    world.emit(actor, "customer-created", "customers", customer_id)
    return world.insert("customers", row)


def name_fields(body: Row) -> Row:
    """`name`, `firstname` and `lastname`, each derived from the other where it is absent."""
    if "name" in body:
        first, _, last = (body["name"] or "").partition(" ")
        derived = {"name": body["name"], "firstname": first, "lastname": last}
    elif "firstname" in body or "lastname" in body:
        parts = (body.get("firstname"), body.get("lastname"))
        derived = {"name": " ".join(part for part in parts if part)}
    else:
        return {}
    return derived | {
        field: body[field] or "" for field in ("firstname", "lastname") if field in body
    }


def check_addresses(
    world: World, email: str | None, addresses: Iterable[Row], *, owner: int | None
) -> None:
    """Make sure that no customer but `owner` has one of the addresses.

    Raises:
        ApiError: 409.
    """
    wanted = [(each["type"], each["address"]) for each in addresses]
    if email:
        wanted.append(("email", email))
    for kind, address in wanted:
        if any(customer["id"] != owner for customer in _owners(world, kind, address)):
            raise conflict()


def channels_of(world: World, customer: Row, addresses: Iterable[Row]) -> list[Row]:
    """The customer's channels when these are its addresses, next to its primary e-mail.

    A channel it has already keeps its id.
    """
    known = {(each["type"], each["address"].lower()): each for each in customer["channels"]}
    wanted = {(each["type"], each["address"].lower()): each for each in addresses}
    if customer["email"]:
        primary = {"type": "email", "address": customer["email"], "preferred": True}
        wanted.setdefault(("email", customer["email"].lower()), primary)
    owner = {"id": customer["id"], "name": customer["name"]}
    channels = []
    for key, each in wanted.items():
        old = known.get(key)
        preferred = each.get("preferred", old["preferred"] if old else False)
        if old and old["preferred"] == preferred:
            channels.append({**old, "user": owner, "customer": owner})
            continue
        channels.append(
            {
                "id": old["id"] if old else world.next_id("channels"),
                "type": each["type"],
                "address": each["address"],
                "preferred": preferred,
                "created_datetime": old["created_datetime"] if old else world.now(),
                "updated_datetime": world.now(),
                "deleted_datetime": None,
                "user": owner,
                "customer": owner,
            }
        )
    return channels


def _owners(world: World, kind: str, address: str) -> Iterator[Row]:
    customers = world.tables["customers"]
    for customer_id in customers.find("address", address.lower()):
        channels = customers[customer_id]["channels"]
        if any(
            (each["type"], each["address"].lower()) == (kind, address.lower()) for each in channels
        ):
            yield customers[customer_id]


def _first_email(addresses: Iterable[Row]) -> str | None:
    return next((each["address"] for each in addresses if each["type"] == "email"), None)
