"""The command `target-gorgias-ledger`: see and forget what the ledger says of records."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
from sqlalchemy import delete, insert, select

from gorgias_api import GorgiasError, SettingsError, UsageError
from gorgias_api.arguments import run
from gorgias_api.lastresort import LastResort
from gorgias_api.logs import clean_logs
from gorgias_api.masking import cleaned
from gorgias_api.settings import Settings
from target_gorgias.database import ENTRIES, STREAMS, WAITING
from target_gorgias.entries import DONE, PENDING, Entry
from target_gorgias.ledger import Ledger
from target_gorgias.target import FAILED, MISUSED, SILENT, TargetGorgias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NAME = "target-gorgias-ledger"
AT_ONCE = 500
WAITS = "waiting"


class OpenLedger(Ledger):
    """A ledger that shows all it holds, and forgets what it is told to."""

    def entries(
        self, stream: str | None, keys: Sequence[str], state: str | None
    ) -> Iterator[Entry]:
        """Entries by stream and key, all of them or those that are asked for."""
        query = select(*(ENTRIES.c[name] for name in Entry._fields))
        query = query.where(ENTRIES.c.account == self._account)
        for column, asked in (("stream", stream), ("state", state)):
            if asked is not None:
                query = query.where(ENTRIES.c[column] == asked)
        if keys:
            query = query.where(ENTRIES.c.key.in_(keys))
        with self._errors():
            found = self._connection.execute(query.order_by(ENTRIES.c.stream, ENTRIES.c.key))
            for row in found.yield_per(AT_ONCE):
                yield Entry(*row)

    def forget_all(self, stream: str, keys: Sequence[str]) -> int:
        """Forget some records of a stream, or all; give how many were known or waited.

        What they became is still in Gorgias: so whatever of the stream is to be created from now
        on is looked up first.
        """
        forgotten: set[str] = set()
        with self._lock, self._errors():
            for table in (ENTRIES, WAITING):
                here = (table.c.account == self._account) & (table.c.stream == stream)
                if keys:
                    here &= table.c.key.in_(keys)
                forgotten |= set(
                    self._connection.execute(select(table.c.key).where(here)).scalars()
                )
                self._connection.execute(delete(table).where(here))
            if forgotten:
                here = (STREAMS.c.account == self._account) & (STREAMS.c.stream == stream)
                self._connection.execute(delete(STREAMS).where(here))
                unknown = {"account": self._account, "stream": stream, "known": False}
                self._connection.execute(insert(STREAMS).values(**unknown))
            self._commit()
        return len(forgotten)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    multiple=True,
    callback=TargetGorgias.cb_config,
    help="File with the settings of the target, as JSON. Variables TARGET_GORGIAS_… win over it.",
)
@click.pass_context
def ledger(context: click.Context, config: Any) -> None:  # noqa: ANN401 - the SDK's own type
    """See and forget what the ledger of target-gorgias says of records."""
    context.obj = config.config


@ledger.command("list")
@click.option("--stream", help="Only records of this stream.")
@click.option("--key", "keys", multiple=True, help="Only records with this key; may be repeated.")
@click.option("--state", type=click.Choice([DONE, PENDING, WAITS]), help="Only records in it.")
@click.pass_obj
def list_(
    given: dict[str, Any], stream: str | None, keys: tuple[str, ...], state: str | None
) -> None:
    """Print entries as JSON lines: what became of each record, and what waits for which object."""
    with closing(_opened(given)) as opened:
        if state != WAITS:
            for entry in opened.entries(stream, keys, state):
                shown = entry._asdict()
                shown["written"] = datetime.fromtimestamp(entry.written, UTC).isoformat()
                del shown["content"]
                click.echo(json.dumps(shown, ensure_ascii=False))
        for place in opened.all_waiting() if state in {None, WAITS} else ():
            if stream in {None, place.stream} and (not keys or place.key in keys):
                waits = {"stream": place.stream, "key": place.key, "state": WAITS}
                click.echo(json.dumps(waits | {"needs": place.needs}, ensure_ascii=False))


@ledger.command()
@click.option("--stream", required=True, help="Of the records.")
@click.option("--key", "keys", multiple=True, help="Of a record; may be repeated. All by default.")
@click.pass_obj
def forget(given: dict[str, Any], stream: str, keys: tuple[str, ...]) -> None:
    """Forget records, so that their rows are written again.

    What they became stays in Gorgias: before anything of the stream is created, it is looked up.
    """
    with closing(_opened(given)) as opened:
        number = opened.forget_all(stream, keys)
    if not number:
        message = f"The ledger {opened.where} has no such record of the stream '{stream}'."
        raise GorgiasError(message)
    click.echo(f"Forgotten: {number} of the stream '{stream}'.", err=True)


def _opened(given: dict[str, Any]) -> OpenLedger:
    target = TargetGorgias(config=given, parse_env_config=True)
    settings = Settings.from_mapping(target.config)
    return OpenLedger(target.rules.ledger_place(settings), settings.api_url)


@LastResort(NAME)
def main() -> None:
    """Run the command: 0 done, 1 nothing found or no ledger, 2 a mistake in call or settings."""
    clean_logs(*SILENT)
    try:
        run(ledger, NAME)
    except (SettingsError, UsageError) as error:
        click.echo(f"{NAME}: {cleaned(str(error))}", err=True)
        sys.exit(MISUSED)
    except GorgiasError as error:
        click.echo(f"{NAME}: {cleaned(str(error))}", err=True)
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
