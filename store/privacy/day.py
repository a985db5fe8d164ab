"""The records of one or several days, as tracking and billing left them: what every policy is applied to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

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
CROP_COLUMNS = ("t", "camera", "track", "jpeg", "blurred")
BODY_CAMERA = "body-camera"
"""Name in `faces` of a camera on an officer's chest; only policies with such a camera use its views."""


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
class Truth:
    """Who people really are. Only the simulated face sensor reads it, and the scoring of attacks and uses.

    `household_of`: people who belong together on all days. `group_of`: demographic group of a subject where the
    scenario states one.
    """

    subject_of_track: Mapping[int, str] = field(default_factory=dict)
    subjects_of_visit: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    household_of: Mapping[str, str] = field(default_factory=dict)
    group_of: Mapping[str, str] = field(default_factory=dict)
    age_group_of: Mapping[str, str] = field(default_factory=dict)
    body_of: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DayRecords:
    """One day before any policy: what cameras, tracking and billing produced. Times are seconds from the first
    day's opening; `opens` is when this day opens, `store_seconds` how long it lasts.

    `positions`: `POSITION_COLUMNS`, one row a track and tick (floor metres).
    `faces`: `FACE_COLUMNS`, one row a rendered face view: `face_px` is the face's width in the camera's own pixels,
    angles in degrees, `occluded` a fraction, `blur_px` motion blur. `subject` says whose face the light came from;
    only the simulated face sensor reads it, to draw the embedding that a camera would have measured. `track` is the
    floor track at that place, -1 where there was none.
    `bodies`: `BODY_COLUMNS` beside `body_vectors` (N, D) float32 unit rows, where the run kept them, else None.
    `crops`: `CROP_COLUMNS`, JPEG pictures of tracked people and the same with the head blurred, else None.
    `poses`: `BODY_COLUMNS` beside `pose_points` (N, 17, 3) float32, for each COCO keypoint the lateral offset in
    metres, the height above the floor in metres and the confidence: what a device at the camera sends instead of
    pictures, else None.
    `baskets`: what visits really carried, for the cash-desk model; without it the receipts stand in.
    `floor_m`: width and depth of the floor in metres from the origin, as its plan says, else None.
    `compute_seconds`: wall seconds by stage; stages that no store runs (rendering, truth) are not counted.
    """

    store_seconds: float
    cameras: tuple[CameraRecord, ...]
    visits: tuple[VisitRecord, ...]
    receipts: tuple[ReceiptRecord, ...] = ()
    positions: pd.DataFrame = field(default_factory=_no_positions)
    faces: pd.DataFrame = field(default_factory=_no_faces)
    bodies: pd.DataFrame | None = None
    body_vectors: npt.NDArray[np.float32] | None = None
    crops: pd.DataFrame | None = None
    poses: pd.DataFrame | None = None
    pose_points: npt.NDArray[np.float32] | None = None
    baskets: tuple[Basket, ...] = ()
    billing: Billing = Billing()
    compute_seconds: Mapping[str, float] = field(default_factory=dict)
    truth: Truth = field(default_factory=Truth)
    opens: float = 0.0
    floor_m: tuple[float, float] | None = None

    @property
    def people(self) -> int:
        """Number of people who came."""
        return sum(visit.people for visit in self.visits)

    @property
    def closes(self) -> float:
        """Seconds from the first day's opening to this day's closing."""
        return self.opens + self.store_seconds


@dataclass(frozen=True)
class Period:
    """One or several days of one store, in order. Visits, tracks and subjects have names of their own over all days;
    a person and an account keep theirs.

    Raises:
        ValueError: no day, days out of order, or a track or visit of one day named again on another.
    """

    days: tuple[DayRecords, ...]

    def __post_init__(self) -> None:
        """Refuse days out of order and names used twice."""
        if not self.days:
            raise ValueError("days: found none, allowed: at least one")
        for number, (before, after) in enumerate(zip(self.days, self.days[1:], strict=False), start=1):
            if after.opens < before.closes:
                raise ValueError(f"days.{number}.opens: found {after.opens}, allowed: {before.closes} or later")
        for noun, names in (
            ("visits", [visit.visit for visit in self.visits]),
            ("tracks", [track for visit in self.visits for track in visit.tracks]),
        ):
            if len(names) != len(set(names)):
                raise ValueError(f"{noun}: found a name twice, allowed: names of their own over all days")

    @classmethod
    def of(cls, day: DayRecords) -> "Period":
        """A period of one day."""
        return cls((day,))

    @cached_property
    def visits(self) -> tuple[VisitRecord, ...]:
        """Visits of all days."""
        return tuple(chain.from_iterable(day.visits for day in self.days))

    @cached_property
    def receipts(self) -> tuple[ReceiptRecord, ...]:
        """Receipts of all days."""
        return tuple(chain.from_iterable(day.receipts for day in self.days))

    @cached_property
    def baskets(self) -> tuple[Basket, ...]:
        """What visits of all days really carried."""
        return tuple(chain.from_iterable(day.baskets for day in self.days))

    @cached_property
    def faces(self) -> pd.DataFrame:
        """Face views of all days (`FACE_COLUMNS`)."""
        return pd.concat([day.faces for day in self.days], ignore_index=True)

    @property
    def cameras(self) -> tuple[CameraRecord, ...]:
        """The cameras of the first day; a store keeps its cameras."""
        return self.days[0].cameras

    @property
    def people(self) -> int:
        """People who came, counted once a visit."""
        return sum(day.people for day in self.days)

    @property
    def store_seconds(self) -> float:
        """Seconds that the store was open, over all days."""
        return sum(day.store_seconds for day in self.days)

    @property
    def closes(self) -> float:
        """Seconds from the first opening to the last closing."""
        return self.days[-1].closes

    @cached_property
    def billing(self) -> Billing:
        """How well all days were billed: rates weighed by receipts, cents added; None where a day was not measured."""
        weights = [max(1, len(day.receipts)) for day in self.days]
        return Billing(
            _mean([day.billing.exact_rate for day in self.days], weights),
            _total([day.billing.overcharged_cents for day in self.days]),
            _total([day.billing.undercharged_cents for day in self.days]),
            _mean([day.billing.idf1 for day in self.days], weights),
        )

    @cached_property
    def compute_seconds(self) -> dict[str, float]:
        """Wall seconds by stage, over all days."""
        stages = {stage for day in self.days for stage in day.compute_seconds}
        return {stage: sum(day.compute_seconds.get(stage, 0.0) for day in self.days) for stage in sorted(stages)}

    @cached_property
    def truth(self) -> Truth:
        """Who people really are, over all days."""
        return Truth(
            *(
                dict(chain.from_iterable(getattr(day.truth, name).items() for day in self.days))
                for name in Truth.__dataclass_fields__
            )
        )


def _mean(values: list[float | None], weights: list[int]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.average(known, weights=weights)) if len(known) == len(values) else None


def _total(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
