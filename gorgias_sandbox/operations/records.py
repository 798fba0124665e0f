"""Create, get, update and delete for objects that need little more than that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from gorgias_sandbox.dataset import Row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gorgias_sandbox.call import Call, Handler
    from gorgias_sandbox.contract import Json

Fields: TypeAlias = Callable[["Call", Row, Row], Row]
"""Turns a body into row fields; gets the call, the body, and the row before (or the blank)."""

Step: TypeAlias = Callable[["Call", Row], None]
"""Gets the call and a row."""


def _as_given(_call: Call, body: Row, _old: Row) -> Row:
    return body


def _nothing(_call: Call, _row: Row) -> None:
    return


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of object.

    Attributes:
        kind: in operation names and event types: `create-{kind}`, `{kind}-created`.
        table: where its rows are.
        uri: of an object, with `{id}` and `{domain}`; None: it has none.
        blank: every field in order, with its value when nothing is said.
        fields: turns a body into row fields, and refuses what may not be.
        before_delete: refuses a deletion, or unties the row from others.
        afterwards: gets the row as it was before a creation or change that took place.
        born_updated: whether `updated_datetime` is set from the start.
        silent: whether creation and change emit no event of their own.
    """

    kind: str
    table: str
    uri: str | None
    blank: Mapping[str, Json]
    fields: Fields = _as_given
    before_delete: Step = _nothing
    afterwards: Step = _nothing
    born_updated: bool = True
    silent: bool = False


def create(call: Call, resource: Resource) -> bytes:
    """Add an object, and answer it."""
    world = call.world
    row_id = world.next_id(resource.table)
    blank = {**resource.blank, "id": row_id}
    if resource.uri is not None:
        blank["uri"] = resource.uri.format(id=row_id, domain=world.domain)
    if "created_datetime" in blank:
        blank["created_datetime"] = world.now()
    if resource.born_updated and "updated_datetime" in blank:
        blank["updated_datetime"] = world.now()
    world.insert(resource.table, blank | resource.fields(call, call.body, blank))
    _tell(call, resource, "created", blank)
    return world.listed(resource.table, row_id)


def get(call: Call, resource: Resource) -> bytes:
    """Answer an object."""
    return call.world.listed(resource.table, call.row(resource.table)["id"])


def update(call: Call, resource: Resource) -> bytes:
    """Change an object, and answer it."""
    return change(call, resource, call.row(resource.table), call.body)


def change(call: Call, resource: Resource, old: Row, body: Row) -> bytes:
    """Set fields of a row; it moves, and emits, only when one differs."""
    world = call.world
    given = resource.fields(call, body, old)
    changes = {field: value for field, value in given.items() if value != old[field]}
    if changes:
        if "updated_datetime" in old:
            changes["updated_datetime"] = world.now()
        world.update(resource.table, old["id"], **changes)
        _tell(call, resource, "updated", old)
    return world.listed(resource.table, old["id"])


def delete(call: Call, resource: Resource) -> None:
    """Delete the object the path names."""
    remove(call, resource, call.row(resource.table))


def remove(call: Call, resource: Resource, row: Row) -> None:
    """Delete a row."""
    resource.before_delete(call, row)
    call.world.delete(resource.table, row["id"])
    call.world.emit(call.actor, f"{resource.kind}-deleted", resource.table, row["id"])


def _tell(call: Call, resource: Resource, what: str, old: Row) -> None:
    if not resource.silent:
        call.world.emit(call.actor, f"{resource.kind}-{what}", resource.table, old["id"])
    resource.afterwards(call, old)


def handlers(resource: Resource, *verbs: str) -> dict[str, Handler]:
    """Handlers named `create-{kind}` and so on, for these verbs."""
    functions = {"create": create, "get": get, "update": update, "delete": delete}

    def bound(verb: str) -> Handler:
        return lambda call: functions[verb](call, resource)

    return {f"{verb}-{resource.kind}": bound(verb) for verb in verbs}
