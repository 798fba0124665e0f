"""`meltano.yml` as Meltano reads it."""

from __future__ import annotations

from typing import Any

import yaml  # type: ignore[import-untyped]  # the SDK brings it, nobody its stubs

from demo.meltano import PROJECT

Plugin = dict[str, Any]


def plugin(kind: str, name: str) -> Plugin:
    """The definition of a plugin, such as `extractors`, `tap-gorgias`."""
    plugins = yaml.safe_load((PROJECT / "meltano.yml").read_text(encoding="utf-8"))["plugins"]
    found: Plugin = next(each for each in plugins[kind] if each["name"] == name)
    return found
