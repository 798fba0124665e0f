"""The SDK's own suite for taps, run against the sandbox."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from singer_sdk.singerlib import Catalog
from singer_sdk.testing import get_tap_test_class

from gorgias_sandbox.options import Options
from gorgias_sandbox.serve import serve
from tap_gorgias.tap import TapGorgias
from tests.support import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# The suite builds its tests at import, so the server must be up before the first fixture.
RUNNING = ExitStack()
SANDBOX = RUNNING.enter_context(serve(Options(tickets=120, rate_limit=None)))


@pytest.fixture(scope="module", autouse=True)
def stop_sandbox() -> Iterator[None]:
    yield
    RUNNING.close()


def everything_selected() -> Catalog:
    """The catalog with the streams that are off by default switched on."""
    catalog = Catalog.from_dict(TapGorgias(validate_config=False).catalog_dict)
    for stream in catalog.values():
        stream.metadata.root.selected = True
    return catalog


# A field that older accounts have may be in no row of the sandbox.
pytestmark = pytest.mark.filterwarnings("ignore:Fields in transformed catalog but not in records")
REPORT = {"name": "created", "scope": "tickets-created", "measures": ["ticketCount"]}
TestTapGorgias = get_tap_test_class(
    TapGorgias, config=settings(SANDBOX) | {"reports": [REPORT]}, catalog=everything_selected()
)
