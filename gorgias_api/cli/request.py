"""`gorgias request`, and the commands that are one request of their own."""

from __future__ import annotations

import logging
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gorgias_api.atomic import replacing
from gorgias_api.cli.values import json_value, pair, pairs, pretty, show
from gorgias_api.client import Client
from gorgias_api.errors import UsageError
from gorgias_api.multipart import FilePart
from gorgias_api.operations.account import SEARCHABLE
from gorgias_api.retry import Retry
from gorgias_api.settings import Settings
from gorgias_api.unset import UNSET

if TYPE_CHECKING:
    from gorgias_api.answers import ResponseType


@click.command()
@click.pass_obj
def account(given: dict[str, Any]) -> None:
    """Show the account: whether the settings work, and what they open."""
    with Client.from_settings(given) as client:
        show(client.request("GET", "/api/account"))


@click.command()
@click.argument("type", type=click.Choice(SEARCHABLE), metavar="TYPE")
@click.argument("query", default="")
@click.option("--size", type=click.IntRange(1, 50), default=10, show_default=True)
@click.pass_obj
def search(given: dict[str, Any], type: str, query: str, size: int) -> None:  # noqa: A002 - the API's own word
    """Find customers, agents, tags and more by a part of their name or address.

    TYPE is one of agent, customer, customer_channel, customer_channel_email,
    customer_channel_phone, customer_profile, customers_by_phone, integration, tag, team.
    """
    with Client.from_settings(given) as client:
        show(client.search(type, query, size))


@click.command()
@click.argument("method")
@click.argument("path")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="Query parameter.")
@click.option("--data", help="JSON body; `@FILE` reads it from a file, `-` from standard input.")
@click.option("--form", multiple=True, metavar="NAME=VALUE", help="Field of a form.")
@click.option("--file", "files", multiple=True, metavar="NAME=PATH", help="File of a form.")
@click.option(
    "--file-name",
    "file_names",
    multiple=True,
    metavar="NAME=NAME",
    help="What the server is told the file NAME is called.",
)
@click.option("--header", "headers", multiple=True, metavar="NAME=VALUE", help="Further header.")
@click.option(
    "--response-type",
    type=click.Choice(["json", "text", "binary"]),
    default="json",
    show_default=True,
    help="What to read the answer as.",
)
@click.option("--timeout", type=float, help="Seconds within which the answer must be complete.")
@click.option("--max-retries", type=int, help="Tries, the first one included.")
@click.option(
    "--retry-delay",
    type=float,
    default=Retry.delay,
    show_default=True,
    help="Seconds before the second try.",
)
@click.option("--retry-all-errors", is_flag=True, help="Try again also what may apply twice.")
@click.option(
    "--exponential-backoff/--no-exponential-backoff",
    default=Retry.exponential,
    show_default=True,
    help="Wait longer after each try.",
)
@click.option("--debug", is_flag=True, help="Log request and answer; bodies hold personal data.")
@click.option("--output", type=click.Path(path_type=Path), help="Write the answer to this file.")
@click.pass_obj
def request(given: dict[str, Any], /, method: str, path: str, **options: Any) -> None:  # noqa: ANN401 - of many types
    """Send any request, such as `gorgias request GET /api/tickets --param limit=5`.

    METHOD is GET, POST, PUT or DELETE; PATH is as documented, without the host.
    """
    output: Path | None = options["output"]
    # The file first: what cannot be kept must not be asked for.
    with replacing(output) if output else nullcontext(sys.stdout) as out:
        settings = Settings.from_mapping(_with_debug(given) if options["debug"] else given)
        body = {
            "data": UNSET if options["data"] is None else json_value(options["data"]),
            "form": pairs("--form", options["form"]) if options["form"] else None,
            "files": _files(options["files"], options["file_names"]) or None,
        }
        with Client(settings) as client:
            answer = client.request(
                method,
                path,
                params=pairs("--param", options["params"]),
                headers=dict(pair("--header", text) for text in options["headers"]),
                response_type=options["response_type"],
                timeout=options["timeout"],
                retry=_retry(settings, options),
                **body,
            )
        click.echo(_bytes(answer, options["response_type"]), file=out, nl=False)


def _with_debug(given: dict[str, Any]) -> dict[str, Any]:
    logging.root.setLevel(logging.INFO)
    return given | {"debug_requests": True}


def _retry(settings: Settings, options: dict[str, Any]) -> Retry:
    tries = options["max_retries"]
    return Retry(
        tries=settings.max_retries if tries is None else tries,
        delay=options["retry_delay"],
        exponential=options["exponential_backoff"],
        all_errors=options["retry_all_errors"],
    )


def _files(files: tuple[str, ...], file_names: tuple[str, ...]) -> list[FilePart]:
    """The files to send.

    Raises:
        UsageError: a name for a file that is not sent.
    """
    told = dict(pair("--file-name", text) for text in file_names)
    parts = [
        FilePart(name, path, told.get(name))
        for name, path in (pair("--file", text) for text in files)
    ]
    for name in told.keys() - {part.name for part in parts}:
        message = f"There is a '--file-name' but no '--file' for '{name}'."
        raise UsageError(message)
    return parts


def _bytes(answer: Any, response_type: ResponseType) -> bytes:  # noqa: ANN401 - of that type
    if response_type == "json":
        return b"" if answer is None else f"{pretty(answer)}\n".encode()
    return answer if isinstance(answer, bytes) else str(answer).encode()
