"""Users and teams (API pages `list-users`, `list-teams`)."""

from __future__ import annotations

from tap_gorgias.schemas.fragments import (
    flag,
    free,
    integer,
    record,
    records,
    schema,
    text,
    when,
)

USERS = schema(
    integer("id", "Id of the user; customers share the same sequence of ids.", key=True),
    text("email", "E-mail address the user logs in with."),
    text("name", "Full name."),
    text("firstname", "First name, derived from the full name; empty when unknown."),
    text("lastname", "Last name, derived from the full name; empty when unknown."),
    flag("active", "False once the user was deactivated."),
    text("bio", "Short text the user wrote about themselves; null when there is none."),
    text("country", "Country code, ISO 3166 alpha-2; null when unknown."),
    text("language", "Language of the user interface: `en` or `fr`; null when never set."),
    text("timezone", "IANA time zone; null when never set."),
    text("external_id", "Id of the user in another system; null when none was given."),
    free("meta", "Further data: `name_set_via`, `profile_picture_url`, `sso`."),
    record(
        "role",
        "Role of the user.",
        text(
            "name",
            "`admin`, `agent`, `basic-agent`, `lite-agent`, `internal-agent`, `observer-agent` or "
            "`bot`.",
        ),
    ),
    text("client_id", "OAuth client the user stands for; null for people."),
    flag("has_password", "Whether the user can log in with a password."),
    flag("has_2fa_enabled", "Whether two-factor authentication is on."),
    when("created_datetime", "When the user was created."),
    when("updated_datetime", "When the user last changed."),
    when("deactivated_datetime", "When the user was deactivated; null while active."),
    text("uri", "Absolute URL of the user in the API."),
)

TEAMS = schema(
    integer("id", "Id of the team.", key=True),
    text("name", "Name of the team."),
    text("description", "What the team is for; null when never set."),
    free("decoration", "`emoji`, a string or an object; `{}` when there is none."),
    records(
        "members",
        "The users in the team.",
        integer("id", "Id of the user."),
        text("name", "Full name of the user."),
        text("email", "E-mail address of the user."),
        free("meta", "Further data on the user."),
    ),
    when("created_datetime", "When the team was created."),
    text("uri", "API path of the team."),
)
