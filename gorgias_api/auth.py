"""The two ways to say who is asking: API key and OAuth2.

https://developers.gorgias.com/docs/oauth2-bearer-token
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Protocol

import requests
from requests.auth import HTTPBasicAuth

from gorgias_api.answers import Answer, read_answer
from gorgias_api.errors import (
    AnswerError,
    ApiError,
    RateLimitError,
    ServerError,
    SettingsError,
    TransportError,
)
from gorgias_api.settings import is_sendable
from gorgias_api.tokens import Tokens, TokenStore, fingerprint

if TYPE_CHECKING:
    from gorgias_api.clock import Clock
    from gorgias_api.settings import Settings

EARLY = 60.0
"""Seconds before its end at which a token is no longer used."""
FALLBACK_LIFETIME = 3600.0
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
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._store = TokenStore(settings.token_store)
        self._lock = threading.Lock()
        self._origin = fingerprint(settings.token_url, settings.client_id, settings.refresh_token)
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
        stored = self._store.load()
        same = stored and (stored.origin == self._origin or not self._settings.refresh_token)
        if stored and same and not self._settings.access_token:
            self._tokens = stored

    def _refresh(self, stale: str | None) -> None:
        if not self._can_refresh():
            message = (
                "The OAuth2 access token has ended and there is no 'refresh_token' with "
                "'client_id' and 'client_secret' to renew it: log in again."
            )
            raise SettingsError(message)
        with self._store.lock():
            stored = self._store.load()
            if stored and stored.origin == self._tokens.origin:
                self._tokens = stored
            if self._tokens.access_token != stale and self._is_fresh(self._tokens):
                return
            self._tokens = self._exchange(self._tokens)
            self._store.save(self._tokens)

    def _exchange(self, old: Tokens) -> Tokens:
        """Trade the refresh token for new tokens.

        Raises:
            SettingsError: Gorgias does not accept the refresh token or the client.
            GorgiasError: the endpoint does not answer.
        """
        form = {"grant_type": "refresh_token", "refresh_token": old.refresh_token}
        answer = self._ask(form)
        access = answer.get("access_token") if isinstance(answer, dict) else None
        lifetime = (answer.get("expires_in") or FALLBACK_LIFETIME) if access else None
        if not is_sendable(access) or not isinstance(lifetime, int | float):
            message = "The OAuth2 token endpoint answered without a usable access token."
            raise AnswerError(message)
        return Tokens(
            access_token=access,
            refresh_token=answer.get("refresh_token") or old.refresh_token,
            expires_at=self._clock.now().timestamp() + lifetime,
            origin=old.origin,
        )

    def _ask(self, form: dict[str, Any]) -> Any:  # noqa: ANN401 - checked by the caller
        settings = self._settings
        for last in (False,) * (REFRESH_TRIES - 1) + (True,):
            try:
                return self._post(form)
            except (TransportError, ServerError, RateLimitError):
                # The token may have been used up meanwhile; only the next answer can tell.
                if last:
                    raise
                self._clock.sleep(1.0)
            except ApiError as error:
                message = (
                    f"Gorgias refused to renew the OAuth2 token ({error.status} from "
                    f"{settings.token_url}): check 'client_id' and 'client_secret', and log in "
                    "again."
                )
                raise SettingsError(message) from error
        return None

    def _post(self, form: dict[str, Any]) -> Any:  # noqa: ANN401 - checked by the caller
        url = self._settings.token_url
        try:
            response = requests.post(
                url,
                data=form,
                auth=(str(self._settings.client_id), str(self._settings.client_secret)),
                timeout=(10, self._settings.request_timeout),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            message = f"The OAuth2 token endpoint {url} does not answer ({type(error).__name__})."
            raise TransportError(message) from None  # its cause would show the request
        return read_answer(
            Answer("POST", url, response.status_code, response.headers, response.content)
        )


def credentials(settings: Settings, clock: Clock) -> Credentials:
    """The credentials that the settings name."""
    if settings.username and settings.api_key:
        return ApiKey(settings.username, settings.api_key)
    return OAuth(settings, clock)
