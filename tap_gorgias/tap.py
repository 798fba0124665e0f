"""The tap: its settings, its streams, and how they run side by side."""

from __future__ import annotations

import io
import json
import os
import sys
from collections import deque
from contextlib import suppress
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, ClassVar

from singer_sdk import Tap
from singer_sdk.contrib.msgspec import MsgSpecWriter
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities
from singer_sdk.singerlib.encoding.simple import RecordMessage

from gorgias_api import Client, ForbiddenError, GorgiasError, SettingsError
from gorgias_api.settings import SHARED, Settings, check, check_sources, json_schema
from tap_gorgias import settings
from tap_gorgias.feed import Ended, Feed
from tap_gorgias.maps import Mapper
from tap_gorgias.progress import Progress
from tap_gorgias.streams import DATED, NAMES, STREAMS, GorgiasStream, reports_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    import click
    from singer_sdk.plugin_base import _ConfigInput
    from singer_sdk.singerlib.encoding.simple import Message

    from tap_gorgias.walk import Batch

FAILED, MISUSED = 1, 2
PIPEFUL = 1 << 18


class LineWriter(MsgSpecWriter):
    """Writes messages as lines: records together, once something follows that makes use of them."""

    def __init__(self) -> None:
        super().__init__()
        self._records = bytearray()

    def write_message(self, message: Message) -> None:
        """Write one message to standard output."""
        self._records += self.format_message(message)
        if not isinstance(message, RecordMessage) or len(self._records) > PIPEFUL:
            self.flush()

    def flush(self) -> None:
        """Write what has been held back.

        Raises:
            GorgiasError: nobody reads any more.
        """
        waiting, self._records = memoryview(self._records), bytearray()
        try:
            while waiting:
                # A signal makes a write to a full pipe come back with only a part done.
                waiting = waiting[sys.stdout.buffer.write(waiting) :]
            sys.stdout.flush()
        except BrokenPipeError:
            # What is still buffered has nowhere to go; Python would complain at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            message = "The loader stopped reading; see its log for why."
            raise GorgiasError(message) from None


class TapGorgias(Tap):
    """Copies a Gorgias help desk, incrementally and within its rate limit."""

    name = "tap-gorgias"
    package_name = "singer-gorgias"
    config_jsonschema: ClassVar[dict[str, Any]] = json_schema((*SHARED, *settings.SETTINGS))
    message_writer_class = LineWriter
    capabilities: ClassVar = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.ACTIVATE_VERSION,
        TapCapabilities.CATALOG,
        TapCapabilities.DISCOVER,
        TapCapabilities.STATE,
        TapCapabilities.TEST,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    def discover_streams(self) -> Sequence[GorgiasStream]:
        """Every stream there is; needs neither credentials nor network."""
        return [stream(self) for stream in STREAMS]

    def setup_mapper(self) -> None:
        """Prepare the maps of what is selected.

        Raises:
            SettingsError: one of them cannot work.
        """
        self.mapper = self.maps = Mapper(self.config, NAMES, self.logger)
        for stream in self.streams.values():
            if stream.selected:
                self.maps.of(stream)

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
    def invoke(  # type: ignore[override]  # the SDK's own tap narrows it in the same way
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: _ConfigInput | None = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
    ) -> None:
        """Run the tap from the command line, after making sure that its files can be read."""
        super().invoke(
            about=about,
            about_format=about_format,
            config=config,
            state=_json_object("state", state),
            catalog=_json_object("catalog", catalog),
        )

    _feed: Feed[Batch] | None = None

    @cached_property
    def client(self) -> Client:
        """The one client, and so the one rate budget, of this process."""
        return Client.from_settings(self.config)

    @cached_property
    def window(self) -> settings.Window:
        """Which rows are wanted."""
        return settings.window(self.config, DATED)

    @cached_property
    def page_size(self) -> int:
        """Rows per request."""
        return settings.page_size(self.config)

    def sync_all(self) -> None:  # type: ignore[misc]  # final in the SDK, which runs streams one by one
        """Read all selected streams side by side; after each page, say in a STATE what is out."""
        streams: dict[str, GorgiasStream] = {
            name: stream
            for name, stream in self.streams.items()
            if isinstance(stream, GorgiasStream)
            and not stream.parent_stream_type
            and (stream.selected or stream.has_selected_descendents)
        }
        progress = Progress(self.client, self.logger)
        for stream in streams.values():
            stream.open()
        try:
            with Feed({name: stream.batches for name, stream in streams.items()}) as feed:
                self._feed = feed
                for name, item in feed:
                    if isinstance(item, Ended):
                        self._end(streams[name], item.error)
                    else:
                        deque(streams[name].emit(item), maxlen=0)
                        progress.note(streams[name], item.through)
                    self.state_writer.write_state(self.state)
        finally:
            self.client.close()
        progress.summarise(
            stream for parent in streams.values() for stream in parent.family() if stream.selected
        )

    def _end(self, stream: GorgiasStream, error: BaseException | None) -> None:
        """A stream is read, or broke off.

        Raises:
            BaseException: whatever broke it off, unless that is a permission to be done without.
        """
        if error is None:
            stream.close()
        elif isinstance(error, ForbiddenError) and settings.skips_forbidden(self.config):
            scope = error.missing_scope or stream.scope
            self.logger.warning(
                "Skipping '%s': the credentials need the scope '%s'. %s", stream.name, scope, error
            )
        else:
            raise error

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings without ever printing a value, which the SDK's own check would."""
        self.append_builtin_config(self.config_jsonschema)
        try:
            check(self.config, (*SHARED, *settings.SETTINGS), self.config_jsonschema["properties"])
            Settings.from_mapping(self.config)
            settings.window(self.config, DATED)
            settings.page_size(self.config)
            settings.skips_forbidden(self.config)
            reports_of(self.config)
        except SettingsError:
            if raise_errors:
                raise
        return []

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Stop after the page at hand, whose state goes out with it; the second time, at once."""
        if self._feed is None or self._feed.stopped:
            super(Tap, self)._handle_termination(signum, frame)
        else:
            self.logger.info("Stopping; the next run goes on from here.")
            self._feed.stop()


def _json_object(name: str, file: IO[str] | None) -> IO[str] | None:
    """The same text again, if it is what it should be.

    Raises:
        SettingsError: it is not a JSON object.
    """
    if file is None:
        return None
    text = file.read()
    with suppress(ValueError):
        if isinstance(json.loads(text), dict):
            return io.StringIO(text)
    message = f"The file given as --{name} does not hold a JSON object."
    raise SettingsError(message)


def main() -> None:
    """Run the tap; a mistake or a refusal is one sentence on the log and an exit code."""
    try:
        TapGorgias.cli()
    except SettingsError as error:
        TapGorgias.logger.error("%s", error)
        sys.exit(MISUSED)
    except GorgiasError as error:
        TapGorgias.logger.error("%s", error)
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
