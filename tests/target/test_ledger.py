"""The ledger says what a dictionary would say, and still does in the next run."""

from __future__ import annotations

from contextlib import closing
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import Engine, event

from target_gorgias.entries import DONE, PENDING, Entry, objects
from target_gorgias.ledger import Ledger

if TYPE_CHECKING:
    from pathlib import Path

QUIET = [HealthCheck.too_slow]

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
        stream=STREAMS,
        key=KEYS,
        entity=ENTITY,
        state=st.sampled_from([PENDING, DONE]),
        found=IDS,
        mark=st.none() | KEYS,
        durable=st.booleans(),
    )
    def put(self, **given: Any) -> None:
        entry = Entry(
            given["stream"],
            given["key"],
            given["entity"],
            "upsert",
            given["state"],
            given["found"],
            given["mark"],
            "hash",
            1.5,
        )
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
                assert objects(self.ledger.with_key(entity, key)) == {
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


DEEDS = st.tuples(
    st.sampled_from(["announce", "entry", "note", "flush", "forget"]), st.sampled_from("12")
)


READ_AHEAD = [("announce", "1"), ("entry", "2")]
NOTED = [("note", "1"), ("flush", "1")]
ASKED = [("entry", "1")]


@example(deeds=READ_AHEAD + NOTED + ASKED)
@example(deeds=NOTED + READ_AHEAD + [("forget", "1")] + ASKED)
@settings(max_examples=100, deadline=None, suppress_health_check=QUIET)
@given(deeds=st.lists(DEEDS, max_size=40))
def test_what_was_read_ahead_is_never_older_than_what_was_noted(
    deeds: list[tuple[str, str]],
) -> None:
    truth: dict[str, Entry] = {}
    with TemporaryDirectory() as folder, closing(Ledger(f"sqlite:///{folder}/l.db", "one")) as kept:
        for number, (deed, key) in enumerate(deeds):
            match deed:
                case "announce":
                    kept.announce([("a", key)])
                case "entry":
                    assert kept.entry("a", key) == truth.get(key)
                case "note":
                    truth[key] = Entry("a", key, "tickets", "create", DONE, number, None, "", 1.0)
                    kept.note(truth[key])
                case "flush":
                    kept.flush()
                case _:
                    kept.forget("a", key)
                    truth.pop(key, None)


def test_entries_that_are_announced_cost_one_look_together(tmp_path: Path) -> None:
    with closing(Ledger(f"sqlite:///{tmp_path}/l.db", "one")) as ledger:
        looks: list[str] = []

        @event.listens_for(Engine, "before_cursor_execute")
        def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            looks.append(statement)

        names = [("a", str(number)) for number in range(50)]
        ledger.announce(names)
        found = [ledger.entry(*name) for name in names]
        event.remove(Engine, "before_cursor_execute", count)
    assert (found, len(looks)) == ([None] * 50, 1)


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
    assert second.with_key("tickets", "1") == []
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
