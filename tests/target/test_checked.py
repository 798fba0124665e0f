"""Rows that say little, nothing or too much, and what is made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.target.support import rows

if TYPE_CHECKING:
    import pytest

    from tests.target.support import Desk

KEY = ("id",)


def test_with_nulls_a_null_assignee_unassigns(desk: Desk) -> None:
    ticket = next(row for row in desk.rows("tickets") if row["assignee_user"])
    row = {"id": ticket["id"], "assignee_user_id": None}
    streams = {"back": {"operation": "update_tickets", "nulls": "write"}}
    desk.write(*rows("back", row, keys=KEY), streams=streams)
    assert desk.the("tickets", id=ticket["id"])["assignee_user"] is None


def test_with_nulls_a_null_list_takes_nothing_away(desk: Desk) -> None:
    ticket = next(row for row in desk.rows("tickets") if row["tags"])
    row = {"id": ticket["id"], "subject": "Kept", "tags": None}
    streams = {"back": {"operation": "update_tickets", "nulls": "write"}}
    desk.write(*rows("back", row, keys=KEY), streams=streams)
    after = desk.the("tickets", id=ticket["id"])
    assert (after["subject"], after["tags"]) == ("Kept", ticket["tags"])


def test_data_that_is_gone_deletes_no_customer(desk: Desk) -> None:
    customer = desk.any("customers")
    gone = {"id": customer["id"], "data": {}, "_sdc_deleted_at": "2026-01-01T00:00:00Z"}
    desk.write(*rows("set_data_customers", gone, keys=KEY), hard_delete=True)
    assert desk.written == []


def test_a_row_without_anything_creates_nobody(desk: Desk) -> None:
    desk.write(*rows("customers", {"email": None, "name": None}, keys=()), on_error="continue")
    assert len(desk.reasons) == 1
    assert desk.written == []


def test_a_key_that_may_be_a_name_is_not_in_the_log(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    bad = {"name": "Ada Braun", "email": "wrong"}
    desk.write(*rows("customers", bad, keys=["name"]), on_error="continue")
    assert [row["key"] for row in desk.rejects] == [{"name": "Ada Braun"}]
    assert "key ***" in caplog.text
    assert "Ada" not in caplog.text


def test_a_plan_is_written_into_the_file_that_is_there(desk: Desk) -> None:
    plan = desk.folder / "plan.jsonl"
    plan.write_text("an older plan")
    same = plan.stat().st_ino
    new = {"email": "lea@shop.example", "name": "Lea"}
    desk.write(*rows("create_customers", new, keys=()), dry_run=True, plan_path=str(plan))
    assert plan.stat().st_ino == same
    assert len(plan.read_text().splitlines()) == 1
