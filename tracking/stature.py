"""How tall each person is, learnt while they are fully in view and used while a gondola hides their legs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tracking.footpoint import FootPoints
from tracking.observation import Observation

Array = NDArray[np.float64]
# Frames in a row err alike, so each counts as a small part of an independent one; and shoes, hats and stoops keep the
# stature that a camera sees from ever being sharper than a few centimetres.
_SHARE = 0.1
_LEAST_SD_M = 0.035


class Statures:
    """Statures of the people in the store, by global track."""

    def __init__(self, prior: tuple[float, float]) -> None:
        """With mean and standard deviation, metres, for people never seen before."""
        self._prior = prior
        self._known: dict[int, tuple[float, float]] = {}
        self._track_of: dict[tuple[str, int], int] = {}
        self._seen: dict[tuple[str, int], tuple[float, float]] = {}

    def priors(self, people: Sequence[tuple[str, int]]) -> Array:
        """(N, 2) mean and standard deviation, metres, for (camera, tracklet) pairs."""
        rows = [self._known.get(self._track_of.get(one, -1), self._prior) for one in people]
        return np.array(rows, dtype=np.float64).reshape(-1, 2)

    def saw(self, people: Sequence[tuple[str, int]], points: FootPoints) -> None:
        """Note the statures that the frames of this tick suggest, until it is known whose they are."""
        rows = zip(points.stature.tolist(), points.stature_sd.tolist(), strict=True)
        self._seen = dict(zip(people, rows, strict=True))

    def learn(self, observations: Sequence[tuple[Observation, int | None]]) -> None:
        """Give what was noted to the tracks that the fusion found; only people of this tick are remembered."""
        present: dict[tuple[str, int], int] = {}
        for one, track in observations:
            person = (one.camera, one.tracklet)
            if track is None:
                continue
            present[person] = track
            if person in self._seen:
                self._combine(track, *self._seen[person], *self._known.get(self._track_of.get(person, -1), self._prior))
        self._track_of = {**self._recent(present), **present}

    def _recent(self, present: dict[tuple[str, int], int]) -> dict[tuple[str, int], int]:
        """Tracklets of before that may come back; bounded, newest kept."""
        older = [(person, track) for person, track in self._track_of.items() if person not in present]
        tracks = set(self._track_of.values()) | set(present.values())
        if len(self._known) > 400:
            self._known = {track: known for track, known in self._known.items() if track in tracks}
        return dict(older[-200:])

    def _combine(self, track: int, mean: float, sd: float, prior: float, prior_sd: float) -> None:
        """Add to a track's stature what this frame knew beyond its prior."""
        news = sd**-2 - prior_sd**-2
        if news <= 0.2 * self._prior[1] ** -2:
            return
        measured = (mean * sd**-2 - prior * prior_sd**-2) / news
        old, old_sd = self._known.get(track, self._prior)
        weight = _SHARE * news
        precision = old_sd**-2 + weight
        better = (old * old_sd**-2 + measured * weight) / precision
        self._known[track] = better, max(precision**-0.5, _LEAST_SD_M)
