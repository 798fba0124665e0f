"""Everything one running sandbox shares between its requests."""

from __future__ import annotations

from collections import deque
from random import Random
from typing import TYPE_CHECKING

import msgspec

from gorgias_sandbox.auth import Access
from gorgias_sandbox.chaos import Chaos
from gorgias_sandbox.contract import load
from gorgias_sandbox.faults import FaultPlan, Seen
from gorgias_sandbox.limits import LeakyBucket
from gorgias_sandbox.paging import Cursors
from gorgias_sandbox.world import Actor, World

if TYPE_CHECKING:
    from gorgias_sandbox.auth import Caller
    from gorgias_sandbox.clock import Clock
    from gorgias_sandbox.contract import Json
    from gorgias_sandbox.dataset import Dataset
    from gorgias_sandbox.options import Options

_REMEMBERED_REQUESTS = 100_000


class Backend:
    """One account and the machinery in front of it.

    Attributes:
        options: as they are now.
        clock: drives every datetime, the rate limit, cursors and tokens.
        random: seeded source of uuids, tokens and chaos.
        contract: the operations.
        world: the state.
        access: credentials and tokens.
        bucket: the rate limit.
        cursors: given out so far.
        faults: planned misbehaviour.
        requests: the last ones that arrived, oldest first.
        chaos: random misbehaviour, when it is wanted.
    """

    def __init__(self, options: Options, dataset: Dataset, clock: Clock) -> None:
        self.options = options
        self.clock = clock
        self.random = Random(options.seed)  # noqa: S311 - repeatable, and it guards nothing
        self.contract = load()
        self.world = World(dataset, clock=clock, random=self.random, domain=options.domain)
        self.access = Access(options, clock, self.random)
        self.bucket = LeakyBucket()
        self.cursors = Cursors(clock)
        self.faults = FaultPlan()
        self.requests: deque[Seen] = deque(maxlen=_REMEMBERED_REQUESTS)
        self.chaos = self._chaos()

    def change(self, **options: Json) -> None:
        """Replace options from the next request on.

        Raises:
            msgspec.ValidationError: an option is unknown or of the wrong type.
        """
        merged = {**msgspec.structs.asdict(self.options), **options}
        self.options = msgspec.convert(merged, type(self.options))
        if "chaos" in options:
            self.chaos = self._chaos()

    def actor(self, caller: Caller) -> Actor:
        """Whom the events of a request name: the key's user, or the app's bot."""
        users = self.world.tables["users"]
        if caller.app_id is None:
            ids = users.find("email", self.options.email.lower())
        else:
            ids = users.find("client_id", caller.app_id) or [
                user["id"] for user in users if user["role"]["name"] == "bot"
            ]
        admins = (user["id"] for user in users if user["role"]["name"] == "admin")
        return Actor(ids[0] if ids else next(admins, None), self.world.uuid())

    def _chaos(self) -> Chaos | None:
        seed = self.options.chaos
        if seed is None:
            return None
        return Chaos(self.world, Random(seed))  # noqa: S311 - repeatable, and it guards nothing
