"""A cash desk: what the same day's baskets would have met without tracking."""

from dataclasses import dataclass

import numpy as np

from store.privacy.cost import CostSheet
from store.privacy.day import Basket, DayRecords


@dataclass(frozen=True, slots=True)
class DeskDay:
    """A day at the desk: mean seconds queueing and being served, mean seconds of service, exactness, money error."""

    paying_seconds: float
    service_seconds: float
    exact_share: float | None
    error_cents: float | None


def baskets(day: DayRecords) -> tuple[Basket, ...]:
    """What visits carried to the desk; the receipts' contents where the run does not say."""
    if day.baskets:
        return day.baskets
    closed = {visit.visit: visit.closed for visit in day.visits}
    return tuple(
        Basket(row.visit, closed.get(row.visit, row.t), row.items, row.cents) for row in day.receipts if row.items > 0
    )


def serve(day: DayRecords, costs: CostSheet, rng: np.random.Generator) -> DeskDay:
    """One open desk, first come first served: 40 s and 3 s an item; a cashier misses an item now and then."""
    queue = sorted((basket for basket in baskets(day) if basket.items > 0), key=lambda basket: basket.t)
    if not queue:
        return DeskDay(0.0, 0.0, None, None)
    free, paying, serving, exact, lost = 0.0, 0.0, 0.0, 0, 0.0
    for basket in queue:
        service = costs.desk_seconds.value + costs.desk_item_seconds.value * basket.items
        free = max(free, basket.t) + service
        paying, serving = paying + free - basket.t, serving + service
        missed = int(rng.binomial(basket.items, costs.cashier_miss.value))
        exact += missed == 0
        lost += missed * basket.cents / basket.items
    visits = len(day.visits)
    return DeskDay(paying / visits, serving / visits, exact / len(queue), lost / visits)
