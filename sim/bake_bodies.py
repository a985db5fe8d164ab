"""Bakes the bodies of the simulated people into `bodies.npz`, so that nothing at run time needs Anny or PyTorch.

Run in a process of its own (Anny loads warp, which must not follow MuJoCo into one process):

    pip install "glass-aisle[bake]"
    python sim/bake_bodies.py sim/bodies.npz

The recipe is in `bodies.md`. Rest pose: metres, z up, soles at z = 0, the body faces -y, its left is +x, arms out.
"""

import itertools
import pathlib
import sys
from typing import Any

import anny
import numpy as np
import torch

SEED = 20
SPLITS = {"train": 64, "held-out": 32}
TOPOLOGY = "notoes_collapse5pc"

# Anny's name -> its parent here; every other bone of Anny goes to the nearest of these above it.
BONES = {"root": "root", "spine03": "root", "spine01": "spine03", "neck01": "spine01", "head": "neck01"}
for side in "LR":
    chain = ["spine01", "clavicle", "upperarm01", "lowerarm01", "wrist", "finger3-1"]
    BONES |= {f"{b}.{side}": a if a == "spine01" else f"{a}.{side}" for a, b in itertools.pairwise(chain)}
    chain = ["root", "upperleg01", "lowerleg01", "foot", "toe2-1"]
    BONES |= {f"{b}.{side}": a if a == "root" else f"{a}.{side}" for a, b in itertools.pairwise(chain)}
NAMES = tuple(BONES)

# Anny's age for years of life, from the stature its bodies have there (3 y 95 cm ... 12 y 150 cm, SHOPPERS' table).
CHILD_AGE = ((3, 0.115), (6, 0.205), (9, 0.30), (12, 0.40))


def sampled_people(rng: np.random.Generator) -> list[dict[str, object]]:
    """Age group, sex, years, stature and Anny's phenotype of every body, split after split."""
    people = []
    for split, count in SPLITS.items():
        for index in range(count):
            group = "child" if index % 5 == 3 else "elder" if index % 5 == 4 else "adult"
            people.append({"split": split, "group": group, **_person(group, float(index % 2), rng)})
    return people


def _person(group: str, gender: float, rng: np.random.Generator) -> dict[str, object]:
    build = {k: float(rng.uniform(0.1, 0.9)) for k in ("muscle", "proportions")}
    build["weight"] = float(np.clip(rng.normal(0.55, 0.22), 0.05, 0.98))
    if group == "child":
        years = float(rng.uniform(3, 12.5))
        height = (95 + 6.3 * (years - 3)) / 100 * rng.normal(1, 0.035)
        known, ages = np.array(CHILD_AGE, np.float64).T
        age = float(np.interp(years, known, ages))
    else:
        years = float(rng.uniform(18, 62) if group == "adult" else rng.uniform(65, 85))
        mean, deviation = (1.64, 0.07) if gender else (1.78, 0.08)
        height = rng.normal(mean - (0.03 if group == "elder" else 0), deviation)
        age = float(np.interp(years, (18, 62, 65, 85), (0.62, 0.8, 0.85, 1.0)))
    phenotype = {**build, "gender": 0.15 + 0.7 * gender, "age": age, "height": float(rng.uniform(0.35, 0.65))}
    return {"gender": gender, "years": years, "height": float(np.clip(height, 0.88, 2.02)), "phenotype": phenotype}


def reduced_weights(model: anny.Anny) -> np.ndarray:
    """Skin weights (vertices, bones) after every bone of Anny is merged into the nearest kept one above it."""
    labels = list(model.bone_labels)

    def kept(i: int) -> int:
        name, _, side = labels[i].partition(".")
        if name.startswith(("finger2", "finger3", "finger4", "finger5")):
            return NAMES.index(f"finger3-1.{side}")
        if name.startswith("toe"):
            return NAMES.index(f"toe2-1.{side}")
        return NAMES.index(labels[i]) if labels[i] in NAMES else kept(int(model.bone_parents[i]))

    targets = np.array([kept(i) for i in range(len(labels))])
    indices, values = model.vertex_bone_indices.numpy(), model.vertex_bone_weights.numpy()
    weights = np.zeros((len(indices), len(NAMES)))
    for column in range(indices.shape[1]):
        np.add.at(weights, (np.arange(len(indices)), targets[indices[:, column]]), values[:, column])
    weights[weights < 0.02] = 0
    return np.asarray(weights / weights.sum(1, keepdims=True), np.float64)


def along(points: np.ndarray, joints: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Place of points on a chain of joints (0 at the first, 1 at the second, free beyond both ends), and around it.

    Around: 0 in front, 1 behind, the same on the left and on the right.
    """
    best, place, around = np.full(len(points), np.inf), np.zeros(len(points)), np.zeros(len(points))
    last = len(joints) - 2
    for k, (a, b) in enumerate(itertools.pairwise(joints)):
        axis = (b - a) / np.linalg.norm(b - a)
        t = np.clip((points - a) @ (b - a) / ((b - a) @ (b - a)), -1 if k == 0 else 0, 2 if k == last else 1)
        off = points - a - t[:, None] * (b - a)
        front = np.array([0, -1, 0]) + axis * axis[1]
        across = off - (off @ axis)[:, None] * axis
        cosine = across @ front / (np.linalg.norm(across, axis=1) * np.linalg.norm(front) + 1e-9)
        distance = np.linalg.norm(off, axis=1)
        nearer = distance < best - 1e-6
        place[nearer], around[nearer] = (k + t)[nearer], (np.arccos(np.clip(cosine, -1, 1)) / np.pi)[nearer]
        best = np.minimum(best, distance)
    return place, around


def topology(rest: np.ndarray, joints: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """What holds for every body: which chart each vertex lies on, and where each vertex would lie on each chart.

    Charts: 0 torso (place 0 at the hips, 1 at the neck), 1 head (0 at the neck, 1 at the eyes), 2 the arm of the
    vertex's side (1 elbow, 2 wrist, 3 knuckles), 3 the leg of the vertex's side (1 knee, 2 ankle, 3 toes).
    """
    at = {n: joints[i] for i, n in enumerate(NAMES)}
    strongest = np.array([n.split(".")[0] for n in NAMES])[weights.argmax(1)]
    chart = np.select(
        [
            np.isin(strongest, ["head", "neck01"]),
            np.isin(strongest, ["upperarm01", "lowerarm01", "wrist", "finger3-1"]),
            np.isin(strongest, ["upperleg01", "lowerleg01", "foot", "toe2-1"]),
        ],
        [1, 2, 3],
        0,
    )
    places, arounds = np.zeros((2, len(rest), 4))
    hips, neck, top = at["upperleg01.L"][2], at["neck01"][2], rest[:, 2].max()
    eyes = at["head"][2] + 0.42 * (top - at["head"][2])
    middles = (rest[chart == 0, 1].mean(), rest[chart == 1, 1].mean())
    for k, (low, high) in enumerate(((hips, neck), (neck, eyes))):
        places[:, k] = (rest[:, 2] - low) / (high - low)
        arounds[:, k] = np.abs(np.arctan2(rest[:, 0], middles[k] - rest[:, 1])) / np.pi
    chains = (["upperarm01", "lowerarm01", "wrist", "finger3-1"], ["upperleg01", "lowerleg01", "foot", "toe2-1"])
    for k, chain in enumerate(chains, start=2):
        for side, mine in (("L", rest[:, 0] >= 0), ("R", rest[:, 0] < 0)):
            places[mine, k], arounds[mine, k] = along(rest[mine], [at[f"{b}.{side}"] for b in chain])
    # Hips and the tops of the thighs count as torso, so that a shirt's hem never crosses from one chart to another.
    chart[(chart == 3) & (places[:, 0] > -0.24)] = 0
    return {
        "chart": chart.astype(np.int8),
        "places": places.astype(np.float16),
        "arounds": arounds.astype(np.float16),
        **face_vertices(rest, joints, weights.argmax(1)),
    }


def face_vertices(rest: np.ndarray, joints: np.ndarray, strongest: np.ndarray) -> dict[str, np.ndarray]:
    """Vertex of the nose's tip and of both ears: the foremost and the outermost of the head around eye level."""
    head = np.flatnonzero(strongest == NAMES.index("head"))
    low, top = joints[NAMES.index("head")][2], rest[:, 2].max()
    band = head[(rest[head, 2] > low + 0.05 * (top - low)) & (rest[head, 2] < low + 0.6 * (top - low))]
    nose = band[rest[band, 1].argmin()]
    left, right = band[rest[band, 0].argmax()], band[rest[band, 0].argmin()]
    return {"nose_vertex": np.array(nose, np.int16), "ear_vertices": np.array([left, right], np.int16)}


def main(out: pathlib.Path) -> None:
    """Bakes and writes `out`."""
    torch.set_num_threads(2)
    model = anny.Anny(topology=TOPOLOGY).to(torch.float32)
    labels = list(model.bone_labels)
    people = sampled_people(np.random.default_rng(SEED))
    keys = list(people[0]["phenotype"])  # type: ignore[call-overload]
    phenotype = {k: torch.tensor([p["phenotype"][k] for p in people]) for k in keys}  # type: ignore[index]
    pose = torch.eye(4)[None, None].repeat(len(people), model.bone_count, 1, 1)
    posed = model(pose_parameters=pose, phenotype_kwargs=phenotype)
    rest = posed["rest_vertices"].numpy().astype(float)
    bind = posed["rest_bone_poses"].numpy()[:, :, :3, 3].astype(float)
    heights = np.array([p["height"] for p in people])
    scale = heights / np.ptp(rest[:, :, 2], axis=1)
    floor = rest[:, :, 2].min(1)[:, None, None] * np.array([0, 0, 1])
    middle = bind[:, [labels.index("root")]] * np.array([1, 1, 0])
    rest, bind = ((a - floor - middle) * scale[:, None, None] for a in (rest, bind))
    joints = bind[:, [labels.index(n) for n in NAMES]]
    weights = reduced_weights(model)
    knuckles = np.stack(
        [bind[:, labels.index(f"finger2-1.{s}")] - bind[:, labels.index(f"finger5-1.{s}")] for s in "LR"], axis=1
    )
    adults = [i for i, p in enumerate(people) if p["group"] == "adult"]
    baked: dict[str, Any] = dict(
        vertices=rest.astype(np.float16),
        joints=joints.astype(np.float32),
        eyes=bind[:, [labels.index("eye.L"), labels.index("eye.R")]].astype(np.float32),
        bones=np.array(NAMES),
        parents=np.array([NAMES.index(BONES[n]) for n in NAMES], np.int8),
        weights=weights.astype(np.float16),
        knuckles=knuckles[adults].mean(0).astype(np.float32),
        faces=model.faces.numpy().astype(np.int16),
        height_m=heights.astype(np.float32),
        years=np.array([p["years"] for p in people], np.float32),
        gender=np.array([p["gender"] for p in people], np.int8),
        age_group=np.array([p["group"] for p in people]),
        split=np.array([p["split"] for p in people]),
        **topology(rest[adults].mean(0), joints[adults].mean(0), weights),
    )
    np.savez_compressed(out, **baked)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
