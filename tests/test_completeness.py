"""What exists is documented, and what is documented exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import gorgias_api
from gorgias_api.settings import SHARED
from tap_gorgias.settings import SETTINGS
from tap_gorgias.streams import NAMES, STREAMS
from tap_gorgias.tap import TapGorgias
from target_gorgias.entities import ENTITIES
from target_gorgias.settings import SETTINGS as TARGET

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """Cells of the first table under a heading or a line of text."""
    after = README.split(heading, 1)[1]
    table = re.search(r"\n(\|.*?\n)\n", after, re.DOTALL)
    assert table is not None
    lines = table[1].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_readme_lists_every_stream_with_its_key_and_how_it_is_replicated() -> None:
    catalog = {
        entry["tap_stream_id"]: entry
        for entry in TapGorgias(validate_config=False).catalog_dict["streams"]
    }
    listed = {row[0].strip("`"): row for row in rows("## Streams")}
    assert listed.keys() == set(NAMES) == catalog.keys()
    for name, row in listed.items():
        keys = row[1].removesuffix(" (of the event)").split(", ")
        assert keys == catalog[name]["key_properties"], name
        if row[2] == "full":
            assert catalog[name]["replication_method"] == "FULL_TABLE", name
        elif not row[2].startswith("follows"):
            assert catalog[name]["replication_key"] == row[2].strip("`"), name


def test_the_readme_says_what_an_incremental_run_sees_of_every_stream() -> None:
    told = " ".join(row[0] for row in rows("### What an incremental run sees"))
    full = {row[0].strip("`") for row in rows("## Streams") if row[2] == "full"}
    assert set(re.findall(r"`(\w+)`", told)) | full == set(NAMES)


@pytest.mark.parametrize(
    ("heading", "settings"),
    [
        ("Shared by tap, target and command line:", SHARED),
        ("\nOf the tap:", SETTINGS),
        ("\nOf the target:", TARGET),
    ],
)
def test_the_readme_lists_every_setting(heading: str, settings: tuple[object, ...]) -> None:
    listed = [row[0].split()[0].strip("`") for row in rows(heading)]
    assert listed == [vars(setting)["name"] for setting in settings]


def test_the_readme_lists_every_entity_the_target_writes_and_its_verbs() -> None:
    listed: dict[str, list[str]] = {}
    for entities, listing, _ in rows("### From rows to operations"):
        for entity in re.findall(r"`(\w+)`", entities):
            listed[entity] = re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", listing))
    assert listed.keys() == ENTITIES.keys()
    for name, verbs in listed.items():
        assert verbs[0] == ENTITIES[name].usual, name
        assert set(verbs) == ENTITIES[name].verbs, name


def test_every_stream_says_what_scope_it_needs_and_describes_itself() -> None:
    for stream in STREAMS:
        assert stream.__doc__, stream
        assert stream.parent_stream_type or stream.scope


def test_everything_public_is_exported() -> None:
    assert sorted(gorgias_api.__all__) == gorgias_api.__all__
    assert all(hasattr(gorgias_api, name) for name in gorgias_api.__all__)
