"""Views, macros and rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gorgias_sandbox.seed.clock import DAY, stamp

if TYPE_CHECKING:
    from gorgias_sandbox.dataset import Row, Table
    from gorgias_sandbox.seed.staff import Founding

_FIRST_VIEW_ID, _FIRST_MACRO_ID, _FIRST_RULE_ID = 71, 4_001, 901
_PRESENT = "isEmpty(ticket.trashed_datetime) && eq(ticket.spam, false)"
_OPEN = f"eq(ticket.status, 'open') && isEmpty(ticket.snooze_datetime) && {_PRESENT}"
_EVER = "'1970-01-01T00:00:00'"
_SYSTEM_VIEWS = (  # name, filters, order
    ("Inbox", _OPEN, "updated_datetime"),
    ("Unassigned", f"{_OPEN} && isEmpty(ticket.assignee_user.id)", "created_datetime"),
    ("All", _PRESENT, "updated_datetime"),
    ("Snoozed", f"gte(ticket.snooze_datetime, {_EVER}) && {_PRESENT}", "snooze_datetime"),
    ("Closed", f"eq(ticket.status, 'closed') && {_PRESENT}", "closed_datetime"),
    ("Trash", f"gte(ticket.trashed_datetime, {_EVER})", "updated_datetime"),
    ("Spam", "eq(ticket.spam, true)", "created_datetime"),
    ("All customers", "", "updated_datetime"),
)
_OWN_VIEWS = (  # name, filters, order
    ("My open tickets", f"{_OPEN} && eq(ticket.assignee_user.id, '{{{{current_user.id}}}}')", None),
    ("Chats and calls", f"{_OPEN} && containsAny(ticket.channel, ['chat', 'phone'])", None),
    ("Important", "containsAny(ticket.tags.name, ['VIP', 'urgent'])", "priority"),
    ("Not in English", f"neq(ticket.language, 'en') && {_PRESENT}", "created_datetime"),
)
_FIELDS = ["details", "tags", "customer", "last_message", "assignee", "channel", "updated"]
_CUSTOMER_FIELDS = ["name", "email", "created", "updated"]
_MACROS = (  # name, intent, language, tags, text
    ("Where is my order", "shipping/status", "en", "shipping", "Your parcel is on its way."),
    ("Où est ma commande", "shipping/status", "fr", "shipping", "Votre colis est en route."),
    ("Wo ist meine Bestellung", "shipping/status", "de", "shipping", "Ihr Paket ist unterwegs."),
    ("Lost parcel", "shipping/delivery-issue", "en", "carrier-claim", "We opened a claim."),
    ("Return label", "return/request", "en", "RETURN/EXCHANGE", "The label is attached."),
    ("Refund issued", "refund/status", "en", "REFUND", "The refund was issued today."),
    ("Damaged item", "order/damaged", "en", "damaged", "A replacement is on its way."),
    ("Cancelled", "order/cancel", "en", "ORDER-CHANGE/CANCEL", "The order is cancelled."),
    ("Discount by hand", "discount/request", "en", "DISCOUNT", "Please try the code again."),
    ("Back in stock", "stock/request", "en", "stock", "It will be back soon."),
    ("Thanks", "other/thanks", "en", "praise", "Thank you, {{ticket.customer.firstname}}!"),
    ("Ask for the order number", None, None, "waiting-for-customer", "Which order is it?"),
    ("Close without answer", "other/no_reply", None, "auto-close", ""),
    ("Easter opening hours", None, "en", "seasonal", "We are closed on Monday."),
    ("Old return policy", "return/request", "en", "RETURN/EXCHANGE", "You have 14 days."),
)
_ARCHIVED = {13, 14}
_RULES = (  # name, event types, condition, action
    ("Tag late parcels", "ticket-created", "contains(message.intents, 'late')", "addTags"),
    (
        "Thank for contact forms",
        "ticket-created",
        "eq(ticket.channel, 'contact_form')",
        "replyByEmail",
    ),
    ("Close spam", "ticket-created,ticket-updated", "eq(ticket.spam, true)", "setStatus"),
    ("Assign parcels", "ticket-created", "eq(ticket.channel, 'email')", "setTeamAssignee"),
    ("Mark VIPs urgent", "ticket-message-created", "eq(ticket.tags.name, 'VIP')", "addTags"),
    ("Low score to lead", "satisfaction-survey-responded", "lte(survey.score, 2)", "setAssignee"),
    ("Wake snoozed", "ticket-self-unsnoozed", "eq(ticket.status, 'open')", "setStatus"),
    ("Legacy clean-up", None, "eq(ticket.status, 'open')", "setStatus"),
)


def make_views(founding: Founding, author: int, team: int) -> Table:
    """Rows of `views`: the system's eight, then the shop's. Two more were deleted."""
    views: Table = {}
    for place, (name, filters, order) in enumerate((*_SYSTEM_VIEWS, *_OWN_VIEWS)):
        view_id = _FIRST_VIEW_ID + place
        is_system = place < len(_SYSTEM_VIEWS)
        customers = name == "All customers"
        private = name == "My open tickets"
        born = founding.create("view-created", view_id, None if is_system else author)
        views[view_id] = {
            "id": view_id,
            "uri": f"/api/views/{view_id}/",
            "name": name,
            "slug": name.lower().replace(" ", "-"),
            "type": "customer-list" if customers else "ticket-list",
            "category": "system" if is_system else (None if private else "user"),
            "visibility": "private" if private else "public",
            "decoration": None if is_system else {"emoji": "📥"},
            "fields": _CUSTOMER_FIELDS if customers else _FIELDS,
            "filters": filters,
            "filters_ast": {"type": "Program", "body": []} if filters else None,
            "order_by": order,
            "order_dir": "desc" if order else None,
            "search": "gift" if name == "Important" else None,
            "section_id": None if is_system else 7,
            "shared_with_teams": [{"id": team}] if name == "Chats and calls" else [],
            "shared_with_users": [{"id": author}] if private else [],
            "created_datetime": born,
            "deactivated_datetime": None,
        }
    views[max(views)]["deactivated_datetime"] = stamp(founding.at + DAY)
    founding.delete("view", max(views) + 1, author)
    founding.delete("view", max(views) + 2, author)
    return views


def make_macros(founding: Founding, author: int) -> Table:
    """Rows of `macros`, usage still zero. One more was deleted."""
    macros: Table = {}
    for place, (name, intent, language, tags, text) in enumerate(_MACROS):
        macro_id = _FIRST_MACRO_ID + place
        born = founding.create("macro-created", macro_id, author)
        edited = founding.at + place * DAY
        if place % 3 == 1:
            founding.journal.record(edited, "macro-updated", macro_id, author)
        macros[macro_id] = {
            "id": macro_id,
            "uri": f"/api/macros/{macro_id}/",
            "name": name,
            "external_id": f"macro-{place}" if place % 4 == 0 else None,
            "intent": intent,
            "language": language,
            "usage": 0,
            "actions": _macro_actions(tags, text),
            "created_datetime": born,
            "updated_datetime": stamp(edited) if place % 3 == 1 else None,
            "archived_datetime": stamp(edited) if place in _ARCHIVED else None,
        }
    founding.delete("macro", max(macros) + 1, author)
    return macros


def make_rules(founding: Founding, author: int) -> Table:
    """Rows of `rules`. One more was deleted."""
    rules: Table = {}
    for place, (name, event_types, condition, action) in enumerate(_RULES):
        rule_id = _FIRST_RULE_ID + place
        retired = event_types is None
        born = founding.create("rule-created", rule_id, author)
        retirement = stamp(founding.at + DAY) if retired else None
        rules[rule_id] = {
            "id": rule_id,
            "uri": f"/api/rules/{rule_id}/",
            "name": name,
            "description": f"{name}, agreed in the weekly meeting" if place % 2 else None,
            "code": f"if ({condition}) {{ Action('{action}', {{}}) }}",
            "code_ast": {"type": "Program", "sourceType": "script", "body": []},
            "event_types": event_types,
            "priority": len(_RULES) - place,
            "settings": None if retired else {},
            "type": "user",
            "created_datetime": born,
            "updated_datetime": retirement or born,
            "deactivated_datetime": retirement,
        }
        if retired:
            founding.journal.record(founding.at + DAY, "rule-deactivated", rule_id, author)
    founding.delete("rule", max(rules) + 1, author)
    return rules


def _macro_actions(tags: str, text: str) -> list[Row]:
    actions = [("addTags", "Add tags", {"tags": tags})]
    if text:
        body = {"body_text": text, "body_html": f"<p>{text}</p>"}
        actions.append(("setResponseText", "Write an answer", body))
    return [
        {"name": name, "title": title, "type": "user", "arguments": arguments, "description": ""}
        for name, title, arguments in actions
    ]
