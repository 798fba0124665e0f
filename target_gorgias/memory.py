"""Which objects names lead to, remembered for a run: also that they lead nowhere."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from target_gorgias.ordering import Name

_Found = TypeVar("_Found")
REMEMBERED = 10_000
"""Names kept in memory, of those that lead somewhere and of those that do not."""


class Memory:
    """Asks once for each name. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asking: dict[Name, RLock] = {}
        self._askers: Counter[Name] = Counter()
        self._ids: dict[Name, int] = {}
        self._missing: dict[Name, set[Name]] = {}  # by their folded spelling
        self._made: set[Name] = set()  # since they began to be asked for, folded

    def id_of(self, name: Name, ask: Callable[[], int | None]) -> int | None:
        """The id of the object with a name; None when there is none.

        Args:
            name: kind of object, way, value.
            ask: finds out.
        """
        with self._turn(name):  # whoever comes meanwhile waits for the same answer
            with self._lock:
                if name in self._ids:
                    return self._ids[name]
            found = self._look_for(name, ask)
            if found is not None:
                with self._lock:
                    self._keep(name, found)
            return found

    def look_for(self, name: Name, ask: Callable[[], _Found | None]) -> _Found | None:
        """What has a name; None, without asking again, once it was seen that nothing has.

        Args:
            name: kind of object, way, value.
            ask: finds it.
        """
        with self._turn(name):
            return self._look_for(name, ask)

    def made(self, names: Iterable[Name]) -> None:
        """Objects with these names may be there from now on."""
        with self._lock:
            asked = {_folded(name) for name in self._asking}
            for name in map(_folded, names):
                self._missing.pop(name, None)
                if name in asked:
                    self._made.add(name)

    def forget(self) -> None:
        """An object is gone; what named it may name another one now."""
        with self._lock:
            self._ids.clear()
            self._missing.clear()

    @contextmanager
    def _turn(self, name: Name) -> Iterator[None]:
        """Ask for a name while no other thread does."""
        with self._lock:
            turn = self._asking.setdefault(name, RLock())
            self._askers[name] += 1
        try:
            with turn:
                yield
        finally:
            with self._lock:
                self._askers[name] -= 1
                if not self._askers[name]:
                    del self._askers[name], self._asking[name]

    def _look_for(self, name: Name, ask: Callable[[], _Found | None]) -> _Found | None:
        with self._lock:
            if name in self._missing.get(_folded(name), ()):
                return None
            self._made.discard(_folded(name))
        found = ask()
        if found is None:
            with self._lock:
                self._keep(name, None)
        return found

    def _keep(self, name: Name, found: int | None) -> None:
        folded = _folded(name)
        if found is not None:
            if len(self._ids) >= REMEMBERED:
                self._ids.clear()
            self._ids[name] = found
        elif folded not in self._made:
            if len(self._missing) >= REMEMBERED:
                self._missing.clear()
            self._missing.setdefault(folded, set()).add(name)
        self._made.discard(folded)


def _folded(name: Name) -> Name:
    entity, way, value = name
    return entity, way, value.casefold()
