"""Scans at the gates as a scenario's faults let them reach the store."""

from collections.abc import Sequence
from dataclasses import replace

from sim.faults import Fault, GateFault, ScanLost, ScansAtOnce, ScanTwice, fault_end
from store.events import GateScan


class FaultyGates:
    """Loses, doubles and holds back scans; faults of other things are left alone."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._faults = [fault for fault in faults if isinstance(fault, GateFault)]
        self._done = [0] * len(self._faults)
        self._held: list[GateScan] = []

    def deliver(self, scans: Sequence[GateScan], t: float) -> tuple[GateScan, ...]:
        """The scans that the store gets by time `t`, of those since the last call; call it once a tick."""
        for scan in scans:
            self._held += self._faulty(scan)
        ready = sorted((scan for scan in self._held if scan.t <= t), key=lambda scan: scan.t)
        self._held = [scan for scan in self._held if scan.t > t]
        return tuple(ready)

    def _faulty(self, scan: GateScan) -> list[GateScan]:
        found = [scan]
        for number, fault in enumerate(self._faults):
            if fault.gate != scan.gate or not fault.at <= scan.t < fault_end(fault):
                continue
            if isinstance(fault, ScansAtOnce):
                found = [replace(one, t=fault_end(fault)) for one in found]
            elif self._done[number] < fault.count:
                self._done[number] += 1
                if isinstance(fault, ScanLost):
                    return []
                if isinstance(fault, ScanTwice):
                    found += [replace(one, t=one.t + fault.apart) for one in found]
        return found
