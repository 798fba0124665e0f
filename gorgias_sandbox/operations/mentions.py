"""Whether rules, macros and views use an object: that keeps it, or switches them off."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gorgias_sandbox.replies import conflict

if TYPE_CHECKING:
    from gorgias_sandbox.dataset import Row
    from gorgias_sandbox.world import World


def refuse_if_in_rules(world: World, word: str | int) -> None:
    """Do nothing unless the code of a rule mentions the word.

    Raises:
        ApiError: 409 (section 1.5).
    """
    if rules := rules_with(world, word):
        raise conflict({"rules": [rule["name"] for rule in rules]}, "It is used by rules.")


def rules_with(world: World, word: str | int) -> list[Row]:
    """The rules whose code mentions the word."""
    return [rule for rule in world.tables["rules"] if _mentions(rule["code"], word)]


def deactivate_views(world: World, word: str | int) -> None:
    """Switch off the views whose filter mentions the word."""
    for view in list(world.tables["views"]):
        if view["deactivated_datetime"] is None and _mentions(view["filters"] or "", word):
            world.update("views", view["id"], deactivated_datetime=world.now())


def macro_tags(macro: Row) -> set[str]:
    """The names of the tags that a macro adds."""
    named = [
        (action.get("arguments") or {}).get("tags")
        for action in macro["actions"]
        if action["name"] == "addTags"
    ]
    texts = (text for text in named if isinstance(text, str))
    return {name.strip() for text in texts for name in text.split(",") if name.strip()}


def _mentions(code: str, word: str | int) -> bool:
    """A name in quotes, or a number standing alone."""
    pattern = rf"\b{word}\b" if isinstance(word, int) else rf"""['"]{re.escape(word)}['"]"""
    return re.search(pattern, code) is not None
