"""`gorgias upload` and `gorgias download`."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from gorgias_api.cli.values import show
from gorgias_api.client import Client
from gorgias_api.errors import UsageError
from gorgias_api.operations.account import UPLOADABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gorgias_api.files import Progress

ADDRESS, PARTS = 1, 3


@click.command()
@click.argument("files", nargs=-1, required=True)
@click.option(
    "--type", "kind", type=click.Choice(UPLOADABLE), default=UPLOADABLE[0], show_default=True
)
@click.option("--label", help="What Gorgias calls the files; by default their own names.")
@click.pass_obj
def upload(given: dict[str, Any], files: tuple[str, ...], kind: str, label: str | None) -> None:
    """Upload one or several files and print them as attachments want them."""
    with Client.from_settings(given) as client, bar("Uploading") as progress:
        uploaded = client.upload(files, kind, label=label, progress=progress)
    show(uploaded)


@click.command()
@click.argument("file", nargs=-1, required=True)
@click.option("--to", "place", default=".", show_default=True, help="A folder, or a file.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is there already.")
@click.pass_obj
def download(given: dict[str, Any], file: tuple[str, ...], place: str, *, overwrite: bool) -> None:
    """Download a file and print where it is.

    FILE is its address, such as the `url` of an attachment, or its three parts: file type, domain
    hash and resource name.
    """
    if len(file) not in (ADDRESS, PARTS):
        message = "A file is its address, or its file type, domain hash and resource name."
        raise UsageError(message)
    address = file[0] if len(file) == ADDRESS else "/".join(quote(part, safe="") for part in file)
    with Client.from_settings(given) as client, bar("Downloading") as progress:
        path = client.download_to(address, place, overwrite=overwrite, progress=progress)
    click.echo(path)


@contextmanager
def bar(label: str) -> Iterator[Progress | None]:
    """A progress bar on the terminal, where there is one."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=0, label=label, file=sys.stderr, show_eta=True) as shown:

        def move(done: int, total: int | None) -> None:
            shown.length = total
            shown.update(done - shown.pos)

        yield move
