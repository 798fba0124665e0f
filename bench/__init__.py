"""The numbers in the README; `make bench` prints them."""

from __future__ import annotations
