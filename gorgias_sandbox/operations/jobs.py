"""Jobs: work on many tickets that happens a moment later (section 18)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gorgias_sandbox.call import refuse
from gorgias_sandbox.clock import parse
from gorgias_sandbox.operations import messages, tickets
from gorgias_sandbox.operations.labels import tag_ids_of
from gorgias_sandbox.operations.mentions import macro_tags
from gorgias_sandbox.operations.views import row_test
from gorgias_sandbox.replies import ApiError, Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from gorgias_sandbox.call import Call, Handler
    from gorgias_sandbox.dataset import Row
    from gorgias_sandbox.world import Actor, World

_STARTS_AFTER = 0.5
_TAKES = 1.0
_HORIZON = timedelta(minutes=60)
_NOT_BEGUN = ("pending", "scheduled")


def create(call: Call) -> bytes:
    """`POST /api/jobs`: pending, or scheduled at most an hour ahead."""
    world, body = call.world, call.body
    _check(call, body["type"], body["params"])
    scheduled = body.get("scheduled_datetime")
    _check_schedule(world, scheduled)
    job_id = world.next_id("jobs")
    world.insert(
        "jobs",
        {
            "id": job_id,
            "status": "scheduled" if scheduled else "pending",
            "type": body["type"],
            "params": body["params"],
            "info": {},
            "meta": body.get("meta"),
            "user_id": call.actor.user_id,
            "created_datetime": world.now(),
            "scheduled_datetime": scheduled,
            "started_datetime": None,
            "locked_datetime": None,
            "ended_datetime": None,
            "failed_datetime": None,
            "cancel_requested_datetime": None,
            "cancelled_datetime": None,
            "uri": f"/api/jobs/{job_id}/",
        },
    )
    _plan(world, call.actor, job_id)
    return world.listed("jobs", job_id)


def get(call: Call) -> bytes:
    """`GET /api/jobs/{id}`."""
    return call.world.listed("jobs", call.row("jobs")["id"])


def update(call: Call) -> bytes:
    """`PUT /api/jobs/{id}`: only a job that has not begun can be changed."""
    world, old, body = call.world, call.row("jobs"), call.body
    if old["status"] not in _NOT_BEGUN:
        raise refuse(status="The job has begun already.")
    if "params" in body:
        _check(call, old["type"], body["params"])
    _check_schedule(world, body.get("scheduled_datetime"))
    world.update("jobs", old["id"], **body)
    if body.get("status") in ("canceled", "cancel_requested"):
        _cancel(world, old["id"])
    elif "scheduled_datetime" in body:
        status = "scheduled" if body["scheduled_datetime"] else "pending"
        world.update("jobs", old["id"], status=status)
        _plan(world, call.actor, old["id"])
    return world.listed("jobs", old["id"])


def cancel(call: Call) -> None:
    """`DELETE /api/jobs/{id}`: the job stays listed; a running one may still end."""
    _cancel(call.world, call.row("jobs")["id"])


def _cancel(world: World, job_id: int) -> None:
    job = world.tables["jobs"][job_id]
    if job["status"] == "running":
        changes = {"status": "cancel_requested", "cancel_requested_datetime": world.now()}
        world.update("jobs", job_id, **changes)
    elif job["ended_datetime"] is None and job["cancelled_datetime"] is None:
        world.update("jobs", job_id, status="canceled", cancelled_datetime=world.now())


def _check_schedule(world: World, scheduled: str | None) -> None:
    if scheduled is not None and parse(scheduled) > parse(world.now()) + _HORIZON:
        raise refuse(scheduled_datetime="At most 60 minutes ahead.")


def _check(call: Call, kind: str, params: Row) -> None:
    world = call.world
    if kind in _WORK and not {"ticket_ids", "view_id", "view"} & params.keys():
        raise refuse(params="One of ticket_ids, view_id and view is required.")
    if kind == "applyMacro" and params.get("macro_id") not in world.tables["macros"]:
        raise refuse(params="macro_id must be that of a macro.")
    if kind == "updateTicket" and not params.get("updates"):
        raise refuse(params="updates is required.")


def _plan(world: World, actor: Actor, job_id: int) -> None:
    scheduled = world.tables["jobs"][job_id]["scheduled_datetime"]
    due = world.seconds() + _STARTS_AFTER
    if scheduled:
        due = max(due, parse(scheduled).timestamp())
    world.later(due, lambda: _start(world, actor, job_id, scheduled))


def _start(world: World, actor: Actor, job_id: int, scheduled: str | None) -> None:
    job = world.tables["jobs"][job_id]
    if job["status"] in _NOT_BEGUN and job["scheduled_datetime"] == scheduled:
        world.update("jobs", job_id, status="running", started_datetime=world.now())
        world.later(world.seconds() + _TAKES, lambda: _finish(world, actor, job_id))


def _finish(world: World, actor: Actor, job_id: int) -> None:
    job = world.tables["jobs"][job_id]
    outcome: Row = {"status": "done", "ended_datetime": world.now()}
    work = _WORK.get(job["type"])
    if work is not None:
        try:
            for ticket_id in _targets(world, actor, job["params"]):
                work(world, actor, ticket_id, job["params"])
        except (ApiError, Invalid) as error:
            outcome = {"status": "errored", "failed_datetime": world.now()}
            outcome["info"] = {"error": str(error)}
    world.update("jobs", job_id, **outcome)


def _targets(world: World, actor: Actor, params: Row) -> list[int]:
    table = world.tables["tickets"]
    if "ticket_ids" in params:
        return [
            ticket_id for ticket_id in dict.fromkeys(params["ticket_ids"]) if ticket_id in table
        ]
    view = params.get("view") or world.tables["views"].get(params.get("view_id")) or {}
    test = row_test(world, view.get("filters") or "", actor.user_id)
    return [row["id"] for row in table if test(row)]


def _update(world: World, actor: Actor, ticket_id: int, params: Row) -> None:
    tickets.apply(world, actor, ticket_id, params["updates"])


def _delete(world: World, actor: Actor, ticket_id: int, _params: Row) -> None:
    tickets.remove(world, actor, ticket_id)


def _apply_macro(world: World, actor: Actor, ticket_id: int, params: Row) -> None:
    macro = world.tables["macros"].get(params["macro_id"])
    if macro is None:
        raise refuse(macro_id="The macro was deleted.")
    ticket = world.tables["tickets"][ticket_id]
    named = [{"name": name} for name in sorted(macro_tags(macro))]
    changes: Row = {"tag_ids": tag_ids_of(world, actor, ticket["tag_ids"], named)}
    for action in macro["actions"]:
        arguments = action.get("arguments") or {}
        if action["name"] == "setStatus" and arguments.get("status") in ("open", "closed"):
            changes["status"] = arguments["status"]
        if action["name"] == "setResponseText":
            reply = {field: arguments.get(field) for field in ("body_text", "body_html")}
            sent = {"channel": ticket["channel"], "via": "helpdesk", "from_agent": True}
            sender = {"sender": {"id": actor.user_id}}
            messages.add(world, actor, ticket_id, {**sent, **sender, **reply})
    if params.get("apply_and_close"):
        changes["status"] = "closed"
    tickets.change(world, actor, ticket_id, changes)
    world.update("macros", macro["id"], usage=macro["usage"] + 1)


_WORK: dict[str, Callable[[World, Actor, int, Row], None]] = {
    "applyMacro": _apply_macro,
    "deleteTicket": _delete,
    "updateTicket": _update,
}
"""The types that act on tickets; exports and imports only run and end."""

HANDLERS: dict[str, Handler] = {
    "create-job": create,
    "get-job": get,
    "update-job": update,
    "delete-job": cancel,
}
