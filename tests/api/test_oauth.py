"""OAuth2 goes on by itself, across threads, processes and kills; and says when it cannot."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from gorgias_api import AnswerError, GorgiasError, SettingsError, TransportError, UnauthorizedError
from tests.api.conftest import OAUTH
from tests.api.server import Asked, Reply, refusal, reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gorgias_api import Client
    from gorgias_sandbox.serve import Sandbox
    from tests.api.clock import ManualClock
    from tests.api.conftest import Connect
    from tests.api.server import Server

REFUSED = {"error": "invalid_grant"}


class Login:
    """A server that rotates refresh tokens: each works once."""

    def __init__(self, server: Server) -> None:
        self.refresh = OAUTH["refresh_token"]
        self.access = "none yet"
        self.refreshes = 0
        self.signed: list[str] = []
        self.before_answer: Callable[[], None] = lambda: None
        self.before_token: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        server.answer = self._answer

    def _answer(self, asked: Asked) -> Reply:
        if asked.target == "/oauth/token":
            with self._lock:
                return self._token(asked)
        self.signed.append(asked.headers["Authorization"])
        self.before_answer()
        accepted = asked.headers["Authorization"] == f"Bearer {self.access}"
        return reply({"id": 1}) if accepted else refusal(401)

    def _token(self, asked: Asked) -> Reply:
        client = b64encode(f"{OAUTH['client_id']}:{OAUTH['client_secret']}".encode()).decode()
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        known = asked.headers["Authorization"] == f"Basic {client}"
        if not known or form != {"grant_type": "refresh_token", "refresh_token": self.refresh}:
            return reply(REFUSED, 400)
        self.refreshes += 1
        self.before_token()
        self.access, self.refresh = f"access-{self.refreshes}", f"refresh-{self.refreshes}"
        return reply(
            {"access_token": self.access, "refresh_token": self.refresh, "expires_in": 3600}
        )


@pytest.fixture
def login(server: Server) -> Login:
    return Login(server)


def get(client: Client) -> Any:
    return client.request("GET", "/api/account")


def stored(tmp_path: Path) -> dict[str, Any]:
    tokens: dict[str, Any] = json.loads((tmp_path / "tokens.json").read_text())
    return tokens


def test_the_first_request_gets_a_token_and_the_next_ones_use_it(
    connect: Connect, server: Server, login: Login
) -> None:
    client = connect(server.url, **OAUTH)
    assert get(client) == get(client) == {"id": 1}
    assert login.refreshes == 1
    assert login.signed == ["Bearer access-1"] * 2


def test_a_token_is_renewed_a_minute_before_it_ends(
    connect: Connect, server: Server, login: Login, clock: ManualClock
) -> None:
    client = connect(server.url, **OAUTH)
    get(client)
    clock.advance(3600 - 61)
    get(client)
    assert login.refreshes == 1
    clock.advance(2)
    get(client)
    assert login.signed[-1] == "Bearer access-2"


def test_a_token_that_is_refused_is_renewed_and_the_request_sent_again(
    connect: Connect, server: Server, login: Login
) -> None:
    client = connect(server.url, **OAUTH)
    get(client)
    login.access = "another"
    assert client.request("POST", "/api/tickets", data={}) == {"id": 1}
    assert login.refreshes == 2


def test_a_token_that_is_refused_right_after_its_renewal_is_an_error(
    connect: Connect, server: Server, login: Login
) -> None:
    def spoil() -> None:
        login.access = "another"

    login.before_answer = spoil
    with pytest.raises(UnauthorizedError):
        get(connect(server.url, **OAUTH))
    assert login.refreshes == 2


def test_a_rotated_refresh_token_is_on_disk_before_its_access_token_is_used(
    connect: Connect, server: Server, login: Login, tmp_path: Path
) -> None:
    seen: list[dict[str, Any]] = []
    login.before_answer = lambda: seen.append(stored(tmp_path))
    get(connect(server.url, **OAUTH))
    assert [(each["access_token"], each["refresh_token"]) for each in seen] == [
        ("access-1", "refresh-1")
    ]
    assert (tmp_path / "tokens.json").stat().st_mode & 0o777 == 0o600


def test_the_next_run_starts_from_the_store(connect: Connect, server: Server, login: Login) -> None:
    get(connect(server.url, **OAUTH))
    get(connect(server.url, **OAUTH))
    assert login.refreshes == 1


def test_the_next_run_may_be_without_a_refresh_token(
    connect: Connect, server: Server, login: Login, clock: ManualClock
) -> None:
    get(connect(server.url, **OAUTH))
    clock.advance(7200)
    without = {name: OAUTH[name] for name in ("client_id", "client_secret")}
    assert get(connect(server.url, **without)) == {"id": 1}
    assert login.refreshes == 2


def test_another_process_with_a_stale_token_takes_the_newer_one_from_the_store(
    connect: Connect, server: Server, login: Login, clock: ManualClock
) -> None:
    one, other = connect(server.url, **OAUTH), connect(server.url, **OAUTH)
    get(one)
    get(other)
    clock.advance(3590)
    get(one)
    assert get(other) == {"id": 1}
    login.access = "another"
    get(other)
    assert get(one) == {"id": 1}
    assert login.refreshes == 3


def test_threads_that_meet_a_refused_token_together_renew_it_once(
    connect: Connect, server: Server, login: Login
) -> None:
    client = connect(server.url, **OAUTH)
    get(client)
    login.access = "another"
    together = threading.Barrier(4, timeout=10)
    refused = iter(range(4))

    def meet() -> None:
        if next(refused, None) is not None:
            together.wait()

    login.before_answer = meet
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: get(client), range(4))) == [{"id": 1}] * 4
    assert login.refreshes == 2


def test_two_processes_that_refresh_at_the_same_moment_both_go_on(
    connect: Connect, server: Server, login: Login
) -> None:
    clients = [connect(server.url, **OAUTH) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(get, clients)) == [{"id": 1}] * 2
    assert login.refreshes == 1


def test_a_new_login_in_the_settings_wins_over_the_store(
    connect: Connect, server: Server, login: Login
) -> None:
    get(connect(server.url, **OAUTH))
    login.refresh = "from-a-new-login"
    get(connect(server.url, **OAUTH | {"refresh_token": "from-a-new-login"}))
    assert login.signed == ["Bearer access-1", "Bearer access-2"]


def test_the_refresh_token_stays_when_the_answer_brings_none(
    connect: Connect, server: Server, tmp_path: Path, clock: ManualClock
) -> None:
    server.answer = lambda _: reply({"access_token": "access"})
    client = connect(server.url, **OAUTH)
    get(client)
    assert stored(tmp_path)["refresh_token"] == OAUTH["refresh_token"]
    assert stored(tmp_path)["expires_at"] == clock.now().timestamp() + 3600


def test_a_refused_login_is_one_sentence(connect: Connect, server: Server, login: Login) -> None:
    login.refresh = "another"
    with pytest.raises(SettingsError) as caught:
        get(connect(server.url, **OAUTH))
    assert str(caught.value) == (
        f"Gorgias refused to renew the OAuth2 token (400 from {server.url}/oauth/token): check "
        "'client_id' and 'client_secret', and log in again with `gorgias login`."
    )
    assert len(server.asked) == 1


def test_an_access_token_is_enough_until_it_ends(
    connect: Connect, server: Server, login: Login
) -> None:
    login.access = "given"
    client = connect(server.url, access_token="given")
    assert get(client) == {"id": 1}
    login.access = "another"
    with pytest.raises(UnauthorizedError):
        get(client)


def test_an_access_token_of_the_settings_is_used_first_and_renewed_when_refused(
    connect: Connect, server: Server, login: Login
) -> None:
    client = connect(server.url, access_token="given", **OAUTH)
    assert get(client) == {"id": 1}
    assert login.signed == ["Bearer given", "Bearer access-1"]


def test_without_any_token_the_sentence_says_to_log_in(connect: Connect, server: Server) -> None:
    without = {name: OAUTH[name] for name in ("client_id", "client_secret")}
    with pytest.raises(SettingsError, match="log in again"):
        get(connect(server.url, **without))
    assert not server.asked


@pytest.mark.parametrize("trouble", [refusal(503), Reply(lost=True), refusal(429, Retry_After="1")])
def test_a_token_endpoint_in_trouble_is_asked_again(
    connect: Connect, server: Server, clock: ManualClock, trouble: Reply
) -> None:
    server.replies.extend([trouble, trouble, reply({"access_token": "access"})])
    assert get(connect(server.url, **OAUTH)) == {}
    assert len(clock.waits) == 2


@pytest.mark.parametrize("trouble", [refusal(503), Reply(lost=True)])
def test_a_token_endpoint_that_stays_in_trouble_is_an_error_without_secrets(
    connect: Connect, server: Server, trouble: Reply
) -> None:
    server.answer = lambda _: trouble
    with pytest.raises(GorgiasError) as caught:
        get(connect(server.url, max_retries=1, **OAUTH))
    assert not isinstance(caught.value, SettingsError)
    assert "/oauth/token" in str(caught.value)
    assert not any(secret in str(caught.value) for secret in OAUTH.values())


@pytest.mark.parametrize(
    "answer",
    [
        Reply(200, b"<html>"),
        reply({"token_type": "Bearer"}),
        reply([]),
        reply({"access_token": 5}),
    ],
)
def test_a_token_endpoint_that_answers_nonsense_is_an_answer_error(
    connect: Connect, server: Server, answer: Reply
) -> None:
    server.answer = lambda _: answer
    with pytest.raises(AnswerError):
        get(connect(server.url, max_retries=1, **OAUTH))


def test_a_token_endpoint_that_is_not_there_is_a_transport_error(
    connect: Connect, unused_url: str, server: Server
) -> None:
    client = connect(server.url, max_retries=1, token_url=f"{unused_url}/oauth/token", **OAUTH)
    with pytest.raises(
        TransportError, match=r"oauth/token could not be sent: no connection to 127.0.0.1"
    ):
        get(client)


def test_a_token_may_be_pasted_with_the_end_of_its_line(
    connect: Connect, server: Server, login: Login
) -> None:
    login.access = "given"
    assert get(connect(server.url, access_token="given\n")) == {"id": 1}


@pytest.mark.parametrize("token", ["t0k\nen", "t0k\r\nX-Other: 1", "t0k…"])
def test_a_token_that_no_header_can_hold_is_one_error_that_does_not_show_it(
    connect: Connect, server: Server, token: str
) -> None:
    with pytest.raises(GorgiasError) as caught:
        get(connect(server.url, access_token=token))
    assert "t0k" not in str(caught.value)
    assert not server.asked


def test_the_sandbox_s_rotating_tokens_last_through_many_lives(
    connect: Connect, sandbox: Sandbox, clock: ManualClock
) -> None:
    options = sandbox.backend.options
    given = {name: getattr(options, name) for name in OAUTH}
    for _ in range(3):
        for client in [connect(sandbox.url, **given) for _ in range(2)]:
            assert get(client)["domain"] == "acme"
        clock.advance(options.token_lifetime)
    refreshes = [seen for seen in sandbox.requests if seen.path == "/oauth/token"]
    assert [seen.status for seen in refreshes] == [200] * 3


ASKING = """
import json, sys
from gorgias_api import Client, Settings
from tests.api.clock import ManualClock

clock = ManualClock()
with Client(Settings.from_mapping(json.loads(sys.argv[1])), clock) as client:
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(int(sys.argv[2])):
        client.request("GET", "/api/account")
        clock.advance(3600)  # the life of a token
"""


@contextmanager
def asking(given: dict[str, Any], times: int) -> Iterator[subprocess.Popen[str]]:
    """A process of its own that asks for the account when it is told to."""
    command = [sys.executable, "-c", ASKING, json.dumps(given), str(times)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:  # noqa: S603 - our own
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process


def begin(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


def test_two_processes_that_refresh_a_rotating_token_at_once_both_go_on(
    open_sandbox: Callable[..., Sandbox], tmp_path: Path
) -> None:
    sandbox = open_sandbox(tickets=5)
    given = {name: getattr(sandbox.backend.options, name) for name in OAUTH}
    given |= {"api_url": sandbox.api_url, "token_store": str(tmp_path / "tokens.json")}
    with asking(given, 10) as one, asking(given, 10) as other:
        for process in (one, other):
            begin(process)
        for process in (one, other):
            _, errors = process.communicate(timeout=60)
            assert (process.returncode, errors) == (0, "")
    refreshes = [seen.status for seen in sandbox.requests if seen.path == "/oauth/token"]
    assert set(refreshes) == {200}
    assert 10 <= len(refreshes) <= 20


@pytest.mark.parametrize("still_taken", [True, False])
def test_a_kill_between_refresh_and_store_leaves_the_old_token_to_be_tried(
    connect: Connect, server: Server, login: Login, tmp_path: Path, *, still_taken: bool
) -> None:
    given = OAUTH | {"api_url": f"{server.url}/api", "token_store": str(tmp_path / "tokens.json")}
    with asking(given, 1) as process:
        login.before_token = process.kill
        begin(process)
        process.communicate(timeout=60)
    assert login.refreshes == 1
    login.before_token = lambda: None
    if still_taken:
        login.refresh = OAUTH["refresh_token"]
        assert get(connect(server.url, **OAUTH)) == {"id": 1}
    else:
        with pytest.raises(SettingsError, match="log in again with `gorgias login`"):
            get(connect(server.url, **OAUTH))


def test_ctrl_c_in_the_middle_of_a_refresh_loses_no_token(
    server: Server, login: Login, tmp_path: Path
) -> None:
    given = OAUTH | {"api_url": f"{server.url}/api", "token_store": str(tmp_path / "tokens.json")}
    with asking(given, 1) as process:

        def interrupt() -> None:
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.3)  # whoever does not wait for the answer is gone by then

        login.before_token = interrupt
        begin(process)
        _, errors = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in errors
    assert stored(tmp_path)["refresh_token"] == login.refresh == "refresh-1"


def test_a_store_that_cannot_take_the_new_token_is_noticed_before_the_old_one_is_used_up(
    connect: Connect, server: Server, tmp_path: Path
) -> None:
    # Long enough for the name of a file, too long for one next to it.
    with pytest.raises(
        SettingsError, match=r"'token_store' \(.*\) cannot be used: File name too long"
    ):
        get(connect(server.url, **OAUTH, token_store=str(tmp_path / ("t" * 245))))
    assert server.asked == []


def test_an_app_that_must_name_itself_in_the_form_does(connect: Connect, server: Server) -> None:
    server.replies.extend([reply({"error": "invalid_client"}, 401), reply({"access_token": "t"})])
    assert get(connect(server.url, **OAUTH)) == {}
    in_header, in_form, _ = server.asked
    assert in_header.headers["Authorization"].startswith("Basic ")
    assert in_form.headers["Authorization"] is None
    form = {name: values[0] for name, values in parse_qs(in_form.body.decode()).items()}
    assert form == {"grant_type": "refresh_token"} | OAUTH
