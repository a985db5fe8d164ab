"""A small made-up day: twelve visits, four cameras, faces seen well by some and badly by others."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from store.privacy import Basket, Billing, CameraRecord, DayRecords, ReceiptRecord, VisitRecord

VISITS = 12
CAMERAS = tuple(CameraRecord(f"cam{n}", 640, 360, 1200) for n in range(4))


def made_up_day(seed: int = 1) -> DayRecords:
    """Twelve visits in two minutes; every third one is a party of two."""
    rng = np.random.default_rng(seed)
    visits, positions, faces, receipts, baskets = [], [], [], [], []
    track = 0
    for number in range(VISITS):
        opened, people = 8.0 * number, 2 if number % 3 == 0 else 1
        closed = opened + 25.0
        tracks = tuple(range(track + 1, track + 1 + people))
        track += people
        account = f"account-{number:04d}"
        visits.append(VisitRecord(f"visit-{number:04d}", account, people, opened, closed, tracks))
        lines = {"milk": 1, f"p{number}": 2}
        receipts.append(ReceiptRecord(f"visit-{number:04d}", account, closed + 2.0, lines, 780, number % 6 == 0))
        baskets.append(Basket(f"visit-{number:04d}", closed, 3, 780))
        for member in tracks:
            positions.append(_walk(member, account, opened, closed, rng))
            faces.append(_views(member, opened, rng))
    table = pd.concat(faces, ignore_index=True)
    table.insert(0, "capture_id", np.arange(len(table)))
    return DayRecords(
        floor_m=(8.0, 6.0),
        store_seconds=130.0,
        cameras=CAMERAS,
        visits=tuple(visits),
        receipts=tuple(receipts),
        positions=pd.concat(positions, ignore_index=True),
        faces=table,
        baskets=tuple(baskets),
        billing=Billing(0.9, 250, 100, 0.93),
        compute_seconds={"background": 5.0, "detect": 60.0, "fusion": 4.0},
    )


def _walk(track: int, account: str, opened: float, closed: float, rng: np.random.Generator) -> pd.DataFrame:
    t = np.arange(opened, closed, 0.1)
    x = np.clip(np.cumsum(rng.normal(0, 0.1, len(t))) + 4, 0, 8)
    y = np.clip(np.cumsum(rng.normal(0, 0.1, len(t))) + 3, 0, 6)
    return pd.DataFrame({"t": t, "track": track, "x": x, "y": y, "sd": 0.1, "account": account})


def _views(track: int, opened: float, rng: np.random.Generator, count: int = 20) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "t": opened + np.arange(count, dtype=float),
            "camera": rng.choice([camera.name for camera in CAMERAS], count),
            "track": track,
            "subject": f"subject-{track}",
            "face_px": rng.uniform(8, 24, count),
            "yaw_deg": rng.uniform(-90, 90, count),
            "pitch_deg": rng.uniform(5, 40, count),
            "occluded": rng.uniform(0, 0.5, count),
            "blur_px": rng.uniform(0, 1, count),
        }
    )


@pytest.fixture(scope="session")
def day() -> DayRecords:
    return made_up_day()


@pytest.fixture(scope="session", autouse=True)
def _gallery_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Galleries are built once for the whole session, outside the user's own cache."""
    patch = pytest.MonkeyPatch()
    patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "policy"
