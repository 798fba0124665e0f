"""The account, its settings, integrations, widgets and jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gorgias_sandbox.seed.clock import DAY, HOUR, MINUTE, SECOND, stamp
from gorgias_sandbox.seed.staff import DOMAIN, MAIL_DOMAIN

if TYPE_CHECKING:
    from gorgias_sandbox.dataset import Row, Table
    from gorgias_sandbox.seed.staff import Founding

_FIRST_SETTING_ID, _FIRST_INTEGRATION_ID, _FIRST_WIDGET_ID, _FIRST_JOB_ID = 11, 42, 61, 1_551
_INTEGRATIONS = (  # name, type, address
    ("Acme Support", "email", f"support@{MAIL_DOMAIN}"),
    ("Acme Orders", "email", f"orders@{MAIL_DOMAIN}"),
    ("Acme Chat", "gorgias_chat", MAIL_DOMAIN),
    ("Acme Social", "facebook", "acme-page"),
    ("Acme Phone", "phone", "+12005550190"),
    ("Acme Text", "sms", "+12005550191"),
    ("Acme WhatsApp", "whatsapp", "+12005550192"),
    ("Acme Shop", "shopify", f"shop.{MAIL_DOMAIN}"),
    ("CRM hook", "http", None),
    ("Loyalty Club", "app", None),
    ("Old shop hook", "http", None),
)
_WIDGETS = (  # type, context, integration name, app
    ("shopify", "ticket", "Acme Shop", None),
    ("shopify", "customer", "Acme Shop", None),
    ("http", "ticket", "CRM hook", None),
    ("customer_external_data", "customer", None, "6a00f0c0"),
)
_JOBS: tuple[
    tuple[int, str, str, dict[str, int]], ...
] = (  # minutes ago, type, status, columns besides the start
    (90_000, "exportTicket", "done", {"ended_datetime": 40}),
    (40_000, "updateTicket", "done", {"ended_datetime": 2, "locked_datetime": 1}),
    (9_000, "applyMacro", "errored", {"ended_datetime": 3, "failed_datetime": 3}),
    (8_000, "importMacro", "fatal_errored", {"failed_datetime": 1}),
    (3_000, "updateTicket", "canceled", {"cancelled_datetime": 9, "scheduled_datetime": 50}),
    (2_000, "deleteTicket", "done", {"ended_datetime": 5, "cancel_requested_datetime": 4}),
    (600, "exportMacro", "done", {"ended_datetime": 1}),
    (6, "exportTicketDrilldown", "cancel_requested", {"cancel_requested_datetime": 4}),
    (4, "updateTicket", "running", {"locked_datetime": 1}),
    (3, "applyMacro", "scheduled", {"scheduled_datetime": 45}),
    (2, "updateTicket", "pending", {}),
)
_NOT_STARTED = {"canceled", "scheduled", "pending"}


def open_account(founding: Founding, settings: Table) -> Row:
    """The account object (fact sheet, section 2.2)."""
    start = founding.at - DAY
    return {
        "domain": DOMAIN,
        "created_datetime": stamp(start),
        "deactivated_datetime": None,
        "status": {"status": "active"},
        "current_subscription": {
            "plan": "pro-monthly",
            "status": "active",
            "start_datetime": stamp(start - start % SECOND),
            "trial_start_datetime": stamp(start - start % SECOND),
            "trial_end_datetime": stamp(start - start % SECOND + 7 * DAY),
        },
        "meta": {"company_domain": MAIL_DOMAIN, "analytics_group_id": "ab12"},
        "settings": list(settings.values()),
    }


def make_settings(founding: Founding, integrations: Table, views: Table) -> Table:
    """Rows of `account_settings`, one of each known type."""
    mailbox = next(iter(integrations))
    kinds: dict[str, Row] = {
        "satisfaction-surveys": {
            "survey_interval": 24,
            "survey_email_html": "<p>How did we do?</p>",
            "survey_email_text": "How did we do?",
            "send_survey_for_chat": True,
            "send_survey_for_email": True,
            "send_survey_for_help_center": False,
            "send_survey_for_contact_form": True,
        },
        "business-hours": {
            "timezone": "UTC",
            "business_hours": [{"days": "1,2,3,4,5,6", "from_time": "09:00", "to_time": "18:00"}],
        },
        "ticket-assignment": {
            "unassign_on_reply": False,
            "assignment_channels": ["email", "chat"],
            "auto_assign_to_teams": True,
            "max_user_chat_ticket": 5,
            "max_user_non_chat_ticket": 20,
            "can_exceed_max_agent_capacity": False,
            "unassign_on_user_unavailability": [],
            "auto_assign_ticket_to_responding_agent": True,
        },
        "views-ordering": {
            "views": {str(view): {"display_order": place} for place, view in enumerate(views)},
            "views_top": {},
            "views_bottom": {},
            "view_sections": {},
        },
        "views-visibility": {"hidden_views": []},
        "access": {
            "signup_mode": "invite",
            "allowed_domains": [MAIL_DOMAIN],
            "google_sso_enabled": False,
            "office365_sso_enabled": False,
            "custom_sso_providers": {},
        },
        "auto-merge": {"tickets": {"enabled": False, "merging_window_days": 5}},
        "auto-split": {"email": {"enabled": True, "split_after_days": 30}},
        "default-integration": {"email": mailbox},
    }
    # An event that names no object, as the older ones of the real service.
    founding.journal.record(founding.at, "subscription-created", None)
    return {
        setting_id: {"id": setting_id, "type": kind, "data": data}
        for setting_id, (kind, data) in enumerate(kinds.items(), _FIRST_SETTING_ID)
    }


def make_integrations(founding: Founding, author: int) -> Table:
    """Rows of `integrations`: what carries the channels, the shop, hooks. One more was deleted."""
    table: Table = {}
    for integration_id, (name, kind, address) in enumerate(_INTEGRATIONS, _FIRST_INTEGRATION_ID):
        born = founding.create("integration-created", integration_id, author)
        retired = stamp(founding.at + 5 * DAY) if name.startswith("Old") else None
        table[integration_id] = {
            "id": integration_id,
            "uri": f"/api/integrations/{integration_id}/",
            "type": kind,
            "name": name,
            "description": f"Where {address} comes in" if kind == "email" else None,
            "meta": {"address": address} if address else {},
            "http": _http(integration_id, name) if kind == "http" else None,
            "user": {"id": author},
            "decoration": {"introduction_text": "Hi!"} if kind == "gorgias_chat" else None,
            "application_id": "6a00f0c0" if kind == "app" else None,
            "managed": kind == "app",
            "business_hours_id": 3 if kind == "phone" else None,
            "created_datetime": born,
            "updated_datetime": retired or born,
            "deactivated_datetime": retired,
            "locked_datetime": retired,
        }
        if retired:
            at = founding.at + 5 * DAY
            founding.journal.record(at, "integration-deactivated", integration_id, author)
    founding.delete("integration", _FIRST_INTEGRATION_ID + len(table), author)
    return table


def make_widgets(founding: Founding, integration_ids: dict[str, int]) -> Table:
    """Rows of `widgets`."""
    table: Table = {}
    last = _FIRST_WIDGET_ID + len(_WIDGETS) - 1
    for widget_id, (kind, context, integration, app) in enumerate(_WIDGETS, _FIRST_WIDGET_ID):
        born = founding.create("widget-created", widget_id)
        table[widget_id] = {
            "id": widget_id,
            "uri": f"/api/widgets/{widget_id}/",
            "type": kind,
            "context": context,
            "order": widget_id - _FIRST_WIDGET_ID,
            "template": {
                "type": "wrapper",
                "widgets": [
                    {
                        "path": "customer",
                        "type": "card",
                        "title": "Customer",
                        "widgets": [{"path": "plan", "type": "text", "title": "Plan"}],
                    }
                ],
            },
            "integration_id": integration_ids[integration] if integration else None,
            "app_id": app,
            "created_datetime": born,
            "updated_datetime": born if widget_id != last else None,
            "deactivated_datetime": stamp(founding.at + DAY) if kind == "http" else None,
        }
    return table


def make_jobs(now: int, user_id: int, ticket_ids: list[int], macro_id: int) -> Table:
    """Rows of `jobs`, one at least in each status, the newest minutes before `now`.

    Args:
        now: microseconds since 1970.
        user_id: who started them.
        ticket_ids: tickets they may work on.
        macro_id: a macro they may apply.
    """
    table: Table = {}
    for job_id, (minutes_ago, kind, status, ends) in enumerate(_JOBS, _FIRST_JOB_ID):
        at = now - minutes_ago * MINUTE + 100_000
        moments = {name: stamp(at + minutes * MINUTE) for name, minutes in ends.items()}
        table[job_id] = {
            "id": job_id,
            "status": status,
            "type": kind,
            "params": _job_params(kind, at, ticket_ids[: 5 + job_id % 7], macro_id),
            "info": {"progress_count": 5} if status == "done" else {},
            "meta": {"requested_by": "night run"} if job_id % 3 == 0 else None,
            "user_id": user_id,
            "created_datetime": stamp(at),
            "scheduled_datetime": None,
            "started_datetime": None if status in _NOT_STARTED else stamp(at + SECOND),
            "locked_datetime": None,
            "ended_datetime": None,
            "failed_datetime": None,
            "cancel_requested_datetime": None,
            "cancelled_datetime": None,
            "uri": f"/api/jobs/{job_id}/",
            **moments,
        }
    return table


def _job_params(kind: str, at: int, ticket_ids: list[int], macro_id: int) -> Row:
    params: dict[str, Row] = {
        "applyMacro": {"ticket_ids": ticket_ids, "macro_id": macro_id, "apply_and_close": False},
        "updateTicket": {"ticket_ids": ticket_ids, "updates": {"priority": "high"}},
        "deleteTicket": {"ticket_ids": []},
        "importMacro": {"url": "https://uploads.example/attachments/ab12/macros.csv"},
        "exportMacro": {},
    }
    window = {"start_datetime": stamp(at - 30 * DAY), "end_datetime": stamp(at - HOUR)}
    return params.get(kind, window)


def _http(integration_id: int, name: str) -> Row:
    return {
        "id": integration_id + 1_000,
        "url": f"https://{name.split(maxsplit=1)[0].lower()}.example/hook?email={{{{ticket.customer.email}}}}",
        "method": "POST",
        "form": None,
        "headers": {},
        "request_content_type": "application/json",
        "response_content_type": "application/json",
        "triggers": {"ticket-created": True, "ticket-updated": False},
    }
