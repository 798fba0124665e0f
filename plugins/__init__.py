"""Definitions of the plugins for `meltano add --from-ref`, and how they are made."""

from __future__ import annotations
