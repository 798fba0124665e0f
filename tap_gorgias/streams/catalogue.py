"""Small lists without dates to go by, read completely every time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from gorgias_api.settings import read
from tap_gorgias import schemas, settings
from tap_gorgias.streams.whole import FullStream

if TYPE_CHECKING:
    from singer_sdk.singerlib import SelectionMask

    from tap_gorgias.order import Row


class ByCreation(FullStream):
    """A list whose order of creation keeps pages stable while rows are added."""

    params: ClassVar = {"order_by": "created_datetime:asc"}
    primary_keys: ClassVar = ["id"]


class Tags(ByCreation):
    """Tags (https://developers.gorgias.com/reference/list-tags)."""

    name = "tags"
    path = "/api/tags"
    scope = "tags:read"
    schema = schemas.TAGS


class Users(ByCreation):
    """Users, bots among them (https://developers.gorgias.com/reference/list-users)."""

    name = "users"
    path = "/api/users"
    scope = "users:read"
    schema = schemas.USERS


class Teams(ByCreation):
    """Teams (https://developers.gorgias.com/reference/list-teams)."""

    name = "teams"
    path = "/api/teams"
    scope = "users:read"
    schema = schemas.TEAMS


class Views(ByCreation):
    """Views (https://developers.gorgias.com/reference/list-views)."""

    name = "views"
    path = "/api/views"
    scope = "tickets:read"
    schema = schemas.VIEWS

    def shape(self, row: Row) -> Row:
        """Whom a view is shared with, by id: the API gives ids or objects with one."""
        for field in ("shared_with_teams", "shared_with_users"):
            shared = row.get(field)
            if isinstance(shared, list):
                row[field] = [_id(item) for item in shared]
        return row


def _id(item: Any) -> Any:  # noqa: ANN401 - any JSON
    """The id in an object that has one; anything else as it is."""
    return item.get("id", item) if isinstance(item, dict) else item


class Macros(ByCreation):
    """Macros, archived ones too (https://developers.gorgias.com/reference/list-macros)."""

    name = "macros"
    path = "/api/macros"
    scope = "macros:read"
    variants = ({"archived": False}, {"archived": True})
    schema = schemas.MACROS


class Rules(ByCreation):
    """Rules (https://developers.gorgias.com/reference/list-rules)."""

    name = "rules"
    path = "/api/rules"
    scope = "rules:read"
    schema = schemas.RULES


class Integrations(ByCreation):
    """Integrations (https://developers.gorgias.com/reference/list-integrations)."""

    name = "integrations"
    path = "/api/integrations"
    scope = "integrations:read"
    schema = schemas.INTEGRATIONS

    @property
    def mask(self) -> SelectionMask:
        """What is selected: never `http` unless it is asked for, even where a wildcard fits it."""
        mask = super().mask
        if not read(settings.INTEGRATION_HTTP, self.config):
            http = ("properties", "http")
            mask |= {each: False for each in [http, *mask] if each[:2] == http}
        return mask


class Widgets(ByCreation):
    """Widgets (https://developers.gorgias.com/reference/list-widgets)."""

    name = "widgets"
    path = "/api/widgets"
    scope = "integrations:read"
    schema = schemas.WIDGETS


class Jobs(ByCreation):
    """Jobs (https://developers.gorgias.com/reference/list-jobs)."""

    name = "jobs"
    path = "/api/jobs"
    scope = "jobs:read"
    schema = schemas.JOBS
