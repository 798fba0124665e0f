"""What a run says is what came out, and what came out is what the README promises.

The tap runs as a program with a pipe for its output; settings, selection, state, stream maps and
what happens to the account between the runs are drawn.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from gorgias_sandbox.options import Options
from gorgias_sandbox.seed import build
from gorgias_sandbox.serve import serve
from tests.program import Program
from tests.support import settings
from tests.tap.model import CHILDREN, FULL, LOOKBACK, Memory
from tests.tap.outside import Outside
from tests.tap.test_consistency import Shop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gorgias_sandbox.dataset import Dataset
    from gorgias_sandbox.serve import Sandbox
    from tests.support import Row

EXAMPLES = 40
OFF = ("customer_details", "reports", "view_items")
STREAMS = sorted({*FULL, *LOOKBACK, *CHILDREN, "reports"})
DATES = {"tickets": "updated_datetime", "customers": "updated_datetime"}
REPORT = {"name": "created", "scope": "tickets-created", "measures": ["ticketCount"]}
REFUSED = {"events": {"events", "deletions"}, "macros": {"macros"}, "tags": {"tags"}}
"""Lists that may be forbidden, and the streams that read them."""
LISTS = ("rules", "integrations", "widgets", "jobs", "users", "views", "tags")
QUIETLY: Row = {"emit_activate_version_messages": False}


@dataclass(frozen=True)
class Step:
    """One run, and what comes before it.

    Attributes:
        changes: what happens to the account, by name and how often.
        state: which state is handed in: of the run before, of the first one, none, or the last
            one with every other stream.
        refused: a list that is answered with 403.
    """

    changes: tuple[tuple[str, int], ...]
    state: str
    refused: str | None


@dataclass(frozen=True)
class Story:
    """Several runs of one account with one set of settings."""

    seed: int
    config: Row
    streams: tuple[str, ...]
    steps: tuple[Step, ...]


CHANGES = ("touch", "tie tickets", "tie messages", "tie events", "tie customers", "work", "lists")
STEPS = st.builds(
    Step,
    st.lists(st.tuples(st.sampled_from(CHANGES), st.integers(1, 25)), max_size=3).map(tuple),
    st.sampled_from(["last", "last", "last", "first", "none", "part"]),
    st.sampled_from([None, None, None, None, None, *REFUSED]),
)
SELECTIONS = st.one_of(
    st.sampled_from(STREAMS).map(lambda name: (name,)),
    st.sets(st.sampled_from(STREAMS), min_size=2, max_size=7).map(sorted).map(tuple),
    st.just(tuple(name for name in STREAMS if name not in OFF)),
    st.just(tuple(STREAMS)),
)
MAPS: dict[str, Row] = {
    "tags": {"__filter__": "id % 2 == 0", "name": "__NULL__"},
    "users": {"__alias__": "people", "email": "md5(email) if email else None"},
    "events": {"__filter__": "id % 2 == 0"},
    "tickets": {"__alias__": "cases", "subject": "__NULL__"},
    "ticket_tags": {"__alias__": "labels"},
    "custom_fields": {"__alias__": "fields", "__filter__": "id % 2 == 0"},
    "messages": {"body_html": "__NULL__"},
}
DAYS_AGO = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def on(days: int) -> str:
    return (DAYS_AGO - timedelta(days=days)).isoformat()


@st.composite
def configs(draw: st.DrawFn, streams: tuple[str, ...]) -> Row:
    """Settings, most of them unset."""
    rarely = st.sampled_from([False, False, True])
    config: Row = {"page_size": draw(st.sampled_from([1, 3, 10, 25, 100]))}
    config["emit_activate_version_messages"] = draw(st.sampled_from([True, False, None]))
    if draw(rarely):
        config["include_trashed"] = draw(st.sampled_from([True, False, None]))
    if draw(rarely):
        config["on_forbidden"] = "fail"
    if draw(rarely):
        config["start_date"] = on(draw(st.integers(20, 200)))
        if draw(rarely):
            config["end_date"] = on(draw(st.integers(2, 19)))
    if draw(rarely):
        choice = st.sampled_from(["P0D", "P3D", "P365D"])
        names = st.sampled_from(["tickets", "messages", "customers", "satisfaction_surveys"])
        config["lookback"] = draw(st.dictionaries(names, choice, min_size=1))
    if draw(rarely):
        config["stream_maps"] = {name: MAPS[name] for name in streams if name in MAPS}
    if draw(rarely):
        config |= {"flattening_enabled": True, "flattening_max_depth": draw(st.integers(1, 3))}
    if "reports" in streams:
        config["reports"] = [REPORT]
    return config


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Two or three runs; the first has no state."""
    streams = draw(SELECTIONS)
    steps = draw(st.lists(STEPS, min_size=2, max_size=3))
    return Story(draw(st.integers(0, 9)), draw(configs(streams)), streams, tuple(steps))


class Change:
    """What happens to an account between two runs."""

    def __init__(self, sandbox: Sandbox, chance: random.Random) -> None:
        self._sandbox, self._chance = sandbox, chance

    def __call__(self, what: str, times: int) -> None:
        kind, _, table = what.partition(" ")
        if kind == "touch":
            for _ in range(times):
                tie(self._sandbox, "tickets", 1, self._chance)
        elif kind == "tie":
            tie(self._sandbox, table, times, self._chance)
        elif kind == "work":
            shop = Quiet(self._sandbox, self._chance)
            for _ in range(times):
                shop.work()
            shop.client.close()
        else:
            self._lists()

    def _lists(self) -> None:
        """New rows in some lists, and rows that vanish from others."""
        world = self._sandbox.world
        for table in ("tags", "teams", "jobs", "rules"):
            row = next(iter(world.tables[table]))
            world.insert(table, row | {"id": world.next_id(table)})
        for table in ("macros", "widgets", "jobs"):
            rows = list(world.tables[table])
            for row in self._chance.sample(rows, min(1, len(rows))):
                world.delete(table, row["id"])


class Quiet(Shop):
    """A shop where no time passes: the clock of the account is the one of its answers."""

    def wait(self) -> None:
        """Do not."""


def tie(sandbox: Sandbox, table: str, count: int, chance: random.Random) -> None:
    """Give rows of a table one instant, the newest of all."""
    world = sandbox.world
    now = world.now()
    rows = list(world.tables[table])
    for row in chance.sample(rows, min(count, len(rows))):
        world.update(table, row["id"], **{DATES.get(table, "created_datetime"): now})


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return Program(tmp_path_factory.mktemp("program"))


@pytest.fixture(scope="module")
def dataset() -> Callable[[int], Dataset]:
    """The rows of a small account; a sandbox leaves them as they are."""
    built: dict[int, Dataset] = {}

    def of(seed: int) -> Dataset:
        if seed not in built:
            built[seed] = build(seed=seed, tickets=30, now=datetime.now(UTC))
        return built[seed]

    return of


@profile(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(story=stories())
def test_rows_on_the_output_are_those_on_the_log_and_those_the_readme_promises(
    program: Program, dataset: Callable[[int], Dataset], story: Story
) -> None:
    with serve(Options(rate_limit=None), dataset=dataset(story.seed)) as sandbox:
        change = Change(sandbox, random.Random(story.seed))  # noqa: S311 - repeatable
        memories = [Memory()]
        for number, step in enumerate(story.steps):
            for what in step.changes:
                change(*what)
            config = settings(sandbox) | story.config
            if number:
                config.pop("end_date", None)
            memory = handed_in(step.state, memories, story.streams)
            memories.append(run_once(program, sandbox, config, story.streams, memory, step.refused))


CASES: dict[str, tuple[tuple[str, ...], Row, int]] = {
    "a full stream alone": (("custom_fields",), {}, 2),
    "full streams alone": (("custom_fields", "account"), {}, 2),
    "lists that declare nothing": (("macros", "teams"), QUIETLY, 2),
    "seven lists that declare nothing": (LISTS, QUIETLY, 2),
    "a long look-back": (("messages",), {"lookback": {"messages": "P365D"}}, 2),
    "one instant, the newest of all": (("tickets",), {}, 4),
    "items of views that declare nothing": (("view_items",), QUIETLY, 1),
}
"""What is selected, the settings, and how many runs."""


@pytest.mark.parametrize("case", CASES)
def test_what_once_was_held_back_comes_out(program: Program, sandbox: Sandbox, case: str) -> None:
    streams, config, runs = CASES[case]
    tie(sandbox, "tickets", 130, random.Random(1))  # noqa: S311 - repeatable
    memory = Memory()
    for _ in range(runs):
        chosen = settings(sandbox) | config
        outside = Outside(sandbox, chosen, set(streams), memory)
        run = program.run_alone(chosen, streams, memory.state)
        assert run.code == 0, run.log
        memory = outside.check(run)


def test_a_run_that_may_read_nothing_fails_and_still_ends_with_a_state(
    program: Program, sandbox: Sandbox
) -> None:
    run_once(program, sandbox, settings(sandbox), ("events", "deletions"), Memory(), "events")


def handed_in(which: str, memories: list[Memory], streams: Iterable[str]) -> Memory:
    """The state of an earlier run, or a part of it."""
    if which == "part":
        return memories[-1].of(set(list(streams)[::2]))
    return {"last": memories[-1], "first": memories[min(1, len(memories) - 1)]}.get(which, Memory())


def run_once(
    program: Program,
    sandbox: Sandbox,
    config: Row,
    streams: tuple[str, ...],
    memory: Memory,
    refused: str | None = None,
) -> Memory:
    """One run that is held to its promises."""
    hidden = frozenset(REFUSED.get(refused or "", set()) & set(streams))
    if hidden:
        sandbox.fail(f"/api/{refused}", status=403, times=10_000)
    outside = Outside(sandbox, config, set(streams), memory, hidden)
    run = program.run(config, streams, memory.state)
    sandbox.backend.faults.clear()
    fails = hidden and (config.get("on_forbidden") == "fail" or hidden == set(streams))
    assert run.code == bool(fails), run.log[-2000:]
    return outside.check(run)
