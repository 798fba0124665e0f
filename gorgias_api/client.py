"""The one path every request takes: budget, credentials, sending, reading, retry."""

from __future__ import annotations

import json
import logging
import random
from importlib.metadata import version
from typing import IO, TYPE_CHECKING, Any, Self
from urllib.parse import unquote

import backoff
import requests

from gorgias_api.answers import ResponseType, read_answer
from gorgias_api.budget import RateBudget
from gorgias_api.clock import Clock, SystemClock
from gorgias_api.errors import (
    GorgiasError,
    MovedError,
    RateLimitError,
    ServerError,
    UsageError,
)
from gorgias_api.files import download_path
from gorgias_api.masking import mask_text
from gorgias_api.paging import follow, get_page
from gorgias_api.retry import (
    RATE_LIMIT_TRIES,
    SAFE_METHODS,
    is_transient,
    rate_limit_wait,
    transient_wait,
)
from gorgias_api.settings import Settings
from gorgias_api.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gorgias_api.paging import Page

logger = logging.getLogger("gorgias_api")

UNSET: Any = object()
"""Tells a body that is absent from a body that is JSON null."""


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
        self._chance = chance or random.Random()  # noqa: S311 - jitter, not secrecy
        self._transport = Transport(settings, self.clock, self.budget)

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

    def request(  # noqa: PLR0913 - the raw request has this many sides
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        data: Any = UNSET,  # noqa: ANN401 - any JSON value
        files: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        response_type: ResponseType = "json",
        safe: bool | None = None,
        ahead: float = 0.0,
    ) -> Any:  # noqa: ANN401 - whatever the operation answers
        """Send one request and return what it answers.

        Args:
            method: HTTP verb.
            path: as documented, such as `/api/tickets/1`; never a URL.
            params: query; a list repeats its key, a boolean becomes `true` or `false`.
            data: JSON body, any value; absent by default.
            files: multipart parts as `requests` takes them.
            headers: further headers; credentials always win.
            response_type: `json` (a value, None when empty), `text` or `binary`.
            safe: whether sending it twice does no harm; by default what the verb promises.
            ahead: requests that wait for this one; see `gorgias_api.budget`.

        Raises:
            UsageError: `path` is not a path.
            GorgiasError: see `gorgias_api.errors`.
        """
        verb = method.upper()
        request = _prepared(
            verb,
            self._url(path),
            params=query(params),
            data=None if data is UNSET else json.dumps(data).encode(),
            files=files,
            headers={"Accept": "application/json"}
            | self._headers()
            | ({} if data is UNSET else {"Content-Type": "application/json"})
            | dict(headers or {}),
        )
        repeatable = verb in SAFE_METHODS if safe is None else safe

        def once() -> Any:  # noqa: ANN401 - whatever the operation answers
            return read_answer(self._transport.exchange(request, ahead), response_type)

        return self._persist(once, safe=repeatable)

    def paginate(
        self, path: str, params: Mapping[str, Any] | None = None, *, cursor: str | None = None
    ) -> Iterator[Page]:
        """All pages of a list endpoint, from `cursor` on. See `gorgias_api.paging.follow`."""
        return follow(lambda at: get_page(self, path, params or {}, at), cursor)

    def download(self, url: str, into: IO[bytes]) -> None:
        """Fetch a file, such as an attachment by its `url`, through the API.

        https://developers.gorgias.com/reference/download-file. Where the API answers with a
        redirect to its storage, that address is asked without credentials.

        Args:
            url: as found in an attachment, or its path.
            into: a seekable file; whatever it held is replaced.

        Raises:
            UsageError: `url` does not end in a domain hash and a name.
            GorgiasError: see `gorgias_api.errors`.
        """
        request = _prepared("GET", self._url(download_path(url)), headers=self._headers())

        def once() -> None:
            into.seek(0)
            into.truncate()
            try:
                read_answer(self._transport.exchange(request, 0.0, into), "binary")
            except MovedError as moved:
                self._fetch(moved.refusal.location or "", into)

        self._persist(once, safe=True)

    def _fetch(self, url: str, into: IO[bytes]) -> None:
        try:
            read_answer(self._transport.fetch(url, into), "binary")
        except RateLimitError as error:
            # Not the API's limit: its budget has nothing to do with it.
            raise ServerError(error.refusal) from None

    def _headers(self) -> dict[str, str]:
        agent = self.settings.user_agent or f"singer-gorgias/{version('singer-gorgias')}"
        return {"User-Agent": agent}

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
            message = f"{mask_text(path)!r} is not a path of the API, such as '/api/tickets'."
            raise UsageError(message)
        return f"{self.settings.api_url}/{inner}"

    def _persist(self, once: Callable[[], Any], *, safe: bool) -> Any:  # noqa: ANN401 - as `once`
        """Call `once` until it succeeds or trying again is no use.

        The waits are taken from our clock in the handlers; `backoff` itself waits for nothing.
        """

        def make_room(details: Any) -> None:  # noqa: ANN401 - backoff's own dict
            self.budget.close(rate_limit_wait(details["exception"], details["tries"]))

        def pause(details: Any) -> None:  # noqa: ANN401 - backoff's own dict
            wait = transient_wait(details["tries"], self._chance)
            logger.warning("%s Trying again in %.1f s.", details["exception"], wait)
            self.clock.sleep(wait)

        within_limit = backoff.on_exception(
            backoff.constant,
            RateLimitError,
            interval=0,
            jitter=None,
            max_tries=RATE_LIMIT_TRIES,
            on_backoff=make_room,
            logger=None,
        )(once)
        persistent = backoff.on_exception(
            backoff.constant,
            GorgiasError,
            interval=0,
            jitter=None,
            max_tries=self.settings.max_retries,
            giveup=lambda error: not is_transient(error, safe=safe),
            on_backoff=pause,
            logger=None,
        )(within_limit)
        return persistent()


def _prepared(method: str, url: str, **parts: Any) -> requests.PreparedRequest:  # noqa: ANN401
    """A request ready to be signed; prepared once, since that reads the files in it.

    Raises:
        UsageError: a header or a path that HTTP cannot carry.
    """
    try:
        return requests.Request(method, url, **parts).prepare()
    except (requests.RequestException, ValueError) as error:
        message = f"The {method} request cannot be sent as it is ({type(error).__name__})."
        raise UsageError(message) from None


def query(params: Mapping[str, Any] | None) -> dict[str, Any]:
    """Query parameters as the API reads them: lower-case booleans, absent when None."""
    spelled: dict[str, Any] = {}
    for name, value in (params or {}).items():
        if isinstance(value, bool):
            spelled[name] = str(value).lower()
        elif value is not None:
            spelled[name] = value
    return spelled
