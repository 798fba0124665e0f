"""A row that is refused before its last request has changed nothing by its first one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.target.support import SENT, rows

if TYPE_CHECKING:
    from tests.target.support import Desk, Row

LEAVE: Row = {"verbs": ["trash"]}
REFUSED: dict[str, tuple[Row, Row]] = {
    "no leave for the trash": ({"trashed_datetime": SENT}, {}),
    "no leave for spam": ({"spam": True}, {}),
    "more than may be taken away": ({"spam": True}, {"streams": {"*": LEAVE}, "max_deletes": 0}),
    "the name of another ticket": ({"external_id": "taken"}, {}),
}


@pytest.mark.parametrize("why", REFUSED)
@pytest.mark.parametrize("stream", ["update_tickets", "tickets"])
@pytest.mark.parametrize(
    "added", [{"tags": ["new"]}, {"custom_fields": {"506": 7}}, {"tags": ["new"], "subject": "x"}]
)
def test_a_refused_row_has_sent_nothing(desk: Desk, stream: str, added: Row, why: str) -> None:
    asked, more = REFUSED[why]
    one, other = (row["id"] for row in desk.rows("tickets")[:2])
    desk.sandbox.world.update("tickets", other, external_id="taken")
    row = {"id": one, **added, **asked}
    desk.write(*rows(stream, row, keys=["id"]), on_error="continue", **more)
    assert desk.written == []
    assert len(desk.rejects) == 1


@pytest.mark.parametrize("owner", ["ticket", "customer"])
def test_values_are_not_set_beside_one_that_may_not_be_cleared(desk: Desk, owner: str) -> None:
    number = desk.any(f"{owner}s")["id"]
    fields = {"504": "a", "506": None} if owner == "ticket" else {"510": None}
    desk.write(
        *rows(f"{owner}_custom_fields", {f"{owner}_id": number, "custom_fields": fields}),
        streams={"*": {"nulls": "write"}},
        max_deletes=0,
        on_error="continue",
    )
    assert desk.written == []
    assert len(desk.rejects) == 1


MAILED: Row = {"channel": "email", "from_agent": True, "body_text": "See the file."}


@pytest.mark.parametrize("stream", ["messages", "create_messages", "tickets", "create_tickets"])
def test_no_file_is_uploaded_for_a_message_that_is_not_sent(desk: Desk, stream: str) -> None:
    (desk.folder / "a.txt").write_text("A file.")
    message = {**MAILED, "attachments": ["a.txt"]}
    row = {"number": 1, "ticket_id": desk.any("tickets")["id"], **message}
    if stream.endswith("tickets"):
        row = {"number": 1, "customer_email": "a@shop.example", "messages": [message]}
    given: Row = {"attachments_from": str(desk.folder), "on_error": "continue"}
    desk.write(*rows(stream, row, keys=["number"]), **given)
    assert desk.written == []
    assert "allow_sending" in desk.reasons[0]


def test_no_file_is_uploaded_for_a_change_that_has_no_leave(desk: Desk) -> None:
    (desk.folder / "a.txt").write_text("A file.")
    held = desk.any("messages")
    row = {"id": held["id"], "ticket_id": held["ticket_id"], **MAILED, "attachments": ["a.txt"]}
    desk.write(
        *rows("update_messages", {**row, "sent_datetime": SENT, "action": "cancel"}, keys=["id"]),
        attachments_from=str(desk.folder),
        on_error="continue",
    )
    assert desk.written == []
    assert len(desk.rejects) == 1
