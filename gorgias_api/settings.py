"""The settings that tap, target and command line share, and what makes them valid."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gorgias_api.errors import SettingsError
from gorgias_api.kinds import convert, is_blank
from gorgias_api.known_secrets import SECRETS
from gorgias_api.nearest import did_you_mean
from gorgias_api.tokens import fingerprint
from gorgias_api.trust import is_sendable, is_trustworthy

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from gorgias_api.kinds import Kind

LABEL = re.compile(
    r"(?:https?://)?([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.gorgias\.com)?/?",
    re.ASCII | re.IGNORECASE,
)
SCOPES = "openid profile email write:all offline"


@dataclass(frozen=True)
class Setting:
    """One setting as a user sees it: its name, kind of value and what it does."""

    name: str
    kind: Kind
    description: str
    default: Any = None
    secret: bool = False
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Its name and the other ones it goes by."""
        return (self.name, *self.aliases)


SHARED = (
    Setting(
        "domain",
        "string",
        "The account: `acme`, `acme.gorgias.com` or `https://acme.gorgias.com/`.",
        aliases=("subdomain",),
    ),
    Setting(
        "username",
        "string",
        "E-mail of the Gorgias user the API key belongs to.",
        aliases=("email_address",),
    ),
    Setting(
        "api_key",
        "string",
        "API key, made in Gorgias under Settings > REST API. Goes with `username`.",
        secret=True,
        aliases=("password",),
    ),
    Setting("client_id", "string", "OAuth2 client id."),
    Setting("client_secret", "string", "OAuth2 client secret.", secret=True),
    Setting(
        "refresh_token",
        "string",
        "OAuth2 refresh token to start from; newer ones are kept in `token_store`.",
        secret=True,
    ),
    Setting(
        "access_token",
        "string",
        "OAuth2 access token; enough by itself until it expires.",
        secret=True,
    ),
    Setting("authorize_url", "string", "OAuth2 authorisation page. Derived from `domain`."),
    Setting("token_url", "string", "OAuth2 token endpoint. Derived from `domain`."),
    Setting("scopes", "string", "OAuth2 scopes to ask for, separated by spaces.", default=SCOPES),
    Setting(
        "token_store",
        "string",
        "File for the newest OAuth2 tokens (mode 0600). Put it on a volume that lasts: Gorgias "
        "may replace the refresh token at every use. By default a file per login in "
        "`~/.singer-gorgias`.",
    ),
    Setting(
        "api_url",
        "string",
        "Replaces `https://{domain}.gorgias.com/api`, to point at a sandbox or proxy. Plain http "
        "only for loopback addresses.",
    ),
    Setting(
        "rate_limit_share",
        "number",
        "Part of the account's rate limit this process may use, above 0 up to 1.",
        default=1.0,
    ),
    Setting(
        "request_timeout",
        "number",
        "Seconds within which an answer must be complete; a file may take longer while it comes "
        "with 8 kB a second.",
        default=60.0,
    ),
    Setting(
        "max_download_size", "integer", "Bytes a downloaded file may have.", default=1_000_000_000
    ),
    Setting(
        "max_retries",
        "integer",
        "Tries per request, the first one included; 12 give a server that is down five minutes.",
        default=12,
    ),
    Setting(
        "debug_requests",
        "boolean",
        "Log every request and answer, bodies included, with credentials and e-mail addresses "
        "masked. Bodies hold personal data.",
        default=False,
    ),
    Setting("user_agent", "string", "Replaces the `User-Agent` header."),
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Valid shared settings. Secrets never show in the `repr`."""

    api_url: str
    domain: str | None = None
    username: str | None = None
    api_key: str | None = field(default=None, repr=False)
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    access_token: str | None = field(default=None, repr=False)
    authorize_url: str
    token_url: str
    scopes: str = SCOPES
    token_store: Path
    rate_limit_share: float = 1.0
    request_timeout: float = 60.0
    max_download_size: int = 1_000_000_000
    max_retries: int = 12
    debug_requests: bool = False
    user_agent: str | None = None

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> Settings:
        """Read and check settings; keys this module does not know are ignored.

        Raises:
            SettingsError: the first thing that is wrong, in one sentence, never with a secret.
        """
        values = _without_nulls(gather(SHARED, given))
        domain = account(values["domain"]) if "domain" in values else None
        if domain is None and "api_url" not in values:
            message = "The setting 'domain' is missing: give your account's name, such as 'acme'."
            raise SettingsError(message)
        api_url = _url("api_url", values.get("api_url", f"https://{domain}.gorgias.com/api"))
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(api_url))
        _check_credentials(values)
        SECRETS.learn_pair(values.get("username"), values.get("api_key"))
        SECRETS.learn_pair(values.get("client_id"), values.get("client_secret"))
        _check_ranges(values)
        # One file per login: two apps on one account must not replace each other's tokens.
        login = fingerprint(values.get("client_id"), origin)[:8]
        store = values.get("token_store", f"~/.singer-gorgias/{domain or 'account'}-{login}.json")
        return cls(
            **values
            | {
                "domain": domain,
                "api_url": api_url.rstrip("/"),
                "authorize_url": _url(
                    "authorize_url", values.get("authorize_url", f"{origin}/oauth/authorize")
                ),
                "token_url": _url("token_url", values.get("token_url", f"{origin}/oauth/token")),
                "token_store": Path(store).expanduser(),
            }
        )


def account(domain: str) -> str:
    """The one DNS label that names an account, from any of the forms people paste.

    Raises:
        SettingsError: it does not reduce to one label, so a credential could go elsewhere.
    """
    if found := LABEL.fullmatch(domain.strip()):
        return found[1].lower()
    message = (
        "The setting 'domain' does not name a Gorgias account: give its name, such as 'acme' or "
        "'acme.gorgias.com'."
    )
    raise SettingsError(message)


def gather(
    settings: Iterable[Setting],
    given: Mapping[str, Any],
    place: Callable[[str], str] = "setting '{}'".format,
) -> dict[str, Any]:
    """What one source gives for settings: each by its own name and of its kind; None for null.

    Args:
        settings: the ones to look for; other keys of `given` are ignored.
        given: values by any of a setting's names; blank text counts as not given.
        place: how the source calls a name, for the sentence about a mistake.

    Raises:
        SettingsError: a value is not of its setting's kind, or two names disagree; it never shows
            a value.
    """
    found = {}
    for setting in settings:
        values = {
            name: _converted(setting, given[name], place(name))
            for name in setting.names
            if not is_blank(given.get(name, ""))
        }
        for value in values.values():
            _learn(setting, value)
        if values:
            found[setting.name] = _agreed(values, place)
    return found


def read(setting: Setting, given: Mapping[str, Any]) -> Any:  # noqa: ANN401 - of the setting's kind
    """The value given for a setting under any of its names; else its default.

    Raises:
        SettingsError: as `gather`.
    """
    found = gather((setting,), given).get(setting.name)
    return setting.default if found is None else found


def settle(settings: Iterable[Setting], given: Mapping[str, Any]) -> dict[str, Any]:
    """A whole configuration as `gather` gives it, without what is null.

    Raises:
        SettingsError: as `gather`; or there is no such setting, and which one is nearest.
    """
    known = list(settings)
    _refuse_unknown(known, given)
    return _without_nulls(gather(known, given))


def from_files(settings: Iterable[Setting], paths: Iterable[str | Path]) -> dict[str, Any]:
    """The settings in JSON files, as `gather` gives them; a later file wins.

    Raises:
        SettingsError: a file cannot be read, does not hold an object, or holds a mistake.
    """
    known = list(settings)
    found: dict[str, Any] = {}
    for path in paths:
        given = _load(path)
        _refuse_unknown(known, given)
        found |= gather(known, given)
    return found


def _load(path: str | Path) -> dict[str, Any]:
    try:
        given = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        message = f"The settings file {path} cannot be read as JSON ({type(error).__name__})."
        raise SettingsError(message) from None
    if not isinstance(given, dict):
        message = f"The settings file {path} does not hold an object."
        raise SettingsError(message)
    return given


def from_variables(
    settings: Iterable[Setting], prefix: str, environment: Mapping[str, str]
) -> dict[str, Any]:
    """The settings in variables such as `TAP_GORGIAS_DOMAIN`, as `gather` gives them.

    Args:
        settings: the ones to look for.
        prefix: what the names of the variables begin with, such as `TAP_GORGIAS_`.
        environment: all variables.

    Raises:
        SettingsError: as `gather`; it names the variable.
    """
    given = {
        name.removeprefix(prefix).lower(): value
        for name, value in environment.items()
        if name.startswith(prefix) and name.isupper()
    }
    return gather(settings, given, lambda name: f"variable {prefix}{name.upper()}")


def json_schema(settings: Iterable[Setting]) -> dict[str, Any]:
    """The JSON schema of a configuration with these settings, as Singer plugins publish it."""
    properties: dict[str, Any] = {}
    for setting in settings:
        properties[setting.name] = {
            "type": [setting.kind, "null"],
            "description": setting.description,
            **({"items": {"type": "object"}} if setting.kind == "array" else {}),
            **({"secret": True, "writeOnly": True} if setting.secret else {}),
            **({} if setting.default is None else {"default": setting.default}),
        }
    return {"type": "object", "properties": properties}


def from_json_schema(schema: Mapping[str, Any], secret: Collection[str] = ()) -> list[Setting]:
    """The settings that such a schema tells of, for those that somebody else adds to it.

    Args:
        schema: of a configuration.
        secret: the names of those that may hold secrets, which the schema does not tell.
    """
    return [
        Setting(name, each["type"][0], each["description"], secret=name in secret)
        for name, each in schema["properties"].items()
    ]


def _learn(setting: Setting, value: object) -> None:
    """Keep a secret, and the password in any address, out of what this process writes."""
    if setting.secret or (isinstance(value, str) and "://" in value):
        SECRETS.learn(value)


def _converted(setting: Setting, value: object, place: str) -> Any:  # noqa: ANN401 - of its kind
    try:
        return convert(setting.kind, value)
    except ValueError as error:
        message = f"The {place} {error}."
        raise SettingsError(message) from None


def _agreed(values: Mapping[str, Any], place: Callable[[str], str]) -> Any:  # noqa: ANN401
    """The one value given under several names; None if all of them are null."""
    first, *others = _without_nulls(values) or values
    for other in others:
        if values[other] != values[first]:
            message = f"The {place(first)} and the {place(other)} mean the same; give only one."
            raise SettingsError(message)
    return values[first]


def _refuse_unknown(settings: Iterable[Setting], given: Iterable[str]) -> None:
    known = {name for setting in settings for name in setting.names}
    for name in sorted(set(given) - known):
        message = f"There is no setting '{name}'{did_you_mean(name, known)}"
        raise SettingsError(message)


def _without_nulls(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _url(name: str, url: str) -> str:
    """`url` if credentials may be sent there: https, or http on this machine.

    Raises:
        SettingsError: anything else.
    """
    if is_trustworthy(url) and not {"@", "?", "#"} & set(url):
        return url
    message = (
        f"The setting '{name}' must be an https address without user, query or fragment; plain "
        "http is allowed for loopback addresses only."
    )
    raise SettingsError(message)


def _check_credentials(values: Mapping[str, Any]) -> None:
    key = [name for name in ("username", "api_key") if name in values]
    oauth = [
        name
        for name in ("client_id", "client_secret", "refresh_token", "access_token")
        if name in values
    ]
    if key and oauth:
        message = (
            f"Two kinds of credentials are set ('{key[0]}' and '{oauth[0]}'): give either "
            "'username' and 'api_key', or the OAuth2 settings."
        )
        raise SettingsError(message)
    if len(key) == 1:
        missing = "api_key" if key == ["username"] else "username"
        message = f"The setting '{missing}' is missing: '{key[0]}' is set, and the two go together."
        raise SettingsError(message)
    if not key and not oauth:
        message = (
            "No credentials are set: give 'username' and 'api_key', or 'client_id', "
            "'client_secret' and 'refresh_token' for OAuth2."
        )
        raise SettingsError(message)
    for name in ("username", "api_key", "client_id", "client_secret", "refresh_token"):
        if not values.get(name, "").isprintable():  # half a character, or a control character
            message = f"The setting '{name}' holds characters that it cannot have."
            raise SettingsError(message)
    if not is_sendable(values.get("access_token", "none")):
        message = "The setting 'access_token' holds characters that no token has."
        raise SettingsError(message)
    if oauth and "access_token" not in values and not {"client_id", "client_secret"} <= set(oauth):
        message = "OAuth2 needs 'client_id' and 'client_secret', or an 'access_token'."
        raise SettingsError(message)


def _check_ranges(values: Mapping[str, Any]) -> None:
    share = values.get("rate_limit_share", 1.0)
    if not 0 < share <= 1:
        message = f"The setting 'rate_limit_share' must be above 0 and at most 1, not {share:g}."
        raise SettingsError(message)
    for name in ("request_timeout", "max_retries", "max_download_size"):
        if not 0 < values.get(name, 1) < math.inf:
            message = f"The setting '{name}' must be a number above 0, not {values[name]:g}."
            raise SettingsError(message)
