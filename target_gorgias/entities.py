"""What the target writes: kinds of objects, by which operations, and how each is recognised.

The operations themselves are in `gorgias_api.operations`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

OBJECT_VERBS = frozenset({"create", "update", "upsert", "delete"})
PART_VERBS = frozenset({"set", "replace", "delete"})


@dataclass(frozen=True, kw_only=True)
class Find:
    """How a list tells whether an object is there, so that nothing is created twice.

    `filters` maps a query parameter to the field of the object it takes its value from; of the
    rows that come back, the one counts whose `same` fields are those of the object.
    """

    operation: str
    filters: Mapping[str, str] = field(default_factory=dict)
    same: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Entity:
    """One kind of thing to write."""

    verbs: frozenset[str] = OBJECT_VERBS
    usual: str = "upsert"
    """What a stream named like the entity does."""
    create: str = ""
    update: str = ""
    delete: str = ""
    get: str = ""
    finds: tuple[Find, ...] = ()
    """Best first."""
    marked: bool = False
    """Whether it has an `external_id` by which a created object is recognised."""
    of: str = ""
    """The reference to the object that this one is a part of."""
    references: Mapping[str, str] = field(default_factory=dict)
    """Prefix of columns that name another object, as `ticket` in `ticket_id`: its entity."""
    unsure: frozenset[str] = frozenset()
    """Fields that only some sources know of; an unknown one would make Gorgias refuse the row."""
    defaults: Mapping[str, str] = field(default_factory=dict)
    """What is sent on creation where a record does not say: Gorgias may insist on it."""
    merged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Lists that an update replaces, by the fields that tell their items apart; what is there
    already is kept."""
    soft: str = ""
    """What `_sdc_deleted_at` does; nothing by default."""
    hard: str = "delete"
    """The same with `hard_delete`."""

    @property
    def naming(self) -> frozenset[str]:
        """Fields of an object that take part in finding it."""
        return frozenset(
            name for find in self.finds for name in (*find.same, *find.filters.values())
        )


JOB_KEY = "singer_gorgias"
"""In `meta`, by which a job that was started is recognised."""
EXTERNAL_ID = ("external_id",)
TICKET = {"ticket": "tickets"}
CUSTOMER = {"customer": "customers"}
VIA = {"via": "api"}

ENTITIES: Mapping[str, Entity] = {
    "customers": Entity(
        verbs=OBJECT_VERBS | {"merge", "set_data"},
        create="create-customer",
        update="update-customer",
        delete="delete-customer",
        get="get-customer",
        finds=(
            Find(
                operation="list-customers",
                filters={"external_id": "external_id"},
                same=EXTERNAL_ID,
            ),
            Find(operation="list-customers", filters={"email": "email"}, same=("email",)),
        ),
        marked=True,
        unsure=frozenset({"firstname", "lastname", "note", "meta", "custom_fields"}),
        merged={"channels": ("type", "address")},
    ),
    "customer_custom_fields": Entity(
        verbs=PART_VERBS, usual="set", of="customer", references=CUSTOMER, soft="delete"
    ),
    "tickets": Entity(
        verbs=OBJECT_VERBS | {"trash"},
        create="create-ticket",
        update="update-ticket",
        delete="delete-ticket",
        get="get-ticket",
        finds=(
            Find(
                operation="list-tickets", filters={"external_id": "external_id"}, same=EXTERNAL_ID
            ),
        ),
        marked=True,
        defaults=VIA,
        references=CUSTOMER | {"assignee_user": "users", "assignee_team": "teams"},
        merged={"tags": ("name",), "custom_fields": ("id",)},
        soft="trash",
    ),
    "ticket_custom_fields": Entity(
        verbs=PART_VERBS, usual="set", of="ticket", references=TICKET, soft="delete"
    ),
    "ticket_tags": Entity(
        verbs=frozenset({"add", "set", "remove"}),
        usual="add",
        of="ticket",
        references=TICKET,
        soft="remove",
        hard="remove",
    ),
    "messages": Entity(
        create="create-ticket-message",
        update="update-ticket-message",
        delete="delete-ticket-message",
        finds=(
            Find(operation="list-messages", filters={"ticket_id": "ticket_id"}, same=EXTERNAL_ID),
        ),
        marked=True,
        defaults=VIA,
        of="ticket",
        references=TICKET | {"sender": "people", "receiver": "people"},
    ),
    "satisfaction_surveys": Entity(
        verbs=frozenset({"create", "update", "upsert"}),
        create="create-satisfaction-survey",
        update="update-satisfaction-survey",
        get="get-satisfaction-survey",
        finds=(
            Find(
                operation="list-satisfaction-surveys",
                filters={"ticket_id": "ticket_id"},
                same=("ticket_id",),
            ),
        ),
        references=TICKET | CUSTOMER,
        hard="",
    ),
    "tags": Entity(
        create="create-tag",
        update="update-tag",
        delete="delete-tag",
        finds=(Find(operation="list-tags", filters={"search": "name"}, same=("name",)),),
    ),
    "users": Entity(
        create="create-user",
        update="update-user",
        delete="delete-user",
        finds=(Find(operation="list-users", filters={"email": "email"}, same=("email",)),),
    ),
    "teams": Entity(
        create="create-team",
        update="update-team",
        delete="delete-team",
        get="get-team",
        finds=(Find(operation="list-teams", same=("name",)),),
        merged={"members": ("id",)},
    ),
    "views": Entity(
        create="create-view",
        update="update-view",
        delete="delete-view",
        finds=(Find(operation="list-views", same=("name",)),),
        defaults={"slug": "view"},
    ),
    "macros": Entity(
        create="create-macro",
        update="update-macro",
        delete="delete-macro",
        finds=(Find(operation="list-macros", filters={"search": "name"}, same=("name",)),),
    ),
    "custom_fields": Entity(
        verbs=frozenset({"create", "update", "upsert"}),
        create="create-custom-field",
        update="update-custom-field",
        get="get-custom-field",
        finds=(
            Find(
                operation="list-custom-fields",
                filters={"object_type": "object_type", "search": "label"},
                same=("object_type", "label"),
            ),
        ),
        hard="",
    ),
    "jobs": Entity(
        verbs=frozenset({"create", "update", "delete"}),
        usual="create",
        create="create-job",
        update="update-job",
        delete="delete-job",
        finds=(Find(operation="list-jobs", filters={"type": "type"}, same=("type", "meta")),),
        hard="",
    ),
}
