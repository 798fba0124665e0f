"""Everything the shop has set up before the first ticket, and draws from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gorgias_sandbox.seed import labels, plumbing, staff, workflows
from gorgias_sandbox.seed.dice import chance, pick

if TYPE_CHECKING:
    from random import Random

    from gorgias_sandbox.dataset import Row, Table
    from gorgias_sandbox.seed.cases import Case
    from gorgias_sandbox.seed.names import NamePool

_TEAM_BY_TAG = {"shipping": "Parcels", "RETURN/EXCHANGE": "Returns", "REFUND": "Returns"}
_SIDE_TAGS = ("VIP", "urgent", "goodwill", "gift", "escalated", "重要", "sentiment-negative")


class Catalogue:
    """The tables of the set-up, and the ids that tickets and customers refer to.

    Args:
        founding: the days of the set-up.
        names: where the names of the staff come from.
        products: names of what the shop sells.
    """

    def __init__(self, founding: staff.Founding, names: NamePool, products: list[str]) -> None:
        users = staff.hire(founding, names)
        boss = next(iter(users))
        teams = staff.form_teams(founding, users)
        integrations = plumbing.make_integrations(founding, boss)
        views = workflows.make_views(founding, boss, next(iter(teams)))
        integration_ids = labels.ids_by(integrations, "name")
        self.tables: dict[str, Table] = {
            "account_settings": plumbing.make_settings(founding, integrations, views),
            "users": users,
            "teams": teams,
            "tags": labels.make_tags(founding, boss),
            "custom_fields": labels.make_custom_fields(founding, boss, products),
            "views": views,
            "macros": workflows.make_macros(founding, boss),
            "rules": workflows.make_rules(founding, boss),
            "integrations": integrations,
            "widgets": plumbing.make_widgets(founding, integration_ids),
        }
        self.boss = boss
        self.agents = staff.answering(users)
        self.helper, self.app_bot = staff.bots(users)
        self.shop_id = integration_ids["Acme Shop"]
        self.phone_number = integrations[integration_ids["Acme Phone"]]["meta"]["address"]
        self.macros = list(self.tables["macros"])
        rule_ids = labels.ids_by(self.tables["rules"], "name")
        self.auto_reply_rule = rule_ids["Thank for contact forms"]
        self.tag_ids = labels.ids_by(self.tables["tags"], "name")
        self._fields = labels.ids_by(self.tables["custom_fields"], "label")
        self._teams = labels.ids_by(teams, "name")

    def any_agent(self, rng: Random) -> int:
        """Somebody who answers tickets."""
        return pick(rng, self.agents)

    def team_for(self, case: Case) -> int:
        """The team that takes care of a case."""
        return self._teams[_TEAM_BY_TAG.get(case.tags[0], "Front line")]

    def tags_for(self, case: Case, rng: Random) -> list[int]:
        """Tag ids of a case: those of its topic, now and then another one; counted as used."""
        names = case.tags[:1] if chance(rng, 0.6) else case.tags
        if chance(rng, 0.15):
            names = (*names, pick(rng, _SIDE_TAGS))
        ids = [self.tag_ids[name] for name in names]
        for tag_id in ids:
            self.tables["tags"][tag_id]["usage"] += 1
        return ids

    def ticket_values(self, case: Case, rng: Random, *, solved: bool) -> dict[int, str | float]:
        """Custom-field values of a ticket, by field id."""
        fields = self._fields
        values: dict[int, str | float] = {fields["AI intent"]: case.intents[0]["name"]}
        if chance(rng, 0.8):
            values[fields["Contact reason"]] = case.reason
            if solved:
                values[fields["Resolution"]] = case.resolution
        if chance(rng, 0.5):
            values[fields["Product"]] = case.product
        if chance(rng, 0.15):
            values[fields["Order value"]] = rng.randrange(900, 25_000) / 100
            values[fields["Number of items"]] = rng.randrange(1, 6)
            values[fields["Gift order"]] = chance(rng, 0.3)
        return values

    def customer_values(self, rng: Random) -> dict[int, str | float]:
        """Custom-field values of a customer, by field id."""
        fields = self._fields
        values: dict[int, str | float] = {
            fields["Customer type"]: "B2C" if chance(rng, 0.8) else "B2B::Shop",
            fields["Loyalty points"]: rng.randrange(5_000),
        }
        if chance(rng, 0.5):
            values[fields["Newsletter"]] = chance(rng, 0.6)
        if chance(rng, 0.2):
            values[fields["Account manager"]] = "Front desk"
        return values

    def use_macro(self, rng: Random) -> list[Row]:
        """`macros` of an answer that was written with one; counted as used."""
        macro_id = self.macros[int(rng.random() ** 2 * len(self.macros))]
        self.tables["macros"][macro_id]["usage"] += 1
        return [{"id": macro_id}]
