"""The people and bots of the shop, and their teams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gorgias_sandbox.seed.clock import DAY, MINUTE, SECOND, stamp

if TYPE_CHECKING:
    from random import Random

    from gorgias_sandbox.dataset import Row, Table
    from gorgias_sandbox.seed.journal import Journal
    from gorgias_sandbox.seed.names import NamePool

DOMAIN = "acme"
MAIL_DOMAIN = "acme.example"
FIRST_PERSON_ID = 519_543_201

_PEOPLE = (  # role, country, language, time zone, bio
    ("admin", "US", "en", "America/New_York", "Runs the help desk."),
    ("admin", "FR", "fr", "Europe/Paris", None),
    ("agent", "US", "en", "America/New_York", "Ask me about returns."),
    ("agent", "DE", "en", "Europe/Berlin", None),
    ("agent", "GB", "en", "Europe/London", None),
    ("agent", "FR", "fr", "Europe/Paris", "Parcels and carriers."),
    ("agent", "ES", "en", None, None),
    ("basic-agent", None, "en", "America/Los_Angeles", None),
    ("agent", "US", "en", "America/Los_Angeles", None),
    ("lite-agent", "US", "en", "America/New_York", None),
    ("observer-agent", "US", None, "America/New_York", None),
)
_FORMER = 8
_BOTS = (("Acme Helper", None), ("Parcel Radar", "6a00f0c0d1e2f3a4b5c6d7e8"))
_ANSWERING_ROLES = {"admin", "agent", "basic-agent"}
_TEAMS: tuple[
    tuple[str, str | None, Row, tuple[int, ...]], ...
] = (  # name, description, decoration, places of its members among the users
    ("Front line", "First contact in every channel", {"emoji": "💬"}, (2, 3, 4, 5, 6, 7)),
    ("Parcels", None, {"emoji": {"id": "package", "native": "📦", "name": "Package"}}, (3, 5)),
    ("Returns", "Returns, refunds and exchanges", {}, (2, 6)),
    ("Night shift", None, {}, ()),
)
_FIRST_TEAM_ID = 1_201


class Founding:
    """The days in which the account is set up, before the first ticket: one moment after another.

    Args:
        rng: source of randomness.
        journal: where what happens is written down.
        at: when it starts, in microseconds since 1970.
    """

    def __init__(self, rng: Random, journal: Journal, at: int) -> None:
        self.rng = rng
        self.journal = journal
        self.at = at

    def create(self, kind: str, object_id: int, user_id: int | None = None) -> str:
        """Let something be created; returns when, as the API prints it."""
        self.at += self.rng.randrange(3, 40) * MINUTE + self.rng.randrange(SECOND)
        self.repeat(kind, object_id, user_id)
        return stamp(self.at)

    def repeat(self, kind: str, object_id: int, user_id: int | None = None) -> str:
        """Let something be created in the same moment as the last one."""
        self.journal.record(self.at, kind, object_id, user_id, self.journal.cause())
        return stamp(self.at)

    def delete(self, thing: str, object_id: int, user_id: int) -> None:
        """Leave the trace of something that was created and deleted again."""
        self.create(f"{thing}-created", object_id, user_id)
        self.create(f"{thing}-deleted", object_id, user_id)


def hire(founding: Founding, names: NamePool) -> Table:
    """Rows of `users`; bots come last."""
    people = [
        _user(founding, FIRST_PERSON_ID + place, names.draw(language or "en"), row)
        for place, row in enumerate(_PEOPLE)
        for language in [row[2]]
    ]
    bots = [
        _bot(founding, FIRST_PERSON_ID + len(people) + place, name, client_id)
        for place, (name, client_id) in enumerate(_BOTS)
    ]
    leaver = people[_FORMER]
    leaver["active"] = False
    leaver["deactivated_datetime"] = leaver["updated_datetime"] = stamp(founding.at + 300 * DAY)
    return {user["id"]: user for user in (*people, *bots)}


def answering(users: Table) -> list[int]:
    """Ids of the users who answer tickets."""
    return [
        user["id"]
        for user in users.values()
        if user["active"] and user["role"]["name"] in _ANSWERING_ROLES
    ]


def bots(users: Table) -> list[int]:
    """Ids of the bot users."""
    return [user["id"] for user in users.values() if user["role"]["name"] == "bot"]


def form_teams(founding: Founding, users: Table) -> Table:
    """Rows of `teams`; a fifth team was dissolved."""
    ids, boss = list(users), next(iter(users))
    teams: Table = {}
    for team_id, (name, description, decoration, places) in enumerate(_TEAMS, _FIRST_TEAM_ID):
        teams[team_id] = {
            "id": team_id,
            "uri": f"/api/teams/{team_id}/",
            "name": name,
            "description": description,
            "decoration": decoration,
            "member_ids": [ids[place] for place in places],
            "created_datetime": founding.create("team-created", team_id, boss),
        }
    founding.delete("team", _FIRST_TEAM_ID + len(_TEAMS), boss)
    return teams


def _user(
    founding: Founding,
    user_id: int,
    name: tuple[tuple[str, str], tuple[str, str]],
    profile: tuple[str, str | None, str | None, str | None, str | None],
) -> Row:
    (first, first_slug), (last, last_slug) = name
    role, country, language, timezone, bio = profile
    born = founding.create("user-created", user_id)
    serial = user_id - FIRST_PERSON_ID
    return _row(
        user_id,
        born,
        email=f"{first_slug}.{last_slug}@{MAIL_DOMAIN}",
        name=f"{first} {last}",
        firstname=first,
        lastname=last,
        bio=bio,
        country=country,
        language=language,
        timezone=timezone,
        external_id=f"staff-{serial:02d}" if serial % 3 else None,
        meta={
            "name_set_via": "agent",
            "profile_picture_url": f"https://uploads.example/pictures/{user_id}.png",
            "sso": None,
        },
        role={"name": role},
        has_2fa_enabled=serial % 2 == 0,
    )


def _bot(founding: Founding, user_id: int, name: str, client_id: str | None) -> Row:
    first, last = name.split()
    return _row(
        user_id,
        founding.create("user-created", user_id),
        email=f"{first.lower()}.{last.lower()}@bots.example",
        name=name,
        firstname=first,
        lastname=last,
        meta={"name_set_via": "agent", "profile_picture_url": None, "sso": None},
        role={"name": "bot"},
        client_id=client_id,
        has_password=False,
    )


def _row(user_id: int, born: str, **known: object) -> Row:
    blank: Row = {
        "id": user_id,
        "email": None,
        "name": "",
        "firstname": "",
        "lastname": "",
        "active": True,
        "bio": None,
        "country": None,
        "language": None,
        "timezone": None,
        "external_id": None,
        "meta": {},
        "role": {},
        "client_id": None,
        "has_password": True,
        "has_2fa_enabled": False,
        "created_datetime": born,
        "updated_datetime": born,
        "deactivated_datetime": None,
        "uri": f"https://{DOMAIN}.gorgias.com/api/users/{user_id}/",
    }
    return blank | known
