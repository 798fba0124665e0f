"""Everything about a sandbox that can be chosen."""

from __future__ import annotations

from typing import Literal

import msgspec

DEFAULT_SCOPES = "openid profile email write:all offline"


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the sandbox is filled, who may enter, and which reading of unsure facts it follows.

    Attributes:
        seed: of the data and of every random choice.
        tickets: how many tickets the account starts with.
        domain: the account's subdomain.
        email: of the user whom the API key belongs to.
        api_key: the password of HTTP Basic.
        client_id: of the OAuth2 app.
        client_secret: of the OAuth2 app.
        refresh_token: one that works at the start; it is replaced on first use.
        token_lifetime: seconds an access token works.
        rate_limit: requests an API key may have in its bucket; None switches the limit off.
        oauth_rate_limit: the same for an OAuth2 app; both fill the account's one bucket.
        rate_window: seconds in which a full bucket drains (section 1.4).
        latency: seconds every answer of the API takes.
        cursor_ttl: seconds a cursor works; None: for ever.
        max_upload: bytes of an upload above which the answer is 413.
        enrichment: a created ticket moves again after a moment (section 4.5). Off, so that a
            test that froze the clock sees only its own changes; `chaos` switches it on.
        chaos: seed of random misbehaviour; None: none.
        record_bodies: keep request bodies in the evidence.
        datetime_style: `2026-01-31T08:00:00` followed by `+00:00`, nothing, or `Z` (section 1.8).
        envelopes: False answers lists without paging as bare arrays (annex 4, row 3).
        customer_fields_replace: `PUT /customers/{id}/custom-fields` deletes the values left out,
            as documented for tickets (annex 4, row 2).
        upload_size_as_string: the documentation's sample (annex 4, row 26).
    """

    seed: int = 1
    tickets: int = 200
    domain: str = "acme"
    email: str = "agent@acme.example"
    api_key: str = "sandbox-key"
    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-secret"  # noqa: S105 - it opens nothing but the sandbox
    refresh_token: str = "sandbox-refresh-token"  # noqa: S105 - likewise
    token_lifetime: int = 3600
    rate_limit: int | None = 40
    oauth_rate_limit: int | None = 80
    rate_window: float = 20.0
    latency: float = 0.0
    cursor_ttl: float | None = None
    max_upload: int = 20_000_000
    enrichment: bool = False
    chaos: int | None = None
    record_bodies: bool = False
    datetime_style: Literal["offset", "naive", "z"] = "offset"
    envelopes: bool = True
    customer_fields_replace: bool = True
    upload_size_as_string: bool = False
