"""The catalog that a run is given: what it must look like, and what its metadata ask for.

https://hub.meltano.com/singer/spec
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from gorgias_api import SettingsError
from gorgias_api.nearest import did_you_mean

if TYPE_CHECKING:
    import logging
    from collections.abc import Collection

METHODS = ("replication-method", "forced-replication-method")


def read_catalog(
    given: dict[str, Any], streams: Collection[str], logger: logging.Logger
) -> dict[str, Any]:
    """The catalog as the SDK reads it.

    The SDK heeds what an entry says of its replication; what its metadata say of it, as Meltano
    writes it, comes first here.

    Args:
        given: the JSON of the catalog.
        streams: the names of all streams there are.
        logger: told of streams that do not exist.

    Raises:
        SettingsError: it is no catalog.
    """
    entries = given.get("streams")
    if not isinstance(entries, list):
        _refuse("it needs a list 'streams'")
    read = []
    for entry in entries:
        name = entry.get("tap_stream_id") if isinstance(entry, dict) else None
        if not isinstance(name, str):
            _refuse("an entry of 'streams' has no 'tap_stream_id'")
        root = _root(name, entry)
        if name not in streams and root.get("selected"):
            logger.warning("There is no stream '%s'%s", name, did_you_mean(name, streams))
        read.append(entry | _replication(root))
    return given | {"streams": read}


def _root(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    """What the metadata say of the stream as a whole."""
    given = entry.get("metadata") or []
    if not isinstance(given, list) or not _has_columns(entry):
        _refuse(f"the 'metadata' or the 'schema' of '{name}' is of another kind")
    root: dict[str, Any] = {}
    for each in given:
        told = each.get("metadata") if isinstance(each, dict) else None
        if not isinstance(told, dict) or not isinstance(each.get("breadcrumb"), list):
            _refuse(f"an entry of the 'metadata' of '{name}' has no 'breadcrumb' or 'metadata'")
        if not each["breadcrumb"]:
            root |= told
    return root


def _has_columns(entry: dict[str, Any]) -> bool:
    """Whether the schema of a stream, where it is given, says what its columns are."""
    schema = entry.get("schema", {"properties": {}})
    return isinstance(schema, dict) and isinstance(schema.get("properties"), dict)


def _replication(root: dict[str, Any]) -> dict[str, Any]:
    method = next((root[name] for name in METHODS if root.get(name)), None)
    asked = {"replication_method": method, "replication_key": root.get("replication-key")}
    return {name: value for name, value in asked.items() if value}


def _refuse(problem: str) -> NoReturn:
    message = f"The catalog cannot be used: {problem}."
    raise SettingsError(message)
