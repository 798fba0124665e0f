"""The settings that tap, target and command line share, and what makes them valid."""

from __future__ import annotations

import ipaddress
import json
import math
import re
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from gorgias_api.errors import SettingsError
from gorgias_api.nearest import did_you_mean
from gorgias_api.tokens import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

LABEL = re.compile(
    r"(?:https?://)?([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.gorgias\.com)?/?",
    re.ASCII | re.IGNORECASE,
)
SCOPES = "openid profile email write:all offline"

Kind = Literal["string", "number", "integer", "boolean", "object", "array"]
PYTHON: Mapping[Kind, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float, Decimal),  # what Singer and JSON make of it
    "integer": (int,),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}


@dataclass(frozen=True)
class Setting:
    """One setting as a user sees it: its name, kind of value and what it does."""

    name: str
    kind: Kind
    description: str
    default: Any = None
    secret: bool = False
    aliases: tuple[str, ...] = ()


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
    Setting("request_timeout", "number", "Seconds to wait for an answer.", default=60.0),
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
    max_retries: int = 12
    debug_requests: bool = False
    user_agent: str | None = None

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> Settings:
        """Read and check settings; keys this module does not know are ignored.

        Raises:
            SettingsError: the first thing that is wrong, in one sentence, never with a secret.
        """
        values = {s.name: value for s in SHARED if (value := read(s, given)) is not None}
        domain = account(values["domain"]) if "domain" in values else None
        if domain is None and "api_url" not in values:
            message = "The setting 'domain' is missing: give your account's name, such as 'acme'."
            raise SettingsError(message)
        api_url = _url("api_url", values.get("api_url", f"https://{domain}.gorgias.com/api"))
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(api_url))
        _check_credentials(values)
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


def load(path: str | Path) -> dict[str, Any]:
    """The settings in a JSON file.

    Raises:
        SettingsError: it cannot be read, or does not hold an object.
    """
    try:
        given = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"The settings file {path} cannot be read as JSON ({type(error).__name__})."
        raise SettingsError(message) from None
    if not isinstance(given, dict):
        message = f"The settings file {path} does not hold an object."
        raise SettingsError(message)
    return given


def check_sources(sources: Iterable[str], prefix: str, parse: Callable[[], object]) -> None:
    """Make sure that settings can be read from where a Singer plugin is told to look.

    Args:
        sources: paths of files, and `ENV` for variables.
        prefix: what the names of the variables begin with.
        parse: reads the variables.

    Raises:
        SettingsError: which file or kind of variable cannot be read; never with a value.
    """
    for source in sources:
        if source != "ENV":
            load(source)
            continue
        try:
            parse()
        except (ValueError, KeyError):
            message = (
                f"A variable {prefix}… does not hold what its setting needs: digits for a number, "
                "JSON for an object or a list."
            )
            raise SettingsError(message) from None


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


def check(given: Mapping[str, Any], settings: Iterable[Setting], further: Collection[str]) -> None:
    """Refuse settings nobody knows, naming the nearest known one, and values of the wrong kind.

    Args:
        given: the configuration.
        settings: what is declared here.
        further: names that somebody else knows and checks.

    Raises:
        SettingsError: the first thing that is wrong; it never shows a value.
    """
    declared = list(settings)
    own = {name for setting in declared for name in (setting.name, *setting.aliases)}
    known = own | set(further)
    for name in sorted(set(given) - set(known)):
        message = f"There is no setting '{name}'{did_you_mean(name, known)}"
        raise SettingsError(message)
    for setting in declared:
        read(setting, given)


def read(setting: Setting, given: Mapping[str, Any]) -> Any:  # noqa: ANN401 - of the setting's kind
    """The value given for a setting under any of its names; None when there is none.

    Raises:
        SettingsError: it is not of the setting's kind, or two names disagree.
    """
    names = [name for name in (setting.name, *setting.aliases) if given.get(name) not in (None, "")]
    if len({str(given[name]) for name in names}) > 1:
        message = f"The settings '{names[0]}' and '{names[1]}' mean the same; give only one."
        raise SettingsError(message)
    if not names:
        return None
    value: Any = given[names[0]]
    fits = isinstance(value, bool) == (setting.kind == "boolean")
    if not (fits and isinstance(given[names[0]], PYTHON[setting.kind])):
        message = f"The setting '{names[0]}' must be of type {setting.kind}."
        raise SettingsError(message)
    if setting.kind == "number":
        return float(value)
    return value.strip() if isinstance(value, str) else value


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


def is_trustworthy(url: str) -> bool:
    """Whether nobody between here and there can read along: https, or this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    plain = parts.scheme == "http" and _is_loopback(parts.hostname or "")
    return bool(parts.hostname) and (parts.scheme == "https" or plain)


def is_sendable(token: object) -> bool:
    """Whether an HTTP header can carry it."""
    return isinstance(token, str) and bool(token) and token.isascii() and token.isprintable()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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
    for name in ("request_timeout", "max_retries"):
        if not 0 < values.get(name, 1) < math.inf:
            message = f"The setting '{name}' must be a number above 0, not {values[name]:g}."
            raise SettingsError(message)
