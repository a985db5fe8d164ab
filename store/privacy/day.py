"""One day's records, as tracking and billing left them: the material that every policy is applied to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

POSITION_COLUMNS = ("t", "track", "x", "y", "sd", "account")
FACE_COLUMNS = (
    "capture_id",
    "t",
    "camera",
    "track",
    "subject",
    "face_px",
    "yaw_deg",
    "pitch_deg",
    "occluded",
    "blur_px",
)
BODY_COLUMNS = ("t", "camera", "track")


@dataclass(frozen=True, slots=True)
class CameraRecord:
    """One camera's day: picture size in pixels, frames taken, frames a second."""

    name: str
    width: int
    height: int
    frames: int
    fps: float = 10.0


@dataclass(frozen=True, slots=True)
class VisitRecord:
    """One visit (a party on one token): `people` came, `tracks` are their floor tracks; times in seconds."""

    visit: str
    account: str | None
    people: int
    opened: float
    closed: float
    tracks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReceiptRecord:
    """One receipt as billed: time it was issued (seconds), product counts, cents, whether a person reviewed it."""

    visit: str
    account: str | None
    t: float
    lines: Mapping[str, int]
    cents: int
    reviewed: bool = False

    @property
    def items(self) -> int:
        """Number of items billed."""
        return sum(self.lines.values())


@dataclass(frozen=True, slots=True)
class Basket:
    """What one visit carried to the desk: what a cashier sees. Only the cash-desk model reads it."""

    visit: str
    t: float
    items: int
    cents: int


@dataclass(frozen=True, slots=True)
class Billing:
    """How well the day was billed, from the run's summary; cents are sums over the day, None where not measured."""

    exact_rate: float | None = None
    overcharged_cents: int | None = None
    undercharged_cents: int | None = None
    idf1: float | None = None


def _no_positions() -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in POSITION_COLUMNS})


def _no_faces() -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in FACE_COLUMNS})


@dataclass(frozen=True, slots=True)
class DayRecords:
    """The day before any policy: what cameras, tracking and billing produced.

    `positions`: `POSITION_COLUMNS`, one row a track and tick (floor metres).
    `faces`: `FACE_COLUMNS`, one row a rendered face view: `face_px` is the face's width in the camera's own pixels,
    angles in degrees, `occluded` a fraction, `blur_px` motion blur. `subject` says whose face the light came from;
    only the simulated face sensor reads it, to draw the embedding that a camera would have measured. `track` is the
    floor track at that place, -1 where there was none.
    `bodies`: `BODY_COLUMNS` beside `body_vectors` (N, D) float32 unit rows, where the run kept them, else None.
    `baskets`: what visits really carried, for the cash-desk model; without it the receipts stand in.
    `compute_seconds`: wall seconds by stage; stages that no store runs (rendering, truth) are not counted.
    `groups`: demographic group of a subject where the scenario states one.
    """

    store_seconds: float
    cameras: tuple[CameraRecord, ...]
    visits: tuple[VisitRecord, ...]
    receipts: tuple[ReceiptRecord, ...] = ()
    positions: pd.DataFrame = field(default_factory=_no_positions)
    faces: pd.DataFrame = field(default_factory=_no_faces)
    bodies: pd.DataFrame | None = None
    body_vectors: npt.NDArray[np.float32] | None = None
    baskets: tuple[Basket, ...] = ()
    billing: Billing = Billing()
    compute_seconds: Mapping[str, float] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)

    @property
    def people(self) -> int:
        """Number of people who came."""
        return sum(visit.people for visit in self.visits)
