"""Half an hour at the help desk, through the real API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gorgias_api import Client

CUSTOMER = {"name": "Mira Öztürk", "email": "mira.ozturk@example.com"}
QUESTION = "Hello, my grinder arrived without its lid. Could you send me one? Thank you 🙏 Mira"
ANSWER = "Dear Mira, I am sorry about that. The lid is on its way and will be with you on Friday."
SUPPORT = "support@acme.example"
REASON, TAG = "Quality::Damaged", "goodwill"


def make_changes(client: Client) -> Iterator[tuple[str, str]]:
    """Make some changes, and say of each what happened and which request did it."""
    customer = client.request("POST", "/api/customers", data=CUSTOMER)["id"]
    yield "A new customer", "POST /api/customers"

    ticket = client.request("POST", "/api/tickets", data=_ticket(customer))["id"]
    yield "writes in about a missing lid", "POST /api/tickets"

    agent = client.request("GET", "/api/users", params={"roles": "agent"})["data"][0]["id"]
    client.request("POST", f"/api/tickets/{ticket}/messages", data=_reply(agent, customer))
    yield "An agent replies", f"POST /api/tickets/{ticket}/messages"

    client.request("POST", f"/api/tickets/{ticket}/tags", data={"names": [TAG]})
    yield f"tags the ticket '{TAG}'", f"POST /api/tickets/{ticket}/tags"

    field = _contact_reason(client)
    client.request("PUT", f"/api/tickets/{ticket}/custom-fields/{field}", data=REASON)
    yield f"notes the reason '{REASON}'", f"PUT /api/tickets/{ticket}/custom-fields/{field}"

    client.request("PUT", f"/api/tickets/{ticket}", data={"status": "closed"})
    yield "and closes it", f"PUT /api/tickets/{ticket}"

    oldest = client.request("GET", "/api/tickets", params={"order_by": "created_datetime:asc"})
    gone = oldest["data"][0]["id"]
    client.request("DELETE", f"/api/tickets/{gone}")
    yield "The oldest ticket is deleted", f"DELETE /api/tickets/{gone}"


def _ticket(customer: int) -> dict[str, Any]:
    first = {
        "channel": "email",
        "via": "api",
        "from_agent": False,
        "sender": {"id": customer},
        "subject": "Lid missing",
        "body_text": QUESTION,
    }
    return {
        "channel": "email",
        "via": "api",
        "customer": {"id": customer},
        "subject": "Lid missing",
        "messages": [first],
    }


def _reply(agent: int, customer: int) -> dict[str, Any]:
    return {
        "channel": "email",
        "via": "api",
        "from_agent": True,
        "sender": {"id": agent},
        "receiver": {"id": customer},
        "source": {
            "type": "email",
            "from": {"name": "Acme Support", "address": SUPPORT},
            "to": [{"name": CUSTOMER["name"], "address": CUSTOMER["email"]}],
        },
        "body_text": ANSWER,
    }


def _contact_reason(client: Client) -> int:
    """Id of the field that Gorgias manages for the contact reason."""
    fields = client.request("GET", "/api/custom-fields", params={"object_type": "Ticket"})["data"]
    found: int = next(each["id"] for each in fields if each["managed_type"] == "contact_reason")
    return found
