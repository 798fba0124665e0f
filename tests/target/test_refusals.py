"""Rows that cannot be written: each is named with a reason that a person understands."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any

import pytest

from target_gorgias.refusals import TooManyError
from tests.target.support import MAIL, NOTE, lines, record, rows, schema, state

if TYPE_CHECKING:
    from tests.target.support import Desk, Row

KEY = ("number",)
GONE = 83000002


def good_and_bad(desk: Desk) -> tuple[list[Row], dict[tuple[str, int], str]]:
    """Rows of every kind, and the reason for each that is bad, by its stream and key."""
    customers = [row["email"] for row in desk.rows("customers")]
    at = {"ticket_id": 83000001}
    merged, left = (row["id"] for row in desk.rows("customers")[-2:])
    desk.write(
        *rows("merge_customers", {"source_id": merged, "target_id": left}),
        *rows("delete_tickets", {"id": GONE}, keys=["id"]),
    )
    streams: dict[str, list[tuple[Row, str]]] = {
        "customers": [
            ({"email": "lea@shop.example", "name": "Lea"}, ""),
            ({"email": "not an address"}, "email: Not a valid email address."),
            ({"id": 7, "email": customers[0]}, "Gorgias does not have it, or no longer: PUT"),
            ({"name": ["Lea"]}, "'name' must be text."),
            (
                {"email": "x" * 310 + "@shop.example"},
                "'email' must not be longer than 320 characters.",
            ),
            ({"name": "Ben", "language": "klingon"}, "language: Not a valid language."),
            ({"name": "Ada"}, ""),
        ],
        "create_customers": [
            ({"email": customers[1]}, "It conflicts with what Gorgias has: POST"),
            ({"email": "new@shop.example"}, ""),
        ],
        "delete_customers": [
            ({"id": merged}, f"Customer {merged} was merged into {left}"),
        ],
        "tickets": [
            ({"messages": [MAIL], "customer_email": "lea@shop.example"}, ""),
            ({"messages": [{"channel": "email"}]}, "'messages.0.from_agent' is missing."),
            ({"messages": []}, "'messages' must hold 1 to 500 items."),
            ({"messages": [MAIL], "customer_id": 5}, "customer"),
            (
                {"messages": [MAIL], "customer_external_id": "who"},
                "There is no customer with this external_id.",
            ),
            ({"messages": [MAIL], "status": "pending"}, "'status' must be one of: open, closed."),
            ({"messages": [MAIL], "spam": "perhaps"}, "'spam' must be true or false."),
            (
                {"messages": [MAIL], "subject": "x" * 999},
                "'subject' must not be longer than 998 characters.",
            ),
            (
                {"messages": [MAIL], "snooze_datetime": "tomorrow"},
                "'snooze_datetime' must be a date and time such as 2026-01-31T09:00:00Z.",
            ),
            ({"id": GONE, "subject": "Back"}, "Gorgias does not have it, or no longer: PUT"),
        ],
        "messages": [
            ({**at, **NOTE}, ""),
            ({**at, **NOTE, "channel": None}, "'channel' is missing."),
            ({**at, **NOTE, "sender_email": customers[0]}, "sender: Must be an existing user."),
            ({**at, **NOTE, "receiver_email": customers[0]}, "receiver: Must not be set"),
            ({**at, **MAIL, "from_agent": True}, "Gorgias would send this message to a person"),
            ({"ticket_id": GONE, **NOTE}, "Gorgias does not have it, or no longer: POST"),
            ({"ticket_id": None, **NOTE}, "Nothing says which ticket is meant."),
            ({"ticket_external_id": "who", **NOTE}, "There is no ticket with this external_id."),
            ({"ticket_key": "99", **NOTE}, "No row of tickets with the key 99 was written"),
            ({**at, **NOTE, "meta": {"a": float("nan")}}, "'meta.a' cannot be written as JSON."),
            (
                {**at, **NOTE, "attachments": ["/nowhere/file.pdf"]},
                "Local files in 'attachments' are refused until the setting 'attachments_from'",
            ),
            (
                {**at, **NOTE, "external_id": "x" * 256},
                "'external_id' must not be longer than 255 characters.",
            ),
        ],
        "ticket_tags": [
            ({**at, "name": "good"}, ""),
            ({**at, "name": None}, "'name' is missing"),
            ({"ticket_id": GONE, "name": "late"}, "Gorgias does not have it, or no longer: POST"),
        ],
        "ticket_custom_fields": [
            ({**at, "custom_field_id": 505, "value": 3}, ""),
            ({**at, "custom_field_id": 505, "value": -1}, "value: Not a valid number."),
            ({**at, "custom_field_id": 501, "value": "Nonsense"}, "value: Not a valid choice."),
        ],
    }
    messages: list[Row] = []
    reasons: dict[tuple[str, int], str] = {}
    for stream, cases in streams.items():
        messages += rows(
            stream, *({"number": n, **row} for n, (row, _) in enumerate(cases)), keys=KEY
        )
        reasons |= {(stream, n): reason for n, (_, reason) in enumerate(cases) if reason}
    return messages, reasons


def test_all_good_rows_are_written_and_each_bad_one_is_named_with_its_reason(desk: Desk) -> None:
    messages, reasons = good_and_bad(desk)
    ended = desk.run(lines(messages), on_error="continue")
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    named = {(row["stream"], row["key"]["number"]): row["reason"] for row in desk.rejects}
    if os.environ.get("SHOW"):
        print(*named.items(), sep="\n")  # noqa: T201 - for whoever edits the sentences
    assert named.keys() == reasons.keys()
    assert [reason for at, reason in reasons.items() if reason not in named[at]] == []
    counts = desk.summary.values()
    written = sum(each.get("created", 0) + each.get("updated", 0) for each in counts)
    good = sum(message["type"] == "RECORD" for message in messages) - len(reasons)
    assert (written, sum(each.get("rejected", 0) for each in counts)) == (good, len(reasons))


def test_the_mended_file_is_fed_back_and_is_written_once(desk: Desk) -> None:
    bad = (
        {"number": 1, "email": "wrong", "name": "Lea"},
        {"number": 2, "email": "wrong too", "name": None},
        {"number": 3, "email": "right@shop.example", "name": "Right"},
    )
    desk.write(*rows("crm", *bad, keys=KEY), streams={"crm": "customers"}, on_error="continue")
    mended = desk.folder / "mended.jsonl"
    rejected = sorted(desk.rejects, key=lambda row: int(row["key"]["number"]))
    assert [row["key"] for row in rejected] == [{"number": 1}, {"number": 2}]
    for row in rejected:
        row["record"]["email"] = f"mended-{row['key']['number']}@shop.example"
    mended.write_text(lines(rejected))
    ended = desk.run("", f"--input={mended}", streams={"crm": "customers"})
    assert ended.returncode == 0, ended.stderr
    assert desk.summary["crm"]["created"] == 2
    assert desk.the("customers", email="mended-1@shop.example")["name"] == "Lea"
    desk.forget()
    ended = desk.run("", f"--input={mended}", streams={"crm": "customers"})
    assert (ended.returncode, desk.written) == (0, [])
    assert desk.summary == {"crm": {"unchanged": 2}}


def test_the_unmended_file_is_refused_again_row_by_row(desk: Desk) -> None:
    head = schema("ticket_custom_fields", "ticket_id", "custom_field_id", "value", keys=KEY)
    desk.write(
        head,
        record("ticket_custom_fields", number=1, custom_field_id=505, value=3),
        record(
            "ticket_custom_fields", number=2, custom_field_id=505, value="x", ticket_id=83000001
        ),
        on_error="continue",
    )
    first = desk.rejects
    assert len(first) == 2
    again = desk.folder / "again.jsonl"
    again.write_text(lines(first))
    ended = desk.run("", f"--input={again}", on_error="continue")
    assert ended.returncode == 1, ended.stderr
    assert "Every row was refused, 2 in all." in ended.stderr
    _, _, *second = desk.rejects
    assert [row["key"] for row in second] == [row["key"] for row in first]
    assert [row["status"] for row in second] == [row["status"] for row in first]


def test_rejects_of_streams_without_a_key_are_fed_back_too(desk: Desk) -> None:
    row = {"ticket_id": 83000001, "name": "x" * 300}
    desk.write(*rows("ticket_tags", row), on_error="continue")
    (rejected,) = desk.rejects
    rejected["record"]["name"] = "short"
    desk.feed(lines([rejected]))
    assert desk.summary == {"ticket_tags": {"updated": 1, "requests": 2}}


@pytest.mark.parametrize(
    ("settings", "code", "sentence"),
    [
        ({}, 1, "Mend the row, or set 'on_error' to 'continue' to go on without it."),
        ({"on_error": "fail"}, 1, "customers, key 0: 'name' must be text."),
        ({"on_error": "continue"}, 1, "Every row was refused, 3 in all."),
        ({"on_error": "continue", "max_rejects": 3}, 1, "3 rejected"),
        ({"on_error": "continue", "max_rejects": 2}, 1, "More than 2 rows were refused"),
        ({"on_error": "continue", "max_rejects": 0}, 1, "More than 0 rows were refused"),
    ],
)
def test_the_exit_code_says_whether_refused_rows_were_allowed(
    desk: Desk, settings: Row, code: int, sentence: str
) -> None:
    bad = ({"number": n, "name": []} for n in range(3))
    ended = desk.run(lines([*rows("customers", *bad, keys=KEY), state(1)]), **settings)
    assert (ended.returncode, "Traceback" in ended.stderr) == (code, False)
    assert sentence in ended.stderr
    assert bool(ended.stdout) == (code == 0)


def test_what_came_before_a_row_that_ended_the_run_is_written_and_in_the_state(
    desk: Desk,
) -> None:
    good = ({"number": n, "name": f"Name {n}"} for n in range(5))
    with pytest.raises(TooManyError, match="key 9: 'name' must be text"):
        desk.write(
            *rows("customers", *good, keys=KEY),
            state(1),
            *rows("more", {"number": 9, "name": []}, keys=KEY),
            state(2),
            streams={"more": "customers"},
        )
    assert desk.states == [{"at": 1}]
    assert desk.summary["customers"]["created"] == 5
    assert len(desk.rejects) == 1


def test_a_refused_row_is_sent_again_by_the_next_run_and_nothing_else_is(desk: Desk) -> None:
    both = ({"number": 1, "email": "lea@shop.example"}, {"number": 2, "email": "wrong"})
    messages = rows("customers", *both, keys=KEY)
    desk.write(*messages, on_error="continue")
    desk.forget()
    desk.write(*messages, on_error="continue")
    assert desk.written == ["POST /api/customers"]
    assert [row["status"] for row in desk.rejects] == [400, 400]


def test_the_file_of_rejects_is_for_its_owner_only_and_grows(desk: Desk) -> None:
    for number in (1, 2):
        row: Row = {"number": number, "name": [], "note": "Grüße"}
        desk.write(*rows("customers", row, keys=KEY), on_error="continue")
    path = desk.folder / "rejects.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [row["key"]["number"] for row in desk.rejects] == [1, 2]
    assert "Grüße" in path.read_text(encoding="utf-8")


def test_a_reject_carries_all_that_gorgias_said(desk: Desk) -> None:
    row = {"number": 1, "email": "wrong", "language": "klingon"}
    desk.write(*rows("customers", row, keys=KEY), on_error="continue")
    (rejected,) = desk.rejects
    assert rejected == {
        "type": "RECORD",
        "stream": "customers",
        "key": {"number": 1},
        "names": {"email": "wrong"},
        "operation": "upsert_customers",
        "status": 400,
        "reason": rejected["reason"],
        "message": "Failed to create customer",
        "fields": {
            "email": ["Not a valid email address."],
            "language": ["Not a valid language."],
        },
        "record": row,
        "time": rejected["time"],
        "run": rejected["run"],
    }


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ({"number": None}, "The key 'number' is missing."),
        ({}, "The key 'number' is missing."),
        ({"number": {"a": float("nan")}}, "'number' cannot be written as JSON."),
        ({"number": "a\0b"}, "'number' holds a character that cannot be kept."),
        ({"number": "\ud800"}, "'number' holds a character that cannot be kept."),
        (
            {"number": 1, "external_id": "\ud800"},
            "'external_id' holds a character that cannot be kept.",
        ),
        (
            {"number": 1, "external_id": "a\0b"},
            "'external_id' holds a character that cannot be kept.",
        ),
        ({"number": 1, "id": 2**70}, "'id' must be 1 to 9223372036854775807."),
        ({"number": 1, "id": 0}, "'id' must be 1 to 9223372036854775807."),
        ({"number": 1, "id": True}, "'id' must be a whole number."),
    ],
)
def test_a_key_that_cannot_be_remembered_is_refused(desk: Desk, key: Row, reason: str) -> None:
    head = schema("customers", "name", keys=KEY)
    desk.write(head, record("customers", name="Lea", **key), on_error="continue")
    assert desk.reasons == [reason]
    assert desk.written == []


@pytest.mark.parametrize(
    "value",
    [
        "\ud800",
        "\0",
        "\ud83d\ude00",
        "\u2028",
        pytest.param("x" * 100_000, id="long"),
        float("inf"),
        10**50,
        {},
    ],
)
def test_odd_values_are_written_or_refused_but_stop_nothing(desk: Desk, value: Any) -> None:
    odd = ({"number": n, "name": each} for n, each in enumerate([value, "Good"]))
    desk.write(*rows("customers", *odd, keys=KEY), on_error="continue")
    counts = desk.summary["customers"]
    assert counts.get("created", 0) + counts.get("rejected", 0) == 2
    assert desk.the("customers", name="Good")


def test_an_odd_value_in_a_refused_row_is_kept(desk: Desk) -> None:
    row = {"number": 1, "name": "\ud800", "email": []}
    desk.write(*rows("customers", row, keys=KEY), on_error="continue")
    assert desk.rejects[0]["record"] == row


def test_a_row_without_any_key_is_named_by_what_it_says(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.write(*rows("customers", {"name": [], "email": None}), on_error="continue")
    assert "Refused: customers, a row without a key: 'name' must be text." in caplog.messages


def test_rejects_may_go_unwritten(desk: Desk) -> None:
    desk.write(
        *rows("customers", {"name": [], "email": None}), on_error="continue", rejects_path=None
    )
    assert desk.rejects == []
    assert desk.summary == {"customers": {"rejected": 1}}


ODD_ANSWERS: list[tuple[str, str, int, Row]] = [
    ("customers", "POST", 409, {"email": "new@shop.example"}),
    ("merge_customers", "PUT", 409, {"source_id": 519543214, "target_id": 519543215}),
    ("tickets", "PUT", 301, {"id": 83000001, "subject": "x"}),
    ("tickets", "PUT", 403, {"id": 83000001, "subject": "x"}),
    (
        "ticket_custom_fields",
        "DELETE",
        400,
        {"ticket_id": 83000001, "custom_field_id": 501, "value": None},
    ),
    ("delete_tickets", "DELETE", 403, {"id": 83000001}),
]


@pytest.mark.parametrize(("stream", "method", "status", "row"), ODD_ANSWERS)
def test_whatever_gorgias_refuses_is_a_refused_row(
    desk: Desk, stream: str, method: str, status: int, row: Row
) -> None:
    desk.sandbox.fail("/api", method=method, status=status, times=9)
    desk.write(*rows(stream, row), on_error="continue", streams={"ticket_*": {"nulls": "write"}})
    assert [each["status"] for each in desk.rejects] == [status]
    assert f"was answered {status}" in desk.reasons[0]
