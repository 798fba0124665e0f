"""Which operation the rows of a stream stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from gorgias_api import SettingsError, UsageError
from gorgias_api.nearest import did_you_mean, nearest
from gorgias_api.operations import Field, FieldError
from target_gorgias.columns import folded
from target_gorgias.entities import ENTITIES
from target_gorgias.reach import advice, allowed, check_options
from target_gorgias.said import says_nothing

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from target_gorgias.entities import Entity

DELETED = "_sdc_deleted_at"
WHEN_DELETED = Field(DELETED, "datetime")
APART = re.compile(r"[.-]")
"""What stands between a database, a schema and a table in the name of a stream."""
OPERATIONS = {f"{verb}_{name}": (verb, name) for name in ENTITIES for verb in ENTITIES[name].verbs}
"""Every `<verb>_<entity>` there is."""
MERGED = frozenset(name for entity in ENTITIES.values() for name in entity.merged)
REFERENCES = frozenset(
    {"source", "target", "custom_field"}.union(*(entity.references for entity in ENTITIES.values()))
)
"""What a row may name by the key of another one."""
IDENTITY = frozenset({"key", "key_of", "take_over"})
OPTIONS = IDENTITY | {"operation", "ids", "nulls", "replace", "skip_unchanged", "compare"}
OPTIONS |= {"verbs", "roles"}
LEDGER, GORGIAS = "ledger", "gorgias"
COMPARABLE: Mapping[str, frozenset[str]] = {
    "customers": frozenset({"upsert", "update"}),
    "customer_custom_fields": frozenset({"set", "replace", "delete"}),
    "tickets": frozenset({"upsert", "update", "trash"}),
    "ticket_custom_fields": frozenset({"set", "replace", "delete"}),
    "ticket_tags": frozenset({"add", "set", "remove"}),
} | dict.fromkeys(
    ("tags", "users", "teams", "views", "macros", "custom_fields"), frozenset({"upsert", "update"})
)
"""What can be compared with Gorgias: the verbs of entities of which a list shows many at once."""
SHARED = {"tickets": frozenset({"update"}), "ticket_tags": COMPARABLE["ticket_tags"]}
"""What people in the help desk change too, so that it is compared with Gorgias by default."""


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
    skip_unchanged: bool = True
    """Whether rows that are as they were are left out."""
    compare: str | None = None
    """With what they are compared; by default what is right for most."""
    key: tuple[str, ...] = ()
    """Columns that are the key of a row, whatever the stream declares."""
    key_of: tuple[tuple[str, str], ...] = ()
    """By reference, such as `ticket`: the stream whose keys it has."""
    by_row: bool = False
    """The row says for itself what it does, or that it is gone."""
    take_over: bool = False
    """Objects that are another row's, or somebody else's, are written all the same."""
    verbs: frozenset[str] = frozenset()
    """What rows may do that takes something away, beside what the stream does."""
    roles: frozenset[str] = frozenset()
    """What users may be made that is above an agent."""

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

    @property
    def compares(self) -> bool:
        """Whether rows are compared with Gorgias as it is now."""
        if not self.skip_unchanged:
            return False
        if self.compare is None:
            return self.verb in SHARED.get(self.name, ())
        return self.compare == GORGIAS and self.verb in COMPARABLE.get(self.name, ())

    def __str__(self) -> str:
        return f"{self.verb}_{self.name}"


class Routes:
    """The routes of all streams.

    Args:
        streams: the setting.
        skip_unknown: leave out streams that stand for nothing.
        action_field: column with a row's own operation.
        hard_delete: rows gone from the source are deleted.
        skip_unchanged: rows that are as they were are left out.

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
        skip_unchanged: bool = True,
    ) -> None:
        self.skip_unknown = skip_unknown
        self.action_field = action_field
        self._hard_delete = hard_delete
        self._skip_unchanged = skip_unchanged
        self._given = {pattern: _options(pattern, given) for pattern, given in streams.items()}

    def of_stream(self, stream: str) -> Route | None:
        """The route of a stream; None when it is to be skipped.

        Raises:
            UsageError: it stands for nothing.
        """
        given = self._options_of(stream)
        found = named(given["operation"]) if "operation" in given else _named_by_stream(stream)
        if found:
            route = Route(
                verb=found[0],
                name=found[1],
                foreign=given.get("ids") == "source",
                nulls=given.get("nulls") == "write",
                replace=frozenset(given.get("replace", ())),
                skip_unchanged=given.get("skip_unchanged", self._skip_unchanged),
                compare=given.get("compare"),
                key=tuple(given.get("key", ())),
                key_of=tuple(given.get("key_of", {}).items()),
                take_over=given.get("take_over", False),
                verbs=frozenset(given.get("verbs", ())),
                roles=frozenset(given.get("roles", ())),
            )
            if route.compare == GORGIAS and route.verb not in COMPARABLE.get(route.name, ()):
                message = (
                    f"The stream '{stream}' cannot be compared with Gorgias: no list shows many "
                    f"objects of '{route}' at once. Set its option 'compare' to 'ledger'."
                )
                raise UsageError(message)
            return route
        if self.skip_unknown:
            return None
        known = {folded(name): name for name in _names()}
        near = nearest(folded(_parts(stream)[-1]), known)
        hint = f": did you mean '{known[near]}'?" if near else "."
        message = (
            f"The stream '{stream}' stands for no operation{hint} "
            "Name its operation in the setting 'streams', or rename it with 'stream_maps'."
        )
        raise UsageError(message)

    def names(self, entity: str, stream: str) -> bool:
        """Whether a stream of this name is known to be about an entity, without having come."""
        given = self._given.get(stream, {})
        found = named(given.get("operation") or stream)
        return found is not None and found[1] == entity

    def _options_of(self, stream: str) -> Mapping[str, Any]:
        """The options of the first pattern that fits, best as it is written."""
        whole = [stream, stream.casefold(), _parts(stream)[-1].casefold()]
        for name in whole:
            for pattern, options in self._given.items():
                if fnmatchcase(name, pattern if name is stream else pattern.casefold()):
                    return options
        return {}

    def of_record(self, route: Route, record: Mapping[str, Any]) -> Route | None:
        """The route of one record; None when it asks for nothing.

        Raises:
            UsageError: its action is none of its stream's, or nothing says since when it is gone.
        """
        action = record.get(self.action_field)
        if not says_nothing(action):
            wanted = str(action).strip().lower()
            verb, name = named(f"{wanted}_{route.name}") or named(wanted) or ("", "")
            if name != route.name or verb not in allowed(route):
                raise UsageError(advice(route, self.action_field))
            return replace(route, verb=verb, by_row=True)
        if _is_gone(record.get(DELETED)):
            if route.verb in {"merge", "set_data"}:
                return None  # such a row is no object, and takes none with it
            verb = route.entity.hard if self._hard_delete else route.entity.soft
            return replace(route, verb=verb, by_row=True) if verb else None
        return route


def named(operation: str) -> tuple[str, str] | None:
    """Verb and entity of `<verb>_<entity>`, or of an entity by itself."""
    if operation in ENTITIES:
        return ENTITIES[operation].usual, operation
    return OPERATIONS.get(operation)


def _is_gone(when: object) -> bool:
    """Whether a row is gone from its source: it says since when."""
    if says_nothing(when):
        return False
    try:
        WHEN_DELETED.read(when)
    except FieldError as error:
        message = f"'{DELETED}' {error.clause}."
        raise UsageError(message) from None
    return True


def _parts(stream: str) -> list[str]:
    """A name without quotes, taken apart: `"DB".public-tickets` has three parts."""
    return [part.strip("\"'`[] ") for part in APART.split(stream)]


def _named_by_stream(stream: str) -> tuple[str, str] | None:
    """Verb and entity by the name of a stream, behind the names of a schema and a database.

    Raises:
        UsageError: more than one part of it is such a name.
    """
    if found := named(stream):
        return found
    known = {folded(name): name for name in _names()}
    meant = [known[like] for part in _parts(stream) if (like := folded(part)) in known]
    if len(meant) > 1:
        message = (
            f"The stream '{stream}' may stand for {' or '.join(map(repr, meant))}: name its "
            "operation in the setting 'streams'."
        )
        raise UsageError(message)
    last = known.get(folded(_parts(stream)[-1]))
    return named(last) if last else None


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
    _check_choices(where, options)
    _check_identity(where, options)
    found = named(str(operation or pattern))
    check_options(where, options, found and found[1])
    replaced = options.get("replace", [])
    if not isinstance(replaced, list) or not all(isinstance(name, str) for name in replaced):
        message = f"{where} must have a list of columns for 'replace'."
        raise SettingsError(message)
    lists = {folded(name): name for name in MERGED}
    options["replace"] = replaced = [lists.get(folded(name), name) for name in replaced]
    for name in replaced:
        if name not in MERGED:
            message = f"{where} cannot replace '{name}'{did_you_mean(name, MERGED)}"
            raise SettingsError(message)
    return options


def _check_choices(where: str, options: Mapping[str, Any]) -> None:
    for name, choices in (
        ("ids", ("gorgias", "source")),
        ("nulls", ("leave", "write")),
        ("compare", (LEDGER, GORGIAS)),
    ):
        if options.get(name, choices[0]) not in choices:
            message = f"{where} must have '{choices[0]}' or '{choices[1]}' for '{name}'."
            raise SettingsError(message)
    if not isinstance(options.get("skip_unchanged", True), bool):
        message = f"{where} must have true or false for 'skip_unchanged'."
        raise SettingsError(message)


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
