"""Builds the records of one or several days, on which privacy policies work, from the files of a run."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.box_overlap import boxes_of, subjects_of_tracks, tracks_of
from sim.day_marks import first_track, opens_at, visit_name
from sim.evaluate import prices_of, speed_of
from sim.people_recorder import CROP_TABLE, POSE_TABLE
from sim.recorder import BODY_TABLE
from sim.run_folder import RunFolder, read_object, read_table
from store.privacy.day import (
    Basket,
    Billing,
    CameraRecord,
    DayRecords,
    Period,
    ReceiptRecord,
    Truth,
    VisitRecord,
)
from store.receipt import Receipt

CAPTURES_A_DAY = 10_000_000
"""More face views than any day has, so that their ids are unique over days."""

Vectors = NDArray[np.float32]


def period_of(run: RunFolder) -> Period:
    """All days of a finished run, before any policy; people and accounts have the same names on every day."""
    return Period(tuple(day_records(day) for day in run.days()))


def day_records(run: RunFolder) -> DayRecords:
    """One day of a finished run, before any policy.

    Of several days, times count from the first day's opening, and visits, tracks and face views have names that no
    other day has (`sim.day_marks`).

    Raises:
        BadInput: a file of the run is missing or corrupt.
    """
    day = run.manifest.day
    receipts, tracks = run.receipts(), _tracks(run, run.floor_tracks())
    visits = tuple(_visits(run, receipts, tracks))
    bodies, body_vectors = _with_vectors(run, "bodies", BODY_TABLE)
    poses, points = _with_vectors(run, "poses", POSE_TABLE)
    return DayRecords(
        store_seconds=run.summary.store_seconds,
        cameras=_cameras(run),
        visits=visits,
        receipts=tuple(_receipt(receipt, day) for receipt in receipts),
        positions=tracks,
        faces=face_captures(run),
        bodies=bodies,
        body_vectors=body_vectors,
        crops=_table(run, "crops", CROP_TABLE),
        poses=poses,
        pose_points=None if points is None else points.reshape(-1, 17, 3),
        baskets=tuple(_baskets(run)),
        billing=_billing(run),
        compute_seconds=speed_of(run)["stages"],
        truth=_truth(run, visits),
        opens=opens_at(day),
        floor_m=(run.plan().room.width_m, run.plan().room.depth_m),
    )


def face_captures(run: RunFolder) -> pd.DataFrame:
    """Every rendered face view, with the track in whose box the camera saw it (-1: seen by no track).

    The track comes from the overlap of boxes in the same picture, as a face detector inside a tracked box would
    give it; `subject` is the person, for the simulated face sensor alone. A camera without tracked boxes, as an
    officer's body camera, has no tracks.
    """
    faces = run.faces()
    numbers = read_object(run.path / "truth" / "numbers.json")
    times = np.unique(run.people()["t"])
    frames = pd.Series(np.arange(1, len(times) + 1), index=times)
    columns = []
    for camera, views in faces.groupby("camera"):
        if not (run.path / "truth" / "boxes" / f"{camera}.txt").is_file():
            columns.append(views.assign(track=np.full(len(views), -1, np.int64)))
            continue
        wanted = pd.DataFrame({"frame": frames[views["t"]].to_numpy(), "id": views["person"].map(numbers).to_numpy()})
        columns.append(views.assign(track=tracks_of(wanted, *boxes_of(run, str(camera)))))
    if not columns:
        return faces.assign(track=[], capture_id=[]).rename(columns={"person": "subject"})
    table = pd.concat(columns).sort_values(["t", "camera", "person"]).reset_index(drop=True)
    ids = np.arange(len(table)) + CAPTURES_A_DAY * (run.manifest.day or 0)
    return _tracks(run, table.rename(columns={"person": "subject"})).assign(capture_id=ids)


def _tracks(run: RunFolder, table: pd.DataFrame) -> pd.DataFrame:
    """A day's table with times from the first day's opening and track numbers unique over days."""
    first = first_track(run.manifest.day)
    track = table["track"].where(table["track"] < 0, table["track"] + first)
    return table.assign(t=table["t"] + opens_at(run.manifest.day), track=track)


def _table(run: RunFolder, name: str, columns: tuple[str, ...]) -> pd.DataFrame | None:
    """A table of `tracks`, or None where the run did not keep it."""
    path = run.path / "tracks" / f"{name}.parquet"
    return _tracks(run, read_table(path, columns)) if path.is_file() else None


def _with_vectors(run: RunFolder, name: str, columns: tuple[str, ...]) -> tuple[pd.DataFrame | None, Vectors | None]:
    """A table whose last column holds vectors, and these (N, D) float32."""
    table = _table(run, name, columns)
    if table is None or not len(table):
        return table if table is None else table[list(columns[:-1])], None
    return table[list(columns[:-1])], np.stack(table[columns[-1]].to_list()).astype(np.float32)


def _cameras(run: RunFolder) -> tuple[CameraRecord, ...]:
    fps = float(run.scenario()["fps"])
    frames = round(run.summary.store_seconds * fps)
    return tuple(CameraRecord(c.name, c.width, c.height, frames, fps) for c in run.cameras().values())


def _visits(run: RunFolder, receipts: list[Receipt], tracks: pd.DataFrame) -> Iterator[VisitRecord]:
    """Visits with their tracks; one that was called by two accounts in turn is that of the longer."""
    opens, times = opens_at(run.manifest.day), {}
    for receipt in receipts:
        span = (opens + receipt.opened - 1, opens + receipt.closed + 1)
        times[receipt.visit] = tracks[(tracks["account"] == receipt.account) & tracks["t"].between(*span)]["track"]
    ticks = Counter((int(track), visit) for visit, own in times.items() for track in own)
    visit_of: dict[int, str] = {}
    for (track, visit), _ in ticks.most_common():
        visit_of.setdefault(track, visit)
    for r in receipts:
        ids = tuple(sorted(track for track, visit in visit_of.items() if visit == r.visit))
        name = visit_name(r.visit, run.manifest.day)
        yield VisitRecord(name, r.account, r.people, opens + r.opened, opens + r.closed, ids)


def _receipt(receipt: Receipt, day: int | None) -> ReceiptRecord:
    return ReceiptRecord(
        visit_name(receipt.visit, day), receipt.account, opens_at(day) + receipt.issued, dict(receipt.lines),
        receipt.cents, receipt.flagged,
    )  # fmt: skip


def _truth(run: RunFolder, visits: tuple[VisitRecord, ...]) -> Truth:
    first = first_track(run.manifest.day)
    people_of = {str(row["account"]): tuple(map(str, row["people"])) for row in run.truth_receipts()}
    subjects = {row["subject"]: row for row in run.subjects()}
    return Truth(
        subject_of_track={first + track: name for track, name in subjects_of_tracks(run).items()},
        subjects_of_visit={visit.visit: people_of.get(visit.account or "", ()) for visit in visits},
        household_of={name: str(row["household"]) for name, row in subjects.items()},
        group_of={name: str(row["group"]) for name, row in subjects.items() if row["group"]},
        age_group_of={name: str(row["age_group"]) for name, row in subjects.items()},
        body_of={name: f"body-{row['body']}" for name, row in subjects.items()},
    )


def _baskets(run: RunFolder) -> Iterator[Basket]:
    prices, day = prices_of(run), run.manifest.day
    last = run.truth_events().groupby("account")["t"].max()
    for row in run.truth_receipts():
        items = {str(product): int(count) for product, count in row["items"].items()}
        cents = sum(prices[product] * count for product, count in items.items())
        t = opens_at(day) + float(last.get(row["account"], 0.0))
        yield Basket(visit_name(row["account"], day), t, sum(items.values()), cents)


def _billing(run: RunFolder) -> Billing:
    receipts, tracking = run.summary.receipts, run.summary.tracking
    return Billing(
        receipts["exact_rate"], receipts["overcharged_cents"], receipts["undercharged_cents"], tracking["idf1"]
    )
