"""How requests leave this machine, and what it means for a person when no answer comes."""

from __future__ import annotations

import os
import ssl
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError

from gorgias_api.errors import SettingsError, TransportError
from gorgias_api.masking import one_line
from gorgias_api.outgoing import prepared
from gorgias_api.public import PublicAdapter
from gorgias_api.wire import TimedAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONNECT_TIMEOUT = 10.0
TROUBLE = (requests.RequestException, HTTPError)
"""What `requests` raises; of what is under it, it lets some through."""
UNUSABLE = (
    requests.exceptions.InvalidProxyURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
)
PROXIES = "HTTPS_PROXY and ALL_PROXY"
BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def environment(url: str) -> dict[str, Any]:
    """Proxies and certificates with which to send to `url`, as the user's environment says.

    Plain http never passes a proxy: it is for this machine, and carries credentials in the open.

    Raises:
        SettingsError: the certificates that a variable names cannot be read, or a proxy is none.
    """
    proxies: dict[str, Any] = {"http": None, "all": None} if _is_plain(url) else {}
    found: dict[str, Any] = dict(
        requests.Session().merge_environment_settings(
            url, proxies=proxies, stream=True, verify=None, cert=None
        )
    )
    if isinstance(found["verify"], str) and not _is_plain(url):
        _check_bundle(found["verify"])
    _check_proxies(found["proxies"])
    return found


@contextmanager
def sent_alone(
    method: str,
    url: str,
    headers: Mapping[str, str],
    timeout: float,
    *,
    public: bool = False,
    **parts: Any,  # noqa: ANN401
) -> Iterator[requests.Response]:
    """The answer to a request on a connection of its own; its body is still to be read.

    Nothing of it comes from a `.netrc`, and no redirect is read or followed. A `public` one goes
    to public addresses only; see `gorgias_api.public`.

    Raises:
        AnswerError: it was to be public, and is not.
        UsageError: a request that HTTP cannot carry.
        SettingsError: see `environment`.
    """
    request = prepared(
        method, url, headers={**requests.utils.default_headers(), **headers}, **parts
    )
    with (
        closing(PublicAdapter() if public else TimedAdapter()) as adapter,
        adapter.send(request, timeout=(CONNECT_TIMEOUT, timeout), **environment(url)) as response,
    ):
        yield response


def no_answer(asked: str, url: str, error: Exception, check: str = "") -> TransportError:
    """The one sentence for a request that got no answer.

    Args:
        asked: verb and path.
        url: where it was sent.
        error: one of `TROUBLE`; its text and its causes may show what nobody should see.
        check: the settings that name the host, for whoever has mistyped it.

    Raises:
        SettingsError: a variable names a proxy that cannot be one.
    """
    host = urlsplit(url).hostname
    causes = list(_causes(error))
    if isinstance(error, UNUSABLE):
        message = f"{asked} cannot be sent through that proxy: check the variables {PROXIES}."
        raise SettingsError(message) from None
    if isinstance(error, requests.exceptions.ProxyError):
        what = f"the proxy cannot be reached or refuses; check the variables {PROXIES}"
        return _unsent(asked, what)
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = one_line(cause.verify_message).rstrip(".")
            what = (
                f"the certificate of {host} is not trusted ({why}); where another authority is to "
                f"be trusted, name its certificates in the variable {BUNDLES[0]}"
            )
            return _unsent(asked, what, final=True)
        if isinstance(cause, NameResolutionError):
            return _unsent(asked, f"the name {host} cannot be resolved; check {check}the network")
        if isinstance(cause, NewConnectionError):
            told = [each.strerror for each in causes if isinstance(each, OSError) and each.strerror]
            why = (told or [type(error).__name__])[0]
            return _unsent(asked, f"no connection to {host} ({why}); check {check}the network")
    if isinstance(error, requests.ConnectTimeout):
        what = f"{host} did not take the connection within {CONNECT_TIMEOUT:.0f} s"
        return _unsent(asked, what)
    why = f" ({type(error).__name__})"
    if isinstance(error, requests.exceptions.SSLError):  # perhaps after the request has left
        why = f": the secure connection to {host} broke; check {check}its port"
    return TransportError(f"{asked} got no complete answer{why}.")


def _check_bundle(path: str) -> None:
    folder = Path(path).is_dir()
    usable = folder or Path(path).is_file()  # reading a pipe or a device might never end
    try:
        if usable:
            ssl.create_default_context(
                cafile=None if folder else path, capath=path if folder else None
            )
    except (OSError, ValueError):
        usable = False
    if not usable:
        variable = next((name for name in BUNDLES if os.environ.get(name)), BUNDLES[0])
        message = (
            f"The certificates that the variable {variable} names ({path}) cannot be read; nothing "
            "was sent."
        )
        raise SettingsError(message)


def _check_proxies(proxies: Mapping[str, str | None]) -> None:
    try:
        for proxy in filter(None, proxies.values()):
            _ = urlsplit(proxy).port
    except ValueError:
        message = (
            f"An address in the variables {PROXIES} cannot be one of a proxy; nothing was sent."
        )
        raise SettingsError(message) from None


def _unsent(asked: str, what: str, *, final: bool = False) -> TransportError:
    return TransportError(f"{asked} could not be sent: {what}.", refused=True, final=final)


def _is_plain(url: str) -> bool:
    return urlsplit(url).scheme == "http"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and all that it holds as its reason."""
    waiting: list[BaseException] = [error]
    known: set[int] = set()
    while waiting:
        each = waiting.pop(0)
        known.add(id(each))
        yield each
        further = (each.__cause__, getattr(each, "reason", None), *each.args)
        waiting += [
            next_
            for next_ in further
            if isinstance(next_, BaseException) and id(next_) not in known
        ]
