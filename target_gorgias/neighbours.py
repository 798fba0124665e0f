"""The changes at hand: those about one object go out together where that saves requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from target_gorgias.changes import Change

AT_HAND = 500
"""Changes that are held at most."""
TOGETHER = 100
"""Changes of a group at most."""


class Neighbours:
    """Holds a few changes and hands them on in groups. Changes about one object keep their order.

    Args:
        hand_on: takes the groups, in an order that is right for each object.
    """

    def __init__(self, hand_on: Callable[[Sequence[Sequence[Change]]], None]) -> None:
        self._hand_on = hand_on
        self._begin()

    def add(self, change: Change) -> None:
        """Hold a change, with its neighbours if no change between them is about the same object.

        Raises:
            GorgiasError: an earlier change made the run end.
        """
        names = change.writes | change.reads
        group = self._open.get(change.together, -1)
        full = group >= 0 and len(self._groups[group]) >= TOGETHER
        if (
            change.together is None
            or full
            or any(self._last.get(name, 0) > group for name in names)
        ):
            group = -1
        if group < 0:
            group = len(self._groups)
            self._groups.append([])
        self._groups[group].append(change)
        self._open[change.together] = group
        self._last.update(dict.fromkeys(names, group))
        self._held += 1
        if self._held >= AT_HAND:
            self.let_go()

    def let_go(self) -> None:
        """Hand on what is held.

        Raises:
            GorgiasError: an earlier change made the run end.
        """
        groups = self._groups
        self._begin()
        if groups:
            self._hand_on(groups)

    def _begin(self) -> None:
        self._groups: list[list[Change]] = []
        self._open: dict[Hashable, int] = {}
        self._last: dict[Hashable, int] = {}
        self._held = 0
