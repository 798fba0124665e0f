"""Which columns of a stream mean something, however a warehouse spells their names.

`ticket_id`, `TICKET_ID`, `ticketId` and `TicketId` are one name. Names inside nested JSON are not
columns: they are taken as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gorgias_api import UsageError
from gorgias_api.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

METADATA = "_sdc_"
"""How the columns begin that a loader adds."""


def folded(name: str) -> str:
    """The name without upper case and without underscores, but for those at its beginning."""
    bare = name.lstrip("_")
    return name[: len(name) - len(bare)] + bare.replace("_", "").lower()


class Columns:
    """The names that mean something, and how columns come to them. Safe to share."""

    def __init__(self, known: Collection[str]) -> None:
        self.known = tuple(dict.fromkeys(known))
        self._known = {folded(name): name for name in known}
        self._found = {name: name for name in known}
        self._other: set[str] = set()

    def meaning(self, column: str) -> str | None:
        """The name that a column stands for; None when it means nothing."""
        if column not in self._found and column not in self._other:
            name = self._known.get(folded(column))
            if name is None:
                self._other.add(column)
            else:
                self._found[column] = name
        return self._found.get(column)

    def renamed(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """A record with the names that its columns stand for; others as they are.

        Raises:
            UsageError: two columns stand for one name.
        """
        found = {self.meaning(column) or column: value for column, value in record.items()}
        if len(found) < len(record):
            self.check(record)
        return found

    def check(self, columns: Iterable[str]) -> None:
        """Make sure that no two columns stand for one name.

        Raises:
            UsageError: which ones do.
        """
        seen: dict[str, str] = {}
        for column in columns:
            name = self.meaning(column) or column
            if name in seen:
                message = (
                    f"The columns '{seen[name]}' and '{column}' both stand for '{name}': leave one "
                    "of them out."
                )
                raise UsageError(message)
            seen[name] = column

    def unknown(self, columns: Iterable[str]) -> list[str]:
        """The columns that mean nothing, without those that a loader adds."""
        return sorted(
            column
            for column in columns
            if self.meaning(column) is None and not column.lower().startswith(METADATA)
        )

    def hint(self, columns: Iterable[str], among: Collection[str] = ()) -> str:
        """What one of the columns that mean nothing may have meant; empty when none is like it."""
        for column in self.unknown(columns):
            if near := self._nearest(column, among):
                return f" Did you mean '{near}' by '{column}'?"
        return ""

    def listed(self, columns: Iterable[str]) -> str:
        """Columns in words, each with the nearest name that means something."""
        found = {column: self._nearest(column) for column in sorted(columns)}
        return ", ".join(
            f"{column} (did you mean '{near}'?)" if near else column
            for column, near in found.items()
        )

    def _nearest(self, column: str, among: Collection[str] = ()) -> str | None:
        names = {folded(name): name for name in among} or self._known
        like = folded(column)
        near = None if like in names else nearest(like, names)  # else it has its meaning elsewhere
        return names[near] if near else None


def valued(record: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - whatever it holds
    """What a record holds under a name, however its column is spelled; None when nothing."""
    if name in record:
        return record[name]
    like = folded(name)
    return next((value for column, value in record.items() if folded(column) == like), None)
