"""Conversations without people: what is asked, answered and said in thanks, ready to be copied."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from html import escape
from importlib import resources
from itertools import accumulate
from typing import TYPE_CHECKING

from gorgias_sandbox.seed.dice import pick

if TYPE_CHECKING:
    from random import Random

    from gorgias_sandbox.dataset import Row

EXCERPT_LENGTH = 200

_LONG_LINES = 3_200


@dataclass(frozen=True, slots=True)
class Body:
    """One message text in the forms the API keeps (fact sheet, section 5.5)."""

    text: str
    html: str
    stripped: str
    stripped_html: str
    signature: str | None


@dataclass(frozen=True, slots=True)
class Case:
    """One matter a customer may write about, with everything said about it.

    Attributes:
        topic: key of `topics` in phrases.json.
        subject: subject line of the e-mails.
        intents: value of `intents` of the customer's messages.
        reason: value of the contact reason field.
        resolution: value of the resolution field.
        product: value of the product field.
        tags: names of the tags that fit.
        ask: the customer's first message.
        nudge: the customer asking again.
        answer: the agent's answer.
        thanks: the customer's last word.
        note: an internal note.
    """

    topic: str
    subject: str
    intents: list[Row]
    reason: str
    resolution: str
    product: str
    tags: tuple[str, ...]
    ask: Body
    nudge: Body
    answer: Body
    thanks: Body
    note: Body


class CaseBook:
    """Prepared cases by language.

    Args:
        rng: source of randomness.
        size: how many cases to prepare for the most common language.
    """

    def __init__(self, rng: Random, size: int) -> None:
        self._rng = rng
        self._phrases = _load_phrases()
        self._by_language = {
            language: self._write(language, max(2 * len(texts["scripts"]), size // 8))
            for language, texts in self._phrases["languages"].items()
        }
        self._by_language["en"] += self._write("en", size)
        self.products: list[str] = self._phrases["products"]
        self.spam = self._spam()
        self._odd = [_with_nul(self._by_language["en"][0]), _too_long(self._by_language["en"][1])]

    def draw(self, language: str) -> Case:
        """Any case of a language."""
        return pick(self._rng, self._by_language[language])

    def draw_odd(self) -> Case | None:
        """A case that breaks careless readers, each given out once; then None."""
        return self._odd.pop() if self._odd else None

    def _write(self, language: str, count: int) -> list[Case]:
        scripts = self._phrases["languages"][language]["scripts"]
        copies: dict[str, int] = {}
        for script in scripts:
            copies[script["topic"]] = copies.get(script["topic"], 0) + 1
        weights = accumulate(
            self._phrases["topics"][script["topic"]]["weight"] / copies[script["topic"]]
            for script in scripts
        )
        drawn = self._rng.choices(scripts, cum_weights=list(weights), k=count)
        return [self._case(language, script) for script in drawn]

    def _case(self, language: str, script: dict[str, str]) -> Case:
        rng, texts = self._rng, self._phrases["languages"][language]
        topic = self._phrases["topics"][script["topic"]]
        facts = {
            "order": rng.randrange(100_000, 999_999),
            "product": rng.choice(self._phrases["products"]),
            "days": rng.randrange(4, 15),
        }
        answer = script["answer"].format(**facts)
        return Case(
            topic=script["topic"],
            subject=script["subject"].format(**facts),
            intents=[{"name": topic["intent"], "rejected": None, "is_user_feedback": False}],
            reason=topic["reason"],
            resolution=topic["resolution"],
            product=facts["product"],
            tags=tuple(topic["tags"]),
            ask=_body(script["ask"].format(**facts)),
            nudge=_body(rng.choice(texts["nudges"])),
            answer=_body(answer, signature=f"{texts['closing']}\n{texts['signature']}"),
            thanks=_body(rng.choice(texts["thanks"]), quoted=answer),
            note=_body(rng.choice(self._phrases["notes"])),
        )

    def _spam(self) -> Case:
        words = self._phrases["spam"]
        return replace(
            self._by_language["en"][0],
            topic="spam",
            subject=words["subject"],
            intents=[],
            reason="Other::Spam",
            resolution="No action",
            tags=("spam",),
            ask=_body(words["ask"]),
        )


def _load_phrases() -> Row:
    source = resources.files("gorgias_sandbox.seed").joinpath("phrases.json")
    phrases: Row = json.loads(source.read_text(encoding="utf-8"))
    return phrases


def _body(text: str, *, signature: str | None = None, quoted: str | None = None) -> Body:
    full, html = text, _paragraphs(text)
    if signature:
        full += f"\n\n{signature}"
        html += f'<div class="signature">{_paragraphs(signature)}</div>'
    if quoted:
        full += "\n\n" + "\n".join(f"> {line}" for line in quoted.splitlines())
        html += f"<blockquote>{_paragraphs(quoted)}</blockquote>"
    return Body(full, html, text, _paragraphs(text), signature)


def _paragraphs(text: str) -> str:
    return "".join(
        f"<p>{escape(block, quote=False).replace(chr(10), '<br>')}</p>"
        for block in text.split("\n\n")
    )


def _with_nul(case: Case) -> Case:
    return replace(case, ask=_body(f"{case.ask.stripped}\n\nPasted from the app: A\u0000B"))


def _too_long(case: Case) -> Case:
    lines = [f"{line:05d};parcel scanned;depot {line % 31};ok ✓" for line in range(_LONG_LINES)]
    return replace(case, ask=_body(f"{case.ask.stripped}\n\n" + "\n".join(lines)))
