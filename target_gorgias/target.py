"""The target: settings, and when state goes out."""

from __future__ import annotations

import sys
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Target
from singer_sdk.helpers.capabilities import PluginCapabilities

from gorgias_api import Client, GorgiasError, SettingsError, UsageError
from gorgias_api.settings import SHARED, Settings, check, check_sources, json_schema
from target_gorgias.sinks import GorgiasSink

if TYPE_CHECKING:
    import click
    from singer_sdk import Sink
    from singer_sdk.plugin_base import _ConfigInput

FAILED, MISUSED = 1, 2


class TargetGorgias(Target):
    """Writes warehouse rows back to a Gorgias help desk."""

    name = "target-gorgias"
    package_name = "singer-gorgias"
    config_jsonschema: ClassVar[dict[str, Any]] = json_schema(SHARED)
    default_sink_class = GorgiasSink
    capabilities: ClassVar = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    @classmethod
    def cb_config(
        cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]
    ) -> _ConfigInput:
        """Read settings as the SDK does, after making sure that they can be read.

        Raises:
            SettingsError: which file or kind of variable cannot be, and why.
        """
        check_sources(value, cls._env_var_prefix, lambda: cls._env_var_config)
        return super().cb_config(ctx, param, value)

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Only what means something here: the SDK's loading and batch settings do nothing."""
        super(Target, cls).append_builtin_config(config_jsonschema)

    @cached_property
    def client(self) -> Client:
        """The one client of this process."""
        return Client.from_settings(self.config)

    @cached_property
    def written(self) -> Counter[str]:
        """Records written, by stream."""
        return Counter()

    def get_sink_class(self, stream_name: str) -> type[Sink]:  # noqa: ARG002 - one for all
        """The same sink for every stream."""
        return GorgiasSink

    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        """Every record is written when it comes, so a state is true as soon as it comes."""
        super()._process_state_message(message_dict)
        self.drain_all()

    def process_endofpipe(self) -> None:
        """Say what was written."""
        super().process_endofpipe()
        for stream, count in self.written.items():
            self.logger.info("%s: %d written.", stream, count)
        self.client.close()

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings without ever printing a value, which the SDK's own check would."""
        self.append_builtin_config(self.config_jsonschema)
        try:
            check(self.config, SHARED, self.config_jsonschema["properties"])
            Settings.from_mapping(self.config)
        except SettingsError:
            if raise_errors:
                raise
        return []


def main() -> None:
    """Run the target; a mistake or a refusal is one sentence on the log and an exit code."""
    try:
        TargetGorgias.cli()
    except (SettingsError, UsageError) as error:
        TargetGorgias.logger.error("%s", error)
        sys.exit(MISUSED)
    except GorgiasError as error:
        TargetGorgias.logger.error("%s", error)
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
