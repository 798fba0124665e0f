"""Credentials that a shop has put into its HTTP integrations do not reach the warehouse unasked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tap_gorgias.output import LineWriter
from tap_gorgias.tap import TapGorgias
from tests.support import Output, settings, sync

if TYPE_CHECKING:
    from gorgias_sandbox.serve import Sandbox
    from tests.support import Row

CREDENTIAL = "Bearer planted-credential"
SETTING = "include_integration_http"


@pytest.fixture
def hooked(sandbox: Sandbox) -> Sandbox:
    """An account with an HTTP integration whose headers, URL and body hold a credential."""
    request = {
        "url": f"https://hooks.example.com/?token={CREDENTIAL}",
        "method": "POST",
        "headers": {"Authorization": CREDENTIAL},
        "form": {"token": CREDENTIAL},
        "request_content_type": "application/json",
        "response_content_type": "application/json",
        "triggers": {"ticket-created": True},
    }
    answer = requests.post(
        f"{sandbox.api_url}/integrations",
        json={"name": "Hook", "type": "http", "http": request},
        auth=(sandbox.email, sandbox.api_key),
        timeout=10,
    )
    assert answer.status_code == 201, answer.text
    return sandbox


def everything_selected(sandbox: Sandbox, **more: Any) -> Output:
    """A run whose catalog selects each stream and each property, as Meltano's `*.*` does."""
    config = settings(sandbox) | more
    catalog: Row = json.loads(TapGorgias(config=config).catalog_json_text)
    for entry in catalog["streams"]:
        for each in entry["metadata"]:
            each["metadata"]["selected"] = entry["tap_stream_id"] == "integrations"
    output = Output()
    TapGorgias(config=config, catalog=catalog, message_writer=LineWriter(output)).sync_all()
    return output


def test_requests_of_http_integrations_are_left_out_until_a_setting_asks_for_them(
    hooked: Sandbox,
) -> None:
    for output in (sync(hooked, "integrations"), everything_selected(hooked)):
        assert output.records["integrations"]
        schemas = [each["schema"] for each in output.messages if each["type"] == "SCHEMA"]
        assert all("http" not in each["properties"] for each in schemas)
        assert CREDENTIAL not in json.dumps(output.messages)


def test_requests_of_http_integrations_come_when_a_setting_asks_for_them(hooked: Sandbox) -> None:
    asked: dict[str, Any] = {SETTING: True}
    for output in (sync(hooked, "integrations", **asked), everything_selected(hooked, **asked)):
        found = [each["http"] for each in output.records["integrations"] if each["http"]]
        assert {"Authorization": CREDENTIAL} in [each["headers"] for each in found]
