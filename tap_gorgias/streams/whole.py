"""Streams that are read completely every time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from tap_gorgias.bookmarks import Bookmark
from tap_gorgias.order import Ascending
from tap_gorgias.restart import read_whole
from tap_gorgias.streams.base import GorgiasStream
from tap_gorgias.walk import Batch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROUNDS = 3
"""How often lists that rows can pass between are read again, before that is given up."""


class FullStream(GorgiasStream):
    """A list that is read completely every time. `variants` are parameters to read it with.

    Where there are several, a row can pass from one to another while they are read. So they are
    read until nothing new is found before other rows are declared gone.
    """

    variants: ClassVar[tuple[Mapping[str, Any], ...]] = ({},)
    paged: ClassVar[bool] = True

    def batches(self) -> Iterator[Batch]:
        """Every row."""
        found: set[Any] = set()
        for variant in self.variants:
            yield from self._list(variant, found)
        if len(self.variants) > 1 and self._stream_version is not None and not self.set_aside:
            yield from self._confirm(found)

    def _confirm(self, found: set[Any]) -> Iterator[Batch]:
        for _ in range(ROUNDS):
            before = len(found)
            for variant in self.variants:
                known = set(found)
                for batch in self._list(variant, found):
                    new = [row for row in batch.rows if row["id"] not in known]
                    yield batch._replace(rows=new)
            if len(found) == before:
                return
        self.is_certain = False

    def _list(self, variant: Mapping[str, Any], found: set[Any]) -> Iterator[Batch]:
        size = {"limit": self._tap.page_size} if self.paged else {}
        params, order = {**self.params, **variant, **size}, Ascending()
        for page, again in read_whole(partial(self.ask, params)):
            order = Ascending() if again else order
            order.take(page.rows)
            self.is_certain &= order.is_kept or "order_by" not in params
            found.update(row["id"] for row in page.rows)
            yield Batch(page.rows, Bookmark(), 0.0)


class ObjectStream(GorgiasStream):
    """One object."""

    def batches(self) -> Iterator[Batch]:
        """The object, as the only row."""
        self.requests += 1
        answer = self._tap.client.request("GET", self.path)
        self.has_answered = True
        yield Batch(list(self.sieve([answer])), Bookmark(), 1.0)
