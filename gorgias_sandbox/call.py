"""One request on its way through a handler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from gorgias_sandbox.contract import Json
from gorgias_sandbox.replies import Invalid, missing

if TYPE_CHECKING:
    from gorgias_sandbox.auth import Caller
    from gorgias_sandbox.contract import Operation
    from gorgias_sandbox.dataset import Row
    from gorgias_sandbox.options import Options
    from gorgias_sandbox.paging import Cursors
    from gorgias_sandbox.world import Actor, World


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was authenticated and validated.

    Attributes:
        operation: which of the 111.
        world: the state to read or change.
        options: as they are now.
        cursors: given out so far.
        caller: the credentials it came with.
        actor: who its events name.
        path: placeholder -> text, `id`s are digits.
        query: parameters that were given, and defaults.
        body: JSON in the contract's spelling, None without one; for uploads a list of `Part`.
        uri: path and query as list envelopes echo them.
        base: scheme and host of this server.
    """

    operation: Operation
    world: World
    options: Options
    cursors: Cursors
    caller: Caller
    actor: Actor
    path: dict[str, str]
    query: dict[str, Json]
    body: Json
    uri: str
    base: str

    def id(self, name: str = "id") -> int:
        """A placeholder of the path as a number."""
        return int(self.path[name])

    def row(self, table: str, name: str = "id") -> Row:
        """The row the path names.

        Raises:
            ApiError: 404, there is none.
        """
        row = self.world.tables[table].get(self.id(name))
        if row is None:
            raise missing()
        return row

    def plain_list(self, rows: list[Row]) -> Json:
        """A list without paging: in an envelope, or bare (`Options.envelopes`)."""
        return {"data": rows} if self.options.envelopes else rows


@dataclass(frozen=True, slots=True)
class Part:
    """One file of an upload."""

    name: str
    media_type: str
    content: bytes


Handler: TypeAlias = Callable[[Call], Json]
"""Answers a JSON value, bytes of encoded JSON, a `Content`, or None for an empty body."""


def refuse(**messages: str) -> Invalid:
    """A 400 with one message per field."""
    return Invalid({field: [message] for field, message in messages.items()})
