"""Absence, where None is a value of its own."""

from __future__ import annotations

from typing import Any

UNSET: Any = object()
"""Tells a body that is absent from a body that is JSON null."""
