"""From a record to the change it asks for."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from gorgias_api.operations import OPERATIONS, Field
from gorgias_api.operations.fields import FieldError
from target_gorgias.entities import VIA
from target_gorgias.refusals import Refused

if TYPE_CHECKING:
    import logging
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from target_gorgias.entities import Entity
    from target_gorgias.routes import Route

Record = dict[str, Any]

WAYS: Mapping[str, Field] = {
    "id": Field("id", "integer", least=1, most=2**63 - 1),
    "key": Field("key", "string"),
    "external_id": Field("external_id", "string", longest=255),
    "email": Field("email", "string", longest=320),
}
"""How a record names an object: by Gorgias' id, by the key of the record it was made from, by its
external id, or by an e-mail address."""
UNKEPT = re.compile("[\0\ud800-\udfff]")
NEVER_SENT = frozenset({"updated_datetime"})
"""Documented, with an effect nobody knows."""
LOCAL_FILES = "attachments"
JSON_COLUMNS = frozenset({"messages", "tags", "custom_fields", "data", LOCAL_FILES})
"""Text in them may be JSON."""
NAMES = frozenset({"tags", LOCAL_FILES})
"""Text in them that is no JSON is the only name in the list."""


@dataclass(frozen=True)
class Reference:
    """An object a record names, by one or more ways."""

    entity: str
    ways: Mapping[str, Any]
    optional: bool = False
    """Whether the record can be written without it."""


@dataclass(kw_only=True)
class Change:
    """What a record asks for, checked as far as it can be without asking Gorgias."""

    stream: str
    key: str
    """Names the record within its stream, and the object it becomes."""
    key_values: Record
    route: Route
    record: Record
    """As it came, to be given back if it is refused."""
    logger: logging.Logger
    own: Mapping[str, Any] = field(default_factory=dict)
    """Ways in which the record names the object itself."""
    references: Mapping[str, Reference] = field(default_factory=dict)
    values: Record = field(default_factory=dict)
    """Fields of the operation, as Gorgias takes them."""
    content: str = ""
    """Hash of all that was asked for."""

    @property
    def operation(self) -> str:
        """`<verb>_<entity>`."""
        return str(self.route)

    @property
    def entity(self) -> Entity:
        """The kind of thing it is about."""
        return self.route.entity

    @property
    def together(self) -> Hashable:
        """What neighbouring changes must have in common to go out together; None for none."""
        if not self.entity.of or self.entity.create or self.route.verb in {"replace", "delete"}:
            return None
        if self.operation == "set_ticket_tags":
            return None
        owner = self.references.get(self.entity.of)
        return owner and (self.stream, self.operation, *owner.ways.items())

    @property
    def names(self) -> set[Hashable]:
        """What must not be touched by two changes at the same time."""
        about = [
            (reference.entity, way, value)
            for prefix, reference in self.references.items()
            if prefix in {self.entity.of, "source", "target"}
            or f"{prefix}_id" in self.entity.naming
            for way, value in reference.ways.items()
        ]
        said = {**self.values, **self.own, "key": self.key}
        same = [("id",), ("key",), *(find.same for find in self.entity.finds)]
        mine = [
            (self.route.name, "+".join(fields), "+".join(str(said[field]) for field in fields))
            for fields in same
            if said.keys() >= set(fields)
        ]
        return {(entity, way, str(value).casefold()) for entity, way, value in about + mine}


class Reader(NamedTuple):
    """Reads the records of one stream."""

    stream: str
    key_properties: Sequence[str]
    logger: logging.Logger

    def read(self, record: Record, route: Route, given: Record) -> Change:
        """The change that `record` asks for.

        Args:
            record: its columns.
            route: what it does.
            given: the record as it came.

        Raises:
            Refused: which column is missing or wrong.
        """
        key_values = {name: given.get(name) for name in self.key_properties}
        change = Change(
            stream=self.stream,
            key="",
            key_values=key_values,
            route=route,
            record=given,
            logger=self.logger,
        )
        change.references = dict(_references(route, record))
        change.own = _own(route, record, change.references)
        change.values = dict(_values(route, record))
        change.content = _content(change)
        change.key = key_of(key_values) if key_values else _natural_key(change)
        return change


def key_of(values: Mapping[str, Any]) -> str:
    """One text for the key of a record: its only value, or a list of them as JSON.

    Raises:
        Refused: a part of it is missing.
    """
    for name, value in values.items():
        if value is None:
            message = f"The key '{name}' is missing."
            raise Refused(message)
    parts = [_kept(Field(name, "any"), value) for name, value in values.items()]
    if len(parts) == 1:
        return parts[0] if isinstance(parts[0], str) else json.dumps(parts[0])
    return json.dumps(parts, ensure_ascii=False)


def columns(route: Route) -> frozenset[str]:
    """The columns that mean something to a route."""
    entity = route.entity
    named = {f"{prefix}_{way}" for prefix in _prefixes(route) for way in WAYS}
    return frozenset(named | fields_of(route).keys() | set(entity.references) | {"id"})


@cache
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
    for prefix in _prefixes(route):
        found.pop(prefix, None)
        found.pop(f"{prefix}_id", None)
    return found | PARTS.get((route.name, route.verb), {})


def _with_local_files(field_: Field) -> Field:
    """The field, with paths of files allowed where Gorgias takes what it already has."""
    if field_.name == LOCAL_FILES:
        return Field(LOCAL_FILES, "any", null=True)
    return replace(field_, fields=tuple(_with_local_files(inner) for inner in field_.fields))


_VALUE = {
    "custom_field_id": Field("custom_field_id", "integer"),
    "custom_field_key": Field("custom_field_key", "string"),
    "value": Field("value", "scalar", null=True),
}
_VALUES = {
    "custom_fields": Field(
        "custom_fields",
        "array",
        fields=(Field("id", "integer", required=True), replace(_VALUE["value"], required=True)),
    )
}
_TAG = {
    "name": Field("name", "string", longest=256),
    "tag_id": Field("tag_id", "integer"),
}
_TAGS = {"names": Field("names", "array", items="string")}
PARTS: Mapping[tuple[str, str], dict[str, Field]] = {
    ("ticket_tags", "add"): _TAG | _TAGS,
    ("ticket_tags", "remove"): _TAG | _TAGS,
    ("ticket_tags", "set"): _TAGS,
} | {
    (f"{owner}_custom_fields", verb): fields
    for owner in ("ticket", "customer")
    for verb, fields in (("set", _VALUE | _VALUES), ("replace", _VALUES), ("delete", _VALUE))
}


def _prefixes(route: Route) -> Mapping[str, str]:
    if route.verb == "merge":
        return {"source": "customers", "target": "customers"}
    if route.verb == "set_data":
        return {"customer": "customers"}
    return route.entity.references


def _references(route: Route, record: Record) -> Iterable[tuple[str, Reference]]:
    for prefix, entity in _prefixes(route).items():
        ways = {}
        whole = _object(prefix, record.get(prefix))
        for way, field_ in WAYS.items():
            value = record.get(f"{prefix}_{way}", whole.get(way))
            if value is not None:
                ways[way] = _kept(field_, value, f"{prefix}_{way}")
        nobody = entity != "people" and _is_nobody(record, prefix, route)
        if ways or nobody:
            user = entity == "users" or (prefix == "sender" and record.get("from_agent") is True)
            optional = route.foreign and user  # another account has other users
            yield prefix, Reference("users" if optional else entity, ways, optional)


def _object(name: str, value: Any) -> Record:  # noqa: ANN401 - whatever the column holds
    read: Record = {} if value is None else _read(Field(name, "object"), value)
    return read


def _is_nobody(record: Record, prefix: str, route: Route) -> bool:
    """Whether a record says that nobody is to be there, as `{"id": null}` does."""
    whole = record.get(prefix, ...)
    if isinstance(whole, dict) and whole.get("id", ...) is None:
        return True
    return route.nulls and not {prefix, *(f"{prefix}_{way}" for way in WAYS)}.isdisjoint(record)


def _own(route: Route, record: Record, references: Mapping[str, Reference]) -> Record:
    """How the record names the object itself."""
    if route.verb == "merge" or (route.entity.of and not route.entity.create):
        return {}
    if route.verb == "set_data" and "customer" in references:
        return dict(references["customer"].ways)
    named = {"id", *(name for find in route.entity.finds for name in find.same)} & {
        "id",
        "external_id",
        "email",
    }
    ways = {way: record[way] for way in sorted(named) if record.get(way) is not None}
    if route.foreign:
        ways.pop("id", None)
    return {way: _kept(WAYS[way], value, way) for way, value in ways.items()}


def _values(route: Route, record: Record) -> Iterable[tuple[str, Any]]:
    for name, field_ in fields_of(route).items():
        if name not in record:
            continue
        value = _shaped(name, record[name])
        clears = route.nulls and route.verb != "create" and name not in route.entity.merged
        if value is None and not (name == "value" or clears):
            continue
        yield name, _read(field_, value, name)


def _shaped(name: str, value: Any) -> Any:  # noqa: ANN401 - whatever the column holds
    """Lists of names, values by field id, and paths of files in the form Gorgias has for them."""
    if isinstance(value, str) and name in JSON_COLUMNS:
        decoded = _decoded(value)
        is_name = name in NAMES and not isinstance(decoded, list | dict | None)
        value = [value] if is_name else decoded
    if name == "messages" and isinstance(value, list):
        return [VIA | each if isinstance(each, dict) else each for each in value]
    if name == "tags" and isinstance(value, list):
        return [_tag(tag) for tag in value]
    if name == "custom_fields" and isinstance(value, dict):
        return [
            {"id": key, "value": entry.get("value") if isinstance(entry, dict) else entry}
            for key, entry in value.items()
        ]
    return value


def _decoded(text: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _tag(given: Any) -> Any:  # noqa: ANN401 - any JSON
    """A tag by name; what else Gorgias shows of it, it does not take back."""
    if isinstance(given, dict):
        return {name: given[name] for name in ("name", "decoration") if given.get(name)}
    return {"name": given} if isinstance(given, str) else given


def _read(field_: Field, value: Any, name: str = "") -> Any:  # noqa: ANN401 - as `Field.read`
    try:
        return field_.read(value)
    except FieldError as error:
        where = ".".join((name or field_.name, *error.path))
        message = f"'{where}' {error.clause}."
        raise Refused(message) from None


def _kept(field_: Field, value: Any, name: str = "") -> Any:  # noqa: ANN401 - as `Field.read`
    """A value that databases can keep, too: not all of them take zero bytes or half characters."""
    read = _read(field_, value, name)
    if isinstance(read, str) and UNKEPT.search(read):
        message = f"'{name or field_.name}' holds a character that cannot be kept."
        raise Refused(message)
    return read


def _content(change: Change) -> str:
    """Hash of everything a change asks for."""
    everything = {
        "operation": change.operation,
        "own": dict(change.own),
        "references": {name: dict(ref.ways) for name, ref in change.references.items()},
        "values": change.values,
    } | ({"replace": sorted(change.route.replace)} if change.route.replace else {})
    text = json.dumps(everything, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _natural_key(change: Change) -> str:
    """A key for a record of a stream that declares none: what it names, else all it holds."""
    if change.own:
        return json.dumps(min(change.own.items(), key=lambda way: list(WAYS).index(way[0])))
    about = {name: dict(ref.ways) for name, ref in change.references.items()}
    named = {name: change.values[name] for name in _TAG | _VALUE if name in change.values}
    named.pop("value", None)
    if about and (named or not change.entity.create):
        return json.dumps([about, named], sort_keys=True)
    return change.content
