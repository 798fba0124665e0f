"""The state that a run is given: its forms, and what in it cannot be used."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from gorgias_api import SettingsError
from tap_gorgias.timestamps import FIRST, LAST, from_datetime

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping

POSITION = "replication_key_value"
CURSOR = "backfill_cursor"
DESCENT = "descent"
FULL_READ = "full_read_datetime"
ADVICE = "take it out of the state to read that stream from the start"


def read_state(
    given: object, streams: Mapping[str, str | None], logger: logging.Logger
) -> dict[str, Any]:
    """The bookmarks in a state, by stream, as the tap goes on with them.

    Args:
        given: JSON in a form in which states are handed over: `{"bookmarks": …}`, or that in a
            STATE message or in Meltano's `{"singer_state": …}`. A bookmark is an object, or only
            its position. Null, anywhere, means that there is none.
        streams: the replication key of each stream, None where it has none. What the state says
            of other streams stays as it is.
        logger: told of what is left out.

    Returns:
        Objects with positions in the fixed-width form of `timestamps`.

    Raises:
        SettingsError: what cannot be used, of which stream.
    """
    return {
        name: _bookmark(name, each, streams[name], logger) if name in streams else each
        for name, each in _bookmarks(given).items()
    }


def _bookmarks(given: object) -> dict[str, Any]:
    """The bookmarks of a state, out of whatever is wrapped around it."""
    inner = given
    while isinstance(inner, dict) and len(parts := _parts(inner)) == 1:
        inner = inner[parts[0]]
        if parts == ["bookmarks"] and isinstance(inner, dict):
            return inner
    if inner is None or inner == {}:
        return {}
    message = (
        "The state is none that this tap has written: it needs an object 'bookmarks' at its top, "
        "or to be a STATE message or an object 'singer_state' around such a one."
    )
    raise SettingsError(message)


def _parts(state: Mapping[str, Any]) -> list[str]:
    """The keys under which a state may go on."""
    inner = ["value"] if state.get("type") == "STATE" else []
    return [name for name in ("bookmarks", "singer_state", *inner) if name in state]


def _bookmark(
    stream: str, given: object, replication_key: str | None, logger: logging.Logger
) -> dict[str, Any]:
    where = f"The state of '{stream}'"
    parts = {POSITION: given} if given is None or isinstance(given, str) else given
    if not isinstance(parts, dict):
        message = f"{where} is neither an object nor a datetime; {ADVICE}."
        raise SettingsError(message)
    if parts.get("partitions"):
        message = f"{where} is divided into partitions, which this tap does not know; {ADVICE}."
        raise SettingsError(message)
    mark = {name: value for name, value in parts.items() if value is not None}
    mark.pop("partitions", None)
    if replication_key in mark and POSITION not in mark:  # as taps write it that know no SDK
        mark[POSITION] = mark.pop(replication_key)
    key = mark.get("replication_key")
    if replication_key and key not in (None, replication_key):
        logger.warning("%s is about another column; it is read from the start.", where)
        return {}
    if POSITION in mark and _instant(mark[POSITION]) is None:
        message = f"{where} holds a bookmark that is no ISO 8601 datetime; {ADVICE}."
        raise SettingsError(message)
    for name, reader in ((POSITION, _instant), (FULL_READ, _instant), (CURSOR, _text)):
        if name in mark:
            mark[name] = reader(mark[name])
            if mark[name] is None:
                del mark[name]
                logger.warning("%s has a '%s' that cannot be used; it is left out.", where, name)
    if replication_key and mark and not mark.keys() & {POSITION, FULL_READ, CURSOR, DESCENT}:
        logger.warning("%s does not say how far it was read; it is read from the start.", where)
    return mark


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _instant(value: object) -> str | None:
    """An ISO 8601 datetime in the fixed-width form; None if it is none."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if moment is None:
        return None
    try:
        return from_datetime(moment)
    except ValueError:  # beyond the calendar in UTC; the walk knows what to do about the future
        return LAST if moment.year > 1 else FIRST
