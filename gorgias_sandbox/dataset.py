"""What a sandbox account holds when it starts: plain rows by table and id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

Row: TypeAlias = dict[str, Any]
Table: TypeAlias = dict[int, Row]


@dataclass(frozen=True)
class Dataset:
    """The rows of one account.

    A row is what the API returns in its fullest documented shape, except that relations are kept
    as ids (`customer_id`, `tag_ids`, `field_values`, `member_ids`, `sender_id`, `receiver_id`).
    Rows may share equal values with one another: copy a row's nested value before changing it.

    Attributes:
        tables: table name -> id -> row, in ascending order of ids. A deleted row is absent; only
            its events tell of it.
        account: the answer of `GET /api/account`.
        merged: id of a customer that was merged away -> id of the surviving customer.
    """

    tables: dict[str, Table]
    account: Row
    merged: dict[int, int]
