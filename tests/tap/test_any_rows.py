"""Rows as no page documents them: each costs a warning, not the run, and all others come."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.api.server import scripted
from tests.odd_answers import (
    DETAIL,
    INSIDE,
    ITEMS,
    JSON,
    SOURCES,
    Answers,
    by_source,
    check_messages,
    odd_row,
    real_rows,
    run_tap,
)
from tests.odd_answers import amount as amount_inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.server import Server

PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # each try is a run: shrinking takes minutes
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@pytest.fixture(scope="module")
def real() -> dict[str, list[dict[str, Any]]]:
    found = real_rows()
    found["/api/events"][0] |= {"type": "customer-merged", "data": {"source_customer_id": 8}}
    return found


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with scripted() as opened:
        yield opened


@settings(max_examples=100, deadline=None, phases=PHASES, suppress_health_check=QUIET)
@given(data=st.data())
def test_odd_rows_cost_a_warning_and_no_other_row(
    server: Server, real: dict[str, list[dict[str, Any]]], data: st.DataObject
) -> None:
    chosen = data.draw(st.sets(st.sampled_from(sorted(SOURCES)), min_size=1, max_size=3))
    rows = by_source(real)
    for path in sorted(chosen):
        odd = data.draw(st.lists(odd_row(real[path][0]), min_size=1, max_size=3), label=path)
        if path == "/api/account":
            rows[path] = odd[:1]
        elif path == DETAIL:
            rows["odd detail"] = odd[:1]
        else:
            rows[path] += odd
    server.answer = Answers(rows)
    streams = [stream for path in chosen for stream in SOURCES[path]]
    parents = {INSIDE[stream][0] for stream in streams if stream in INSIDE} | {"customers"}
    output, set_aside = run_tap(server, *streams, *parents)
    check_messages(output)
    for path in chosen - {DETAIL, ITEMS, "/api/account", "/api/reporting/stats"}:
        stream = SOURCES[path][0]
        out = {row["id"] for row in output.records[stream]}
        assert {row["id"] for row in real[path]} <= out, stream
        assert len(rows[path]) == len(output.records[stream]) + set_aside[stream], stream
    for stream, (parent, field) in INSIDE.items():
        if stream in streams:
            path = next(path for path, some in SOURCES.items() if stream in some)
            out = {row["id"] for row in output.records[parent]}
            dicts = [row for row in rows[path] if isinstance(row, dict)]
            ids = Counter(str(row.get("id")) for row in dicts)
            # Of two rows with one id, the one that is out may be the other.
            sole = [row for row in dicts if ids[str(row.get("id"))] == 1]
            whole = [row for row in sole if type(row.get("id")) is int and row["id"] in out]
            assert amount_inside(whole, field) <= len(output.records[stream]) + set_aside[stream]
    if DETAIL in chosen:
        details = output.records["customer_details"]
        asked = {row["id"] for row in output.records["customers"]}
        assert len(details) + set_aside["customer_details"] == len(asked)


@settings(max_examples=60, deadline=None, phases=PHASES, suppress_health_check=QUIET)
@given(path=st.sampled_from(sorted(SOURCES)), anything=JSON)
def test_an_answer_may_hold_rows_of_anything(server: Server, path: str, anything: Any) -> None:
    server.answer = Answers({path: [anything], "odd detail": [anything]})
    output, _ = run_tap(server, *SOURCES[path])
    check_messages(output)
    assert output.messages
