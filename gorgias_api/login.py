"""The OAuth2 login: a person lets the app into the account, and the app gets its first tokens.

https://developers.gorgias.com/docs/set-up-oauth2-app-store
"""

from __future__ import annotations

import html
import secrets
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from gorgias_api.auth import TokenEndpoint, origin
from gorgias_api.errors import ApiError, LoginError, SettingsError, UsageError
from gorgias_api.masking import mask_text
from gorgias_api.tokens import Tokens, TokenStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gorgias_api.clock import Clock
    from gorgias_api.settings import Settings

LOOPBACK = "127.0.0.1"
PATH = "/callback"
LONGEST = 200
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<body style="font: 1.1rem system-ui; margin: 15vh auto; max-width: 32rem; padding: 0 1rem">
<h1>{title}</h1><p>{text}</p></body></html>
"""


@dataclass(frozen=True, kw_only=True)
class Login:
    """One authorisation-code flow, from the address a person opens to the stored tokens.

    Attributes:
        settings: with `client_id` and `client_secret`.
        redirect_uri: where Gorgias sends the person back to, exactly as registered for the app.
        state: comes back in the answer, which thereby proves to belong to this login.
        nonce: appears in the guide's example.

    Raises:
        SettingsError: the settings do not name an app.
    """

    settings: Settings
    redirect_uri: str
    state: str = field(default_factory=secrets.token_urlsafe, repr=False)
    nonce: str = field(default_factory=secrets.token_urlsafe, repr=False)

    def __post_init__(self) -> None:
        if not (self.settings.client_id and self.settings.client_secret):
            message = "A login needs the settings 'client_id' and 'client_secret' of the app."
            raise SettingsError(message)

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
        }
        return f"{self.settings.authorize_url}?{urlencode(query)}"

    def code(self, redirected: str) -> str:
        """The code in the address that the browser was sent back to.

        Raises:
            LoginError: access was not granted, or the address does not answer this login.
        """
        said: dict[str, str] = {}
        with suppress(ValueError):  # not even an address
            said = dict(parse_qsl(urlsplit(redirected.strip()).query))
        if "error" in said:
            reason = ": ".join(
                said[name] for name in ("error", "error_description") if name in said
            )
            message = f"Gorgias did not grant access ({_plain(reason)})."
            raise LoginError(message)
        if "code" not in said:
            message = "That is not the whole address that Gorgias redirected to: it has no 'code'."
            raise LoginError(message)
        if not secrets.compare_digest(said.get("state", "").encode(), self.state.encode()):
            message = "That address answers another login: its 'state' is not ours; log in again."
            raise LoginError(message)
        return said["code"]

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
        }
        store = TokenStore(self.settings.token_store)
        with store.lock():
            try:
                tokens = TokenEndpoint(self.settings, clock).trade(
                    form, Tokens(origin=origin(self.settings))
                )
            except ApiError as error:
                message = (
                    f"Gorgias refused the login ({error.status} from {self.settings.token_url}): "
                    "check 'client_id', 'client_secret' and the redirect address of the app."
                )
                raise LoginError(message) from error
            store.save(tokens)
        return tokens


class Callback(ThreadingHTTPServer):
    """Waits on this machine for the browser that Gorgias sends back."""

    def __init__(self, port: int, path: str) -> None:
        self.path = path
        self._read: Callable[[str], str] = str
        self.outcomes: SimpleQueue[str | LoginError] = SimpleQueue()
        super().__init__((LOOPBACK, port), _Page)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: who asks and goes away, or asks for nonsense, is no matter of the login."""

    @contextmanager
    def expecting(self, read: Callable[[str], str]) -> Iterator[None]:
        """Answer whoever comes, while the block lasts, as `read` takes the address asked for."""
        self._read = read
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield
        finally:
            self.shutdown()

    def wait(self, seconds: float) -> str | None:
        """What `read` made of the address; None if nobody came.

        Raises:
            LoginError: as `read` does.
        """
        try:
            outcome = self.outcomes.get(timeout=seconds)
        except Empty:
            return None
        if isinstance(outcome, LoginError):
            raise outcome
        return outcome

    def outcome(self, target: str) -> str | LoginError:
        """What came of the address that somebody asked for."""
        try:
            return self._read(target)
        except LoginError as error:
            return error


class _Page(BaseHTTPRequestHandler):
    server: Callback
    timeout = 10

    def do_GET(self) -> None:
        if urlsplit(self.path).path != self.server.path:
            self.send_error(404)
            return
        outcome = self.server.outcome(self.path)
        try:
            if isinstance(outcome, LoginError):
                self._show("The login did not work", str(outcome))
            else:
                self._show("Gorgias has answered", "You can close this page.")
        finally:
            # The page first: whoever waits may end the program.
            self.server.outcomes.put(outcome)

    def _show(self, title: str, text: str) -> None:
        body = PAGE.format(title=title, text=html.escape(text)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the address holds the code."""


@contextmanager
def listening(port: int = 0, path: str = PATH) -> Iterator[Callback]:
    """A callback on a port of this machine, a free one for 0.

    Raises:
        UsageError: the port cannot be had.
    """
    try:
        callback = Callback(port, path)
    except OSError as error:
        message = f"Port {port} of this machine cannot be listened on ({error.strerror})."
        raise UsageError(message) from error
    with callback:
        yield callback


def _plain(text: str) -> str:
    """What somebody else says, as part of one line."""
    return mask_text("".join(char for char in text if char.isprintable()))[:LONGEST]
