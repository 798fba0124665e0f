"""A server that answers the tap with real rows and, among them, rows that no page documents."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from copy import deepcopy
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pendulum
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from singer_sdk.singerlib import Catalog

from gorgias_api import Client
from gorgias_sandbox.clock import ManualClock
from gorgias_sandbox.options import Options
from gorgias_sandbox.serve import serve
from tap_gorgias.output import LineWriter
from tap_gorgias.streams import NAMES
from tap_gorgias.streams.reports import reports_of
from tap_gorgias.tap import TapGorgias
from tests.api.server import Reply
from tests.support import Output, settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.api.server import Asked, Server

Row = dict[str, Any]

REPORT = {
    "name": "by channel",
    "scope": "tickets-created",
    "measures": ["ticketCount"],
    "dimensions": ["channel"],
    "granularity": "month",
}
DETAIL, ITEMS, STATS = "/api/customers/0", "/api/views/0/items", "/api/reporting/stats"
SOURCES = {
    "/api/account": ("account",),
    "/api/account/settings": ("account_settings",),
    "/api/custom-fields": ("custom_fields",),
    "/api/customers": ("customers", "customer_custom_fields"),
    DETAIL: ("customer_details",),
    "/api/events": ("events", "deletions"),
    "/api/integrations": ("integrations",),
    "/api/jobs": ("jobs",),
    "/api/macros": ("macros",),
    "/api/messages": ("messages", "attachments"),
    "/api/phone/voice-call-events": ("voice_call_events",),
    "/api/phone/voice-call-recordings": ("voice_call_recordings",),
    "/api/phone/voice-calls": ("voice_calls",),
    STATS: ("reports",),
    "/api/rules": ("rules",),
    "/api/satisfaction-surveys": ("satisfaction_surveys",),
    "/api/tags": ("tags",),
    "/api/teams": ("teams",),
    "/api/tickets": ("tickets", "ticket_tags", "ticket_custom_fields"),
    "/api/users": ("users",),
    "/api/views": ("views",),
    ITEMS: ("view_items",),
    "/api/widgets": ("widgets",),
}
"""Where the streams come from; `0` stands for any id."""
INSIDE = {
    "customer_custom_fields": ("customers", "custom_fields"),
    "ticket_custom_fields": ("tickets", "custom_fields"),
    "ticket_tags": ("tickets", "tags"),
    "attachments": ("messages", "attachments"),
}
"""Streams whose rows live in a field of another stream's."""


def real_rows() -> dict[str, list[Row]]:
    """A few rows of each source, as the sandbox gives them; the richest there are."""
    found: dict[str, list[Row]] = json.loads(_recorded())
    return found


@cache
def _recorded() -> str:
    # At a fixed time, or the rows would be others in every run.
    clock = ManualClock(datetime(2026, 6, 1, tzinfo=UTC))
    with (
        serve(Options(tickets=150, rate_limit=None), clock=clock) as sandbox,
        Client.from_settings(settings(sandbox)) as client,
    ):
        found = {path: _richest(client, path) for path in SOURCES if "/0" not in path}
        found[DETAIL] = [
            client.request("GET", f"/api/customers/{found['/api/customers'][0]['id']}")
        ]
        views = [view for view in found["/api/views"] if view["type"] == "ticket-list"]
        items = (_richest(client, f"/api/views/{view['id']}/items") for view in views)
        found[ITEMS] = next(rows for rows in items if rows)
    assert all(found.values())
    return json.dumps({path: rows[:2] for path, rows in found.items()})


def _richest(client: Client, path: str) -> list[Row]:
    """The rows at a path, the longest first."""
    if path == STATS:
        (report,) = reports_of({"reports": [REPORT]})
        year = report.query(pendulum.Date(2025, 6, 1), pendulum.Date(2026, 6, 1))
        answer = client.request("POST", path, data=year)
    else:
        params = {"object_type": "Ticket"} if path == "/api/custom-fields" else {}
        answer = client.request("GET", path, params=params)
    rows = answer.get("data", [answer])
    return sorted(rows, key=lambda row: len(json.dumps(row)), reverse=True)


DEEP, DEPTHS = "<deep>", b"[" * 350 + b"]" * 350
"""Deeper than the tap passes on; put in place when the answer is written."""
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 5.0, 5.5, 2**53 + 2.0, 2**63, 2**64, -(2**63) - 1, 10**40),
    *(1e300, float("nan"), float("inf"), "", " ", "5", "05", "\u0665", "1_0", "1e3", "NaN", "true"),
    *("null", "soon", "a\0b", "\0", "\ud83d", "<b>", [], {}, [None], [[]], [{}], {"id": None}),
    *([{"id": 1}, {"name": "x"}, 7, "x"], {"x": {"value": 1}}, {"5": None, "-3": [1], "a": {}}),
    *("9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+14:00", "2026-01-01", "2026-01-01T00:00Z"),
    *("2026-13-45T99:99:99.000000+00:00", "2026-W01-1T00:00:00.000000+00:00", 1767225600, DEEP),
    *("2026-02-01T10:00:00,000123+00:00", "2026-02-01T100000.00000000+00:00"),
)
JSON = st.recursive(
    st.sampled_from(ODD) | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5) | st.sampled_from(["id", "name", "5"]), inner)
    ),
    max_leaves=4,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value, at any depth."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in inner if isinstance(value, dict | list) else ():
        yield (*path, key)
        if isinstance(item, dict | list):
            yield from places(item, (*path, key))


@st.composite
def odd_row(draw: st.DrawFn, real: Row) -> Any:
    """A real row with anything in one place or two, or anything at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(JSON)
    row = deepcopy(real)
    if isinstance(row.get("id"), int):
        row["id"] += draw(st.integers(1, 2**40))
    for _ in range(draw(st.integers(1, 2))):
        *way, last = draw(st.sampled_from(list(places(row))))
        inner: Any = row
        for step in way:
            inner = inner[step]
        change = draw(st.sampled_from(["replace", "replace", "drop", "add"]))
        if change == "replace":
            inner[last] = deepcopy(draw(JSON))
        elif change == "drop":
            del inner[last]
        elif isinstance(inner, dict):
            inner["mood"] = deepcopy(draw(JSON))
    return row


def dated(row: Any, key: str) -> str:
    """Where a server has a row in the order of `key`."""
    at = (row.get(key) or row.get("created_datetime")) if isinstance(row, dict) else None
    try:
        moment = datetime.fromisoformat(str(at))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return ""


class Answers:
    """Answers every source with its rows, on one page."""

    def __init__(self, rows: Mapping[str, list[Any]]) -> None:
        self.rows = rows

    def __call__(self, asked: Asked) -> Reply:
        """The answer to one request."""
        parts = urlsplit(asked.target)
        params = parse_qs(parts.query)
        path = re.sub(r"/\d+", "/0", parts.path)
        rows = self.rows.get(path, [])
        if params.get("archived") == ["true"] or params.get("object_type") == ["Customer"]:
            rows = []  # the second of two lists
        key, _, order = params.get("order_by", [""])[0].partition(":")
        if key:
            rows = sorted(rows, key=lambda row: dated(row, key), reverse=order == "desc")
        answer: Any = {"data": rows, "meta": {"next_cursor": None, "next_items": None}}
        if path == DETAIL:
            answer = rows[0] | {"id": int(parts.path.rpartition("/")[2])} if rows else {}
            answer = self.rows["odd detail"][0] if "odd detail" in self.rows else answer
        if path == "/api/account":
            answer = rows[0]
        limit = {"X-Gorgias-Account-Api-Call-Limit": "1/100000"}
        body = json.dumps(answer).encode().replace(json.dumps(DEEP).encode(), DEPTHS)
        return Reply(200, body, limit)


@cache
def everything() -> dict[str, Any]:
    """The catalog; as expensive to make as a run."""
    return TapGorgias(validate_config=False).catalog_dict


def run_tap(server: Server, *streams: str, **more: Any) -> tuple[Output, dict[str, int]]:
    """Read some streams from the server: what came, and how many rows of each were set aside."""
    catalog = Catalog.from_dict(everything())
    for name, entry in catalog.items():
        entry.metadata.root.selected = name in streams
    config = {
        "domain": "acme",
        "api_url": f"{server.url}/api",
        "username": "agent@acme.example",
        "api_key": "s3cr3t",
        "reports": [REPORT],
        "max_retries": 1,
    }
    output = Output()
    tap = TapGorgias(config=config | more, catalog=catalog, message_writer=LineWriter(output))
    tap.sync_all()
    counts = {name: getattr(tap.streams[name], "set_aside", 0) for name in NAMES}
    return output, counts


FORMATS = FormatChecker()


def is_moment(value: object) -> bool:
    """Whether a loader takes it for an instant (RFC 3339)."""
    if isinstance(value, str):
        datetime.fromisoformat(value)
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value))
    return True


FORMATS.checks("date-time", ValueError)(is_moment)


def check_messages(output: Output) -> None:
    """Every record fits the schema that went before it, and has its keys and no stranger."""
    schemas: dict[str, Row] = {}
    validators: dict[str, Any] = {}
    for line in output.messages:
        stream = str(line.get("stream"))
        if line["type"] == "SCHEMA":
            Draft202012Validator.check_schema(line["schema"])
            schemas[stream] = line
            closed = line["schema"] | {"additionalProperties": False}
            validators[stream] = Draft202012Validator(closed, format_checker=FORMATS)
        if line["type"] == "RECORD":
            problems = [error.message for error in validators[stream].iter_errors(line["record"])]
            assert not problems, (stream, problems)
            keys = schemas[stream].get("key_properties") or []
            assert None not in [line["record"][key] for key in keys], stream


def amount(parents: list[Row], field: str) -> int:
    """How many rows should come out of a field of these rows, or be set aside.

    What is not even a list, or an object where that is due, is set aside as one.
    """
    form = dict if field == "custom_fields" else list
    inner = [parent.get(field) for parent in parents]
    return sum(len(some) if isinstance(some, form) else some is not None for some in inner)


def by_source(rows: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """A copy that can be added to."""
    return defaultdict(list, {path: list(some) for path, some in rows.items()})
