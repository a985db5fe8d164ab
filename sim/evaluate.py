"""The figures of a run, always recomputed from its files."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from sim.box_recall import box_figures
from sim.configuration import validated
from sim.day_marks import first_track, opens_at
from sim.fraud import fraud_figures
from sim.hand_over_truth import due_of
from sim.offline import offline_tracks
from sim.run_folder import RunFolder, read_object
from sim.scenario import Scenario
from sim.statements import calibration_of
from store.events import LeftUnpaid
from store.receipt import Receipt
from store.scoring import ScoredVisit, score_receipts, score_visits
from tracking.metrics import floor_metrics, with_perfect_association


def evaluate(run: RunFolder, ceilings: bool = False) -> dict[str, Any]:
    """People, tracking and receipt figures of a run (the blocks of `summary.json`).

    Several days are pooled, as sequences are in MOTChallenge: every metric is computed once over all ticks and all
    accounts, in which a person and an account of one day are nobody of another. `people` counts different people,
    and `person_days` on how many days they came in all.

    Where the scenario has a crowd, which no gate lets in, `boxes` says how many of its people were found in pictures
    (`sim.box_recall`). Where it is about a fraud, there is a block `fraud` too (`sim.fraud`).

    With `ceilings`, `tracking` also has `perfect_association`: the same positions with the ids the truth would give.

    Raises:
        BadInput: a file of the run is missing or corrupt.
    """
    truth = pd.concat([_people(day) for day in run.days()])
    inside = truth[truth["inside"]]
    tracks = pd.concat([_tracks(day) for day in run.days()])
    tracking: dict[str, Any] = dict(floor_metrics(inside, tracks))
    tracking["id_switches"] = int(tracking["id_switches"])
    if math.isnan(tracking["mean_error_m"]):  # nobody was found within a metre; JSON has no NaN
        tracking["mean_error_m"] = None
    if ceilings:
        tracking["perfect_association"] = floor_metrics(inside, with_perfect_association(inside, tracks))
    figures: dict[str, Any] = {"tracking": tracking, "receipts": receipts_block(run)}
    if run.scenario().get("crowd"):
        figures["boxes"] = box_figures(run)
    if run.scenario().get("attack"):
        scenario = validated(Scenario, run.scenario(), run.path / "scenario.json")
        # What people carried out, whoever the store's rule says should pay: a thief's rule is another one.
        carried = [_due(row, day) for day in run.days() for row in day.truth_receipts()]
        figures["fraud"] = fraud_figures(scenario, carried, due_and_billed(run)[1], _unpaid(run))
    people, person_days = int(truth["name"].nunique()), int(truth["person"].nunique())
    return {"people": people, **({"person_days": person_days} if run.manifest.days > 1 else {}), **figures}


def receipts_block(run: RunFolder) -> dict[str, Any]:
    """The `receipts` block of a run's `summary.json`: as issued, what it stated, what review buys, and in the end."""
    from sim.review_curve import review_block  # these two build on the figures of this file
    from sim.settled import settled_block

    return {
        **score_receipts(*due_and_billed(run), prices_of(run)),
        "calibration": calibration_of([run]),
        "review": review_block(run),
        "settled": settled_block(run),
    }


def offline_tracking(run: RunFolder) -> dict[str, float]:
    """The floor metrics of a run after `sim.offline.relink_run`, over all its days; not to be called online ones."""
    truth = pd.concat([_people(day) for day in run.days()])
    tracks = pd.concat([_of_day(offline_tracks(day), day) for day in run.days()])
    return floor_metrics(truth[truth["inside"]], tracks)


def due_and_billed(
    run: RunFolder, receipts: Callable[[RunFolder], list[Receipt]] = RunFolder.receipts
) -> tuple[list[dict[str, Any]], list[Receipt]]:
    """What every account owed by the run's rule for hand-overs, and every receipt, over all days of a run.

    `receipts` gives those of one day; without it, as they were issued.
    """
    due = [_due(row, day) for day in run.days() for row in due_of(day)]
    return due, [_billed(receipt, day) for day in run.days() for receipt in receipts(day)]


def visits_of(runs: Sequence[RunFolder]) -> list[ScoredVisit]:
    """The scored visits of all runs; an account of one run is nobody of another."""
    return [visit for run in runs for visit in score_visits(*due_and_billed(run), prices_of(run))]


def prices_of(run: RunFolder) -> dict[str, int]:
    """Price in cents of every product of the run's store."""
    return {product.id: product.price_cents for product in run.plan().products}


def speed_of(run: RunFolder) -> dict[str, Any]:
    """The `speed` block as measured while the run went on."""
    return read_object(run.path / "speed.json")


def speed_of_days(run: RunFolder) -> dict[str, Any]:
    """The `speed` block of a run of several days: seconds added up, the peak of memory, the rate of the whole."""
    days = [speed_of(day) for day in run.days()]
    wall, store = (sum(float(day[name]) for day in days) for name in ("wall_seconds", "store_seconds"))
    names = dict.fromkeys(name for day in days for name in day["stages"])
    growth = [day["memory_growth_mb_per_hour"] for day in days if day["memory_growth_mb_per_hour"] is not None]
    return {
        "real_time_factor": round(store / wall, 3) if wall else 0.0, "wall_seconds": round(wall, 2),
        "store_seconds": store,
        "stages": {name: round(sum(day["stages"].get(name, 0.0) for day in days), 2) for name in names},
        "peak_memory_mb": max(day["peak_memory_mb"] for day in days), "cameras": days[0]["cameras"],
        "camera_frames": sum(day["camera_frames"] for day in days),
        "tracking_seconds": round(sum(day["tracking_seconds"] for day in days), 2),
        "memory_growth_mb_per_hour": max(growth, default=None),
    }  # fmt: skip


def _people(day: RunFolder) -> pd.DataFrame:
    """The day's people, `name` as they are called, `person` as nobody of another day is called."""
    table, number = day.people(), day.manifest.day
    person = table["person"] if number is None else f"d{number}-" + table["person"].astype(str)
    return table.assign(name=table["person"], person=person, t=table["t"] + opens_at(number))


def _tracks(day: RunFolder) -> pd.DataFrame:
    return _of_day(day.floor_tracks(), day)


def _of_day(table: pd.DataFrame, day: RunFolder) -> pd.DataFrame:
    number = day.manifest.day
    return table.assign(track=table["track"] + first_track(number), t=table["t"] + opens_at(number))


def _unpaid(run: RunFolder) -> list[LeftUnpaid]:
    """Whom the store saw leave with items and without a bill."""
    rows = [json.loads(row) for day in run.days() for row in day.events()["row"]]
    return [LeftUnpaid.from_json(row) for row in rows if row["kind"] == LeftUnpaid.kind]


def _due(row: dict[str, Any], day: RunFolder) -> dict[str, Any]:
    return row | {"account": _account(row["account"], day)}


def _billed(receipt: Receipt, day: RunFolder) -> Receipt:
    return replace(receipt, account=_account(receipt.account, day))


def _account(account: str, day: RunFolder) -> str:
    return account if day.manifest.day is None else f"d{day.manifest.day}-{account}"
