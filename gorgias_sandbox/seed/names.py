"""Pools of made-up names per language. Faker is asked once per pool, not once per row."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from faker import Faker

from gorgias_sandbox.seed.dice import pick

if TYPE_CHECKING:
    from random import Random

_LOCALES = {
    "en": ("en_US", ("America/New_York", "America/Los_Angeles", "Europe/London")),
    "fr": ("fr_FR", ("Europe/Paris",)),
    "de": ("de_DE", ("Europe/Berlin", "Europe/Vienna")),
    "es": ("es_ES", ("Europe/Madrid",)),
    "ja": ("ja_JP", ("Asia/Tokyo",)),
    "ar": ("ar_AA", ("Africa/Cairo", "Asia/Riyadh")),
    "th": ("th_TH", ("Asia/Bangkok",)),
}


class Name(NamedTuple):
    """A first or last name, and its ASCII form for an address ("" when it has none)."""

    text: str
    slug: str


class NamePool:
    """First and last names by language.

    Args:
        rng: source of randomness; it also seeds Faker.
        size: how many first and how many last names to hold per language.
    """

    def __init__(self, rng: Random, size: int) -> None:
        self._rng = rng
        self._names: dict[str, tuple[list[Name], list[Name]]] = {}
        for language, (locale, _) in _LOCALES.items():
            fake = Faker(locale, providers=["faker.providers.person"], use_weighting=False)
            fake.seed_instance(rng.getrandbits(32))
            self._names[language] = (
                [_name(fake.first_name()) for _ in range(size)],
                [_name(fake.last_name()) for _ in range(size)],
            )

    def draw(self, language: str) -> tuple[Name, Name]:
        """A first and a last name."""
        first, last = self._names[language]
        return pick(self._rng, first), pick(self._rng, last)

    def timezone(self, language: str) -> str:
        """An IANA time zone where the language is spoken."""
        return pick(self._rng, _LOCALES[language][1])


def _name(text: str) -> Name:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return Name(text, "".join(filter(str.isalnum, plain)))
