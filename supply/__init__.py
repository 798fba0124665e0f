"""What is known of the packages that come along."""

from __future__ import annotations
