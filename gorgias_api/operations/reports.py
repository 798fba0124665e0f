"""Statistics."""

from __future__ import annotations

from dataclasses import replace

from gorgias_api.operations.base import Operation
from gorgias_api.operations.fields import Field
from gorgias_api.operations.shared import CURSOR, LIMIT

SCOPE = "statistics:read"

QUERY = Field(
    "query",
    "object",
    required=True,
    help="What to count, for which period, by what.",
    fields=(
        Field("scope", "string", required=True, help="tickets-created, response-time, ..."),
        Field(
            "filters",
            "array",
            required=True,
            help="periodStart and periodEnd are always needed.",
            fields=(
                Field("member", "string", required=True),
                Field("operator", "string", required=True, help="afterDate, one-of, ..."),
                Field("values", "array", items="any"),
            ),
        ),
        Field("timezone", "string", required=True, help="IANA name, such as Europe/Berlin."),
        Field("dimensions", "array", items="string"),
        Field("measures", "array", items="string"),
        Field(
            "time_dimensions",
            "array",
            fields=(
                Field("dimension", "string", required=True),
                Field("granularity", "string", help="hour, day, week or month."),
            ),
        ),
        Field("order", "array", items="array", help="Pairs of a field and asc or desc."),
    ),
)
FILTERS = Field("filters", "object", required=True, help="With a period.")

OPERATIONS = (
    Operation(
        "retrieve-reporting-statistic",
        "POST",
        "/api/reporting/stats",
        "Ask for statistics of at most 366 days.",
        query=(CURSOR, replace(LIMIT, most=10_000)),
        body=(QUERY,),
        shape="object",
        paged=True,
        scope=SCOPE,
    ),
    Operation(
        "retrieve-statistic",
        "POST",
        "/api/stats/{name}",
        "Ask for one of the old statistics; deprecated.",
        body=(FILTERS, Field("cursor", "string")),
        shape="object",
        scope=SCOPE,
    ),
    Operation(
        "download-statistic",
        "POST",
        "/api/stats/{name}/download",
        "Export one of the old statistics; deprecated.",
        body=(FILTERS,),
        shape="object",
        response_type="text",
        scope=SCOPE,
    ),
)
