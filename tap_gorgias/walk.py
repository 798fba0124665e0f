"""The walk: how a stream is read so that nothing is lost and hardly a request is wasted.

The lists of the API are keyset-paged: a cursor names the last row of a page, not its number, so
rows that come, go or change meanwhile do not shift the pages. A row that changes moves to the
newest end of the order, in which every walk goes from one end to the other.

**Up**, the first time: oldest first. A row that changes ahead of us stays ahead, one that changes
behind us moves ahead, so whatever exists when the last page comes has been seen in its latest
state or changed later than that page. The bookmark after each page says: everything before it is
out. The cursor of the next page is saved with it, so a run that is killed goes on at that page.

**Down**, every time after: newest first, since the lists have no date filter, until a page ends
before the bookmark minus the overlap. The pages wait and come out oldest first, so that the
bookmark can move with each of them and a kill costs no row. A row that changes while we go down
jumps above us, where the next run finds it, because the bookmark never passes the newest row of
the first page.

A long way down would be lost with a kill. So after `WAITING` pages, and at once where an earlier
run was interrupted, rows are given as they come, and the state says between which ends they are
out (`Descent`). The next run goes on at its lower end. If it has to begin at the top again, it
gives what is above the descent, skips what lies in it, and goes on below.

*Old cursors.* A server may refuse a saved cursor in any way. The way up is then left for the way
down to the bookmark, which costs the pages that are missing; a list that the API filters goes on
upwards from the bookmark.

*Rows given again.* Rows at the bookmark's own instant are read once more, unless there is a page of
them or more and the state says up to which id they are out. Rows that become visible late, with an
older time, are looked for `OVERLAP` deep, but never for more than one page without news;
`lookback`, for objects that change without a new date, is always read in full. A kill while rows
before the bookmark are given again could part an object from its derived rows. So the state first
says from where on they come, and the next run reads at least that far.

*Dates in the future*, which a client can write, must not hide what is new until then: no bookmark
passes the server's time, and one that has passed it by more than the overlap says nothing, so the
stream is read from the start. What changes until such a date comes stands before it, so on the way
up no bookmark and no saved cursor passes a row dated ahead, even once its time has come.

*Rows without a date* stand at the end of the order that the server likes: they are given when they
are met before what is known, and move no bookmark before the end.

*Lists that are not in order*, because the API cannot order them (voice) or does not keep to what
it was asked for, are read to their end, unless the API cannot order them but their pages turn out
to descend. Their bookmark moves with the last row.

So N rows cost ceil(N/100) requests the first time, and k changed ones at most ceil(k/100) + 1.

https://developers.gorgias.com/reference/pagination
"""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from gorgias_api import GorgiasError
from gorgias_api.paging import follow
from tap_gorgias.bookmarks import Bookmark, Descent
from tap_gorgias.order import Row, Sighting, Ties, position
from tap_gorgias.restart import Restarts
from tap_gorgias.spool import Spool
from tap_gorgias.timestamps import FIRST, LAST, earlier, share_of_time

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from gorgias_api import Page

Order = Literal["asc", "desc"]

logger = logging.getLogger(__name__)

OVERLAP = timedelta(minutes=5)
WAITING = 100
"""Pages that may wait on the way down, so that they can come out oldest first."""
IN_MEMORY = 4
UNKNOWN = float("inf")
MOMENT = timedelta(microseconds=1)


class Request(NamedTuple):
    """One page to ask for. Sources without a date filter ignore `since` and `until`."""

    order: Order
    cursor: str | None
    since: str | None
    until: str | None
    ahead: float
    """Requests that probably follow; `UNKNOWN` before the first answer."""
    is_old: bool
    """Whether the cursor was saved by an earlier run, so that a refusal is to be expected."""


class Source(Protocol):
    """A list of the API as the walk needs it."""

    def page(self, request: Request) -> Page:
        """Fetch one page."""
        ...


class Batch(NamedTuple):
    """Rows in the order in which they go out, and what may be said once they are out."""

    rows: list[Row]
    bookmark: Bookmark
    through: float
    """How far through time the walk is, 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to walk: the stream `name`, in the order of `key`.

    `since` and `until` are a half-open window and `now` tells the server's time, all in the
    fixed-width form of `timestamps`. `filters` says that the API itself can apply a window,
    `ordered` that it can be asked for the order of `key`, `page_size` how many rows a page has.
    """

    name: str
    key: str
    now: Callable[[], str]
    since: str | None = None
    until: str | None = None
    lookback: timedelta = timedelta(0)
    filters: bool = False
    ordered: bool = True
    page_size: int = 100


class Depth(NamedTuple):
    """How far down to go."""

    known: str
    """Everything before it is out."""
    floor: str
    """From here on everything is read in any case."""
    deep: str
    """Down to here rows that came late are looked for."""


class Walk:
    """One stream's rows from its bookmark on, in the order of the plan's key."""

    def __init__(self, source: Source, plan: Plan, bookmark: Bookmark) -> None:
        self._source = source
        self._plan = plan
        self._bookmark = bookmark
        self._is_interrupted = bookmark.descent is not None
        self._ahead = UNKNOWN
        self._restarts = Restarts()

    def batches(self) -> Iterator[Batch]:
        """Give the rows, a page at a time.

        With a start of the window and nothing known yet, going down to it is cheaper than coming
        up from the beginning of time, except where the API filters.

        Raises:
            AnswerError: the server pages in a circle.
            GorgiasError: see `gorgias_api.errors`.
        """
        mark, until = self._bookmark, self._plan.until
        if until and (mark.position or "") >= earlier(until, MOMENT) and not mark.again_from:
            return
        is_through = False
        while not is_through:
            is_through = yield from self._up() if self._goes_up() else self._down()
            if not is_through:  # and what the state says of a cursor no longer holds
                yield Batch([], self._bookmark, 0.0)

    def _goes_up(self) -> bool:
        mark, plan = self._bookmark, self._plan
        if mark.cursor or mark.descent or not plan.ordered:
            return mark.cursor is not None
        if plan.filters and self._is_interrupted:
            return True
        return mark.position is None and (plan.since is None or plan.filters)

    def _up(self) -> Generator[Batch, None, bool]:
        """From the oldest row, the saved cursor or the bookmark up; true when that is through.

        One that goes on among rows without a date has what is new behind it and leaves that for a
        way down. Among rows dated ahead none goes on: no cursor is saved there.
        """
        plan, done, saved = self._plan, self._bookmark.position, self._bookmark.cursor
        goes_on = self._is_interrupted and plan.filters and saved is None
        start = max(plan.since or FIRST, (done or FIRST) if goes_on else FIRST)
        end = plan.until or LAST
        seen, cursor = Sighting(plan.key, descending=False), saved
        for page in self._pages("asc", start):
            if self._is_ahead_of_time():
                return False
            spots = seen.see(page.rows, plan.now())
            inside = [(at, row) for at, row in spots if start <= at < end]
            dated = [at for at, row in inside if row.get(plan.key) and at <= (seen.last or FIRST)]
            if dated and seen.is_ordered:
                done = max(done or FIRST, dated[-1])
            cursor = cursor if seen.ends_ahead else page.next_cursor
            self._bookmark = Bookmark(done, cursor)
            through = self._estimate(seen, plan.until or plan.now())
            yield Batch([row for _, row in inside], self._bookmark, through)
            if page.next_cursor is None or (seen.is_ordered and (seen.last or FIRST) >= end):
                begun = seen.began if saved is None else done
                yield self._end(seen, seen.last, seen.at_last, begun)
                is_ahead = seen.starts_dated and (seen.first or LAST) <= seen.began
                return saved is None or (seen.is_ordered and is_ahead)
        self._is_interrupted = True
        return False

    def _down(self) -> Generator[Batch, None, bool]:
        """From the newest row or the saved cursor down to the bookmark; true when that is through.

        Pages wait to come out oldest first, but not where a way was interrupted before. One that
        goes on in the middle leaves what is new since it began for another one from the top.
        """
        start, plan = self._bookmark, self._plan
        top = start.descent.top if start.descent and start.descent.cursor else None
        from_top = top is None
        seen = Sighting(plan.key, descending=True)
        patience = 0 if self._is_interrupted else WAITING
        with closing(Spool[Batch](IN_MEMORY)) as waiting:
            for page in self._pages("desc", self._depth(start).deep):
                if self._is_ahead_of_time():
                    return False
                start = self._reopened(start, page.rows)
                rows = self._wanted(seen.see(page.rows, plan.now()), start)
                top = top or seen.first
                mark = self._descended(start, seen, top, page.next_cursor)
                batch = Batch(rows, mark, self._estimate(seen, self._depth(start).floor))
                is_last = page.next_cursor is None or self._is_deep_enough(seen, start)
                if len(waiting) >= patience or not waiting.append(batch):
                    patience = 0
                    while waiting:
                        yield from self._give(waiting.pop_oldest())
                    yield from self._give(batch)
                elif is_last:
                    yield from self._replay(waiting, start, seen)
                if is_last:
                    ties = seen.at_first if from_top else Ties()
                    begun = seen.began if from_top else start.position
                    yield self._end(seen, top, ties, begun)
                    self._is_interrupted = False
                    return from_top
        return False

    def _reopened(self, start: Bookmark, rows: list[Row]) -> Bookmark:
        """The bookmark to go by: a newer id at its instant says that more rows have got there."""
        out_to, key = start.instant_out_to, self._plan.key
        if out_to and any(row["id"] > out_to and row.get(key) == start.position for row in rows):
            return start._replace(instant_out_to=None)
        return start

    def _replay(self, waiting: Spool[Batch], start: Bookmark, seen: Sighting) -> Iterator[Batch]:
        """What waits, oldest first.

        A row that stood above the newest date, without one or dated ahead, can have changed and
        come a second time, further down: only what was fetched last is given.
        """
        done, pages, key = start.position, len(waiting), self._plan.key
        given: set[int] = set()
        for count in range(1, pages + 1):
            rows = [row for row in waiting.pop_newest().rows if row["id"] not in given]
            given.update(row["id"] for row in rows)
            dated = (position(row, key) for row in rows if row.get(key))
            newest = next((at for at in dated if at <= seen.began), FIRST)
            if self._plan.ordered and seen.is_ordered:
                done = max(done or FIRST, newest)
            mark = start if done in (start.position, FIRST) else Bookmark(done)
            yield from self._give(Batch(rows[::-1], mark, count / pages))

    def _give(self, batch: Batch) -> Iterator[Batch]:
        """A batch; before it, if it holds rows from before the bookmark, a word that it does."""
        mark = self._bookmark
        again = mark.again_from
        key = self._plan.key
        lowest = min((position(row, key) for row in batch.rows if row.get(key)), default=LAST)
        known = again or mark.position or FIRST
        if lowest < known or (lowest == known and mark.instant_out_to and not again):
            again = lowest
            yield Batch([], mark._replace(again_from=again), batch.through)
        is_same = batch.bookmark.position == mark.position
        self._bookmark = batch.bookmark._replace(again_from=again if is_same else None)
        yield batch._replace(bookmark=self._bookmark)

    def _wanted(self, spots: list[tuple[str, Row]], start: Bookmark) -> list[Row]:
        """The rows of a page on the way down that are to be given.

        Those without a date, if they come before the old ones: at the old end they are out.
        """
        since, end = self._plan.since or FIRST, self._plan.until or LAST
        deep = self._depth(start).deep
        top, bottom, _ = start.descent or (FIRST, FIRST, None)
        wanted, is_old = [], False
        for at, row in spots:
            if row.get(self._plan.key):
                is_old |= at < deep
                if deep <= at < end and not bottom < at < top:
                    wanted.append(row)
            elif since <= at < end and not is_old:
                wanted.append(row)
        return wanted

    def _descended(
        self, start: Bookmark, seen: Sighting, top: str | None, cursor: str | None
    ) -> Bookmark:
        """What may be said once the rows on the way down are out as far as they are seen."""
        old = start.descent
        if not (top and seen.last and seen.is_ordered and self._plan.ordered):
            return start._replace(descent=None)
        if old and seen.last > old.top:
            return start.without_cursor()
        bottom = min(seen.last, old.bottom) if old else seen.last
        # What is skipped must be out for certain: our idea of the server's time is no better.
        top = max(old.top if old else bottom, min(top, earlier(seen.began, OVERLAP)))
        return start._replace(descent=Descent(top, bottom, cursor))

    def _end(self, seen: Sighting, reached: str | None, ties: Ties, begun: str | None) -> Batch:
        """The bookmark of a walk that is through; a window that is over is not asked for again.

        Args:
            seen: what the last leg saw.
            reached: the newest row that was met in the order of the list.
            ties: the rows that stood there.
            begun: without an order that leads there, the list is known as of this instant: when
                it was begun, or the bookmark for a leg that went on in the middle.
        """
        plan, old = self._plan, self._bookmark
        is_ordered = plan.ordered and seen.is_ordered
        newest = reached if is_ordered and reached else min(seen.newest, begun or FIRST)
        newest = max(old.position or FIRST, min(newest, plan.now()))
        if plan.until and plan.until <= plan.now():
            newest = earlier(plan.until, MOMENT)
        out_to = old.instant_out_to if newest == old.position else None
        if newest == reached and ties.rows >= plan.page_size:
            out_to = max(ties.highest, out_to or 0)
        is_unordered = plan.ordered and not seen.is_ordered
        if is_unordered:
            logger.warning(
                "The API does not keep '%s' in the order it was asked for; it is read in full.",
                plan.name,
            )
        self._bookmark = Bookmark(
            newest if newest > FIRST else None,
            instant_out_to=out_to if is_ordered else None,
            unordered=is_unordered,
        )
        return Batch([], self._bookmark, 1.0)

    def _depth(self, start: Bookmark) -> Depth:
        plan, since = self._plan, self._plan.since or FIRST
        known = min(start.position or FIRST, plan.now())
        floor = max(since, min(earlier(known, plan.lookback), start.again_from or LAST))
        return Depth(known, floor, max(since, min(floor, earlier(known, OVERLAP))))

    def _is_deep_enough(self, seen: Sighting, start: Bookmark) -> bool:
        """Whether the way down may end with the page at hand."""
        if not seen.dated or seen.last is None or seen.first is None or start.unordered:
            return False
        if self._plan.ordered:
            descends = seen.is_ordered
        else:
            descends = not seen.inversions and seen.first > seen.last
        known, floor, deep = self._depth(start)
        skips = start.instant_out_to is not None and not start.again_from
        is_past = seen.last < floor or (skips and seen.last <= min(known, floor))
        is_news = min(max(seen.dated), self._plan.now()) > known
        return descends and is_past and (seen.last < deep or not is_news)

    def _is_ahead_of_time(self) -> bool:
        """Whether the bookmark has passed the server's time; then it is given up."""
        known = self._bookmark.position
        if known is None or earlier(known, OVERLAP) <= self._plan.now():
            return False
        logger.warning(
            "The bookmark of '%s' lies in the future and so does not say what was read: the "
            "stream is read from the start.",
            self._plan.name,
        )
        self._bookmark, self._is_interrupted = Bookmark(), False
        return True

    def _pages(self, order: Order, since: str) -> Iterator[Page]:
        """Pages from the saved cursor on, until the list ends or the server refuses a cursor."""
        saved = self._bookmark.old_cursor
        start, end = (since, self._plan.until) if self._plan.filters else (None, None)
        cursor, count = saved, 0

        def ask(at: str | None) -> Page:
            is_old = at is not None and at == saved
            return self._source.page(Request(order, at, start, end, self._ahead, is_old))

        pages = follow(ask, saved)
        while True:
            try:
                page = next(pages, None)
            except GorgiasError as error:
                mark, is_old = self._bookmark, cursor == saved
                out = (mark.position, mark.descent and mark.descent.bottom)
                if cursor is None or not self._restarts.allows(error, count, out, is_old=is_old):
                    raise
                self._bookmark = mark.without_cursor()
                return
            if page is None:
                return
            cursor, count = page.next_cursor, count + 1
            yield page

    def _estimate(self, seen: Sighting, goal: str) -> float:
        """How far from its first row to `goal` the walk is, and so how many requests lie ahead."""
        if seen.first is None or seen.last is None:
            return 0.0
        low, high = min(seen.first, goal), max(seen.first, goal)
        through = share_of_time(low, seen.last, high)
        through = through if seen.first <= goal else 1 - through
        self._ahead = seen.pages / through - seen.pages if through else UNKNOWN
        return through
