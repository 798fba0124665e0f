"""Planned misbehaviour, and the record of what was asked."""

from __future__ import annotations

from typing import Literal

import msgspec

_JSON = {"content-type": "application/json"}


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong, for which requests, and how often.

    Attributes:
        method: only requests with this method; None: any.
        path: only requests whose path starts with this.
        times: how many matching requests are hit.
        skip: how many matching requests go well before.
        delay: seconds to wait first; alone it makes an answer slow, not wrong.
        status: answer this without applying the request.
        headers: of that answer.
        body: of that answer; None: the API's error object.
        reset: drop the connection `before` or `after` the request is applied.
        truncate: apply the request, then send half of the answer and close.
    """

    method: str | None = None
    path: str = "/api"
    times: int = 1
    skip: int = 0
    delay: float = 0.0
    status: int | None = None
    headers: dict[str, str] = msgspec.field(default_factory=lambda: dict(_JSON))
    body: str | None = None
    reset: Literal["before", "after"] | None = None
    truncate: bool = False

    def matches(self, method: str, path: str) -> bool:
        """Whether a request is one of those meant."""
        return self.method in (None, method) and path.startswith(self.path)


class Seen(msgspec.Struct, frozen=True):
    """One request that arrived.

    Attributes:
        time: seconds since the epoch on the sandbox's clock.
        method: upper case.
        path: decoded.
        query: as sent.
        status: of the answer; 0 when the connection was dropped.
        ms: real milliseconds it took.
        auth: scheme of the credentials, whether they were right or not.
        body: as sent, when `Options.record_bodies` is on.
    """

    time: float
    method: str
    path: str
    query: str
    status: int
    ms: float
    auth: Literal["basic", "bearer"] | None = None
    body: str | None = None


class FaultPlan:
    """Faults waiting for their requests; the oldest matching one goes first."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Plan a fault."""
        self._waiting.append(fault)

    def clear(self) -> None:
        """Forget all that is planned."""
        self._waiting.clear()

    def draw(self, method: str, path: str) -> Fault | None:
        """The fault for this request, if any; it is counted down."""
        for position, fault in enumerate(self._waiting):
            if not fault.matches(method, path):
                continue
            if fault.skip:
                self._waiting[position] = msgspec.structs.replace(fault, skip=fault.skip - 1)
                continue
            if fault.times > 1:
                self._waiting[position] = msgspec.structs.replace(fault, times=fault.times - 1)
            else:
                del self._waiting[position]
            return fault
        return None
