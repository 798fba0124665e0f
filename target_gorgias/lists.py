"""Lists inside an object, which its update replaces as a whole.

https://developers.gorgias.com/reference/update-ticket, `update-customer` and `update-team`. What
somebody else adds meanwhile would be lost. So tags and a few field values go out by requests that
only add; for the other lists the object is read and the list is written with what is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from target_gorgias.changes import Change
    from target_gorgias.gateway import Gateway

FEW = 2
"""So many values are set one by one; more take fewer requests when the list is read and written."""
TAKEN = {"tags": ("name",), "channels": ("type", "address", "preferred"), "members": ("id",)}
"""What an update takes of the items that are shown."""


def additions(change: Change, body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Take out of the fields of an update what can be added by requests of its own.

    Returns:
        These requests: operations of the ticket, each with its fields.
    """
    if change.route.name != "tickets":
        return
    if "tags" not in change.route.replace and body.get("tags") is not None:
        there = (change.shown and change.shown.tags) or set()
        names = list(dict.fromkeys(t["name"] for t in body.pop("tags") if t["name"] not in there))
        if names:
            yield "create-ticket-tags", {"names": names}
    values = body.get("custom_fields") or []
    clears = any(each["value"] is None for each in values)
    if "custom_fields" not in change.route.replace and not clears and len(values) <= FEW:
        body.pop("custom_fields", None)
        for each in values:
            yield "update-ticket-custom-field", {"id": each["id"], "value": each["value"]}


def merged(
    gateway: Gateway, change: Change, found: int, body: dict[str, Any]
) -> tuple[dict[str, Any], int]:
    """The fields of an update, with what is there kept in the lists that it replaces.

    Returns:
        The fields, and how many items they take off.
    """
    lists = {name: body[name] for name in change.entity.merged if body.get(name) is not None}
    lost = 0
    if not lists:
        return body, lost
    # Asked for, since without it Gorgias may show a ticket as if it had no values.
    more = {"relationships": ["custom_fields"]} if "custom_fields" in lists else {}
    row = gateway.call(change, change.entity.get, id=found, **more)
    for name, given in lists.items():
        keys = change.entity.merged[name]
        before = {_identity(item, keys): item for item in _items(name, row.get(name))}
        after = {}
        for item in given:
            same = before.get(_identity(item, keys), {})
            spelled = {key: same[key] for key in keys if key in same}
            after[_identity(item, keys)] = same | item | spelled
        gone = before.keys() - after.keys()
        cleared = [key for key in before.keys() & after.keys() if _clears(after[key])]
        lost += len(cleared)
        if name in change.route.replace and gone:
            lost += len(gone)
            change.logger.warning(
                "%s %d loses %d of its %s.", change.route.name, found, len(gone), name
            )
        if name not in change.route.replace:
            after = before | after
        body[name] = list(after.values())
        if after == before:
            del body[name]
    return body, lost


def _items(name: str, there: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any JSON
    """A list of an object as its update takes it."""
    if name == "custom_fields":
        return [{"id": each["id"], "value": each["value"]} for each in (there or {}).values()]
    return [
        {field: item[field] for field in TAKEN[name] if field in item}
        for item in there or []
        if not item.get("deleted_datetime")
    ]


def _clears(item: Mapping[str, Any]) -> bool:
    """Whether an item is a field value that is taken off."""
    return item.get("value", ...) is None


def _identity(item: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[Any, ...]:
    """E-mail addresses are the same in upper and lower case, names of tags are not."""
    return tuple(str(item[key]).casefold() if key == "address" else item.get(key) for key in keys)
