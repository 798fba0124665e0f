"""`gorgias login`: a person lets the app in, and everything works from the store from then on."""

from __future__ import annotations

import json
import re
import socket
import stat
import subprocess
import sys
import webbrowser
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from gorgias_api import Client, LoginError, Settings
from gorgias_api.login import Login
from tap_gorgias.output import LineWriter
from tap_gorgias.tap import TapGorgias
from target_gorgias.target import TargetGorgias
from tests.api.command import Ended, Gorgias
from tests.api.server import Reply, refusal, reply
from tests.support import Output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gorgias_sandbox.serve import Sandbox
    from tests.api.clock import ManualClock
    from tests.api.server import Server

APP = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
REDIRECT = "https://app.example.com/done"


class Browser:
    """Opens the address it is told, as `visit` decides, and remembers the pages it saw."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.pages: list[requests.Response] = []
        self.visit: Callable[[str], requests.Response | None] = lambda address: requests.get(
            address, timeout=10
        )
        self._threads: list[Thread] = []

    def open(self, address: str) -> bool:
        self.opened.append(address)
        thread = Thread(target=self._visit, args=(address,))
        thread.start()
        self._threads.append(thread)
        return True

    def _visit(self, address: str) -> None:
        page = self.visit(address)
        if page is not None:
            self.pages.append(page)

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    @property
    def asked(self) -> dict[str, str]:
        """The query of the address that was opened last."""
        return query_of(self.opened[-1])


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    browser = Browser()
    monkeypatch.setattr(webbrowser, "open", browser.open)
    yield browser
    browser.join()


@pytest.fixture
def given_settings(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    return APP | {"api_url": sandbox.api_url, "token_store": str(tmp_path / "tokens.json")}


@pytest.fixture
def gorgias(given_settings: dict[str, str]) -> Gorgias:
    return Gorgias(None, **given_settings)


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def coming_back(**answer: str) -> Callable[[str], requests.Response]:
    """A person whom Gorgias sends back with this answer; `state` is the right one unless given."""

    def visit(address: str) -> requests.Response:
        asked = query_of(address)
        said = urlencode({"state": asked["state"]} | answer)
        return requests.get(f"{asked['redirect_uri']}?{said}", timeout=10)

    return visit


def stored(tmp_path: Path) -> dict[str, Any]:
    tokens: dict[str, Any] = json.loads((tmp_path / "tokens.json").read_text())
    return tokens


def test_after_the_login_everything_works_from_the_store(
    gorgias: Gorgias, given_settings: dict[str, str], browser: Browser, tmp_path: Path
) -> None:
    ended = gorgias("login")
    browser.join()
    assert ended.code == 0
    assert ended.out == f"Logged in; the tokens are kept in {tmp_path}/tokens.json.\n"
    assert browser.opened[0] in ended.err
    assert "Gorgias has answered" in browser.pages[0].text
    assert stat.S_IMODE((tmp_path / "tokens.json").stat().st_mode) == 0o600
    tokens = stored(tmp_path)
    for secret in (tokens["access_token"], tokens["refresh_token"], APP["client_secret"]):
        assert secret not in ended.out + ended.err + browser.pages[0].text
    assert gorgias("account").json["domain"] == "acme"
    output = Output()
    tap = TapGorgias(config=dict(given_settings), message_writer=LineWriter(output))
    for name, stream in tap.streams.items():
        stream.selected = name == "account"
    tap.sync_all()
    assert len(output.records["account"]) == 1
    assert TargetGorgias(config=dict(given_settings)).config["client_id"] == APP["client_id"]


def test_the_address_asks_for_all_that_the_flow_needs(gorgias: Gorgias, browser: Browser) -> None:
    gorgias("login")
    first = browser.asked
    assert first.keys() == {
        "response_type",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
    }
    assert (first["response_type"], first["client_id"]) == ("code", APP["client_id"])
    assert first["scope"] == "openid profile email write:all offline"
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/callback", first["redirect_uri"])
    gorgias("login")
    assert not {first["state"], first["nonce"]} & set(browser.asked.values())


def test_the_next_refresh_comes_from_the_store(
    open_sandbox: Callable[..., Sandbox],
    given_settings: dict[str, str],
    browser: Browser,
    tmp_path: Path,
) -> None:
    sandbox = open_sandbox(tickets=5)
    gorgias = Gorgias(None, **given_settings | {"api_url": sandbox.api_url})
    assert gorgias("login").code == 0
    before = stored(tmp_path)
    (tmp_path / "tokens.json").write_text(json.dumps(before | {"expires_at": 1.0}))
    assert gorgias("account").code == 0
    assert stored(tmp_path)["refresh_token"] != before["refresh_token"]
    assert len(browser.opened) == 1


def test_a_login_wins_over_the_refresh_token_of_the_settings(
    gorgias: Gorgias, browser: Browser
) -> None:
    old = {"GORGIAS_REFRESH_TOKEN": "used up long ago"}
    assert gorgias("account", **old).code == 2
    assert gorgias("login", **old).code == 0
    assert gorgias("account", **old).code == 0
    assert gorgias("account").code == 0
    assert len(browser.opened) == 1


def test_an_answer_to_another_login_is_not_taken(
    gorgias: Gorgias, browser: Browser, sandbox: Sandbox, tmp_path: Path
) -> None:
    browser.visit = coming_back(code="stolen", state="another")
    ended = gorgias("login", "--timeout", "0.5")
    browser.join()
    assert ended.code == 1
    assert browser.pages[0].status_code == 400
    assert "This is not the answer" in browser.pages[0].text
    assert [seen.path for seen in sandbox.requests] == []
    assert not (tmp_path / "tokens.json").exists()


def test_a_person_who_says_no_is_one_sentence_here_and_in_the_browser(
    gorgias: Gorgias, browser: Browser
) -> None:
    browser.visit = coming_back(
        error="access_denied", error_description="<b>jane@example.com</b>\nsaid\x1b[31m no"
    )
    ended = gorgias("login")
    browser.join()
    sentence = "Gorgias did not grant access (access_denied: <b>***@***</b>\\nsaid\\x1b[31m no)."
    assert ended.code == 1
    assert ended.err.endswith(f"\ngorgias: {sentence}\n")
    assert "&lt;b&gt;***@***" in browser.pages[0].text
    assert "<b>" not in browser.pages[0].text


def test_whoever_asks_for_something_else_does_not_end_the_wait(
    gorgias: Gorgias, browser: Browser
) -> None:
    def visit(address: str) -> requests.Response:
        redirect = urlsplit(query_of(address)["redirect_uri"])
        icon = requests.get(f"http://{redirect.netloc}/favicon.ico", timeout=10)
        assert icon.status_code == 404
        return requests.get(address, timeout=10)

    browser.visit = visit
    assert gorgias("login").code == 0


def test_the_page_is_kept_nowhere(gorgias: Gorgias, browser: Browser) -> None:
    gorgias("login")
    browser.join()
    headers = browser.pages[0].headers
    assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")


def test_a_registered_address_of_this_machine_is_listened_on(
    gorgias: Gorgias, browser: Browser, free_port: int
) -> None:
    redirect = f"http://localhost:{free_port}/own/path"
    assert gorgias("login", "--redirect-uri", redirect).code == 0
    assert browser.asked["redirect_uri"] == redirect


def test_a_port_may_be_chosen(gorgias: Gorgias, browser: Browser, free_port: int) -> None:
    assert gorgias("login", "--port", free_port).code == 0
    assert browser.asked["redirect_uri"] == f"http://127.0.0.1:{free_port}/callback"


def pasted(given: dict[str, str], *options: str, answer: Callable[[str], str]) -> Ended:
    """Log in, and paste what `answer` makes of the address that is shown."""
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
    command = "from gorgias_api.cli import main; main()"
    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-c", command, *flags, "login", "--no-browser", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        shown = "".join(process.stderr.readline() for _ in range(4))
        process.stdin.write(f"{answer(shown.split()[-1])}\n")
        process.stdin.close()
        shown += process.stderr.read()
        return Ended(process.wait(), process.stdout.read(), shown)


def location(address: str) -> str:
    """Where Gorgias sends the person who opens the address."""
    answer = requests.get(address, allow_redirects=False, timeout=10)
    return answer.headers["Location"]


@pytest.mark.parametrize(
    "options", [["--paste"], ["--timeout", "0.01"], ["--redirect-uri", REDIRECT]]
)
def test_where_nobody_comes_back_the_address_is_pasted(
    given_settings: dict[str, str], tmp_path: Path, options: list[str]
) -> None:
    ended = pasted(given_settings, *options, answer=location)
    assert ended.code == 0
    assert "Paste the whole address" in ended.err
    assert stored(tmp_path)["refresh_token"] not in ended.out + ended.err


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (lambda address: location(address).replace("state=", "state=x"), "answers another login"),
        (lambda address: location(address).partition("&state")[0], "answers another login"),
        (lambda address: query_of(location(address))["code"], "it has no 'code'"),
        (lambda _: "https://[::1", "it has no 'code'"),
        (lambda _: "https://app.example.com/?error=access_denied", "answers another login"),
        (
            lambda address: f"{REDIRECT}?error=access_denied&state={query_of(address)['state']}",
            "grant access (access_denied).",
        ),
    ],
)
def test_a_wrong_address_is_one_sentence(
    given_settings: dict[str, str],
    tmp_path: Path,
    answer: Callable[[str], str],
    complaint: str,
) -> None:
    ended = pasted(given_settings, "--paste", answer=answer)
    assert ended.code == 1
    assert complaint in ended.err
    assert "Traceback" not in ended.err
    assert not (tmp_path / "tokens.json").exists()


def test_nobody_at_all_is_one_sentence(gorgias: Gorgias, browser: Browser) -> None:
    browser.visit = lambda _: None
    ended = gorgias("login", "--timeout", "0.01")
    assert ended.code == 1
    assert ended.err.endswith(
        "\ngorgias: The login was not finished: nobody came back from Gorgias.\n"
    )


def test_a_wrong_secret_is_one_sentence(
    gorgias: Gorgias, browser: Browser, sandbox: Sandbox, tmp_path: Path
) -> None:
    ended = gorgias("login", GORGIAS_CLIENT_SECRET="wr0ng")
    assert ended.code == 1
    assert ended.err.endswith(
        f"\ngorgias: Gorgias refused the login (401 from {sandbox.url}/oauth/token): check "
        "'client_id', 'client_secret' and the redirect address of the app.\n"
    )
    assert "wr0ng" not in ended.err
    assert browser.opened
    assert not (tmp_path / "tokens.json").exists()


def test_a_login_that_gets_no_refresh_token_says_how_long_it_holds(
    gorgias: Gorgias, browser: Browser, tmp_path: Path
) -> None:
    ended = gorgias("--scopes", "tickets:read", "login")
    assert ended.code == 0
    assert "add the scope 'offline'" in ended.err
    assert stored(tmp_path)["refresh_token"] is None
    assert browser.asked["scope"] == "tickets:read"


def test_a_token_endpoint_in_trouble_is_asked_again(
    server: Server, clock: ManualClock, tmp_path: Path
) -> None:
    server.replies.extend([refusal(503), reply({"access_token": "t0ken"})])
    given = APP | {"api_url": f"{server.url}/api", "token_store": str(tmp_path / "tokens.json")}
    login = Login(settings=Settings.from_mapping(given), redirect_uri=REDIRECT)
    assert login.finish("c0de", clock).access_token == "t0ken"
    forms = [query_of(f"?{asked.body.decode()}") for asked in server.asked]
    form = {"grant_type": "authorization_code", "code": "c0de", "redirect_uri": REDIRECT}
    assert forms == [form | {"code_verifier": login.verifier}] * 2


def test_an_app_that_must_name_itself_in_the_form_does(
    server: Server, browser: Browser, tmp_path: Path
) -> None:
    browser.visit = coming_back(code="c0de")
    server.replies.extend(
        [Reply(401, b'{"error": "invalid_client"}'), reply({"access_token": "t"})]
    )
    given = APP | {"api_url": f"{server.url}/api", "token_store": str(tmp_path / "tokens.json")}
    assert Gorgias(None, **given)("login").code == 0
    in_header, in_form = server.asked
    assert in_header.headers["Authorization"].startswith("Basic ")
    assert in_form.headers["Authorization"] is None
    assert APP.items() <= query_of(f"?{in_form.body.decode()}").items()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--redirect-uri", "nowhere"], "The redirect address is none"),
        (["--redirect-uri", "http://localhost:99999/"], "is none, or contradicts '--port'"),
        (["--redirect-uri", "http://localhost:81/", "--port", "82"], "contradicts '--port'"),
    ],
)
def test_a_redirect_that_is_none_is_a_mistake(
    gorgias: Gorgias, browser: Browser, arguments: list[str], complaint: str
) -> None:
    ended = gorgias("login", *arguments)
    assert ended.code == 2
    assert complaint in ended.err
    assert browser.opened == []


def test_a_port_that_is_taken_is_a_mistake(gorgias: Gorgias, browser: Browser) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = gorgias("login", "--port", port)
    assert ended == (
        2,
        "",
        f"gorgias: Port {port} of this machine cannot be listened on (Address already in use).\n",
    )
    assert browser.opened == []


def test_a_login_without_an_app_is_a_mistake(sandbox: Sandbox, browser: Browser) -> None:
    ended = Gorgias(None, api_url=sandbox.api_url, access_token="t0ken")("login")
    assert ended == (
        2,
        "",
        "gorgias: A login needs the settings 'client_id' and 'client_secret' of the app.\n",
    )
    assert browser.opened == []


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@given(st.text() | st.builds("?code={}&state={}".format, st.text(), st.text()))
def test_nothing_but_the_own_state_is_taken(address: str) -> None:
    settings = Settings.from_mapping(APP | {"domain": "acme"})
    login = Login(settings=settings, redirect_uri=REDIRECT)
    assert login.code(f"{REDIRECT}?code=c&state={login.state}") == "c"
    assert login.state not in repr(login)
    with pytest.raises(LoginError):
        login.code(address)


def test_a_login_in_python_ends_in_a_client(
    given_settings: dict[str, str], sandbox: Sandbox
) -> None:
    settings = Settings.from_mapping(given_settings)
    with Client(settings) as client:
        login = Login(settings=settings, redirect_uri=REDIRECT)
        login.finish(login.code(location(login.address)), client.clock)
        assert client.request("GET", "/api/account")["domain"] == sandbox.backend.options.domain
