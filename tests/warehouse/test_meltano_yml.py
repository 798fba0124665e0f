"""`meltano.yml` says about the plugins what they say about themselves."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from gorgias_api.settings import SHARED, Setting
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


@pytest.mark.parametrize(("definition", "plugin_class"), SETTINGS_OF)
def test_a_plugin_s_settings_are_its_own(
    definition: Plugin, plugin_class: type[TapGorgias | TargetGorgias]
) -> None:
    schema = schema_of(plugin_class)
    assert set(declared(definition)) == set(schema) - NOT_FOR_US
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
