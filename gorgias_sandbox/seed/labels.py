"""Tags and custom fields: what tickets and customers are sorted by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gorgias_sandbox.seed.clock import DAY, stamp
from gorgias_sandbox.seed.dice import turn

if TYPE_CHECKING:
    from gorgias_sandbox.dataset import Row, Table
    from gorgias_sandbox.seed.staff import Founding

_FIRST_TAG_ID = 3_001
_FIRST_FIELD_ID = 501
_COLOURS = ("#1f45c2", "#e74c3c", "#27ae60", "#f39c12", "#8e44ad", "#16a085")
_DEFAULT_TAGS = (
    *("VIP", "REFUND", "DISCOUNT", "ORDER-STATUS", "ORDER-CHANGE/CANCEL", "RETURN/EXCHANGE"),
    *("PRODUCT", "spam", "auto-close", "sentiment-positive", "sentiment-negative", "urgent"),
    *("non-support-related", "business-inquiry", "CHAT", "unsubscribe"),
)
_OWN_TAGS = (
    *("shipping", "late-delivery", "carrier-claim", "damaged", "wrong-item", "warehouse"),
    *("address", "invoice", "stock", "pre-sales", "subscription", "praise", "gift", "wholesale"),
    *("waiting-for-customer", "escalated", "goodwill", "bug-report", "Qualité", "重要", "❤️ fans"),
    *("seasonal", "Newsletter"),
)
_REASONS = [
    *("Shipping::Status", "Shipping::Late", "Shipping::Lost"),
    *("Returns::Request", "Returns::Refund", "Returns::Exchange"),
    *("Quality::Damaged", "Quality::Wrong item", "Order::Cancel", "Order::Change address"),
    *("Order::Subscription", "Payment::Discount", "Payment::Invoice", "Product::Stock"),
    *("Product::Question", "Other::Feedback", "Other::Spam"),
]
_RESOLUTIONS = [
    *("Tracking sent", "Return label sent", "Refund", "Replacement", "Discount given"),
    *("Information given", "No action"),
]


def make_tags(founding: Founding, author: int) -> Table:
    """Rows of `tags`, usage still zero. One was deleted, one merged into another."""
    tags: Table = {}
    for tag_id, name in enumerate((*_DEFAULT_TAGS, *_OWN_TAGS), _FIRST_TAG_ID):
        is_default = name in _DEFAULT_TAGS
        at_once = is_default and bool(tags)
        born = (founding.repeat if at_once else founding.create)("tag-created", tag_id, author)
        tags[tag_id] = {
            "id": tag_id,
            "name": name,
            "description": None if is_default else f"Tickets about {name}",
            "decoration": (None, {}, *({"color": colour} for colour in _COLOURS))[tag_id % 8],
            "usage": 0,
            "uri": f"/api/tags/{tag_id}/",
            "created_datetime": born,
            "deleted_datetime": None,
        }
    last = _FIRST_TAG_ID + len(tags)
    founding.delete("tag", last, author)
    founding.create("tag-created", last + 1, author)
    founding.create("tag-merged", last + 1, author)
    retired = tags[last - 1]
    retired["deleted_datetime"] = stamp(founding.at)
    return tags


def make_custom_fields(founding: Founding, author: int, products: list[str]) -> Table:
    """Rows of `custom_fields`: eight for tickets, four for customers, one deactivated."""
    dropdown, entry = _dropdown, _entry
    plans = (
        ("Ticket", "Contact reason", "contact_reason", dropdown("text", _REASONS)),
        ("Ticket", "Product", "product", dropdown("text", products)),
        ("Ticket", "Resolution", "resolution", dropdown("text", _RESOLUTIONS)),
        ("Ticket", "AI intent", "ai_intent", entry("text", "input")),
        ("Ticket", "Order value", None, entry("number", "input_number", min=0, max=100_000)),
        ("Ticket", "Number of items", None, entry("number", "input_number", min=1, max=None)),
        ("Ticket", "Gift order", None, dropdown("boolean", [True, False])),
        ("Ticket", "Old reason", None, entry("text", "input")),
        ("Customer", "Customer type", "customer_type", dropdown("text", ["B2C", "B2B::Shop"])),
        ("Customer", "Loyalty points", None, entry("number", "input_number", min=0, max=None)),
        ("Customer", "Newsletter", None, dropdown("boolean", [True, False])),
        ("Customer", "Account manager", None, entry("text", "input")),
    )
    fields: Table = {}
    for place, (thing, label, managed, definition) in enumerate(plans):
        field_id = _FIRST_FIELD_ID + place
        born = founding.create("custom-field-created", field_id, author)
        fields[field_id] = {
            "id": field_id,
            "external_id": f"field-{place}" if place % 5 == 1 else None,
            "object_type": thing,
            "label": label,
            "description": f"{label} as agreed with the shop team" if place % 2 else None,
            "priority": None if turn(place, 6, 5) else 10 * (len(plans) - place),
            "required": place == 0,
            **({"requirement_type": "visible"} if thing == "Ticket" else {}),
            "managed_type": managed,
            "definition": definition,
            "created_datetime": born,
            "updated_datetime": born if place != len(plans) - 1 else None,
            "deactivated_datetime": None,
        }
    _deactivate(founding, next(row for row in fields.values() if row["label"] == "Old reason"))
    return fields


def ids_by(table: Table, key: str) -> dict[str, int]:
    """Ids of a table's rows by another field."""
    return {row[key]: row["id"] for row in table.values()}


def _deactivate(founding: Founding, field: Row) -> None:
    at = founding.at + DAY
    field["deactivated_datetime"] = field["updated_datetime"] = stamp(at)
    founding.journal.record(at, "custom-field-updated", field["id"])


def _dropdown(data_type: str, choices: list[str] | list[bool]) -> Row:
    settings = {"input_type": "dropdown", "choices": choices, "default": None}
    return {"data_type": data_type, "input_settings": settings}


def _entry(data_type: str, input_type: str, **bounds: int | None) -> Row:
    settings = {"input_type": input_type, **bounds, "placeholder": "Enter value"}
    return {"data_type": data_type, "input_settings": settings}
