"""The SDK's own tests for targets, as far as they make sense where the objects are fixed.

What its streams hold (`test_camelcase`, `test:SpecialChars!in?attributes`, ...) is nothing a help
desk has, and no table is made for it. So they are mapped to an operation here, and every row must
come out as written or as refused. Apart from that:

- `record_before_schema`, `invalid_schema`: an error, but our own, which names the line.
- `record_missing_key_property`: an error in the SDK; here a refused row, like any other bad one.
- `record_missing_required_property`: what a row must have, Gorgias decides and not the schema of
  its stream.
- `schema_no_properties`, `special_chars_in_attributes`: no column of theirs means anything.
- `multiple_state_messages`: of states that come true together only the newest one comes out.
- `duplicate_records`, `schema_updates`, `pk_updates`, `user_location_*`: the SDK checks them in a
  database; what they are about is in `test_input`, `test_customers` and `test_tickets`.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest
from singer_sdk.testing import get_target_test_class
from singer_sdk.testing.suites import SingerTestSuite
from singer_sdk.testing.target_tests import TargetCliPrintsTest

from gorgias_api import GorgiasError
from target_gorgias.target import TargetGorgias

if TYPE_CHECKING:
    from tests.target.support import Desk

SETTINGS = {"domain": "acme", "username": "agent@acme.example", "api_key": "key"}
PRINTS: SingerTestSuite[TargetCliPrintsTest] = SingerTestSuite("target", [TargetCliPrintsTest])
TestTargetGorgias = get_target_test_class(
    TargetGorgias, config=SETTINGS, include_target_tests=False, custom_suites=[PRINTS]
)

STREAMS = files("singer_sdk.testing.target_test_streams")
NO_MESSAGES = {"invalid_schema.singer", "record_before_schema.singer"}
NO_COLUMNS = {"schema_no_properties.singer", "special_chars_in_attributes.singer"}
NAMES = sorted(each.name for each in STREAMS.iterdir() if each.name.endswith(".singer"))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NO_MESSAGES | NO_COLUMNS])
def test_every_row_of_the_sdk_is_written_or_refused(desk: Desk, name: str) -> None:
    text = STREAMS.joinpath(name).read_text(encoding="utf-8")
    given = [json.loads(line) for line in text.splitlines() if line.strip()]
    states = desk.feed(text, streams={"*": "customers"}, on_error="continue")
    records = [each["stream"] for each in given if each["type"] == "RECORD"]
    counts = {
        stream: sum(number for what, number in each.items() if what != "requests")
        for stream, each in desk.summary.items()
    }
    assert counts == {stream: records.count(stream) for stream in set(records)}
    sent = [each["value"] for each in given if each["type"] == "STATE"]
    assert states[-1:] == sent[-1:]


@pytest.mark.parametrize("name", sorted(NO_MESSAGES))
def test_what_the_sdk_calls_an_error_is_one_sentence(desk: Desk, name: str) -> None:
    with pytest.raises(GorgiasError, match="input"):
        desk.feed(STREAMS.joinpath(name).read_text(encoding="utf-8"), streams={"*": "customers"})


@pytest.mark.parametrize("name", sorted(NO_COLUMNS))
def test_a_stream_whose_columns_mean_nothing_is_one_sentence(desk: Desk, name: str) -> None:
    with pytest.raises(GorgiasError, match="none of its columns means anything"):
        desk.feed(STREAMS.joinpath(name).read_text(encoding="utf-8"), streams={"*": "customers"})
