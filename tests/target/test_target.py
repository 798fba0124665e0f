"""Rows become changes in Gorgias, and what cannot be written is refused in one sentence."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

import pytest

from gorgias_api import NotFoundError, UsageError
from target_gorgias.target import TargetGorgias
from tests.support import settings, sync, truth

if TYPE_CHECKING:
    from pathlib import Path

    from gorgias_sandbox.serve import Sandbox

FIELDS = {
    "ticket_id": {"type": "integer"},
    "customer_id": {"type": "integer"},
    "custom_field_id": {"type": "integer"},
    "name": {"type": ["string", "null"]},
    "value": {"type": ["string", "null"]},
}
KEYS = {
    "ticket_tags": ["ticket_id", "name"],
    "ticket_custom_fields": ["ticket_id", "custom_field_id"],
    "customer_custom_fields": ["customer_id", "custom_field_id"],
}


def schema(stream: str, *fields: str) -> dict[str, Any]:
    names = fields or tuple(FIELDS)
    properties = {"properties": {name: FIELDS[name] for name in names}}
    return {
        "type": "SCHEMA",
        "stream": stream,
        "schema": properties,
        "key_properties": KEYS.get(stream, []),
    }


def record(stream: str, **values: Any) -> dict[str, Any]:
    return {"type": "RECORD", "stream": stream, "record": values}


def write(sandbox: Sandbox, *messages: dict[str, Any]) -> list[dict[str, Any]]:
    """Run the target over messages; gives the states it emitted."""
    lines = io.StringIO("".join(json.dumps(message) + "\n" for message in messages))
    emitted = io.StringIO()
    with redirect_stdout(emitted):
        TargetGorgias(config=settings(sandbox)).listen(lines)
    return [json.loads(line) for line in emitted.getvalue().splitlines()]


def written(sandbox: Sandbox) -> list[str]:
    return [f"{seen.method} {seen.path}" for seen in sandbox.requests if seen.method != "GET"]


def test_a_tag_is_added_and_the_others_stay(sandbox: Sandbox) -> None:
    ticket = next(row for row in truth(sandbox, "tickets") if row["tags"])
    write(
        sandbox,
        schema("ticket_tags"),
        record("ticket_tags", ticket_id=ticket["id"], name="from the warehouse"),
    )
    (after,) = (row for row in truth(sandbox, "tickets") if row["id"] == ticket["id"])
    before = [tag["name"] for tag in ticket["tags"]]
    assert [tag["name"] for tag in after["tags"]] == [*before, "from the warehouse"]


def test_a_value_is_set_and_the_others_stay(sandbox: Sandbox) -> None:
    ticket = next(row for row in truth(sandbox, "tickets") if len(row["custom_fields"]) > 1)
    (field, entry), *others = ticket["custom_fields"].items()
    values = {"custom_field_id": int(field), "value": json.dumps(entry["value"])}
    write(
        sandbox,
        schema("ticket_custom_fields"),
        record("ticket_custom_fields", ticket_id=ticket["id"], **values),
    )
    (after,) = (row for row in truth(sandbox, "tickets") if row["id"] == ticket["id"])
    assert after["custom_fields"] == ticket["custom_fields"]
    assert others
    assert written(sandbox) == [f"PUT /api/tickets/{ticket['id']}/custom-fields/{field}"]


def test_what_the_tap_reads_the_target_writes(sandbox: Sandbox) -> None:
    streams = ("ticket_tags", "ticket_custom_fields", "customer_custom_fields")
    output = sync(sandbox, *streams)
    for row in list(sandbox.world.tables["tickets"]):
        sandbox.world.update("tickets", row["id"], tag_ids=[], field_values={})
    lines = [line for line in output.messages if line["type"] != "ACTIVATE_VERSION"]
    states = write(sandbox, *lines)
    again = sync(sandbox, *streams)
    for stream, keys in (("ticket_tags", ("ticket_id", "name")), *list(KEYS.items())[1:]):
        assert again.merged(stream, *keys).keys() == output.merged(stream, *keys).keys()
    assert states[-1] == output.state


def test_state_goes_out_when_what_it_covers_is_written_even_if_a_later_row_fails(
    sandbox: Sandbox,
) -> None:
    tickets = [row["id"] for row in truth(sandbox, "tickets")]
    good = record("ticket_tags", ticket_id=tickets[0], name="a")
    bad = record("ticket_tags", ticket_id=1, name="a")
    emitted = io.StringIO()
    messages = [schema("ticket_tags"), good, {"type": "STATE", "value": {"at": 1}}, bad]
    lines = io.StringIO("".join(json.dumps(message) + "\n" for message in messages))
    with redirect_stdout(emitted), pytest.raises(NotFoundError):
        TargetGorgias(config=settings(sandbox)).listen(lines)
    assert json.loads(emitted.getvalue()) == {"at": 1}


def test_a_stream_it_does_not_write_fails_before_anything_is_written(sandbox: Sandbox) -> None:
    ticket = truth(sandbox, "tickets")[0]["id"]
    tag = record("ticket_tags", ticket_id=ticket, name="a")
    with pytest.raises(UsageError, match="'messages' is not one this target writes: ticket_tags"):
        write(sandbox, schema("ticket_tags"), schema("messages"), tag)
    assert written(sandbox) == []


def test_a_stream_without_a_field_it_needs_fails_before_anything_is_written(
    sandbox: Sandbox,
) -> None:
    with pytest.raises(UsageError, match="'ticket_tags' lacks the field 'name'"):
        write(sandbox, schema("ticket_tags", "ticket_id"))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"value": None}, "has no 'value'"),
        ({"value": "not json"}, "has a value that is not JSON"),
    ],
)
def test_a_row_that_cannot_be_written_is_named_by_its_key(
    sandbox: Sandbox, values: dict[str, Any], sentence: str
) -> None:
    row = record("ticket_custom_fields", ticket_id=5, custom_field_id=7, **values)
    with pytest.raises(UsageError, match=sentence) as caught:
        write(sandbox, schema("ticket_custom_fields"), row)
    assert "{'ticket_id': 5, 'custom_field_id': 7}" in str(caught.value)


@pytest.mark.parametrize(
    ("config", "code", "sentence"),
    [({}, 2, "The setting 'domain' is missing"), ({"api_keyy": "x"}, 2, "did you mean 'api_key'")],
)
def test_a_mistake_in_the_settings_is_one_sentence(
    tmp_path: Path, config: dict[str, Any], code: int, sentence: str
) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    command = [sys.executable, "-m", "target_gorgias", f"--config={path}"]
    result = subprocess.run(command, input="", capture_output=True, text=True, check=False)  # noqa: S603 - our own module
    assert result.returncode == code
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_a_refusal_is_exit_code_one(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(settings(sandbox)))
    lines = [schema("ticket_tags"), record("ticket_tags", ticket_id=1, name="a")]
    command = [sys.executable, "-m", "target_gorgias", f"--config={path}"]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    result = subprocess.run(command, input=text, capture_output=True, text=True, check=False)  # noqa: S603 - our own module
    assert result.returncode == 1
    assert "was answered 404" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("text", ["", "[1]", "{broken"])
def test_a_settings_file_that_cannot_be_read_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    command = [sys.executable, "-m", "target_gorgias", f"--config={path}"]
    result = subprocess.run(command, input="", capture_output=True, text=True, check=False)  # noqa: S603 - our own module
    assert result.returncode == 2
    assert "The settings file" in result.stderr
    assert "Traceback" not in result.stderr
