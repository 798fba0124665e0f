"""What the desk is set up with: tags, views, macros, rules, integrations, widgets and jobs.

API pages `list-tags`, `list-views`, `list-macros`, `list-rules`, `list-integrations`,
`list-widgets` and `list-jobs`.
"""

from __future__ import annotations

from tap_gorgias.schemas.fragments import (
    DECORATION,
    anything,
    code,
    flag,
    free,
    integer,
    integers,
    record,
    records,
    schema,
    text,
    texts,
    when,
)

TAGS = schema(
    integer("id", "Id of the tag.", key=True),
    text("name", "Name of the tag; upper and lower case differ."),
    text("description", "What the tag means; null when never set."),
    DECORATION,
    integer("usage", "Number of tickets that carry the tag."),
    text("uri", "API path of the tag."),
    when("created_datetime", "When the tag was created."),
    when("deleted_datetime", "When the tag was deleted; null while it exists."),
)

VIEWS = schema(
    integer("id", "Id of the view.", key=True),
    text("uri", "API path of the view."),
    text("name", "Name of the view."),
    text("slug", "Name in URLs; deprecated."),
    text("type", "`ticket-list` or `customer-list`."),
    text("category", "`system` for built-in views, `user` for others; may be null."),
    text("visibility", "Who sees it: `public`, `shared` or `private`."),
    DECORATION,
    texts("fields", "The columns it shows."),
    text("filters", "Condition on its items; template variables are resolved for the caller."),
    free("filters_ast", "The condition as a syntax tree; may be null."),
    text("order_by", "Field its items are sorted by; may be null."),
    text("order_dir", "`asc` or `desc`; may be null."),
    text("search", "Search text its items must match; null when there is none."),
    integer("section_id", "Id of the section it stands in; null when in none."),
    integers("shared_with_teams", "Ids of the teams it is shared with."),
    integers("shared_with_users", "Ids of the users it is shared with."),
    when("created_datetime", "When the view was created."),
    when("deactivated_datetime", "When it was deactivated; null while in use."),
)

MACROS = schema(
    integer("id", "Id of the macro.", key=True),
    text("uri", "API path of the macro."),
    text("name", "Name of the macro."),
    text("external_id", "Id of the macro in another system; null when none was given."),
    text("intent", "Intent it answers, such as `shipping/status`; null when none is set."),
    text("language", "Language it is written in, ISO 639-1; null when none is set."),
    integer("usage", "How many times it was used."),
    records(
        "actions",
        "What the macro does, in order.",
        text("name", "Name of the action, such as `addTags` or `setResponseText`."),
        text("title", "Name shown to agents."),
        text("type", "Kind of action, such as `user`."),
        free("arguments", "Arguments of the action; their keys depend on its name."),
        text("description", "What the action is for; may be null."),
    ),
    when("created_datetime", "When the macro was created."),
    when("updated_datetime", "When the macro last changed; null until its first change."),
    when("archived_datetime", "When the macro was archived; null while in use."),
)

RULES = schema(
    integer("id", "Id of the rule.", key=True),
    text("uri", "API path of the rule."),
    text("name", "Name of the rule."),
    text("description", "What the rule is for; null when never set."),
    text("code", "The rule as code."),
    free("code_ast", "The code as an ESTree syntax tree; can be large."),
    text("event_types", "Comma-separated events that set it off; may be null."),
    integer("priority", "Rank among the rules; higher ones run first."),
    free("settings", "Further settings; their keys depend on the type."),
    text("type", "Kind of rule, such as `user`."),
    when("created_datetime", "When the rule was created."),
    when("updated_datetime", "When the rule last changed."),
    when("deactivated_datetime", "When it was switched off; null while it runs."),
)

INTEGRATIONS = schema(
    integer("id", "Id of the integration.", key=True),
    text("uri", "API path of the integration."),
    text("type", "Kind of integration, such as `http`, `email` or `shopify`; the set is open."),
    text("name", "Name of the integration."),
    text("description", "What the integration is for; null when never set."),
    free("meta", "Further data; its keys depend on the type."),
    record(
        "http",
        "The request an HTTP integration sends; null for other types. Its headers and its URL may "
        "hold credentials: left out unless `include_integration_http` is set.",
        integer("id", "Id of the request."),
        text("url", "Address, with template variables such as `{{ticket.customer.email}}`."),
        text("method", "HTTP method, such as `POST`."),
        anything("form", "Body of the request, with template variables; null when there is none."),
        free("headers", "Headers of the request; they may hold credentials."),
        text("request_content_type", "Media type of the request."),
        text("response_content_type", "Media type of the answer."),
        free("triggers", "Events by name, and whether each sends the request."),
    ),
    record(
        "user",
        "The user who made the integration.",
        integer("id", "Id of the user."),
    ),
    DECORATION,
    code("application_id", "Id of the app that made the integration; null when none did."),
    flag("managed", "True for a managed integration; the API does not say by whom."),
    integer("business_hours_id", "Id of its business hours; null when none are set."),
    when("created_datetime", "When the integration was created."),
    when("updated_datetime", "When the integration last changed."),
    when("deactivated_datetime", "When it was deactivated; null while in use."),
    when("deleted_datetime", "When it was deleted; null while it exists. Only in older accounts."),
    when("locked_datetime", "When it was locked; null while it is not."),
)

WIDGETS = schema(
    integer("id", "Id of the widget.", key=True),
    text("uri", "API path of the widget."),
    text("type", "Where its data comes from, such as `http` or `shopify`; the set is open."),
    text("context", "Where it is shown: `ticket`, `customer`, or the deprecated `user`."),
    integer("order", "Place among the widgets, from 0."),
    free("template", "Layout: a tree of widgets with `path`, `type` and `title`."),
    integer("integration_id", "Id of the integration whose data it shows; may be null."),
    text("app_id", "Id of the app whose data it shows; may be null."),
    when("created_datetime", "When the widget was created."),
    when("updated_datetime", "When the widget last changed; may be null."),
    when("deactivated_datetime", "When it was hidden; null while it is shown."),
)

JOBS = schema(
    integer("id", "Id of the job.", key=True),
    text("uri", "API path of the job."),
    text("type", "What the job does, such as `applyMacro`, `updateTicket` or `exportTicket`."),
    text("status", "State, such as `scheduled`, `running`, `done`, `canceled` or `errored`."),
    free("params", "What the job works on; its keys depend on the type."),
    free("info", "Progress and outcome; `{}` until there is something to tell."),
    free("meta", "Further data; null when there is none."),
    integer("user_id", "Id of the user who started it."),
    when("created_datetime", "When the job was created."),
    when("scheduled_datetime", "When the job is due; null to start at once."),
    when("locked_datetime", "When the job was locked; null when it was not."),
    when("started_datetime", "When the job started; null until then."),
    when("ended_datetime", "When the job ended; null until then."),
    when("failed_datetime", "When the job failed; null when it did not."),
    when("cancel_requested_datetime", "When cancelling was asked for; null when it was not."),
    when("cancelled_datetime", "When the job was cancelled; null when it was not."),
)
