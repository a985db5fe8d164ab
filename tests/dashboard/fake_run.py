"""Writes a small run folder that follows the contract of real ones: 4 cameras, 6 visits, one receipt wrong.

The walks, weights and figures are made up, and no network saw anything; only the files are real.
"""

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from sim.run_folder import (
    EVENT_COLUMNS,
    FLOOR_TRACK_COLUMNS,
    TRUTH_EVENT_COLUMNS,
    TRUTH_PEOPLE_COLUMNS,
    Progress,
    RunManifest,
    RunSummary,
    Status,
    write_json,
    write_manifest,
    write_summary,
    write_table,
)
from sim.store_places import SlotPlace
from sim.store_plan import StorePlan, load_store
from store import events as store
from store.ledger import Evidence, Ledger, Receipt
from store.privacy.figures import Figure
from store.privacy.metrics import METRICS
from tracking.camera import Camera, save_calibration

SECONDS = 40.0
FPS = 10.0
VIDEO_FPS = 2
WALK_M_S = 1.1
DWELL_S = 2.5
POLICIES = ("checkout", "app-entry", "face-entry", "face-everywhere", "police-gallery")


@dataclass(frozen=True)
class Shopper:
    """Who comes when, takes what (indices of slots), and what the store believed about it."""

    account: str
    arrive: float
    slots: tuple[int, ...]
    believed: tuple[int, ...]
    probability: float
    people: int = 1


SHOPPERS = (
    Shopper("ada", 1.0, (0, 9), (0, 9), 0.98),
    Shopper("ben", 4.0, (3,), (3,), 0.97),
    Shopper("cleo", 8.0, (14, 5), (14,), 0.71, 2),
    Shopper("dmitri", 12.0, (7,), (7, 5), 0.55),
    Shopper("efua", 16.0, (20, 2), (20, 2), 0.96),
    Shopper("femi", 20.0, (), (), 1.0),
)


@dataclass(frozen=True)
class Walk:
    """A shopper's way: floor positions (N, 2) at FPS from `start`, and when each slot was reached."""

    start: float
    places: NDArray[np.float64]
    reached: tuple[float, ...]

    @property
    def end(self) -> float:
        """When the shopper is gone."""
        return self.start + len(self.places) / FPS


def write_fake_run(
    folder: Path, status: Status = "finished", seed: int = 7, video: bool = True, seconds: float = SECONDS
) -> Path:
    """Writes a run folder and returns its path; an unfinished one has no summary."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    plan = _plan()
    cameras = _cameras(plan)
    walks = [_walk(shopper, plan) for shopper in SHOPPERS]
    write_json(folder / "plan.json", plan.model_dump(mode="json"))
    write_json(folder / "scenario.json", {"name": "corner-shop", "store": "corner-shop", "seconds": seconds})
    save_calibration(folder / "calibration.yaml", cameras)
    _write_manifest(folder, status, seed, seconds)
    _write_truth(folder, plan, walks)
    _write_tracks(folder, walks, rng)
    _write_store(folder, plan, walks)
    _write_pictures(folder, plan, cameras, walks, video)
    if status == "finished":
        _write_summary(folder, seed, seconds)
    return folder


def copy_run(original: Path, folder: Path, status: Status = "finished") -> Path:
    """A copy of a run without its videos; an unfinished one loses its summary."""
    shutil.copytree(original, folder, ignore=shutil.ignore_patterns("video", "report.html"))
    if status != "finished":
        (folder / "summary.json").unlink()
        _write_manifest(folder, status, 7, SECONDS)
    return folder


@lru_cache(maxsize=1)
def _plan() -> StorePlan:
    return load_store("corner-shop")


@lru_cache(maxsize=1)
def _all_slots() -> list[SlotPlace]:
    return _plan().slot_places()


def _cameras(plan: StorePlan) -> dict[str, Camera]:
    return {
        spec.name: Camera.look_at(spec.name, spec.position, spec.look_at, spec.fov_deg, 640, 360, spec.distortion)
        for spec in plan.cameras[:4]
    }


def _write_manifest(folder: Path, status: Status, seed: int, seconds: float) -> None:
    done = seconds if status == "finished" else 0.4 * seconds
    manifest = RunManifest(
        scenario="corner-shop",
        seed=seed,
        status=status,
        started="2026-01-05T09:00:00+00:00",
        policies=list(POLICIES),
        versions={"glass-aisle": "0.1.0"},
        progress=Progress(t=done, seconds=seconds),
        error="RuntimeError: the fake network broke" if status == "failed" else None,
    )
    write_manifest(folder, manifest)


def _slots(indices: Sequence[int]) -> list[SlotPlace]:
    return [_all_slots()[index] for index in indices]


def _walk(shopper: Shopper, plan: StorePlan) -> Walk:
    gate = plan.gate_places()[0]
    exit_gate = plan.gate_places()[-1]
    stops = [gate.outside, gate.inside, *(slot.access for slot in _slots(shopper.slots)), exit_gate.inside]
    places: list[NDArray[np.float64]] = []
    reached = []
    for number, (a, b) in enumerate(zip(stops, [*stops[1:], exit_gate.outside], strict=True)):
        start, end = np.array(a), np.array(b)
        steps = max(2, round(float(np.linalg.norm(end - start)) / WALK_M_S * FPS))
        places += [start + (end - start) * k / steps for k in range(steps)]
        if 1 <= number < len(stops) - 2 + (0 if shopper.slots else 1) and number <= len(shopper.slots):
            reached.append(shopper.arrive + len(places) / FPS + DWELL_S / 2)
            places += [end] * round(DWELL_S * FPS)
    return Walk(shopper.arrive, np.array(places), tuple(reached))


def _write_truth(folder: Path, plan: StorePlan, walks: Sequence[Walk]) -> None:
    people, events, receipts = [], [], []
    for shopper, walk in zip(SHOPPERS, walks, strict=True):
        for k, (x, y) in enumerate(walk.places):
            inside = 0 <= y <= plan.room.depth_m and 0 <= x <= plan.room.width_m
            row = (walk.start + k / FPS, f"{shopper.account}-1", "shopper", float(x), float(y), 0.0, "", inside)
            people.append(dict(zip(TRUTH_PEOPLE_COLUMNS, row, strict=True)))
        items: dict[str, int] = {}
        for slot, t in zip(_slots(shopper.slots), walk.reached, strict=True):
            items[slot.product] = items.get(slot.product, 0) + 1
            row_ = (t, f"{shopper.account}-1", shopper.account, "pick", slot.product, 1, " ".join(slot.plates))
            events.append(dict(zip(TRUTH_EVENT_COLUMNS, row_, strict=True)))
        receipts.append({"account": shopper.account, "people": [f"{shopper.account}-1"], "items": items})
    write_table(folder / "truth" / "people.parquet", people, TRUTH_PEOPLE_COLUMNS)
    write_table(folder / "truth" / "events.parquet", events, TRUTH_EVENT_COLUMNS)
    write_json(folder / "truth" / "receipts.json", receipts)


def _write_tracks(folder: Path, walks: Sequence[Walk], rng: np.random.Generator) -> None:
    rows = []
    for number, (shopper, walk) in enumerate(zip(SHOPPERS, walks, strict=True), start=1):
        for k, place in enumerate(walk.places):
            x, y = place + rng.normal(0, 0.05, 2)
            account = shopper.account if k > 25 else None
            row = (walk.start + k / FPS, number, float(x), float(y), 0.08, account)
            rows.append(dict(zip(FLOOR_TRACK_COLUMNS, row, strict=True)))
    write_table(folder / "tracks" / "floor.parquet", rows, FLOOR_TRACK_COLUMNS)


def _write_store(folder: Path, plan: StorePlan, walks: Sequence[Walk]) -> None:
    ledger = Ledger(f"sqlite:///{folder / 'store.sqlite'}")
    prices = {product.id: product.price_cents for product in plan.products}
    events: list[store.StoreEvent] = []
    for number, (shopper, walk) in enumerate(zip(SHOPPERS, walks, strict=True), start=1):
        visit = f"visit-{number}"
        events += _entering(shopper, walk, visit, number, plan)
        evidence = []
        for slot, t in zip(_slots(shopper.believed), [*walk.reached, walk.end - 4.0], strict=False):
            change, attribution = _taking(shopper, visit, number, slot, t, plan)
            events += [change, attribution]
            evidence.append(Evidence(change.id, t, slot.plates, slot.product, 1, shopper.probability))
        receipt = _receipt(shopper, walk, visit, evidence, prices)
        ledger.open_account(shopper.account)
        ledger.open_visit(visit, shopper.account, walk.start)
        ledger.close_visit(visit, walk.end, shopper.people)
        ledger.bill(receipt, prices)
        events.append(store.MemberLeft(walk.end, visit, 1, plan.gates[-1].id))
        lines = (visit, shopper.account, receipt.lines, receipt.cents, receipt.confidence, receipt.flagged)
        events.append(store.ReceiptIssued(walk.end + 0.5, *lines))
    ledger.close()
    rows = [{"id": str(n)} | event.to_json() for n, event in enumerate(sorted(events, key=lambda e: e.t))]
    (folder / "events.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    table = [{"id": row["id"], "t": row["t"], "kind": row["kind"], "row": json.dumps(row)} for row in rows]
    write_table(folder / "events.parquet", table, EVENT_COLUMNS)


def _entering(shopper: Shopper, walk: Walk, visit: str, track: int, plan: StorePlan) -> list[store.StoreEvent]:
    gate, t = plan.gates[0].id, walk.start + 1.2
    return [
        store.GateScan(t, gate, f"token-{shopper.account}"),
        store.VisitOpened(t, visit, shopper.account, gate),
        store.MemberEntered(t + 0.3, visit, 1, gate),
        store.VisitLinked(t + 0.5, visit, 1, track, "gate"),
    ]


def _taking(
    shopper: Shopper, visit: str, number: int, slot: SlotPlace, t: float, plan: StorePlan
) -> tuple[store.WeightChange, store.Attribution]:
    grams = -plan.product_of[slot.product].weight_g
    name = f"w-{visit}-{slot.key}-{t:.1f}"
    change = store.WeightChange(t, name, slot.plates, grams, 2.0, t - 0.6, t, tuple(grams for _ in slot.plates))
    other = f"visit-{number - 1 if number > 1 else 2}"
    candidates = {visit: shopper.probability, other: round(0.97 * (1 - shopper.probability), 3)}
    return change, store.Attribution(
        t + 0.2, f"a-{name}", name, slot.product, 1, candidates, visit, shopper.probability
    )


def _receipt(shopper: Shopper, walk: Walk, visit: str, evidence: list[Evidence], prices: dict[str, int]) -> Receipt:
    lines: dict[str, int] = {}
    for line in evidence:
        lines[line.product] = lines.get(line.product, 0) + 1
    cents = sum(prices[product] * number for product, number in lines.items())
    sure = shopper.probability ** max(1, len(evidence))
    flagged = sure < 0.6
    start, end = walk.start + 1.2, walk.end
    return Receipt(
        visit, shopper.account, lines, cents, sure, flagged, start, end, shopper.people, tuple(evidence), end + 0.5
    )


def _write_pictures(
    folder: Path, plan: StorePlan, cameras: dict[str, Camera], walks: Sequence[Walk], video: bool
) -> None:
    (folder / "live").mkdir(exist_ok=True)
    for name, camera in cameras.items():
        empty = _empty_picture(plan, camera)
        cv2.imwrite(str(folder / "live" / f"{name}.jpg"), _picture(empty, camera, walks, 14.0))
        if video:
            (folder / "video").mkdir(exist_ok=True)
            _write_video(folder / "video" / f"{name}.mp4", empty, camera, walks)


def _write_video(path: Path, empty: NDArray[np.uint8], camera: Camera, walks: Sequence[Walk]) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=VIDEO_FPS, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for k in range(int(SECONDS * VIDEO_FPS)):
            frame = av.VideoFrame.from_ndarray(_picture(empty, camera, walks, k / VIDEO_FPS), format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _empty_picture(plan: StorePlan, camera: Camera) -> NDArray[np.uint8]:
    picture = np.full((360, 640, 3), (206, 212, 214), np.uint8)
    for outline in plan.obstacles():
        corners = np.array(outline.exterior.coords)[:4]
        for height in (0.0, 0.7, 1.4):
            pixels = camera.project(np.column_stack([corners, np.full(4, height)]))
            if np.isfinite(pixels).all():
                cv2.polylines(picture, [pixels.astype(np.int32)], True, (120, 130, 140), 2, cv2.LINE_AA)
    return picture


def _picture(empty: NDArray[np.uint8], camera: Camera, walks: Sequence[Walk], t: float) -> NDArray[np.uint8]:
    picture = empty.copy()
    for number, walk in enumerate(walks, start=1):
        k = round((t - walk.start) * FPS)
        if 0 <= k < len(walk.places):
            x, y = walk.places[k]
            ends = camera.project(np.array([[x, y, 0.0], [x, y, 1.7]]))
            if np.isfinite(ends).all():
                (ax, ay), (bx, by) = ends.astype(int).tolist()
                half = max(4, abs(ay - by) // 6)
                cv2.rectangle(picture, (bx - half, by), (ax + half, ay), (90, 60, 40), 2)
                cv2.putText(picture, str(number), (bx - half, by - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (40, 40, 40), 1)
    return picture


def _write_summary(folder: Path, seed: int, seconds: float) -> None:
    receipts: dict[str, Any] = {
        "count": 6, "exact": 4, "exact_rate": 4 / 6, "item_precision": 0.857, "item_recall": 0.857,
        "item_f1": 0.857, "overcharged_cents": 189, "undercharged_cents": 189, "wrong_person_cents": 189,
        "wrong_item_cents": 0, "reviewed": 1,
    }  # fmt: skip
    tracking = {"hota": 0.83, "deta": 0.82, "assa": 0.85, "idf1": 0.94, "mota": 0.93, "id_switches": 1}
    stages = {"render": 31.2, "detect": 12.4, "embed": 2.1, "fusion": 1.9, "store": 0.8}
    speed = {"real_time_factor": 0.62, "wall_seconds": 64.5, "stages": stages, "peak_memory_mb": 1180.0}
    summary = RunSummary(
        scenario="corner-shop", seed=seed, store_seconds=seconds, people=7, tracking=tracking, receipts=receipts,
        speed=speed, policies={policy: _policy(number) for number, policy in enumerate(POLICIES)},
    )  # fmt: skip
    write_summary(folder, summary)


def _policy(number: int) -> dict[str, Any]:
    """Figures that grow with the policy's number, so that tables and plots have something to order."""
    figures: dict[str, Any] = {}
    for k, (name, metric) in enumerate(METRICS.items()):
        if number == 0 and k % 3 == 0:
            figure = Figure(None, "There is nothing to measure: this policy keeps no such data.")
        elif metric.unit.startswith(("share", "probability")):
            figure = Figure(round(min(1.0, 0.15 * number + 0.02 * (k % 7)), 3), low=0.01, high=0.99)
        else:
            figure = Figure(round((number + 1) * (k % 5 + 0.4) * 13.7, 2), note="Made up for a test.")
        figures[name] = {"value": figure.value, "reason": figure.reason, "low": figure.low, "high": figure.high}
        figures[name]["note"] = figure.note
    return figures


if __name__ == "__main__":
    write_fake_run(Path(sys.argv[1]))
