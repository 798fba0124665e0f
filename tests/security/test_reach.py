"""How far a row reaches: no further than its stream and the stream's options say.

All is judged by the requests that the server saw.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gorgias_api import SettingsError, UsageError
from target_gorgias.entities import ENTITIES
from target_gorgias.reach import USUAL_ROLES, VERBS
from target_gorgias.routes import OPERATIONS, Routes
from tests.target.support import MAIL, NOTE, SENT, TICKET, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.target.support import Desk, Row

ACTION = "_gorgias_action"
DESTRUCTIVE = {"delete", "merge", "remove", "replace", "set_data", "trash"}
TICKET_ID = 83000001
CANCELLED = MAIL | {"action": "cancel"}
ROLES = ["admin", "agent", "basic-agent", "bot", "internal-agent", "lite-agent", "observer-agent"]
OWN = {
    "customers": r"(POST|PUT|DELETE) /api/customers(/\d+|/merge|/\d+/data)?$",
    "customer_custom_fields": r"(PUT|DELETE) /api/customers/\d+/custom-fields(/\d+)?$",
    "tickets": r"((POST|PUT|DELETE) /api/tickets(/\d+)?"
    r"|POST /api/tickets/\d+/tags|PUT /api/tickets/\d+/custom-fields/\d+)$",
    "ticket_custom_fields": r"(PUT|DELETE) /api/tickets/\d+/custom-fields(/\d+)?$",
    "ticket_tags": r"(POST|PUT|DELETE) /api/tickets/\d+/tags$",
    "messages": r"(POST|PUT|DELETE) /api/tickets/\d+/messages(/\d+)?$",
    "satisfaction_surveys": r"(POST|PUT) /api/satisfaction-surveys(/\d+)?$",
    "custom_fields": r"(POST|PUT) /api/custom-fields(/\d+)?$",
}
"""By entity, the requests that may change it; of the others all of their own path."""


def actions() -> list[Any]:
    """Every operation, verb and entity there is, spelled well or oddly."""
    words = [*OPERATIONS, *VERBS, *ENTITIES]
    odd: list[Any] = [word.upper() for word in OPERATIONS]
    odd += [f"  {word}\n" for word in OPERATIONS]
    odd += [word.replace("_", "-") for word in OPERATIONS]
    odd += [f"{word}_{name}" for word in ("set_ticket", "delete_ticket") for name in ENTITIES]
    odd += ["delete_", "_customers", "delete customers", "delete\0", "DELETE/customers", "destroy"]
    return [*words, *odd, ["delete"], {"verb": "delete"}, True, 7, 1.5]


def subject(desk: Desk, name: str) -> Row:
    """A row that names an object of every kind, and holds a value for most operations."""
    ticket, message = desk.any("tickets"), desk.any("messages")
    one, two, *_ = (row["id"] for row in desk.rows("customers"))
    survey = desk.any("satisfaction_surveys")
    own: dict[str, Row] = {
        "messages": {"id": message["id"], "ticket_id": message["ticket_id"], **NOTE},
        "satisfaction_surveys": {"id": survey["id"], "ticket_id": survey["ticket_id"]},
        "tickets": {**TICKET, "id": ticket["id"], "subject": "New"},
        "customers": {"id": one, "email": "new@shop.example", "source_id": one, "target_id": two},
    }
    part = {"ticket_id": ticket["id"], "customer_id": one, "name": "vip", "names": ["vip"]}
    part |= {"custom_field_id": 505, "value": 3, "custom_fields": [], "data": {"a": 1}}
    whole = own.get(name, {}) or (
        {"id": desk.any(name)["id"], "name": "vip"} if name in desk.sandbox.world.tables else {}
    )
    job = {"type": "deleteTicket", "params": {"ticket_ids": [ticket["id"]]}}
    return {**part, **(job if name == "jobs" else {}), **whole, "score": 3, "label": "L"}


def of_entity(name: str) -> re.Pattern[str]:
    return re.compile(OWN.get(name, rf"(POST|PUT|DELETE) /api/{name.replace('_', '-')}(/\d+)?$"))


def sent(desk: Desk) -> Iterator[tuple[str, Any]]:
    """The requests that may have changed something, with their bodies."""
    for each in desk.sandbox.requests:
        if each.method != "GET":
            yield f"{each.method} {each.path}", json.loads(each.body) if each.body else None


def is_destructive(line: str, body: Any) -> bool:
    """Whether a request takes something away, judged without a look at the program."""
    if line.startswith("DELETE") or line.endswith(("/merge", "/data")):
        return True
    if re.match(r"PUT /api/tickets/\d+/tags$|PUT /api/\w+/\d+/custom-fields$", line):
        return True
    kind = body.get("type") if isinstance(body, dict) else None
    gone = isinstance(body, dict) and (body.get("trashed_datetime") or body.get("spam"))
    updates = line.startswith("PUT /api/tickets/") and gone
    return bool(updates) or (line == "POST /api/jobs" and kind == "deleteTicket")


@pytest.mark.parametrize("leave", [False, True])
@pytest.mark.parametrize("name", ENTITIES)
def test_a_row_chooses_a_verb_of_its_own_entity_only(desk: Desk, name: str, *, leave: bool) -> None:
    every = [{**subject(desk, name), "row": n, ACTION: each} for n, each in enumerate(actions())]
    before = len(desk.rows("users"))
    verbs = sorted(ENTITIES[name].verbs) if leave else []
    desk.write(
        *rows("some", *every, keys=["row"]),
        streams={"some": {"operation": name, "verbs": verbs, "take_over": True}},
        on_error="continue",
        allow_sending=True,
    )
    allowed = of_entity(name)
    assert [line for line, _ in sent(desk) if not allowed.match(line)] == []
    taken = [line for line, body in sent(desk) if is_destructive(line, body)]
    assert bool(taken) == bool(leave and ENTITIES[name].verbs & DESTRUCTIVE), taken
    assert list(sent(desk)) or name == "jobs"
    assert name == "users" or len(desk.rows("users")) == before
    assert all(reason.count(". ") == 0 for reason in desk.reasons if ACTION in reason)


@pytest.mark.parametrize("operation", [*OPERATIONS])
@pytest.mark.parametrize("verb", [None, "own"])
def test_the_operation_of_a_stream_itself_needs_no_leave(operation: str, verb: str | None) -> None:
    own, name = OPERATIONS[operation]
    routes = Routes({"some": operation}, skip_unknown=False, action_field=ACTION, hard_delete=False)
    route = routes.of_stream("some")
    assert route
    found = routes.of_record(route, {ACTION: own if verb else None})
    assert found
    assert (found.verb, found.name) == (own, name)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(sorted(OPERATIONS)),
    st.sets(st.sampled_from(sorted(VERBS))),
    st.sampled_from(actions()) | st.text() | st.integers(),
)
def test_no_text_leads_to_a_verb_that_is_not_allowed(
    operation: str, verbs: set[str], action: Any
) -> None:
    own, name = OPERATIONS[operation]
    assume(verbs <= ENTITIES[name].verbs)
    streams = {"some": {"operation": operation, "verbs": sorted(verbs)}}
    routes = Routes(streams, skip_unknown=False, action_field=ACTION, hard_delete=False)
    route = routes.of_stream("some")
    assert route
    try:
        found = routes.of_record(route, {ACTION: action})
    except UsageError:
        return
    assert found
    assert found.name == name
    taking = DESTRUCTIVE | ({"set"} if name == "ticket_tags" else set())
    assert found.verb not in taking or found.verb in verbs | {own}


def test_the_refusal_names_what_is_allowed(desk: Desk) -> None:
    row = {"id": TICKET_ID, ACTION: "delete_customers"}
    desk.write(*rows("update_tickets", row, keys=["id"]), on_error="continue")
    (reason,) = desk.reasons
    assert reason == (
        "'_gorgias_action' must be one of: create, update, upsert; the stream's option 'verbs' may "
        "add: delete, trash."
    )
    assert desk.written == []


def test_a_row_that_is_gone_is_dealt_with_as_the_settings_say(desk: Desk) -> None:
    gone = {"id": TICKET_ID, "_sdc_deleted_at": SENT}
    desk.write(*rows("tickets", gone, keys=["id"]))
    desk.write(*rows("tickets", gone, keys=["id"]), hard_delete=True)
    assert desk.written == [f"PUT /api/tickets/{TICKET_ID}", f"DELETE /api/tickets/{TICKET_ID}"]


JOBS: list[Row] = [
    {"type": "deleteTicket", "params": {"ticket_ids": [TICKET_ID]}},
    {"type": "DeleteTicket", "params": {"ticket_ids": [TICKET_ID]}},
    {"type": "mergeCustomer", "params": {"ticket_ids": [TICKET_ID]}},
    {"type": "deleteTicket", "params": json.dumps({"ticket_ids": [TICKET_ID]})},
    {"type": "deleteTicket", "params": {"ticket_ids": [], "view_id": 7001}},
    {"type": "updateTicket", "params": {"ticket_ids": [TICKET_ID], "updates": {"spam": True}}},
    {"type": "updateTicket", "params": {"ticket_ids": [TICKET_ID], "updates": {"tags": []}}},
    {
        "type": "updateTicket",
        "params": {"ticket_ids": [TICKET_ID], "updates": json.dumps({"trashed_datetime": SENT})},
    },
]


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize("stream", ["jobs", "create_jobs", "delete_jobs"])
def test_a_job_that_deletes_needs_leave(desk: Desk, stream: str, job: Row) -> None:
    row = {"number": 1, **job, ACTION: "create"}
    desk.write(*rows(stream, row, keys=["number"]), on_error="continue", allow_sending=True)
    assert desk.written == []
    assert desk.reasons == [
        "This takes something away, and the stream's option 'verbs' has no 'delete'."
    ]


@pytest.mark.parametrize("change", [{"status": "pending"}, {"params": {"ticket_ids": [1]}}])
def test_a_job_of_an_unknown_kind_is_not_set_going_without_leave(desk: Desk, change: Row) -> None:
    row = {"id": desk.any("jobs")["id"], **change}
    desk.write(*rows("update_jobs", row, keys=["id"]), on_error="continue", allow_sending=True)
    assert desk.written == []
    assert len(desk.reasons) == 1


TAKING: dict[str, Row] = {
    "update_jobs": {"status": "canceled"},
    "jobs": {"status": "cancel_requested", ACTION: "update"},
    "update_users": {"active": False},
    "users": {"active": "f", "name": "New"},
    "update_custom_fields": {"deactivated_datetime": SENT},
}


@pytest.mark.parametrize("stream", TAKING)
def test_cancelling_and_deactivating_take_away(desk: Desk, stream: str) -> None:
    table = stream.removeprefix("update_")
    number = desk.any(table)["id"]
    if table == "custom_fields":
        there = desk.row(table, number)
        TAKING[stream] |= {name: there[name] for name in ("label", "definition")}
    row = {"id": number, **TAKING[stream]}
    if table == "jobs":
        desk.sandbox.world.update("jobs", number, status="scheduled")
    desk.write(*rows(stream, row, keys=["id"]), on_error="continue")
    assert desk.written == []
    assert desk.reasons == [
        "This takes something away, and the stream's option 'verbs' has no 'delete'."
    ]
    leave: Row = {"streams": {"*": {"verbs": ["delete"]}}, "on_error": "continue"}
    desk.write(*rows(stream, row, keys=["id"]), max_deletes=0, **leave)
    assert "max_deletes" in desk.reasons[1]
    assert desk.written == []
    desk.write(*rows(stream, row, keys=["id"]), **leave)
    assert len(desk.written) == 1


def test_no_row_sets_a_password(desk: Desk) -> None:
    user = desk.any("users")["id"]
    secret = dict.fromkeys(("new_password", "old_password", "password_confirmation"), "Secret-1")
    row = {"id": user, "name": "New", **secret, "two_fa_code": "123456"}
    desk.write(*rows("update_users", row, keys=["id"]))
    (sent,) = [each.body or "" for each in desk.sandbox.requests if each.method == "PUT"]
    assert "Secret-1" not in sent
    assert "123456" not in sent


def test_no_column_does_what_a_verb_may_not(desk: Desk) -> None:
    held = desk.any("messages")
    message = {"id": held["id"], "ticket_id": held["ticket_id"], **NOTE, "action": "cancel"}
    streams: dict[str, Callable[[], Row]] = {
        "update_tickets": lambda: {"id": TICKET_ID, "trashed_datetime": SENT},
        "tickets": lambda: {"id": TICKET_ID, "spam": "yes"},
        "update_messages": lambda: message,
        "messages": lambda: {
            "ticket_id": TICKET_ID,
            "external_id": "m",
            **MAIL,
            "action": "cancel",
        },
    }
    for stream, made in streams.items():
        desk.write(*rows(stream, made(), keys=[]), on_error="continue")
    verbs = ["trash", "trash", "delete", "delete"]
    assert desk.reasons == [
        f"This takes something away, and the stream's option 'verbs' has no '{verb}'."
        for verb in verbs
    ]
    assert desk.written == []
    leave = {"streams": {"*": {"verbs": ["trash", "delete"]}}}
    desk.write(*rows("update_tickets", streams["update_tickets"](), keys=["id"]), **leave)
    assert desk.row("tickets", TICKET_ID)["trashed_datetime"]


def test_a_ticket_that_is_copied_goes_to_the_trash_with_its_original(desk: Desk) -> None:
    ticket = {"id": 7, "customer": {"id": 5, "email": "lea@shop.example"}, "messages": [MAIL]}
    copied: Row = {"streams": {"*": {"ids": "source"}}}
    desk.write(*rows("tickets", ticket, keys=["id"]), **copied)
    desk.write(*rows("tickets", {"id": 7, "trashed_datetime": SENT}, keys=["id"]), **copied)
    assert desk.the("tickets", external_id="tickets:7")["trashed_datetime"]


FORMS: list[Callable[[str], Any]] = [
    lambda role: {"name": role},
    lambda role: json.dumps({"name": role}),
    lambda role: {"name": role, "id": 1},
]


@pytest.mark.parametrize("verb", ["create", "update", "upsert"])
def test_a_role_above_an_agent_never_comes_from_a_row_without_leave(desk: Desk, verb: str) -> None:
    user = next(row for row in desk.rows("users") if row["role"]["name"] == "agent")
    names = [*ROLES, "Admin", "ADMIN", " admin", "admin\n", "owner", "", "agent "]
    who = {"id": user["id"]} if verb == "update" else {}
    made = [
        {**who, "n": f"{n}-{f}", "email": f"u{n}-{f}@acme.example", "name": "U", "role": form(name)}
        for n, name in enumerate(names)
        for f, form in enumerate(FORMS)
    ]
    if verb == "update":
        made = [{name: value for name, value in row.items() if name != "email"} for row in made]
    desk.write(
        *rows("some", *made, keys=["n"]),
        streams={"some": f"{verb}_users"},
        on_error="continue",
        allow_sending=True,
    )
    roles = [body["role"] for _, body in sent(desk) if body and "role" in body]
    assert {role["name"] for role in roles} == USUAL_ROLES
    assert all(role.keys() == {"name"} for role in roles)


def test_a_role_above_an_agent_is_given_if_the_option_names_it(desk: Desk) -> None:
    made = [
        {"email": f"{role}@acme.example", "name": "U", "role": {"name": role}}
        for role in ("admin", "bot")
    ]
    desk.write(
        *rows("users", *made, keys=["email"]),
        streams={"users": {"roles": ["admin"]}},
        on_error="continue",
        allow_sending=True,
    )
    assert desk.the("users", email="admin@acme.example")["role"]["name"] == "admin"
    assert desk.reasons == ["The stream's option 'roles' does not name the role in 'role.name'."]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"verbs": "delete"}, "must have a list of verbs for 'verbs'"),
        ({"verbs": [5]}, "must have a list of verbs for 'verbs'"),
        ({"roles": "admin"}, "must have a list of names of roles for 'roles'"),
        ({"verbs": ["delet"]}, "has 'delet' in 'verbs', which is no verb of it"),
        ({"verbs": ["merge"]}, "has 'merge' in 'verbs', which is no verb of it"),
        ({"verbs": ["delete_tickets"]}, "has 'delete_tickets' in 'verbs'"),
    ],
)
def test_leave_for_what_there_is_not_is_a_mistake_in_the_settings(
    options: Row, reason: str
) -> None:
    with pytest.raises(SettingsError, match=re.escape(reason)):
        Routes({"tickets": options}, skip_unknown=False, action_field=ACTION, hard_delete=False)
