"""A made-up period: people who come on several days in other clothes, with everything that attacks and uses work on."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from store.privacy import Basket, Billing, CameraRecord, DayRecords, Period, ReceiptRecord, Truth, VisitRecord

DAY_S = 86_400.0
CAMERAS = tuple(CameraRecord(f"cam{n}", 640, 360, 1200) for n in range(4))
PRODUCTS = tuple(f"p{n}" for n in range(40))
BODY_DIMENSION = 32


@dataclass(frozen=True)
class Regular:
    """One person of the population: what stays the same on all days."""

    name: str
    household: str
    account: str
    body: npt.NDArray[np.float64]
    stature_m: float
    leg_share: float
    stride_hz: float
    speed: float
    taste: npt.NDArray[np.float64]
    corner: npt.NDArray[np.float64]


def population(count: int, rng: np.random.Generator) -> list[Regular]:
    """`count` people; every third one is of the household of the one before."""
    people: list[Regular] = []
    for number in range(count):
        mate = people[-1] if number % 3 == 2 else None
        people.append(
            Regular(
                name=f"person-{number:03d}",
                household=mate.household if mate else f"household-{number:03d}",
                account=mate.account if mate else f"account-{number:03d}",
                body=rng.standard_normal(BODY_DIMENSION),
                stature_m=rng.normal(1.70, 0.10),
                leg_share=rng.normal(0.49, 0.012),
                stride_hz=rng.normal(0.95, 0.08),
                speed=rng.normal(1.0, 0.12),
                taste=rng.dirichlet(np.full(len(PRODUCTS), 0.15)),
                corner=rng.uniform([1, 1], [7, 5]),
            )
        )
    return people


def made_up_period(days: int = 5, people: int = 18, comes: float = 0.7, seed: int = 1, clothes: float = 1.0) -> Period:
    """`days` days of `people` regulars who each come with probability `comes`.

    `clothes`: how much of a look changes from day to day, beside a part of size 1 that stays.
    """
    rng = np.random.default_rng(seed)
    regulars = population(people, rng)
    return Period(tuple(_day(number, regulars, comes, clothes, rng) for number in range(1, days + 1)))


def _day(number: int, regulars: list[Regular], comes: float, clothes: float, rng: np.random.Generator) -> DayRecords:
    opens = (number - 1) * DAY_S
    households: dict[str, list[Regular]] = {}
    for person in regulars:
        if rng.random() < comes:
            households.setdefault(person.household, []).append(person)
    visits, receipts, baskets = [], [], []
    parts: dict[str, list[pd.DataFrame]] = {"positions": [], "faces": [], "bodies": [], "crops": [], "poses": []}
    vectors, points, truth_tracks, truth_visits = [], [], {}, {}
    track = 100_000 * number
    for order, party in enumerate(households.values()):
        opened = opens + 8.0 * order + float(rng.uniform(0, 4))
        closed = opened + float(rng.uniform(25, 45))
        visit, account = f"d{number}-visit-{order:03d}", party[0].account
        tracks = tuple(range(track + 1, track + 1 + len(party)))
        track += len(party)
        visits.append(VisitRecord(visit, account, len(party), opened, closed, tracks))
        lines = _basket(party[0], rng)
        cents = 250 * sum(lines.values())
        receipts.append(ReceiptRecord(visit, account, closed + 2.0, lines, cents, order % 6 == 0))
        baskets.append(Basket(visit, closed, sum(lines.values()), cents))
        truth_visits[visit] = tuple(person.name for person in party)
        for person, own in zip(party, tracks, strict=True):
            truth_tracks[own] = person.name
            look = person.body + clothes * rng.standard_normal(BODY_DIMENSION)
            t = np.arange(opened, closed, 0.1)
            parts["positions"].append(_walk(person, own, account, t, rng))
            parts["faces"].append(_faces(person, own, opened, rng))
            seen = pd.DataFrame({"t": t[::10], "camera": "cam0", "track": own})
            parts["bodies"].append(seen)
            views = look + 0.5 * rng.standard_normal((len(seen), BODY_DIMENSION))
            vectors.append(views / np.linalg.norm(views, axis=1, keepdims=True))
            parts["crops"].append(seen.assign(jpeg=_coded(look, seen, rng), blurred=_coded(look, seen, rng)))
            parts["poses"].append(pd.DataFrame({"t": t[::2], "camera": "cam0", "track": own}))
            points.append(_gait(person, t[::2], rng))
    tables = {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}
    tables["faces"].insert(0, "capture_id", np.arange(len(tables["faces"])) + 10**6 * number)
    return DayRecords(
        floor_m=(8.0, 6.0),
        store_seconds=300.0,
        cameras=CAMERAS,
        visits=tuple(visits),
        receipts=tuple(receipts),
        baskets=tuple(baskets),
        **tables,
        body_vectors=np.concatenate(vectors).astype(np.float32),
        pose_points=np.concatenate(points).astype(np.float32),
        billing=Billing(0.95, 100, 100, 0.97),
        compute_seconds={"background": 5.0, "detect": 60.0, "fusion": 4.0},
        truth=Truth(
            subject_of_track=truth_tracks,
            subjects_of_visit=truth_visits,
            household_of={person.name: person.household for person in regulars},
        ),
        opens=opens,
    )


def _basket(person: Regular, rng: np.random.Generator) -> dict[str, int]:
    picks = rng.choice(len(PRODUCTS), size=1 + rng.poisson(2.5), p=person.taste)
    return {PRODUCTS[pick]: int(np.sum(picks == pick)) for pick in np.unique(picks)}


def _walk(
    person: Regular, track: int, account: str, t: npt.NDArray[np.float64], rng: np.random.Generator
) -> pd.DataFrame:
    way = np.minimum(1.0, np.linspace(0, 2 * person.speed, len(t)))[:, None]
    path = np.array([4.0, 0.5]) + way * (person.corner - [4.0, 0.5]) + rng.normal(0, 0.05, (len(t), 2))
    return pd.DataFrame({"t": t, "track": track, "x": path[:, 0], "y": path[:, 1], "sd": 0.1, "account": account})


def _faces(person: Regular, track: int, opened: float, rng: np.random.Generator, count: int = 20) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "t": opened + np.arange(count, dtype=float),
            "camera": rng.choice([camera.name for camera in CAMERAS], count),
            "track": track,
            "subject": person.name,
            "face_px": rng.uniform(8, 24, count),
            "yaw_deg": rng.uniform(-90, 90, count),
            "pitch_deg": rng.uniform(5, 40, count),
            "occluded": rng.uniform(0, 0.5, count),
            "blur_px": rng.uniform(0, 1, count),
        }
    )


def _coded(look: npt.NDArray[np.float64], seen: pd.DataFrame, rng: np.random.Generator) -> list[bytes]:
    """Stand-ins for pictures that `Reader` can read: the look with noise, and a number that makes each unique."""
    rows = look + 0.5 * rng.standard_normal((len(seen), BODY_DIMENSION))
    return [b"\xff\xd8made-up" + row.astype(np.float32).tobytes() for row in rows]


class Reader:
    """Reads the made-up pictures."""

    def describe(self, jpegs: list[bytes]) -> npt.NDArray[np.float32]:
        """(N, 32) unit rows."""
        rows = np.array([np.frombuffer(jpeg[9:], np.float32) for jpeg in jpegs], np.float32).reshape(-1, BODY_DIMENSION)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)

    def head_colours(self, jpegs: list[bytes]) -> npt.NDArray[np.float32]:
        """(N, 6), nan: the made-up pictures show no head."""
        return np.full((len(jpegs), 6), np.nan, np.float32)


def _gait(person: Regular, t: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """(N, 17, 3) lateral metres, height metres, confidence: ankles swing at the person's own rhythm."""
    heights = np.array([0.93] * 5 + [0.82] * 2 + [0.63] * 2 + [0.46] * 2 + [0.5] * 2 + [0.27] * 2 + [0.05] * 2)
    heights[11:13] = person.leg_share
    heights[13:15] = person.leg_share * 0.54
    out = np.ones((len(t), 17, 3))
    out[..., 0] = np.array([0, 0.03, -0.03, 0.07, -0.07] + [0.2, -0.2] * 6) * person.stature_m / 1.7
    out[..., 1] = heights * person.stature_m
    swing = 0.25 * np.sin(2 * np.pi * person.stride_hz * t)
    out[:, 15, 0] += swing
    out[:, 16, 0] -= swing
    out[..., :2] += rng.normal(0, 0.02, out[..., :2].shape)
    return out
