"""Lists inside an object, which its update replaces as a whole.

https://developers.gorgias.com/reference/update-ticket, `update-customer` and `update-team`. So the
object is read, what is there is kept, and the list is written with both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_gorgias.changes import Change
    from target_gorgias.gateway import Gateway

TAKEN = {"tags": ("name",), "channels": ("type", "address", "preferred"), "members": ("id",)}
"""What an update takes of the items that are shown."""


def merged(gateway: Gateway, change: Change, found: int, body: dict[str, Any]) -> dict[str, Any]:
    """The fields of an update, with what is there kept in the lists that it replaces."""
    lists = {name: body[name] for name in change.entity.merged if body.get(name) is not None}
    if not lists:
        return body
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
        if name in change.route.replace and gone:
            change.logger.warning(
                "%s %d loses %d of its %s.", change.route.name, found, len(gone), name
            )
        if name not in change.route.replace:
            after = before | after
        body[name] = list(after.values())
        if after == before:
            del body[name]
    return body


def _items(name: str, there: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any JSON
    """A list of an object as its update takes it."""
    if name == "custom_fields":
        return [{"id": each["id"], "value": each["value"]} for each in (there or {}).values()]
    return [
        {field: item[field] for field in TAKEN[name] if field in item}
        for item in there or []
        if not item.get("deleted_datetime")
    ]


def _identity(item: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[Any, ...]:
    """E-mail addresses are the same in upper and lower case, names of tags are not."""
    return tuple(str(item[key]).casefold() if key == "address" else item.get(key) for key in keys)
