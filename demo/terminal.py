"""Tables, bars and progress on a plain terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

MARGIN = "  "
BAR_WIDTH = 32
EIGHTHS = " ▏▎▍▌▋▊▉"


def say(text: str = "") -> None:
    """Write a line."""
    sys.stdout.write(f"{MARGIN}{text}".rstrip() + "\n")
    sys.stdout.flush()


def heading(text: str) -> None:
    """Write a line that begins a part."""
    say()
    say(text)
    say("─" * len(text))


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write columns: the first to the left, the others, which are numbers, to the right."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for line in lines:
        first, *others = (
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        say("   ".join([first, *others]))


def pairs(rows: Iterable[tuple[str, str]]) -> None:
    """Write two columns of words."""
    lines = list(rows)
    width = max(len(left) for left, _ in lines)
    for left, right in lines:
        say(f"{left.ljust(width)}   {right}")


def bars(rows: Sequence[tuple[str, float]], spell: Callable[[float], str]) -> None:
    """Write a bar for each row, in proportion, with its value spelled at its end."""
    longest = max(value for _, value in rows)
    width = max(len(label) for label, _ in rows)
    for label, value in rows:
        say(f"{label.ljust(width)}   {_bar(value / longest)} {spell(value)}")


def progress(text: str) -> None:
    """Show a line that the next one replaces; only where a person watches."""
    if sys.stdout.isatty():
        sys.stdout.write(f"\r\033[K{MARGIN}{text}")
        sys.stdout.flush()


def _bar(share: float) -> str:
    whole, part = divmod(round(share * BAR_WIDTH * 8), 8)
    return "█" * whole + EIGHTHS[part].strip()
