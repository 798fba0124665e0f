"""Whatever is killed, and whatever changes meanwhile: in the end the replica equals the server."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import random
import signal
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from gorgias_api import Client, ConflictError, MovedError, NotFoundError
from tests.support import Row, plain, settings, truth
from tests.tap_process import run_tap

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gorgias_sandbox.serve import Sandbox

KEYS = {
    "tickets": ("id",),
    "ticket_tags": ("ticket_id", "tag_id"),
    "customers": ("id",),
    "messages": ("id",),
    "events": ("id",),
    "deletions": ("id",),
    "satisfaction_surveys": ("id",),
    "tags": ("id",),
}
SEEDS = 20
KILLS = 10
SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["tests.tap_process"])


class Replica:
    """A warehouse: merges what comes by key, and keeps the last state."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[Any, Row]] = defaultdict(dict)
        self.state: Row = {}

    def take(self, line: Row) -> None:
        if line["type"] == "RECORD":
            record = line["record"]
            key = tuple(record[name] for name in KEYS[line["stream"]])
            self.tables[line["stream"]][key] = record
        if line["type"] == "STATE":
            self.state = line["value"]

    def gone(self, kind: str) -> set[int]:
        rows = self.tables["deletions"].values()
        return {row["object_id"] for row in rows if row["object_type"] == kind}


class Shop:
    """Agents and customers at work: each call changes one thing through the API."""

    def __init__(self, sandbox: Sandbox, chance: random.Random) -> None:
        self.sandbox = sandbox
        self.client = Client.from_settings(settings(sandbox))
        self.chance = chance
        self.count = 0

    def work(self) -> None:
        self.count += 1
        calls = [self.rename, self.rename, self.tag, self.reply, self.reply, self.open, self.open]
        calls += [self.greet, self.delete_ticket, self.merge, self.delete_customer]
        calls += [self.wait, self.wait]
        # A reply to a ticket of a deleted person, a merge of two with shop data: as it may be.
        with contextlib.suppress(MovedError, NotFoundError, ConflictError, IndexError):
            self.chance.choice(calls)()

    def some(self, table: str) -> int:
        return int(self.chance.choice(list(self.sandbox.world.tables[table]))["id"])

    def rename(self) -> None:
        data = {"subject": f"Changed {self.count}"}
        self.client.request("PUT", f"/api/tickets/{self.some('tickets')}", data=data)

    def tag(self) -> None:
        path = f"/api/tickets/{self.some('tickets')}/tags"
        names = [f"tag {self.chance.randrange(5)}"]
        self.client.request(self.chance.choice(["POST", "PUT"]), path, data={"names": names})

    def reply(self) -> None:
        message = {"channel": "email", "via": "api", "from_agent": False, "body_text": "Hello"}
        path = f"/api/tickets/{self.some('tickets')}/messages"
        self.client.request("POST", path, data=message | {"sender": {"id": self.some("customers")}})

    def open(self) -> None:
        sender = {"email": f"new{self.count}@example.com"}
        message = {"channel": "email", "via": "api", "from_agent": False, "sender": sender}
        self.client.request(
            "POST",
            "/api/tickets",
            data={"via": "api", "customer": sender, "messages": [message | {"body_text": "Help"}]},
        )

    def greet(self) -> None:
        data = {"name": f"Name {self.count}"}
        self.client.request("PUT", f"/api/customers/{self.some('customers')}", data=data)

    def delete_ticket(self) -> None:
        self.client.request("DELETE", f"/api/tickets/{self.some('tickets')}")

    def delete_customer(self) -> None:
        self.client.request("DELETE", f"/api/customers/{self.some('customers')}")

    def merge(self) -> None:
        ids = {"source_id": self.some("customers"), "target_id": self.some("customers")}
        if len(set(ids.values())) == 1:
            return
        self.client.request("PUT", "/api/customers/merge", params=ids, data={})

    def wait(self) -> None:
        self.sandbox.clock.advance(self.chance.choice([0.5, 60.0, 4000.0]))


def tap_once(sandbox: Sandbox, replica: Replica, shop: Shop, pipe: Path, lines: int | None) -> bool:
    """Run the tap, with work going on; kill it after so many lines. True if it came to its end."""
    config = settings(sandbox) | {"page_size": 10}
    process = SERVER.Process(target=run_tap, args=(config, replica.state, list(KEYS), str(pipe)))
    process.start()
    with pipe.open() as output:
        for count, line in enumerate(output):
            if count == lines:
                process.kill()
            if not line.endswith("\n"):
                break
            replica.take(json.loads(line))
            if lines is not None and shop.chance.random() < 0.03:
                shop.work()
    process.join()
    assert process.exitcode in {0, -signal.SIGKILL}
    return process.exitcode == 0


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_replica_equals_the_server_however_often_the_tap_is_killed(
    open_sandbox: Callable[..., Sandbox], tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a seed that can be given again
    sandbox = open_sandbox(seed=seed, tickets=60, cursor_ttl=100.0)
    replica, shop = Replica(), Shop(sandbox, chance)
    pipe = tmp_path / "tap"
    os.mkfifo(pipe)
    killed = 0
    while killed < KILLS:
        ended = tap_once(sandbox, replica, shop, pipe, chance.randrange(5, 700))
        killed += not ended
        for _ in range(chance.randrange(4)):
            shop.work()
    assert tap_once(sandbox, replica, shop, pipe, None)
    shop.client.close()
    compare(sandbox, replica)


def compare(sandbox: Sandbox, replica: Replica) -> None:
    """Row by row, every field of the list shape."""
    gone_tickets = replica.gone("Ticket")
    for table, gone in (
        ("tickets", gone_tickets),
        ("customers", replica.gone("Customer")),
        ("events", set()),
        ("satisfaction_surveys", set()),
    ):
        ours = {key[0]: row for key, row in replica.tables[table].items() if key[0] not in gone}
        assert ours.keys() == {row["id"] for row in truth(sandbox, table)}, table
        same(ours, truth(sandbox, table))
    messages = {
        key[0]: row
        for key, row in replica.tables["messages"].items()
        if row["ticket_id"] not in gone_tickets
    }
    assert messages.keys() == {row["id"] for row in truth(sandbox, "messages")}
    same(messages, truth(sandbox, "messages"))
    tags = {
        (row["ticket_id"], row["tag_id"])
        for row in replica.tables["ticket_tags"].values()
        if row["ticket_id"] not in gone_tickets
        and row["read_datetime"] == replica.tables["tickets"][(row["ticket_id"],)]["read_datetime"]
    }
    assert tags == {
        (row["id"], tag["id"]) for row in truth(sandbox, "tickets") for tag in row["tags"]
    }


def same(ours: dict[int, Row], theirs: list[Row]) -> None:
    for row in plain(theirs):
        for field, value in row.items():
            if field in {"customer", "assignee_user", "custom_fields", "sender", "receiver"}:
                continue  # what belongs to others changes without this row's date
            kept = ours[row["id"]].get(field)
            if field == "data" and isinstance(kept, str):
                kept = json.loads(kept)
            assert plain({field: kept}) == {field: value}, row["id"]
