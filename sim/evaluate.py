"""The figures of a run, always recomputed from its files."""

import math
from typing import Any

from sim.run_folder import RunFolder, read_object
from store.scoring import score_receipts
from tracking.metrics import floor_metrics, with_perfect_association


def evaluate(run: RunFolder, ceilings: bool = False) -> dict[str, Any]:
    """People, tracking and receipt figures of a run (the blocks of `summary.json`).

    With `ceilings`, `tracking` also has `perfect_association`: the same positions with the ids the truth would give.

    Raises:
        BadInput: a file of the run is missing or corrupt.
    """
    truth = run.people()
    inside = truth[truth["inside"]]
    tracks = run.floor_tracks()
    tracking: dict[str, Any] = dict(floor_metrics(inside, tracks))
    tracking["id_switches"] = int(tracking["id_switches"])
    if math.isnan(tracking["mean_error_m"]):  # nobody was found within a metre; JSON has no NaN
        tracking["mean_error_m"] = None
    if ceilings:
        tracking["perfect_association"] = floor_metrics(inside, with_perfect_association(inside, tracks))
    receipts = score_receipts(run.truth_receipts(), run.receipts(), prices_of(run))
    return {"people": int(truth["person"].nunique()), "tracking": tracking, "receipts": receipts}


def prices_of(run: RunFolder) -> dict[str, int]:
    """Price in cents of every product of the run's store."""
    return {product.id: product.price_cents for product in run.plan().products}


def speed_of(run: RunFolder) -> dict[str, Any]:
    """The `speed` block as measured while the run went on."""
    return read_object(run.path / "speed.json")
