"""Noise for differential privacy, drawn and accounted for by OpenDP.

OpenDP draws from the operating system's randomness and cannot be seeded, on purpose: who knows the seed could take
the noise off again. So released numbers differ from run to run even with the same seed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Laplace:
    """Discrete Laplace noise on whole numbers that one person moves by at most `most` in sum (L1), for `epsilon`."""

    epsilon: float
    most: int

    @property
    def scale(self) -> float:
        """Scale of the noise, in the unit of the numbers."""
        return self.most / self.epsilon

    def release(self, values: Sequence[int]) -> list[int]:
        """The numbers with noise."""
        return [int(value) for value in _mechanism(self.scale)([int(value) for value in values])] if values else []

    def spent(self, moved: int) -> float:
        """Epsilon that somebody spends who moves the numbers by `moved` in sum, by OpenDP's own privacy map."""
        return float(_mechanism(self.scale).map(moved))

    @property
    def mean_error(self) -> float:
        """Expected absolute noise of one number, exactly: 2q / (1 - q^2) with q = exp(-1 / scale)."""
        return mean_distance(self.scale, 0.0)


def mean_distance(scale: float, offset: float) -> float:
    """E|offset + noise| of discrete Laplace noise for a whole offset, exactly: |offset| + 2 q^(|offset|+1) / (1-q^2).

    Summed from P(noise = k) = (1 - q) / (1 + q) q^|k|, q = exp(-1 / scale) (Ghosh, Roughgarden, Sundararajan 2012).
    """
    ratio = math.exp(-1 / scale)
    return float(abs(offset) + 2 * ratio ** (abs(offset) + 1) / (1 - ratio**2))


@cache
def _mechanism(scale: float) -> Any:
    # Imported here: loading OpenDP takes a second, and most policies add no noise.
    import opendp.prelude as dp

    dp.enable_features("contrib")
    return dp.m.make_laplace(dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64"), scale=scale)
