"""`make demo`: replicate a local Gorgias into DuckDB, change it, replicate again, and look."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import time
from typing import TYPE_CHECKING

from demo.changes import make_changes
from demo.meltano import PROJECT, Meltano, MeltanoError
from demo.plot import response_times
from demo.sandbox import Sandbox, SandboxError, sandbox
from demo.terminal import bars, heading, pairs, progress, say, table
from demo.warehouse import Warehouse
from gorgias_api import Client, GorgiasError

if TYPE_CHECKING:
    from collections import Counter

    from demo.warehouse import Loaded, Week

TICKETS = 1_500
INTERRUPTED, STOPPED = 130, 143
# Never the warehouse of `meltano.yml`, which may hold a real account.
OUTPUT = PROJECT / "output" / "demo"
DATABASE, PICTURE = OUTPUT / "demo.duckdb", OUTPUT / "first-response-time.svg"
STREAMS = (
    "account",
    "custom_fields",
    "customers",
    "deletions",
    "events",
    "messages",
    "ticket_custom_fields",
    "ticket_tags",
    "tickets",
)
RECENT_WEEKS = 12


def main() -> None:
    """Run the demo; exits with 1 and says why when something fails."""
    # A terminal that cannot draw a line shall not end the demo.
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # a text stream, unless replaced
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(STOPPED))
    try:
        demonstrate()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except (GorgiasError, MeltanoError, SandboxError) as error:
        sys.stderr.write(f"\n{error}\n")
        sys.exit(1)


def demonstrate() -> None:
    """The whole story, from an empty folder to the picture."""
    started = time.monotonic()
    _clean()
    with sandbox(TICKETS) as account:
        heading("A help desk moves into a warehouse")
        _introduce(account)
        meltano, warehouse = _meltano(account), Warehouse(DATABASE)
        first = _replicate(meltano, account, "first")
        before = warehouse.rows()
        heading("Meanwhile, at the help desk")
        with Client.from_settings(account.settings) as client:
            pairs(make_changes(client))
        second = _replicate(meltano, account, "second")
        heading("What is in the warehouse, and what it took")
        _compare(warehouse, before, first, second)
    _show(warehouse)
    say()
    say(f"Done in {time.monotonic() - started:.0f} s.")


def _clean() -> None:
    OUTPUT.mkdir(parents=True, exist_ok=True)
    DATABASE.unlink(missing_ok=True)
    shutil.rmtree(OUTPUT / "meltano", ignore_errors=True)


def _introduce(account: Sandbox) -> None:
    rows = account.tables()
    say(f"A sandbox account with {rows['tickets']:,} tickets and {rows['messages']:,} messages")
    say(f"answers at {account.url}. As Gorgias does for an API key,")
    say("it allows 40 requests at once and 2 a second after that.")


def _meltano(account: Sandbox) -> Meltano:
    settings = {f"TAP_GORGIAS_{name.upper()}": value for name, value in account.settings.items()}
    select = json.dumps([f"{stream}.*" for stream in STREAMS])
    return Meltano(
        OUTPUT / "meltano",
        {**settings, "TAP_GORGIAS__SELECT": select, "TARGET_DUCKDB_PATH": str(DATABASE)},
    )


def _replicate(meltano: Meltano, account: Sandbox, name: str) -> Counter[str]:
    """One run; gives the requests it made, by stream."""
    log = OUTPUT / f"{name}-run.log"
    account.forget_requests()
    started = time.monotonic()

    def waiting() -> None:
        count = account.requests().total()
        progress(f"{count} requests, {time.monotonic() - started:.0f} s")

    heading(f"$ meltano run tap-gorgias target-duckdb    ({name} run)")
    meltano.run("tap-gorgias", "target-duckdb", log=log, waiting=waiting)
    requests = account.requests()
    progress("")
    refused = requests.pop("refused", 0)
    seconds = time.monotonic() - started
    say(f"{requests.total()} requests in {seconds:.0f} s, {refused} refused by the rate limit.")
    return requests


def _compare(
    warehouse: Warehouse, before: Loaded, first: Counter[str], second: Counter[str]
) -> None:
    written, now = warehouse.written_since(before), warehouse.rows()
    lines = [
        (name, before[name].rows, first[name], written[name], second[name], now[name].rows)
        for name in now
    ]
    totals = [sum(column) for column in zip(*(counts for _, *counts in lines), strict=True)]
    table(
        ("table", "first run: rows", "requests", "second run: rows", "requests", "rows now"),
        [
            (name, *(f"{count:,}" for count in counts))
            for name, *counts in [*lines, ("all", *totals)]
        ],
    )
    say()
    say("The second run read what has changed, rows at the edge of what it knew, the messages of")
    say("the last day, whose delivery Gorgias does not date, and two small lists without dates.")


def _show(warehouse: Warehouse) -> None:
    heading("Open tickets by channel")
    bars(warehouse.open_by_channel(), lambda count: f"{count:.0f}")
    # The weeks at both ends are not whole.
    weeks = warehouse.first_responses()[1:-1]
    heading(f"Median first response time, last {RECENT_WEEKS} whole weeks")
    bars([_labelled(week) for week in weeks[-RECENT_WEEKS:]], lambda hours: f"{hours:.1f} h")
    heading("Why customers write: the last 90 days, and the 90 before")
    table(
        ("contact reason", "last 90 days", "before", "change"),
        (
            (reason, f"{recent}", f"{past}", f"{recent - past:+d}")
            for reason, recent, past in warehouse.top_reasons()
        ),
    )
    PICTURE.write_text(response_times(weeks), encoding="utf-8")
    heading("To look at")
    files = (
        ("First response time over two years", PICTURE),
        ("The warehouse, for questions of your own", DATABASE),
        ("What Meltano said", OUTPUT / "*-run.log"),
    )
    pairs((what, str(path.relative_to(PROJECT))) for what, path in files)


def _labelled(week: Week) -> tuple[str, float]:
    return f"{week.monday:%d %b %Y}", week.median


if __name__ == "__main__":
    main()
