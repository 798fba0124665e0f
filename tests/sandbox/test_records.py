"""Tags, users, teams, macros, rules, integrations, fields: what is written is what is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from gorgias_sandbox.serve import Sandbox

    Ask = Callable[..., requests.Response]

HTTP = {
    "url": "https://hook.example/",
    "method": "POST",
    "request_content_type": "application/json",
    "response_content_type": "application/json",
    "hmac_secret": "do not tell",
    "triggers": {"ticket-created": True},
}
CREATED = [
    ("/tags", {"name": "one", "decoration": {"color": "#112233"}}, {"description": "Two"}, "tag"),
    ("/teams", {"name": "Tier 9"}, {"decoration": {"emoji": "*"}}, "team"),
    (
        "/users",
        {"email": "new@acme.example", "name": "New Agent", "role": {"name": "agent"}},
        {"name": "Newer Agent"},
        "user",
    ),
    ("/views", {"name": "Mine"}, {"visibility": "private"}, "view"),
    ("/macros", {"name": "Thanks"}, {"language": "fr"}, "macro"),
    ("/rules", {"name": "New", "code": "if (true) {}"}, {"priority": 9}, "rule"),
    ("/integrations", {"name": "Hook", "type": "http"}, {"name": "Hooked"}, "integration"),
    (
        "/widgets",
        {"type": "http", "template": {"type": "wrapper", "widgets": []}},
        {"order": 3},
        "widget",
    ),
    (
        "/custom-fields",
        {
            "object_type": "Customer",
            "label": "Size",
            "definition": {"data_type": "number", "input_settings": {"input_type": "input_number"}},
        },
        {"priority": 9},
        "custom-field",
    ),
]


def types(desk: Sandbox, since: int) -> list[str]:
    return [event["type"] for event in list(desk.world.tables["events"])[since:]]


@pytest.mark.parametrize(
    ("path", "body", "change", "kind"), CREATED, ids=lambda each: str(each)[:9]
)
def test_what_is_written_is_what_is_read(
    desk: Sandbox, ask: Ask, path: str, body: dict[str, Any], change: dict[str, Any], kind: str
) -> None:
    known = len(desk.world.tables["events"])
    created = ask("POST", path, body).json()
    assert body.items() <= created.items()
    one = f"{path}/{created['id']}"
    assert ask("GET", one).json() == created
    desk.clock.advance(1)
    changed = ask("PUT", one, change)
    assert changed.status_code == 202, changed.text
    assert change.items() <= changed.json().items()
    if "updated_datetime" in created:
        assert changed.json()["updated_datetime"] != created["updated_datetime"]
    assert types(desk, known) == [f"{kind}-created", f"{kind}-updated"]
    desk.clock.advance(1)
    assert ask("PUT", one, change).json() == ask("GET", one).json() == changed.json()
    assert types(desk, known) == [f"{kind}-created", f"{kind}-updated"]
    if kind != "custom-field":
        assert ask("DELETE", one).status_code == 204
        assert ask("GET", one).status_code == 404
        assert types(desk, known)[-1] == f"{kind}-deleted"


def test_a_name_of_a_tag_is_taken_once_and_by_case(ask: Ask) -> None:
    first = ask("POST", "/tags", {"name": "taken"}).json()
    assert ask("POST", "/tags", {"name": "taken"}).status_code == 409
    assert ask("POST", "/tags", {"name": "Taken"}).status_code == 201
    assert ask("PUT", f"/tags/{first['id']}", {"name": "Taken"}).status_code == 409
    assert ask("PUT", f"/tags/{first['id']}", {"name": "taken"}).status_code == 202
    assert first["decoration"]["color"].startswith("#")


def test_renaming_a_tag_is_told_apart(desk: Sandbox, ask: Ask) -> None:
    tag = ask("POST", "/tags", {"name": "before"}).json()["id"]
    known = len(desk.world.tables["events"])
    ask("PUT", f"/tags/{tag}", {"name": "after"})
    assert types(desk, known) == ["tag-updated", "tag-renamed"]


def test_merged_tags_vanish_into_one_without_moving_tickets(desk: Sandbox, ask: Ask) -> None:
    one, two, kept = (ask("POST", "/tags", {"name": name}).json()["id"] for name in "abc")
    tickets = [row["id"] for row in desk.world.tables["tickets"]][:2]
    for ticket_id, tag_ids in zip(tickets, ([one, two], [two, kept]), strict=True):
        ask("PUT", f"/tickets/{ticket_id}/tags", {"ids": tag_ids})
    moved = desk.world.tables["tickets"][tickets[0]]["updated_datetime"]
    desk.clock.advance(1)
    known = len(desk.world.tables["events"])
    merged = ask("PUT", f"/tags/{kept}/merge", {"source_tags_ids": [one, two]})
    assert merged.json()["usage"] == 2
    assert types(desk, known) == ["tag-merged", "tag-merged"]
    for ticket_id in tickets:
        shown = ask("GET", f"/tickets/{ticket_id}").json()
        assert [tag["id"] for tag in shown["tags"]] == [kept]
    assert desk.world.tables["tickets"][tickets[0]]["updated_datetime"] == moved
    assert ask("GET", f"/tags/{one}").status_code == 404
    assert ask("PUT", f"/tags/{kept}/merge", {"source_tags_ids": [one]}).status_code == 400


def test_a_tag_in_use_by_macros_or_rules_stays(desk: Sandbox, ask: Ask) -> None:
    in_macro, in_rule, free = (
        ask("POST", "/tags", {"name": name}).json()["id"] for name in ("in m", "in r", "free")
    )
    actions = [{"name": "addTags", "arguments": {"tags": "other, in m"}}]
    ask("POST", "/macros", {"name": "M", "actions": actions})
    ask("POST", "/rules", {"name": "R", "code": "Action('addTags', { tags: 'in r' })"})
    view = ask("POST", "/views", {"filters": "containsAny(ticket.tags.name, ['free'])"}).json()
    assert ask("DELETE", f"/tags/{in_macro}").status_code == 409
    assert ask("DELETE", "/tags", {"ids": [free, in_rule]}).status_code == 409
    assert ask("GET", f"/tags/{free}").status_code == 200
    ticket = next(iter(desk.world.tables["tickets"]))["id"]
    ask("POST", f"/tickets/{ticket}/tags", {"ids": [free]})
    assert ask("DELETE", "/tags", {"ids": [free, 5]}).status_code == 204
    assert ask("GET", f"/views/{view['id']}").json()["deactivated_datetime"] is not None
    shown = ask("GET", f"/tickets/{ticket}").json()
    assert free not in [tag["id"] for tag in shown["tags"]]


def test_a_deleted_user_leaves_tickets_and_teams(desk: Sandbox, ask: Ask) -> None:
    body = {"email": "short@acme.example", "name": "Short Term", "role": {"name": "agent"}}
    user = ask("POST", "/users", body).json()["id"]
    ticket = next(iter(desk.world.tables["tickets"]))["id"]
    ask("PUT", f"/tickets/{ticket}", {"assignee_user": {"id": user}})
    team = ask("POST", "/teams", {"name": "Short", "members": [{"id": user}]}).json()
    assert [member["id"] for member in team["members"]] == [user]
    ask("PUT", f"/tickets/{ticket}", {"assignee_team": {"id": team["id"]}})
    assert ask("DELETE", f"/users/{user}").status_code == 204
    assert ask("DELETE", f"/teams/{team['id']}").status_code == 204
    shown = ask("GET", f"/tickets/{ticket}").json()
    assert shown["assignee_user"] is shown["assignee_team"] is None
    assert ask("POST", "/teams", {"name": "T", "members": [{"id": user}]}).status_code == 400


def test_users_keep_their_mail_and_passwords_safe(desk: Sandbox, ask: Ask) -> None:
    body = {"email": "new@acme.example", "name": "New Agent", "role": {"name": "agent"}}
    user = ask("POST", "/users", body).json()
    assert (user["firstname"], user["lastname"]) == ("New", "Agent")
    assert user["uri"] == f"https://acme.gorgias.com/api/users/{user['id']}/"
    assert ask("POST", "/users", body).status_code == 409
    path = f"/users/{user['id']}"
    change = {"email": "newer@acme.example"}
    refused = ask("PUT", path, change).json()["error"]["data"]
    assert list(refused) == ["password_confirmation"]
    assert ask("PUT", path, {"new_password": "x"}).status_code == 400
    assert ask("PUT", path, change | {"password_confirmation": "x"}).status_code == 202
    assert "password_confirmation" not in desk.world.tables["users"][user["id"]]
    found = ask("GET", "/users?search=newer&roles=agent&roles=admin").json()["data"]
    assert [row["id"] for row in found] == [user["id"]]


def test_the_secret_of_an_integration_is_never_read(ask: Ask) -> None:
    body = {"name": "Hook", "type": "http", "http": HTTP}
    created = ask("POST", "/integrations", body).json()
    assert "hmac_secret" not in created["http"]
    assert created["http"]["triggers"]["ticket-created"] is True
    assert created["http"]["triggers"]["ticket-updated"] is False
    path = f"/integrations/{created['id']}"
    http = {"url": "https://other.example/", "triggers": {"ticket-updated": True}}
    changed = ask("PUT", path, {"name": "Hook", "http": http}).json()["http"]
    assert changed["method"] == "POST"
    assert changed["triggers"]["ticket-created"] is changed["triggers"]["ticket-updated"] is True
    ask("POST", "/rules", {"name": "R", "code": f"Action('http', {{ id: {created['id']} }})"})
    assert ask("DELETE", path).status_code == 409


def test_macros_are_archived_unless_a_rule_uses_them(desk: Sandbox, ask: Ask) -> None:
    free, used = (ask("POST", "/macros", {"name": name}).json() for name in ("Free", "Used"))
    assert free["updated_datetime"] is None
    ask("POST", "/rules", {"name": "R", "code": "Action('applyMacro', { name: 'Used' })"})
    body = {"ids": [free["id"], used["id"], 5]}

    def statuses(verb: str) -> list[str]:
        return [each["status"] for each in ask("PUT", f"/macros/{verb}", body).json()["data"]]

    assert statuses("archive") == ["archived", "macro_used", "not_found"]
    assert statuses("archive") == ["already_archived", "macro_used", "not_found"]
    listed = ask("GET", "/macros?search=free").json()["data"]
    archived = ask("GET", "/macros?search=free&archived=true").json()["data"]
    assert (len(listed), len(archived)) == (0, 1)
    assert statuses("unarchive") == ["unarchived", "already_not_archived", "not_found"]
    assert ask("DELETE", f"/macros/{used['id']}").status_code == 409
    assert ask("GET", "/macros?order_by=relevance:desc").status_code == 400
    assert ask("GET", "/macros?order_by=relevance:desc&ticket_id=1").status_code == 200
    assert desk.world.tables["macros"][free["id"]]["updated_datetime"] == desk.world.now()


def test_macros_are_found_by_tags_and_languages(ask: Ask) -> None:
    actions = [{"name": "addTags", "arguments": {"tags": "alpha, beta"}}]
    macro = ask("POST", "/macros", {"name": "Both", "language": "fr", "actions": actions}).json()
    for query, count in (("tags=alpha&tags=beta", 1), ("tags=alpha&tags=gamma", 0)):
        found = ask("GET", f"/macros?{query}&languages=fr&languages=de").json()["data"]
        assert len(found) == count, macro


def test_priorities_of_rules_change_together(desk: Sandbox, ask: Ask) -> None:
    first, second = [row["id"] for row in desk.world.tables["rules"]][:2]
    body = {"priorities": [{"id": first, "priority": 50}, {"id": second, "priority": 60}]}
    assert ask("POST", "/rules/priorities", body).content == b""
    assert ask("GET", f"/rules/{second}").json()["priority"] == 60
    body["priorities"].append({"id": 5, "priority": 1})
    assert ask("POST", "/rules/priorities", body).status_code == 400


def test_definitions_change_in_bulk_but_keep_their_object(desk: Sandbox, ask: Ask) -> None:
    field = next(
        row for row in desk.world.tables["custom_fields"] if row["object_type"] == "Ticket"
    )
    changes = [{"id": field["id"], "label": "New label"}]
    assert ask("PUT", "/custom-fields", changes).json()["data"][0]["label"] == "New label"
    assert ask("PUT", "/custom-fields", [{"id": 5}]).status_code == 400
    wrong = ask("PUT", f"/custom-fields/{field['id']}", {"object_type": "Customer"})
    assert wrong.status_code == 400
    moment = {"deactivated_datetime": "2026-01-01T00:00:00Z"}
    ask("PUT", f"/custom-fields/{field['id']}", moment)
    path = "/custom-fields?object_type=Ticket&limit=100"
    listed, active, archived = (
        {row["id"] for row in ask("GET", f"{path}{more}").json()["data"]}
        for more in ("", "&archived=false", "&archived=true")
    )
    assert listed == active | archived
    assert field["id"] in archived
    assert not active & archived


def test_settings_show_in_the_account(ask: Ask) -> None:
    body = {"type": "access", "data": {"signup_mode": "invite"}}
    created = ask("POST", "/account/settings", body).json()
    assert created in ask("GET", "/account").json()["settings"]
    assert created in ask("GET", "/account/settings?type=access").json()["data"]
    changed = ask("PUT", f"/account/settings/{created['id']}", {"type": "access"}).json()
    assert changed["data"] == {}


def test_a_deleted_recording_stays_listed_without_its_sound(desk: Sandbox, ask: Ask) -> None:
    recording = next(
        row["id"]
        for row in desk.world.tables["voice_call_recordings"]
        if row["deleted_datetime"] is None
    )
    path = f"/phone/voice-call-recordings/{recording}"
    assert ask("DELETE", path).status_code == 204
    shown = ask("GET", path).json()
    assert shown["url"] is None
    assert shown["deleted_datetime"] == desk.world.now()
    assert ask("DELETE", path).status_code == 404
