"""The account and its settings (section 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gorgias_sandbox.operations import records

if TYPE_CHECKING:
    from gorgias_sandbox.call import Call, Handler
    from gorgias_sandbox.contract import Json
    from gorgias_sandbox.dataset import Row


def get(call: Call) -> Row:
    """`GET /api/account`."""
    return {**call.world.account, "settings": list(call.world.tables["account_settings"])}


def list_settings(call: Call) -> Json:
    """`GET /api/account/settings`: never paged, whatever `cursor` and `limit` say."""
    wanted = call.query.get("type")
    rows = call.world.tables["account_settings"]
    return call.plain_list([row for row in rows if wanted in (None, row["type"])])


def _fields(_call: Call, body: Row, _old: Row) -> Row:
    return {"type": body["type"], "data": body.get("data") or {}}


SETTING = records.Resource(
    "account-setting",
    "account_settings",
    uri=None,
    blank={"id": None, "type": None, "data": {}},
    fields=_fields,
)

HANDLERS: dict[str, Handler] = {
    **records.handlers(SETTING, "create", "update"),
    "get-account": get,
    "list-account-settings": list_settings,
}
