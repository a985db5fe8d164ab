"""The baked bodies (`bodies.npz`, made by `bake_bodies.py`): shapes, joints and the charts clothes are painted on.

Frame of a body at rest: metres, z up, soles at z = 0, facing -y, its left is +x.
"""

import functools
import pathlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.errors import BadInput

Floats = NDArray[np.float64]
FILE = pathlib.Path(__file__).with_name("bodies.npz")

BONES = (
    *("root", "spine03", "spine01", "neck01", "head"),
    *("clavicle.L", "upperarm01.L", "lowerarm01.L", "wrist.L", "finger3-1.L"),
    *("upperleg01.L", "lowerleg01.L", "foot.L", "toe2-1.L"),
    *("clavicle.R", "upperarm01.R", "lowerarm01.R", "wrist.R", "finger3-1.R"),
    *("upperleg01.R", "lowerleg01.R", "foot.R", "toe2-1.R"),
)
BONE = {name: index for index, name in enumerate(BONES)}
AGE_GROUPS = ("child", "adult", "elder")
SPLITS = ("train", "held-out")


@dataclass(frozen=True, slots=True)
class Topology:
    """What all bodies share.

    faces (F, 3) vertex indices; weights (V, B) skin weights, rows sum to 1; parents (B,) with the root its own parent;
    chart (V,): 0 torso, 1 head, 2 arm, 3 leg; places, arounds (V, 4): where a vertex lies on each chart (see
    `bake_bodies.topology`); knuckles (2, 3): from little to index finger, left and right hand.
    """

    faces: NDArray[np.int64]
    weights: Floats
    parents: NDArray[np.int64]
    chart: NDArray[np.int64]
    places: Floats
    arounds: Floats
    knuckles: Floats
    nose_vertex: int
    ear_vertices: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Body:
    """One body at rest: vertices (V, 3), joints (B, 3) in the order of `BONES`, eyes (2, 3) left and right, metres."""

    index: int
    vertices: Floats
    joints: Floats
    eyes: Floats
    height_m: float
    years: float
    female: bool
    age_group: str
    split: str


@functools.cache
def _file() -> dict[str, NDArray[np.generic]]:
    with np.load(FILE) as file:
        return {key: file[key] for key in file.files}


@functools.cache
def load_topology() -> Topology:
    """The topology of the baked bodies."""
    f = _file()
    names = [str(n) for n in f["bones"]]
    order = [names.index(n) for n in BONES]
    parents = [BONES.index(names[int(f["parents"][i])]) for i in order]
    weights = f["weights"].astype(np.float64)[:, order]
    return Topology(
        faces=f["faces"].astype(np.int64),
        weights=weights / weights.sum(1, keepdims=True),
        parents=np.array(parents),
        chart=f["chart"].astype(np.int64),
        places=f["places"].astype(np.float64),
        arounds=f["arounds"].astype(np.float64),
        knuckles=f["knuckles"].astype(np.float64),
        nose_vertex=int(f["nose_vertex"]),
        ear_vertices=(int(f["ear_vertices"][0]), int(f["ear_vertices"][1])),
    )


@functools.lru_cache(maxsize=256)
def load_body(index: int) -> Body:
    """The body of that index. Raises BadInput outside 0 ... number of bodies - 1."""
    f = _file()
    count = len(f["height_m"])
    if not 0 <= index < count:
        raise BadInput(FILE.name, "body", index, f"0 ... {count - 1}")
    names = [str(n) for n in f["bones"]]
    return Body(
        index=index,
        vertices=f["vertices"][index].astype(np.float64),
        joints=f["joints"][index].astype(np.float64)[[names.index(n) for n in BONES]],
        eyes=f["eyes"][index].astype(np.float64),
        height_m=float(f["height_m"][index]),
        years=float(f["years"][index]),
        female=bool(f["gender"][index]),
        age_group=str(f["age_group"][index]),
        split=str(f["split"][index]),
    )


def body_indices(split: str = "all", age_group: str | None = None) -> NDArray[np.int64]:
    """Indices of the bodies of a split ("train", "held-out", "all") and, if given, an age group.

    Raises BadInput for an unknown split or age group.
    """
    f = _file()
    if split not in (*SPLITS, "all"):
        raise BadInput("body_indices", "split", split, ", ".join((*SPLITS, "all")))
    if age_group is not None and age_group not in AGE_GROUPS:
        raise BadInput("body_indices", "age_group", age_group, ", ".join(AGE_GROUPS))
    chosen = np.full(len(f["split"]), True)
    if split != "all":
        chosen &= f["split"].astype(str) == split
    if age_group is not None:
        chosen &= f["age_group"].astype(str) == age_group
    return np.flatnonzero(chosen)
