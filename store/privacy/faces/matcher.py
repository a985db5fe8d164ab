"""The simulated face matcher: embeddings whose scores make errors at a published rate.

No face model runs on simulated bodies: their faces are no faces. What is simulated is the matcher's output.

- A person is a unit vector drawn uniformly on the sphere in 128 dimensions. The cosine of two strangers then has the
  density (1 - c^2)^((d - 3) / 2), so (1 + c) / 2 is Beta((d - 1) / 2, (d - 1) / 2): the false-match rate at a
  threshold is that distribution's tail, exactly, and a published rate fixes the threshold.
- A capture of a person is c m + sqrt(1 - c^2) u, with m the person's vector, u a random direction at right angles
  and c ~ Normal(mean, 0.08): the genuine score. The published miss rate fixes the mean for well-taken photographs.
- A worse capture lowers the mean: turned head, few pixels, occlusion, blur. The loss is 1 at a reference capture
  (15 degrees yaw, 20 degrees pitch, 60 pixels, blur 1 pixel), and one unit of loss costs as much as NIST found
  between mugshots and kiosk pictures. How the loss splits over the causes is our assumption.
- Groups: a published ratio of false-match rates moves the threshold of that group's searches so that its rate is
  that multiple; the rates average to the published one over the preset's own mix of groups.
- P_N = 1 - (1 - P_1)^N turns the rate of one search into the rate of one comparison (Daugman).
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator
from scipy.special import betainc, betaincinv, ndtri

from store.privacy.files import load_model, names
from store.privacy.policy import ContradictionError

PRESETS = Path(__file__).parent / "presets"
DIMENSION = 128
GENUINE_SD = 0.08
REFERENCE_LOSS = 0.10
"""Cosine lost at the reference capture where a preset has no kiosk figure; about the 2025 median's."""

Vectors = npt.NDArray[np.float32]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ErrorRate(_Section):
    """A published operating point of 1:N search."""

    fpir: float = Field(gt=0, lt=1, description="searches of people not enrolled that return somebody, share")
    gallery: int = Field(ge=1, description="people enrolled")
    fnir: float = Field(gt=0, lt=0.5, description="searches of people enrolled that do not return them, share")

    @property
    def fmr(self) -> float:
        """False-match rate of one comparison."""
        return -math.expm1(math.log1p(-self.fpir) / self.gallery)


class GroupRatio(_Section):
    """A demographic group's false-match rate."""

    name: str = Field(min_length=1, description="the group, in the source's own words")
    share: float = Field(gt=0, le=1, description="share of the people searched")
    ratio: float = Field(gt=0, le=1000, description="false-match rate over the first group's")


class Usable(_Section):
    """What a capture must reach before a matcher is asked at all; 40 pixels is Rekognition's documented minimum."""

    face_px: float = Field(40.0, gt=0, description="least width of the face, pixels")
    yaw_deg: float = Field(60.0, gt=0, le=90, description="largest turn of the head, degrees")
    pitch_deg: float = Field(45.0, gt=0, le=90, description="largest nod, degrees")
    occluded: float = Field(0.5, ge=0, le=1, description="largest hidden share of the face")
    blur_share: float = Field(0.13, gt=0, description="largest motion blur, as a share of the face's width")


class Preset(_Section):
    """A matcher preset: published error rates and their sources."""

    name: str = Field(min_length=1)
    title: str = Field(min_length=1)
    sources: tuple[str, ...] = Field(min_length=1)
    assumptions: tuple[str, ...] = ()
    published: ErrorRate
    kiosk: ErrorRate | None = Field(None, description="the same algorithm on kiosk pictures")
    percent: float | None = Field(None, ge=0, le=100, description="the operating point on the percent scale")
    scale: tuple[tuple[float, float], ...] = Field((), description="(percent, false-match rate), rising percent")
    usable: Usable = Usable()
    groups: tuple[GroupRatio, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        total = sum(group.share for group in self.groups)
        if abs(total - 1.0) > 1e-6:
            raise ContradictionError("groups", total, "shares that add up to 1")
        if any(low[0] >= high[0] or low[1] <= high[1] for low, high in pairwise(self.scale)):
            raise ContradictionError("scale", self.scale, "rising percent with falling false-match rate")
        return self


def load_preset(name_or_path: str | Path) -> Preset:
    """A built-in preset by name, or a preset file by path. Raises `PolicyError`."""
    return load_model(Preset, name_or_path, PRESETS, "preset")


def list_presets() -> list[str]:
    """Names of the built-in presets, sorted."""
    return names(PRESETS)


def impostor_tail(cosine: float) -> float:
    """Probability that two strangers score at least `cosine`."""
    shape = (DIMENSION - 1) / 2
    return float(betainc(shape, shape, (1.0 - cosine) / 2))


def impostor_quantile(rate: float) -> float:
    """The cosine that two strangers reach with probability `rate`."""
    shape = (DIMENSION - 1) / 2
    return float(1.0 - 2.0 * betaincinv(shape, shape, rate))


def loss(
    face_px: npt.ArrayLike,
    yaw_deg: npt.ArrayLike,
    pitch_deg: npt.ArrayLike,
    occluded: npt.ArrayLike,
    blur_px: npt.ArrayLike,
) -> npt.NDArray[np.float64]:
    """Loss of quality of captures, (N,) from 0; 1 at the reference capture. Arguments as in `FACE_COLUMNS`."""
    turn = (np.asarray(yaw_deg, float) / 30) ** 2 + (np.asarray(pitch_deg, float) / 30) ** 2
    pixels = np.maximum(0.0, np.log2(80.0 / np.maximum(np.asarray(face_px, float), 1.0)))
    total = 0.9 * turn + 0.5 * pixels + 3.0 * np.asarray(occluded, float) + 10.5 * blur_share(face_px, blur_px)
    return np.asarray(total, float)


def blur_share(face_px: npt.ArrayLike, blur_px: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Motion blur as a share of the face's width: a sharper sensor blurs as many more pixels as it has."""
    return np.asarray(np.asarray(blur_px, float) / np.maximum(np.asarray(face_px, float), 1.0), float)


@dataclass(frozen=True, slots=True)
class Matcher:
    """A preset at work. Vectors are (N, 128) float32 unit rows."""

    preset: Preset

    @classmethod
    def of(cls, name_or_path: str | Path) -> Self:
        """The matcher of a preset."""
        return cls(load_preset(name_or_path))

    def rate(self, percent: float | None = None) -> float:
        """False-match rate of one comparison at a threshold in percent; None: at the published operating point."""
        if percent is None or percent == self.preset.percent:
            return self.preset.published.fmr
        if len(self.preset.scale) < 2:
            raise ContradictionError("threshold_percent", percent, f"none, as {self.preset.name} has no percent scale")
        steps, rates = zip(*self.preset.scale, strict=True)
        slope = (math.log(rates[-1]) - math.log(rates[0])) / (steps[-1] - steps[0])
        return min(1.0, math.exp(math.log(rates[0]) + slope * (percent - steps[0])))

    def threshold(self, percent: float | None = None, group: str | None = None) -> float:
        """Cosine from which a score counts as a match, for searches of people of `group` (None: the average)."""
        return impostor_quantile(min(1.0, self.rate(percent) * self._multiple(group)))

    def _multiple(self, group: str | None) -> float:
        if group is None:
            return 1.0
        mean = sum(row.share * row.ratio for row in self.preset.groups)
        ratios = {row.name: row.ratio for row in self.preset.groups}
        return ratios.get(group, mean) / mean

    def wrong_rate(self, gallery: int, percent: float | None = None, group: str | None = None) -> float:
        """Probability that one search of somebody who is not in the gallery returns somebody (Daugman's formula)."""
        if group is None:
            return sum(row.share * self.wrong_rate(gallery, percent, row.name) for row in self.preset.groups)
        one = min(1.0 - 1e-12, self.rate(percent) * self._multiple(group))
        return -math.expm1(gallery * math.log1p(-one))

    def draw_groups(self, count: int, rng: np.random.Generator) -> list[str]:
        """Groups of `count` people by the preset's shares."""
        names = [row.name for row in self.preset.groups]
        picks = rng.choice(len(names), size=count, p=[row.share for row in self.preset.groups])
        return [names[pick] for pick in picks]

    def usable(self, **capture: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether each capture is good enough to be asked about; keywords as `loss`."""
        limit = self.preset.usable
        good = np.asarray(capture["face_px"], float) >= limit.face_px
        for name in ("yaw_deg", "pitch_deg", "occluded"):
            good &= np.abs(np.asarray(capture[name], float)) <= getattr(limit, name)
        good &= blur_share(capture["face_px"], capture["blur_px"]) <= limit.blur_share
        return np.asarray(good, bool)

    def genuine_mean(self, quality_loss: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Mean genuine score of captures with the given loss of quality, cosine."""
        best = self.threshold() + GENUINE_SD * float(ndtri(1 - self.preset.published.fnir))
        return np.asarray(best - self._loss_unit(best) * np.asarray(quality_loss, float), float)

    def _loss_unit(self, best: float) -> float:
        kiosk = self.preset.kiosk
        if kiosk is None:
            return REFERENCE_LOSS
        return best - (impostor_quantile(kiosk.fmr) + GENUINE_SD * float(ndtri(1 - kiosk.fnir)))

    def capture(self, faces: Vectors, quality_loss: npt.ArrayLike, rng: np.random.Generator) -> Vectors:
        """Embeddings that a camera would measure of these faces (N, 128), given each capture's loss (N,)."""
        mean = np.broadcast_to(self.genuine_mean(quality_loss), len(faces))
        score = np.clip(rng.normal(mean, GENUINE_SD), -0.999, 0.999).astype(np.float32)[:, None]
        aside = rng.standard_normal(faces.shape, dtype=np.float32)
        aside -= np.sum(aside * faces, axis=1, keepdims=True) * faces
        return np.asarray(score * faces + np.sqrt(1 - score**2) * _unit(aside), np.float32)


def strangers(count: int, rng: np.random.Generator) -> Vectors:
    """Faces of people whom nobody has met, (count, 128)."""
    return _unit(rng.standard_normal((count, DIMENSION), dtype=np.float32))


def faces_of(subjects: Sequence[str], seed: int) -> Vectors:
    """The faces of named subjects, (N, 128): the same subject and seed always give the same face."""
    rows = [np.random.default_rng(_number(f"{seed}/{subject}")).standard_normal(DIMENSION) for subject in subjects]
    return _unit(np.asarray(rows, np.float32).reshape(len(subjects), DIMENSION))


def _unit(rows: Vectors) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
