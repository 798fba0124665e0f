"""What was read ahead, or taken from an allowance, while nobody knows what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.target.late import late
from tests.target.support import rows

if TYPE_CHECKING:
    from tests.target.support import Desk, Row

MANY = 6


def customers(count: int = MANY, **more: Any) -> list[Row]:
    """Rows of customers who are new to the account, with two names each."""
    made = [{"id": "", "key": n, "email": f"n{n}@shop.example", **more} for n in range(count)]
    return rows("customers", *made, keys=["key"])


def emails(desk: Desk) -> list[str]:
    """The addresses of those who were made."""
    return sorted(row["email"] for row in desk.rows("customers") if f"{row['email']}"[:1] == "n")


@pytest.mark.parametrize("after", [8, 40, None])
def test_customers_read_ahead_do_not_hide_one_that_is_in_doubt(
    desk: Desk, after: float | None
) -> None:
    before = len(emails(desk))
    with late(desk.sandbox, desk.clock.monotonic, after) as server:
        desk.write(*customers(), api_url=server.url)
        server.finish()
    assert len(set(emails(desk))) == len(emails(desk)) == before + MANY
    assert desk.summary["customers"]["created"] == MANY


def test_a_lost_ledger_makes_nobody_again_when_customers_are_read_ahead(desk: Desk) -> None:
    desk.write(*customers(), look_before_create=True)
    (desk.folder / "ledger.db").unlink()
    desk.forget()
    desk.write(*customers(), look_before_create=True)
    assert not [each for each in desk.written if each.startswith("POST")]


@pytest.mark.parametrize("times", [2, 999])
def test_rows_that_cannot_be_compared_are_written(desk: Desk, times: int) -> None:
    tickets = [row["id"] for row in desk.rows("tickets")]
    changed = [{"id": each, "subject": "New"} for each in tickets]
    desk.sandbox.fail("/api/tickets", method="GET", status=500, times=times)
    desk.write(*rows("update_tickets", *changed, keys=["id"]), max_retries=1)
    assert desk.summary["update_tickets"]["updated"] == len(tickets)


@pytest.mark.parametrize(
    ("stream", "record", "path"),
    [
        ("delete_tickets", {}, "/api/tickets/{}"),
        ("trash_tickets", {}, "/api/tickets/{}"),
        ("remove_ticket_tags", {"name": "vip"}, "/api/tickets/{}/tags"),
    ],
)
def test_a_removal_without_an_answer_is_counted_once(
    desk: Desk, stream: str, record: Row, path: str
) -> None:
    ticket, other, *_ = (row["id"] for row in desk.rows("tickets"))
    key = "ticket_id" if record else "id"
    desk.sandbox.fail(path.format(ticket), status=500, times=1)
    desk.write(
        *rows(stream, {key: ticket, **record}, {key: other, **record}, keys=[key]),
        on_error="continue",
        max_deletes=1,
        max_parallelism=1,
        max_retries=1,
        streams={"*": {"compare": "ledger"}},
    )
    assert [each["key"] for each in desk.rejects] == [{key: other}]
    assert desk.summary[stream]["deleted"] == 1
