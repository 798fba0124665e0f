"""From a record to the change it asks for."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from gorgias_api.kinds import is_blank
from gorgias_api.operations import Field
from gorgias_api.operations.fields import FieldError
from target_gorgias.changes import Change, Record, Reference
from target_gorgias.columns import valued
from target_gorgias.contents import content_of, whole_of
from target_gorgias.fields import TAG, VALUE, fields_of, prefixes, ways_and_names
from target_gorgias.naming import (
    PERSONS,
    WAYS,
    identifier,
    is_fraction,
    key_text,
    natural_key,
    tidy,
    tidy_object,
)
from target_gorgias.notes import completed
from target_gorgias.refusals import Refused
from target_gorgias.said import TEXT_KINDS, says_nothing, storable, unwrapped
from target_gorgias.shapes import VALUE_COLUMNS, scalar, shaped

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable, Mapping, Sequence

    from target_gorgias.routes import Route

UNKEPT = re.compile("[\0\ud800-\udfff]")


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
        names = route.key or self.key_properties
        key_values = {name: valued(given, name) for name in names}
        record = _tidy(route, record)
        change = Change(
            stream=self.stream,
            key="",
            key_values=key_values,
            route=route,
            record=given,
            logger=self.logger,
        )
        change.references = dict(_references(route, record, self.stream))
        change.own = _own(route, record, change.references)
        change.values = dict(_values(route, record))
        change.content = content_of(change)
        completed(change)
        change.key = _key_of(change, record)
        return change


def key_of(values: Mapping[str, Any]) -> str:
    """One text for the key of a record: its only value, or a list of them as JSON.

    Raises:
        Refused: a part of it is missing.
    """
    nothing = all(is_blank(value) for value in values.values())
    for name, value in values.items():
        if value is None or nothing:
            message = f"The key '{name}' is missing."
            raise Refused(message)
    parts = [
        "" if is_blank(value) else _kept(Field(name, "any"), identifier(value))
        for name, value in values.items()
    ]
    return key_text(parts[0]) if len(parts) == 1 else json.dumps(parts, ensure_ascii=False)


def _tidy(route: Route, record: Record) -> Record:
    """A record whose names are in their one form, and said only where they are not blank."""
    tidied = tidy(record, *ways_and_names(route))
    for prefix in prefixes(route):
        if prefix in tidied:
            tidied[prefix] = tidy_object(_object_or_null(prefix, tidied[prefix]))
            if tidied[prefix] is None and record[prefix] is not None:
                del tidied[prefix]
    return tidied


def _references(route: Route, record: Record, stream: str) -> Iterable[tuple[str, Reference]]:
    for prefix, entity in prefixes(route).items():
        whole = record.get(prefix) or {}
        ways = {}
        for way in WAYS:
            values = (record.get(f"{prefix}_{way}"), whole.get(way))
            value = next((each for each in values if not says_nothing(each)), None)
            if value is not None:
                ways[way] = _name(way, value, f"{prefix}_{way}")
        nobody = not ways and entity != "people" and _is_nobody(record, prefix, whole, route)
        if not (ways or nobody) and not all(map(says_nothing, whole.values())):
            message = f"'{prefix}' has none of {', '.join(WAYS)}, so nothing says which is meant."
            raise Refused(message)
        if ways or nobody:
            user = entity == "users" or (prefix == "sender" and record.get("from_agent") is True)
            optional = route.foreign and user  # another account has other users
            keys_of = route.stream_of(prefix, entity, stream)
            yield prefix, Reference("users" if optional else entity, ways, optional, keys_of)


def _name(way: str, value: Any, column: str) -> Any:  # noqa: ANN401 - as `Field.read`
    """A name of an object as the ledger and Gorgias have it."""
    if way == "key" and not isinstance(value, bool):
        return key_of({column: value})
    if is_fraction(value):
        message = f"'{column}' must be {'a whole number' if way == 'id' else 'text'}."
        raise Refused(message)
    return _kept(WAYS[way], value, column)


def _object_or_null(name: str, value: Any) -> Record | None:  # noqa: ANN401 - whatever it holds
    value = unwrapped(value)
    if says_nothing(value):
        return None
    read: Record = _read(Field(name, "object"), value)
    return read


def _is_nobody(record: Record, prefix: str, whole: Record, route: Route) -> bool:
    """Whether a record says by a null that nobody is to be there, where nulls are written."""
    columns = (prefix, *(f"{prefix}_{way}" for way in WAYS))
    nulls = [record.get(column, ...) for column in columns]
    nulls += [whole.get(way, ...) for way in WAYS]
    return route.nulls and any(each is None for each in nulls)


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
    return {way: _name(way, value, way) for way, value in ways.items()}


def _values(route: Route, record: Record) -> Iterable[tuple[str, Any]]:
    for name, field_ in fields_of(route).items():
        if name not in record:
            continue
        value = shaped(field_, record[name], nulls=route.nulls)
        if name == "value" and (route.foreign or not VALUE_COLUMNS.isdisjoint(record)):
            value = scalar(value)
        merges = name in route.entity.merged.keys() - route.replace
        clears = route.nulls and route.verb != "create" and not merges
        empties = route.nulls and field_.kind in TEXT_KINDS
        if (value is None and not clears) or (is_blank(value) and not empties):
            continue
        if value is None and name in route.replace:
            value = []
        if name == "messages" and isinstance(value, list):
            value = [_with_people(each) if isinstance(each, dict) else each for each in value]
        try:
            yield name, storable(_read(field_, value, name))
        except RecursionError:
            message = f"'{name}' nests too deep."
            raise Refused(message) from None


def _with_people(message: Record) -> Record:
    """A message inside a ticket, with the people in it by nothing but what tells who they are."""
    shaped = dict(message)
    for side in [side for side in PERSONS if side in message]:
        person = tidy_object(unwrapped(message[side]))
        if not isinstance(person, dict | None):
            continue  # it is refused for that
        ways = {way: person[way] for way in WAYS if way in person} if person else {}
        said = {way: _name(way, value, side) for way, value in ways.items() if value is not None}
        if not said and any(value is not None for value in (person or {}).values()):
            message_ = f"'messages.{side}' names no person: it needs an 'id' or an 'email'."
            raise Refused(message_)
        shaped[side] = said or None
    return {
        name: value for name, value in shaped.items() if value is not None or name not in PERSONS
    }


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


def _key_of(change: Change, record: Record) -> str:
    """The key of a record, as far as they have one in the form that its names have."""
    if not change.key_values:
        return _key_of_keyless(change)
    tidied = {name: valued(record, name) for name in change.key_values}
    given = change.key_values.items()
    return key_of({name: value if tidied[name] is None else tidied[name] for name, value in given})


def _key_of_keyless(change: Change) -> str:
    """A key for a record of a stream that declares none: what it names, else all it holds.

    Raises:
        Refused: it may create an object, and nothing tells that from another one.
    """
    if key := natural_key(change):
        return key
    if change.route.verb in {"create", "upsert"} and change.entity.create:
        message = "Nothing in the row tells the object from others: what names it is empty."
        raise Refused(message)
    about = {name: dict(ref.ways) for name, ref in change.references.items()}
    named = {name: change.values[name] for name in TAG | VALUE if name in change.values}
    named.pop("value", None)
    if about and (named or not change.entity.create):
        return json.dumps([about, named], sort_keys=True)
    return whole_of(change)
