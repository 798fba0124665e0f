"""`meltano.yml` says about the plugins what they say about themselves."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # the SDK brings it, nobody its stubs

from gorgias_api.settings import SHARED, Setting
from plugins.definitions import FOLDER, definitions
from tap_gorgias.settings import SETTINGS, page_size
from tap_gorgias.streams import STREAMS
from tap_gorgias.tap import TapGorgias
from target_gorgias.target import TargetGorgias
from tests.warehouse.project import Plugin, plugin

KINDS = {
    "string": {"string", "date_iso8601", "options"},
    "number": {"decimal"},
    "integer": {"integer"},
    "boolean": {"boolean"},
    "object": {"object"},
    "array": {"array"},
}
NOT_FOR_US = {"add_record_metadata", "batch_size_rows", "load_method"}
"""Settings the SDK gives every target; they mean something for databases only."""
OFF = {"customer_details", "reports", "view_items"}

TAP = plugin("extractors", "tap-gorgias")
TARGET = plugin("loaders", "target-gorgias")
UTILITY = plugin("utilities", "gorgias")
SETTINGS_OF = (
    pytest.param(TAP, TapGorgias, id="tap-gorgias"),
    pytest.param(TARGET, TargetGorgias, id="target-gorgias"),
)


def schema_of(plugin_class: type[TapGorgias | TargetGorgias]) -> dict[str, Any]:
    """All settings of a plugin, those of the SDK too."""
    schema = deepcopy(plugin_class.config_jsonschema)
    plugin_class.append_builtin_config(schema)
    properties: dict[str, Any] = schema["properties"]
    return properties


def declared(definition: Plugin) -> dict[str, Any]:
    """The settings of a plugin in `meltano.yml`, by name."""
    return {setting["name"]: setting for setting in definition["settings"]}


def entry(name: str, known: dict[str, Any]) -> dict[str, Any]:
    """A setting as `meltano.yml` may declare it."""
    return {
        "name": name,
        "label": name.replace("_", " ").capitalize(),
        "kind": max(KINDS[known["type"][0]]),
        **({"sensitive": True} if known.get("secret") else {}),
        **({"value": known["default"]} if "default" in known else {}),
        "description": known["description"],
    }


@pytest.mark.parametrize(("definition", "plugin_class"), SETTINGS_OF)
def test_a_plugin_s_settings_are_its_own(
    definition: Plugin, plugin_class: type[TapGorgias | TargetGorgias]
) -> None:
    schema = {
        name: kind for name, kind in schema_of(plugin_class).items() if name not in NOT_FOR_US
    }
    missing = [entry(name, schema[name]) for name in schema if name not in declared(definition)]
    assert not missing, f"meltano.yml lacks:\n\n{yaml.safe_dump(missing, sort_keys=False)}"
    assert set(declared(definition)) == set(schema)
    for name, setting in declared(definition).items():
        known = schema[name]
        assert setting["kind"] in KINDS[known["type"][0]], name
        assert setting["description"] == known["description"], name
        assert setting.get("value") == known.get("default"), name
        assert setting.get("sensitive", False) == known.get("secret", False), name


def test_the_utility_s_settings_are_the_shared_ones() -> None:
    assert list(declared(UTILITY)) == [setting.name for setting in SHARED]


@pytest.mark.parametrize("definition", [TAP, TARGET, UTILITY], ids=lambda each: str(each["name"]))
@pytest.mark.parametrize("setting", SHARED, ids=lambda each: str(each.name))
def test_a_shared_setting_means_the_same_everywhere(definition: Plugin, setting: Setting) -> None:
    found = declared(definition)[setting.name]
    assert found == declared(TAP)[setting.name]
    assert tuple(found.get("aliases", ())) == setting.aliases


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda each: str(each.name))
def test_a_setting_of_the_tap_has_its_other_names_too(setting: Setting) -> None:
    assert tuple(declared(TAP)[setting.name].get("aliases", ())) == setting.aliases


def test_the_settings_of_the_other_variant_on_the_hub_are_understood() -> None:
    theirs = {
        "subdomain": "acme",
        "email_address": "agent@acme.example",
        "api_key": "key",
        "start_date": "2026-01-01",
        "ticket_view_page_size": 30,
    }
    assert page_size(TapGorgias(config=theirs).config) == 30
    names = {name for each in TAP["settings"] for name in (each["name"], *each.get("aliases", ()))}
    assert names >= set(theirs)


@pytest.mark.parametrize(("definition", "plugin_class"), SETTINGS_OF)
def test_a_plugin_s_capabilities_are_its_own(
    definition: Plugin, plugin_class: type[TapGorgias | TargetGorgias]
) -> None:
    capabilities = [str(capability.value) for capability in plugin_class.capabilities]
    assert sorted(capabilities) == definition["capabilities"]


def test_every_stream_is_selected_but_the_costly_ones() -> None:
    names = {vars(stream)["name"] for stream in STREAMS}
    assert TAP["select"] == [f"{name}.*" for name in sorted(names - OFF)]
    assert names >= OFF


def test_the_definitions_for_other_projects_say_the_same() -> None:
    found = {path: path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.yml")}
    assert found == definitions(), "`make plugins` writes them anew"


def test_the_loader_of_the_lock_is_the_one_in_the_project() -> None:
    lock = (FOLDER.parent / "requirements-snowflake.lock").read_text(encoding="utf-8")
    assert f"{plugin('loaders', 'target-snowflake')['pip_url']} " in lock
