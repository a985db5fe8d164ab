"""What a person looks like, and what a similarity of two looks is worth, learnt while the store is open."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Look = NDArray[np.float32]

GALLERY_LIMIT = 6.0
"""Log odds by which whole galleries speak at most."""


class Gallery:
    """Running mean of the unit embeddings of one person."""

    __slots__ = ("count", "most", "total")

    def __init__(self, most: int) -> None:
        """Empty; once it holds `most` looks, each new one displaces a `most`-th of the old."""
        self.most = most
        self.count = 0.0
        self.total: Look | None = None

    def add(self, look: Look) -> None:
        """Take in a unit embedding (D,)."""
        if self.total is None or self.total.shape != look.shape:
            self.total = look.astype(np.float32)
            self.count = 1.0
            return
        if self.count >= self.most:
            self.total *= 1 - 1 / self.most
            self.count -= self.count / self.most
        self.total = self.total + look
        self.count += 1

    def look(self) -> Look | None:
        """The mean as a unit vector (D,), or None while empty."""
        if self.total is None:
            return None
        length = float(np.linalg.norm(self.total))
        return np.asarray(self.total / length, dtype=np.float32) if length > 1e-6 else None

    def copy(self) -> Gallery:
        """A gallery of the same looks that changes on its own."""
        twin = Gallery(self.most)
        twin.count, twin.total = self.count, None if self.total is None else self.total.copy()
        return twin


class SimilarityScale:
    """Turns cosine similarities into log odds of "same person".

    What a similarity means depends on the network that made the embeddings, on the cameras and on the clothes of the
    day. The scale therefore learns the means of similarities of the same and of different people from pairs of which
    it is sure anyway: a look and the track that geometry gives it, two people in one frame.
    """

    def __init__(self, same: float = 0.75, different: float = 0.35, sd: float = 0.15, memory: float = 200.0) -> None:
        """Start from assumed means and a standard deviation, which count as 8 pairs each."""
        self._means = [different, same]
        self._variances = [sd**2, sd**2]
        self._counts = [8.0, 8.0]
        self._memory = memory

    def learn(self, similarity: float, same: bool) -> None:
        """Take in one pair of which it is known whether it is the same person."""
        k = int(same)
        self._counts[k] = min(self._counts[k] + 1, self._memory)
        rate = 1 / self._counts[k]
        gap = similarity - self._means[k]
        self._means[k] += rate * gap
        self._variances[k] += rate * (gap * gap - self._variances[k])

    def log_odds(self, similarity: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log odds of the same person for equal priors: linear, 0 in the middle between the two means.

        Halved, because looks err together: the same shadow and the same pose last for many frames.
        """
        different, same = self._means
        variance = max((self._variances[0] + self._variances[1]) / 2, 0.03**2)
        slope = max(same - different, 0.02) / variance
        return np.asarray(0.5 * slope * (similarity - (same + different) / 2), dtype=np.float64)
