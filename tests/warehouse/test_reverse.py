"""`meltano run tap-postgres target-gorgias`: rows of a PostgreSQL database change a help desk."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from demo.meltano import Meltano
from tests.support import plain, settings, truth
from tests.warehouse.warehouses import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gorgias_sandbox.serve import Sandbox
    from tests.support import Row

STREAMS = {
    "reverse-people": {"operation": "upsert_customers", "verbs": ["delete"]},
    "reverse-profiles": "set_data_customers",
    "reverse-tags": "add_ticket_tags",
    "reverse-replies": "create_messages",
    "reverse-snoozed": "update_tickets",
    "reverse-*_of_tickets": "set_ticket_custom_fields",
    "reverse-*_of_customers": "set_customer_custom_fields",
}
INTENT, WORTH, GIFT, POINTS, NEWSLETTER = 504, 505, 507, 510, 511
SNOOZED = datetime(2031, 3, 1, 8, 30, tzinfo=UTC)
SENT = datetime(2026, 2, 3, 12, 0, tzinfo=UTC)
TABLES = """
alter database postgres set timezone = 'America/New_York';
create schema crm;
create schema reverse;
create table crm.people (number int, mail text, name text, has_left boolean);
create view reverse.people as
    select 'crm-' || number as external_id, mail as email, name,
        case when has_left then 'delete' end as _gorgias_action
    from crm.people;
create table reverse.profiles (customer_external_id text primary key, data jsonb);
create table reverse.tags (ticket_id bigint, name text, primary key (ticket_id, name));
create table reverse.replies (
    number int primary key, ticket_id bigint, channel text, from_agent boolean, body_text text,
    sent_datetime timestamptz, attachments jsonb
);
create table reverse.snoozed (id bigint primary key, snooze_datetime timestamptz);
create table reverse.any_of_tickets (
    ticket_id bigint, custom_field_id bigint, value jsonb,
    primary key (ticket_id, custom_field_id)
);
create table reverse.texts_of_tickets
    (ticket_id bigint primary key, custom_field_id bigint, value text);
create table reverse.sums_of_tickets
    (ticket_id bigint primary key, custom_field_id bigint, value numeric(10, 2));
create table reverse.flags_of_tickets
    (ticket_id bigint primary key, custom_field_id bigint, value boolean);
create table reverse.any_of_customers
    (customer_external_id text, custom_field_id bigint, value jsonb);
"""
"""The view and the last table have no primary key. The time zone of the database is not UTC."""


@dataclass
class Reverse:
    """A database whose rows were written to an account once."""

    database: psycopg.Connection[Any]
    sandbox: Sandbox
    home: Path
    meltano: Meltano
    tickets: list[Row]
    """The first ones, as they were."""
    gone: Row
    """The customer to be deleted."""

    def run(self) -> list[str]:
        """Write the rows; give the requests that changed something."""
        self.sandbox.backend.requests.clear()
        self.meltano.run("tap-postgres", "target-gorgias", log=self.home / "run.log")
        seen = self.sandbox.requests
        return [f"{each.method} {each.path}" for each in seen if each.method != "GET"]

    def the(self, table: str, **values: Any) -> Row:
        """The only row of a table with these values."""
        rows = (plain(row) for row in truth(self.sandbox, table))
        (found,) = (row for row in rows if values.items() <= row.items())
        return dict(found)


@pytest.fixture(scope="module")
def reverse(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reverse]:
    home = tmp_path_factory.mktemp("reverse")
    tickets = truth(sandbox, "tickets")
    gone = next(row for row in truth(sandbox, "customers") if row["email"])
    with postgres() as uri, psycopg.connect(uri, autocommit=True) as database:
        database.execute(TABLES.encode())
        target = settings(sandbox) | {
            "streams": json.dumps(STREAMS),
            "ledger_url": f"sqlite:///{home}/ledger.db",
            "attachments_from": str(home),
        }
        variables = {f"TARGET_GORGIAS_{name.upper()}": value for name, value in target.items()}
        # The tap wants a host and a password, and goes to the socket all the same.
        url = uri.replace("postgres:@/", "postgres:none@localhost/")
        meltano = Meltano(home / "meltano", variables | {"TAP_POSTGRES_SQLALCHEMY_URL": url})
        made = Reverse(database, sandbox, home, meltano, tickets, gone)
        fill(made)
        made.run()
        yield made


def fill(reverse: Reverse) -> None:
    first, second, third, *_ = (row["id"] for row in reverse.tickets)
    file = reverse.home / "invoice.pdf"
    file.write_bytes(b"%PDF-1.7 an invoice")
    rows: dict[str, list[tuple[Any, ...]]] = {
        "crm.people": [
            (1, "lea@shop.example", "Lea Braun", False),
            (2, "tom@shop.example", "Tom Weiß 🧡", None),
            (3, reverse.gone["email"], None, True),
        ],
        "reverse.profiles": [("crm-1", json.dumps({"orders": [1, 2.5], "vip": True}))],
        "reverse.tags": [(first, "from the warehouse"), (first, "vip"), (second, "vip")],
        "reverse.replies": [
            (1, second, "email", True, "Your invoice.", SENT, json.dumps([str(file)])),
        ],
        "reverse.snoozed": [(third, SNOOZED)],
        "reverse.any_of_tickets": [
            (first, INTENT, '"refund"'),
            (first, WORTH, "12.5"),
            (first, GIFT, "true"),
        ],
        "reverse.texts_of_tickets": [(second, INTENT, "shipping")],
        "reverse.sums_of_tickets": [(second, WORTH, 49.9)],
        "reverse.flags_of_tickets": [(second, GIFT, False)],
        "reverse.any_of_customers": [("crm-1", POINTS, "250"), ("crm-2", NEWSLETTER, "false")],
    }
    for table, values in rows.items():
        places = ", ".join(["%s"] * len(values[0]))
        with reverse.database.cursor() as cursor:
            cursor.executemany(f"insert into {table} values ({places})".encode(), values)  # noqa: S608 - our own words


def test_people_of_a_view_become_customers(reverse: Reverse) -> None:
    lea = reverse.the("customers", external_id="crm-1")
    assert (lea["email"], lea["name"]) == ("lea@shop.example", "Lea Braun")
    assert lea["data"] == {"orders": [1, 2.5], "vip": True}
    assert [each["value"] for each in lea["custom_fields"].values()] == [250]
    tom = reverse.the("customers", external_id="crm-2")
    assert (tom["email"], tom["name"]) == ("tom@shop.example", "Tom Weiß 🧡")
    assert [each["value"] for each in tom["custom_fields"].values()] == [False]


def test_a_row_whose_action_is_delete_deletes_the_customer(reverse: Reverse) -> None:
    assert reverse.gone["id"] not in reverse.sandbox.world.tables["customers"]


def test_tickets_get_tags_and_keep_theirs(reverse: Reverse) -> None:
    for ticket, more in zip(
        reverse.tickets, (["from the warehouse", "vip"], ["vip"]), strict=False
    ):
        names = {tag["name"] for tag in reverse.the("tickets", id=ticket["id"])["tags"]}
        assert names == {tag["name"] for tag in ticket["tags"]} | {*more}


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        pytest.param(0, {INTENT: "refund", WORTH: 12.5, GIFT: True}, id="from jsonb"),
        pytest.param(1, {INTENT: "shipping", WORTH: 49.9, GIFT: False}, id="from plain columns"),
    ],
)
def test_values_are_set_and_the_others_stay(reverse: Reverse, position: int, expected: Row) -> None:
    before = reverse.tickets[position]
    after = reverse.the("tickets", id=before["id"])
    kept = {key: each["value"] for key, each in before["custom_fields"].items()}
    found = {key: each["value"] for key, each in after["custom_fields"].items()}
    assert found == kept | {str(key): value for key, value in expected.items()}


def test_a_moment_is_the_same_whatever_the_time_zone(reverse: Reverse) -> None:
    ticket = reverse.the("tickets", id=reverse.tickets[2]["id"])
    assert ticket["snooze_datetime"] == SNOOZED


def test_a_message_with_a_file_is_added_and_not_sent(reverse: Reverse) -> None:
    message = reverse.the("messages", body_text="Your invoice.")
    assert message["ticket_id"] == reverse.tickets[1]["id"]
    assert message["sent_datetime"] == SENT
    (file,) = message["attachments"]
    assert (file["name"], file["content_type"]) == ("invoice.pdf", "application/pdf")
    (stored,) = reverse.sandbox.world.files.values()
    assert stored.content == b"%PDF-1.7 an invoice"
    assert reverse.sandbox.world.delivered == []


def test_the_same_rows_again_write_nothing_and_a_changed_one_is_one_write(
    reverse: Reverse,
) -> None:
    assert reverse.run() == []
    reverse.database.execute("update crm.people set name = 'Lea Grün' where number = 1")
    lea = reverse.the("customers", external_id="crm-1")
    assert reverse.run() == [f"PUT /api/customers/{lea['id']}"]
    assert reverse.the("customers", external_id="crm-1")["name"] == "Lea Grün"
