"""What must hold for any order of work, any use of the ledger, any settings and any row."""

from __future__ import annotations

import json
import logging
import threading
from collections import defaultdict
from decimal import Decimal
from functools import partial
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gorgias_api import SettingsError, UsageError
from target_gorgias.crew import Crew
from target_gorgias.entities import ENTITIES
from target_gorgias.intake import Stream
from target_gorgias.ledger import DONE, PENDING, Entry, Ledger
from target_gorgias.refusals import Refused, readable
from target_gorgias.routes import OPERATIONS, Routes, named

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

QUIET = [HealthCheck.too_slow]
LOGGER = logging.getLogger("test")

# The crew


class Job:
    """A piece of work that notices when something is out of order."""

    def __init__(self, number: int, names: frozenset[int], *, fails: bool) -> None:
        self.number, self.names, self.fails = number, names, fails
        self.ended = False


class Watch:
    """Runs jobs on a crew and checks every promise of it."""

    def __init__(self, size: int) -> None:
        self.crew = Crew(size, self.let_out)
        self.jobs: list[Job] = []
        self.order: dict[int, list[int]] = defaultdict(list)
        self.busy: set[int] = set()
        self.states: list[int] = []
        self.wrong: list[str] = []
        self.lock = threading.Lock()

    def submit(self, names: frozenset[int], *, fails: bool) -> None:
        job = Job(len(self.jobs), names, fails=fails)
        self.jobs.append(job)
        self.crew.submit(job.names, partial(self.work, job))

    def work(self, job: Job) -> None:
        with self.lock:
            if self.busy & job.names:
                self.wrong.append(f"{job.number} overlaps another")
            self.busy |= job.names
            for name in job.names:
                self.order[name].append(job.number)
        if job.fails:
            message = "planned"
            raise ArithmeticError(message)
        with self.lock:
            self.busy -= job.names
            job.ended = True

    def let_out(self, covered: Any) -> None:
        with self.lock:
            if not all(job.ended for job in self.jobs[:covered]):
                self.wrong.append(f"state {covered} came too early")
            self.states.append(covered)


NAMES = st.frozensets(st.integers(0, 4), max_size=3)
STEPS = st.lists(st.one_of(st.tuples(NAMES, st.sampled_from([False] * 9 + [True])), st.none()))


@given(STEPS, st.integers(1, 4))
@settings(max_examples=150, deadline=None, suppress_health_check=QUIET)
def test_work_on_one_object_keeps_its_order_and_state_is_never_ahead_of_it(
    steps: list[tuple[frozenset[int], bool] | None], size: int
) -> None:
    watch, failed, marked = Watch(size), False, -1
    try:
        for step in steps:
            if step is None:
                marked = len(watch.jobs)
                watch.crew.mark(marked)
            else:
                watch.submit(step[0], fails=step[1])
        watch.crew.wait()
    except ArithmeticError:
        failed = True
    finally:
        watch.crew.stop()
    assert watch.wrong == []
    assert all(numbers == sorted(numbers) for numbers in watch.order.values())
    assert watch.states == sorted(watch.states)
    failures = [job.number for job in watch.jobs if job.fails]
    if failures and not failed:
        # Nobody waited any more when it failed.
        assert len(watch.jobs) > failures[0]
    if failed:
        assert all(covered <= failures[0] for covered in watch.states if failures)
        begun = {number for numbers in watch.order.values() for number in numbers}
        for name in watch.jobs[failures[0]].names:
            assert not [number for number in begun
                        if number > failures[0] and name in watch.jobs[number].names]  # fmt: skip
    else:
        assert all(job.ended for job in watch.jobs)
        assert watch.states[-1:] == ([marked] if marked >= 0 else [])


def test_work_may_hand_in_more_work_however_much_waits() -> None:
    crew, done = Crew(1, lambda _: None), []

    def more(left: int) -> None:
        done.append(left)
        if left:
            crew.submit({left}, partial(more, left - 1), patient=False)
            crew.submit({left}, lambda: None, patient=False)

    for _ in range(50):
        crew.submit({"same"}, partial(more, 20))
    crew.wait()
    crew.stop()
    assert len(done) == 50 * 21


def test_nothing_begins_after_a_failure_and_it_is_raised_to_whoever_hands_in_more() -> None:
    crew, begun = Crew(1, lambda _: None), []

    def fail() -> None:
        message = "planned"
        raise ArithmeticError(message)

    crew.submit({1}, fail)
    with pytest.raises(ArithmeticError):
        crew.wait()
    with pytest.raises(ArithmeticError):
        crew.submit({2}, lambda: begun.append(1))
    crew.submit({3}, lambda: begun.append(1), patient=False)
    crew.mark("state")
    crew.stop()
    assert begun == []


# The ledger


STREAMS = st.sampled_from(["a", "b"])
KEYS = st.sampled_from(["1", "2", "ä", ""])
ENTITY = st.sampled_from(["tickets", "customers"])
IDS = st.none() | st.integers(1, 3)


class LedgerModel(RuleBasedStateMachine):
    """A ledger and a dictionary that does the same."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.entries: dict[tuple[str, str], Entry] = {}
        self.waits: dict[tuple[str, str], tuple[str, Any]] = {}
        self.ledger = self.open()
        self.other = Ledger(f"sqlite:///{self.folder.name}/other.db", "another account")

    def open(self) -> Ledger:
        return Ledger(f"sqlite:///{self.folder.name}/ledger.db", "account")

    @rule(
        stream=STREAMS, key=KEYS, entity=ENTITY, state=st.sampled_from([PENDING, DONE]),
        found=IDS, mark=st.none() | KEYS, durable=st.booleans(),
    )  # fmt: skip
    def put(self, **given: Any) -> None:
        entry = Entry(
            given["stream"], given["key"], given["entity"], "upsert", given["state"],
            given["found"], given["mark"], "hash", 1.5,
        )  # fmt: skip
        (self.ledger.put if given["durable"] else self.ledger.note)(entry)
        self.entries[entry.stream, entry.key] = entry

    @rule(stream=STREAMS, key=KEYS)
    def forget(self, stream: str, key: str) -> None:
        self.ledger.forget(stream, key)
        self.entries.pop((stream, key), None)

    @rule(stream=STREAMS, key=KEYS, needs=KEYS, record=st.dictionaries(KEYS, st.integers()))
    def wait(self, stream: str, key: str, needs: str, record: dict[str, int]) -> None:
        self.ledger.wait(needs, stream, key, record)
        self.waits.pop((stream, key), None)
        self.waits[stream, key] = (needs, record)

    @rule(stream=STREAMS, key=KEYS)
    def supersede(self, stream: str, key: str) -> None:
        self.ledger.supersede(stream, key)
        self.waits.pop((stream, key), None)

    @rule(needs=KEYS)
    def wait_no_longer(self, needs: str) -> None:
        for each in self.ledger.waiting(needs)[:1]:
            self.ledger.no_longer_waiting(each.number)
            assert self.ledger.waiting_at(each.number) is None
            del self.waits[each.stream, each.key]

    @rule()
    def end_and_begin(self) -> None:
        self.ledger.close()
        self.ledger = self.open()

    @invariant()
    def says_the_same(self) -> None:
        for stream in ("a", "b"):
            for key in ("1", "ä", ""):
                assert self.ledger.entry(stream, key) == self.entries.get((stream, key))
        there = [entry for entry in self.entries.values() if entry.gorgias_id is not None]
        for entity in ("tickets", "customers"):
            for key in ("1", "ä"):
                assert self.ledger.named(entity, key) == {
                    each.gorgias_id for each in there if (each.entity, each.key) == (entity, key)
                }
                assert self.ledger.by_external_id(entity, key) == {
                    each.gorgias_id
                    for each in there
                    if (each.entity, each.external_id) == (entity, key)
                }
        order = [(each.needs, each.stream, each.key) for each in self.ledger.all_waiting()]
        assert order == [(needs, *at) for at, (needs, _) in self.waits.items()]
        for needs in ("1", "2"):
            assert [each.record for each in self.ledger.waiting(needs)] == [
                record for wanted, record in self.waits.values() if wanted == needs
            ]

    def teardown(self) -> None:
        self.ledger.close()
        self.other.close()
        self.folder.cleanup()


TestLedgerModel = LedgerModel.TestCase
TestLedgerModel.settings = settings(
    max_examples=12, stateful_step_count=15, deadline=None, suppress_health_check=QUIET
)


def test_two_ledgers_of_accounts_in_one_database_know_nothing_of_each_other(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    entry = Entry("a", "1", "tickets", "create", DONE, 5, "x", "hash", 1.0)
    first = Ledger(url, "one")
    first.put(entry)
    first.wait("n", "a", "1", {})
    first.put_file("digest", {"url": "u"})
    first.close()
    second = Ledger(url, "two")
    assert second.entry("a", "1") is None
    assert second.named("tickets", "1") == set()
    assert second.all_waiting() == []
    assert second.file("digest") is None
    second.close()


def test_a_dry_ledger_forgets_all_it_was_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    dry = Ledger(url, "one", keep=False)
    dry.put(Entry("a", "1", "tickets", "create", DONE, 5, "x", "hash", 1.0))
    dry.wait("n", "a", "1", {})
    dry.put_file("digest", {"url": "u"})
    assert dry.entry("a", "1")
    dry.close()
    real = Ledger(url, "one")
    assert (real.entry("a", "1"), real.all_waiting(), real.file("digest")) == (None, [], None)
    real.close()


# Routes and rows


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.floats()
    | st.decimals() | st.sampled_from(["2026-01-31", "12", "[1]", "{}", "null", "a@b.example"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["id", "name", "value", "channel"]) | st.text(max_size=3),
                      inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def routes(streams: Any = (), *, hard_delete: bool = False) -> Routes:
    return Routes(
        dict(streams),
        skip_unknown=False,
        action_field="_gorgias_action",
        hard_delete=hard_delete,
    )


def tried(call: Callable[[], Any]) -> tuple[Any, str]:
    """What a call gives, or the sentence that says why it does not."""
    try:
        return call(), ""
    except (Refused, SettingsError, UsageError) as error:
        return None, str(error)


@pytest.mark.parametrize("operation", [*OPERATIONS, *ENTITIES])
def test_every_operation_is_a_name_of_a_stream(operation: str) -> None:
    route = routes().of_stream(operation)
    assert route
    assert named(str(route)) == (route.verb, route.name) == named(operation)
    assert route.verb in route.entity.verbs


OPTIONS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("operation", "ids", "nulls", "replace"), JSON)
)


@given(st.dictionaries(st.text(max_size=5), JSON | OPTIONS, max_size=3))
@settings(max_examples=200, deadline=None)
def test_any_setting_works_or_is_one_sentence(streams: dict[str, Any]) -> None:
    route, sentence = tried(lambda: routes(streams).of_stream("tickets"))
    assert route or sentence.endswith((".", "?"))


@given(JSON)
@settings(max_examples=100, deadline=None)
def test_any_action_stands_for_an_operation_or_is_one_sentence(action: Any) -> None:
    made = routes()
    route = made.of_stream("tickets")
    assert route
    row = {"_gorgias_action": action}
    found, sentence = tried(lambda: made.of_record(route, row))
    assert sentence.endswith(".") or found.verb in found.entity.verbs


COLUMNS = st.sampled_from(
    [
        "id", "external_id", "email", "name", "names", "value", "custom_fields", "custom_field_id",
        "ticket", "ticket_id", "ticket_key", "customer", "customer_email", "sender", "messages",
        "tags", "attachments", "from_agent", "channel", "members", "params", "data", "subject",
        "source_id", "target", "created_datetime", "meta", "_gorgias_action", "_sdc_deleted_at",
        "assignee_user", "score", "label", "object_type", "definition", "action",
    ]
)  # fmt: skip


@given(
    st.sampled_from([*OPERATIONS, *ENTITIES]),
    st.dictionaries(COLUMNS, JSON, max_size=8),
    st.sampled_from([[], ["id"], ["id", "name"]]),
    st.sampled_from([{}, {"ids": "source"}, {"nulls": "write"}]),
)
@settings(max_examples=250, deadline=None, suppress_health_check=QUIET)
def test_any_row_is_read_or_refused_with_a_sentence(
    operation: str, row: dict[str, Any], keys: list[str], options: dict[str, Any]
) -> None:
    row = json.loads(json.dumps(row, default=str), parse_float=Decimal)
    made = routes({"*": {"operation": operation} | options}, hard_delete=True)
    stream = Stream.named(made, "stream", keys, LOGGER)
    assert stream
    change, sentence = tried(lambda: stream.change(row))
    kept = json.dumps(readable(stream.unreadable(row).record), allow_nan=False)
    assert change is None or not sentence
    assert sentence == "" or sentence.endswith(".")
    if change:
        assert change.key
        assert change.names
        assert hash(change.together) is not None
        json.dumps([change.values, change.own], allow_nan=False)
        again = stream.change(json.loads(kept, parse_float=Decimal))
        assert again
        assert again.key == change.key
