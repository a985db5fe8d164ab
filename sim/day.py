"""Builds the day's records, on which privacy policies work, from the files of a run."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.evaluate import prices_of, speed_of
from sim.run_folder import RunFolder, read_object, read_table
from store.privacy.day import Basket, Billing, CameraRecord, DayRecords, ReceiptRecord, VisitRecord
from store.receipt import Receipt
from tracking.formats import read_mot

BODY_TABLE = ("t", "camera", "track", "embedding")
SAME_PERSON_IOU = 0.4
"""From this overlap on, a rendered face belongs to the tracked box that it lies in."""


def day_records(run: RunFolder) -> DayRecords:
    """The day of a finished run, before any policy."""
    receipts = run.receipts()
    tracks = run.floor_tracks()
    bodies = read_table(run.path / "tracks" / "bodies.parquet", BODY_TABLE)
    vectors = np.asarray(bodies["embedding"].tolist(), dtype=np.float32) if len(bodies) else None
    return DayRecords(
        store_seconds=run.summary.store_seconds,
        cameras=_cameras(run),
        visits=tuple(_visit(receipt, tracks) for receipt in receipts),
        receipts=tuple(
            ReceiptRecord(r.visit, r.account, r.issued, dict(r.lines), r.cents, r.flagged) for r in receipts
        ),
        positions=tracks,
        faces=face_captures(run),
        bodies=bodies[["t", "camera", "track"]],
        body_vectors=vectors,
        baskets=tuple(_baskets(run)),
        billing=_billing(run),
        compute_seconds=speed_of(run)["stages"],
    )


def face_captures(run: RunFolder) -> pd.DataFrame:
    """Every rendered face view, with the track in whose box the camera saw it (-1: seen by no track).

    The track comes from the overlap of boxes in the same picture, as a face detector inside a tracked box would
    give it; `subject` is the person, for the simulated face sensor alone.
    """
    faces = run.faces()
    numbers = read_object(run.path / "truth" / "numbers.json")
    times = np.unique(run.people()["t"])
    frames = pd.Series(np.arange(1, len(times) + 1), index=times)
    columns = []
    for camera, views in faces.groupby("camera"):
        wanted = pd.DataFrame({"frame": frames[views["t"]].to_numpy(), "id": views["person"].map(numbers).to_numpy()})
        truth = _boxes(run.path / "truth" / "boxes" / f"{camera}.txt")
        found = _boxes(run.path / "tracks" / f"{camera}.txt")
        columns.append(views.assign(track=_tracks_of(wanted, truth, found)))
    if not columns:
        return faces.assign(track=[], subject=[], capture_id=[])
    table = pd.concat(columns).sort_values(["t", "camera", "person"]).reset_index(drop=True)
    return table.rename(columns={"person": "subject"}).assign(capture_id=np.arange(len(table)))


def _tracks_of(wanted: pd.DataFrame, truth: pd.DataFrame, found: pd.DataFrame) -> NDArray[np.int64]:
    """The track whose box overlaps the person's most in the same frame, or -1, for each row of `wanted`."""
    pairs = (
        wanted.reset_index(names="row")
        .merge(truth, on=["frame", "id"])
        .merge(found, on="frame", suffixes=("", "_found"))
    )
    pairs["iou"] = _iou(pairs)
    best = pairs[pairs["iou"] >= SAME_PERSON_IOU].sort_values("iou").groupby("row")["id_found"].last()
    return best.reindex(np.arange(len(wanted)), fill_value=-1).to_numpy(np.int64)


def _iou(pairs: pd.DataFrame) -> pd.Series:
    width = np.minimum(pairs["x2"], pairs["x2_found"]) - np.maximum(pairs["x1"], pairs["x1_found"])
    height = np.minimum(pairs["y2"], pairs["y2_found"]) - np.maximum(pairs["y1"], pairs["y1_found"])
    shared = np.maximum(width, 0.0) * np.maximum(height, 0.0)
    area = (pairs["x2"] - pairs["x1"]) * (pairs["y2"] - pairs["y1"])
    other = (pairs["x2_found"] - pairs["x1_found"]) * (pairs["y2_found"] - pairs["y1_found"])
    return pd.Series(shared / np.maximum(area + other - shared, 1e-9))


def _boxes(path: Path) -> pd.DataFrame:
    rows = read_mot(path)
    corners = [(r.frame, r.track, r.left, r.top, r.left + r.width, r.top + r.height) for r in rows]
    return pd.DataFrame(corners, columns=["frame", "id", "x1", "y1", "x2", "y2"])


def _cameras(run: RunFolder) -> tuple[CameraRecord, ...]:
    fps = float(run.scenario()["fps"])
    frames = round(run.summary.store_seconds * fps)
    return tuple(CameraRecord(c.name, c.width, c.height, frames, fps) for c in run.cameras().values())


def _visit(receipt: Receipt, tracks: pd.DataFrame) -> VisitRecord:
    own = tracks[(tracks["account"] == receipt.account) & tracks["t"].between(receipt.opened - 1, receipt.closed + 1)]
    ids = tuple(int(track) for track in np.unique(own["track"]))
    return VisitRecord(receipt.visit, receipt.account, receipt.people, receipt.opened, receipt.closed, ids)


def _baskets(run: RunFolder) -> Iterable[Basket]:
    prices = prices_of(run)
    last = run.truth_events().groupby("account")["t"].max()
    for row in run.truth_receipts():
        items = {str(product): int(count) for product, count in row["items"].items()}
        cents = sum(prices[product] * count for product, count in items.items())
        yield Basket(row["account"], float(last.get(row["account"], 0.0)), sum(items.values()), cents)


def _billing(run: RunFolder) -> Billing:
    receipts, tracking = run.summary.receipts, run.summary.tracking
    return Billing(
        receipts["exact_rate"], receipts["overcharged_cents"], receipts["undercharged_cents"], tracking["idf1"]
    )
