"""The simulated face matcher: embeddings whose scores make errors at a published rate.

No face model runs on simulated bodies: their faces are no faces. What is simulated is the matcher's output.

- A person is a unit vector drawn uniformly on the sphere in 128 dimensions. The cosine of two strangers then has the
  density (1 - c^2)^((d - 3) / 2), so (1 + c) / 2 is Beta((d - 1) / 2, (d - 1) / 2): the false-match rate at a
  threshold is that distribution's tail, exactly, and a published rate fixes the threshold.
- A capture of a person is c m + sqrt(1 - c^2) u, with m the person's vector, u a random direction at right angles
  and c ~ Normal(mean, 0.08): the genuine score. The published miss rate fixes the mean for well-taken photographs:
  FNIR is the probability that the mate scores below the threshold. That somebody else outscores a mate above it is
  a further miss only where no more than the first candidate is looked at (`evidence` measures it apart).
- A worse capture lowers the mean: turned head, few pixels, occlusion, blur. The loss is 1 at a reference capture
  (15 degrees yaw, 20 degrees pitch, 60 pixels, blur 1 pixel), and one unit of loss costs as much as NIST found
  between mugshots and kiosk pictures. How the loss splits over the causes is our assumption.
- P_N = 1 - (1 - P_1)^N turns the rate of one search into the rate of one comparison (Daugman).
- Groups: a matcher has one threshold, at which the strangers of some groups score higher. Here the vectors of all
  groups are alike, so that one gallery serves every preset, and scores that are higher by some amount are had by
  a threshold that is lower by as much for that group's searches; `capture`, told the group, lowers the genuine scores
  too, so that the group is missed as seldom as any. Each group's FPIR at the published point is its published multiple,
  and their average is the published FPIR exactly. What this cannot show: wrong hits that land on one's own group.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincinv, ndtr, ndtri

from store.privacy.faces.preset import Preset, load_preset
from store.privacy.policy import ContradictionError

DIMENSION = 128
GENUINE_SD = 0.08
REFERENCE_LOSS = 0.10
"""Cosine lost at the reference capture where a preset has no kiosk figure; about the 2025 median's."""

Vectors = npt.NDArray[np.float32]


def impostor_tail(cosine: float) -> float:
    """Probability that two strangers score at least `cosine`."""
    shape = (DIMENSION - 1) / 2
    return float(betainc(shape, shape, (1.0 - cosine) / 2))


def impostor_quantile(rate: float) -> float:
    """The cosine that two strangers reach with probability `rate`."""
    return float(impostor_quantiles(rate))


def impostor_quantiles(rates: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """`impostor_quantile` of many rates, of their shape."""
    shape = (DIMENSION - 1) / 2
    return np.asarray(1.0 - 2.0 * betaincinv(shape, shape, np.asarray(rates, np.float64)), np.float64)


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
        """False-match rate of one comparison at a threshold in percent; None: at the published operating point.

        Raises:
            ContradictionError: the preset has no percent scale.
        """
        if percent is None or percent == self.preset.percent:
            return self.preset.published.fmr
        if len(self.preset.scale) < 2:
            raise ContradictionError("threshold_percent", percent, f"none, as {self.preset.name} has no percent scale")
        steps, rates = (np.array(column) for column in zip(*self.preset.scale, strict=True))
        logs = np.log(rates)
        # Log-linear between the points, and on beyond the outer ones.
        low = int(np.clip(np.searchsorted(steps, percent) - 1, 0, len(steps) - 2))
        slope = (logs[low + 1] - logs[low]) / (steps[low + 1] - steps[low])
        return float(min(1.0, np.exp(logs[low] + slope * (percent - steps[low]))))

    def threshold(self, percent: float | None = None, group: str | None = None) -> float:
        """Cosine from which a score counts as a match, for searches of people of `group` (None: the average)."""
        return self.limit(self.rate(percent), group)

    def limit(self, fmr: float, group: str | None = None) -> float:
        """`threshold` where one comparison of somebody of no particular group matches falsely at rate `fmr`."""
        return impostor_quantile(min(1.0, fmr)) + self._shift(group)

    def group_rate(self, fmr: float, group: str | None) -> float:
        """False-match rate of one comparison of a group, at the threshold of `fmr`."""
        return min(1.0, fmr) if group is None else impostor_tail(self.limit(fmr, group))

    def _shift(self, group: str | None) -> float:
        """How far a group's threshold lies above the average one, cosine; 0 for groups unknown to the preset."""
        fmr = next((self.preset.group_fmr(row) for row in self.preset.groups if row.name == group), None)
        return 0.0 if fmr is None else impostor_quantile(fmr) - impostor_quantile(self.preset.published.fmr)

    def wrong_rate(self, gallery: int, percent: float | None = None, group: str | None = None) -> float:
        """Probability that one search of somebody who is not in the gallery returns somebody (Daugman's formula)."""
        return self.fpir(gallery, self.rate(percent), group)

    def fpir(self, gallery: int, fmr: float, group: str | None = None) -> float:
        """FPIR at the threshold of `fmr` (as in `limit`); `group` None averages over the preset's groups."""
        if group is None:
            return sum(row.share * self.fpir(gallery, fmr, row.name) for row in self.preset.groups)
        return -math.expm1(gallery * math.log1p(-min(1.0 - 1e-12, self.group_rate(fmr, group))))

    def fnir(self, quality_loss: float, fmr: float, group: str | None = None) -> float:
        """Probability that a capture of somebody enrolled scores below the threshold of `fmr`; groups as in `fpir`."""
        if group is None:
            return sum(row.share * self.fnir(quality_loss, fmr, row.name) for row in self.preset.groups)
        mean = float(self.genuine_mean(quality_loss)) + self._shift(group)
        return float(ndtr((self.limit(fmr, group) - mean) / GENUINE_SD))

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

    def genuine_scores(
        self, quality_loss: npt.ArrayLike, rng: np.random.Generator, groups: Sequence[str] | None = None
    ) -> npt.NDArray[np.float64]:
        """Cosines between people and new captures of them, (N,), given each capture's loss (N,) and group."""
        mean = self.genuine_mean(quality_loss)
        if groups is not None:
            shifts = {group: self._shift(group) for group in set(groups)}
            mean = mean + np.array([shifts[group] for group in groups])
        return np.clip(rng.normal(mean, GENUINE_SD), -0.999, 0.999)

    def capture(
        self,
        faces: Vectors,
        quality_loss: npt.ArrayLike,
        rng: np.random.Generator,
        groups: Sequence[str] | None = None,
    ) -> Vectors:
        """Embeddings that a camera would measure of these faces (N, 128), given each capture's loss (N,).

        `groups`: whose captures they are, where they meet `threshold(percent, group)`; None where they meet the average
        threshold. Mixing the two misses the published FNIR.
        """
        losses = np.broadcast_to(np.asarray(quality_loss, float), len(faces))
        score = self.genuine_scores(losses, rng, groups).astype(np.float32)[:, None]
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
