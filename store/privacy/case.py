"""One policy applied to one period: what every figure is computed from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from store.privacy.day import Period
from store.privacy.keeping.kept_store import KeptStore
from store.privacy.policy import Policy
from store.privacy.service.cost import CostSheet


class PictureReader(Protocol):
    """How somebody who holds pictures of people would read them: the store itself never sees pixels."""

    def describe(self, jpegs: Sequence[bytes]) -> npt.NDArray[np.float32]:
        """Appearance embeddings, (N, D) float32 unit rows, of JPEG pictures of one person each; nan if unreadable."""
        ...

    def head_colours(self, jpegs: Sequence[bytes]) -> npt.NDArray[np.float32]:
        """Mean colours of hair and skin, (N, K) float32 L*a*b* of 0 to 255; nan where no head is found."""
        ...


@dataclass(frozen=True, slots=True)
class Case:
    """A policy, its period, and its store as it stands one day after the last closing.

    `seed` decides the faces of people; `rng` everything else. `reader`: how an attacker reads kept pictures; None
    where nobody handed one in, and then attacks on pictures say so.
    """

    policy: Policy
    period: Period
    store: KeptStore
    seed: int
    rng: np.random.Generator
    costs: CostSheet
    reader: PictureReader | None = None

    @property
    def per_1000(self) -> float:
        """Factor from a count of the period to a count per 1,000 visits."""
        return 1000 / len(self.period.visits)
