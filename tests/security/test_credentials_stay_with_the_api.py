"""Whatever redirects, hosts, paths and headers there are, credentials reach the API alone."""

from __future__ import annotations

import base64
import io
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gorgias_api import Client, GorgiasError, Settings, SettingsError
from tests.api.server import Asked, Reply, Server, reply, scripted
from tests.security.two_logins import APP, KEY, connected, seen_by, shared_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECRETS = (
    KEY["api_key"],
    base64.b64encode(f"{KEY['username']}:{KEY['api_key']}".encode()).decode(),
    APP["client_secret"],
    base64.b64encode(f"{APP['client_id']}:{APP['client_secret']}".encode()).decode(),
    "the-refresh-token",
    "the-access-token",
)
ACTS: dict[str, Callable[[Client], object]] = {
    "get": lambda client: client.request("GET", "/api/tickets"),
    "post": lambda client: client.request("POST", "/api/tickets", data={"subject": "x"}),
    "delete": lambda client: client.request("DELETE", "/api/tickets/1"),
    "page": lambda client: list(client.paginate("/api/tickets")),
    "download": lambda client: client.download(
        "https://uploads.example.com/d0main/x", io.BytesIO()
    ),
}
many = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Places:
    """The API, and two servers elsewhere, all of which point on as they are told."""

    def __init__(self, api: Server, *others: Server) -> None:
        self.api = api
        self.others = others

    def forget(self) -> None:
        for server in (self.api, *self.others):
            server.asked.clear()

    def point(self, status: int, locations: list[str], *, tokens: bool) -> None:
        """Let every server point to these places in turn, and then be content."""
        left = list(locations)

        def serve(asked: Asked) -> Reply:
            if asked.target == "/oauth/token" and not tokens:
                return reply({"access_token": "the-access-token"})
            if left:
                return Reply(status, b"", {"Location": left.pop(0)})
            return reply({"data": [], "meta": {"next_cursor": None}})

        for server in (self.api, *self.others):
            server.answer = serve


@pytest.fixture(scope="module")
def places() -> Iterator[Places]:
    with ExitStack() as running:
        yield Places(*(running.enter_context(scripted()) for _ in range(3)))


def address(places: Places) -> st.SearchStrategy[str]:
    """Where a redirect may lead: to the others in many spellings, back, or nowhere."""
    ports = [urlsplit(each.url).port for each in (places.api, *places.others)]
    hosts = ["127.0.0.1", "localhost", "127.1", "2130706433", "[::ffff:127.0.0.1]", "127.0.0.1."]
    users = ["", "user@", "user:word@", "127.0.0.1@", "api.acme.example@"]
    whole = st.builds(
        "{}{}{}:{}{}".format,
        st.sampled_from(["http://", "//", "HTTP://", "https://", "http:\\\\"]),
        st.sampled_from(users),
        st.sampled_from(hosts),
        st.sampled_from(ports),
        st.sampled_from(["", "/", "/api/tickets", "/x?y=z#f", "/..//x", "\\x", "/%0d%0aHost:x"]),
    )
    odd = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)
    return whole | odd


@many
@given(data=st.data())
def test_credentials_never_follow_a_redirect(
    places: Places, tmp_path: Path, data: st.DataObject
) -> None:
    places.forget()
    (tmp_path / "tokens.json").unlink(missing_ok=True)
    oauth = APP | {"refresh_token": "the-refresh-token"} | shared_store(tmp_path)
    login = data.draw(st.sampled_from([KEY, oauth, {"access_token": "the-access-token"}]))
    places.point(
        data.draw(st.sampled_from([300, 301, 302, 303, 307, 308])),
        data.draw(st.lists(address(places), min_size=1, max_size=4)),
        tokens=data.draw(st.booleans()),
    )
    act = ACTS[data.draw(st.sampled_from(sorted(ACTS)))]
    with connected(places.api, max_retries=2, **login) as client, suppress(GorgiasError):
        act(client)
    assert places.api.asked
    for other in places.others:
        told = seen_by(other)
        assert not [secret for secret in SECRETS if secret in told]
        assert not [asked for asked in other.asked if asked.headers["Authorization"]]
        assert not [asked for asked in other.asked if asked.headers["Cookie"]]


HOSTS = st.sampled_from(["acme", "gorgias.com", "evil.example", "127.0.0.1", "[::1]", "a b", ""])
MARKS = st.sampled_from(
    ["", ".", "/", "\\", "@", "#", "?", ":", "%2f", "\n", "\0", "\uff41", "//", ".."]
)
WORDS = st.lists(HOSTS | MARKS | st.text(max_size=3), max_size=6).map("".join)


@settings(max_examples=300)
@given(st.builds("{}{}".format, st.sampled_from(["", "https://", "http://"]), WORDS))
@example("acme.gorgias.com.evil.example")
@example("evil.example/.gorgias.com")
@example("acme@evil.example")
def test_a_domain_leads_to_gorgias_or_nowhere(domain: str) -> None:
    try:
        chosen = Settings.from_mapping(KEY | {"domain": domain})
    except SettingsError:
        return
    for url in (chosen.api_url, chosen.token_url, chosen.authorize_url):
        parts = urlsplit(url)
        assert parts.scheme == "https"
        label, _, rest = parts.netloc.partition(".")
        assert rest == "gorgias.com"
        assert label.replace("-", "").isalnum()
        assert label.isascii()


@many
@given(path=st.builds("{}{}".format, st.sampled_from(["", "/", "/api/", "//"]), WORDS))
@example("/api/@evil.example/x")
@example("//evil.example/api/x")
@example("/api/%2e%2e/oauth/token")
@example("/api/\\evil.example")
def test_a_path_stays_below_the_api(places: Places, path: str) -> None:
    places.forget()
    places.point(200, [], tokens=False)
    with connected(places.api, max_retries=1) as client, suppress(GorgiasError):
        client.request("GET", path)
    assert len(places.api.asked) <= 1
    for asked in places.api.asked:
        assert asked.target.startswith("/api/")
        assert ".." not in asked.target.partition("?")[0].replace("%2e", ".").split("/")
        assert asked.headers["Host"] == urlsplit(places.api.url).netloc
    assert [other.asked for other in places.others] == [[], []]


HEADER = st.text(st.characters(max_codepoint=300), max_size=12)
NAMES = st.sampled_from(["X-Own", "Authorization", "AUTHORIZATION", "Cookie"]) | HEADER


@many
@given(name=NAMES, value=HEADER | HEADER.map("x\r\nX-Planted: {}".format))
@example("X-Own", "x\r\nAuthorization: Basic planted")
@example("authorization", "Basic planted")
def test_a_header_stays_one_header_and_never_replaces_the_credentials(
    places: Places, name: str, value: Any
) -> None:
    places.forget()
    places.point(200, [], tokens=False)
    told = ""
    with connected(places.api, max_retries=1) as client:
        try:
            client.request("GET", "/api/tickets", headers={name: value})
        except GorgiasError as error:
            told = str(error)
    assert "\n" not in told
    assert len(value.strip()) < 4 or value not in told
    for asked in places.api.asked:
        assert asked.headers.get_all("Authorization") == [f"Basic {SECRETS[1]}"]
        assert "X-Planted" not in asked.headers
    assert len(places.api.asked) <= 1
