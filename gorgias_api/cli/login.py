"""`gorgias login`."""

from __future__ import annotations

import os
import webbrowser
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from gorgias_api.callback import LOOPBACK, LOOPBACK_6, PATH, listening
from gorgias_api.clock import SystemClock
from gorgias_api.errors import LoginError, UsageError
from gorgias_api.login import Login
from gorgias_api.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIXES = ("GORGIAS_", "TAP_GORGIAS_", "TARGET_GORGIAS_")


@click.command()
@click.option(
    "--redirect-uri",
    help="Where Gorgias sends the browser back to, exactly as registered for the app; by default "
    f"`http://{LOOPBACK}:PORT{PATH}`.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port of that default; by default a free one."
)
@click.option("--paste", is_flag=True, help="Wait for no callback: the address will be pasted.")
@click.option("--no-browser", is_flag=True, help="Only print the address to open.")
@click.option(
    "--timeout", default=300.0, show_default=True, help="Seconds to wait for the callback."
)
@click.pass_obj
def login(
    given: dict[str, Any],
    redirect_uri: str | None,
    port: int | None,
    *,
    paste: bool,
    no_browser: bool,
    timeout: float,
) -> None:
    """Log in with OAuth2 and keep the tokens, for this command, tap and target alike.

    Needs `client_id`, `client_secret` and `domain`. Opens a page of Gorgias on which you let the
    app in, and waits for the browser to come back to this machine. Where it cannot, paste the
    address it ended up at.
    """
    settings = Settings.from_mapping(given)
    here = _here(redirect_uri, port)
    with listening(*here) if here else nullcontext() as callback:
        ours = f"http://{LOOPBACK}:{callback.port}{PATH}" if callback else ""
        begun = Login(settings=settings, redirect_uri=redirect_uri or ours)
        click.echo(f"Let the app in on this page:\n\n{begun.address}\n", err=True)
        reachable = None if paste else callback
        with reachable.expecting(begun) if reachable else nullcontext():
            if not no_browser:
                with _without_our_variables():
                    webbrowser.open(begun.address)
            code = reachable.wait(timeout) if reachable else None
    tokens = begun.finish(code or begun.code(_pasted()), SystemClock())
    click.echo(f"Logged in; the tokens are kept in {settings.token_store}.")
    if not tokens.refresh_token:
        click.echo(
            "There is no refresh token, so this holds until the access token ends: add the scope "
            "'offline' to the setting 'scopes' to stay logged in.",
            err=True,
        )


@contextmanager
def _without_our_variables() -> Iterator[None]:
    """Keep settings, secrets among them, out of the environment of what is started."""
    ours = {name: value for name, value in os.environ.items() if name.startswith(PREFIXES)}
    for name in ours:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(ours)


def _here(redirect_uri: str | None, port: int | None) -> tuple[int, str] | None:
    """Port and path to listen on; None when the redirect leads elsewhere.

    Raises:
        UsageError: the redirect is no address, or names another port than `port`.
    """
    if redirect_uri is None:
        return port or 0, PATH
    try:
        parts = urlsplit(redirect_uri)
        told = parts.port or 80
    except ValueError:
        told = 0
    if not (told and parts.scheme and parts.netloc) or port not in (None, told):
        message = "The redirect address is none, or contradicts '--port'."
        raise UsageError(message)
    local = parts.scheme == "http" and parts.hostname in (LOOPBACK, LOOPBACK_6, "localhost")
    return (told, parts.path) if local else None


def _pasted() -> str:
    try:
        return str(click.prompt("Paste the whole address the browser ended up at", err=True))
    except click.Abort:
        click.echo(err=True)  # the line of the question has not ended
        message = "The login was not finished: nobody came back from Gorgias."
        raise LoginError(message) from None
