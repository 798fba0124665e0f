"""Satisfaction surveys."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from tap_gorgias import schemas
from tap_gorgias.streams.incremental import IncrementalStream


class SatisfactionSurveys(IncrementalStream):
    """Surveys (https://developers.gorgias.com/reference/list-satisfaction-surveys).

    The answer is written into the survey days or weeks after its creation, and no date tells.
    """

    name = "satisfaction_surveys"
    path = "/api/satisfaction-surveys"
    scope = "satisfaction_survey:read"
    primary_keys: ClassVar = ["id"]
    replication_key = "created_datetime"
    lookback = timedelta(days=30)
    schema = schemas.SATISFACTION_SURVEYS
