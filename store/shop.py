"""The shop: takes gate scans, crossings, positions and plate weights as they come, and bills those who leave."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from store.events import GateCrossing, GateScan, StoreEvent, TrackPosition
from store.ledger import Ledger
from store.planogram import Gate, Planogram


class ShopSettings(BaseModel):
    """Settings of the whole shop."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Shop:
    """One store's billing, online: nothing waits longer than the declared lag."""

    def __init__(
        self,
        planogram: Planogram,
        gates: Sequence[Gate],
        accounts: Mapping[str, str],
        ledger: Ledger,
        journal: Callable[[StoreEvent], None],
        settings: ShopSettings | None = None,
    ) -> None:
        """`accounts` maps tokens to account ids; `journal` is called with every event in order."""
        self.planogram, self.gates, self.accounts = planogram, tuple(gates), dict(accounts)
        self.ledger, self.journal, self.settings = ledger, journal, settings or ShopSettings()

    def gate_scan(self, scan: GateScan) -> None:
        """A token was scanned at a gate."""
        raise NotImplementedError

    def gate_crossing(self, crossing: GateCrossing) -> None:
        """Somebody passed a gate."""
        raise NotImplementedError

    def positions(self, t: float, positions: Sequence[TrackPosition]) -> None:
        """Where everybody is at time `t`."""
        raise NotImplementedError

    def weights(self, times: NDArray[np.float64], grams: NDArray[np.float64]) -> None:
        """Plate samples: `times` (S,) seconds, `grams` (S, P) in the order of the planogram's plates."""
        raise NotImplementedError

    def close(self, t: float) -> None:
        """The store closes: everybody is billed."""
        raise NotImplementedError
