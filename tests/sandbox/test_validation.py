"""What the contract refuses, and in which words (section 1.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gorgias_sandbox.checks import checked, checked_body, checked_query
from gorgias_sandbox.contract import Spec
from gorgias_sandbox.replies import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from gorgias_sandbox.serve import Sandbox

    Ask = Callable[..., requests.Response]

INTEGER = Spec(type="integer", min=1, max=100)


@pytest.mark.parametrize(
    ("spec", "value", "message"),
    [
        (INTEGER, "1", "Not a valid integer."),
        (INTEGER, True, "Not a valid integer."),
        (INTEGER, 1.0, "Not a valid integer."),
        (INTEGER, 0, "Must be greater than or equal to 1 and less than or equal to 100."),
        (Spec(type="integer", min=0), -1, "Must be greater than or equal to 0."),
        (Spec(type="integer", max=5), 6, "Must be less than or equal to 5."),
        (INTEGER, None, "Field may not be null."),
        (Spec(type="string"), 5, "Not a valid string."),
        (Spec(type="string", max_length=2), "abc", "Longer than maximum length 2."),
        (Spec(type="string", min_length=1), "", "Shorter than minimum length 1."),
        (Spec(type="string", min_length=1, max_length=2), "", "Length must be between 1 and 2."),
        (Spec(type="string", enum=["a", "b"]), "c", "Must be one of: a, b."),
        (Spec(type="string", format="email"), "a@b", "Not a valid email address."),
        (Spec(type="string", format="language"), "xx", "Not a valid language."),
        (Spec(type="string", format="timezone"), "Mars/Base", "Not a valid timezone."),
        (Spec(type="string", format="slug"), "No Slug", "Not a valid slug."),
        (Spec(type="string", format="rule-events"), "ticket-created,no", "Not a valid choice."),
        (Spec(type="datetime"), "yesterday", "Not a valid datetime."),
        (Spec(type="boolean"), "yes", "Not a valid boolean."),
        (Spec(type="number"), "1", "Not a valid number."),
        (Spec(type="scalar"), [], "Not a valid value."),
        (Spec(type="array"), {}, "Not a valid list."),
        (Spec(type="object"), [], "Not a valid mapping type."),
        (Spec(type="array", min_items=1), [], "Shorter than minimum length 1."),
    ],
)
def test_a_value_is_refused_in_the_words_of_marshmallow(
    spec: Spec, value: Any, message: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        checked(spec, value)
    assert refusal.value.errors == [message]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2026-01-01T10:00:00Z", "2026-01-01T10:00:00+00:00"),
        ("2026-01-01T10:00:00.5+02:00", "2026-01-01T08:00:00.500000+00:00"),
        ("2026-01-01T10:00:00.000", "2026-01-01T10:00:00+00:00"),
    ],
)
def test_any_spelling_of_a_moment_is_kept_in_one(given: str, kept: str) -> None:
    assert checked(Spec(type="datetime"), given) == kept


def test_errors_nest_by_field_and_position() -> None:
    item = Spec(type="object", fields={"id": Spec(type="integer", required=True)})
    spec = Spec(type="object", fields={"items": Spec(type="array", items=item)})
    with pytest.raises(Invalid) as refusal:
        checked_body(spec, {"items": [{"id": 1}, {}, {"id": 1, "x": 2}]})
    assert refusal.value.errors == {
        "items": {
            "1": {"id": ["Missing data for required field."]},
            "2": {"x": ["Unknown field."]},
        }
    }


@pytest.mark.parametrize(("kind", "body"), [("object", []), ("array", {}), ("object", None)])
def test_a_body_of_the_wrong_kind_is_refused_as_a_whole(kind: Any, body: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        checked_body(Spec(type=kind), body)
    assert refusal.value.errors == {"_schema": ["Invalid input type."]}


def test_a_query_is_read_into_json_values() -> None:
    window = Spec(type="object", fields={"gte": Spec(type="datetime")})
    fields = {
        "limit": Spec(type="integer", default=30),
        "trashed": Spec(type="boolean"),
        "ids": Spec(type="array", items=Spec(type="integer")),
        "at": window,
    }
    pairs = [("trashed", "false"), ("ids", "1"), ("ids", "2"), ("at[gte]", "2026-01-01")]
    assert checked_query(fields, pairs) == {
        "limit": 30,
        "trashed": False,
        "ids": [1, 2],
        "at": {"gte": "2026-01-01T00:00:00+00:00"},
    }


def test_an_error_names_the_operation_and_every_wrong_field(ask: Ask) -> None:
    answer = ask("POST", "/tags", {"name": "", "colour": "red"})
    assert answer.status_code == 400
    assert answer.json() == {
        "error": {
            "msg": "Failed to create tag",
            "data": {"name": ["Length must be between 1 and 256."], "colour": ["Unknown field."]},
        }
    }


def test_json_that_cannot_be_read_is_refused(ask: Ask) -> None:
    answer = ask("POST", "/tags", data="{")
    assert answer.status_code == 400
    assert answer.json()["error"]["data"] == {"_schema": ["Invalid input type."]}


def test_wrong_verbs_and_unknown_paths(ask: Ask) -> None:
    wrong = ask("PATCH", "/tags")
    assert wrong.status_code == 405
    assert wrong.json()["error"]["msg"] == "The specified HTTP method is not allowed."
    assert ask("GET", "/nothing").status_code == 404
    assert ask("GET", "/tags/abc").status_code == 404
    assert ask("GET", "/tags/").status_code == 200


def test_an_answer_says_who_it_is_from_and_what_it_is(ask: Ask) -> None:
    headers = ask("GET", "/tags").headers
    assert headers["content-type"] == "application/json"
    assert headers["vary"] == "Cookie"
    assert headers["x-frame-options"] == "Deny"
    assert headers["x-gorgias-release"]


@pytest.mark.parametrize(("style", "ending"), [("offset", "+00:00"), ("naive", ""), ("z", "Z")])
def test_moments_are_written_in_the_chosen_style(
    desk: Sandbox, ask: Ask, style: str, ending: str
) -> None:
    desk.backend.change(datetime_style=style)
    shown = ask("GET", "/tags?limit=1").json()["data"][0]
    stored = desk.world.tables["tags"][shown["id"]]["created_datetime"]
    assert shown["created_datetime"] == stored.removesuffix("+00:00") + ending
