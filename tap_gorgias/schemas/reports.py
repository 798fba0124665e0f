"""Rows of configured statistics (API page `POST /api/reporting/stats`)."""

from __future__ import annotations

from tap_gorgias.schemas.fragments import free, schema, text, when

REPORTS = schema(
    text("report", "Name of the report in the tap's configuration.", key=True),
    when(
        "period",
        "Start of the hour, day, week or month the row counts; without a granularity, start of "
        "the period that was asked for.",
        key=True,
    ),
    text("dimensions_hash", "Hash of `dimensions`: one row per report, period and hash.", key=True),
    free("dimensions", "Names and values the row is grouped by; `{}` for a total."),
    free("measures", "Names and values of the measures; durations in seconds, some null."),
    text("granularity", "`hour`, `day`, `week` or `month`; null for the whole period."),
    text("timezone", "IANA time zone in which periods begin."),
    when("read_datetime", "When the tap read the row.", key=True),
)
