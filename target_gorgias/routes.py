"""Which operation the rows of a stream stand for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from gorgias_api import SettingsError, UsageError
from gorgias_api.nearest import did_you_mean
from target_gorgias.entities import ENTITIES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from target_gorgias.entities import Entity

DELETED = "_sdc_deleted_at"
OPERATIONS = {f"{verb}_{name}": (verb, name) for name in ENTITIES for verb in ENTITIES[name].verbs}
"""Every `<verb>_<entity>` there is."""
MERGED = frozenset(name for entity in ENTITIES.values() for name in entity.merged)
REFERENCES = frozenset(
    {"source", "target", "custom_field"}.union(*(entity.references for entity in ENTITIES.values()))
)
"""What a row may name by the key of another one."""
OPTIONS = frozenset({"operation", "ids", "nulls", "replace", "key", "key_of", "take_over"})


@dataclass(frozen=True, kw_only=True)
class Route:
    """What the rows of a stream do."""

    verb: str
    name: str
    """Of the entity."""
    foreign: bool = False
    """The ids in the rows are those of another account."""
    nulls: bool = False
    """Nulls are written; otherwise a null says nothing."""
    replace: frozenset[str] = frozenset()
    """Lists that replace what is there instead of being merged with it."""
    key: tuple[str, ...] = ()
    """Columns that are the key of a row, whatever the stream declares."""
    key_of: tuple[tuple[str, str], ...] = ()
    """By reference, such as `ticket`: the stream whose keys it has."""
    take_over: bool = False
    """Objects that are another row's, or somebody else's, are written all the same."""

    def stream_of(self, prefix: str, entity: str, stream: str) -> str:
        """The stream whose keys a reference of a row in `stream` has; empty if nothing says it.

        The streams of an account that is copied are named like their entities.
        """
        given = dict(self.key_of).get(prefix, "")
        before = stream.removesuffix(self.name)
        if given or not self.foreign or before == stream or before.endswith("_"):
            return given
        return before + ("customers" if entity == "people" else entity)

    @property
    def entity(self) -> Entity:
        """The kind of thing that is written."""
        return ENTITIES[self.name]

    def __str__(self) -> str:
        return f"{self.verb}_{self.name}"


class Routes:
    """The routes of all streams.

    Args:
        streams: the setting.
        skip_unknown: leave out streams that stand for nothing.
        action_field: column with a row's own operation.
        hard_delete: rows gone from the source are deleted.

    Raises:
        SettingsError: an operation or an option that does not exist.
    """

    def __init__(
        self,
        streams: Mapping[str, Any],
        *,
        skip_unknown: bool,
        action_field: str,
        hard_delete: bool,
    ) -> None:
        self.skip_unknown = skip_unknown
        self.action_field = action_field
        self._hard_delete = hard_delete
        self._given = {pattern: _options(pattern, given) for pattern, given in streams.items()}

    def of_stream(self, stream: str) -> Route | None:
        """The route of a stream; None when it is to be skipped.

        Raises:
            UsageError: it stands for nothing.
        """
        given = next((o for p, o in self._given.items() if fnmatchcase(stream, p)), {})
        found = named(given.get("operation") or stream)
        if found:
            return replace(
                Route(verb=found[0], name=found[1]),
                foreign=given.get("ids") == "source",
                nulls=given.get("nulls") == "write",
                replace=frozenset(given.get("replace", ())),
                key=tuple(given.get("key", ())),
                key_of=tuple(given.get("key_of", {}).items()),
                take_over=given.get("take_over", False),
            )
        if self.skip_unknown:
            return None
        message = (
            f"The stream '{stream}' stands for no operation{did_you_mean(stream, _names())} "
            "Name its operation in the setting 'streams', or rename it with 'stream_maps'."
        )
        raise UsageError(message)

    def names(self, entity: str, stream: str) -> bool:
        """Whether a stream of this name is known to be about an entity, without having come."""
        given = self._given.get(stream, {})
        found = named(given.get("operation") or stream)
        return found is not None and found[1] == entity

    def of_record(self, route: Route, record: Mapping[str, Any]) -> Route | None:
        """The route of one record; None when it asks for nothing.

        Raises:
            UsageError: its action is none.
        """
        action = record.get(self.action_field)
        if action is not None:
            found = named(str(action)) or named(f"{action}_{route.name}")
            if not found:
                verbs = ", ".join(sorted(route.entity.verbs))
                message = f"'{self.action_field}' must be one of: {verbs}."
                raise UsageError(message)
            return replace(route, verb=found[0], name=found[1])
        if record.get(DELETED) is not None:
            if route.verb in {"merge", "set_data"}:
                return None  # such a row is no object, and takes none with it
            verb = route.entity.hard if self._hard_delete else route.entity.soft
            return replace(route, verb=verb) if verb else None
        return route


def named(operation: str) -> tuple[str, str] | None:
    """Verb and entity of `<verb>_<entity>`, or of an entity by itself."""
    if operation in ENTITIES:
        return ENTITIES[operation].usual, operation
    return OPERATIONS.get(operation)


def _names() -> Collection[str]:
    return [*ENTITIES, *OPERATIONS]


def _options(pattern: str, given: Any) -> dict[str, Any]:  # noqa: ANN401 - what a user wrote
    options = {"operation": given} if isinstance(given, str) else given
    where = f"The setting 'streams' for '{pattern}'"
    if not isinstance(options, dict):
        message = f"{where} must name an operation, or be an object."
        raise SettingsError(message)
    options = {name: value for name, value in options.items() if value is not None}
    for name in options:
        if name not in OPTIONS:
            message = f"{where} has no option '{name}'{did_you_mean(name, OPTIONS)}"
            raise SettingsError(message)
    operation = options.get("operation")
    if operation is not None and not named(str(operation)):
        message = f"{where} names '{operation}', which is no operation"
        raise SettingsError(message + did_you_mean(str(operation), _names()))
    for name, choices in (("ids", ("gorgias", "source")), ("nulls", ("leave", "write"))):
        if options.get(name, choices[0]) not in choices:
            message = f"{where} must have '{choices[0]}' or '{choices[1]}' for '{name}'."
            raise SettingsError(message)
    _check_identity(where, options)
    replaced = options.get("replace", [])
    if not isinstance(replaced, list) or not all(isinstance(name, str) for name in replaced):
        message = f"{where} must have a list of columns for 'replace'."
        raise SettingsError(message)
    for name in replaced:
        if name not in MERGED:
            message = f"{where} cannot replace '{name}'{did_you_mean(name, MERGED)}"
            raise SettingsError(message)
    return options


def _check_identity(where: str, options: Mapping[str, Any]) -> None:
    """Make sure that the options which say what rows are, and what they name, can be used."""
    key = options.get("key", [""])
    if not isinstance(key, list) or not key or not all(isinstance(name, str) for name in key):
        message = f"{where} must have a list of columns for 'key'."
        raise SettingsError(message)
    if not isinstance(options.get("take_over", False), bool):
        message = f"{where} must have true or false for 'take_over'."
        raise SettingsError(message)
    key_of = options.get("key_of", {})
    if not isinstance(key_of, dict) or not all(isinstance(name, str) for name in key_of.values()):
        message = (
            f"{where} must have streams by what is named for 'key_of': {{'ticket': 'returns'}}."
        )
        raise SettingsError(message)
    for name in key_of:
        if name not in REFERENCES:
            message = f"{where} has no rows that name a '{name}'{did_you_mean(name, REFERENCES)}"
            raise SettingsError(message)
