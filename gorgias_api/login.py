"""The OAuth2 login: a person lets the app into the account, and the app gets its first tokens.

https://developers.gorgias.com/docs/set-up-oauth2-app-store
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from gorgias_api.auth import TokenEndpoint, owner, token_store
from gorgias_api.errors import ApiError, LoginError, SettingsError, UsageError
from gorgias_api.known_secrets import SECRETS
from gorgias_api.masking import cleaned
from gorgias_api.tokens import Tokens
from gorgias_api.trust import is_trustworthy

if TYPE_CHECKING:
    from gorgias_api.clock import Clock
    from gorgias_api.settings import Settings

LONGEST = 200


@dataclass(frozen=True, kw_only=True)
class Login:
    """One authorisation-code flow, from the address a person opens to the stored tokens.

    Attributes:
        settings: with `client_id` and `client_secret`.
        redirect_uri: where Gorgias sends the person back to, exactly as registered for the app.
        state: comes back in the answer, which thereby proves to belong to this login.
        nonce: appears in the guide's example.
        verifier: its hash goes with the address, and itself with the code, which nobody else can
            therefore trade (PKCE, RFC 7636).

    Raises:
        SettingsError: the settings do not name an app, or the token store is of another login.
        UsageError: the redirect is neither https nor on this machine.
    """

    settings: Settings
    redirect_uri: str
    state: str = field(default_factory=secrets.token_urlsafe, repr=False)
    nonce: str = field(default_factory=secrets.token_urlsafe, repr=False)
    verifier: str = field(default_factory=secrets.token_urlsafe, repr=False)

    def __post_init__(self) -> None:
        if not (self.settings.client_id and self.settings.client_secret):
            message = "A login needs the settings 'client_id' and 'client_secret' of the app."
            raise SettingsError(message)
        if not is_trustworthy(self.redirect_uri) or {"@", "#"} & set(self.redirect_uri):
            message = (
                "The redirect address must be an https address without user or fragment; plain "
                "http is allowed for loopback addresses only."
            )
            raise UsageError(message)
        SECRETS.learn([self.state, self.verifier])
        token_store(self.settings).load()  # refused before somebody lets the app in

    @property
    def address(self) -> str:
        """What to open in a browser."""
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.settings.scopes,
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": _challenge(self.verifier),
            "code_challenge_method": "S256",
        }
        return f"{self.settings.authorize_url}?{urlencode(query)}"

    def code(self, redirected: str) -> str:
        """The code in the address that the browser was sent back to.

        Raises:
            LoginError: access was not granted, or the address does not answer this login.
        """
        said = _query(redirected)
        if not {"code", "error"} & said.keys():
            message = "That is not the whole address that Gorgias redirected to: it has no 'code'."
            raise LoginError(message)
        if not self.is_answered_by(redirected):
            message = "That address answers another login: its 'state' is not ours; log in again."
            raise LoginError(message)
        if "error" in said:
            reason = ": ".join(
                said[name] for name in ("error", "error_description") if name in said
            )
            message = f"Gorgias did not grant access ({_plain(reason)})."
            raise LoginError(message)
        SECRETS.learn(said["code"])
        return said["code"]

    def is_answered_by(self, redirected: str) -> bool:
        """Whether an address has the state of this login, whatever else it says."""
        given = _query(redirected).get("state", "")
        return secrets.compare_digest(given.encode(errors="replace"), self.state.encode())

    def finish(self, code: str, clock: Clock) -> Tokens:
        """Trade the code for tokens and store them, in place of those of an earlier login.

        Raises:
            LoginError: Gorgias refuses the code or the app.
            SettingsError: the token store cannot be written.
            GorgiasError: the token endpoint does not answer, or not with tokens.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        store = token_store(self.settings)
        with store.lock():
            store.load()  # of another login, by now
            try:
                tokens = TokenEndpoint(self.settings, clock).trade(
                    form, Tokens(origin=owner(self.settings).origin)
                )
            except ApiError as error:
                message = (
                    f"Gorgias refused the login ({error.status} from {self.settings.token_url}): "
                    "check 'client_id', 'client_secret' and the redirect address of the app."
                )
                raise LoginError(message) from error
            store.save(tokens)
        return tokens


def _query(address: str) -> dict[str, str]:
    with suppress(ValueError):  # not even an address
        return dict(parse_qsl(urlsplit(address.strip()).query))
    return {}


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _plain(text: str) -> str:
    """What somebody else says, as part of one line."""
    return cleaned(text, LONGEST)
