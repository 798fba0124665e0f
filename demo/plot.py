"""First response times by week as an SVG picture, drawn by hand."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from demo.warehouse import Week

WIDTH, HEIGHT = 960, 560
LEFT, RIGHT = 64, 880
RESPONSES = (124, 372)
TICKETS = (432, 508)
INK, GREY, GRID, BLUE, LIGHT = "#1f2933", "#7b8794", "#e4e7eb", "#1f5fbf", "#cfe0f7"
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
GRID_LINES = 5
FONT = "font-family='Inter, Helvetica Neue, Helvetica, Arial, sans-serif'"

Point = tuple[float, float]


def response_times(weeks: Sequence[Week]) -> str:
    """The picture: above, how long customers waited; below, how many there were."""
    picture = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' {FONT}>",
        f"<rect width='{WIDTH}' height='{HEIGHT}' fill='white'/>",
        _text(LEFT, 42, "How long customers wait for a first answer", size=22, weight=600),
        _text(LEFT, 68, "Hours from first message to first answer, by week.", colour=GREY),
        _text(
            LEFT,
            88,
            "Dots: median of a week. Line: median of four weeks. Band: middle half of four weeks.",
            colour=GREY,
        ),
        *_waits(weeks),
        _text(LEFT, TICKETS[0] - 18, "Tickets answered, by week", colour=GREY),
        *_volumes(weeks),
        *_months([week.monday for week in weeks]),
        "</svg>",
    ]
    return "\n".join(picture) + "\n"


def _waits(weeks: Sequence[Week]) -> Iterator[str]:
    top, bottom = RESPONSES
    longest = max(max(week.upper, week.median) for week in weeks)
    step = _step(longest)
    highest = step * math.ceil(longest / step)

    def spots(hours: Iterable[float]) -> list[Point]:
        return [
            (_across(place, len(weeks)), bottom - (bottom - top) * value / highest)
            for place, value in enumerate(hours)
        ]

    for line in range(0, highest + 1, step):
        y = bottom - (bottom - top) * line / highest
        yield f"<line x1='{LEFT}' x2='{RIGHT}' y1='{y:.1f}' y2='{y:.1f}' stroke='{GRID}'/>"
        yield _text(LEFT - 10, y + 4, f"{line} h", colour=GREY, anchor="end")
    lower, upper = spots(week.lower for week in weeks), spots(week.upper for week in weeks)
    yield f"<polygon points='{_points([*upper, *reversed(lower)])}' fill='{LIGHT}'/>"
    for x, y in spots(week.median for week in weeks):
        yield f"<circle cx='{x:.1f}' cy='{y:.1f}' r='2' fill='{BLUE}' fill-opacity='0.45'/>"
    middle = spots(week.middle for week in weeks)
    yield (
        f"<polyline points='{_points(middle)}' fill='none' stroke='{BLUE}' stroke-width='2.4' "
        "stroke-linejoin='round'/>"
    )
    x, y = middle[-1]
    yield f"<circle cx='{x:.1f}' cy='{y:.1f}' r='4' fill='{BLUE}'/>"
    yield _text(x + 10, y + 5, f"{weeks[-1].middle:.1f} h", colour=BLUE, weight=600)


def _volumes(weeks: Sequence[Week]) -> Iterator[str]:
    top, bottom = TICKETS
    most = max(week.tickets for week in weeks)
    width = (RIGHT - LEFT) / len(weeks) - 1.5
    for place, week in enumerate(weeks):
        height = (bottom - top) * week.tickets / most
        x = _across(place, len(weeks)) - width / 2
        yield (
            f"<rect x='{x:.1f}' y='{bottom - height:.1f}' width='{width:.1f}' "
            f"height='{height:.1f}' fill='{GREY}' fill-opacity='0.55'/>"
        )
    busiest = max(range(len(weeks)), key=lambda place: weeks[place].tickets)
    x = _across(busiest, len(weeks))
    yield _text(x, top - 5, str(most), colour=INK, anchor="middle")
    yield f"<line x1='{LEFT}' x2='{RIGHT}' y1='{bottom}' y2='{bottom}' stroke='{GREY}'/>"


def _months(mondays: Sequence[date]) -> Iterator[str]:
    """Every third month below the week in which it begins, with its year where that is new."""
    for place, (before, monday) in enumerate(pairwise(mondays), start=1):
        if monday.month != before.month and monday.month % 3 == 1:
            x, y = _across(place, len(mondays)), TICKETS[1]
            yield f"<line x1='{x:.1f}' x2='{x:.1f}' y1='{y}' y2='{y + 5}' stroke='{GREY}'/>"
            yield _text(x, y + 20, f"{monday:%b %Y}", colour=GREY, anchor="middle")


def _across(place: int, count: int) -> float:
    return LEFT + (RIGHT - LEFT) * (place + 0.5) / count


def _step(highest: float) -> int:
    return next(step for step in STEPS if highest / step <= GRID_LINES)


def _points(points: Iterable[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _text(  # noqa: PLR0913 - a text has this many sides
    x: float,
    y: float,
    content: str,
    *,
    size: int = 13,
    weight: int = 400,
    colour: str = INK,
    anchor: str = "start",
) -> str:
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' font-weight='{weight}' "
        f"fill='{colour}' text-anchor='{anchor}'>{escape(content)}</text>"
    )
