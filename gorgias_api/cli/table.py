"""Rows as a table that fits the terminal."""

from __future__ import annotations

import json
import shutil
import unicodedata
from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from gorgias_api.masking import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Row = dict[str, Any]

FIRST = ("id", "name", "label", "subject", "email", "type", "status", "value")
"""Columns that tell the most; the others follow as the API has them."""
SILENT = {"uri"}
TELLING = ("name", "email", "label", "address", "id")
"""What stands for a whole object in a cell."""
WIDEST = 40
"""Of a cell, where the columns do not have more room than they need."""
NARROWEST = 10
GAP = "  "
MINUTES = len("2026-01-31T09:00")


def show_table(pages: Iterable[list[Row]]) -> None:
    """Print rows below each other, page by page; the first page decides the columns.

    Columns for which there is no room are left out, and cells are cut.
    """
    filled = (page for page in pages if page)
    first = next(filled, [])
    widths = _fitting(_widths(first), shutil.get_terminal_size((100, 24)).columns)
    if not widths:
        click.echo("Nothing.")
        return
    click.echo(_line({name: visible(name) for name in widths}, widths))
    for row in chain.from_iterable(chain([first], filled)):
        click.echo(_line({name: _cell(row.get(name), name) for name in widths}, widths))


def _widths(rows: list[Row]) -> dict[str, int]:
    """The columns that hold anything, best first, with the width they would like."""
    names = [name for name in dict.fromkeys(chain(FIRST, *rows)) if name not in SILENT]
    cells = {name: [_cell(row.get(name), name) for row in rows] for name in names}
    return {
        name: max(map(_width, (visible(name), *column)))
        for name, column in cells.items()
        if any(column)
    }


def _fitting(widths: dict[str, int], room: int) -> dict[str, int]:
    """The first columns that fit, the last of them cut to what is left."""
    fitting: dict[str, int] = {}
    widest = max(WIDEST, room // max(1, len(widths)))
    for name, width in widths.items():
        space = min(width, widest, room)
        if fitting and space < min(width, max(len(name), NARROWEST)):
            break
        fitting[name] = space
        room -= space + len(GAP)
    return fitting


def _line(cells: dict[str, str], widths: dict[str, int]) -> str:
    return GAP.join(_fit(cells[name], width) for name, width in widths.items()).rstrip()


def _cell(value: Any, name: str = "") -> str:  # noqa: ANN401 - any JSON value
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case dict():
            told = (str(value[key]) for key in TELLING if value.get(key))
            value = next(told, json.dumps(value, ensure_ascii=False) if value else "")
        case list():
            return ", ".join(map(_cell, value))
        case str() if name.endswith("_datetime"):
            value = value[:MINUTES].replace("T", " ")
    # What a stranger wrote must not move the cursor.
    return visible(str(value).strip())


def _fit(text: str, width: int) -> str:
    """`text` cut or filled to exactly `width` places."""
    if _width(text) <= width:
        return text + " " * (width - _width(text))
    cut = "".join(_within(text, width - 1)) + "…"
    return cut + " " * (width - _width(cut))


def _within(text: str, width: int) -> Iterator[str]:
    for char in text:
        width -= _width(char)
        if width < 0:
            return
        yield char


def _width(text: str) -> int:
    """Places on a terminal: two for a wide character, none for one that joins the last."""
    return sum(
        0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )
