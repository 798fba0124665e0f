"""The target: settings, the flow from records to work, and when state goes out."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

from singer_sdk import Target
from singer_sdk.exceptions import MappingError
from singer_sdk.helpers.capabilities import PluginCapabilities, TargetCapabilities
from singer_sdk.mapper import CustomStreamMap
from singer_sdk.metrics import Point
from singer_sdk.plugin_base import _ConfigInput

from gorgias_api import Client, GorgiasError, SettingsError, UsageError
from gorgias_api.arguments import run
from gorgias_api.lastresort import LastResort
from gorgias_api.logs import clean_logs
from gorgias_api.settings import (
    Setting,
    Settings,
    from_files,
    from_json_schema,
    from_variables,
    json_schema,
    settle,
)
from target_gorgias.applying import Applier
from target_gorgias.crew import Crew
from target_gorgias.gateway import Gateway
from target_gorgias.keys import Keys
from target_gorgias.ledger import Ledger
from target_gorgias.neighbours import Neighbours
from target_gorgias.ordering import Turns
from target_gorgias.reading import InputError, MessageReader
from target_gorgias.refusals import Rejects, TooManyError
from target_gorgias.replaying import Replay
from target_gorgias.settings import DRY_RUN, OWN, Rules
from target_gorgias.sinks import GorgiasSink
from target_gorgias.summary import Summary
from target_gorgias.trouble import Trouble
from target_gorgias.writer import Writer

if TYPE_CHECKING:
    from types import FrameType

    import click

    from target_gorgias.changes import Change
    from target_gorgias.refusals import Refused

FAILED, MISUSED = 1, 2
SILENT = ("singer_sdk.mapper", "singer_sdk.singerlib", "sqlalchemy.engine")
"""What logs the expressions of stream maps, rows and parameters as they are."""


class TargetGorgias(Target):
    """Writes warehouse rows back to a Gorgias help desk, each change exactly once."""

    name = "target-gorgias"
    package_name = "singer-gorgias"
    config_jsonschema: ClassVar[dict[str, Any]] = json_schema(OWN)
    default_sink_class = GorgiasSink
    message_reader_class = MessageReader
    _taken = 0
    """How many changes came."""
    _position = 0
    """How many of them the state covers that goes out."""
    _withheld: dict[str, Any] | None = None
    """A state that is not to go out yet."""
    _replay: Replay
    capabilities: ClassVar = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.STRUCTURED_LOGGING,
        TargetCapabilities.SOFT_DELETE,
        TargetCapabilities.HARD_DELETE,
    ]

    @classmethod
    def _known_settings(cls) -> list[Setting]:
        """Our own settings, and those that the SDK adds."""
        added: dict[str, Any] = {}
        cls.append_builtin_config(added)
        return [*OWN, *from_json_schema(added, secret={"stream_map_config"})]

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
        # Whatever the files say: who says so wants nothing to be written.
        config |= {
            name: True
            for name, dry in from_variables([DRY_RUN], cls._env_var_prefix, os.environ).items()
            if dry
        }
        return _ConfigInput(config, parse_env="ENV" in value)

    @property
    def _env_var_config(self) -> dict[str, Any]:
        """The settings in variables. The SDK would take many words for false, and read `.env`."""
        return from_variables(self._known_settings(), self._env_var_prefix, os.environ)

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Only what means something here: the SDK's loading and batch settings do nothing."""
        super(Target, cls).append_builtin_config(config_jsonschema)

    @cached_property
    def rules(self) -> Rules:
        """How the target works."""
        return Rules.from_mapping(self.config)

    @cached_property
    def client(self) -> Client:
        """The one client of this process."""
        return Client.from_settings(self.config)

    @cached_property
    def summary(self) -> Summary:
        """What became of the rows."""
        return Summary(self.client, self.logger, dry_run=self.rules.dry_run)

    @cached_property
    def ledger(self) -> Ledger:
        """What was written before."""
        settings = self.client.settings
        url = self.rules.ledger_place(settings)
        return Ledger(url, settings.api_url, keep=not self.rules.dry_run)

    @cached_property
    def applier(self) -> Applier:
        """What applies the changes."""
        rules = self.rules
        trouble = Trouble()
        gateway = Gateway(
            self.client, self.summary, trouble, dry_run=rules.dry_run, plan_path=rules.plan_path
        )
        keys = Keys(self.ledger, rules.routes)
        return Applier(
            Writer(gateway, self.ledger, rules, self.client.clock, keys),
            keys=keys,
            ledger=self.ledger,
            rejects=self.rejects,
            summary=self.summary,
            crew=self.crew,
            trouble=trouble,
            routes=rules.routes,
            logger=self.logger,
            started=self.client.clock.now().timestamp(),
        )

    @cached_property
    def rejects(self) -> Rejects:
        """The rows that cannot be written."""
        return Rejects(self.rules, uuid4().hex, self.client.clock)

    @cached_property
    def columns_told(self) -> dict[str, set[str]]:
        """By stream, the columns of which it is said that they are left out."""
        return {}

    @cached_property
    def crew(self) -> Crew:
        """The threads that write."""
        return Crew(self.rules.max_parallelism, self._let_out, self.client.clock)

    # The SDK has no other hook for the end of a run that failed.
    def listen(self, file_input: IO[str] | None = None) -> None:  # type: ignore[misc]
        """Read messages until there are no more, and write what they ask for.

        Raises:
            GorgiasError: the run cannot go on; what was written is in the ledger and in the state.
        """
        _ = self.applier  # a ledger that cannot be opened ends the run before it begins
        with ExitStack() as ending:
            ending.callback(self.client.close)
            ending.callback(self.applier.close)
            ending.callback(self.ledger.close)
            ending.callback(self.summary.tell, self.rules.summary_path)
            source = file_input or sys.stdin
            keep = self.rules.dry_run
            self._replay = ending.enter_context(
                Replay(self.rejects, source, keep=keep, logger=self.logger)
            )
            ending.callback(self.crew.stop)
            ending.callback(self.applier.hurry)
            self._tell_of_the_ledger()
            try:
                super().listen(file_input)
            except InputError:
                self._held.let_go()
                self.crew.wait()  # what came before the line is written all the same
                raise

    @classmethod
    def invoke(  # type: ignore[override]  # the SDK's signature, which its base does not have
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: _ConfigInput | None = None,
        file_input: IO[str] | None = None,
    ) -> None:
        """Run the target, as the SDK does; a run in which no row could be written is no success.

        Raises:
            GorgiasError: every row was refused.
        """
        super(Target, cls).invoke(about=about, about_format=about_format)
        cls.print_version(print_fn=cls.logger.info)
        given = config or _ConfigInput()
        target = cls(config=given.config, validate_config=True, parse_env_config=given.parse_env)
        target.listen(file_input)
        if refused := target.summary.refused:
            message = f"Every row was refused, {refused} in all."
            raise GorgiasError(message)

    def _tell_of_the_ledger(self) -> None:
        """Say so if it is new: it may not be the one that was meant."""
        if self.ledger.is_new:
            self.logger.warning(
                "The ledger %s is new: what earlier runs wrote is not in it, and objects are %s "
                "before they are created ('look_before_create').",
                self.ledger.where,
                "looked up" if self.rules.look_before_create else "not looked up",
            )

    def take(self, change: Change) -> None:
        """Have a change applied, together with its neighbours where that saves requests.

        What earlier changes wrote is there when a later one refers to it, in whatever stream.

        Raises:
            GorgiasError: an earlier change made the run end.
        """
        if not self._taken:
            self.applier.take_up()
        self._taken += 1
        change.position = self._taken
        if self._turns.must_wait(change):
            self._held.let_go()
            self.crew.wait()
        self._held.add(change)

    def refuse(self, change: Change, refused: Refused) -> None:
        """Note that a record cannot be written.

        Raises:
            TooManyError: the settings say to stop.
        """
        try:
            self.applier.refuse(change, refused)
        except TooManyError:
            self._held.let_go()
            self.crew.wait()  # what came before it is written all the same
            raise

    def skip(self) -> None:
        """Note that a record is left out with its stream."""
        self._replay.mixed = True

    def leave(self, stream: str) -> None:
        """Note that a record asks for nothing."""
        self.summary.count(stream, "unchanged")

    def process_endofpipe(self) -> None:
        """Wait until everything is written, and refuse what still waits for something."""
        self._held.let_go()
        self.crew.wait()
        self.applier.finish()
        self.crew.wait()
        if self._withheld is not None:
            self._write_state_message(self._withheld)
        self._replay.done()
        super().process_endofpipe()

    @cached_property
    def _held(self) -> Neighbours:
        """The changes at hand, until a state or the end follows."""
        return Neighbours(self.applier.submit)

    @cached_property
    def _turns(self) -> Turns:
        """What must wait for others."""
        return Turns()

    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        """Take a record; a refused one that is fed back has its key along instead of a schema."""
        stream, key = message_dict["stream"], message_dict.get("key")
        if message_dict.get("run") == self.rejects.run:
            return  # it was refused by this very run, into what it reads
        if "reason" not in message_dict:
            self._replay.mixed = True
        if stream not in self.mapper.stream_maps:
            if not isinstance(key, dict):
                message = f"The input has a record of the stream '{stream}' before its schema."
                raise InputError(message)
            # With the column that says what each row does, no column is needed by all of them.
            names = (*message_dict["record"], self.rules.routes.action_field)
            columns: dict[str, Any] = {name: {} for name in names}
            self._process_schema_message(
                {"stream": stream, "schema": {"properties": columns}, "key_properties": list(key)}
            )
        self._check_maps(stream, message_dict["record"])
        super()._process_record_message(message_dict)

    def _check_maps(self, stream: str, record: dict[str, Any]) -> None:
        """Make sure that the maps of a stream work: what they raise could show the row."""
        for each in self.mapper.stream_maps[stream]:
            if isinstance(each, CustomStreamMap):
                try:
                    each.transform(dict(record))
                except (
                    ArithmeticError,
                    AttributeError,
                    LookupError,
                    TypeError,
                    ValueError,
                ) as error:
                    message = (
                        f"The setting 'stream_maps' does not work for a row of the stream "
                        f"'{stream}' ({type(error).__name__})."
                    )
                    raise GorgiasError(message) from None

    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        """Leave it: rows that merely vanished from a source are never deleted from a help desk."""

    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        """Let a state out as soon as all that came before it is written; never in a dry run."""
        self._held.let_go()
        if not self.rules.dry_run:
            self.crew.mark((self._taken, message_dict["value"]))

    def _let_out(self, marked: tuple[int, dict[str, Any]]) -> None:
        """Let a state out that says what was taken up to some position."""
        self._position, state = marked
        self._write_state_message(state)

    def _write_state_message(self, state: dict[str, Any]) -> None:
        """Say what is written, once the ledger says so too.

        While every row was refused it is withheld: the same rows are to come again.
        """
        self._withheld = state if self.summary.refused else None
        if self._withheld is not None:
            return
        self.applier.cover(self._position)
        self.ledger.flush()
        try:
            super()._write_state_message(state)
        except BrokenPipeError:
            message = "Nobody reads the state any more; see the log of what started this run."
            raise GorgiasError(message) from None

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """End early, which is no success: `listen` lets what is under way come to its end."""
        self.logger.warning("Told to stop (signal %d); ending what is under way.", signum)
        sys.exit(FAILED)

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings without ever printing a value, which the SDK's own check would."""
        try:
            self._config = settle(self._known_settings(), self.config)
            Settings.from_mapping(self.config)
            Rules.from_mapping(self.config)
        except SettingsError:
            if raise_errors:
                raise
        return []


@LastResort(TargetGorgias.name, TargetGorgias.logger.error)
def main() -> None:
    """Run the target; a mistake or a refusal is one sentence on the log and an exit code."""
    clean_logs(*SILENT, structured=(Point,))
    try:
        run(TargetGorgias.cli, TargetGorgias.name)
    except (SettingsError, UsageError) as error:
        TargetGorgias.logger.error("%s", error)
        sys.exit(MISUSED)
    except GorgiasError as error:
        TargetGorgias.logger.error("%s", error)
        sys.exit(FAILED)
    except MappingError as error:
        # Its text shows the expression, which may hold a hash seed.
        kind = type(error).__name__
        TargetGorgias.logger.error("The setting 'stream_maps' cannot be used (%s).", kind)
        sys.exit(MISUSED)


if __name__ == "__main__":
    main()
