"""The log of a run, as loud as it can be: no credential, no person."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from tests.target.support import MAIL, NOTE, lines, rows, state

if TYPE_CHECKING:
    from tests.target.support import Desk, Row

GIVEN = ("lea@shop.example", "ben@shop.example", "wrong@address@twice.example")
KEY = ("email",)


def messages(desk: Desk) -> list[Row]:
    taken = desk.any("customers")["email"]
    people = [{"email": email, "name": "Lea Braun"} for email in (*GIVEN, taken)]
    return [
        *rows("create_customers", *people, keys=KEY),
        *rows("merge_customers", {"source_email": GIVEN[0], "target_email": "nobody@shop.example"}),
        *rows("update_customers", {"email": "nobody@shop.example", "name": "x"}, keys=KEY),
        *rows("delete_customers", {"email": GIVEN[1]}, keys=KEY),
        *rows(
            "messages",
            {"number": 1, "ticket_key": "gone@shop.example", **NOTE, "body_text": "Dear Lea Braun"},
            {"number": 2, "ticket_id": 83000001, "sender_email": GIVEN[0], **MAIL},
            keys=["number"],
        ),
        *rows("tickets", {"email": "lea@shop.example", "subject": "About Lea Braun"}, keys=KEY),
        state(1),
    ]


@pytest.mark.parametrize("debug", [False, True], ids=["quiet", "debug_requests"])
def test_the_log_of_a_run_with_refusals_leaks_nothing(desk: Desk, *, debug: bool) -> None:
    settings = desk.settings
    ended = desk.run_loudly(
        lines(messages(desk)),
        on_error="continue",
        debug_requests=debug,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert len(desk.rejects) >= 5
    basic = b64encode(f"{settings['username']}:{settings['api_key']}".encode()).decode()
    for secret in (settings["api_key"], basic):
        assert secret not in ended.stderr
        assert secret not in ended.stdout
    log = ended.stderr.lower()
    emails = {email.lower() for email in (*desk.people(), *GIVEN, "nobody@shop.example")}
    assert [email for email in emails if email in log] == []
    assert [email for email in emails if email.replace("@", "%40") in log] == []
    assert debug or "lea braun" not in log
    assert ("put /api" in log or "post /api" in log) or not debug


@pytest.mark.parametrize(
    ("key", "shown"), [("lea@shop.example", "***@***"), ("Lea Braun", "***"), ("A-7", "A-7")]
)
def test_the_reason_in_the_log_names_nobody_and_the_one_in_the_file_does(
    desk: Desk, key: str, shown: str
) -> None:
    message = {"number": 1, "ticket_key": key, **NOTE}
    ended = desk.run(lines(rows("messages", message, keys=["number"])), on_error="continue")
    assert f"key {shown} was written: is its stream missing?" in ended.stderr
    assert f"key {key} was written" in desk.reasons[0]


def test_the_summary_is_on_the_log_and_in_its_file(desk: Desk) -> None:
    ended = desk.run(
        lines(rows("tags", {"name": "a"}, {"name": "b"}, {"name": []})), on_error="continue"
    )
    summary = json.loads((desk.folder / "summary.json").read_text())
    assert summary == {
        "tags": {
            "created": 2,
            "updated": 0,
            "unchanged": 0,
            "deleted": 0,
            "rejected": 1,
            "requests": 4,
        }
    }
    assert "tags: 2 created, 1 rejected, 4 requests." in ended.stderr


def test_the_summary_is_written_even_if_the_run_ended_early(desk: Desk) -> None:
    ended = desk.run(lines([*rows("tags", {"name": "a"}), 5]))
    assert ended.returncode == 1
    assert desk.summary in ({"tags": {"created": 1, "requests": 2}}, {})


def test_columns_that_mean_nothing_are_named_once(desk: Desk) -> None:
    row = {"number": 1, "name": "a", "color": "red", "shop": 1, "_sdc_batched_at": 0}
    ended = desk.run(lines(rows("tags", row, row | {"number": 2, "name": "b"}, keys=["number"])))
    assert ended.stderr.count("Columns that mean nothing here: color, shop.") == 1
