"""The walk: how a stream is read so that nothing is lost and hardly a request is wasted.

The lists of the API are keyset-paged: a cursor names the last row of a page, not its number, so
rows that come, go or change meanwhile do not shift the pages. A row that changes moves to the
newest end of the order, in which every walk goes from one end to the other.

**Backfill**, the first time: oldest first. A row that changes ahead of us stays ahead, one that
changes behind us moves ahead, so whatever exists when the last page comes has been seen in its
latest state or changed later than that page. The bookmark after each page says: everything
before it is out. The cursor of the next page is saved with it, so a run that is killed goes on
at that page. A server may refuse an old cursor; then the walk begins again from the start and
gives only rows at or past the bookmark.

**Catch-up**, every time after: newest first, since the lists have no date filter, until a page
ends before the bookmark minus the overlap. Nothing is given while going down: the pages wait in
a spool and come out oldest first, so that the bookmark can move with each of them and a kill
costs no row. A row that changes while we go down jumps above us, where the next run finds it,
because the bookmark never passes the newest row of the first page.

*Ties and late rows.* Rows at the bookmark's own instant are always read again. Rows that become
visible late, with an older time, are looked for `OVERLAP` deep, but never for more than one page
without news; `lookback`, for objects that change without a new date, is always read in full.

*Dates in the future*, which a client can write, must not hide what is new until then: no bookmark
passes the time of the run, or the middle of a page where the whole server is ahead of us.

*Lists that cannot be ordered* (voice) are gone down in the same way if their pages turn out to
descend, and read to their end if not; their bookmark moves with the last row.

So N rows cost ceil(N/100) requests the first time, and k changed ones at most ceil(k/100) + 1.

https://developers.gorgias.com/reference/pagination
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from gorgias_api import AnswerError, BadRequestError, NotFoundError, ServerError
from gorgias_api.paging import follow
from tap_gorgias.spool import Spool
from tap_gorgias.timestamps import FIRST, canonical, earlier, share_of_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gorgias_api import Page

Order = Literal["asc", "desc"]
Row = dict[str, Any]

logger = logging.getLogger(__name__)

OVERLAP = timedelta(minutes=5)
RESTARTS = 5
"""Refused cursors in a row, without any progress between them, before the walk gives up."""
PAGES_IN_MEMORY = 4
UNKNOWN = float("inf")
MOMENT = timedelta(microseconds=1)
TELLING = 10
"""Rows on a page from which its middle says something about the server's clock."""
LAST = "9999-12-31T23:59:59.999999+00:00"


class Request(NamedTuple):
    """One page to ask for. Sources without a date filter ignore `since` and `until`."""

    order: Order
    cursor: str | None
    since: str | None
    until: str | None
    ahead: float
    """Requests that probably follow; `UNKNOWN` before the first answer."""


class Source(Protocol):
    """A list of the API as the walk needs it."""

    def page(self, request: Request) -> Page:
        """Fetch one page."""
        ...


class Bookmark(NamedTuple):
    """Everything before `position` is out; `cursor` is set while a backfill is unfinished."""

    position: str | None = None
    cursor: str | None = None


class Batch(NamedTuple):
    """Rows in the order in which they go out, and what may be said once they are out."""

    rows: list[Row]
    bookmark: Bookmark
    through: float
    """How far through time the walk is, 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to walk.

    `since` and `until` are a half-open window, `now` is when the run began, all in the
    fixed-width form of `timestamps`. `filters` says that the API itself can apply a window,
    `ordered` that it gives the rows in the order of `key` and says so.
    """

    key: str
    now: str
    since: str | None = None
    until: str | None = None
    lookback: timedelta = timedelta(0)
    filters: bool = False
    ordered: bool = True


def position(row: Row, key: str) -> str:
    """Where `row` stands in the order of `key`; a row never changed counts from its creation.

    Raises:
        AnswerError: its date is no date, so nothing can be said about what comes before it.
    """
    try:
        return canonical(row.get(key) or row.get("created_datetime") or FIRST)
    except (ValueError, AttributeError):
        message = f"The API gave a row ({row.get('id')}) whose {key} is no datetime."
        raise AnswerError(message) from None


def insist(
    ask: Callable[[str | None], Page], cursor: str | None = None
) -> Iterator[tuple[Page, bool]]:
    """Pages from `cursor` on, each with whether the list begins again with it.

    A server refuses an old cursor with a 4xx that is not documented. Then the list begins again
    without one, as often as it gets further than before, and `RESTARTS` times when it does not.

    Raises:
        GorgiasError: whatever `ask` raises without a cursor, or too often with one.
    """
    best, strikes, again = 0, 0, False
    while True:
        count = 0
        try:
            for page in follow(ask, cursor):
                yield page, again
                count, again, cursor = count + 1, False, page.next_cursor
        except (BadRequestError, NotFoundError, ServerError) as error:
            # A server may also stumble over an old cursor; but only over an old one.
            if isinstance(error, ServerError) and (count or best or strikes or again):
                raise
            strikes = 0 if count > best else strikes + 1
            if cursor is None or strikes > RESTARTS:
                raise
            logger.info("The server no longer takes its cursor (%s); reading again.", error)
            cursor, again, best = None, True, max(best, count)
        else:
            return


def _descends(moments: list[str]) -> bool:
    """Whether a page of a list of unknown order goes down all the way."""
    return moments[0] > moments[-1] and all(a >= b for a, b in pairwise(moments))


class Walk:
    """One stream's rows from its bookmark on, in the order of the plan's key."""

    def __init__(self, source: Source, plan: Plan, bookmark: Bookmark) -> None:
        self._source = source
        self._plan = plan
        self._bookmark = bookmark
        self._ahead = UNKNOWN
        self._horizon = plan.now
        self._from: str | None = None
        self._covered = FIRST

    def batches(self) -> Iterator[Batch]:
        """Give the rows, a page at a time.

        With a start of the window and nothing known yet, going down to it is cheaper than coming
        up from the beginning of time, except where the API filters.

        Raises:
            AnswerError: the server pages in a circle, or a row has no usable date.
            GorgiasError: see `gorgias_api.errors`.
        """
        known, plan = self._bookmark.position, self._plan
        if plan.until is not None and (known or "") >= earlier(plan.until, MOMENT):
            return iter(())
        fresh = known is None and plan.ordered and (plan.since is None or plan.filters)
        return self._backfill() if fresh or self._bookmark.cursor else self._catch_up()

    def _backfill(self) -> Iterator[Batch]:
        plan = self._plan
        done, covered, first = self._bookmark.position, FIRST, None
        self._covered = done or FIRST
        for count, (page, again) in enumerate(self._pages("asc", plan.since), start=1):
            covered = self._covered if again else covered
            spots = [(position(row, plan.key), row) for row in page.rows]
            start, until = max(plan.since or FIRST, covered), plan.until or LAST
            self._look_ahead(spots)
            inside = [(at, row) for at, row in spots if start <= at < until]
            if inside:
                done = max(done or FIRST, min(inside[-1][0], self._horizon))
                self._covered = done
                first = first or inside[0][0]
            over = page.next_cursor is None or bool(spots and spots[-1][0] >= until)
            through = self._estimate(count, first, done, plan.until or plan.now)
            bookmark = Bookmark(done, page.next_cursor) if not over else self._end(done)
            yield Batch([row for _, row in inside], bookmark, 1.0 if over else through)
            if over:
                return

    def _catch_up(self) -> Iterator[Batch]:
        plan = self._plan
        known, floor, deep = self._depths()
        spool: Spool[list[Row]] = Spool(PAGES_IN_MEMORY)
        newest = None
        for count, (page, again) in enumerate(self._pages("desc", deep), start=1):
            if again:
                spool.close()
                spool = Spool(PAGES_IN_MEMORY)
            spots = [(position(row, plan.key), row) for row in page.rows]
            self._look_ahead(spots)
            known, floor, deep = self._depths()
            spool.append([row for at, row in spots if deep <= at < (plan.until or LAST)])
            # Where rows without a date stand in the order is the server's secret.
            dated = [at for at, row in spots if row.get(plan.key)]
            if not dated:
                continue
            oldest = dated[-1]
            newest = newest or dated[0]
            self._estimate(count, newest, oldest, floor)
            no_news = min(max(dated), self._horizon) <= known
            descends = plan.ordered or _descends(dated)
            if descends and oldest < floor and (oldest < deep or no_news):
                break
        yield from self._replay(spool)

    def _replay(self, spool: Spool[list[Row]]) -> Iterator[Batch]:
        """What waits in the spool, oldest first."""
        done = self._bookmark.position
        pages = len(spool)
        for count in range(1, pages + 1):
            rows = spool.pop_newest()[::-1]
            if rows:
                newest = max(position(row, self._plan.key) for row in rows)
                done = max(done or FIRST, min(newest, self._horizon))
            sure = self._plan.ordered or count == pages
            bookmark = self._end(done) if count == pages else Bookmark(done)
            yield Batch(rows, bookmark if sure else self._bookmark, count / pages)
        spool.close()

    def _end(self, done: str | None) -> Bookmark:
        """The bookmark of a walk that is through; a window that is over is not asked for again."""
        until = self._plan.until
        return Bookmark(earlier(until, MOMENT) if until and until <= self._plan.now else done)

    def _depths(self) -> tuple[str, str, str]:
        """What is known, how far to read in any case, and how far to look for late rows."""
        plan, start = self._plan, self._plan.since or FIRST
        known = min(self._bookmark.position or FIRST, self._horizon)
        floor = max(start, earlier(known, plan.lookback))
        return known, floor, max(start, min(floor, earlier(known, OVERLAP)))

    def _look_ahead(self, spots: list[tuple[str, Row]]) -> None:
        """Move the horizon, past which no bookmark goes, if the server's clock is ahead of ours."""
        if len(spots) >= TELLING:
            self._horizon = max(self._horizon, spots[len(spots) // 2][0])

    def _pages(self, order: Order, since: str | None) -> Iterator[tuple[Page, bool]]:
        def ask(cursor: str | None) -> Page:
            if cursor is None:
                # Where the API filters, beginning again need not begin at the beginning.
                self._from = max(since or FIRST, self._covered)
            bounds = (self._from, self._plan.until) if self._plan.filters else (None, None)
            return self._source.page(Request(order, cursor, *bounds, self._ahead))

        self._from = since
        return insist(ask, self._bookmark.cursor)

    def _estimate(self, count: int, start: str | None, at: str | None, end: str) -> float:
        """How far from `start` to `end` the walk is, and so how many requests lie ahead."""
        if start is None or at is None:
            return 0.0
        low, high = min(start, end), max(start, end)
        through = share_of_time(low, at, high)
        through = through if start <= end else 1 - through
        self._ahead = count / through - count if through else UNKNOWN
        return through
