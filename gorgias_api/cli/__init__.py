"""The command line `gorgias`: the account from a terminal, on the same path as everything else."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

import click

from gorgias_api.cli.call import call
from gorgias_api.cli.files import download, upload
from gorgias_api.cli.login import login
from gorgias_api.cli.request import account, request, search
from gorgias_api.errors import GorgiasError, SettingsError, UsageError
from gorgias_api.lastresort import LastResort
from gorgias_api.settings import SHARED, Setting, from_files, from_variables, gather

PREFIXES = ("TAP_GORGIAS_", "GORGIAS_")
"""Of variables; the last one wins."""
REFUSED, MISUSED = 1, 2


def _option(setting: Setting) -> click.Option:
    return click.Option(
        [setting.name, *map(_flag, setting.names)],
        is_flag=setting.kind == "boolean",
        default=None,
        help=setting.description,
    )


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(dir_okay=False, path_type=Path), help="JSON settings.")
@click.pass_context
def gorgias(context: click.Context, /, config: Path | None, **flags: Any) -> None:  # noqa: ANN401
    """Talk to a Gorgias account.

    Settings come from flags, from GORGIAS_… or TAP_GORGIAS_… variables, or from a JSON file.
    """
    given = from_files(SHARED, [config] if config else [])
    for prefix in PREFIXES:
        given |= from_variables(SHARED, prefix, os.environ)
    set_flags = {name: value for name, value in flags.items() if value is not None}
    given |= gather(SHARED, set_flags, lambda name: f"option {_flag(name)}")
    level = logging.INFO if given.get("debug_requests") else logging.WARNING
    logging.basicConfig(level=level, format="%(message)s", force=True)
    context.obj = given


gorgias.params.extend(_option(setting) for setting in SHARED)

for command in (account, call, download, login, request, search, upload):
    gorgias.add_command(command)


@LastResort("gorgias")
def main() -> None:
    """Run `gorgias`: 0 done, 1 refused by the API or unreachable, 2 a mistake in the call."""
    try:
        sys.exit(gorgias(standalone_mode=False))
    except click.ClickException as error:
        message = error.format_message()
        is_help = message.startswith("Usage:")  # what a group without a command says
        click.echo(message if is_help else f"gorgias: {' '.join(message.split())}", err=True)
        sys.exit(MISUSED)
    except click.Abort:
        sys.exit(REFUSED)
    except (SettingsError, UsageError) as error:
        click.echo(f"gorgias: {error}", err=True)
        sys.exit(MISUSED)
    except GorgiasError as error:
        click.echo(f"gorgias: {error}", err=True)
        sys.exit(REFUSED)
