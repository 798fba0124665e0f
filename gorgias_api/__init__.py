"""The Gorgias REST API for Python: one request path, typed errors, a rate budget, paging.

    from gorgias_api import Client

    with Client.from_settings({"domain": "acme", "username": "…", "api_key": "…"}) as client:
        for page in client.paginate("/api/tickets", {"limit": 100}):
            print(len(page.rows))

Knows HTTP and Gorgias, nothing of Singer.
"""

from __future__ import annotations

from gorgias_api.client import Client
from gorgias_api.errors import (
    AnswerError,
    ApiError,
    BadRequestError,
    ConflictError,
    ForbiddenError,
    GorgiasError,
    LoginError,
    MovedError,
    NotFoundError,
    RateLimitError,
    ServerError,
    SettingsError,
    TransportError,
    UnauthorizedError,
    UsageError,
)
from gorgias_api.multipart import FilePart
from gorgias_api.paging import Page
from gorgias_api.retry import Retry
from gorgias_api.settings import Settings

__all__ = [
    "AnswerError",
    "ApiError",
    "BadRequestError",
    "Client",
    "ConflictError",
    "FilePart",
    "ForbiddenError",
    "GorgiasError",
    "LoginError",
    "MovedError",
    "NotFoundError",
    "Page",
    "RateLimitError",
    "Retry",
    "ServerError",
    "Settings",
    "SettingsError",
    "TransportError",
    "UnauthorizedError",
    "UsageError",
]
