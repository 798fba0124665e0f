"""The columns that mean something to a route, and the fields that they become."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from gorgias_api.operations import OPERATIONS, Field
from target_gorgias.columns import Columns
from target_gorgias.naming import WAYS
from target_gorgias.shapes import LOCAL_FILES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_gorgias.routes import Route

NEVER_SENT = frozenset(
    {"new_password", "old_password", "password_confirmation", "two_fa_code", "updated_datetime"}
)
"""How people sign in, which is no matter of a row; and a date whose effect is not known."""
VALUE = {
    "custom_field_id": Field("custom_field_id", "integer"),
    "custom_field_key": Field("custom_field_key", "string"),
    "value": Field("value", "scalar", null=True),
}
VALUES = {
    "custom_fields": Field(
        "custom_fields",
        "array",
        fields=(Field("id", "integer", required=True), replace(VALUE["value"], required=True)),
    )
}
TAG = {
    "name": Field("name", "string", longest=256),
    "tag_id": Field("tag_id", "integer"),
}
TAGS = {"names": Field("names", "array", items="string")}
PARTS: Mapping[tuple[str, str], dict[str, Field]] = {
    ("ticket_tags", "add"): TAG | TAGS,
    ("ticket_tags", "remove"): TAG | TAGS,
    ("ticket_tags", "set"): TAGS,
} | {
    (f"{owner}_custom_fields", verb): fields
    for owner in ("ticket", "customer")
    for verb, fields in (("set", VALUE | VALUES), ("replace", VALUES), ("delete", VALUE))
}


def columns(route: Route) -> frozenset[str]:
    """The columns that mean something to a route."""
    entity = route.entity
    named = {f"{prefix}_{way}" for prefix in prefixes(route) for way in WAYS}
    if route.verb == "set_data":
        named |= entity.naming
    named |= {*entity.references, *prefixes(route), "id"}
    return frozenset(named | fields_of(route).keys())


@cache
def naming_columns(route: Route) -> Columns:
    """The columns that name an object, those that name the row's own first."""
    own = ("id", "external_id", "email", *sorted(route.entity.naming), *TAG, *VALUE)
    found = prefixes(route)
    others = [f"{prefix}_{way}" for prefix in found for way in WAYS]
    known = columns(route) - {"value"}
    return Columns([name for name in (*others, *own, *found) if name in known])


@cache
def ways_and_names(route: Route) -> tuple[frozenset[str], frozenset[str]]:
    """The columns that name an object as `tidy` wants them."""
    fields = fields_of(route)
    ids = {name for name, field in fields.items() if (name[-3:], field.kind) == ("_id", "integer")}
    prefixed = {f"{prefix}_{way}" for prefix in prefixes(route) for way in WAYS}
    named = {*route.entity.naming, *(TAG if route.name == "ticket_tags" else ())}
    ways = {*ids, *prefixed, *WAYS.keys() - {"key"}, "custom_field_key"}
    return frozenset(ways), frozenset(named - ways)


def _operations(route: Route) -> tuple[str, ...]:
    entity = route.entity
    return {
        "create": (entity.create,),
        "update": (entity.update,),
        "upsert": (entity.create, entity.update),
        "delete": (entity.create,) if entity.create else (),
        "trash": (entity.create,),
        "set_data": ("update-customer-data",),
    }.get(route.verb, ())


@cache
def fields_of(route: Route) -> Mapping[str, Field]:
    """The columns of a route that are sent as they are, by name."""
    found = {
        field.name: _with_local_files(field)
        for name in reversed(_operations(route))
        for field in OPERATIONS[name].query + OPERATIONS[name].body
        if field.name not in NEVER_SENT | route.entity.unsure
    }
    if route.verb in {"delete", "trash"}:
        found = {name: field for name, field in found.items() if name in route.entity.naming}
    for prefix in prefixes(route):
        found.pop(prefix, None)
        found.pop(f"{prefix}_id", None)
    return found | PARTS.get((route.name, route.verb), {})


def _with_local_files(field_: Field) -> Field:
    """The field, with paths of files allowed where Gorgias takes what it already has."""
    if field_.name == LOCAL_FILES:
        return Field(LOCAL_FILES, "any", null=True)
    return replace(field_, fields=tuple(_with_local_files(inner) for inner in field_.fields))


def prefixes(route: Route) -> Mapping[str, str]:
    """The kinds of objects that rows of a route refer to, by what the columns begin with."""
    if route.verb == "merge":
        return {"source": "customers", "target": "customers"}
    if route.verb == "set_data":
        return {"customer": "customers"}
    return route.entity.references
