"""No regular expression of the packages takes time that grows like the square of a text."""

from __future__ import annotations

import ast
import importlib
import itertools
import pkgutil
import re
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from target_gorgias.causes import SAID
from target_gorgias.refusals import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PACKAGES = ("gorgias_api", "tap_gorgias", "target_gorgias", "gorgias_sandbox")
FUNCTIONS = {"compile", "findall", "finditer", "fullmatch", "match", "search", "split", "sub"}
LENGTH = 1000
QUICK = 0.003
"""Seconds; a square of the length takes many times as long, so what is quicker is not one."""
GROWTH = 9.0
"""Between 4 and 16 times the time for 4 times the text."""
COMPOSED = {
    "gorgias_api.atomic": r"\.tokens\.json\.[0-9a-f]{8,16}\.part",
    "gorgias_api.known_secrets": r"(?:a|(?i:%(?:25)?61)|\\a)\\+(?:b|(?i:\\u0062))[^\s<>,;]*",
    "gorgias_sandbox.contract": r"/api/(?P<id>\d{1,18})/(?P<name>[^/]+)",
    "gorgias_sandbox.operations.mentions": r"\b12\b",
    "target_gorgias.causes": "too many",
}
"""By module, one like those that it puts together while the program runs."""
CHARACTERS = ("a", "1", " ", ".", "@", "-", "_", ":", "/", "%40", '"', "\\", "{", "A", "é")


def modules() -> Iterator[Any]:
    for name in PACKAGES:
        package = importlib.import_module(name)
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def source(module: Any) -> ast.AST:
    return ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))


def way(function: str) -> str:
    """How a text is gone through; what is no match at its beginning is a search."""
    return function if function in {"match", "fullmatch"} else "search"


def called(tree: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """The function and the pattern of every call of a function of `re`."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
            and node.func.attr in FUNCTIONS
        ):
            yield node.func.attr, node.args[0]


def patterns() -> tuple[dict[str, re.Pattern[str]], dict[str, set[str]]]:
    """Every pattern by its text, and the ways in which each is applied."""
    found: list[tuple[re.Pattern[Any], set[str]]] = [
        (re.compile(text), {"search"}) for text in (*SAID, *COMPOSED.values())
    ]
    used = uses()
    for module in modules():
        for name, each in vars(module).items():
            if isinstance(each, re.Pattern):
                found.append((each, used[name]))
        for function, node in called(source(module)):
            if isinstance(node, ast.Constant) and function != "compile":
                found.append((re.compile(node.value), {way(function)}))
    texts: dict[str, re.Pattern[str]] = {}
    ways: dict[str, set[str]] = defaultdict(set)
    for each, how in found:
        is_text = isinstance(each.pattern, str)
        text = each if is_text else re.compile(each.pattern.decode(), each.flags | re.ASCII)
        texts[text.pattern] = text
        ways[text.pattern] |= how
    return texts, ways


def hostile(pattern: str) -> Iterator[tuple[str, str, str]]:
    """What comes first, what is repeated, and what makes it not fit at last."""
    words = re.findall(r'[A-Za-z_]{2,}(?: "?[a-z]*)*', pattern)
    units = [*CHARACTERS, *words, "a.", ".a", "1.", "a1", " a", "a ", "1-", "-a"]
    return itertools.product(["", "a@", *words[:1]], units, ("", "!", "\n x"))


def uses() -> dict[str, set[str]]:
    """By the name of a pattern, the ways in which it is applied; any way but two is a search."""
    found: dict[str, set[str]] = defaultdict(set)
    for module in modules():
        for node in ast.walk(source(module)):
            if isinstance(node, ast.Attribute) and node.attr in FUNCTIONS:
                name = getattr(node.value, "attr", getattr(node.value, "id", ""))
                found[name].add(way(node.attr))
    return found


def seconds(apply: Callable[[str], object], text: str) -> float:
    began = time.thread_time()
    apply(text)
    return time.thread_time() - began


def is_square(apply: Callable[[str], object], start: str, unit: str, end: str) -> bool:
    def text(times: int) -> str:
        return start + unit * (times * LENGTH // len(unit)) + end

    def best(times: int) -> float:
        return min(seconds(apply, text(times)) for _ in range(5))

    return seconds(apply, text(1)) > QUICK and best(4) / best(1) > GROWTH


PATTERNS, WAYS = patterns()


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_takes_no_more_than_the_length_of_a_text(pattern: str) -> None:
    compiled = PATTERNS[pattern]
    slow = (
        (how.__name__, *parts)
        for parts in hostile(pattern)
        for how in (getattr(compiled, name) for name in WAYS[pattern])
        if is_square(how, *parts)
    )
    assert next(slow, None) is None


def test_every_pattern_is_found() -> None:
    composed = {
        module.__name__
        for module in modules()
        for _, node in called(source(module))
        if not isinstance(node, ast.Constant)
    }
    assert len(PATTERNS) > 35
    assert all(WAYS[pattern] for pattern in PATTERNS)
    assert composed == COMPOSED.keys()


def test_a_refused_key_of_any_length_is_shown_at_once() -> None:
    for key in ("1" * 60_000 + " ", "a1" * 30_000 + "@", "a" * 60_000, "%40" * 20_000):
        assert seconds(shown, key) < 0.5
