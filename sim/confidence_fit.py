"""Fits the temperatures of `store/confidence.yaml` on finished runs: `aisle calibrate RUN...`.

Each temperature minimises the negative log likelihood of what the runs' stores said (Guo et al. 2017), with the
outcomes softened as Platt (1999) does for his sigmoid, so that a set without a single error does not make the store
call everything certain. How good it is, is said for each run with the temperatures fitted on the other runs alone;
runs that temperatures were fitted on are named in the file, and `aisle evaluate` says so when one of them is judged.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from sim.errors import BadInput
from sim.run_folder import RunFolder
from sim.shop_settings import settings_of
from sim.statements import Statement, receipt_statements, run_name, who_statements
from store.calibration import reliability
from store.confidence import Confidence, tempered

LEAST, MOST = 0.2, 5.0
"""Temperatures that can come out; at these ends there were too few errors, or too many, to say."""

_EDGE = 1e-4

HEADER = """# Temperatures of stated probabilities (store/confidence.py). `aisle calibrate RUN...` makes this file anew.
"""


@dataclass(frozen=True, slots=True)
class Fit:
    """One temperature, and the calibration of all statements before it and after it (fitted on the other runs)."""

    temperature: float
    before: dict[str, Any]
    after: dict[str, Any]


def fit_confidence(runs: Sequence[RunFolder]) -> tuple[Confidence, dict[str, Fit]]:
    """Temperatures fitted on all runs, and how good they are, by `attribution` and `receipts`.

    Raises:
        BadInput: fewer than two runs, the same run twice, or runs that said nothing.
    """
    names = [run_name(run) for run in runs]
    if len(set(names)) < 2 or len(set(names)) < len(names):
        raise BadInput("command line", "RUNS", ", ".join(names) or "nothing", "at least two runs, each once")
    attribution = _fitted(runs, who_statements, lambda confidence: confidence.attribution_temperature)
    receipts = _fitted(runs, receipt_statements, lambda confidence: confidence.receipt_temperature)
    confidence = Confidence(
        attribution_temperature=attribution.temperature, receipt_temperature=receipts.temperature,
        fitted_on=tuple(sorted(names)),
    )  # fmt: skip
    return confidence, {"attribution": attribution, "receipts": receipts}


def write_confidence(confidence: Confidence, path: Path) -> None:
    """Writes the file that `store.confidence` reads."""
    content = yaml.safe_dump(confidence.model_dump(mode="json"), sort_keys=False, width=110)
    path.write_text(HEADER + content, encoding="utf-8")


def best_temperature(stated: Sequence[float], right: Sequence[bool]) -> float:
    """The temperature under which outcomes are likeliest, within LEAST and MOST; 1 without statements."""
    if not len(stated):
        return 1.0
    p = np.clip(np.asarray(stated, dtype=np.float64), _EDGE, 1 - _EDGE)
    logits, hit = np.log(p / (1 - p)), np.asarray(right, dtype=bool)
    good, bad = int(hit.sum()), int((~hit).sum())
    target = np.where(hit, (good + 1) / (good + 2), 1 / (bad + 2))
    found: Any = minimize_scalar(_loss, bounds=(np.log(LEAST), np.log(MOST)), args=(logits, target), method="bounded")
    return float(np.exp(found.x))


def _loss(log_temperature: float, logits: NDArray[np.float64], target: NDArray[np.float64]) -> float:
    z = logits / np.exp(log_temperature)
    return float(np.mean(np.logaddexp(0, z) - target * z))


def _fitted(
    runs: Sequence[RunFolder], of: Callable[[RunFolder], list[Statement]], in_use: Callable[[Confidence], float]
) -> Fit:
    """Each run's statements as the belief had them: what its store said, with that store's own temperature undone."""
    raw: Mapping[int, list[tuple[float, bool]]] = {
        number: [(tempered(one.probability, 1 / in_use(settings_of(run).confidence)), one.right) for one in of(run)]
        for number, run in enumerate(runs)
    }
    everything = [pair for pairs in raw.values() for pair in pairs]
    if not everything:
        raise BadInput("command line", "RUNS", "runs in which nothing happened", "runs with receipts")
    after = []
    for number, pairs in raw.items():
        others = [pair for other, rest in raw.items() if other != number for pair in rest]
        temperature = best_temperature(*_columns(others))
        after += [(tempered(p, temperature), right) for p, right in pairs]
    temperature = round(best_temperature(*_columns(everything)), 3)
    return Fit(temperature, reliability(*_columns(everything)), reliability(*_columns(after)))


def _columns(pairs: Sequence[tuple[float, bool]]) -> tuple[list[float], list[bool]]:
    return [p for p, _ in pairs], [right for _, right in pairs]


def print_fit(fits: Mapping[str, Fit]) -> None:
    """Prints each temperature and the calibration error before and after it, the latter on runs not fitted on."""
    for name, fit in fits.items():
        before, after = fit.before, fit.after
        print(
            f"{name}: temperature {fit.temperature:.3f}; ECE {before['ece']:.4f} before, {after['ece']:.4f} after "
            f"(each run by the others), Brier {before['brier']:.4f} and {after['brier']:.4f}, n {before['n']}, "
            f"right {before['share_right']:.4f}"
        )
