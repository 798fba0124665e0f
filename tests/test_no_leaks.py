"""A whole run, as loud as it can be: its log holds no credential and no person."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

from gorgias_sandbox.options import Options
from gorgias_sandbox.serve import Sandbox, serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OPTIONS = Options(tickets=30, rate_limit=None, oauth_rate_limit=None)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with serve(OPTIONS) as sandbox:
        yield sandbox


def run(tmp_path: Path, settings: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    config = tmp_path / "config.json"
    config.write_text(json.dumps(settings))
    ended = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "tap_gorgias", "--config", str(config)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"LOGLEVEL": "DEBUG"},
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    return ended


def people(sandbox: Sandbox) -> set[str]:
    tables = (sandbox.world.tables[name] for name in ("customers", "users"))
    return {row["email"] for table in tables for row in table if row["email"]}


def assert_quiet(log: str, secrets: set[str], emails: set[str]) -> None:
    assert emails
    assert not [secret for secret in secrets if secret in log]
    lowered = log.lower()
    assert not [email for email in emails if email.lower() in lowered]
    assert not [email for email in emails if email.lower().replace("@", "%40") in lowered]


@pytest.mark.parametrize("debug", [False, True], ids=["quiet", "debug_requests"])
def test_the_log_of_a_run_with_an_api_key_leaks_nothing(
    sandbox: Sandbox, tmp_path: Path, *, debug: bool
) -> None:
    settings = {"username": sandbox.email, "api_key": sandbox.api_key, "debug_requests": debug}
    ended = run(tmp_path, {"api_url": sandbox.api_url} | settings)
    basic = b64encode(f"{sandbox.email}:{sandbox.api_key}".encode()).decode()
    assert any(email in ended.stdout for email in people(sandbox))
    assert ("GET /api/tickets" in ended.stderr) or not debug
    assert_quiet(ended.stderr, {sandbox.api_key, basic}, people(sandbox) | {sandbox.email})
    assert sandbox.api_key not in ended.stdout


@pytest.mark.parametrize("debug", [False, True], ids=["quiet", "debug_requests"])
def test_the_log_of_a_run_with_oauth_leaks_nothing(
    sandbox: Sandbox, tmp_path: Path, *, debug: bool
) -> None:
    login = {
        "client_id": OPTIONS.client_id,
        "client_secret": OPTIONS.client_secret,
        "refresh_token": OPTIONS.refresh_token,
    }
    store = tmp_path / "tokens.json"
    settings = {"api_url": sandbox.api_url, "token_store": str(store), "debug_requests": debug}
    ended = run(tmp_path, settings | login)
    tokens = json.loads(store.read_text())
    secrets = {
        OPTIONS.client_secret,
        OPTIONS.refresh_token,
        tokens["access_token"],
        tokens["refresh_token"],
    }
    assert_quiet(ended.stderr, secrets, people(sandbox))
    assert not [secret for secret in secrets if secret in ended.stdout]
