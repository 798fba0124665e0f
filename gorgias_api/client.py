"""The one path every request takes: budget, credentials, sending, reading, retry."""

from __future__ import annotations

import random
from functools import partial
from importlib.metadata import version
from typing import IO, TYPE_CHECKING, Any, Self
from urllib.parse import unquote

from gorgias_api.answers import ResponseType, read_answer
from gorgias_api.atomic import replacing
from gorgias_api.budget import RateBudget
from gorgias_api.clock import Clock, SystemClock
from gorgias_api.errors import (
    AnswerError,
    GorgiasError,
    MovedError,
    NotFoundError,
    RateLimitError,
    ServerError,
    UsageError,
)
from gorgias_api.files import destination, download_path, file_parts, with_size
from gorgias_api.incoming import Incoming
from gorgias_api.multipart import labelled
from gorgias_api.operations import find, prepare
from gorgias_api.outgoing import encoded, prepared, spelled
from gorgias_api.paging import follow, get_page, read_page, read_rows
from gorgias_api.persistence import Persistence
from gorgias_api.retry import LONGEST_DELAY, SAFE_METHODS, Retry
from gorgias_api.settings import Settings
from gorgias_api.transport import Transport
from gorgias_api.unset import UNSET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from gorgias_api.files import Progress
    from gorgias_api.multipart import FilePart, Paths
    from gorgias_api.paging import Page


class Client:
    """A Gorgias account over HTTP. Safe to share between threads; close it or use `with`.

    What is retried is written in `gorgias_api.retry`, what may go wrong in
    `gorgias_api.errors`, how the rate limit is kept in `gorgias_api.budget`.
    Redirects are never followed: an answer that points elsewhere is a `MovedError`.
    """

    def __init__(
        self, settings: Settings, clock: Clock | None = None, chance: random.Random | None = None
    ) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.budget = RateBudget(self.clock, settings.rate_limit_share)
        self._retry = Retry(tries=settings.max_retries)
        self._agent = settings.user_agent or f"singer-gorgias/{version('singer-gorgias')}"
        self._transport = Transport(settings, self.clock, self.budget)
        jitter = chance or random.Random()  # noqa: S311 - not secrecy
        self._persistence = Persistence(self.clock, self.budget, jitter)

    @classmethod
    def from_settings(cls, given: Mapping[str, Any]) -> Client:
        """A client from settings as users write them.

        Raises:
            SettingsError: what is wrong with them, in one sentence.
        """
        return cls(Settings.from_mapping(given))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back; whoever waits for the budget gets a `UsageError`."""
        self.budget.stop()
        self._transport.close()

    def server_now(self) -> datetime:
        """The time on the API's own clock, aware, in UTC: what dates of rows are compared with.

        Ours, corrected by the `Date` of its last answer, which is in whole seconds and counts as
        the end of its second. So it may be ahead by a second and the time an answer takes, but
        not behind: a row written just now is not in the future. Ours alone before any answer.
        """
        return self._transport.server_now()

    def request(  # noqa: PLR0913 - the raw request has this many sides
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        data: Any = UNSET,  # noqa: ANN401 - any JSON value
        form: Mapping[str, Any] | None = None,
        files: Iterable[FilePart] | None = None,
        progress: Progress | None = None,
        headers: Mapping[str, str] | None = None,
        response_type: ResponseType = "json",
        timeout: float | None = None,
        retry: Retry | None = None,
        safe: bool | None = None,
        ahead: float = 0.0,
        check: Callable[[Any], object] | None = None,
        failing: Callable[[GorgiasError], None] | None = None,
    ) -> Any:  # noqa: ANN401 - whatever the operation answers
        """Send one request and return what it answers.

        Args:
            method: HTTP verb.
            path: as documented, such as `/api/tickets/1`; never a URL.
            params: query; a list repeats its key, a boolean becomes `true` or `false`.
            data: JSON body, any value; absent by default.
            form: fields of a form instead of JSON; a list repeats its name.
            files: files to go with the form, read from disk while they are sent.
            progress: told how much of a body with files is sent, and how much there is.
            headers: further headers; credentials always win.
            response_type: `json` (a value, None when empty), `text` or `binary`.
            timeout: seconds within which the answer must be complete; by default the setting
                `request_timeout`.
            retry: how often and how patiently to try; by default `max_retries` times.
            safe: whether sending it twice does no harm; by default what the verb promises.
            ahead: requests that wait for this one; see `gorgias_api.budget`.
            check: raises an `AnswerError` for an answer that is not as documented; then the
                request is tried again as for half an answer.
            failing: told of the error of every try, the last one and those of `check` included.

        Raises:
            UsageError: `path` is not a path, or the request cannot be sent as it is.
            GorgiasError: see `gorgias_api.errors`.
        """
        if timeout is not None and not 0 < timeout <= LONGEST_DELAY:
            message = "A request waits for its answer more than 0 seconds and at most a day."
            raise UsageError(message)
        verb = method.upper()
        body, kind = encoded(data, form, files, progress)
        request = prepared(
            verb,
            self._url(path),
            params=spelled(params),
            data=body,
            headers=self._headers(response_type) | kind | dict(headers or {}),
        )
        repeatable = verb in SAFE_METHODS if safe is None else safe

        def once() -> Any:  # noqa: ANN401 - whatever the operation answers
            try:
                answer = self._transport.exchange(request, ahead, timeout=timeout)
                value = read_answer(answer, response_type)
                if check:
                    check(value)
            except GorgiasError as error:
                if isinstance(error, NotFoundError):
                    error.suspect(self.settings.api_url)
                if failing:
                    failing(error)
                raise
            return value

        return self._persistence.call(once, retry or self._retry, safe=repeatable)

    def call(self, name: str, /, **values: Any) -> Any:  # noqa: ANN401 - any field, any answer
        """Call a documented operation, such as `client.call("get-ticket", id=1)`.

        Args:
            name: as in the address of its page, https://developers.gorgias.com/reference/<name>.
            values: its fields, be they in path, query or body; see `gorgias_api.operations`.

        Returns:
            What the operation answers: a JSON value, None when empty, bytes of a file. The page
            of a list is one for certain; see `gorgias_api.paging.read_page`.

        Raises:
            UsageError: there is no such operation or field, or a value does not fit.
            GorgiasError: see `gorgias_api.errors`.
        """
        operation = find(name)
        ready = prepare(operation, values)
        if operation.shape == "files":
            return self.upload(ready.data, **ready.params)
        return self.request(
            ready.method,
            ready.path,
            params=ready.params,
            data=ready.data,
            response_type=operation.response_type,
            safe=ready.repeatable,
            check=partial(read_page, ready.asked) if operation.paged else None,
        )

    def paginate(
        self, path: str, params: Mapping[str, Any] | None = None, *, cursor: str | None = None
    ) -> Iterator[Page]:
        """All pages of a list endpoint, from `cursor` on. See `gorgias_api.paging.follow`."""
        return follow(lambda at: get_page(self, path, params or {}, at), cursor)

    def search(self, type: str, query: str = "", size: int = 10) -> list[dict[str, Any]]:  # noqa: A002 - the API's own word
        """Find customers, agents, tags and more by a part of their name or address.

        https://developers.gorgias.com/reference/search

        Args:
            type: what to look for, such as `customer`, `agent`, `tag`, `team`.
            query: what to look for in it.
            size: how many at most, 1 to 50.

        Raises:
            GorgiasError: see `gorgias_api.errors`.
        """
        answer = self.call("search", type=type, query=query, size=size)
        return read_rows("POST /api/search", answer)

    def upload(
        self,
        paths: Paths,
        type: str = "attachment",  # noqa: A002 - the API's own word
        *,
        label: str | None = None,
        progress: Progress | None = None,
    ) -> list[dict[str, Any]]:
        """Upload files in one request, read from disk while they are sent.

        https://developers.gorgias.com/reference/upload-file. It is tried again like a request that
        changes nothing: all that a second upload leaves is a file that nothing refers to.

        Args:
            paths: one file or several; a `FilePart` keeps its own name.
            type: `attachment`, `public_attachment`, `profile_picture` or `widget_picture`.
            label: what Gorgias calls the files; by default their own names.
            progress: told how many bytes are sent, and how many there are.

        Returns:
            Per file `url`, `name`, `size` in bytes and `content_type`, as attachments want them.

        Raises:
            UsageError: a file cannot be read, or there is none.
            GorgiasError: see `gorgias_api.errors`.
        """
        answer = self.request(
            "POST",
            "/api/upload",
            params={"type": type},
            files=labelled(paths, label),
            progress=progress,
            safe=True,
        )
        rows = read_rows("POST /api/upload", answer)
        if not rows:
            message = "POST /api/upload was answered without the file."
            raise AnswerError(message)
        return [with_size(row) for row in rows]

    def download(self, url: str, into: IO[bytes], progress: Progress | None = None) -> None:
        """Fetch a file, such as an attachment by its `url`, through the API.

        https://developers.gorgias.com/reference/download-file. Where the API answers with a
        redirect to its storage, that address is asked without credentials. A try that breaks off
        is continued where it ended, if the server can; see `gorgias_api.incoming`.

        Args:
            url: as found in an attachment, or its path.
            into: a seekable file; whatever it held is replaced.
            progress: told how many bytes have come, and how many there are.

        Raises:
            UsageError: `url` does not end in a domain hash and a name.
            GorgiasError: see `gorgias_api.errors`.
        """
        request = prepared("GET", self._url(download_path(url)), headers=self._headers("binary"))
        incoming = Incoming(into, self.settings.max_download_size, progress)

        def once() -> None:
            try:
                read_answer(self._transport.exchange(request, into=incoming), "binary")
            except MovedError as moved:
                self._fetch(moved.refusal.location or "", incoming)

        self._persistence.call(once, self._retry, safe=True)

    def download_to(
        self,
        url: str,
        place: str | Path = ".",
        *,
        overwrite: bool = False,
        progress: Progress | None = None,
    ) -> Path:
        """Fetch a file to disk, where it gets its name only when all of it is there.

        Args:
            url: as found in an attachment, or its path.
            place: a folder, in which the file gets the name in its address made safe; or a file.
            overwrite: whether to replace a file that is there already.
            progress: told how many bytes have come, and how many there are.

        Returns:
            Where the file is.

        Raises:
            UsageError: as `download`; or the file is there already, or cannot be written.
            GorgiasError: see `gorgias_api.errors`.
        """
        goal = destination(place, file_parts(url)[1], overwrite=overwrite)
        with replacing(goal) as file:
            self.download(url, file, progress)
        return goal

    def _fetch(self, url: str, into: Incoming) -> None:
        try:
            read_answer(self._transport.fetch(url, into), "binary")
        except RateLimitError as error:
            # Not the API's limit: its budget has nothing to do with it.
            raise ServerError(error.refusal) from None

    def _headers(self, response_type: ResponseType) -> dict[str, str]:
        accept = "application/json" if response_type == "json" else "*/*"
        encoding = "gzip, deflate" if response_type == "json" else "identity"
        return {"User-Agent": self._agent, "Accept": accept, "Accept-Encoding": encoding}

    def _url(self, path: str) -> str:
        inner = path.removeprefix("/api/").lstrip("/")
        steps = {unquote(step) for step in path.partition("?")[0].split("/")}
        odd = (
            "://" in path
            or path.strip("/") == "api"
            or path.startswith("//")
            or "\\" in path
            or {".", ".."} & steps
        )
        if odd or not inner:
            told = "An address" if "@" in path else repr(path.partition("?")[0])
            message = f"{told} is not a path of the API, such as '/api/tickets'."
            raise UsageError(message)
        return f"{self.settings.api_url}/{inner}"
