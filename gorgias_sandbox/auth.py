"""Who is calling: API key, OAuth2 tokens, scopes (section 1.3)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gorgias_sandbox.options import DEFAULT_SCOPES
from gorgias_sandbox.render import encode
from gorgias_sandbox.replies import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from gorgias_sandbox.clock import Clock
    from gorgias_sandbox.contract import Json
    from gorgias_sandbox.options import Options

_ALL = "write:all"
_FORBIDDEN = "You do not have enough permissions to perform this action."


@dataclass(frozen=True, slots=True)
class Caller:
    """Valid credentials. `app_id` is None for an API key; a key has every scope."""

    app_id: str | None
    scopes: frozenset[str]

    def need(self, scope: str) -> None:
        """Do nothing when the scope is granted.

        Raises:
            ApiError: 403, in the words of the real service.
        """
        if scope not in self.scopes and _ALL not in self.scopes:
            raise ApiError(403, f"{_FORBIDDEN} Missing scope: {scope}.")


class TokenError(Exception):
    """The token endpoint refuses, with an error code of RFC 6749."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(status, code)
        self.status = status
        self.code = code


class Access:
    """The account's one API key and one OAuth2 app, and the tokens given to it."""

    def __init__(self, options: Options, clock: Clock, random: Random) -> None:
        self._options = options
        self._clock = clock
        self._random = random
        self._codes: dict[str, tuple[str, str]] = {}
        self._access: dict[str, tuple[str, float]] = {}
        self._refresh = {options.refresh_token: DEFAULT_SCOPES}

    def caller(self, authorization: str) -> Caller:
        """Read an `Authorization` header.

        Raises:
            ApiError: 401.
        """
        scheme, _, credentials = authorization.partition(" ")
        if scheme.lower() == "basic":
            if _basic(credentials) == (self._options.email, self._options.api_key):
                return Caller(None, frozenset({_ALL}))
        elif scheme.lower() == "bearer":
            scope, expiry = self._access.get(credentials, ("", 0.0))
            if self._clock.time() < expiry:
                return Caller(self._options.client_id, frozenset(scope.split()))
        raise ApiError(401, "The credentials are missing or wrong.")

    def authorize(self, query: Mapping[str, str]) -> str:
        """Give a code for `client_id`, `redirect_uri` and `scope`.

        Raises:
            TokenError: it is not the code flow, or not the known app.
        """
        if query.get("response_type") != "code" or not query.get("redirect_uri"):
            raise TokenError(400, "invalid_request")
        if query.get("client_id") != self._options.client_id:
            raise TokenError(401, "unauthorized_client")
        code = self._secret()
        self._codes[code] = (query["redirect_uri"], query.get("scope", DEFAULT_SCOPES))
        return code

    def token(self, form: Mapping[str, str], authorization: str) -> Json:
        """Answer the token endpoint. A code and a refresh token each work once.

        Raises:
            TokenError: wrong client, grant, code or refresh token.
        """
        scheme, _, credentials = authorization.partition(" ")
        client = (form.get("client_id"), form.get("client_secret"))
        if scheme.lower() == "basic":
            client = _basic(credentials) or client
        if client != (self._options.client_id, self._options.client_secret):
            raise TokenError(401, "invalid_client")
        return self.issue(self._granted(form))

    def issue(self, scope: str = DEFAULT_SCOPES) -> Json:
        """Fresh tokens for a space separated scope, as the token endpoint answers them."""
        access, refresh = self._secret(), self._secret()
        lifetime = self._options.token_lifetime
        self._access[access] = (scope, self._clock.time() + lifetime)
        answer = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": lifetime,
            "scope": scope,
        }
        if "offline" in scope.split():
            answer["refresh_token"] = refresh
            self._refresh[refresh] = scope
        if "openid" in scope.split():
            answer["id_token"] = self._id_token()
        return answer

    def _secret(self) -> str:
        return f"{self._random.getrandbits(160):040x}"

    def _granted(self, form: Mapping[str, str]) -> str:
        match form.get("grant_type"):
            case "authorization_code":
                redirect_uri, scope = self._codes.pop(form.get("code", ""), ("", ""))
                if not scope or redirect_uri != form.get("redirect_uri"):
                    raise TokenError(400, "invalid_grant")
                return scope
            case "refresh_token":
                scope = self._refresh.pop(form.get("refresh_token", ""), "")
                if not scope:
                    raise TokenError(400, "invalid_grant")
                return scope
            case _:
                raise TokenError(400, "unsupported_grant_type")

    def _id_token(self) -> str:
        """An unsigned OpenID token: nobody has to trust the sandbox."""
        claims = {
            "iss": f"https://{self._options.domain}.gorgias.com",
            "aud": self._options.client_id,
            "email": self._options.email,
            "exp": int(self._clock.time()) + self._options.token_lifetime,
        }
        parts = (base64.urlsafe_b64encode(encode(part)) for part in ({"alg": "none"}, claims))
        return ".".join(part.decode().rstrip("=") for part in parts) + "."


def _basic(credentials: str) -> tuple[str, str] | None:
    try:
        name, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, password
