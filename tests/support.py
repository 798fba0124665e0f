"""What tests share: running the tap against a local Gorgias, and comparing with its truth."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tap_gorgias.output import LineWriter
from tap_gorgias.tap import TapGorgias

if TYPE_CHECKING:
    from gorgias_sandbox.serve import Sandbox

Row = dict[str, Any]


class Output:
    """The pipe that a tap writes to: what it wrote, taken from the very bytes."""

    def __init__(self) -> None:
        self.records: dict[str, list[Row]] = defaultdict(list)
        self.messages: list[Row] = []
        self.state: Row = {}

    def write(self, lines: memoryview, /) -> int:
        """As a pipe takes them."""
        for text in bytes(lines).splitlines():
            line = json.loads(text)
            self.messages.append(line)
            if line["type"] == "RECORD":
                self.records[line["stream"]].append(line["record"])
            if line["type"] == "STATE":
                self.state = line["value"]
        return len(lines)

    def flush(self) -> None:
        """Everything is taken at once."""

    def merged(self, stream: str, *keys: str) -> dict[Any, Row]:
        """Records by key, the last one wins, as in a warehouse."""
        keys = keys or ("id",)
        return {tuple(row[key] for key in keys): row for row in self.records[stream]}


def settings(sandbox: Sandbox) -> Row:
    """The settings that open a sandbox."""
    return {
        "domain": "acme",
        "api_url": sandbox.api_url,
        "username": sandbox.email,
        "api_key": sandbox.api_key,
    }


def sync(
    sandbox: Sandbox,
    *streams: str,
    state: Row | None = None,
    into: Output | None = None,
    **more: Any,
) -> Output:
    """Run the tap for some streams, or all, and give what it wrote."""
    output = into or Output()
    tap = TapGorgias(
        config=settings(sandbox) | more,
        state=json.loads(json.dumps(state or {})),
        message_writer=LineWriter(output),
    )
    for name, stream in tap.streams.items():
        stream.selected = name in streams if streams else None
    tap.sync_all()
    return output


def truth(sandbox: Sandbox, table: str) -> list[Row]:
    """What a table of the sandbox holds, as its list endpoint shows it."""
    world = sandbox.world
    world.settle()
    return [json.loads(world.listed(table, row["id"])) for row in world.tables[table]]


def plain(value: Any, name: str = "") -> Any:
    """Any JSON in the one form in which two spellings of the same are equal."""
    if isinstance(value, dict):
        return {key: plain(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str) and name.endswith("_datetime"):
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return value.replace("\0", "") if isinstance(value, str) else value
