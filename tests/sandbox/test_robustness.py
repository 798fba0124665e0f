"""Whatever the contract allows gets an answer, never a crash."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gorgias_sandbox.contract import load
from gorgias_sandbox.options import Options
from gorgias_sandbox.serve import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gorgias_sandbox.contract import Operation, Spec
    from gorgias_sandbox.serve import Sandbox

WITH_BODY = [
    operation
    for operation in load().operations.values()
    if operation.body is not None and operation.body.type != "files"
]
WORDS = st.sampled_from(["", "open", "gift", "a, b", "eq(ticket.status, 'open')", "2026-01-01"])
FORMATS = {
    "email": st.sampled_from(["a@example.org", "agent@acme.example"]),
    "language": st.sampled_from(["en", "de"]),
    "rule-events": st.just("ticket-created"),
    "slug": st.sampled_from(["email", "internal-note", "api", "phone"]),
    "timezone": st.sampled_from(["UTC", "Europe/Berlin"]),
}
MOMENTS = st.sampled_from(["2026-01-01T00:00:00Z", "2020-06-01", "2100-01-01T00:00:00.5+02:00"])


@pytest.fixture(scope="module")
def account() -> Iterator[Sandbox]:
    with serve(Options(tickets=30, rate_limit=None, max_upload=100_000)) as sandbox:
        yield sandbox


def values(spec: Spec, ids: st.SearchStrategy[int]) -> st.SearchStrategy[Any]:
    """Values that the contract allows, whether they make sense or not."""
    strategy: st.SearchStrategy[Any]
    if spec.enum is not None:
        strategy = st.sampled_from(spec.enum)
    elif spec.type == "object":
        strategy = objects(spec, ids)
    elif spec.type == "array":
        items = st.integers(0, 9) if spec.items is None else values(spec.items, ids)
        strategy = st.lists(items, min_size=spec.min_items or 0, max_size=3)
    elif spec.type == "integer":
        low, high = spec.min or 0, spec.max or 2**40
        strategy = ids.filter(lambda each: low <= each <= high) if high > 9 else st.just(low)
    else:
        plain = {
            "any": st.one_of(WORDS, st.none(), st.just({"a": 1}), ids),
            "boolean": st.booleans(),
            "datetime": MOMENTS,
            "number": st.floats(0, 9),
            "scalar": st.one_of(WORDS, st.booleans(), ids),
            "string": FORMATS.get(spec.format or "", WORDS.filter(bool)),
        }
        strategy = plain[spec.type]
    return st.one_of(strategy, st.none()) if spec.null else strategy


def objects(spec: Spec, ids: st.SearchStrategy[int]) -> st.SearchStrategy[Any]:
    if spec.fields is None:
        return st.dictionaries(st.sampled_from(["a", "period", "name"]), WORDS, max_size=2)
    inner = {name: values(each, ids) for name, each in spec.fields.items()}
    required = {name: inner[name] for name, each in spec.fields.items() if each.required}
    optional = {name: inner[name] for name in inner.keys() - required.keys()}
    return st.fixed_dictionaries(required, optional=optional)


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda each: each.operation)
def test_any_body_that_the_contract_allows_is_answered(
    account: Sandbox, operation: Operation
) -> None:
    rows = {name: [row["id"] for row in table] for name, table in account.world.tables.items()}
    ids = st.sampled_from([1, 5, 9, *(each for some in rows.values() for each in some[:3])])
    own = [each for table in ("tickets", "customers", "tags") for each in rows[table][:2]]
    group = operation.path.split("/")[2].replace("-", "_")
    places = st.sampled_from([*rows.get(group, own)[:3], 5])
    auth = (account.email, account.api_key)
    assert operation.body is not None

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(body=values(operation.body, ids), data=st.data())
    def check(body: Any, data: st.DataObject) -> None:
        path = re.sub(r"\{\w*id\}", lambda _: str(data.draw(places)), operation.path)
        path = path.replace("{name}", "overview")
        query = {"source_id": data.draw(places), "target_id": data.draw(places)}
        answer = requests.request(
            operation.method,
            f"{account.url}{path}",
            json=body,
            params=query if operation.operation == "merge-customers" else None,
            auth=auth,
            allow_redirects=False,
            timeout=10,
        )
        assert answer.status_code < 500, (path, body)
        if answer.status_code >= 400:
            assert answer.json()["error"]["msg"]

    check()


def test_everything_can_still_be_read_after_that(account: Sandbox) -> None:
    account.clock.advance(7200)
    for table in account.world.tables:
        url = f"{account.url}/_sandbox/tables/{table}"
        lines = requests.get(url, timeout=10).text.splitlines()
        assert len(lines) == len(account.world.tables[table])
