"""Linking by habit: what somebody buys, and where in the store they walk and stand."""

import json

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from store.privacy.attacks.kept_walks import Walks
from store.privacy.attacks.person_visits import PersonVisits
from store.privacy.attacks.scores import Belief, Channel, Nothing, by_similarity, cosines
from store.privacy.case import Case

BASKETS: Belief = ((1.0, 1.0),)
ROUTES: Belief = ((1.0, 0.5),)
"""What an attacker expects of habits: weak beside a body or a face. Assumptions."""
CELL_M = 0.75
SMOOTH_CELLS = 1.0


def by_basket(case: Case, people: PersonVisits) -> Channel | Nothing:
    """Rows whose receipts list the same products; rare products say more (weights ln(receipts / receipts with it)).

    Where no receipt has a name, they are compared all the same: a purchase is linked to a purchase, not to a body or
    an account.
    """
    lines, named = _lines(case, people)
    products = sorted({product for bought in lines.values() for product in bought})
    if not products:
        return Nothing("basket", "not kept: no receipt is left")
    has = np.zeros((len(people), len(products)))
    for row, bought in lines.items():
        has[row, [products.index(product) for product in bought]] = 1.0
    weighted = has * np.log(1 + len(lines) / np.maximum(has.sum(axis=0), 1))
    similarity = cosines(np.where(has.sum(axis=1, keepdims=True) > 0, weighted, np.nan))
    note = "" if named else "receipts carry no name: purchase linked to purchase"
    return Channel("basket", by_similarity(similarity, people.day, BASKETS), note)


def _lines(case: Case, people: PersonVisits) -> tuple[dict[int, dict[str, int]], bool]:
    """Products and counts of kept receipts by row, and whether they carry names; then those without are left out."""
    rows_of = people.by_visit()
    receipts = case.store.rows("SELECT person, t, cents, lines FROM receipts ORDER BY id")
    named = any(person is not None for person, *_ in receipts)
    # A receipt without a name takes the row of its visit only so that the guess can be scored.
    visit_at = {(round(receipt.t, 3), receipt.cents): receipt.visit for receipt in case.period.receipts}
    found: dict[int, dict[str, int]] = {}
    for person, t, cents, text in receipts:
        visit = visit_at.get((round(float(t or 0), 3), int(cents or 0)), "") if not named else str(person or "")
        found.update(dict.fromkeys(rows_of.get(visit, []), json.loads(str(text))))
    return found, named


def by_route(walks: Walks, people: PersonVisits) -> Channel | Nothing:
    """Rows that spent their time in the same places in the same half of their visit, beyond what everybody does."""
    if not walks.rows:
        return Nothing("route", "not kept: no positions are left")
    low = np.min([walk.places.min(axis=0) for walk in walks.rows.values()], axis=0)
    high = np.max([walk.places.max(axis=0) for walk in walks.rows.values()], axis=0)
    shape = np.maximum(1, np.ceil((high - low) / CELL_M)).astype(int)
    maps = np.full((len(people), 2 * int(np.prod(shape))), np.nan)
    for row, walk in walks.rows.items():
        late = walk.t > (walk.t[0] + walk.t[-1]) / 2
        maps[row] = np.concatenate([_map(walk.places[half], low, shape) for half in (~late, late)])
    with np.errstate(invalid="ignore"):
        usual = np.nanmean(maps, axis=0)
    return Channel("route", by_similarity(cosines(maps - usual), people.day, ROUTES))


def _map(
    places: npt.NDArray[np.float64], low: npt.NDArray[np.float64], shape: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Square root of the smoothed share of time in each cell, flat."""
    cells = np.minimum(((places - low) / CELL_M).astype(int), shape - 1)
    counts: npt.NDArray[np.float64] = np.zeros(tuple(shape))
    np.add.at(counts, tuple(cells.T), 1.0)
    smooth = gaussian_filter(counts / max(1, len(places)), SMOOTH_CELLS, mode="constant")
    return np.asarray(np.sqrt(smooth).ravel(), float)
