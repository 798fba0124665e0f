"""The command line `gorgias`: the account from a terminal, on the same path as everything else."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

import click

from gorgias_api.client import UNSET, Client
from gorgias_api.errors import GorgiasError, SettingsError, UsageError
from gorgias_api.settings import SHARED, Setting, check, load, read

TYPES: dict[str, Any] = {"string": str, "number": float, "integer": int, "boolean": bool}
REFUSED, MISUSED = 1, 2


def _option(setting: Setting) -> click.Option:
    names = [f"--{name.replace('_', '-')}" for name in (setting.name, *setting.aliases)]
    variables = [f"{prefix}_{setting.name.upper()}" for prefix in ("GORGIAS", "TAP_GORGIAS")]
    return click.Option(
        [setting.name, *names],
        type=TYPES[setting.kind],
        is_flag=setting.kind == "boolean",
        default=None,
        envvar=variables,
        help=setting.description,
    )


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(dir_okay=False, path_type=Path), help="JSON settings.")
@click.pass_context
def gorgias(context: click.Context, /, config: Path | None, **flags: Any) -> None:  # noqa: ANN401
    """Talk to a Gorgias account.

    Settings come from flags, from GORGIAS_… or TAP_GORGIAS_… variables, or from a JSON file.
    """
    given = load(config) if config else {}
    check(given, SHARED, ())
    named = {setting.name: read(setting, given) for setting in SHARED}
    chosen = named | {name: value for name, value in flags.items() if value is not None}
    level = logging.INFO if chosen["debug_requests"] else logging.WARNING
    logging.basicConfig(level=level, format="%(message)s", force=True)
    context.obj = chosen


gorgias.params.extend(_option(setting) for setting in SHARED)


@gorgias.command()
@click.pass_obj
def account(given: dict[str, Any]) -> None:
    """Show the account: whether the settings work, and what they open."""
    _request(given, "GET", "/api/account")


@gorgias.command()
@click.argument("method")
@click.argument("path")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="Query parameter.")
@click.option("--data", help="JSON body; `@FILE` reads it from a file, `-` from standard input.")
@click.pass_obj
def request(
    given: dict[str, Any], method: str, path: str, params: tuple[str, ...], data: str | None
) -> None:
    """Send any request, such as `gorgias request GET /api/tickets --param limit=5`."""
    query: dict[str, list[str]] = {}
    for param in params:
        name, equals, value = param.partition("=")
        if not equals:
            message = f"'{param}' is not of the form NAME=VALUE."
            raise UsageError(message)
        query.setdefault(name, []).append(value)
    _request(given, method, path, params=query, data=UNSET if data is None else _json(data))


def _request(given: dict[str, Any], method: str, path: str, **more: Any) -> None:  # noqa: ANN401
    with Client.from_settings(given) as client:
        answer = client.request(method, path, **more)
    if answer is not None:
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2))


def _json(text: str) -> Any:  # noqa: ANN401 - any JSON value
    try:
        if text == "-":
            return json.load(sys.stdin)
        return json.loads(
            Path(text[1:]).read_text(encoding="utf-8") if text.startswith("@") else text
        )
    except OSError as error:
        message = f"The file {text[1:]} cannot be read ({error.strerror})."
        raise UsageError(message) from error
    except ValueError as error:
        message = f"The body is not JSON ({error})."
        raise UsageError(message) from error


def main() -> None:
    """Run `gorgias`: 0 done, 1 refused by the API or unreachable, 2 a mistake in the call."""
    try:
        gorgias()
    except (SettingsError, UsageError) as error:
        click.echo(f"gorgias: {error}", err=True)
        sys.exit(MISUSED)
    except GorgiasError as error:
        click.echo(f"gorgias: {error}", err=True)
        sys.exit(REFUSED)
