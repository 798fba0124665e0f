"""Paging ends, whatever cursors a server hands out and refuses."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest

from gorgias_api.cli import main as gorgias
from tap_gorgias.tap import main as tap
from target_gorgias.target import main as target
from tests.api.server import Asked, Reply, Server, refusal, reply, scripted
from tests.security.here import run_here
from tests.security.test_odd_answers import selecting, variables
from tests.target.support import lines, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.api.command import Ended

MOST = 400
"""Requests after which the test calls it endless."""


@pytest.fixture
def server() -> Iterator[Server]:
    with scripted() as server:
        yield server


def counted(answer: Callable[[Asked, int], Reply]) -> Callable[[Asked], Reply]:
    """`answer`, until there are too many requests, which then are refused for good."""
    numbers = itertools.count()

    def next_(asked: Asked) -> Reply:
        number = next(numbers)
        return refusal(401) if number > MOST else answer(asked, number)

    return next_


def page(data: list[Any], cursor: str | None) -> Reply:
    return reply({"data": data, "meta": {"next_cursor": cursor}})


def row(number: int) -> dict[str, Any]:
    moment = f"2026-01-01T00:{number // 60 % 60:02d}:{number % 60:02d}+00:00"
    return {"id": number, "created_datetime": moment, "updated_datetime": moment}


def empty(_asked: Asked, number: int) -> Reply:
    return page([], f"c{number}")


def refused_at_once(asked: Asked, number: int) -> Reply:
    """A first page, and no cursor taken."""
    return refusal(400) if "cursor=" in asked.target else page([row(7)], f"c{number}")


class RefusedLater:
    """Each time one page more, and then no cursor taken."""

    def __init__(self) -> None:
        self.most, self.count = 1, 0

    def __call__(self, asked: Asked, number: int) -> Reply:
        self.count = self.count + 1 if "cursor=" in asked.target else 1
        if self.count > self.most:
            self.most += 1
            return refusal(400)
        return page([row(self.count)], f"c{number}")


def refused_with_new_rows(asked: Asked, number: int) -> Reply:
    """Each time a first page with a newer row, and no cursor taken."""
    return refusal(400) if "cursor=" in asked.target else page([row(number)], f"c{number}")


def in_a_circle(_asked: Asked, number: int) -> Reply:
    return page([row(number % 3)], f"c{number % 3}")


KINDS: dict[str, Callable[[], Callable[[Asked, int], Reply]]] = {
    "empty pages": lambda: empty,
    "cursors refused at once": lambda: refused_at_once,
    "cursors refused for new rows": lambda: refused_with_new_rows,
    "cursors refused later and later": RefusedLater,
    "a circle": lambda: in_a_circle,
}


def run(program: str, server: Server, folder: Path) -> Ended:
    if program == "gorgias":
        words = ["call", "list-tickets", "--all"]
        return run_here(gorgias, *words, **variables("GORGIAS", server, folder))
    if program == "target":
        environment = variables("TARGET_GORGIAS", server, folder)
        environment["TARGET_GORGIAS_LEDGER_URL"] = f"sqlite:///{folder}/ledger.db"
        given = folder / "rows.jsonl"
        messages = rows("tickets", {"id": "a", "customer_email": "a@example.com"}, keys=["id"])
        given.write_text(lines(messages))
        return run_here(target, "--config=ENV", f"--input={given}", **environment)
    catalog = folder / "catalog.json"
    catalog.write_text(json.dumps(selecting(program)))
    environment = variables("TAP_GORGIAS", server, folder)
    return run_here(tap, "--config=ENV", f"--catalog={catalog}", **environment)


DATED = ("tickets", "events")
"""Streams whose bookmark gets further with every row, however far that is."""


@pytest.mark.parametrize(
    ("program", "kind"),
    [
        (program, kind)
        for program in ("gorgias", "target", *DATED, "tags", "views")
        for kind in KINDS
        if not (program in DATED and kind == "cursors refused later and later")
    ],
)
def test_paging_ends(server: Server, tmp_path: Path, program: str, kind: str) -> None:
    server.answer = counted(KINDS[kind]())
    ended = run(program, server, tmp_path)
    assert "Traceback" not in ended.err
    assert len(server.asked) < MOST
