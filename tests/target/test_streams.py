"""What a stream stands for, by its name, by the settings, and after being renamed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gorgias_api import UsageError
from tests.target.support import Row, lines, record, rows, schema

if TYPE_CHECKING:
    from tests.target.support import Desk

STREAMS = [
    ("messagess", ["id"], "The stream 'messagess' stands for no operation: did you mean"),
    ("zzz", ["id"], "The stream 'zzz' stands for no operation."),
    ("update_tickets", ["subject"], "'update_tickets' needs 'external_id' or 'id'."),
    ("delete_customers", ["name"], "needs 'email' or 'external_id' or 'id'."),
    ("delete_tags", ["color"], "'delete_tags' needs 'id' or 'name'."),
    ("messages", ["id", "channel", "from_agent"], "needs 'ticket' or"),
    ("messages", ["ticket_id", "from_agent"], "'upsert_messages' needs 'channel'."),
    ("update_messages", ["id", "ticket_id", "from_agent"], "needs 'channel'."),
    ("ticket_tags", ["ticket_id"], "'add_ticket_tags' needs 'name' or 'names' or 'tag_id'."),
    ("set_ticket_tags", ["ticket_id", "name"], "'set_ticket_tags' needs 'names'."),
    ("ticket_custom_fields", ["ticket_id", "custom_field_id"], "needs 'custom_fields' or 'value'"),
    ("ticket_custom_fields", ["ticket_id", "value"], "needs 'custom_field_id' or"),
    ("replace_ticket_custom_fields", ["ticket_id", "value"], "needs 'custom_fields'."),
    ("delete_customer_custom_fields", ["customer_id"], "needs 'custom_field_id' or"),
    ("merge_customers", ["source_id"], "needs 'target' or 'target_email' or"),
    ("set_data_customers", ["id"], "'set_data_customers' needs 'data'."),
    ("set_data_customers", ["data"], "needs 'customer' or 'customer_email'"),
    ("create_satisfaction_surveys", ["ticket_id"], "needs 'customer' or 'customer_email'"),
    ("create_jobs", ["type"], "'create_jobs' needs 'params'."),
    ("create_custom_fields", ["label", "object_type"], "needs 'definition'."),
]


@pytest.mark.parametrize(("stream", "columns", "sentence"), STREAMS)
def test_a_stream_that_can_never_work_fails_before_anything_is_written(
    desk: Desk, stream: str, columns: list[str], sentence: str
) -> None:
    with pytest.raises(UsageError, match="The stream") as caught:
        desk.write(schema("tags", "name"), schema(stream, *columns), record("tags", name="a"))
    assert sentence in str(caught.value)
    assert desk.written == []


def test_it_is_exit_code_2(desk: Desk) -> None:
    ended = desk.run(lines([schema("update_tickets", "subject")]))
    assert ended.returncode == 2
    assert "ERROR" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_stream_nobody_knows_is_skipped_if_so_set(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    other = rows("orders", {"id": 1}, {"id": 2})
    desk.write(*other, *rows("tags", {"name": "a"}), on_unknown_stream="skip")
    assert "The stream stands for no operation; it is skipped." in caplog.messages
    assert desk.summary.keys() == {"tags"}


@pytest.mark.parametrize(
    ("stream", "streams"),
    [
        ("public-reverse_tags", {"public-reverse_tags": "tags"}),
        ("public-reverse_tags", {"*-reverse_tags": "tags"}),
        ("public-reverse_tags", {"other-*": "users", "public-*": {"operation": "create_tags"}}),
        ("tags", {"tags": {"nulls": "leave"}}),
        ("tags", {"tags": {"operation": None, "replace": []}}),
        ("tags", {"*": {"ids": "gorgias"}}),
    ],
)
def test_the_first_pattern_that_fits_says_what_a_stream_does(
    desk: Desk, stream: str, streams: Row
) -> None:
    desk.write(*rows(stream, {"name": "a"}), streams=streams)
    assert desk.summary[stream]["created"] == 1


MAPS: list[tuple[Row, Row]] = [
    ({"crm": {"__alias__": "tags", "name": "label", "label": None}}, {"label": "a"}),
    ({"crm": {"__alias__": "tags", "name": "label.lower()"}}, {"label": "A"}),
    ({"crm": {"__alias__": "tags", "name": "label", "__else__": None}}, {"label": "a", "x": 1}),
    ({"crm": {"__alias__": "tags", "__filter__": "name == 'a'"}}, {"name": "a"}),
]


@pytest.mark.parametrize(("maps", "row"), MAPS)
def test_stream_maps_rename_streams_and_columns(desk: Desk, maps: Row, row: Row) -> None:
    desk.write(*rows("crm", row, dict.fromkeys(row, "b")), stream_maps=maps)
    assert desk.summary["tags"]["created"] == len(
        {"a", "b"} & {tag["name"] for tag in desk.rows("tags")}
    )
    assert desk.the("tags", name="a")


@pytest.mark.parametrize(
    ("maps", "code", "sentence"),
    [
        ({"tags": {"name": "nothing("}}, 2, "The setting 'stream_maps' cannot be used"),
        ({"tags": {"name": "unknown"}}, 2, "The setting 'stream_maps' cannot be used"),
        ({"tags": 5}, 2, "The setting 'stream_maps' cannot be used"),
        ({"tags": {"name": "float(name)"}}, 1, "does not work for a row of the stream 'tags'"),
        ({"tags": {"name": "_['other']"}}, 1, "does not work for a row of the stream 'tags'"),
    ],
)
def test_a_mistake_in_the_stream_maps_is_one_sentence(
    desk: Desk, maps: Any, code: int, sentence: str
) -> None:
    ended = desk.run(lines(rows("tags", {"name": "Lea Braun"})), stream_maps=maps)
    assert (ended.returncode, "Traceback" in ended.stderr) == (code, False), ended.stderr
    assert sentence in ended.stderr
    assert "Lea" not in ended.stderr
