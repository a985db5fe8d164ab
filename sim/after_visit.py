"""What happens after the visits, as SimPy processes on the store's own books: reviews, disputes, decisions.

The reviewer here is the only one besides the metrics who may look at the truth: a person who watches the clips finds
it, but for the stated share of errors. The store gets no more than that person's decision.
"""

from collections import Counter
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import simpy

from sim.people_after import AfterVisit, ReviewDesk
from sim.randomness import generator
from store.disputes import DisputeDesk
from store.errors import LedgerError
from store.ledger import Ledger
from store.receipt import Receipt
from store.review import ReviewQueue

Steps = Generator[simpy.Event, Any, None]

REVIEWER = "reviewer"


@dataclass(frozen=True, slots=True)
class Work:
    """One receipt or dispute that a reviewer looked at: `what` is a visit or a dispute's number; times in seconds."""

    what: str
    arrived: float
    finished: float
    seconds: float


def after_the_visits(
    ledger: Ledger,
    true_items: Mapping[str, Mapping[str, int]],
    prices: Mapping[str, int],
    desk: ReviewDesk,
    habits: AfterVisit,
    seed: int,
) -> list[Work]:
    """Lets reviewers and shoppers do on the books of a closed day what they will do, to the last decision.

    Args:
        ledger: the day's books, everybody billed.
        true_items: what every visit really left with, by visit (`items_by_visit`).
        prices: cents a product.
        desk, habits: how they behave.
        seed: of the run; who does what does not depend on what others do.

    Returns:
        What the reviewers looked at, in order of being finished.
    """
    return _Aftermath(ledger, true_items, prices, desk, habits, seed).run()


def items_by_visit(truth: Iterable[Mapping[str, Any]], receipts: Iterable[Receipt]) -> dict[str, dict[str, int]]:
    """What each billed visit really left with; of several visits of one account the last has what the others have not.

    `truth`: rows of `truth/receipts.json`.
    """
    left: dict[str, Counter[str]] = {}
    for row in truth:
        left.setdefault(str(row["account"]), Counter()).update(row["items"])
    ordered = sorted(receipts, key=lambda receipt: (receipt.issued, receipt.visit))
    last = {receipt.account: receipt.visit for receipt in ordered}
    found = {}
    for receipt in ordered:
        items = left.get(receipt.account, Counter())
        own = items if last[receipt.account] == receipt.visit else items & Counter(dict(receipt.lines))
        left[receipt.account] = items - own
        found[receipt.visit] = {product: n for product, n in sorted(own.items()) if n > 0}
    return found


def work_seconds(desk: ReviewDesk, seed: int, what: str) -> float:
    """How long a reviewer works on a visit or dispute: the same whoever else is reviewed."""
    return desk.work_s * float(np.exp(desk.work_sigma * generator(seed, "review", what).standard_normal()))


def doubtful(receipt: Receipt) -> str | None:
    """The product of a receipt whose evidence is weakest: what a careless reviewer takes off; None if it is empty."""
    weakest = sorted((item.probability, item.product) for item in receipt.evidence if item.product in receipt.lines)
    return weakest[0][1] if weakest else next(iter(sorted(receipt.lines)), None)


def careless(receipt: Receipt) -> dict[str, int]:
    """A right receipt as a reviewer who errs leaves it: without one item of the most doubtful product."""
    lines = Counter(dict(receipt.lines))
    lines.subtract([product] if (product := doubtful(receipt)) else [])
    return {product: count for product, count in lines.items() if count}


class _Aftermath:
    def __init__(
        self, ledger: Ledger, true_items: Mapping[str, Mapping[str, int]], prices: Mapping[str, int],
        desk: ReviewDesk, habits: AfterVisit, seed: int,
    ) -> None:  # fmt: skip
        self.environment = simpy.Environment()
        self.reviewers = simpy.Resource(self.environment, desk.reviewers)
        self.queue, self.disputes = ReviewQueue(ledger), DisputeDesk(ledger, habits.rules)
        self.true_items, self.prices, self.desk, self.habits, self.seed = true_items, prices, desk, habits, seed
        self.receipts = {receipt.visit: receipt for receipt in ledger.receipts(ledger.store)}
        self.work: list[Work] = []

    def run(self) -> list[Work]:
        # Other stores that write to the same books have reviewers and shoppers of their own.
        for review in self.queue.open():
            if review.visit in self.receipts:
                self.environment.process(self._review(self.receipts[review.visit]))
        for receipt in self.receipts.values():
            self.environment.process(self._shopper(receipt))
        self.environment.run()
        self.disputes.expire(self.environment.now + self.habits.rules.answer_within_s, self.receipts)
        return self.work

    def _looked_at(self, what: str, pick_up_s: float) -> Steps:
        """Waits for a free reviewer and for the work to be done."""
        yield self.environment.timeout(pick_up_s)
        arrived, seconds = self.environment.now, work_seconds(self.desk, self.seed, what)
        with self.reviewers.request() as turn:
            yield turn
            yield self.environment.timeout(seconds)
        self.work.append(Work(what, arrived, self.environment.now, seconds))

    def _review(self, receipt: Receipt) -> Steps:
        yield self.environment.timeout(receipt.issued)
        yield from self._looked_at(receipt.visit, self.desk.pick_up_s)
        chance = generator(self.seed, "verdict", receipt.visit).random()
        truth = dict(self.true_items[receipt.visit])
        right = dict(receipt.lines) == truth
        errs = chance < (self.desk.spoils if right else self.desk.misses)
        lines = (careless(receipt) if right else dict(receipt.lines)) if errs else truth
        if lines == dict(receipt.lines):
            self.queue.uphold(receipt.visit, REVIEWER, self.environment.now)
        else:
            self.queue.correct(receipt.visit, lines, self.prices, REVIEWER, self.environment.now)

    def _shopper(self, receipt: Receipt) -> Steps:
        """Looks at the receipt after a while, as it then stands, and disputes what is too much, or something else."""
        rng = generator(self.seed, "shopper-after", receipt.visit)
        notices, lies = rng.random() < self.habits.notices, rng.random() < self.habits.disputes_falsely
        delay = self.habits.delay_median_s * float(np.exp(self.habits.delay_sigma * rng.standard_normal()))
        yield self.environment.timeout(receipt.issued + delay)
        charged = Counter(self.disputes.charged(receipt.visit))
        too_much = charged - Counter(dict(self.true_items[receipt.visit]))
        honest = sorted(too_much.items()) if notices else []
        for product, quantity in honest:
            self.environment.process(self._dispute(receipt.visit, product, quantity, True))
        truly = sorted((charged - too_much).elements())
        if lies and truly:
            product = truly[int(rng.integers(len(truly)))]
            if product not in dict(honest):
                self.environment.process(self._dispute(receipt.visit, product, 1, False))

    def _dispute(self, visit: str, product: str, quantity: int, honest: bool, attempt: int = 1) -> Steps:
        key = f"{visit}/{product}/{attempt}"
        rng = generator(self.seed, "dispute", key)
        for _ in range(2 if rng.random() < self.habits.sends_twice else 1):
            try:
                dispute = self.disputes.open(visit, product, quantity, "not taken", self.environment.now, key)
            except LedgerError:  # too late, or a review has taken it off by now: the shopper is told so
                return
        if self.disputes.decide_by_evidence(dispute.id, self.environment.now):
            return
        yield from self._looked_at(f"dispute-{key}", self.desk.pick_up_s)
        if self.environment.now >= dispute.answer_by:
            self.disputes.expire(self.environment.now, self.receipts)
            return
        errs = rng.random() < (self.desk.misses if honest else self.desk.spoils)
        granted = quantity if honest != errs else 0
        self.disputes.examine(dispute.id, REVIEWER, self.environment.now)
        self.disputes.decide(dispute.id, granted, REVIEWER, self.environment.now, "clips looked at")
        if not granted and rng.random() < self.habits.appeals:
            yield self.environment.timeout(self.habits.delay_median_s)
            yield from self._dispute(visit, product, quantity, honest, attempt + 1)
