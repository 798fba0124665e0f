"""How far a row may reach: as far as its stream says, and no further unless an option says so.

A row may choose another verb of its stream's entity. What takes something away must be named in
the stream's option `verbs`, whether a verb or a column asks for it; the stream's own operation, and
`_sdc_deleted_at` as the settings have it, need no such leave. A role above an agent's must be named
in the option `roles`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gorgias_api import SettingsError
from gorgias_api.nearest import did_you_mean
from target_gorgias.deleting import takes_away
from target_gorgias.entities import ENTITIES
from target_gorgias.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_gorgias.routes import Route

TAKING = frozenset({"delete", "merge", "remove", "replace", "set_data", "trash"})
"""Verbs that take something away, of whatever entity."""
TAKING_OF = {"ticket_tags": TAKING | {"set"}}
"""The same of entities that have more of them."""
NEEDED = {"update-ticket": "trash"}
"""By operation, the verb that does what one of its fields does; `delete` for the others."""
HISTORY = frozenset({"update-ticket", "update-custom-field"})
"""By which a copy of an account gets what is in the trash there, or put away."""
USUAL_ROLES = frozenset({"agent", "basic-agent", "lite-agent", "observer-agent"})
"""Roles that can do no more than an agent. Any other one, known or not, may be above."""
VERBS = frozenset[str]().union(*(entity.verbs for entity in ENTITIES.values()))


def allowed(route: Route) -> frozenset[str]:
    """The verbs that a row of a stream may choose."""
    return route.entity.verbs - (_taking(route) - route.verbs - {route.verb})


def advice(route: Route, column: str) -> str:
    """The sentence for a row whose column chooses none of them."""
    verbs = allowed(route)
    more = route.entity.verbs - verbs
    added = f"; the stream's option 'verbs' may add: {', '.join(sorted(more))}" if more else ""
    return f"'{column}' must be one of: {', '.join(sorted(verbs))}{added}."


def keep_within(route: Route, operation: str, body: dict[str, Any]) -> None:
    """Refuse an operation whose fields reach further than the stream of its row.

    Args:
        route: of the row.
        operation: its name.
        body: its fields; of a role nothing but the name is left.

    Raises:
        Refused: they do.
    """
    is_copied = route.foreign and operation in HISTORY
    if takes_away(operation, body) and not is_copied:
        verb = NEEDED.get(operation, "delete")
        if verb not in route.verbs:
            message = f"This takes something away, and the stream's option 'verbs' has no '{verb}'."
            raise Refused(message)
    if operation in {"create-user", "update-user"} and "role" in body:
        name = body["role"]["name"]
        body["role"] = {"name": name}  # whatever else is in it could mean another role
        if name not in USUAL_ROLES | route.roles:
            message = "The stream's option 'roles' does not name the role in 'role.name'."
            raise Refused(message)


def check_options(where: str, options: Mapping[str, Any], entity: str | None) -> None:
    """Make sure that the options which let rows reach further can be used.

    Args:
        where: begins the sentence.
        options: of a stream.
        entity: what the stream is about, if its options say so.

    Raises:
        SettingsError: they cannot.
    """
    for name, what in (("verbs", "verbs"), ("roles", "names of roles")):
        given = options.get(name, [])
        if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
            message = f"{where} must have a list of {what} for '{name}'."
            raise SettingsError(message)
    # Deactivating counts as `delete`, also where there is no such operation.
    known = ENTITIES[entity].verbs | {"delete"} if entity else VERBS
    for verb in options.get("verbs", []):
        if verb not in known:
            message = f"{where} has '{verb}' in 'verbs', which is no verb of it"
            raise SettingsError(message + did_you_mean(verb, known))


def _taking(route: Route) -> frozenset[str]:
    return TAKING_OF.get(route.name, TAKING)
