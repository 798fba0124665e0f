"""Account and account settings (API pages `get-account`, `list-account-settings`)."""

from __future__ import annotations

from tap_gorgias.schemas.fragments import free, integer, record, records, schema, text, when

_TYPE = text("type", "Which setting this is, such as `business-hours` or `auto-merge`.")
_DATA = free("data", "The setting itself; its keys depend on the type.")

ACCOUNT = schema(
    text("domain", "Subdomain of the account; the API gives no account id.", key=True),
    when("created_datetime", "When the account was created."),
    when("deactivated_datetime", "When the account was deactivated; null while active."),
    record(
        "status",
        "State of the account.",
        text("status", "The state by name, such as `active`."),
    ),
    record(
        "current_subscription",
        "The running subscription; null when there is none.",
        text("plan", "Name of the plan; null during a trial."),
        text("status", "State of the subscription, such as `trialing`."),
        when("start_datetime", "When the subscription began."),
        when("trial_start_datetime", "When the trial began; null without a trial."),
        when("trial_end_datetime", "When the trial ends or ended; null without a trial."),
    ),
    free("meta", "Further data, such as `company_domain` and `analytics_group_id`."),
    records(
        "settings",
        "The settings of the account, as in the stream `account_settings`.",
        integer("id", "Id of the setting."),
        _TYPE,
        _DATA,
    ),
)

ACCOUNT_SETTINGS = schema(
    integer("id", "Id of the setting.", key=True),
    _TYPE,
    _DATA,
)
