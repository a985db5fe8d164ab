"""How few facts single a person out in what is kept: two products of a basket, or a height and an hour."""

import json

import numpy as np
import numpy.typing as npt

from store.privacy.attacks.by_gait import statures
from store.privacy.attacks.person_visits import PersonVisits
from store.privacy.figures import Figure
from store.privacy.intervals import wilson
from store.privacy.keeping.kept_store import KeptStore

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

PRODUCTS = 2
PICKS = 20
HEIGHT_M = 0.03
HOUR_S = 3600.0


def singling_out_figures(store: KeptStore, people: PersonVisits, rng: np.random.Generator) -> dict[str, Figure]:
    """`unicity_basket` and `unicity_body`."""
    return {"unicity_basket": _baskets(store, rng), "unicity_body": _bodies(store, people, rng)}


def _baskets(store: KeptStore, rng: np.random.Generator) -> Figure:
    kept = [set(json.loads(str(lines))) for (lines,) in store.rows("SELECT lines FROM receipts ORDER BY id")]
    kept = [products for products in kept if products]
    if len(kept) < 2:
        return Figure(None, "no receipts are kept a day later" if not kept else "one receipt alone cannot be compared")
    products = sorted(set().union(*kept))
    has = np.array([[product in basket for product in products] for basket in kept])
    unique = _unique_baskets(has, rng)
    shuffled = _unique_baskets(_reassigned(has, rng), rng)
    low, high = _by_resampling(unique.mean(axis=0), rng)
    note = (
        f"{len(kept)} receipts; {shuffled.mean():.2f} where products are dealt out anew"
        f"{'' if store.rows('SELECT 1 FROM receipts WHERE person IS NOT NULL LIMIT 1') else '; no name is on them'}"
    )
    return Figure(float(unique.mean()), None, low, high, note)


def _unique_baskets(has: Flags, rng: np.random.Generator) -> Flags:
    """(PICKS, N): whether no other receipt lists the products picked from a receipt."""
    out = np.zeros((PICKS, len(has)), bool)
    for pick in range(PICKS):
        keys = np.where(has, rng.random(has.shape), -1.0)
        chosen = (np.argsort(-keys, axis=1).argsort(axis=1) < PRODUCTS) & has
        alike = (chosen.astype(np.int64) @ has.T.astype(np.int64)) == chosen.sum(axis=1)[:, None]
        out[pick] = alike.sum(axis=1) == 1
    return out


def _reassigned(has: Flags, rng: np.random.Generator) -> Flags:
    """As many receipts with each product, but whose they are is drawn anew."""
    return np.stack([rng.permutation(column) for column in has.T], axis=1)


def _bodies(store: KeptStore, people: PersonVisits, rng: np.random.Generator) -> Figure:
    heights = statures(store, people)
    first = store.rows("SELECT track, min(t) FROM poses WHERE track IS NOT NULL GROUP BY track")
    times = {int(track or 0): float(t or 0) for track, t in first}
    rows = [row for row in heights if people.tracks[row] in times]
    if len(rows) < 2:
        return Figure(None, "no key points are kept from which a height could be read")
    metres = np.array([heights[row] for row in rows])
    hours = np.array([times[people.tracks[row]] // HOUR_S for row in rows])
    alone = _alone(metres, hours)
    low, high = wilson(int(alone.sum()), len(alone))
    shuffled = np.mean([_alone(rng.permutation(metres), hours).mean() for _ in range(PICKS)])
    note = f"{len(rows)} persons' visits; {shuffled:.2f} where heights are handed to others"
    return Figure(float(alone.mean()), None, low, high, note)


def _alone(metres: Floats, hours: Floats) -> Flags:
    alike = (np.abs(metres[:, None] - metres) <= HEIGHT_M) & (hours[:, None] == hours)
    return np.asarray(alike.sum(axis=1) == 1, bool)


def _by_resampling(shares: Floats, rng: np.random.Generator) -> tuple[float, float]:
    draws = rng.choice(shares, (1000, len(shares))).mean(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    return min(float(low), float(shares.mean())), max(float(high), float(shares.mean()))
