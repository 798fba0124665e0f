"""Which row is meant by a key: keys belong to streams, and two streams may have the same one.

A reference says whose key it is (`returns:1`), or the settings say so. Otherwise it means the one
stream that has the key; since another one may still bring it, that is known when the input ends.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from target_gorgias.entries import objects
from target_gorgias.refusals import Refused, shown

if TYPE_CHECKING:
    from target_gorgias.changes import Change, Reference
    from target_gorgias.entries import Entry
    from target_gorgias.ledger import Ledger
    from target_gorgias.routes import Routes

CREATING = frozenset({"create", "upsert"})
REFERRING = frozenset({"merge", "set_data"})
"""Verbs whose rows are about an object without being it."""
KEY_OF = "key of "


class NotThereYet(Exception):  # noqa: N818 - it is no error
    """A record needs an object that no record has become yet. `needs` names it."""

    def __init__(self, needs: str) -> None:
        super().__init__(needs)
        self.needs = needs


def need(entity: str, way: str, value: object, stream: str = "") -> str:
    """What a record needs that names an object by a value, or by a key of a stream."""
    if way == "key":
        return f"{entity} {KEY_OF}{stream}:{value}" if stream else f"{entity}:{value}"
    return f"{entity} {way}:{str(value).casefold()}"


def key_needed(needs: str) -> tuple[str, str, str]:
    """Entity, stream and key of what is needed; the stream is empty where any will do."""
    what, _, value = needs.partition(":")
    entity, _, way = what.partition(" ")
    return entity, way.removeprefix(KEY_OF), value


def did_not_come(needs: str) -> str:
    """What it means that a need was not met."""
    entity, way, value = key_needed(needs)
    if way and KEY_OF not in needs:
        return f"There is no {singular(entity)} with this {way}."
    of_stream = f" in the stream '{way}'" if way else ""
    return f"No row of {entity} with the key {value} was written{of_stream}: is its stream missing?"


def singular(entity: str) -> str:
    """What one object of an entity is called."""
    return entity.removesuffix("s").replace("_", " ")


class Keys:
    """Finds the objects that keys mean. Safe to share between threads.

    `ended` is set once no more rows will come.
    """

    def __init__(self, ledger: Ledger, routes: Routes) -> None:
        self._ledger = ledger
        self._routes = routes
        self._lock = threading.Lock()
        self._come: set[tuple[str, str]] = set()
        self._open: dict[tuple[str, str], frozenset[str]] = {}
        self.ended = False

    def come(self, change: Change) -> None:
        """Note that a stream has rows about a kind of object."""
        self._come.add((change.route.name, change.stream))

    def leave_open(self, change: Change) -> None:
        """Note that a row has a key and became no object: it waits, or was refused."""
        if change.route.verb in CREATING and not change.entity.of:
            at = (change.route.name, change.key)
            with self._lock:
                self._open[at] = self._open.get(at, frozenset()) | {change.stream}

    def find(self, reference: Reference) -> Entry | None:
        """The entry of the row that the key of a reference means; None if it has no object.

        Raises:
            NotThereYet: that cannot be told yet.
            Refused: several streams have the key.
        """
        entity, (stream, key) = reference.entity, self.named(reference)
        entries = self._entries(entity, key)
        if not stream:
            if not self.ended:
                raise NotThereYet(need(entity, "key", key))
            having = self._having(entity, key, entries)
            if len(having) > 1 and (len({*having.values()}) > 1 or None in having.values()):
                raise _ambiguous(key, having)
            stream = min(having, default="")
        return next((each for each in entries if each.stream == stream and objects([each])), None)

    def is_open(self, reference: Reference) -> bool:
        """Whether a reference has a key that another stream may still bring."""
        return "key" in reference.ways and not (self.ended or self.named(reference)[0])

    def need(self, reference: Reference) -> str:
        """What a record needs whose reference has a key that no object has."""
        entity, (stream, key) = reference.entity, self.named(reference)
        if not stream and self.ended:
            stream = min(self._having(entity, key, self._entries(entity, key)), default="")
        return need(entity, "key", key, stream)

    def is_only_one(self, change: Change) -> bool:
        """Whether a key without a stream means this row."""
        name, key = change.route.name, change.key
        return self.ended and self._having(name, key, self._entries(name, key)).keys() <= {
            change.stream
        }

    def may_be_renamed(self, change: Change) -> bool:
        """Whether the stream of a row is new to a ledger that has others of its kind."""
        name = change.route.name
        is_new = not self._ledger.has_stream(name, change.stream)
        return is_new and self._ledger.has_entity(name)

    def renamed_from(self, change: Change) -> str | None:
        """A stream of earlier runs that has the key of a row whose own stream is new."""
        name = change.route.name
        if change.route.verb not in CREATING:
            return None
        entries = self._ledger.with_key(name, change.key)
        others = {entry.stream for entry in entries if entry.verb in CREATING}
        return min((each for each in others if (name, each) not in self._come), default=None)

    def was_deleted(self, needs: str) -> bool:
        """Whether the last that records with a key did was to delete their object."""
        entity, stream, key = key_needed(needs)
        entries = self._entries(entity, key)
        return {each.verb for each in entries if stream in {"", each.stream}} == {"delete"}

    def named(self, reference: Reference) -> tuple[str, str]:
        """The stream and the key that are meant; no stream where nothing says it."""
        key = str(reference.ways["key"])
        stream, colon, rest = key.partition(":")
        if colon and rest and self._is_stream(reference.entity, stream.strip()):
            return stream.strip(), rest.strip()
        return reference.stream, key

    def _is_stream(self, entity: str, stream: str) -> bool:
        known = (entity, stream) in self._come
        return (
            known or self._routes.names(entity, stream) or self._ledger.has_stream(entity, stream)
        )

    def _entries(self, entity: str, key: str) -> list[Entry]:
        entries = self._ledger.with_key(entity, key)
        return [entry for entry in entries if entry.verb not in REFERRING]

    def _having(self, entity: str, key: str, entries: list[Entry]) -> dict[str, int | None]:
        """The streams that have a key, with what became of it."""
        with self._lock:
            having: dict[str, int | None] = dict.fromkeys(self._open.get((entity, key), ()))
        return having | {entry.stream: entry.gorgias_id for entry in entries if objects([entry])}


def _ambiguous(key: str, streams: dict[str, int | None]) -> Refused:
    """Refused, with the candidates."""

    def sentence(key: str) -> str:
        named = " or ".join(f"'{stream}:{key}'" for stream in sorted(streams))
        return f"The key {key} is one of several streams: say {named}, or set 'key_of'."

    refused = Refused(sentence(key))
    refused.logged = sentence(shown(key))
    return refused
