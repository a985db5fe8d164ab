"""What weighs on plates without being an item of the store: bags, decoys, leaning hands."""

from collections.abc import Sequence

import numpy as np

from sim.scales import PlateScales, Press

SWAY_SECONDS, SWAY_SHARE = 0.45, 0.18
"""How often, and by which share of its mean, the force of a leaning hand changes; our choice."""


class Burden:
    """Something that stands on plates and can become heavier while it stands there.

    Args:
        scales: feel it.
        plates: indices of the plates in the order of the scales.
        rng: how the weight is shared between them.
    """

    def __init__(self, scales: PlateScales, plates: Sequence[int], rng: np.random.Generator) -> None:
        self._scales, self._plates = scales, tuple(plates)
        weights = 1 + rng.uniform(-0.2, 0.2, len(self._plates))
        self._shares = weights / weights.sum()
        self.grams = 0.0

    def add(self, grams: float) -> None:
        """Makes it heavier, or lighter if negative."""
        self.grams += grams
        for plate, share in zip(self._plates, self._shares, strict=True):
            self._scales.load(plate, float(share) * grams)


def lean(
    scales: PlateScales, plates: Sequence[int], start: float, seconds: float, newton: float, rng: np.random.Generator
) -> None:
    """A hand leans on plates (indices) from `start` for `seconds` with `newton` in the mean, never quite evenly."""
    flank = 0.4
    count = max(1, round((seconds - flank) / SWAY_SECONDS))
    for plate in plates:
        mean = newton / len(plates)
        scales.press(Press(plate, start, flank, mean, hold=max(0.0, seconds - flank)))
        for number in range(count):
            force = float(rng.normal(0, SWAY_SHARE * mean))
            scales.press(Press(plate, start + flank / 2 + number * SWAY_SECONDS, SWAY_SECONDS, force))
