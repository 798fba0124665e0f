"""Values of custom fields, as tickets and customers carry them: a dictionary by field id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_gorgias.order import Row
    from tap_gorgias.rows import Sieve


def field_values(parent: Row, sieve: Sieve) -> Iterator[Row]:
    """One row per entry of `custom_fields`: the raw value, and one column for each type."""
    for key, entry in sieve.inside(parent, "custom_fields", dict).items():
        value: Any = entry.get("value") if isinstance(entry, dict) else entry
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        yield {
            "custom_field_id": key,
            "value": value,
            "value_text": value if isinstance(value, str) else None,
            "value_number": value if is_number else None,
            "value_boolean": value if isinstance(value, bool) else None,
        }
