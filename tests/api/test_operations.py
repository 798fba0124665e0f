"""The table of operations against the sandbox's own contract, and how values become JSON."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorgias_api import UsageError
from gorgias_api.operations import OPERATIONS, Field, FieldError, encode, find, prepare
from gorgias_api.unset import UNSET
from gorgias_sandbox import contract

if TYPE_CHECKING:
    from collections.abc import Callable

    from gorgias_sandbox.contract import Spec

SANDBOX = contract.load().operations

DIFFERENT: dict[tuple[str, str], str] = {
    ("update-ticket-message", "via"): "documented as required, seen to be optional: we ask for it",
    ("upload-file", "files"): "the sandbox takes form data as a whole",
    **{
        (name, "event_types"): "the sandbox also takes the null that a rule shows, we send none"
        for name in ("create-rule", "update-rule")
    },
    **{
        (name, field): "the sandbox also takes null, we leave the field out"
        for name in ("create-ticket-message", "update-ticket-message")
        for field in ("source", "sender", "receiver", "attachments")
    },
    **{
        ("create-ticket-message", field): "the sandbox also takes null, we leave the field out"
        for field in ("actions", "macros", "last_sending_error")
    },
    ("update-user", "timezone"): "the sandbox also takes null, we send none",
}
"""Every field in which the table differs from the sandbox on purpose, and why."""

Shape = tuple[str, bool, bool]


def ours(name: str) -> dict[str, Shape]:
    """Query and body fields as kind, required, null."""
    operation = find(name)
    fields: dict[str, Shape] = {}
    for field in operation.query + operation.body:
        spelling, bracket, _ = field.sent_as.partition("[")
        shape = ("object" if bracket else field.kind, field.required, field.null)
        fields[spelling or field.name] = shape
    return fields


def theirs(name: str) -> dict[str, Shape]:
    operation, body = SANDBOX[name], find(name).body
    specs: dict[str, Spec] = dict(operation.query)
    if operation.body and operation.body.fields is not None:
        specs |= operation.body.fields
    elif operation.body:
        specs[body[0].name] = operation.body
    return {field: (spec.type, spec.required, spec.null) for field, spec in specs.items()}


def test_all_111_operations_of_the_api_are_there() -> None:
    assert len(OPERATIONS) == 111
    assert OPERATIONS.keys() == SANDBOX.keys()


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_what_the_sandbox_answers_to(name: str) -> None:
    mine, other = find(name), SANDBOX[name]
    assert (mine.method, mine.path, mine.scope) == (other.method, other.path, other.scope)
    assert bool(mine.body) == (other.body is not None) == (mine.shape != "none")
    table, sandbox = ours(name), theirs(name)
    bare = mine.shape in ("list", "value")
    for field in table.keys() | sandbox.keys():
        same = table.get(field) == sandbox.get(field)
        if bare and field == mine.body[0].name:
            same = table[field][0] == sandbox[field][0]  # a bare body is there or is not
        assert same != ((name, field) in DIFFERENT), (field, table.get(field), sandbox.get(field))


def test_every_difference_names_a_field_that_exists() -> None:
    assert {(name, field) for name, field in DIFFERENT if field in ours(name)} == set(DIFFERENT)


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_operation_has_two_fields_of_one_name(name: str) -> None:
    names = [field.name for field in find(name).fields]
    assert len(names) == len(set(names))


def test_only_what_makes_something_new_must_not_be_sent_twice() -> None:
    once = {name for name, operation in OPERATIONS.items() if not operation.repeatable}
    creates = {name for name in OPERATIONS if name.startswith("create-")}
    assert once == creates - {"create-ticket-tags"}


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_an_operation_says_about_itself_holds(name: str) -> None:
    operation = find(name)
    assert set(operation.replaces) <= {field.name for field in operation.body}
    if operation.paged:
        assert {"cursor", "limit"} <= {field.name for field in operation.query}
    assert operation.summary.endswith(".")
    assert operation.summary.count(". ") == 0
    assert operation.page.endswith(f"/reference/{name}")


def test_an_unknown_operation_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="no operation 'create-tickt': did you mean 'create-tick"):
        find("create-tickt")


def test_path_query_and_body_come_out_of_one_set_of_values() -> None:
    call = prepare(
        find("update-ticket-message"),
        {"ticket_id": "7", "id": 8, "action": "force", "channel": "api", "via": "api"}
        | {"from_agent": "true", "subject": None},
    )
    assert call.method == "PUT"
    assert call.path == "/api/tickets/7/messages/8"
    assert call.params == {"action": "force"}
    assert call.data == {"channel": "api", "via": "api", "from_agent": True, "subject": None}


def test_a_list_and_a_value_are_sent_bare() -> None:
    values = [{"id": "3", "value": Decimal("1.5")}]
    listed = prepare(find("update-ticket-custom-fields"), {"ticket_id": 1, "values": values})
    assert listed.data == [{"id": 3, "value": 1.5}]
    value = prepare(find("update-ticket-custom-field"), {"ticket_id": 1, "id": 3, "value": True})
    assert value.data is True


def test_an_operation_without_a_body_sends_none_and_an_empty_one_is_an_object() -> None:
    assert prepare(find("delete-ticket"), {"id": 1}).data is UNSET
    assert prepare(find("update-ticket-tags"), {"ticket_id": 1}).data == {}


def test_comparators_are_spelled_with_brackets() -> None:
    call = prepare(find("list-events"), {"created_datetime_gte": date(2026, 1, 2), "cursor": None})
    assert call.params == {"created_datetime[gte]": "2026-01-02T00:00:00+00:00"}


def test_a_name_in_the_path_cannot_lead_elsewhere() -> None:
    parts = {"file_type": "attachments", "domain_hash": "a/b", "resource_name": "../é?x#y.png"}
    call = prepare(find("download-file"), parts)
    assert call.path == "/api/attachments/download/a%2Fb/..%2F%C3%A9%3Fx%23y.png"
    for step in ("", ".", ".."):
        with pytest.raises(UsageError, match=r"download-file: 'domain_hash' must be more"):
            prepare(find("download-file"), parts | {"domain_hash": step})


MESSAGE = {"channel": "api", "via": "api", "from_agent": False}


@pytest.mark.parametrize(
    ("name", "values", "sentence"),
    [
        ("get-ticket", {}, "get-ticket: 'id' is missing."),
        ("get-ticket", {"id": "x"}, "get-ticket: 'id' must be a whole number."),
        ("get-ticket", {"id": None}, "get-ticket: 'id' must not be null."),
        ("get-ticket", {"id": 1, "limit": 5}, "get-ticket has no field 'limit'."),
        (
            "get-ticket",
            {"id": 1, "relationship": "x"},
            "get-ticket has no field 'relationship': did you mean 'relationships'?",
        ),
        (
            "get-ticket",
            {"id": 1, "relationships": ["x"]},
            "get-ticket: 'relationships.0' must be one of: custom_fields.",
        ),
        (
            "create-ticket",
            {"via": "api", "messages": [MESSAGE | {"channel": None}]},
            "create-ticket: 'messages.0.channel' must not be null.",
        ),
        (
            "create-ticket",
            {"via": "api", "messages": [{}]},
            "create-ticket: 'messages.0.channel' is missing.",
        ),
        (
            "create-ticket",
            {"via": "api", "messages": []},
            "create-ticket: 'messages' must hold 1 to 500 items.",
        ),
        (
            "create-ticket",
            {"via": "api", "messages": "[{"},
            "create-ticket: 'messages' is not JSON.",
        ),
        (
            "create-ticket",
            {"via": "api", "messages": [MESSAGE | {"source": {"to": [{"address": []}]}}]},
            "create-ticket: 'messages.0.source.to.0.address' must be text.",
        ),
        (
            "update-ticket",
            {"id": 1, "subject": "x" * 999},
            "update-ticket: 'subject' must not be longer than 998 characters.",
        ),
        (
            "update-ticket",
            {"id": 1, "meta": {"a": {"b": {1}}}},
            "update-ticket: 'meta.a' cannot be written as JSON.",
        ),
        (
            "update-satisfaction-survey",
            {"id": 1, "score": 6},
            "update-satisfaction-survey: 'score' must be 1 to 5.",
        ),
        ("list-custom-fields", {"object_type": None}, "list-custom-fields: 'object_type' is mis"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    name: str, values: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UsageError) as wrong:
        prepare(find(name), values)
    assert str(wrong.value).startswith(sentence)


BERLIN = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (Field("x", "integer"), "12", 12),
        (Field("x", "integer"), Decimal("12.00"), 12),
        (Field("x", "integer"), 12.0, 12),
        (Field("x", "number"), "1.50", 1.5),
        (Field("x", "number"), Decimal(10) ** 3, 1000),
        (Field("x", "number"), "7", 7),
        (Field("x", "boolean"), "TRUE", True),
        (Field("x", "boolean"), False, False),
        *(
            (Field("x", "boolean"), each, True)
            for each in (1, 1.0, Decimal(1), "1.0", "t", " Yes ")
        ),
        *((Field("x", "boolean"), each, False) for each in (0, 0.0, Decimal(0), "0", "F", "no")),
        (Field("x", "string"), 12, "12"),
        (Field("x", "string"), Decimal("1E+3"), "1000"),
        (Field("x", "string"), 1.5, "1.5"),
        (Field("x", "string"), UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Field("x", "string"), "a\0b", "a\0b"),
        (Field("x", "datetime"), datetime(2026, 1, 2, 3, 4), "2026-01-02T03:04:00+00:00"),  # noqa: DTZ001 - naive on purpose
        (
            Field("x", "datetime"),
            datetime(2026, 1, 2, tzinfo=BERLIN),
            "2026-01-02T00:00:00+01:00",
        ),
        (Field("x", "datetime"), date(2026, 1, 2), "2026-01-02T00:00:00+00:00"),
        (Field("x", "datetime"), "2026-01-02 03:04:05", "2026-01-02T03:04:05+00:00"),
        (Field("x", "datetime"), "2026-01-02T03:04:05Z", "2026-01-02T03:04:05+00:00"),
        (Field("x", "datetime"), "2026-01-02 03:04:05 UTC", "2026-01-02T03:04:05+00:00"),
        (Field("x", "datetime"), "2026-01-02 03:04:05.5 utc", "2026-01-02T03:04:05.500000+00:00"),
        (Field("x", "datetime"), "2026-01-02 03:04:05 +0100", "2026-01-02T03:04:05+01:00"),
        (Field("x", "datetime"), "2026-01-02 03:04:05-08", "2026-01-02T03:04:05-08:00"),
        (Field("x", "object"), '{"a": 1}', {"a": 1}),
        (Field("x", "object"), {1: time(3, 4)}, {"1": "03:04:00"}),
        (Field("x", "array"), "[1]", [1]),
        (Field("x", "array"), (None, "a"), [None, "a"]),
        (Field("x", "array", items="integer"), ["1", 2], [1, 2]),
        (Field("x", "array", items="array"), [["a", 1]], [["a", 1]]),
        (Field("x", "scalar"), "1", "1"),
        (Field("x", "scalar"), Decimal("1.5"), 1.5),
        (Field("x", "any", null=True), None, None),
        (Field("x", "any"), UUID(int=0), str(UUID(int=0))),
        (Field("x", "file"), "a.png", "a.png"),
    ],
)
def test_values_of_python_become_values_of_json(field: Field, value: Any, expected: Any) -> None:
    result = field.read(value)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("kind", "values", "clause"),
    [
        ("integer", [True, 1.5, "1.5", "", "٣", "9" * 5000, float("inf"), [], {}], "must be a who"),
        (
            "number",
            [False, "x", "nan", "1e999", "1_0", Decimal("sNaN"), Decimal("1E+1000000"), [1]],
            "must be a number",
        ),
        ("boolean", [2, -1, 0.5, "2", "maybe", "", Decimal("sNaN"), []], "must be true or false"),
        (
            "string",
            [
                True,
                float("nan"),
                [],
                {},
                b"x",
                Decimal("Infinity"),
                Decimal("1E+99999"),
                Decimal("1E-99999"),
            ],
            "must be text",
        ),
        ("datetime", ["", "soon", 5, "2026-13-01", True, []], "must be a date and time"),
        ("object", [[], "[]", 5, "1"], "must be an object"),
        ("array", [{}, "{}", 5, b"ab", {1}], "must be a list"),
        ("object", ["{", "", "[" * 100_000], "is not JSON"),
        ("scalar", [[], {}], "must be text, a number"),
        ("any", [b"x", {1}, float("nan"), 10**50, {(1, 2): 3}, object()], "cannot be written"),
        ("file", ["", 5, b"x"], "must be the path"),
    ],
)
def test_what_a_field_does_not_take_is_refused(kind: Any, values: list[Any], clause: str) -> None:
    for value in [*values, None]:
        with pytest.raises(FieldError) as wrong:
            Field("x", kind).read(value)
        assert str(wrong.value).startswith("must not be null" if value is None else clause)


@pytest.mark.parametrize(
    ("field", "value", "clause"),
    [
        (Field("x", "integer", least=1), 0, "must be at least 1"),
        (Field("x", "number", most=5), 5.5, "must be at most 5"),
        (Field("x", "array", items="integer", most=1), [1, 2], "must hold at most 1 items"),
        (Field("x", "string", one_of=("a", "b")), "c", "must be one of: a, b"),
        (Field("x", "array", fields=(Field("y", "integer"),)), [{"y": "z"}], "0.y must be a who"),
    ],
)
def test_bounds_are_kept(field: Field, value: Any, clause: str) -> None:
    with pytest.raises(FieldError) as wrong:
        field.read(value)
    assert str(wrong.value).startswith(clause)


def test_what_nests_for_ever_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(FieldError, match="cannot be written as JSON"):
        encode(endless)


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**39), 10**39)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30)
    | st.text()
    | st.datetimes(timezones=st.none() | st.just(UTC))
    | st.dates()
    | st.times()
    | st.uuids()
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=20,
)
ANYTHING = VALUES | st.binary() | st.sets(st.integers()) | st.floats() | st.decimals()


@given(VALUES)
def test_an_encoded_value_is_json_and_encoding_it_again_changes_nothing(value: Any) -> None:
    encoded = encode(value)
    assert encode(json.loads(json.dumps(encoded, allow_nan=False))) == encoded


@given(st.sampled_from(sorted(OPERATIONS)), st.data())
def test_whatever_comes_in_what_goes_out_is_json_or_one_sentence(
    name: str, data: st.DataObject
) -> None:
    operation = find(name)
    values = {
        field.name: data.draw(ANYTHING)
        for field in operation.fields
        if field.required or data.draw(st.booleans())
    }
    try:
        call = prepare(operation, values)
    except UsageError as error:
        said = str(error)
    else:
        said = f"{name}: '"
        json.dumps([call.params, None if call.data is UNSET else call.data], allow_nan=False)
    assert said.startswith(f"{name}: '")


@pytest.mark.parametrize(
    ("kind", "strategy", "spell"),
    [
        ("integer", st.integers(-(10**39), 10**39), str),
        ("number", st.floats(allow_nan=False, allow_infinity=False), repr),
        ("boolean", st.booleans(), str),
        ("datetime", st.datetimes(timezones=st.just(UTC)), str),
        ("object", st.dictionaries(st.text(), st.integers()), json.dumps),
        ("array", st.lists(st.text()), json.dumps),
    ],
)
@given(data=st.data())
def test_a_value_and_its_text_mean_the_same(
    kind: Any, strategy: st.SearchStrategy[Any], spell: Callable[[Any], str], data: st.DataObject
) -> None:
    value = data.draw(strategy)
    field = Field("x", kind)
    assert field.read(spell(value)) == field.read(value)
