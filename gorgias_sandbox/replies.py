"""What a handler may answer besides a JSON value: an error, a redirect, bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gorgias_sandbox.contract import Json

NOT_FOUND = "Resource not found."
CONFLICT = "The resource already exists."


class ApiError(Exception):
    """An error answer: `{"error": {"msg": ..., "data": ...}}` (section 1.5)."""

    def __init__(
        self, status: int, msg: str, data: Json = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, msg)
        self.status = status
        self.msg = msg
        self.data = data
        self.headers = headers or {}

    @property
    def body(self) -> Json:
        """The JSON body; `data` appears only when there is something to say per field."""
        error = {"msg": self.msg} if self.data is None else {"msg": self.msg, "data": self.data}
        return {"error": error}


class Invalid(Exception):  # noqa: N818 - it becomes an ApiError once the operation is known
    """A value breaks the contract; `errors` is a list of messages, or an object of them."""

    def __init__(self, errors: Json) -> None:
        super().__init__(errors)
        self.errors = errors


class Moved(Exception):  # noqa: N818 - an answer, not a fault
    """The customer was merged into another one: 301 with an empty body."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes of a given media type instead of JSON."""

    body: bytes
    media_type: str


def missing() -> ApiError:
    """404, for what does not exist or was deleted."""
    return ApiError(404, NOT_FOUND)


def conflict(data: Json = None, msg: str = CONFLICT) -> ApiError:
    """409, for a unique value in use or an object others depend on."""
    return ApiError(409, msg, data)
