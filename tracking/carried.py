"""What hands visibly carry: colours around a palm that are neither the empty store's nor those of bodies.

At shop resolution a thing in a hand is a few dozen pixels: too few to say what it is, enough to say its colours. Skin,
sleeves and whoever stands behind have theirs all over the bodies in the picture, the shelf behind has them in the
picture of the empty store, and what lies nearer to another palm is in that hand; what is left belongs to what is
carried, or to nothing. Only hands that are in view are looked at, so that hidden ones say nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from tracking.background import Scenery
from tracking.observation import Carried, Detection

Frame = NDArray[np.uint8]
"""(H, W, 3) uint8, BGR."""

NOTHING = np.zeros((0, 4), np.uint8)
UNSEEN: Carried = (None, None)

_WRISTS, _ELBOWS = np.array([9, 10]), np.array([7, 8])
_BODY_BINS, _FINE = 8, 32
"""Colours of bodies are counted in eighths of each channel, those of what is carried in steps of eight levels."""


class CarriedSettings(BaseModel):
    """Where to look, and what belongs to what is carried."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    in_view: float = Field(
        default=0.8, ge=0, le=1, description="wrists surer than this are looked at: of hands that hold, most show it"
    )
    known: float = Field(default=0.1, ge=0, le=1, description="and wrists surer than this may be nearer to a colour")
    stature_m: float = Field(default=1.65, gt=0, le=3, description="of a box as high as this, for the scale, metres")
    radius_m: float = Field(default=0.16, gt=0, le=1, description="half the side of the patch around a palm, metres")
    beyond_wrist: float = Field(default=0.35, ge=0, le=1, description="palm beyond the wrist, share of the forearm")
    levels: int = Field(default=22, ge=0, le=255, description="what differs from the empty store by more is not it")
    body_share: float = Field(
        default=0.01, gt=0, lt=1, description="a colour that so much of a body has may be the body's own"
    )


def carried_colours(
    frame: Frame, scenery: Scenery, people: Sequence[Detection], settings: CarriedSettings | None = None
) -> list[Carried]:
    """The colours of what each person visibly carries in either hand.

    Args:
        frame: (H, W, 3) BGR.
        scenery: of that frame, of any size.
        people: found in it.
        settings: of the patches.
    """
    settings = settings or CarriedSettings()
    keypoints = np.array([one.keypoints for one in people], np.float64).reshape(-1, 17, 3)
    in_view = keypoints[:, _WRISTS, 2] >= settings.in_view
    if not in_view.any():
        return [UNSEEN for _ in people]
    looks = _Looks(frame, scenery, settings, np.array([one.box for one in people], np.float64), keypoints)
    return [
        (looks.carried(person, 0) if left else None, looks.carried(person, 1) if right else None)
        for person, (left, right) in enumerate(in_view.tolist())
    ]


class _Looks:
    """One frame while it is looked at."""

    def __init__(
        self,
        frame: Frame,
        scenery: Scenery,
        settings: CarriedSettings,
        boxes: NDArray[np.float64],
        keypoints: NDArray[np.float64],
    ) -> None:
        self._frame, self._scenery, self._settings, self._boxes = frame, scenery, settings, boxes
        high, wide = scenery.new.shape
        self._rows = np.arange(frame.shape[0]) * high // frame.shape[0]
        self._columns = np.arange(frame.shape[1]) * wide // frame.shape[1]
        wrists, elbows = keypoints[:, _WRISTS], keypoints[:, _ELBOWS]
        beyond = settings.beyond_wrist * (elbows[..., 2] >= settings.known)
        self._palms = wrists[..., :2] + beyond[..., None] * (wrists[..., :2] - elbows[..., :2])
        self._known = wrists[..., 2] >= settings.known
        self._patches = self._patches_of(self._palms)
        self._bodies = scenery.new.copy()
        for x1, y1, x2, y2 in self._patches[self._known].tolist():
            if x2 > x1 and y2 > y1:
                self._bodies[self._rows[y1] : self._rows[y2 - 1] + 1, self._columns[x1] : self._columns[x2 - 1] + 1] = 0
        self._shares: dict[int, NDArray[np.float64]] = {}

    def carried(self, person: int, side: int) -> NDArray[np.uint8]:
        """(K, 4) the colours in a hand's patch that neither the store nor any body nor another hand there has."""
        patch = self._patches[person, side]
        if (patch[2:] - patch[:2] < 3).any():
            return NOTHING
        pixels = self._foreign(person, side)
        if len(pixels):
            near = (self._boxes[:, :2] < patch[2:]).all(1) & (self._boxes[:, 2:] > patch[:2]).all(1)
            kinds = _coarse(pixels)
            for other in np.flatnonzero(near).tolist():
                keep = self._body(other)[kinds] < self._settings.body_share
                pixels, kinds = pixels[keep], kinds[keep]
        return _summed(pixels)

    def _patches_of(self, palms: NDArray[np.float64]) -> NDArray[np.int64]:
        """(N, 2, 4) xyxy px around each palm, within the picture."""
        high = np.maximum(1.0, self._boxes[:, 3] - self._boxes[:, 1])
        radius = (self._settings.radius_m * high / self._settings.stature_m)[:, None, None]
        edges = np.concatenate([palms - radius, palms + radius + 1], axis=2)
        size = (self._frame.shape[1], self._frame.shape[0])
        return np.asarray(np.clip(edges, 0, np.tile(size, 2)).astype(np.int64))

    def _body(self, person: int) -> NDArray[np.float64]:
        """(512,) the share of each coarse colour in what is new in a person's box, hands apart."""
        if person not in self._shares:
            size = (self._frame.shape[1], self._frame.shape[0])
            x1, y1, x2, y2 = np.clip(self._boxes[person], 0, np.tile(size, 2)).astype(np.int64)
            new = self._bodies[self._rows[y1:y2:2]][:, self._columns[x1:x2:2]] > 127
            counts = np.bincount(_coarse(self._frame[y1:y2:2, x1:x2:2][new]), minlength=_BODY_BINS**3)
            self._shares[person] = counts / max(1, int(new.sum()))
        return self._shares[person]

    def _foreign(self, person: int, side: int) -> NDArray[np.uint8]:
        """(N, 3) the pixels of a patch that are new, not of the empty store, and nearest to that palm."""
        x1, y1, x2, y2 = self._patches[person, side].tolist()
        place = np.ix_(self._rows[y1:y2], self._columns[x1:x2])
        pixels, levels = self._frame[y1:y2, x1:x2], self._settings.levels
        low = self._scenery.low[place].astype(np.int16) - levels
        high = self._scenery.high[place].astype(np.int16) + levels
        other = ((pixels < low) | (pixels > high)).any(2)
        other &= self._scenery.new[place] > 127
        rows, columns = np.nonzero(other)
        places = np.column_stack([columns + x1, rows + y1])
        own = np.linalg.norm(places - self._palms[person, side], axis=1)
        known = self._known.copy()
        known[person, side] = False
        rest = self._palms[known]
        if len(rest):
            nearest = np.linalg.norm(places[:, None] - rest, axis=2).min(1)
            mine = own < nearest
            rows, columns = rows[mine], columns[mine]
        return np.asarray(pixels[rows, columns], np.uint8)


def _coarse(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(N,) number of the coarse colour of pixels (N, 3)."""
    eighths = pixels.astype(np.int64) * _BODY_BINS >> 8
    return np.asarray(eighths @ np.array([_BODY_BINS**2, _BODY_BINS, 1]))


def _summed(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pixels (N, 3) BGR counted by fine colours: (K, 4) as `Carried` has them."""
    if not len(pixels):
        return NOTHING
    steps = pixels.astype(np.int64) * _FINE >> 8
    kinds, counts = np.unique(steps @ np.array([_FINE**2, _FINE, 1]), return_counts=True)
    bgr = np.stack([kinds // _FINE**2, kinds // _FINE % _FINE, kinds % _FINE], axis=1)
    middle = (2 * bgr + 1) * 256 // (2 * _FINE)
    return np.column_stack([middle[:, ::-1], np.minimum(counts, 255)]).astype(np.uint8)
