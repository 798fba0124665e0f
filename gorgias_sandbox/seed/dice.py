"""Quick draws: `random.choice` costs five times as much, which a million rows notice."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

T = TypeVar("T")


def chance(rng: Random, share: float) -> bool:
    """True in this share (0..1) of the cases."""
    return rng.random() < share


def pick(rng: Random, items: Sequence[T]) -> T:
    """Any one of the items."""
    return items[int(rng.random() * len(items))]


def turn(serial: int, of: int, place: int = 0) -> bool:
    """True once in so many: a rarity that even a small account must show."""
    return serial % of == place
