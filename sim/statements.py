"""What the store of a run said with a probability, and whether it was so: attributions and receipts beside the truth.

Read from the run's files alone, after the run: the journal and the books on one side, `truth/` on the other.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sim.hand_over_truth import due_of
from sim.run_folder import RunFolder
from sim.shop_settings import settings_of
from store.calibration import reliability
from store.events import Attribution, Reattribution, StoreEvent, VisitOpened, WeightChange, event_from_json
from store.scoring import score_visits

BEFORE_S, AFTER_S = 0.6, 0.3
"""A deed belongs to a change of its plates that began at most so long after it, or had settled so long before it."""

NOBODY = ""
"""Account of whom the store cannot know."""


@dataclass(frozen=True, slots=True)
class Statement:
    """Something said with a probability: `right` whether it was so; `about` names the change or the visit."""

    about: str
    probability: float
    right: bool


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody truly took (`quantity` above 0) or put back (below 0), at which second, on which plates."""

    t: float
    account: str
    product: str
    quantity: int
    plates: frozenset[str]


def who_statements(run: RunFolder) -> list[Statement]:
    """For every weight change, who did it, as first told: the likeliest of all visits and of nobody known.

    Right where that account, or nobody whom the store knows, truly moved something on these plates then. Bags of the
    shoppers' own, which somebody set down or took up, are in no truth and left out.
    """
    found = []
    for day in run.days():
        events = _events(day)
        account = _accounts(events)
        deeds = deeds_by_change(events, _deeds(day))
        for event in events:
            own_thing = isinstance(event, Attribution) and event.product is None and event.chosen is not None
            if isinstance(event, Attribution) and event.part == 1 and not own_thing:
                who, probability = _likeliest(event.candidates, account)
                truly = {deed.account for deed in deeds[event.change]} or {NOBODY}
                found.append(Statement(event.change, probability, who in truly))
    return found


def line_statements(run: RunFolder) -> list[Statement]:
    """For every piece of evidence on a receipt, that this account took, or put back, exactly this, as billed.

    Where somebody else put back what the account had taken, the evidence stands on both receipts; that deed counts
    once, for whoever the store last thought did it.
    """
    found = []
    for day in run.days():
        events = _events(day)
        deeds = deeds_by_change(events, _deeds(day))
        doers, account_of = _doers(events), _accounts(events)
        for receipt in day.receipts():
            account = account_of.get(receipt.visit, receipt.account)  # a family's receipts are on another's account
            for item in receipt.evidence:
                if account not in doers.get(item.change, {account}):
                    continue
                own = [deed for deed in deeds[item.change] if deed.account == account]
                moved = sum(deed.quantity for deed in own if deed.product == item.product)
                found.append(Statement(item.change, item.probability, moved == item.quantity))
    return found


def receipt_statements(run: RunFolder) -> list[Statement]:
    """For every receipt, that every line of it is right; several receipts of an account are right together."""
    prices = {product.id: product.price_cents for product in run.plan().products}
    found = []
    for day in run.days():
        receipts = day.receipts()
        exact = {visit.account: visit.exact for visit in score_visits(due_of(day), receipts, prices)}
        found += [Statement(one.visit, min(1.0, one.confidence), exact[one.account]) for one in receipts]
    return found


def _accounts(events: Sequence[StoreEvent]) -> dict[str, str]:
    """The account that scanned each visit in."""
    return {event.visit: event.account for event in events if isinstance(event, VisitOpened)}


def _doers(events: Sequence[StoreEvent]) -> dict[str, set[str]]:
    """The accounts that were last told to have made each change; it is told anew from part 1 on."""
    account = _accounts(events)
    found: dict[str, set[str]] = {}
    for event in events:
        if isinstance(event, Attribution | Reattribution):
            known = set() if event.part == 1 else found.get(event.change, set())
            found[event.change] = known | {account.get(event.chosen or NOBODY, NOBODY)}
    return found


def deeds_by_change(events: Iterable[StoreEvent], deeds: Iterable[Deed]) -> Mapping[str, list[Deed]]:
    """The true deeds behind each weight change, by its id; a deed is behind at most one.

    Of the changes on its plates at its time, the one that moved the right way and began nearest to it.
    """
    changes = [event for event in events if isinstance(event, WeightChange)]
    by_plate: dict[str, list[WeightChange]] = defaultdict(list)
    for change in changes:
        for plate in change.plates:
            by_plate[plate].append(change)
    found: dict[str, list[Deed]] = defaultdict(list)
    for deed in deeds:
        near = {
            change.id: change
            for plate in deed.plates
            for change in by_plate[plate]
            if change.started - BEFORE_S <= deed.t <= change.settled + AFTER_S
        }
        if near:
            found[min(near.values(), key=lambda change: _misfit(change, deed)).id].append(deed)
    return found


def _misfit(change: WeightChange, deed: Deed) -> tuple[bool, float, str]:
    return (change.delta_g < 0) != (deed.quantity > 0), abs(change.started - deed.t), change.id


def _likeliest(candidates: Mapping[str, float], account: Mapping[str, str]) -> tuple[str, float]:
    """The likeliest account, or NOBODY, with its probability; two visits of one account count together."""
    share: dict[str, float] = defaultdict(float)
    for visit, probability in candidates.items():
        share[account.get(visit, NOBODY)] += probability
    share[NOBODY] += max(0.0, 1.0 - sum(candidates.values()))
    who = max(sorted(share), key=lambda name: share[name])
    return who, min(1.0, share[who])


def _events(day: RunFolder) -> list[StoreEvent]:
    return [event_from_json(json.loads(row)) for row in day.events()["row"]]


def _deeds(day: RunFolder) -> Sequence[Deed]:
    rows: Any = day.truth_events().itertuples(index=False)
    sign = {"pick": 1, "put_back": -1}
    return [
        Deed(row.t, row.account, row.product, sign[row.kind] * int(row.quantity), frozenset(row.plates.split()))
        for row in rows
        if row.kind in sign
    ]


def calibration_of(runs: Sequence[RunFolder]) -> dict[str, Any]:
    """The `calibration` block of runs pooled: of `attribution` (who), `lines` (what, as billed), and `receipts`.

    `fitted_on` names those of the runs that their own store's temperatures were fitted on: they prove nothing.
    """
    statements = {"attribution": who_statements, "lines": line_statements, "receipts": receipt_statements}
    found: dict[str, Any] = {}
    for name, of in statements.items():
        said = [statement for run in runs for statement in of(run)]
        found[name] = reliability([one.probability for one in said], [one.right for one in said])
    return found | {"fitted_on": sorted({run_name(run) for run in runs if run_name(run) in _fitted_on(run)})}


def run_name(run: RunFolder) -> str:
    """A run as `Confidence.fitted_on` names it: SCENARIO/SEED."""
    return f"{run.manifest.scenario}/{run.manifest.seed}"


def _fitted_on(run: RunFolder) -> tuple[str, ...]:
    return settings_of(run).confidence.fitted_on
