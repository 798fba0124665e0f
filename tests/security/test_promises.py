"""Each promise of SECURITY.md names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\[([^\]]+)\]\((tests/[^)]+\.py)\)")


def test_every_promise_names_tests_that_are_there() -> None:
    text = (ROOT / "SECURITY.md").read_text()
    promises = re.findall(r"^- (.+)$", text, re.MULTILINE)
    assert len(promises) > 20
    for promise in promises:
        assert LINK.findall(promise), promise
    for words, path in LINK.findall(text):
        name = "test_" + words.replace(" ", "_")
        assert f"def {name}(" in (ROOT / path).read_text(), (path, name)
