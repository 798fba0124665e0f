"""What a row asked for, as a hash, and which of it only a creation can do.

Where a creation takes more than an update, the hash has three parts: the whole, what only the
creation sets, and what the object is a part of. So a row that later says something else there is
told apart from one that merely changed.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import TYPE_CHECKING, Any

from gorgias_api.operations import OPERATIONS
from target_gorgias.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_gorgias.changes import Change
    from target_gorgias.entries import Entry

WHOLE, PART = 40, 11
"""Characters of the first part where there are three, and of each of the others."""


def content_of(change: Change) -> str:
    """Hash of everything a change asks for."""
    whole = whole_of(change)
    if not _creation_only(change):
        return whole
    created, owner = _created(change), change.references.get(change.entity.of)
    parts = (created, dict(owner.ways) if owner else {})
    return ".".join((whole[:WHOLE], *(_hash(each)[:PART] if each else "" for each in parts)))


def whole_of(change: Change) -> str:
    """The same in one part."""
    everything = {
        "operation": change.operation,
        "own": dict(change.own),
        "references": {name: dict(ref.ways) for name, ref in change.references.items()},
        "values": change.values,
    } | ({"replace": sorted(change.route.replace)} if change.route.replace else {})
    return _hash(everything)


def is_same(content: str, other: str) -> bool:
    """Whether two hashes are of the same, be they of one part or of three."""
    return content[:WHOLE] == other[:WHOLE]


def has_creation(content: str) -> bool:
    """Whether a hash has a part on what only a creation can do."""
    return content[WHOLE : WHOLE + 1] == "."


def has_moved(content: str, before: str) -> bool:
    """Whether two hashes are of parts of two objects, as far as their rows say."""
    owners = [each.split(".")[-1] for each in (content, before) if has_creation(each)]
    return len({*owners}) > 1


def check_creation(change: Change, before: Entry | None) -> None:
    """Refuse to update an object with what only its creation could have brought about.

    A row that says nothing of it now is remembered with what it said before.

    Args:
        change: for an object that is there.
        before: what its row wrote before.

    Raises:
        Refused: it says something else than before in a field that only a creation sets.
    """
    if before is None or not has_creation(before.content) or change.route.foreign:
        return
    created = _created(change)
    whole, now, owner = change.content.split(".")
    _, then, _ = before.content.split(".")
    if not created:
        change.content = f"{whole}.{then}.{owner}"
    elif now != then:
        names = " or ".join(f"'{name}'" for name in sorted(created))
        message = f"It is there already, and only its creation could have set {names} otherwise."
        if change.route.name == "tickets" and "messages" in created:
            message = f"{message[:-1]}: add messages by a stream of 'messages'."
        raise Refused(message)


def keeps_creation(change: Change, before: Entry) -> bool:
    """Whether `check_creation` has nothing against a change."""
    try:
        check_creation(change, before)
    except Refused:
        return False
    return True


def _created(change: Change) -> dict[str, Any]:
    """What a change asks for that only a creation can do."""
    only = _creation_only(change)
    return {name: value for name, value in change.values.items() if name in only}


def _creation_only(change: Change) -> frozenset[str]:
    if change.route.verb != "upsert":
        return frozenset()
    return creation_only(change.entity.create, change.entity.update)


@cache
def creation_only(create: str, update: str) -> frozenset[str]:
    """The fields that an operation that creates takes, and the one that updates does not."""
    taken, kept = (
        {field.name for field in OPERATIONS[name].query + OPERATIONS[name].body}
        for name in (create, update)
    )
    return frozenset(taken - kept)


def _hash(value: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
