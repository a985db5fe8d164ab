"""Random generators by name, all from one seed, so that a new use of chance does not disturb the others."""

import hashlib

import numpy as np


def generator(seed: int, *name: str) -> np.random.Generator:
    """The generator of that name, the same in every process and on every machine."""
    digest = hashlib.sha256("/".join(name).encode()).digest()
    return np.random.default_rng([seed, *np.frombuffer(digest[:16], dtype=np.uint32).tolist()])


def day_seed(seed: int, day: int, days: int) -> int:
    """The seed of one day (from 1) of a run of `days` days; a run of one day keeps its own."""
    return seed if days == 1 else int(generator(seed, "day", str(day)).integers(2**31))
