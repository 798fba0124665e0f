"""The tap as a process: what a person sees when something is wrong, and when it is stopped."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gorgias_sandbox.serve import Sandbox

GOOD = {"domain": "acme", "username": "agent@acme.example", "api_key": "s3cr3t"}
OAUTH = {"client_id": "a", "client_secret": "s3cr3t", "refresh_token": "s3cr3t"}


def run(folder: Path, config: dict[str, Any], *options: str) -> subprocess.CompletedProcess[str]:
    path = folder / "config.json"
    path.write_text(json.dumps(config))
    command = [sys.executable, "-m", "tap_gorgias", f"--config={path}", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - our own module


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({}, "The setting 'domain' is missing"),
        ({"domain": "acme"}, "No credentials are set"),
        (GOOD | OAUTH, "Two kinds of credentials are set"),
        (GOOD | {"domain": "evil.com/"}, "The setting 'domain' does not name a Gorgias account"),
        (GOOD | {"api_url": "http://evil.example/api"}, "must be an https address"),
        (GOOD | {"api_keyy": "s3cr3t"}, "There is no setting 'api_keyy': did you mean 'api_key'?"),
        (GOOD | {"page_size": 1000}, "The setting 'page_size' must be 1 to 100"),
        (GOOD | {"api_key": ["s3cr3t"]}, "The setting 'api_key' must be of type string"),
    ],
)
def test_a_mistake_in_the_settings_is_one_sentence_and_exit_code_two(
    tmp_path: Path, config: dict[str, Any], sentence: str
) -> None:
    result = run(tmp_path, config)
    assert result.returncode == 2
    errors = [line for line in result.stderr.splitlines() if "ERROR" in line]
    assert len(errors) == 1
    assert sentence in errors[0]
    assert "Traceback" not in result.stderr
    assert "s3cr3t" not in result.stderr + result.stdout


def test_wrong_credentials_are_one_sentence_and_exit_code_one(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    result = run(tmp_path, settings(sandbox) | {"api_key": "s3cr3t"})
    assert result.returncode == 1
    errors = [line for line in result.stderr.splitlines() if "ERROR" in line]
    assert len(errors) == 1
    assert "Check the credentials" in errors[0]
    assert "Traceback" not in result.stderr
    assert "s3cr3t" not in result.stderr


def test_about_and_discovery_need_no_settings(tmp_path: Path) -> None:
    about = run(tmp_path, {}, "--about", "--format=json")
    assert json.loads(about.stdout)["name"] == "tap-gorgias"
    catalog = run(tmp_path, {}, "--discover")
    assert catalog.returncode == 0
    assert len(json.loads(catalog.stdout)["streams"]) == 28


def test_the_connection_test_reads_one_record_of_each_stream(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    result = run(tmp_path, settings(sandbox), "--test")
    assert result.returncode == 0
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert {"tickets", "customers", "events"} <= {line.get("stream") for line in records}


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_run_at_once_and_the_state_so_far_is_out(
    open_sandbox: Callable[..., Sandbox], tmp_path: Path, stop: signal.Signals
) -> None:
    sandbox = open_sandbox(tickets=300)
    sandbox.fail("/api/tickets", delay=30.0, skip=3, times=99)
    path = tmp_path / "config.json"
    path.write_text(json.dumps(settings(sandbox) | {"page_size": 10}))
    command = [sys.executable, "-m", "tap_gorgias", f"--config={path}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as tap:  # noqa: S603 - our own module
        assert tap.stdout is not None
        lines: list[dict[str, Any]] = []
        for line in tap.stdout:
            lines.append(json.loads(line))
            if len(lines) == 500:
                tap.send_signal(stop)
        assert tap.wait(10) == 0
    assert "STATE" in {line["type"] for line in lines}, "and every line was whole"


def test_a_reader_that_goes_away_ends_the_run_without_a_traceback(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(settings(sandbox)))
    command = [sys.executable, "-m", "tap_gorgias", f"--config={path}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as tap:  # noqa: S603 - our own module
        assert tap.stdout is not None
        assert tap.stderr is not None
        tap.stdout.readline()
        tap.stdout.close()
        log = tap.stderr.read().decode()
        assert tap.wait(20) == 1
    assert "Traceback" not in log
    assert "stopped reading" in log


@pytest.mark.parametrize(
    ("option", "text"),
    [
        *product(["--config", "--state", "--catalog"], ["", "[1]", "{broken", "[" * 100_000]),
        ("--config", "null"),
        ("--catalog", "null"),
    ],
    ids=lambda text: text[:9],
)
def test_a_file_that_holds_no_object_is_one_sentence(
    tmp_path: Path, option: str, text: str
) -> None:
    path = tmp_path / "odd.json"
    path.write_text(text)
    result = run(tmp_path, GOOD, f"{option}={path}")
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert "JSON" in result.stderr or "does not hold an object" in result.stderr


@pytest.mark.parametrize("name", ["PAGE_SIZE", "LOOKBACK", "FLATTENING_ENABLED"])
def test_a_variable_that_does_not_fit_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(f"TAP_GORGIAS_{name}", "{s3cr3t")
    result = run(tmp_path, GOOD, "--config=ENV")
    assert result.returncode == 2
    assert f"The variable TAP_GORGIAS_{name} must be of type " in result.stderr
    assert "s3cr3t" not in result.stderr
