"""The one way from a change to Gorgias: operations by name, merged customers, dry runs, counts."""

from __future__ import annotations

import itertools
import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from gorgias_api import (
    ApiError,
    FilePart,
    MovedError,
    RateLimitError,
    ServerError,
    UnauthorizedError,
    UsageError,
)
from gorgias_api.operations import OPERATIONS, prepare
from gorgias_api.paging import follow, read_page
from gorgias_api.unset import UNSET
from target_gorgias.answered import check
from target_gorgias.effects import may_set_off
from target_gorgias.jsonl import append, begin
from target_gorgias.refusals import Refused, readable
from target_gorgias.rehearsing import needed
from target_gorgias.trouble import TROUBLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gorgias_api import Client, GorgiasError
    from gorgias_api.operations import Call
    from target_gorgias.changes import Change
    from target_gorgias.local_files import LocalFile
    from target_gorgias.summary import Summary
    from target_gorgias.trouble import Trouble

PAGE = 100
REMEMBERED = 10_000
"""Objects of which a dry run remembers that they are there."""
HOPS = 5
"""Customers merged into customers merged into customers."""
NO_REFUSALS = (UnauthorizedError, RateLimitError, ServerError)
"""Answers that say nothing against the row."""
PLANNED = 9_000_000_000_000
"""The first of the ids that stand for objects a dry run would have created."""
PLANNED_URL = "https://files.invalid/planned"
"""Stands for the address of a file that a dry run would have uploaded."""


class Gateway:
    """Sends operations for changes. Safe to share between threads.

    Args:
        client: of the account.
        summary: where requests are counted.
        trouble: where it is noted which of them fail.
        dry_run: reads only; writes are noted and answered as if they had been done, once it is
            clear that what they are about is there. Ids from `PLANNED` on stand for objects that
            would have been created.
        plan_path: file for the writes of a dry run.
    """

    def __init__(
        self,
        client: Client,
        summary: Summary,
        trouble: Trouble,
        *,
        dry_run: bool,
        plan_path: Path | None,
    ) -> None:
        self.client = client
        self.dry_run = dry_run
        self._summary = summary
        self._trouble = trouble
        self._plan_path = plan_path
        self._planned = itertools.count(PLANNED)
        self._lock = threading.Lock()
        self._there: set[str] = set()
        self._watchers: list[Callable[[Call, bool], None]] = []
        self._may_write: Callable[[Change, int], None] = _anybody
        if dry_run and plan_path:
            begin(plan_path)

    def on_write(self, watcher: Callable[[Call, bool], None]) -> None:
        """Have `watcher` told of every request that may have changed something, and if it has."""
        self._watchers.append(watcher)

    def on_merged(self, check: Callable[[Change, int], None]) -> None:
        """Have `check` raise when a row may not write to the customer whom its own is merged into.

        Args:
            check: is given the row's change, and the id of the customer that is left.
        """
        self._may_write = check

    def call(self, change: Change, name: str, /, **values: Any) -> Any:  # noqa: ANN401 - any JSON
        """Send an operation and give what it answers.

        A customer who was merged away is written to as the customer that is left.

        Raises:
            Refused: the values do not fit, or Gorgias refused them.
            GorgiasError: what is not this row's fault, or has an unknown outcome.
        """
        for _ in range(HOPS):
            with _refusals():
                try:
                    return self._send(change, name, values)
                except MovedError as moved:
                    values = self._survivor(change, name, values, moved)
        message = "The customer was merged more often than can be followed."
        raise Refused(message)

    def rows(self, change: Change, name: str, /, **values: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - fields
        """Every row of a list.

        Raises:
            GorgiasError: as `call`.
        """
        values["limit"] = PAGE
        asked = f"{OPERATIONS[name].method} {OPERATIONS[name].path}"
        for page in follow(
            lambda cursor: read_page(asked, self.call(change, name, **values, cursor=cursor))
        ):
            yield from page.rows

    def upload(self, change: Change, file: LocalFile) -> dict[str, Any]:
        """Upload a file for a message; give it as an attachment.

        Raises:
            Refused: Gorgias refused it.
            GorgiasError: whatever is not the row's fault.
        """
        if self.dry_run:
            named = {"type": "attachment", "files": [file.name]}
            self._imagine(change, "upload-file", prepare(OPERATIONS["upload-file"], named))
            return {"url": PLANNED_URL, "name": file.name, "content_type": "text/plain"}
        self._summary.count(change.stream, "requests")
        with _refusals():
            return self.client.upload(FilePart(file.name, file.name, contents=file.contents))[0]

    def _send(self, change: Change, name: str, values: dict[str, Any]) -> Any:  # noqa: ANN401
        try:
            call = prepare(OPERATIONS[name], values)
        except UsageError as error:
            raise Refused(str(error).removeprefix(f"{name}: ")) from None
        if self.dry_run and (call.method != "GET" or _is_planned(call.path)):
            if call.method != "GET":
                self._make_sure(change, name, call)
            return self._imagine(change, name, call)
        return self._request(change, name, call)

    def _request(self, change: Change, name: str, call: Call) -> Any:  # noqa: ANN401 - any JSON
        sent = self._trouble.sent()

        def failing(error: GorgiasError) -> None:
            self._summary.count(change.stream, "requests")
            self._trouble.failed((change.stream, change.key), name, error)

        try:
            answer = self.client.request(
                call.method,
                call.path,
                params=call.params,
                data=call.data,
                safe=call.repeatable,
                check=partial(check, OPERATIONS[name]),
                failing=failing,
            )
        except TROUBLE:
            self._tell(call, sure=False)
            raise
        self._summary.count(change.stream, "requests")
        self._tell(call, sure=True)
        self._trouble.answered(name, sent, wrote=call.method != "GET")
        return answer

    def _tell(self, call: Call, *, sure: bool) -> None:
        if call.method != "GET":
            for watcher in self._watchers:
                watcher(call, sure)

    def _survivor(
        self, change: Change, name: str, values: dict[str, Any], moved: MovedError
    ) -> dict[str, Any]:
        """The values with the customer that is left instead of the one that was merged away."""
        path = OPERATIONS[name].path
        field = "customer_id" if "{customer_id}" in path else "id"
        gone, left = values.get(field), moved.target_id
        if not path.startswith("/api/customers/{"):
            raise Refused.by_gorgias(moved)
        if left is None:
            into = f"Customer {gone} was merged into another one, and Gorgias does not say which."
            raise Refused.by_gorgias(moved, into)
        if OPERATIONS[name].method == "DELETE" and field == "id":
            message = f"Customer {gone} was merged into {left}; delete that one if it is meant."
            raise Refused(message)
        if OPERATIONS[name].method != "GET":
            self._may_write(change, left)
            change.logger.warning(
                "Customer %s was merged into %d, which is written to.", gone, left
            )
        return {**values, field: left}

    def _make_sure(self, change: Change, name: str, call: Call) -> None:
        """See that a request leads somewhere; once for each object, since many name the same.

        Raises:
            ApiError: it does not.
        """
        for path in needed(name, call):
            if path in self._there or _is_planned(path):
                continue
            self._summary.count(change.stream, "requests")
            try:
                self.client.request("GET", path)
            except MovedError:
                if call.path.startswith(path):
                    raise
                # Who is only named may have been merged: Gorgias knows who is left.
            if len(self._there) >= REMEMBERED:
                self._there.clear()
            self._there.add(path)

    def _imagine(self, change: Change, name: str, call: Call) -> Any:  # noqa: ANN401 - any JSON
        """What a dry run sees instead of a write, and of reading what does not exist yet."""
        if call.method == "GET":
            return {"data": [], "meta": {"next_cursor": None}}
        effects = may_set_off(name, call.data)
        if effects:
            self._summary.count(change.stream, "may_set_off_rules")
        line = {
            "stream": change.stream,
            "key": readable(change.key_values),
            "operation": name,
            "method": call.method,
            "path": call.path,
            "query": call.params,
            "body": None if call.data is UNSET else call.data,
            "may_set_off": effects,
        }
        self._tell(call, sure=True)
        with self._lock:
            if self._plan_path:
                append(self._plan_path, line)
            sent = call.data if isinstance(call.data, dict) else {}
            messages = [each | {"id": next(self._planned)} for each in sent.get("messages") or ()]
            return {"id": next(self._planned), "messages": messages}


@contextmanager
def _refusals() -> Iterator[None]:
    """What Gorgias has against a row, as a `Refused`."""
    try:
        yield
    except NO_REFUSALS:
        raise
    except ApiError as error:
        raise Refused.by_gorgias(error) from None


def _anybody(_change: Change, _customer: int) -> None:
    """Every row may."""


def _is_planned(path: str) -> bool:
    """Whether a path leads to an object that only a dry run knows."""
    return any(step.isdecimal() and int(step) >= PLANNED for step in path.split("/"))
