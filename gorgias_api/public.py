"""Connections to public addresses only, for files that the API points to elsewhere.

Whoever can make the API point somewhere must not reach what only this machine can reach: its own
services, those of its network, and the metadata service of its cloud.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from gorgias_api.errors import AnswerError
from gorgias_api.wire import TimedAdapter

if TYPE_CHECKING:
    import requests

INNER = re.compile(r"(?:.*\.)?(?:localhost|local|internal|localdomain|home\.arpa)", re.IGNORECASE)
"""Names for machines of this network, where a proxy is to resolve them."""
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
METADATA = frozenset({ipaddress.IPv4Address("168.63.129.16")})
"""Of Azure; those of the other clouds are link-local or private."""
INNER_NETWORKS = tuple(
    map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "fec0::/10", "64:ff9b:1::/48"))
)
"""Protocol assignments, relays, site-local addresses and local translations, which Python counts as
global in some versions. https://www.iana.org/assignments/iana-ipv6-special-registry"""
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, also where it holds an IPv4 one."""
    try:
        ip = _inner(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    inner = ip.is_multicast or ip in METADATA or any(ip in network for network in INNER_NETWORKS)
    return ip.is_global and not inner


def may_be_public(host: str) -> bool:
    """Whether the host of an address may be public, as far as its text tells.

    Numbers are read as the system does: `127.1`, `0x7f000001` and `2130706433` are this machine.
    """
    name = host.strip("[]").rstrip(".")
    with suppress(OSError):
        return is_public(socket.inet_ntoa(socket.inet_aton(name)))
    return is_public(name) if ":" in name else not INNER.fullmatch(name)


class PublicAdapter(TimedAdapter):
    """Sends to public addresses only; through a proxy, which resolves names itself, by the text."""

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:  # noqa: ANN401 - as the base
        """Send a request.

        Raises:
            AnswerError: its address is not public; nothing was sent.
        """
        _refuse_unless(may_be_public(urlsplit(str(request.url)).hostname or ""))
        return super().send(request, *args, **more)

    def init_poolmanager(self, *args: Any, **more: Any) -> None:  # noqa: ANN401 - as the base
        """Take connections that look where they lead."""
        super().init_poolmanager(*args, **more)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        """Connect, if all that the name stands for is public, and if so is what it led to."""
        with suppress(OSError, UnicodeError):  # connecting will tell
            for *_, place in socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM):
                _refuse_unless(is_public(str(place[0])))
        connected = super()._new_conn()
        try:
            _refuse_unless(is_public(connected.getpeername()[0]))
        except (AnswerError, OSError):
            connected.close()
            raise
        return connected


class _SecureConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def _refuse_unless(public: bool) -> None:  # noqa: FBT001 - the one thing it is about
    if not public:
        message = "The API pointed to an address inside a private network; it was not asked."
        raise AnswerError(message, final=True)


def _inner(ip: Address) -> Address:
    """The IPv4 address that an IPv6 one leads to, where it is a translation of one."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in NAT64 or int(ip) >> 32 == 0:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip
