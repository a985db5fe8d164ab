"""The store's journal as typed events, and what its readers keep looking up: plates, products, visits."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sim.errors import BadInput
from sim.run_folder import RunFolder
from sim.store_plan import StorePlan
from store.errors import BadInput as BadStoreInput
from store.events import Attribution, StoreEvent, VisitOpened, WeightChange, event_from_json


@dataclass(frozen=True)
class JournalOfRun:
    """The events of a run in order of time, beside the plan that explains their plates and products."""

    events: tuple[StoreEvent, ...]
    plan: StorePlan

    @cached_property
    def accounts(self) -> Mapping[str, str]:
        """Visit id to account."""
        return {event.visit: event.account for event in self.events if isinstance(event, VisitOpened)}

    @cached_property
    def changes(self) -> Mapping[str, WeightChange]:
        """Weight changes by id."""
        return {event.id: event for event in self.events if isinstance(event, WeightChange)}

    @cached_property
    def attributions(self) -> Mapping[str, Attribution]:
        """The first attribution of each weight change, by the change's id."""
        found: dict[str, Attribution] = {}
        for event in self.events:
            if isinstance(event, Attribution):
                found.setdefault(event.change, event)
        return found

    @cached_property
    def _plates(self) -> Mapping[str, tuple[float, float]]:
        return {plate.id: (plate.centre[0], plate.centre[1]) for plate in self.plan.plates()}

    def who(self, visit: str | None) -> str:
        """The account of a visit, in words."""
        return "nobody known" if visit is None else self.accounts.get(visit, visit)

    def product(self, product: str | None) -> str:
        """A product's name."""
        known = self.plan.product_of.get(product or "")
        return known.name if known else (product or "something unknown")

    def items(self, product: str | None, quantity: int) -> str:
        """`2 x Cola, can`; one item goes without its number."""
        name = self.product(product)
        return name if abs(quantity) <= 1 else f"{abs(quantity)} x {name}"

    def place(self, change: str) -> tuple[float, float] | None:
        """Where on the floor plan a weight changed, metres."""
        event = self.changes.get(change)
        known = [self._plates[plate] for plate in event.plates if plate in self._plates] if event else []
        if not known:
            return None
        return sum(x for x, _ in known) / len(known), sum(y for _, y in known) / len(known)


def read_run_journal(run: RunFolder) -> JournalOfRun:
    """The journal of a run; BadInput names the row that cannot be read."""
    events = []
    for number, text in enumerate(run.events()["row"], start=1):
        try:
            events.append(event_from_json(json.loads(text)))
        except (BadStoreInput, ValueError, TypeError) as error:
            raise BadInput(run.path / "events", f"row {number}", str(error), "an event of the store") from error
    return JournalOfRun(tuple(sorted(events, key=lambda event: event.t)), run.plan())
