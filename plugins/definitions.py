"""Write a definition of every tap, loader and utility: `python -m plugins.definitions`.

`meltano add --from-ref` copies one into another project:
https://docs.meltano.com/reference/command-line-interface#add. It takes the settings and leaves the
selection.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # the SDK brings it, nobody its stubs

FOLDER = Path(__file__).parent
HEAD = "# Made from meltano.yml by `make plugins`.\n"
KINDS = ("extractors", "loaders", "utilities")
PACKAGE = "singer-gorgias"


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # untyped
    """Writes out what `meltano.yml` has only once."""

    def ignore_aliases(self, _data: Any) -> bool:  # noqa: ANN401 - any part of a document
        return True


def definitions() -> dict[Path, str]:
    """The text of every definition, by its file."""
    project = yaml.safe_load((FOLDER.parent / "meltano.yml").read_text(encoding="utf-8"))
    return {
        FOLDER / kind / f"{plugin['name']}.yml": HEAD + _text(plugin)
        for kind in KINDS
        for plugin in project["plugins"][kind]
        if "inherit_from" not in plugin
    }


def _text(plugin: dict[str, Any]) -> str:
    plugin.pop("select", None)
    plugin["pip_url"] = plugin["pip_url"].replace("-e .", PACKAGE)
    text: str = yaml.dump(plugin, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return text


def main() -> None:
    """Write them all."""
    for path, text in definitions().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
