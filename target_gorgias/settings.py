"""The settings of the target beyond the shared ones, and what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from gorgias_api import SettingsError
from gorgias_api.private import REDIRECTED
from gorgias_api.settings import SHARED, Setting, read
from target_gorgias.local_files import LocalFiles
from target_gorgias.routes import Routes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gorgias_api.settings import Settings

STREAMS = Setting(
    "streams",
    "object",
    "What the rows of a stream do, by a pattern of its name, such as "
    '`{"reverse-*": "update_tickets"}`; or an object with `operation` and '
    "other options: see the README. The first pattern that fits counts.",
)
UNKNOWN = Setting(
    "on_unknown_stream",
    "string",
    "What to do with a stream that stands for no operation: `fail` before anything is written, or "
    "`skip` it with a warning.",
    default="fail",
)
ACTION = Setting(
    "action_field",
    "string",
    "Column that names a row's own operation, such as `delete`.",
    default="_gorgias_action",
)
DRY_RUN = Setting(
    "dry_run",
    "boolean",
    "Write nothing: look up what is needed, count, and note the requests in `plan_path`.",
    default=False,
)
PLAN = Setting(
    "plan_path",
    "string",
    "File for the requests of a dry run, one JSON line each; not used otherwise.",
)
ON_ERROR = Setting(
    "on_error",
    "string",
    "What to do after a row that cannot be written: `fail`, or `continue` with the others.",
    default="fail",
)
REJECTS = Setting(
    "rejects_path",
    "string",
    "File to which refused rows are added with the reason, one JSON line each; feed it back with "
    "`--input` once the rows are mended.",
)
MAX_REJECTS = Setting(
    "max_rejects",
    "integer",
    "With `on_error: continue`, the number of refused rows after which the run stops all the "
    "same. Unlimited by default.",
)
HARD_DELETE = Setting(
    "hard_delete",
    "boolean",
    "Delete what a row's `_sdc_deleted_at` says is gone; otherwise tickets are trashed, tags and "
    "field values are taken off, and all else is left alone.",
    default=False,
)
MAX_DELETES = Setting(
    "max_deletes",
    "integer",
    "What a run may take away: objects deleted, trashed, marked as spam or merged away, and tags, "
    "field values, channels and members taken off, also by a list that replaces them. More is "
    "refused.",
    default=500,
)
SENDING = Setting(
    "allow_sending",
    "boolean",
    "Allow what Gorgias would really deliver to a person: messages without a `sent_datetime` in "
    "the past, invitations of users, surveys. Refused otherwise.",
    default=False,
)
SKIP_UNCHANGED = Setting(
    "skip_unchanged",
    "boolean",
    "Send nothing for a row that is as it was when it was last written, or, with the stream's "
    "option `compare`, as Gorgias has it.",
    default=True,
)
LEDGER = Setting(
    "ledger_url",
    "string",
    "Where it is remembered what was written: an SQLAlchemy URL of SQLite or PostgreSQL. By "
    "default an SQLite file per account in `~/.singer-gorgias`. Put it on a volume that lasts.",
    secret=True,
)
LOOK = Setting(
    "look_before_create",
    "boolean",
    "Look up each object before it is created, in streams that were written first when the "
    "ledger knew nothing of them: another ledger may have been lost. One run with `false` says of "
    "its streams that this ledger knows all they became, as on a first load.",
    default=True,
)
FILES = Setting(
    "attachments_from",
    "string",
    "Folder, or any fsspec URL such as `s3://bucket/files`, from which rows may name files in "
    "`attachments`: regular ones of at most 25 MB. Unless it is set, every local file is refused.",
)
PARALLELISM = Setting(
    "max_parallelism", "integer", "Writes under way at the same time, 1 to 64.", default=8
)
SUMMARY = Setting("summary_path", "string", "File for the counts of the run, as JSON.")
SETTINGS = (
    STREAMS,
    UNKNOWN,
    ACTION,
    DRY_RUN,
    PLAN,
    ON_ERROR,
    REJECTS,
    MAX_REJECTS,
    HARD_DELETE,
    MAX_DELETES,
    SENDING,
    SKIP_UNCHANGED,
    LEDGER,
    LOOK,
    FILES,
    PARALLELISM,
    SUMMARY,
)
OWN = (*SHARED, *SETTINGS)
MOST_PARALLEL = 64


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How the target works, read and checked."""

    routes: Routes
    dry_run: bool
    plan_path: Path | None
    carry_on: bool
    """After a refused row, unless there are more than `max_rejects`."""
    rejects_path: Path | None
    max_rejects: int | None
    max_deletes: int
    allow_sending: bool
    ledger_url: str | None
    look_before_create: bool
    files: LocalFiles
    max_parallelism: int
    summary_path: Path | None

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> Self:
        """Read and check the settings.

        Raises:
            SettingsError: the first thing that is wrong, in one sentence.
        """

        def value(setting: Setting) -> Any:  # noqa: ANN401 - of the setting's kind
            return read(setting, given)

        def path(setting: Setting) -> Path | None:
            found = value(setting)
            return _file(setting, Path(found).expanduser()) if found else None

        return cls(
            routes=Routes(
                value(STREAMS) or {},
                skip_unknown=_choice(UNKNOWN, value(UNKNOWN), "fail", "skip") == "skip",
                action_field=value(ACTION),
                hard_delete=value(HARD_DELETE),
                skip_unchanged=value(SKIP_UNCHANGED),
            ),
            dry_run=value(DRY_RUN),
            plan_path=path(PLAN),
            carry_on=_choice(ON_ERROR, value(ON_ERROR), "fail", "continue") == "continue",
            rejects_path=path(REJECTS),
            max_rejects=_count(MAX_REJECTS, value(MAX_REJECTS)),
            max_deletes=_count(MAX_DELETES, value(MAX_DELETES)) or 0,
            allow_sending=value(SENDING),
            ledger_url=value(LEDGER),
            look_before_create=value(LOOK),
            files=LocalFiles(value(FILES)),
            max_parallelism=_parallelism(value(PARALLELISM)),
            summary_path=path(SUMMARY),
        )

    def ledger_place(self, settings: Settings) -> str:
        """The URL of the ledger: by default a file next to the tokens, one per login."""
        store = settings.token_store.expanduser().with_suffix(".ledger.db")
        return self.ledger_url or f"sqlite:///{store}"


def _file(setting: Setting, path: Path) -> Path:
    try:
        fits = path.parent.is_dir() and not path.is_dir()
        link = path.is_symlink() and path.parent not in REDIRECTED
    except OSError:  # its name is too long, say
        fits = link = False
    if not fits:
        message = f"The setting '{setting.name}' must be a file in a folder that exists."
        raise SettingsError(message)
    if link:
        message = (
            f"The setting '{setting.name}' names a symbolic link, which is not followed: give the "
            "file itself."
        )
        raise SettingsError(message)
    return path


def _choice(setting: Setting, given: str, *choices: str) -> str:
    if given not in choices:
        message = f"The setting '{setting.name}' must be {' or '.join(map(repr, choices))}."
        raise SettingsError(message)
    return given


def _count(setting: Setting, given: int | None) -> int | None:
    if given is not None and given < 0:
        message = f"The setting '{setting.name}' must not be below 0."
        raise SettingsError(message)
    return given


def _parallelism(given: int) -> int:
    if not 1 <= given <= MOST_PARALLEL:
        message = f"The setting 'max_parallelism' must be 1 to {MOST_PARALLEL}, not {given}."
        raise SettingsError(message)
    return given
