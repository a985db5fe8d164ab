"""The simulated face sensor: from rendered face views to embeddings; the only reader of `subject`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from store.privacy.day import BODY_CAMERA, DayRecords, Period
from store.privacy.faces.matcher import Matcher, Vectors, faces_of, loss
from store.privacy.policy import Terminal

ENCOUNTER_S = 30.0
"""Views of one person by an officer's camera that are further apart than this belong to two encounters."""


@dataclass(frozen=True, slots=True)
class Capture:
    """One usable face view: when, by which camera, of which track; whose face it was; loss of quality (0 is best)."""

    t: float
    camera: str
    track: int
    subject: str
    loss: float


def best_captures(records: DayRecords | Period, matcher: Matcher, camera_width_px: int | None) -> list[Capture]:
    """The best usable face view of each track, by time; views that belong to no track, or that an officer's camera
    took, are not used.

    `camera_width_px`: picture width of the cameras that the policy would install at the same places; pixels of the
    face and of motion blur scale with it. None: the cameras as recorded.
    """
    return _best(usable_views(records, matcher, camera_width_px), ["track"])


def looks(records: DayRecords | Period, matcher: Matcher, camera_width_px: int | None) -> list[Capture]:
    """The best usable view of each track on each camera, by time: one look at a passer-by a camera.

    Views of one passage are alike, so that a matcher asked about all of them would not be asked anew each time.
    """
    return _best(usable_views(records, matcher, camera_width_px), ["track", "camera"])


def encounters(records: DayRecords | Period, matcher: Matcher) -> list[Capture]:
    """The best usable view of each encounter of an officer's camera with somebody, by time; its track is -1.

    No floor tracker runs on that camera. A face tracker in its video would keep one face together for as long as it
    stays in view, so views of one subject no more than `ENCOUNTER_S` apart are one encounter: the simulated sensor
    reads `subject` for this, as it does for the embedding. Two encounters with one person stay two. The officer
    brings the camera: its resolution is the one that was recorded, whatever cameras the policy would install.
    """
    faces = records.faces
    faces = faces[faces["camera"] == BODY_CAMERA].sort_values(["subject", "t"], kind="stable")
    begins = (faces["subject"] != faces["subject"].shift()) | (faces["t"].diff() > ENCOUNTER_S)
    return _best(_usable(faces.assign(encounter=begins.cumsum()), matcher), ["encounter"])


def usable_views(records: DayRecords | Period, matcher: Matcher, camera_width_px: int | None) -> pd.DataFrame:
    """Face views of tracked people on the store's own cameras that a matcher could use, with their `loss`."""
    faces = _scaled(records, camera_width_px)
    return _usable(faces[(faces["track"] >= 0) & (faces["camera"] != BODY_CAMERA)], matcher)


def _usable(faces: pd.DataFrame, matcher: Matcher) -> pd.DataFrame:
    geometry = {
        name: faces[name].to_numpy(float) for name in ("face_px", "yaw_deg", "pitch_deg", "occluded", "blur_px")
    }
    return faces.assign(loss=loss(**geometry))[matcher.usable(**geometry)]


def _best(views: pd.DataFrame, of: list[str]) -> list[Capture]:
    best = views.sort_values(["loss", "t"], kind="stable").drop_duplicates(of).sort_values("t", kind="stable")
    columns = (best[name].tolist() for name in ("t", "camera", "track", "subject", "loss"))
    return [
        Capture(float(t), str(camera), int(track), str(subject), float(worse))
        for t, camera, track, subject, worse in zip(*columns, strict=True)
    ]


def _scaled(records: DayRecords | Period, width: int | None) -> pd.DataFrame:
    if width is None or records.faces.empty:
        return records.faces
    widths = {camera.name: camera.width for camera in records.cameras}
    scale = width / records.faces["camera"].map(widths).fillna(width).to_numpy(float)
    return records.faces.assign(face_px=records.faces["face_px"] * scale, blur_px=records.faces["blur_px"] * scale)


def embed(
    captures: Sequence[Capture],
    matcher: Matcher,
    seed: int,
    rng: np.random.Generator,
    groups: Sequence[str] | None = None,
) -> Vectors:
    """What the cameras would measure, (N, 128) float32: one embedding a capture; `groups` as in `Matcher.capture`."""
    faces = faces_of([capture.subject for capture in captures], seed)
    return matcher.capture(faces, np.array([capture.loss for capture in captures]), rng, groups)


def terminal_losses(terminal: Terminal, count: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Losses of quality of `count` people who stop and look at a reader."""
    yaw, pitch = rng.normal(0, terminal.yaw_sd_deg, count), rng.normal(0, terminal.pitch_sd_deg, count)
    return loss(terminal.face_px, yaw, pitch, 0.0, terminal.blur_px)
