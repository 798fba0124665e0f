"""The command `gorgias-sandbox`."""

from __future__ import annotations

import gc
import logging
import signal
import socket
import sys
from typing import TYPE_CHECKING

import click

from gorgias_sandbox.guard import is_loopback
from gorgias_sandbox.lastresort import LastResort
from gorgias_sandbox.options import Options
from gorgias_sandbox.serve import backend_for, server_for

if TYPE_CHECKING:
    from types import FrameType

_DEFAULTS = Options()
_LIMITS = {
    "api-key": (_DEFAULTS.rate_limit, _DEFAULTS.oauth_rate_limit),
    "oauth": (_DEFAULTS.oauth_rate_limit, _DEFAULTS.oauth_rate_limit),
    "off": (None, None),
}
_WARNING = (
    "Warning: other machines can reach this address, and its control routes need no password; "
    "put no real data into the sandbox."
)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8787, show_default=True, help="0: a free one."
)
@click.option("--seed", default=1, show_default=True, help="Same seed, same data.")
@click.option(
    "--tickets", type=click.IntRange(0), default=5000, show_default=True, help="How many at first."
)
@click.option("--domain", default=_DEFAULTS.domain, show_default=True, help="Name of the account.")
@click.option("--email", default=_DEFAULTS.email, show_default=True, help="User of the API key.")
@click.option("--api-key", default=_DEFAULTS.api_key, show_default=True, help="The API key.")
@click.option(
    "--rate-limit",
    type=click.Choice(list(_LIMITS)),
    default="api-key",
    show_default=True,
    help="api-key: 40 requests in 20 s, 80 with OAuth2; oauth: 80 for all.",
)
@click.option(
    "--latency-ms", type=click.IntRange(0), default=0, show_default=True, help="Of every answer."
)
@click.option("--cursor-ttl", type=float, help="Seconds a cursor works. [default: for ever]")
@click.option("--chaos", type=int, metavar="SEED", help="Misbehave at random.")
@LastResort()
def main(  # noqa: PLR0913 - one argument per option
    *,
    host: str,
    port: int,
    seed: int,
    tickets: int,
    domain: str,
    email: str,
    api_key: str,
    rate_limit: str,
    latency_ms: int,
    cursor_ttl: float | None,
    chaos: int | None,
) -> None:
    """Serve a local Gorgias with believable data until it is interrupted."""
    limit, oauth_limit = _LIMITS[rate_limit]
    options = Options(
        seed=seed,
        tickets=tickets,
        domain=domain,
        email=email,
        api_key=api_key,
        rate_limit=limit,
        oauth_rate_limit=oauth_limit,
        latency=latency_ms / 1000,
        cursor_ttl=cursor_ttl,
        chaos=chaos,
        enrichment=chaos is not None,
    )
    logging.disable()  # what libraries log quotes what is sent here
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    with _listening(host, port) as listener:
        if not is_loopback(listener.getsockname()[0]):
            click.echo(_WARNING, err=True)
        server = server_for(backend_for(options), host)
        # The rows live as long as the process: the collector need not look at them again.
        gc.freeze()
        # Its key is public unless somebody has chosen another one, which may be in use elsewhere.
        key = f", API key {api_key}" if api_key == _DEFAULTS.api_key else ""
        url = f"http://{_in_url(host)}:{listener.getsockname()[1]}"
        click.echo(f"Gorgias sandbox at {url} (user {email}{key}). Ctrl-C ends it.")
        sys.stdout.flush()
        server.run(sockets=[listener])


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens on an address of either kind.

    Raises:
        click.ClickException: that cannot be.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        everywhere = host == "::" and socket.has_dualstack_ipv6()
        return socket.create_server((host, port), family=family, dualstack_ipv6=everywhere)
    except OSError as error:
        message = f"Cannot listen on {_in_url(host)}:{port} ({error.strerror})."
        raise click.ClickException(message) from error


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _leave(_number: int, _frame: FrameType | None) -> None:
    """Exit; the server, while it runs, hands signals on once it has closed its connections."""
    sys.exit(0)


if __name__ == "__main__":
    main()
