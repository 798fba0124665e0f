"""Rules, integrations and widgets (sections 14, 16, 17)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gorgias_sandbox.call import refuse
from gorgias_sandbox.operations import records
from gorgias_sandbox.operations.mentions import deactivate_views, refuse_if_in_rules

if TYPE_CHECKING:
    from gorgias_sandbox.call import Call, Handler
    from gorgias_sandbox.dataset import Row

_TRIGGERS = (
    "ticket-created",
    "ticket-updated",
    "ticket-message-created",
    "ticket-self-unsnoozed",
    "ticket-message-failed",
    "ticket-assignment-updated",
    "ticket-status-updated",
    "ticket-handed-over",
)


def set_priorities(call: Call) -> None:
    """`POST /api/rules/priorities`: an empty answer (UNSURE)."""
    wanted = {item["id"]: item["priority"] for item in call.body["priorities"]}
    world, rules = call.world, call.world.tables["rules"]
    for rule_id in wanted:
        if rule_id not in rules:
            raise refuse(priorities=f"Rule {rule_id} does not exist.")
    for rule_id, priority in wanted.items():
        if rules[rule_id]["priority"] != priority:
            world.update("rules", rule_id, priority=priority, updated_datetime=world.now())
            world.emit(call.actor, "rule-priority-updated", "rules", rule_id)


def _integration_fields(call: Call, body: Row, old: Row) -> Row:
    fields = dict(body)
    if old["user"] is None:
        fields["user"] = {"id": call.actor.user_id}
    if "http" in body:
        triggers = dict.fromkeys(_TRIGGERS, False)
        known = old["http"] or {"id": old["id"], "form": None, "headers": {}, "triggers": triggers}
        # The secret can be written, never read.
        given = {name: value for name, value in body["http"].items() if name != "hmac_secret"}
        merged = known["triggers"] | given.get("triggers", {})
        fields["http"] = {**known, **given, "triggers": merged}
    return fields


def _untie_integration(call: Call, row: Row) -> None:
    refuse_if_in_rules(call.world, row["id"])
    deactivate_views(call.world, row["id"])


RULE = records.Resource(
    "rule",
    "rules",
    uri="/api/rules/{id}/",
    blank={
        "id": None,
        "uri": None,
        "name": None,
        "description": None,
        "code": None,
        "code_ast": {"type": "Program", "sourceType": "script", "body": []},
        "event_types": None,
        "priority": 0,
        "settings": {},
        "type": "user",
        "created_datetime": None,
        "updated_datetime": None,
        "deactivated_datetime": None,
    },
)

INTEGRATION = records.Resource(
    "integration",
    "integrations",
    uri="/api/integrations/{id}/",
    blank={
        "id": None,
        "uri": None,
        "type": None,
        "name": None,
        "description": None,
        "meta": {},
        "http": None,
        "user": None,
        "decoration": None,
        "application_id": None,
        "managed": False,
        "business_hours_id": None,
        "created_datetime": None,
        "updated_datetime": None,
        "deactivated_datetime": None,
        "locked_datetime": None,
    },
    fields=_integration_fields,
    before_delete=_untie_integration,
)

WIDGET = records.Resource(
    "widget",
    "widgets",
    uri="/api/widgets/{id}/",
    blank={
        "id": None,
        "uri": None,
        "type": None,
        "context": "ticket",
        "order": 0,
        "template": None,
        "integration_id": None,
        "app_id": None,
        "created_datetime": None,
        "updated_datetime": None,
        "deactivated_datetime": None,
    },
)

HANDLERS: dict[str, Handler] = {
    **records.handlers(RULE, "create", "get", "update", "delete"),
    **records.handlers(INTEGRATION, "create", "get", "update", "delete"),
    **records.handlers(WIDGET, "create", "get", "update", "delete"),
    "update-rules-priorities": set_priorities,
}
