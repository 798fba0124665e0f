"""The tap: its settings, its streams, and how they run side by side."""

from __future__ import annotations

import io
import json
import os
import sys
from collections import deque
from contextlib import suppress
from functools import cached_property
from types import NoneType
from typing import IO, TYPE_CHECKING, Any, ClassVar

from singer_sdk import Tap
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities
from singer_sdk.mapper import RemoveRecordTransform
from singer_sdk.metrics import Point
from singer_sdk.plugin_base import _ConfigInput
from singer_sdk.singerlib import Catalog, StateMessage

from gorgias_api import (
    Client,
    ForbiddenError,
    GorgiasError,
    SettingsError,
    UnauthorizedError,
)
from gorgias_api.arguments import run
from gorgias_api.lastresort import LastResort
from gorgias_api.logs import clean_logs
from gorgias_api.nearest import did_you_mean
from gorgias_api.settings import (
    Setting,
    Settings,
    from_files,
    from_json_schema,
    from_variables,
    json_schema,
    read,
    settle,
)
from tap_gorgias import settings
from tap_gorgias.catalog import read_catalog
from tap_gorgias.feed import Ended, Feed
from tap_gorgias.maps import Mapper
from tap_gorgias.output import LineWriter
from tap_gorgias.progress import Progress
from tap_gorgias.state import read_state
from tap_gorgias.streams import DATED, NAMES, STREAMS, GorgiasStream, reports_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import FrameType

    import click
    from singer_sdk.mapper import StreamMap

    from tap_gorgias.walk import Batch

FAILED, MISUSED = 1, 2
FATAL = (UnauthorizedError, SettingsError)
"""What no stream can be read with."""
SILENT = ("singer_sdk.mapper",)
"""What logs the expressions of stream maps, which may hold a hash seed, and what they give."""


class TapGorgias(Tap):
    """Copies a Gorgias help desk, incrementally and within its rate limit."""

    name = "tap-gorgias"
    package_name = "singer-gorgias"
    config_jsonschema: ClassVar[dict[str, Any]] = json_schema(settings.OWN)
    message_writer_class = LineWriter
    message_writer: LineWriter
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

    def __init__(self, *, catalog: Any = None, **more: Any) -> None:  # noqa: ANN401 - the SDK's own
        """As the SDK's, after making sure that the catalog is one.

        Raises:
            SettingsError: it is not, or a setting cannot be used.
        """
        if isinstance(catalog, dict) and not isinstance(catalog, Catalog):
            catalog = read_catalog(catalog, NAMES, self.logger)
        super().__init__(catalog=catalog, **more)

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
    def _known_settings(cls) -> list[Setting]:
        """Our own settings, and those that the SDK adds."""
        added: dict[str, Any] = {}
        cls.append_builtin_config(added)
        return [*settings.OWN, *from_json_schema(added, secret={"stream_map_config"})]

    @classmethod
    def cb_config(
        cls,
        ctx: click.Context,  # noqa: ARG003 - the SDK's signature
        param: click.Option,  # noqa: ARG003
        value: tuple[str, ...],
    ) -> _ConfigInput:
        """Read the files with settings; a later one wins, and variables over all of them.

        Raises:
            SettingsError: which file or setting cannot be read, and why.
        """
        config = from_files(cls._known_settings(), (path for path in value if path != "ENV"))
        return _ConfigInput(config, parse_env="ENV" in value)

    @property
    def _env_var_config(self) -> dict[str, Any]:
        """The settings in variables. The SDK would take many words for false, and read `.env`."""
        return from_variables(self._known_settings(), self._env_var_prefix, os.environ)

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

    def load_state(self, state: dict[str, Any]) -> None:
        """Begin where a former run left off.

        Raises:
            SettingsError: the state cannot be used.
        """
        keys = {name: stream.replication_key for name, stream in self.streams.items()}
        if bookmarks := read_state(state, keys, self.logger):
            self.state["bookmarks"] = bookmarks

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

    @cached_property
    def activates(self) -> bool:
        """Whether the loader is told which rows are gone."""
        return bool(read(settings.ACTIVATE, self.config))

    def sync_all(self) -> None:  # type: ignore[misc]  # final in the SDK, which runs streams one by one
        """Read all selected streams side by side; after each page, say in a STATE what is out.

        Raises:
            SettingsError: no stream is selected.
            GorgiasError: a stream could not be read to its end; the others were.
        """
        streams = self._selected()
        progress = Progress(self.client, self.logger, self.message_writer.written)
        for stream in streams.values():
            stream.open()
        failures: dict[str, BaseException] = {}
        try:
            with Feed({name: stream.batches for name, stream in streams.items()}) as feed:
                self._feed = feed
                for name, item in feed:
                    if not isinstance(item, Ended):
                        try:
                            deque(streams[name].emit(item), maxlen=0)
                        except SettingsError as error:  # a map does not work for a row
                            failures[name] = error
                            break
                        self._write_state()
                        progress.note(streams[name], item.through)
                    elif item.error is None:
                        streams[name].close()
                    else:
                        failures[name] = item.error
                        if isinstance(item.error, FATAL):
                            break
        finally:
            self.client.close()
        self.message_writer.write_message(StateMessage(value=self.state))
        progress.summarise(member for stream in streams.values() for member in stream.family())
        self._conclude(streams, failures)

    def _selected(self) -> dict[str, GorgiasStream]:
        """The streams to read, each with those derived from it.

        Raises:
            SettingsError: there are none.
        """
        streams = {
            name: stream
            for name, stream in self.streams.items()
            if isinstance(stream, GorgiasStream)
            and not stream.parent_stream_type
            and (stream.selected or stream.has_selected_descendents)
        }
        maps = [each for stream in streams.values() for each in _maps(stream)]
        if streams and all(isinstance(each, RemoveRecordTransform) for each in maps):
            message = "The setting 'stream_maps' leaves out all streams that are selected."
            raise SettingsError(message)
        if streams:
            return streams
        unknown = [name for name in self.input_catalog or () if name not in self.streams]
        hint = (
            f" There is no stream '{unknown[0]}'{did_you_mean(unknown[0], NAMES)}"
            if unknown
            else ""
        )
        message = f"No stream is selected, so there is nothing to read.{hint}"
        raise SettingsError(message)

    def _write_state(self) -> None:
        """Write the state if it has changed, and all records before it in any case."""
        self.state_writer.write_state(self.state)
        self.message_writer.flush()

    def _conclude(
        self, streams: Mapping[str, GorgiasStream], failures: Mapping[str, BaseException]
    ) -> None:
        """Tell what could not be read.

        Raises:
            BaseException: what broke streams off, unless that is a permission to be done without.
        """
        skipped = {
            name: error
            for name, error in failures.items()
            if isinstance(error, ForbiddenError)
            and not streams[name].has_answered
            and settings.skips_forbidden(self.config)
        }
        for name, error in skipped.items():
            scope = error.missing_scope or streams[name].scope
            self.logger.warning(
                "Skipping '%s': the credentials need the scope '%s'. %s", name, scope, error
            )
        broken = {name: error for name, error in failures.items() if name not in skipped}
        for failure in broken.values():
            known = isinstance(failure, GorgiasError)
            if len(streams) == 1 or isinstance(failure, FATAL) or not known:
                raise failure
        if broken and not any(stream.has_answered for stream in streams.values()):
            raise next(iter(broken.values()))
        if broken:
            told = "; ".join(f"'{name}': {error}".rstrip(".") for name, error in broken.items())
            message = f"Not all streams could be read: {told}. The next run goes on with them."
            raise GorgiasError(message)
        if len(skipped) == len(streams):
            message = "Nothing could be read: the credentials have no permission for any stream."
            raise GorgiasError(message)

    def run_connection_test(self) -> bool:  # type: ignore[misc]  # final in the SDK, which stops streams by errors that it logs
        """Read a row of every stream, or more where they come together.

        Raises:
            GorgiasError: a stream cannot be read.
        """
        self.page_size = 1
        for stream in self.streams.values():
            stream.selected = True
        streams = self._selected()
        failures: dict[str, BaseException] = {}
        for name, stream in streams.items():
            stream.open()
            try:
                deque(stream.emit(stream.sample()), maxlen=0)
            except GorgiasError as error:
                failures[name] = error
        self.message_writer.flush()
        self.client.close()
        self._conclude(streams, failures)
        return True

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings without ever printing a value, which the SDK's own check would."""
        try:
            self._config = settle(self._known_settings(), self.config)
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


def _maps(stream: GorgiasStream) -> Iterator[StreamMap]:
    """The maps of a stream and of those derived from it, as far as they are selected."""
    for member in stream.family():
        yield from member.stream_maps if member.selected else ()


def _json_object(name: str, file: IO[str] | None) -> IO[str] | None:
    """The same object again, if it is one.

    Raises:
        SettingsError: it is not a JSON object.
    """
    if file is None:
        return None
    with suppress(ValueError, RecursionError):
        given = json.loads(file.read(), parse_constant=lambda _: None)
        if isinstance(given, (dict, NoneType) if name == "state" else dict):
            return io.StringIO(json.dumps(given))
    message = f"The file given as --{name} does not hold a JSON object."
    raise SettingsError(message)


@LastResort(TapGorgias.name, TapGorgias.logger.error)
def main() -> None:
    """Run the tap; a mistake or a refusal is one sentence on the log and an exit code."""
    clean_logs(*SILENT, structured=(Point,))
    try:
        run(TapGorgias.cli, TapGorgias.name)
    except SettingsError as error:
        TapGorgias.logger.error("%s", error)
        sys.exit(MISUSED)
    except GorgiasError as error:
        TapGorgias.logger.error("%s", error)
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
