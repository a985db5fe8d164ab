"""Samples of the plates as a scenario's faults have them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.faults import Fault, PlateDead, PlateDrift, PlateFault, fault_end


class FaultyPlates:
    """Does the faults to the samples; without any, these stay as they are.

    Args:
        plates: ids in the order of the columns.
        faults: of the scenario; those of other things are left alone.
    """

    def __init__(self, plates: Sequence[str], faults: Sequence[Fault]) -> None:
        self._faults: list[tuple[int, PlateFault]] = [
            (list(plates).index(fault.plate), fault) for fault in faults if isinstance(fault, PlateFault)
        ]
        self._last: dict[int, float] = {}

    def read(self, times: NDArray[np.float64], grams: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the store gets of samples (S,) seconds and (S, P) grams; call it with all of them, in order."""
        out = grams.copy() if self._faults else grams
        for column, fault in self._faults:
            if isinstance(fault, PlateDrift):
                gone = np.clip(times - fault.at, 0, fault_end(fault) - fault.at)
                out[:, column] += (gone * fault.grams_per_minute / 60).astype(np.float32)
        for number, (column, fault) in enumerate(self._faults):
            during = (times >= fault.at) & (times < fault_end(fault))
            if isinstance(fault, PlateDead):
                out[during, column] = np.nan
            elif not isinstance(fault, PlateDrift) and during.any():
                out[during, column] = self._last.setdefault(number, float(out[during, column][0]))
        return out
