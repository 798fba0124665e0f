"""Users and teams (section 11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gorgias_sandbox.call import refuse
from gorgias_sandbox.operations import records
from gorgias_sandbox.operations.people import name_fields
from gorgias_sandbox.replies import conflict, missing

if TYPE_CHECKING:
    from gorgias_sandbox.call import Call, Handler
    from gorgias_sandbox.dataset import Row

_REQUIRED = "Missing data for required field."
_SECRETS = ("new_password", "old_password", "password_confirmation", "two_fa_code")


def get_user(call: Call) -> bytes:
    """`GET /api/users/{id}`; 0 is the caller."""
    user = call.world.tables["users"].get(call.id() or call.actor.user_id)
    if user is None:
        raise missing()
    return call.world.listed("users", user["id"])


def _user_fields(call: Call, body: Row, old: Row) -> Row:
    new_email = "email" in body and body["email"] != old["email"]
    if old["email"] and new_email and "password_confirmation" not in body:
        raise refuse(password_confirmation=_REQUIRED)
    if "new_password" in body and "old_password" not in body:
        raise refuse(old_password=_REQUIRED)
    if new_email and call.world.tables["users"].find("email", body["email"].lower()):
        raise conflict()
    fields = {field: value for field, value in body.items() if field not in _SECRETS}
    if "meta" not in body and not old["meta"]:
        fields["meta"] = {"name_set_via": "agent"}
    return fields | name_fields(body)


def _unassign_user(call: Call, row: Row) -> None:
    for ticket_id in call.world.tables["tickets"].find("assignee_user_id", row["id"]):
        call.world.update("tickets", ticket_id, assignee_user_id=None)
    for team in list(call.world.tables["teams"]):
        if row["id"] in team["member_ids"]:
            members = [each for each in team["member_ids"] if each != row["id"]]
            call.world.update("teams", team["id"], member_ids=members)


def _team_fields(call: Call, body: Row, _old: Row) -> Row:
    fields = dict(body)
    if "members" in body:
        fields["member_ids"] = [member["id"] for member in fields.pop("members")]
        if any(each not in call.world.tables["users"] for each in fields["member_ids"]):
            raise refuse(members="Every member must be a user.")
    if "decoration" in body:
        fields["decoration"] = body["decoration"] or {}
    return fields


def _unassign_team(call: Call, row: Row) -> None:
    for ticket_id in call.world.tables["tickets"].find("assignee_team_id", row["id"]):
        call.world.update("tickets", ticket_id, assignee_team_id=None)


USER = records.Resource(
    "user",
    "users",
    uri="https://{domain}.gorgias.com/api/users/{id}/",
    blank={
        "id": None,
        "email": None,
        "name": None,
        "firstname": "",
        "lastname": "",
        "active": True,
        "bio": None,
        "country": None,
        "language": None,
        "timezone": None,
        "external_id": None,
        "meta": {},
        "role": None,
        "client_id": None,
        "has_password": False,
        "has_2fa_enabled": False,
        "created_datetime": None,
        "updated_datetime": None,
        "deactivated_datetime": None,
        "uri": None,
    },
    fields=_user_fields,
    before_delete=_unassign_user,
)

TEAM = records.Resource(
    "team",
    "teams",
    uri="/api/teams/{id}/",
    blank={
        "id": None,
        "uri": None,
        "name": None,
        "description": None,
        "decoration": {},
        "member_ids": [],
        "created_datetime": None,
    },
    fields=_team_fields,
    before_delete=_unassign_team,
)

HANDLERS: dict[str, Handler] = {
    **records.handlers(USER, "create", "update", "delete"),
    **records.handlers(TEAM, "create", "get", "update", "delete"),
    "get-user": get_user,
}
