"""What is said once of a stream: versions of a row, rows that changed too late, a new name."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from target_gorgias.contents import is_same
from target_gorgias.refusals import who

if TYPE_CHECKING:
    from target_gorgias.changes import Change
    from target_gorgias.entries import Entry
    from target_gorgias.keys import Keys

LOOKED_AT = 100
"""Rows of a stream whose keys are looked for under other names."""


class Notices:
    """Warns once per stream. Safe to share between threads.

    Args:
        keys: to look for other names.
        started: when the run began, in seconds since 1970.
    """

    def __init__(self, keys: Keys, started: float) -> None:
        self._keys = keys
        self._started = started
        self._lock = threading.Lock()
        self._begun: Counter[str] = Counter()
        self._told: set[tuple[str, str]] = set()

    def begin(self, change: Change) -> None:
        """Warn if the rows of a stream seem to be known under another name."""
        self._begun[change.stream] += 1
        if self._begun[change.stream] == 1 and not self._keys.may_be_renamed(change):
            self._begun[change.stream] += LOOKED_AT
        if self._begun[change.stream] <= LOOKED_AT and (other := self._keys.renamed_from(change)):
            self._begun[change.stream] = LOOKED_AT
            change.logger.warning(
                "The ledger knows keys of this stream under the name '%s' and none under "
                "'%s': if it was renamed, name it as before, or its rows are taken for new ones.",
                other,
                change.stream,
            )

    def is_of_this_run(self, change: Change, known: Entry | None) -> bool:
        """Whether another version of a record was written already by this run."""
        if known is None or known.written < self._started:
            return False
        return not is_same(known.content, change.content)

    def tell_versions(self, change: Change) -> None:
        """Tell that the input has several versions of a row."""
        self._tell_once(
            change,
            "several rows of the input have the same key; each is written in turn, and the last "
            "one stays",
        )

    def tell_created(self, change: Change, known: Entry | None) -> None:
        """Tell of a row that is created already, and says something else now."""
        another = known is not None and not is_same(known.content, change.content)
        may_upsert = "upsert" in change.entity.verbs
        if another and change.route.verb == "create":
            self._tell_once(
                change,
                "rows changed after their object was created, and a 'create' writes it only once"
                + (f"; 'upsert_{change.route.name}' would write the changes too" * may_upsert),
            )

    def _tell_once(self, change: Change, what: str) -> None:
        with self._lock:
            if (change.stream, what) in self._told:
                return
            self._told.add((change.stream, what))
        change.logger.warning("%s: %s (the first such row: %s).", change.stream, what, who(change))
