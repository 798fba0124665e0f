"""A replica in DuckDB: what costs nothing, what no date tells, and rows that are too long."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gorgias_api import Client
from tests.support import settings, truth
from tests.warehouse.replication import Replication
from tests.warehouse.truth import differences
from tests.warehouse.warehouses import DuckDB

if TYPE_CHECKING:
    from gorgias_sandbox.serve import Sandbox
    from tests.warehouse.replication import Sync

README = Path(__file__).parent.parent.parent / "README.md"
CUT = "cut-long-texts"
LIMIT = 100_000


@pytest.fixture(scope="module")
def replication(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Replication:
    home = tmp_path_factory.mktemp("duckdb")
    return Replication(sandbox, DuckDB(home / "replica.duckdb"), home)


@pytest.fixture(scope="module")
def first(replication: Replication) -> Sync:
    return replication.run()


def test_a_run_without_changes_costs_one_request_a_stream_and_changes_nothing(
    replication: Replication, first: Sync
) -> None:
    second = replication.run()
    assert {second.requests[f"/api/{name}"] for name in ("customers", "messages", "tickets")} == {1}
    for name, rows in first.loaded.items():
        assert differences(second.loaded[name], rows) == [], name


def test_a_value_cleared_without_a_date_is_gone_by_the_readme_s_join_after_a_full_pass(
    replication: Replication, first: Sync
) -> None:
    old = next(row for row in first.truth["tickets"] if len(row["custom_fields"]) > 1)
    field = next(iter(old["custom_fields"]))
    with Client.from_settings(settings(replication.sandbox)) as client:
        client.request("DELETE", f"/api/tickets/{old['id']}/custom-fields/{field}")
    (now,) = (row for row in truth(replication.sandbox, "tickets") if row["id"] == old["id"])
    assert now["updated_datetime"] == old["updated_datetime"]
    before = _values_of(replication, old["id"])
    replication.run()
    assert _values_of(replication, old["id"]) == before, "no date tells of it"
    replication.run(TAP_GORGIAS_FULL_PASS_EVERY='{"tickets": "P1D"}')
    assert _values_of(replication, old["id"]) == before - {int(field)}


def test_a_message_too_long_for_the_loader_passes_when_it_is_cut(
    replication: Replication, first: Sync
) -> None:
    ticket = first.truth["tickets"][0]
    text = '"' * 1_500_000
    message = {
        "channel": "email",
        "via": "api",
        "from_agent": False,
        "sender": {"id": ticket["customer"]["id"]},
        "body_text": text,
        "body_html": text,
    }
    with Client.from_settings(settings(replication.sandbox)) as client:
        client.request("POST", f"/api/tickets/{ticket['id']}/messages", data=message)
    loaded = replication.run(through=CUT).loaded
    assert text[:LIMIT] in {row["body_text"] for row in loaded["messages"]}


def _values_of(replication: Replication, ticket: int) -> set[int]:
    """The fields a ticket has values of, by the join that the README shows for tags."""
    query = re.findall(r"```sql\n(select.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[0]
    query = query.replace("ticket_tags.name", "ticket_custom_fields.custom_field_id")
    query = query.replace("ticket_tags", "ticket_custom_fields")
    (rows,) = replication.warehouse.ask(query)
    return {row["custom_field_id"] for row in rows if row["id"] == ticket}
