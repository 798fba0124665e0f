"""The two ways to say who is asking: API key and OAuth2.

https://developers.gorgias.com/docs/oauth2-bearer-token
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from requests.auth import HTTPBasicAuth

from gorgias_api.answers import Answer, read_answer
from gorgias_api.bodies import whole
from gorgias_api.errors import (
    AnswerError,
    ApiError,
    RateLimitError,
    ServerError,
    SettingsError,
    TransportError,
    UnauthorizedError,
)
from gorgias_api.network import TROUBLE, no_answer, sent_alone
from gorgias_api.tokens import Owner, Tokens, TokenStore, fingerprint
from gorgias_api.trust import is_sendable

if TYPE_CHECKING:
    import requests

    from gorgias_api.clock import Clock
    from gorgias_api.settings import Settings

EARLY = 60.0
"""Seconds before its end at which a token is no longer used."""
SHORTEST_LIFETIME = 2 * EARLY
"""A token that ends sooner is used until the API refuses it: to renew it `EARLY` would be to renew
it before every request."""
FALLBACK_LIFETIME = 3600.0
LONGEST_LIFETIME = 1e10
"""Seconds: three centuries."""
REFRESH_TRIES = 3


class Credentials(Protocol):
    """Signs requests."""

    def sign(self, request: requests.PreparedRequest) -> None:
        """Put the credentials into the headers."""
        ...

    def renew(self, refused: requests.PreparedRequest) -> bool:
        """After a 401: whether there are other credentials to try than `refused` carried."""
        ...


class ApiKey:
    """HTTP Basic: e-mail of a Gorgias user, and an API key."""

    def __init__(self, username: str, api_key: str) -> None:
        self._basic = HTTPBasicAuth(username.encode(), api_key.encode())

    def sign(self, request: requests.PreparedRequest) -> None:
        """Put the credentials into the headers."""
        self._basic(request)

    def renew(self, refused: requests.PreparedRequest) -> bool:  # noqa: ARG002 - a key is a key
        """An API key that was refused stays refused."""
        return False


class OAuth:
    """OAuth2 bearer token, refreshed before it ends or when the API refuses it.

    One instance serves all threads of a process, and the token store all processes: whoever
    finds a token too old takes the store's lock, looks whether somebody else has refreshed
    meanwhile, and only then asks for a new one. A new refresh token is stored before it is used.

    A refresh token may be used up the moment Gorgias sees it, before its successor is stored. So
    the store is written once before, which a full disk would refuse while nothing is lost yet;
    Ctrl-C waits until the answer is stored; and an answer that was lost is asked for again. What
    remains is a process killed, or an answer lost for good, between the two: the old token is
    then still in the store and is tried, and if Gorgias no longer takes it, nobody has the new
    one, and one has to log in again.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._store = token_store(settings)
        self._lock = threading.Lock()
        self._endpoint = TokenEndpoint(settings, clock)
        self._origin = owner(settings).origin
        self._tokens = Tokens(
            access_token=settings.access_token,
            refresh_token=settings.refresh_token,
            origin=self._origin,
        )
        self._read_store = False

    def sign(self, request: requests.PreparedRequest) -> None:
        """Put the credentials into the headers.

        Raises:
            SettingsError: the login no longer holds, or the token store cannot be used.
        """
        with self._lock:
            if not self._read_store:
                self._adopt()
                self._read_store = True
            if not self._is_fresh(self._tokens):
                self._refresh(self._tokens.access_token)
            request.headers["Authorization"] = f"Bearer {self._tokens.access_token}"

    def renew(self, refused: requests.PreparedRequest) -> bool:
        """After a 401: refresh, unless another thread has done so since `refused` was signed."""
        with self._lock:
            if not self._can_refresh():
                return False
            if refused.headers.get("Authorization") == f"Bearer {self._tokens.access_token}":
                self._refresh(self._tokens.access_token)
            return True

    def _can_refresh(self) -> bool:
        return bool(
            self._tokens.refresh_token and self._settings.client_id and self._settings.client_secret
        )

    def _is_fresh(self, tokens: Tokens) -> bool:
        if not tokens.access_token:
            return False
        return (
            tokens.expires_at is None or self._clock.now().timestamp() < tokens.expires_at - EARLY
        )

    def _adopt(self) -> None:
        """Take the stored tokens if they descend from the same login as the settings."""
        if not self._can_refresh() and self._settings.access_token:
            return  # nothing is read from the store or written to it
        stored = self._store.adopt()
        same = stored and (stored.origin == self._origin or not self._settings.refresh_token)
        if stored and same and not self._settings.access_token:
            self._tokens = stored

    def _refresh(self, stale: str | None) -> None:
        if not self._can_refresh():
            message = (
                "There is no OAuth2 token that could be used or renewed: log in again with "
                "`gorgias login`, or give 'client_id', 'client_secret' and 'refresh_token'."
            )
            raise SettingsError(message)
        with self._store.lock():
            stored = self._store.load()
            if stored and stored.origin == self._tokens.origin:
                self._tokens = stored
            if self._tokens.access_token != stale and self._is_fresh(self._tokens):
                return
            self._store.save(self._tokens)
            # In a thread of its own: Ctrl-C ends this one, and the block waits for the other.
            with ThreadPoolExecutor(1, thread_name_prefix="refresh") as refreshing:
                self._tokens = refreshing.submit(self._successor, self._tokens).result()

    def _successor(self, old: Tokens) -> Tokens:
        """New tokens for old ones, already stored.

        Raises:
            SettingsError: Gorgias does not accept the refresh token or the client.
            GorgiasError: the endpoint does not answer.
        """
        form = {"grant_type": "refresh_token", "refresh_token": str(old.refresh_token)}
        try:
            new = self._endpoint.trade(form, old)
        except (RateLimitError, ServerError):
            raise
        except ApiError as error:
            message = (
                f"Gorgias refused to renew the OAuth2 token ({error.status} from "
                f"{self._settings.token_url}): check 'client_id' and 'client_secret', and log in "
                "again with `gorgias login`."
            )
            raise SettingsError(message) from error
        self._store.save(new)
        return new


class TokenEndpoint:
    """Gives tokens for a refresh token, or for the code that ends a login."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    def trade(self, form: dict[str, str], old: Tokens) -> Tokens:
        """New tokens.

        Args:
            form: the grant.
            old: whose origin the new ones keep, and whose refresh token if none is given.

        Raises:
            ApiError: the grant or the client is refused.
            GorgiasError: the endpoint does not answer, or not with tokens.
        """
        answer = self._persist(form)
        access = answer.get("access_token") if isinstance(answer, dict) else None
        if not is_sendable(access):
            message = "The OAuth2 token endpoint answered without a usable access token."
            raise AnswerError(message)
        refresh = answer.get("refresh_token")
        return Tokens(
            access_token=access,
            refresh_token=refresh if is_sendable(refresh) else old.refresh_token,
            expires_at=self._clock.now().timestamp() + _lifetime(answer.get("expires_in")),
            origin=old.origin,
        )

    def _persist(self, form: dict[str, str]) -> Any:  # noqa: ANN401 - checked by the caller
        for _ in range(REFRESH_TRIES - 1):
            try:
                return self._ask(form)
            except (TransportError, ServerError, RateLimitError) as error:
                if isinstance(error, TransportError) and error.final:
                    raise
                # The token may have been used up meanwhile; only the next answer can tell.
                self._clock.sleep(1.0)
        return self._ask(form)

    def _ask(self, form: dict[str, str]) -> Any:  # noqa: ANN401 - checked by the caller
        """Name the app in the header, as Gorgias' guide does, or else in the form."""
        app = (str(self._settings.client_id), str(self._settings.client_secret))
        try:
            return self._post(form, HTTPBasicAuth(*(part.encode() for part in app)))
        except UnauthorizedError:
            return self._post(form | {"client_id": app[0], "client_secret": app[1]}, None)

    def _post(self, form: dict[str, str], auth: HTTPBasicAuth | None) -> Any:  # noqa: ANN401 - checked by the caller
        url, patience = self._settings.token_url, self._settings.request_timeout
        try:
            with sent_alone("POST", url, {}, patience, data=form, auth=auth) as response:
                body = whole(response, f"POST {url}")
                answer = Answer("POST", url, response.status_code, response.headers, body)
        except TROUBLE as error:
            # Its cause would show the request.
            asked, check = f"POST {url}", "'domain', 'token_url' and "
            raise no_answer(asked, url, error, check) from None
        return read_answer(answer)


def owner(settings: Settings) -> Owner:
    """Whom the tokens belong to that the settings lead to."""
    parts = urlsplit(settings.api_url)
    # As the default name of the store is made in `gorgias_api.settings`.
    short = fingerprint(settings.client_id, f"{parts.scheme}://{parts.netloc}")[:8]
    return Owner(
        api=f"{parts.scheme}://{parts.netloc.lower()}",
        token_url=settings.token_url,
        client_id=settings.client_id,
        refresh_token=settings.refresh_token,
        named=settings.token_store.name.endswith(f"-{short}.json"),
    )


def token_store(settings: Settings) -> TokenStore:
    """The store of the login that the settings describe."""
    return TokenStore(settings.token_store, owner(settings))


def _lifetime(said: object) -> float:
    """Seconds to count on; what is no length of time counts as not said."""
    if isinstance(said, bool) or not isinstance(said, int | float) or not said > 0:
        return FALLBACK_LIFETIME
    return max(SHORTEST_LIFETIME, min(said, LONGEST_LIFETIME))


def credentials(settings: Settings, clock: Clock) -> Credentials:
    """The credentials that the settings name."""
    if settings.username and settings.api_key:
        return ApiKey(settings.username, settings.api_key)
    return OAuth(settings, clock)
