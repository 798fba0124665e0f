"""Any settings and any row: they mean something, or one sentence says why not."""

from __future__ import annotations

import json
import logging
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from singer_sdk.singerlib.json import serialize_json

from gorgias_api import SettingsError, UsageError
from target_gorgias.entities import ENTITIES
from target_gorgias.intake import Stream
from target_gorgias.refusals import Refused, readable
from target_gorgias.routes import OPERATIONS, Routes, named

if TYPE_CHECKING:
    from collections.abc import Callable

QUIET = [HealthCheck.too_slow]
LOGGER = logging.getLogger("test")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=9)
    | st.floats()
    | st.decimals()
    | st.sampled_from(["2026-01-31", "12", "[1]", "{}", "null", "a@b.example"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "name", "value", "channel"]) | st.text(max_size=3),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


def routes(streams: Any = (), *, hard_delete: bool = False) -> Routes:
    return Routes(
        dict(streams),
        skip_unknown=False,
        action_field="_gorgias_action",
        hard_delete=hard_delete,
    )


def tried(call: Callable[[], Any]) -> tuple[Any, str]:
    """What a call gives, or the sentence that says why it does not."""
    try:
        return call(), ""
    except (Refused, SettingsError, UsageError) as error:
        return None, str(error)


@pytest.mark.parametrize("operation", [*OPERATIONS, *ENTITIES])
def test_every_operation_is_a_name_of_a_stream(operation: str) -> None:
    route = routes().of_stream(operation)
    assert route
    assert named(str(route)) == (route.verb, route.name) == named(operation)
    assert route.verb in route.entity.verbs


OPTIONS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("operation", "ids", "nulls", "replace"), JSON)
)


@given(st.dictionaries(st.text(max_size=5), JSON | OPTIONS, max_size=3))
@settings(max_examples=80, deadline=None)
def test_any_setting_works_or_is_one_sentence(streams: dict[str, Any]) -> None:
    route, sentence = tried(lambda: routes(streams).of_stream("tickets"))
    assert route or sentence.endswith((".", "?"))


@given(JSON)
@settings(max_examples=100, deadline=None)
def test_any_action_stands_for_an_operation_or_is_one_sentence(action: Any) -> None:
    made = routes()
    route = made.of_stream("tickets")
    assert route
    row = {"_gorgias_action": action}
    found, sentence = tried(lambda: made.of_record(route, row))
    assert sentence.endswith(".") or found.verb in found.entity.verbs


COLUMNS = st.sampled_from(
    [
        "id",
        "external_id",
        "email",
        "name",
        "names",
        "value",
        "custom_fields",
        "custom_field_id",
        "ticket",
        "ticket_id",
        "ticket_key",
        "customer",
        "customer_email",
        "sender",
        "messages",
        "tags",
        "attachments",
        "from_agent",
        "channel",
        "members",
        "params",
        "data",
        "subject",
        "source_id",
        "target",
        "created_datetime",
        "meta",
        "_gorgias_action",
        "_sdc_deleted_at",
        "assignee_user",
        "score",
        "label",
        "object_type",
        "definition",
        "action",
    ]
)


@given(
    st.sampled_from([*OPERATIONS, *ENTITIES]),
    st.dictionaries(COLUMNS, JSON, max_size=8),
    st.sampled_from([[], ["id"], ["id", "name"]]),
    st.sampled_from([{}, {"ids": "source"}, {"nulls": "write"}]),
)
@settings(max_examples=250, deadline=None, suppress_health_check=QUIET)
def test_any_row_is_read_or_refused_with_a_sentence(
    operation: str, row: dict[str, Any], keys: list[str], options: dict[str, Any]
) -> None:
    row = json.loads(json.dumps(row, default=str), parse_float=Decimal)
    made = routes({"*": {"operation": operation} | options}, hard_delete=True)
    stream = Stream.named(made, "stream", keys, LOGGER)
    assert stream
    change, sentence = tried(lambda: stream.change(row))
    kept = serialize_json(readable(stream.unreadable(row).record), allow_nan=False)
    assert change is None or not sentence
    assert sentence == "" or sentence.endswith(".")
    if change:
        assert change.key
        assert change.names
        assert hash(change.together) is not None
        json.dumps([change.values, change.own], allow_nan=False)
        again = stream.change(json.loads(kept, parse_float=Decimal))
        assert again
        assert again.key == change.key
