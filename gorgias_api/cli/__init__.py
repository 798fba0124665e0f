"""The command line `gorgias`: the account from a terminal, on the same path as everything else."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

import click

from gorgias_api.arguments import MISUSED, run, without_values
from gorgias_api.cli.call import call
from gorgias_api.cli.files import download, upload
from gorgias_api.cli.login import login
from gorgias_api.cli.request import account, request, search
from gorgias_api.cli.secrets import ENDING, SECRETS, from_keyring, from_secret_files
from gorgias_api.errors import GorgiasError, SettingsError, UsageError
from gorgias_api.lastresort import LastResort
from gorgias_api.logs import clean_logs
from gorgias_api.masking import cleaned
from gorgias_api.settings import SHARED, Setting, from_files, from_variables, gather

PREFIXES = ("TAP_GORGIAS_", "GORGIAS_")
"""Of variables; the last one wins."""
REFUSED = 1


def _option(setting: Setting) -> click.Option:
    return click.Option(
        [setting.name, *map(_flag, setting.names)],
        is_flag=setting.kind == "boolean",
        default=None,
        help=setting.description,
    )


def _file_option(setting: Setting) -> click.Option:
    return click.Option(
        [setting.name + ENDING, *(_flag(name + ENDING) for name in setting.names)],
        metavar="FILE",
        help=f"File that holds `{setting.name}`; `-` takes a line of standard input.",
    )


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(dir_okay=False, path_type=Path), help="JSON settings.")
@click.option(
    "--keyring",
    metavar="SERVICE",
    envvar="GORGIAS_KEYRING",
    help="Take secrets not given otherwise from this service of the system's keyring, by the names "
    "of their settings, as `keyring set SERVICE api_key` keeps them.",
)
@click.pass_context
def gorgias(
    context: click.Context,
    /,
    config: Path | None,
    keyring: str | None,
    **flags: Any,  # noqa: ANN401 - of many types
) -> None:
    """Talk to a Gorgias account.

    Settings come from flags, from GORGIAS_… or TAP_GORGIAS_… variables, or from a JSON file;
    secrets also from files, standard input or a keyring, where no other user of the machine sees
    them.
    """
    given = from_files(SHARED, [config] if config else [])
    for prefix in PREFIXES:
        given |= from_variables(SHARED, prefix, os.environ)
    files = {each.name: flags.pop(each.name + ENDING) for each in SECRETS}
    set_flags = {name: value for name, value in flags.items() if value is not None}
    given |= gather(SHARED, set_flags, lambda name: f"option {_flag(name)}")
    given |= from_secret_files({name: at for name, at in files.items() if at}, set_flags)
    if keyring:
        given |= from_keyring(keyring, [each for each in SECRETS if given.get(each.name) is None])
    level = logging.INFO if given.get("debug_requests") else logging.WARNING
    logging.basicConfig(level=level, format="%(message)s", force=True)
    context.obj = given


gorgias.params.extend(_option(setting) for setting in SHARED)
gorgias.params.extend(_file_option(setting) for setting in SECRETS)

for command in (account, call, download, login, request, search, upload):
    gorgias.add_command(command)


@LastResort("gorgias")
def main() -> None:
    """Run `gorgias`: 0 done, 1 refused by the API or unreachable, 2 a mistake in the call."""
    clean_logs()
    try:
        run(gorgias, "gorgias")
    except (SettingsError, UsageError) as error:
        _tell(str(error))
        sys.exit(MISUSED)
    except GorgiasError as error:
        _tell(error.in_full)
        sys.exit(REFUSED)


def _tell(sentence: str) -> None:
    """Say what went wrong, also in the API's words: the person who asked may see them."""
    click.echo(f"gorgias: {cleaned(without_values(sentence, sys.argv[1:]))}", err=True)
