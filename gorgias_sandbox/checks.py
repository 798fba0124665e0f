"""Validation of queries and bodies against the contract, worded like marshmallow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from gorgias_sandbox.clock import parse, write
from gorgias_sandbox.replies import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gorgias_sandbox.contract import Json, Spec

_LANGUAGES = frozenset(
    """
    aa ab af ak sq am ar an hy as av ae ay az ba bm eu be bn bh bi bs br bg my ca ch ce ny zh
    cu cv kw co cr hr cs da dv nl dz en eo et ee fo fj fi fr fy ff ka de gd ga gl gv el gn gu
    ht ha he hz hi ho hu ig is io ii iu ie ia id ik it jv ja kl kn ks kr kk km ki rw ky kv kg
    ko kj ku lo la lv li ln lt lb lu lg mk mh ml mi mr ms mg mt mn na nv nr nd ng ne nn nb no
    oc oj or om os pi ps fa pl pt pa qu ro rm rn ru se sm sg sa sc sr sn sd si sk sl so st es
    su sw ss sv tl ty tg ta tt te th bo ti to ts tn tr tk tw ug uk ur uz ve vi vo wa cy wo xh
    yi yo za zu
    """.split()  # noqa: SIM905 - 190 quoted two-letter words would be unreadable
)
_RULE_EVENTS = frozenset(
    {
        "ticket-created",
        "ticket-updated",
        "ticket-message-created",
        "ticket-assigned",
        "ticket-self-unsnoozed",
        "satisfaction-survey-responded",
    }
)
_TIMEZONES = available_timezones()
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]*")
_FORMATS: dict[str, tuple[Callable[[str], object], str]] = {
    "email": (_EMAIL.fullmatch, "Not a valid email address."),
    "language": (_LANGUAGES.__contains__, "Not a valid language."),
    "rule-events": (lambda text: _RULE_EVENTS.issuperset(text.split(",")), "Not a valid choice."),
    "slug": (_SLUG.fullmatch, "Not a valid slug."),
    "timezone": (_TIMEZONES.__contains__, "Not a valid timezone."),
}
_PLAIN_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "array": ((list,), "Not a valid list."),
    "boolean": ((bool,), "Not a valid boolean."),
    "datetime": ((str,), "Not a valid datetime."),
    "integer": ((int,), "Not a valid integer."),
    "number": ((int, float), "Not a valid number."),
    "object": ((dict,), "Not a valid mapping type."),
    "scalar": ((str, int, float, bool), "Not a valid value."),
    "string": ((str,), "Not a valid string."),
}


def checked_body(spec: Spec, body: Json) -> Json:
    """The body with defaults filled in and datetimes in the API's own spelling.

    Raises:
        Invalid: with an object of field name -> messages.
    """
    if not isinstance(body, list if spec.type == "array" else dict) and spec.type in (
        "array",
        "object",
    ):
        raise Invalid({"_schema": ["Invalid input type."]})
    try:
        return checked(spec, body)
    except Invalid as invalid:
        named = isinstance(invalid.errors, dict)
        raise Invalid(invalid.errors if named else {"_schema": invalid.errors}) from None


def checked_query(fields: Mapping[str, Spec], pairs: Iterable[tuple[str, str]]) -> dict[str, Json]:
    """Query parameters as JSON values: repeated keys are arrays, `name[key]` are objects.

    Raises:
        Invalid: with an object of parameter name -> messages.
    """
    raw: dict[str, Json] = {}
    for name, text in pairs:
        outer, bracket, inner = name.partition("[")
        spec = fields.get(outer)
        if spec is not None and spec.fields is not None and bracket and inner.endswith("]"):
            raw.setdefault(outer, {})[inner[:-1]] = text
        elif spec is not None and spec.type == "array" and spec.items is not None:
            raw.setdefault(name, []).append(_read(spec.items, text))
        else:
            raw[name] = text if spec is None else _read(spec, text)
    return _checked_fields(fields, raw)


def checked(spec: Spec, value: Json) -> Json:
    """The value, when it is what `spec` asks for; else `Invalid` is raised."""
    if spec.type in ("any", "files"):
        return value
    if value is None:
        if spec.null:
            return None
        raise Invalid(["Field may not be null."])
    types, complaint = _PLAIN_TYPES[spec.type]
    # The exact type: a boolean is an int to Python, not to JSON.
    if type(value) not in types:
        raise Invalid([complaint])
    if spec.type == "object":
        return value if spec.fields is None else _checked_fields(spec.fields, value)
    if spec.type == "array":
        return _checked_items(spec, value)
    if spec.type == "datetime":
        return _checked_datetime(value)
    if messages := _complaints(spec, value):
        raise Invalid(messages)
    return value


def _read(spec: Spec, text: str) -> Json:
    if spec.type == "integer" and re.fullmatch(r"-?\d{1,18}", text):
        return int(text)
    if spec.type == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return text


def _checked_fields(fields: Mapping[str, Spec], value: Mapping[str, Json]) -> dict[str, Json]:
    errors: dict[str, Json] = {name: ["Unknown field."] for name in value.keys() - fields.keys()}
    result: dict[str, Json] = {}
    for name, spec in fields.items():
        if name in value:
            try:
                result[name] = checked(spec, value[name])
            except Invalid as invalid:
                errors[name] = invalid.errors
        elif spec.required:
            errors[name] = ["Missing data for required field."]
        elif spec.default is not None:
            result[name] = spec.default
    if errors:
        raise Invalid(errors)
    return result


def _checked_items(spec: Spec, value: list[Json]) -> list[Json]:
    if message := _length_complaint(len(value), spec.min_items, spec.max_items):
        raise Invalid([message])
    if spec.items is None:
        return value
    errors: dict[str, Json] = {}
    result = []
    for position, item in enumerate(value):
        try:
            result.append(checked(spec.items, item))
        except Invalid as invalid:
            errors[str(position)] = invalid.errors
    if errors:
        raise Invalid(errors)
    return result


def _checked_datetime(text: str) -> str:
    try:
        return write(parse(text))
    except (ValueError, OverflowError):
        raise Invalid(["Not a valid datetime."]) from None


def _complaints(spec: Spec, value: Json) -> list[str]:
    messages = []
    if isinstance(value, str):
        messages.append(_length_complaint(len(value), spec.min_length, spec.max_length))
        if spec.format and not _FORMATS[spec.format][0](value):
            messages.append(_FORMATS[spec.format][1])
    elif not isinstance(value, bool):
        messages.append(_range_complaint(value, spec.min, spec.max))
    if spec.enum is not None and value not in spec.enum:
        messages.append(f"Must be one of: {', '.join(spec.enum)}.")
    return [message for message in messages if message]


def _length_complaint(length: int, low: int | None, high: int | None) -> str | None:
    if (low is None or length >= low) and (high is None or length <= high):
        return None
    if low is not None and high is not None:
        return f"Length must be between {low} and {high}."
    if low is not None:
        return f"Shorter than minimum length {low}."
    return f"Longer than maximum length {high}."


def _range_complaint(value: float, low: int | None, high: int | None) -> str | None:
    if (low is None or value >= low) and (high is None or value <= high):
        return None
    bounds = [
        f"{words} {bound}"
        for words, bound in (("greater than or equal to", low), ("less than or equal to", high))
        if bound is not None
    ]
    return f"Must be {' and '.join(bounds)}."
