"""Changes of every kind that a replica has to follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gorgias_api import Client

NASTY = (
    "Grüße, 東京 & Кириллица 🧡\r\nsecond line\twith \"quotes\", 'ticks', \\backslash; comma,\n\n"
    " null NULL \\N \u2028 \u00a0 end "
)
LONG = 1_500 * NASTY


def change_everything(client: Client) -> None:
    """Create, change and delete rows of every table that can change."""
    customer = _send(client, "POST", "/customers", {"name": "Zoë Ōta", "email": "zoe@example.com"})
    short_lived = _send(client, "POST", "/customers", {"name": "Nobody", "email": "no@example.org"})
    ticket = _send(client, "POST", "/tickets", _ticket(customer["id"]))
    agent = _send(client, "GET", "/users?roles=agent")["data"][0]
    reply = _message(from_agent=True, sender={"id": agent["id"]})
    for body in ({}, {"body_text": LONG, "body_html": LONG}):
        _send(client, "POST", f"/tickets/{ticket['id']}/messages", reply | body)

    newest, older, oldest, *_ = client.request("GET", "/api/tickets")["data"]
    for each in (newest, older):
        _set_fields(client, each["id"])
    # Values are not dated: they follow because the ticket changes as well.
    _send(client, "POST", f"/tickets/{newest['id']}/tags", {"names": ["gift", "praise"]})
    _send(client, "PUT", f"/tickets/{older['id']}", {"subject": NASTY[:90], "status": "closed"})
    _send(client, "DELETE", f"/tickets/{oldest['id']}")
    _send(client, "DELETE", f"/customers/{short_lived['id']}")
    _send(client, "DELETE", f"/macros/{_send(client, 'GET', '/macros')['data'][0]['id']}")
    views = _send(client, "GET", "/views")["data"]
    own = next(view for view in views if view["category"] != "system")
    _send(client, "DELETE", f"/views/{own['id']}")


def _set_fields(client: Client, ticket: int) -> None:
    """Clear the values of a ticket but one, which changes."""
    fields = _send(client, "GET", "/custom-fields?object_type=Ticket")["data"]
    number = next(each for each in fields if each["definition"]["data_type"] == "number")
    _send(client, "PUT", f"/tickets/{ticket}/custom-fields", [{"id": number["id"], "value": 12.5}])


def _ticket(customer: int) -> dict[str, Any]:
    return {
        "channel": "email",
        "via": "api",
        "customer": {"id": customer},
        "subject": NASTY[:90],
        "messages": [_message(from_agent=False, sender={"id": customer})],
    }


def _message(*, from_agent: bool, sender: dict[str, int]) -> dict[str, Any]:
    return {
        "channel": "email",
        "via": "api",
        "from_agent": from_agent,
        "sender": sender,
        "subject": NASTY[:90],
        "body_text": NASTY,
        "body_html": f"<p>{NASTY}</p>",
    }


def _send(client: Client, method: str, path: str, *data: Any) -> Any:
    body = {"data": data[0]} if data else {}
    return client.request(method, f"/api{path}", **body)
