"""Everything that can go wrong, by what the caller should do about it.

GorgiasError
├── SettingsError         mend the settings; nothing was sent
├── UsageError            mend the call; nothing was sent
├── LoginError            log in again: the OAuth2 login was refused or not finished
├── TransportError        no answer came: the request may or may not have been applied
├── AnswerError           an answer came that is not what the API documents (HTML, half a JSON)
│   └── TooLargeError     it has more bytes than there is room for
└── ApiError              the API refused; carries status, message, field errors, request id
    ├── BadRequestError       400  a parameter is missing, invalid or unknown
    ├── UnauthorizedError     401  wrong credentials
    ├── ForbiddenError        403  role, scope or quota; `missing_scope` where the API names one
    ├── NotFoundError         404  never existed, or was deleted
    ├── MovedError            3xx  a merged customer, or a redirect that is never followed blindly
    ├── ConflictError         409  a unique value is in use
    ├── RateLimitError        429  `retry_after` seconds
    └── ServerError           5xx

Statuses and error bodies: https://developers.gorgias.com/reference/errors
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from gorgias_api.known_secrets import MASK
from gorgias_api.masking import one_line, plain_id

CUSTOMER = re.compile(r"/customers/([0-9]{1,18})(?![0-9])")
FIELD = re.compile(r"[a-z][a-z0-9_]{0,40}|[0-9]{1,3}", re.ASCII)
"""What a name of a field looks like, or a place in a list."""
MOST_FIELDS = 10
MISSING_SCOPE = re.compile(r"[Mm]issing scope:? {0,9}([a-z_]{1,40}:[a-z]{1,20})\b")


class GorgiasError(Exception):
    """Root of all errors of this package. Its text is one sentence for a person, fit for a log."""

    @property
    def in_full(self) -> str:
        """The sentence with what the API said in words, which may quote personal data.

        It is for the person who asked and for files that hold such data, never for a log.
        """
        return str(self)


class SettingsError(GorgiasError):
    """The settings cannot work; nothing was sent."""


class UsageError(GorgiasError):
    """The call cannot work (a URL instead of a path, say); nothing was sent."""


class LoginError(GorgiasError):
    """The OAuth2 login came to no good end: refused, not answered, or not the one begun here."""


class TransportError(GorgiasError):
    """No answer came, so nobody knows whether the request was applied.

    `refused` is true when no connection was made at all, so that the server cannot have seen it;
    `final` when the next try would end in the same way, as with a certificate nobody trusts.
    """

    def __init__(self, message: str, *, refused: bool = False, final: bool = False) -> None:
        super().__init__(message)
        self.refused = refused
        self.final = final


class AnswerError(GorgiasError):
    """An answer came, but not one that the API documents.

    `final` is true when the next try would end in the same way.
    """

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


class TooLargeError(AnswerError):
    """An answer or a file is larger than it may be; it would be the next time, too."""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """What the API said when it refused.

    `message` is the API's own `error.msg`; `fields` its `error.data`: field name to messages.
    """

    method: str
    path: str
    status: int
    message: str = field(default="", repr=False)
    fields: dict[str, Any] = field(default_factory=dict, repr=False)
    request_id: str | None = field(default=None, repr=False)
    location: str | None = field(default=None, repr=False)
    retry_after: float | None = None

    def clause(self, *, in_full: bool = False) -> str:
        """What was asked, what was answered, which fields are wrong; no full stop yet.

        Args:
            in_full: with what the API said in words; otherwise only names of fields are told.
        """
        text = f"{self.method} {self.path} was answered {self.status}"
        if in_full and self.message:
            text += f": {one_line(self.message).rstrip('.')}"
        if self.fields:
            told = "; ".join(_flatten(self.fields)) if in_full else _names(self.fields)
            text += f" ({one_line(told)})"
        if self.request_id:
            text += f" [request {plain_id(self.request_id)}]"
        return text


class ApiError(GorgiasError):
    """The API refused a request."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.clause())
        self.refusal = refusal
        self.advice = "."
        """How the sentence ends: with what to do, where that is known."""

    def __str__(self) -> str:
        """What was asked, the status, names of fields and the request's id."""
        return self.refusal.clause() + self.advice

    @property
    def in_full(self) -> str:
        """The same with the API's own words."""
        return self.refusal.clause(in_full=True) + self.advice

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.refusal.status

    @property
    def retry_after(self) -> float | None:
        """Seconds the API asks to wait, where it says; only 429 and 503 usually do."""
        return self.refusal.retry_after


class BadRequestError(ApiError):
    """400, 405, 413 and other 4xx: the request itself is wrong."""


class UnauthorizedError(ApiError):
    """401: wrong or missing credentials."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.advice = ". Check the credentials."


class ForbiddenError(ApiError):
    """403: the role, the scope or a quota does not allow it."""

    @property
    def missing_scope(self) -> str | None:
        """The OAuth2 scope the API asks for, where it names one."""
        found = MISSING_SCOPE.search(self.refusal.message)
        return found[1] if found else None

    def __str__(self) -> str:
        """As of any refusal, and the scope, which is no personal data."""
        scope = self.missing_scope
        return super().__str__() + (f" Missing scope: {scope}." if scope else "")


class NotFoundError(ApiError):
    """404: it never existed, or it was deleted."""

    def suspect(self, api_url: str) -> None:
        """Name the likely mistake where the answer does not look like one of the API at all."""
        if not self.refusal.message and not api_url.endswith("/api"):
            hint = f"the setting 'api_url' probably lacks its end: write '{api_url}/api'"
            self.advice = f"; {hint}."


class MovedError(ApiError):
    """301 and other redirects; for a customer it means merged into the one at `location`."""

    @property
    def target_id(self) -> int | None:
        """The id of the surviving customer, where the answer names it."""
        found = CUSTOMER.search(self.refusal.location or "")
        return int(found[1]) if found else None


class ConflictError(ApiError):
    """409: a unique value is in use."""


class RateLimitError(ApiError):
    """429: too many requests for the account."""


class ServerError(ApiError):
    """5xx: the server's fault."""


def _names(fields: dict[str, Any]) -> str:
    """Which fields a refusal is about: `{"sender": {"id": ["bad"]}}` becomes `field sender.id`."""
    paths = dict.fromkeys(each.partition(":")[0] for each in _flatten(fields))
    names = [
        ".".join(step if FIELD.fullmatch(step) else MASK for step in path.split("."))
        for path in list(paths)[:MOST_FIELDS]
    ]
    more = ", …" if len(paths) > MOST_FIELDS else ""
    return f"field{'s' if len(paths) > 1 else ''} {', '.join(names)}{more}"


def _flatten(fields: Any, path: str = "") -> list[str]:  # noqa: ANN401 - nests by index or key
    """`{"sender": {"id": ["bad"]}}` becomes `["sender.id: bad"]`."""
    if isinstance(fields, dict):
        parts = fields.items()
        return [t for key, value in parts for t in _flatten(value, f"{path}.{key}".lstrip("."))]
    if isinstance(fields, list) and not any(isinstance(item, dict) for item in fields):
        return [f"{path}: {' '.join(str(item) for item in fields)}"]
    if isinstance(fields, list):
        return [t for i, item in enumerate(fields) for t in _flatten(item, f"{path}.{i}")]
    return [f"{path}: {fields}"]
