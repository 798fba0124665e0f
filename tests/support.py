"""What tests share: running the tap against a local Gorgias, and comparing with its truth."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.encoding.base import GenericSingerWriter

from tap_gorgias.tap import TapGorgias

if TYPE_CHECKING:
    from gorgias_sandbox.serve import Sandbox

Row = dict[str, Any]


@dataclass
class Output(GenericSingerWriter[str, Any]):
    """What a tap wrote."""

    records: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    messages: list[Row] = field(default_factory=list)
    state: Row = field(default_factory=dict)

    def serialize_message(self, message: Any) -> str:
        return json.dumps(message.to_dict(), default=str)

    def write_message(self, message: Any) -> None:
        line = json.loads(self.serialize_message(message))
        self.messages.append(line)
        if line["type"] == "RECORD":
            self.records[line["stream"]].append(line["record"])
        if line["type"] == "STATE":
            self.state = line["value"]

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
        message_writer=output,
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
