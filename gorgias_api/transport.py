"""One signed HTTP exchange: budget, credentials, sending, the debug log."""

from __future__ import annotations

import json
import logging
import socket
import threading
from contextlib import contextmanager, suppress
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gorgias_api.answers import CALL_LIMIT, Answer, call_limit, http_date
from gorgias_api.auth import credentials
from gorgias_api.bodies import as_it_comes, whole
from gorgias_api.errors import AnswerError, UsageError
from gorgias_api.masking import mask_text, mask_value, one_line, plain_path
from gorgias_api.network import CONNECT_TIMEOUT, TROUBLE, environment, no_answer, sent_alone
from gorgias_api.trust import is_loopback, is_trustworthy
from gorgias_api.wire import TimedAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    import requests

    from gorgias_api.budget import RateBudget
    from gorgias_api.clock import Clock
    from gorgias_api.incoming import Incoming
    from gorgias_api.settings import Settings

logger = logging.getLogger("gorgias_api")

RANGE_REFUSED = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
WHOLE_SECOND = timedelta(seconds=1)


class Transport:
    """Sends requests of one account, from any thread."""

    def __init__(self, settings: Settings, clock: Clock, budget: RateBudget) -> None:
        self._settings = settings
        self._clock = clock
        self._budget = budget
        self._credentials = credentials(settings, clock)
        self._ahead = timedelta(0)
        self._adapters: list[TimedAdapter] = []
        self._own = threading.local()
        # It logs queries, and at its default level whole headers it cannot read.
        logging.getLogger("urllib3").setLevel(logging.CRITICAL + 1)

    def close(self) -> None:
        """Give the connections back."""
        for adapter in self._adapters:
            adapter.close()

    def server_now(self) -> datetime:
        """The API's own time, as far as its answers have told it; see `Client.server_now`."""
        return self._clock.now() + self._ahead

    def exchange(
        self,
        request: requests.PreparedRequest,
        ahead: float = 0.0,
        into: Incoming | None = None,
        timeout: float | None = None,
    ) -> Answer:
        """Send a request, once more if it was refused for a token that has ended.

        Args:
            request: without credentials.
            ahead: requests that wait for this one; see `gorgias_api.budget`.
            into: takes the body of a success, which then is not kept.
            timeout: seconds within which the answer must be complete; by default as set.

        Raises:
            TransportError: no complete answer came.
            SettingsError: certificates or a proxy of the environment cannot be used.
        """
        patience = self._settings.request_timeout if timeout is None else timeout
        answer, prepared = self._once(request, ahead, into, patience)
        if answer.status == HTTPStatus.UNAUTHORIZED and self._credentials.renew(prepared):
            answer, _ = self._once(request, ahead, into, patience)
        return answer

    def fetch(self, url: str, into: Incoming) -> Answer:
        """Fetch from outside the API, without credentials and outside its rate limit.

        Raises:
            AnswerError: the address is neither https nor on this machine, or none at all; or it is
                in a private network, and neither the API's own host nor the API on this machine.
            TransportError: no complete answer came.
        """
        if not is_trustworthy(url):
            message = "The API pointed to an address that is not https; it was not asked."
            raise AnswerError(message, final=True)
        path = urlsplit(url).path
        patience = self._settings.request_timeout
        try:
            with (
                _as_transport_error(f"GET {plain_path(path)}", url),
                sent_alone(
                    "GET", url, into.headers(), patience, public=self._must_be_public(url)
                ) as response,
            ):
                body = _body(response, f"GET {plain_path(path)}", into)
                return Answer("GET", plain_path(path), response.status_code, response.headers, body)
        except UsageError:
            message = "The API pointed to an address that cannot be asked."
            raise AnswerError(message, final=True) from None

    def _must_be_public(self, url: str) -> bool:
        """Whether an address is neither on the API's own host, nor the API on this machine."""
        api = urlsplit(self._settings.api_url)
        return not is_loopback(api.hostname or "") and urlsplit(url).netloc != api.netloc

    def _once(
        self,
        request: requests.PreparedRequest,
        ahead: float,
        into: Incoming | None,
        timeout: float,
    ) -> tuple[Answer, requests.PreparedRequest]:
        prepared = request.copy()
        prepared.headers.update(into.headers() if into else {})
        self._credentials.sign(prepared)
        method, path = str(prepared.method), plain_path(prepared.path_url.partition("?")[0])
        url, check = self._settings.api_url, "'domain', 'api_url' and "
        asked = f"{method} {path}"
        with _as_transport_error(asked, url, check):
            with self._budget.slot(ahead) as slot:
                started, sent = self._clock.monotonic(), self._clock.now()
                response = self._respond(prepared, timeout)
                slot.reading = call_limit(response.headers)
                self._set_ahead(response.headers, sent)
                body = b"" if into else whole(response, asked)  # while the slot is held
                elapsed = self._clock.monotonic() - started
            if into:
                with response:
                    body = _body(response, asked, into)
        answer = Answer(method, path, response.status_code, response.headers, body)
        if self._settings.debug_requests:
            _log_exchange(prepared, answer, elapsed)
        return answer, prepared

    def _respond(self, prepared: requests.PreparedRequest, timeout: float) -> requests.Response:
        """Send past the session, which would read redirects and cookies that nobody follows."""
        waits = (CONNECT_TIMEOUT, timeout)
        response = self._adapter().send(prepared, **self._own.environment, timeout=waits)
        _acknowledge(response)
        return response

    def _adapter(self) -> TimedAdapter:
        """This thread's connections: `requests` does not promise that they can be shared."""
        if not hasattr(self._own, "adapter"):
            self._own.environment = environment(self._settings.api_url)
            self._own.adapter = TimedAdapter()
            self._adapters.append(self._own.adapter)
        found: TimedAdapter = self._own.adapter
        return found

    def _set_ahead(self, headers: Mapping[str, str], sent: datetime) -> None:
        """How far the server's clock is ahead of ours, by the `Date` of an answer.

        It was written after the request was `sent`, and in whole seconds: the end of that second
        is never behind the server's clock, however long the answer took.
        """
        date = http_date(headers.get("Date", ""))
        if date:
            self._ahead = date + WHOLE_SECOND - sent


def _acknowledge(response: requests.Response) -> None:
    """Say at once that the head has come: simple servers wait for that before they send the rest.

    Linux would let them wait for 40 ms; elsewhere there is no such switch.
    """
    connection = getattr(response.raw, "connection", None)
    wire = getattr(connection, "sock", None)
    if isinstance(wire, socket.socket) and hasattr(socket, "TCP_QUICKACK"):
        with suppress(OSError):  # of a connection that is gone; reading it will tell
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


@contextmanager
def _as_transport_error(asked: str, url: str, check: str = "") -> Iterator[None]:
    try:
        yield
    except TROUBLE as error:
        # Its cause would show the query.
        raise no_answer(asked, url, error, check) from None


def _body(response: requests.Response, asked: str, into: Incoming) -> bytes:
    """The body of a refusal; a success goes to `into` instead, piece by piece.

    Raises:
        AnswerError: the rest of a file is refused, so that it has to be asked for as a whole.
    """
    if response.status_code < HTTPStatus.MULTIPLE_CHOICES:
        into.receive(response.status_code, response.headers, as_it_comes(response))
        return b""
    if response.status_code == RANGE_REFUSED and into.forget():
        message = "The server refused to go on with a file where it broke off."
        raise AnswerError(message)
    return whole(response, asked)


def _log_exchange(prepared: requests.PreparedRequest, answer: Answer, seconds: float) -> None:
    """One line per exchange, without credentials and e-mail addresses."""
    logger.info(
        "%s %s -> %d in %.0f ms, budget %s, sent %s, answered %s",
        answer.method,
        mask_text(prepared.path_url),
        answer.status,
        seconds * 1000,
        one_line(answer.headers.get(CALL_LIMIT, "unknown")),
        _loggable(prepared.body),
        _loggable(answer.body),
    )


def _loggable(body: Any) -> str:  # noqa: ANN401 - whatever `requests` holds as a body
    if not body:
        return "nothing"
    try:
        return json.dumps(mask_value(json.loads(body)), ensure_ascii=False)
    except (ValueError, TypeError, RecursionError):
        return f"{len(body)} bytes" if hasattr(body, "__len__") else "a stream"
