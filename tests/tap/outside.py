"""A run compared with what the README promises, the log claims and the server saw."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.support import truth
from tests.tap import model
from tests.tap.model import CHILDREN, FROM, FULL, Instants, Key, Memory, Promise

if TYPE_CHECKING:
    from collections.abc import Callable

    from gorgias_sandbox.serve import Sandbox
    from tests.program import Run
    from tests.support import Row

KEYS = {
    "account": ("domain",),
    "ticket_tags": ("ticket_id", "tag_id"),
    "ticket_custom_fields": ("ticket_id", "custom_field_id"),
    "customer_custom_fields": ("customer_id", "custom_field_id"),
    "attachments": ("message_id", "position"),
    "view_items": ("view_id", "id"),
    "reports": ("report", "period", "dimensions_hash"),
}

FAMILIES = {
    "tickets": {"tickets", "ticket_tags", "ticket_custom_fields"},
    "customers": {"customers", "customer_custom_fields", "customer_details"},
    "messages": {"messages", "attachments"},
}
NOTHING = Promise(set(), set())


class Outside:
    """One run, seen from outside. Made before it, so that it knows what the server holds.

    Args:
        sandbox: the server, which does not change during the run.
        config: the settings.
        streams: what is selected.
        memory: the state of the run, and what was told before.
        hidden: streams that are refused during the run.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        config: Row,
        streams: set[str],
        memory: Memory,
        hidden: frozenset[str] = frozenset(),
    ) -> None:
        self._sandbox, self._config, self._memory = sandbox, config, memory
        self._shown = streams - hidden
        self._streams = streams
        maps = config.get("stream_maps") or {}
        self._names = {name: maps.get(name, {}).get("__alias__", name) for name in streams}
        self._filtered = {name for name, map_ in maps.items() if "__filter__" in map_}
        sandbox.backend.requests.clear()

    def check(self, run: Run) -> Memory:
        """Hold all that can be held; gives what the next run may start from."""
        check_lines(run)
        written = {name: len(rows) for name, rows in run.records.items()}
        assert run.claimed == written, "rows on the log = rows on the output"
        assert set(written) <= set(self._names.values())
        seen = len(self._sandbox.requests)
        assert run.claimed_requests == (seen, seen), "requests on the log = requests seen"
        self._check_versions(run)
        self._check_state(run)
        for stream in sorted(self._streams - set(CHILDREN) - {"reports"}):
            self._check_stream(run, stream)
        for stream in sorted(self._streams & set(CHILDREN)):
            self._check_children(run, stream)
        return self._remembered(run)

    def _check_stream(self, run: Run, stream: str) -> None:
        promise = self._promise(stream)
        keep = self._kept(stream)
        came = self._keys(run, stream)
        assert not [key for key, count in Counter(came).items() if count > 1], f"{stream}: twice"
        lost = {key for key in promise.must - set(came) if keep(key)}
        assert not lost, f"{stream}: {len(lost)} rows never came, such as {min(lost)}"
        extra = {key for key in came if key not in promise.may or not keep(key)}
        assert not extra, f"{stream}: {len(extra)} rows that nothing promises: {sorted(extra)[:3]}"

    def _check_children(self, run: Run, stream: str) -> None:
        parent, keys_of = CHILDREN[stream]
        given = {(row["id"],): keys_of(row) for row in truth(self._sandbox, parent)}
        came = Counter(self._keys(run, stream))
        assert not [key for key, count in came.items() if count > 1], f"{stream}: twice"
        if parent in self._streams:
            parents = set(self._keys(run, parent))
            read = {row["id"]: row["read_datetime"] for row in self._rows(run, parent)}
            rows = self._rows(run, stream)
            assert all(row["read_datetime"] == read[row[KEYS[stream][0]]] for row in rows)
        else:
            promise = self._own_promise(parent, as_=stream) if stream in self._shown else NOTHING
            parents = {key[:1] for key in came} | promise.must
            assert parents <= promise.may, f"{stream}: of parents that nothing promises"
        wanted = set().union(*(given[key] for key in parents)) if parents else set()
        assert set(came) == wanted, f"{stream}: exactly what the rows of {parent} give"

    def _promise(self, stream: str) -> Promise:
        """What is promised of a stream, also for the sake of those derived from it."""
        if stream not in self._shown:
            return NOTHING
        if stream in FULL:
            rows = model.complete(self._sandbox, stream)
            return Promise(rows, rows)
        family = sorted(self._shown & FAMILIES.get(FROM.get(stream, stream), {stream}) | {stream})
        promises = {each: self._own_promise(stream, as_=each) for each in family}
        # Rows stay with those derived from them, so what one of them lacks comes for both.
        owed = [promises[each] for each in family if each == stream or each in CHILDREN]
        if stream in FROM:
            owed = [promises[stream]]
        return Promise(
            set().union(*(each.must for each in owed)),
            set().union(*(each.may for each in promises.values())),
        )

    def _own_promise(self, stream: str, as_: str) -> Promise:
        rows = model.dated(self._sandbox, stream, self._config)
        return model.promised(stream, rows, self._memory, as_, self._config)

    def _check_versions(self, run: Run) -> None:
        """Vanished rows are declared once, after the last row, and only if that is wanted."""
        wanted = self._config.get("emit_activate_version_messages") is not False
        for stream in self._streams:
            name = self._names[stream]
            types = [line["type"] for line in run.lines if line.get("stream") == name]
            declared = types.count("ACTIVATE_VERSION")
            if stream in model.COMPLETE and stream in self._shown:
                assert declared == wanted, f"{stream}: declared"
            else:
                assert declared <= (wanted and stream in FULL), f"{stream}: not declared"
            assert "RECORD" not in types[types.index("ACTIVATE_VERSION") :] if declared else True

    def _check_state(self, run: Run) -> None:
        """Where a stream stands is not forgotten, be it selected, refused or neither."""
        before, after = (
            (each or {}).get("bookmarks", {}) for each in (self._memory.state, run.state)
        )
        assert before.keys() <= after.keys(), "no bookmark is lost"
        for stream in before.keys() - self._shown:
            assert after[stream] == before[stream], f"{stream}: was not read"

    def _rows(self, run: Run, stream: str) -> list[Row]:
        return run.records[self._names[stream]]

    def _keys(self, run: Run, stream: str) -> list[Key]:
        names = KEYS.get(stream, ("id",))
        return [tuple(row[name] for name in names) for row in self._rows(run, stream)]

    def _kept(self, stream: str) -> Callable[[Key], bool]:
        return (
            (lambda key: bool(key[0] % 2 == 0)) if stream in self._filtered else lambda _key: True
        )

    def _remembered(self, run: Run) -> Memory:
        told: dict[str, Instants] = dict(self._memory.told)
        for stream in self._shown - set(FULL) - {"reports"}:
            rows = model.dated(self._sandbox, CHILDREN.get(stream, (stream,))[0], self._config)
            told[stream] = told.get(stream, {}) | rows
        return Memory(run.state, told)


def check_lines(run: Run) -> None:
    """Every line is whole, a schema stands before its rows, and a state is the last."""
    assert not run.rest, "the last line is whole"
    announced: set[Any] = set()
    for line in run.lines:
        if line["type"] == "SCHEMA":
            announced.add(line["stream"])
        if line["type"] == "RECORD":
            assert line["stream"] in announced
    assert run.lines, "something is written"
    assert run.lines[-1]["type"] == "STATE", "the last line is a state"
