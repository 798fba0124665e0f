"""Who may enter, and how often (sections 1.3, 1.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from gorgias_sandbox.limits import LeakyBucket

if TYPE_CHECKING:
    from collections.abc import Callable

    from gorgias_sandbox.serve import Sandbox

    Ask = Callable[..., requests.Response]

LIMIT = "X-Gorgias-Account-Api-Call-Limit"
REDIRECT = "https://app.example.com/done"


def token(desk: Sandbox, **form: str) -> requests.Response:
    client = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
    return requests.post(f"{desk.url}/oauth/token", data={**client, **form}, timeout=10)


def refreshed(desk: Sandbox, refresh_token: str) -> requests.Response:
    return token(desk, grant_type="refresh_token", refresh_token=refresh_token)


def with_token(desk: Sandbox, access_token: str, path: str = "/tags") -> requests.Response:
    headers = {"Authorization": f"Bearer {access_token}"}
    return requests.get(f"{desk.api_url}{path}", headers=headers, timeout=10)


def code(desk: Sandbox, **query: str) -> requests.Response:
    asked = {
        "response_type": "code",
        "client_id": "sandbox-client",
        "redirect_uri": REDIRECT,
        "scope": "tags:read offline openid",
        "state": "s1",
        **query,
    }
    url = f"{desk.url}/oauth/authorize"
    return requests.get(url, params=asked, allow_redirects=False, timeout=10)


@pytest.mark.parametrize(
    "auth",
    [("agent@acme.example", "wrong"), ("other@acme.example", "sandbox-key"), None],
)
def test_wrong_credentials_are_refused(desk: Sandbox, auth: Any) -> None:
    answer = requests.get(f"{desk.api_url}/tags", auth=auth, timeout=10)
    assert answer.status_code == 401
    assert answer.json()["error"]["msg"]


@pytest.mark.parametrize("header", ["Basic !!!", "Basic /w==", "Bearer nothing", "Magic x"])
def test_a_strange_authorization_is_refused(desk: Sandbox, header: str) -> None:
    headers = {"Authorization": header}
    assert requests.get(f"{desk.api_url}/tags", headers=headers, timeout=10).status_code == 401


def test_a_code_becomes_tokens_once(desk: Sandbox) -> None:
    answer = code(desk)
    assert answer.status_code == 302
    target = urlsplit(answer.headers["location"])
    query = {name: values[0] for name, values in parse_qs(target.query).items()}
    assert query["state"] == "s1"
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code": query["code"]}
    tokens = token(desk, **form).json()
    assert tokens["scope"] == "tags:read offline openid"
    assert {"refresh_token", "id_token", "expires_in"} <= tokens.keys()
    assert with_token(desk, tokens["access_token"]).status_code == 200
    refused = with_token(desk, tokens["access_token"], "/tickets")
    assert refused.status_code == 403
    assert refused.json()["error"]["msg"] == (
        "You do not have enough permissions to perform this action. Missing scope: tickets:read."
    )
    assert token(desk, **form).json() == {"error": "invalid_grant"}


def test_a_refresh_token_works_once_and_brings_the_next(desk: Sandbox) -> None:
    first = refreshed(desk, "sandbox-refresh-token").json()
    assert refreshed(desk, "sandbox-refresh-token").status_code == 400
    second = refreshed(desk, first["refresh_token"]).json()
    assert second["access_token"] != first["access_token"]
    assert with_token(desk, second["access_token"]).status_code == 200


def test_an_access_token_expires(desk: Sandbox) -> None:
    tokens = desk.backend.access.issue("tags:read")
    assert "refresh_token" not in tokens
    desk.clock.advance(tokens["expires_in"] - 1)
    assert with_token(desk, tokens["access_token"]).status_code == 200
    desk.clock.advance(1)
    assert with_token(desk, tokens["access_token"]).status_code == 401


def test_the_token_endpoint_wants_the_right_client(desk: Sandbox) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh-token"}
    url = f"{desk.url}/oauth/token"
    wrong = requests.post(url, data=form, auth=("sandbox-client", "guess"), timeout=10)
    assert (wrong.status_code, wrong.json()) == (401, {"error": "invalid_client"})
    right = requests.post(url, data=form, auth=("sandbox-client", "sandbox-secret"), timeout=10)
    assert right.status_code == 200
    assert token(desk, grant_type="password").json() == {"error": "unsupported_grant_type"}


def test_authorization_wants_the_code_flow_of_the_known_app(desk: Sandbox) -> None:
    assert code(desk, response_type="token").json() == {"error": "invalid_request"}
    assert code(desk, client_id="other").status_code == 401


def test_the_events_of_an_app_name_its_bot(desk: Sandbox, ask: Ask) -> None:
    access_token = desk.backend.access.issue()["access_token"]
    headers = {"Authorization": f"Bearer {access_token}"}
    url = f"{desk.api_url}/tags"
    requests.post(url, json={"name": "by the app"}, headers=headers, timeout=10)
    event = ask("GET", "/events?types=tag-created&limit=1").json()["data"][0]
    assert desk.world.tables["users"][event["user_id"]]["role"] == {"name": "bot"}
    assert ask("GET", "/users/0").json()["role"] == {"name": "admin"}


def test_the_bucket_holds_forty_and_drains_in_twenty_seconds(desk: Sandbox, ask: Ask) -> None:
    desk.backend.change(rate_limit=40)
    used = [ask("GET", "/teams").headers[LIMIT] for _ in range(40)]
    assert used[0] == "1/40"
    assert used[-1] == "40/40"
    refused = ask("GET", "/teams")
    assert refused.status_code == 429
    assert refused.headers[LIMIT] == "40/40"
    assert refused.headers["Retry-after"] == "1"
    desk.clock.advance(int(refused.headers["Retry-after"]))
    assert [ask("GET", "/teams").status_code for _ in range(3)] == [200, 200, 429]
    desk.clock.advance(20)
    assert ask("DELETE", "/tags/1").headers[LIMIT] == "1/40"


def test_an_app_has_twice_as_many_in_the_same_bucket(desk: Sandbox, ask: Ask) -> None:
    desk.backend.change(rate_limit=40)
    access_token = desk.backend.access.issue()["access_token"]
    for _ in range(3):
        ask("GET", "/teams")
    assert with_token(desk, access_token).headers[LIMIT] == "4/80"


def test_without_a_limit_nothing_is_said_about_it(ask: Ask) -> None:
    assert LIMIT not in ask("GET", "/teams").headers


def test_whoever_waits_as_told_gets_through() -> None:
    bucket = LeakyBucket()
    now = 1000.0
    for _ in range(200):
        wait = bucket.pour(3, 7.0, now)
        if wait:
            now += wait
            assert bucket.pour(3, 7.0, now) == 0
