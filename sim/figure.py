"""The mesh of a dressed person: the body let out by its clothes and hair, with skirt, long hair and bags added.

One mesh a person, bound to the body's bones and to one more, `CARRY`, that hangs upright from the hand with the bag.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.appearance import Appearance
from sim.bodies import BONE, BONES, Body, Floats, load_topology
from sim.clothes import BAG, BY_LIMB, HAIR, SKIRT, SLEEVE_END, Chart, has_tails, hem_place, scalp

CARRY = len(BONES)
BAG_DEPTH_M = {"tote": 0.48, "basket": 0.40}  # from the hand to the bottom of what hangs from it


@dataclass(frozen=True, slots=True)
class Mesh:
    """vertices (V, 3) metres at rest, texcoords (V, 2), faces (F, 3), weights (V, B + 1), rows summing to 1."""

    vertices: Floats
    texcoords: Floats
    faces: NDArray[np.int64]
    weights: Floats


def dressed(appearance: Appearance, body: Body) -> Mesh:
    """The mesh of that person."""
    parts = [_clothed_body(appearance, body)]
    if appearance.lower == "skirt":
        parts.append(_skirt(body, 0.88))
    elif has_tails(appearance):
        parts.append(_skirt(body, 0.1 + 0.5 * appearance.looseness))
    if appearance.hair == "long":
        parts.append(_long_hair(body))
    if appearance.hair == "bun":
        parts.append(_bun(body))
    if appearance.hair == "cap":
        parts.append(_brim(body))
    parts += _bags(appearance, body)
    return _joined(parts)


def soles(appearance: Appearance, body: Body) -> tuple[Floats, Floats]:
    """What touches the floor: (S, 3) vertices under the shod feet and their weights (S, B)."""
    vertices = _let_out(appearance, body)
    low = vertices[:, 2] < vertices[:, 2].min() + 0.02 * body.height_m
    return vertices[low], load_topology().weights[low]


def _let_out(a: Appearance, body: Body) -> Floats:
    """The body's vertices moved outwards by the thickness of cloth, shoes and hair."""
    t = load_topology()
    size = body.height_m / 1.75
    torso, head, arm, leg = t.places.T
    cloth = 0.005 + 0.022 * a.looseness
    amount = np.zeros(len(body.vertices))
    hem = hem_place(a)
    on_torso = t.chart == 0
    amount[on_torso] = np.where(torso > hem, cloth, 0.010 if a.lower != "skirt" else 0.0)[on_torso]
    amount[on_torso & (torso > 0.9)] = 0.004
    sleeve = (t.chart == 2) & (arm < SLEEVE_END[a.sleeve])
    amount[sleeve] = 0.8 * cloth
    on_leg = t.chart == 3
    trousers = {"trousers": 0.010 + 0.004 * np.clip(leg, 0, 1.9), "shorts": 0.014 + 0 * leg, "skirt": 0 * leg}[a.lower]
    amount[on_leg] = np.where(leg < {"trousers": 1.9, "shorts": 0.95, "skirt": 0}[a.lower], trousers, 0)[on_leg]
    amount[on_leg & (leg > 1.93)] = 0.008
    hair = {"none": 0.001, "short": 0.010, "full": 0.032, "long": 0.018, "bun": 0.010, "cap": 0.014, "scarf": 0.012}
    crown = (t.chart == 1) & scalp("short" if a.hair == "none" else a.hair, head, t.arounds[:, 1])
    amount[crown] = hair[a.hair]
    outwards = normals(body.vertices, t.faces)
    # Cloth hangs over hollows instead of following them: the smoothed body is filled in where it lies outside.
    hollow = ((_smoothed(body.vertices) - body.vertices) * outwards).sum(1)
    clothed = (
        (on_torso & (torso < 0.85) & ((torso > hem) | (a.lower != "skirt")))
        | sleeve
        | (on_leg & (leg < 1.7) & (amount > 0))
    )
    drape = np.where(clothed, np.maximum(hollow, 0) * (0.5 + 0.5 * a.looseness), 0)
    moved: Floats = body.vertices + outwards * (amount * size + drape)[:, None]
    return moved


def _smoothed(vertices: Floats, rounds: int = 6) -> Floats:
    """Vertices moved to the mean of their neighbours, `rounds` times."""
    faces = load_topology().faces
    pairs = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    pairs = np.unique(np.concatenate([pairs, pairs[:, ::-1]]), axis=0)
    count = np.bincount(pairs[:, 0], minlength=len(vertices))[:, None]
    for _ in range(rounds):
        total = np.zeros_like(vertices)
        np.add.at(total, pairs[:, 0], vertices[pairs[:, 1]])
        vertices = total / count
    return vertices


def normals(vertices: Floats, faces: NDArray[np.int64]) -> Floats:
    """(V, 3) unit normals, outwards, weighted by the area of the faces around."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    across = np.cross(b - a, c - a)
    out = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(out, faces[:, k], across)
    unit: Floats = out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
    return unit


def _clothed_body(a: Appearance, body: Body) -> Mesh:
    """The body with a copy of a vertex for every chart that its faces lie on."""
    t = load_topology()
    votes = np.stack([(t.chart[t.faces] == k).sum(1) for k in range(4)], axis=1)
    chart = votes.argmax(1)
    keys, flat = np.unique(t.faces * 4 + chart[:, None], return_inverse=True)
    vertex, on = keys // 4, keys % 4
    texcoords = np.zeros((len(keys), 2))
    for k, layout in enumerate(BY_LIMB):
        mine = on == k
        texcoords[mine] = layout.texcoord(t.places[vertex[mine], k], t.arounds[vertex[mine], k])
    return Mesh(_let_out(a, body)[vertex], texcoords, flat.reshape(-1, 3), _widened(t.weights[vertex]))


def _widened(weights: Floats) -> Floats:
    return np.concatenate([weights, np.zeros((len(weights), 1))], axis=1)


def _bound(count: int, **shares: Floats | float) -> Floats:
    """Weights (count, B + 1) from shares by bone name ("_" for ".")."""
    out = np.zeros((count, CARRY + 1))
    for name, share in shares.items():
        out[:, CARRY if name == "carry" else BONE[name.replace("_", ".")]] += share
    shares_of_one: Floats = out / out.sum(1, keepdims=True)
    return shares_of_one


def _sheet(rows: Floats, weights: Floats, chart: Chart, closed: bool) -> Mesh:
    """A cloth from a grid of points (rows, columns, 3); `closed` joins the last column to the first."""
    n, m = rows.shape[:2]
    place, around = np.meshgrid(np.linspace(0, 1, n), np.linspace(0, 1, m), indexing="ij")
    if closed:
        around = 1 - np.abs(1 - 2 * around * (m - 1) / m)
    index = np.arange(n * m).reshape(n, m)
    right = np.roll(index, -1, axis=1)
    quads = [(index[:-1], right[1:], right[:-1]), (index[:-1], index[1:], right[1:])]
    last = m if closed else m - 1
    faces = np.concatenate([np.stack(q, axis=2)[:, :last].reshape(-1, 3) for q in quads])
    texcoords = chart.texcoord(chart.low + place.ravel() * (chart.high - chart.low), around.ravel())
    return Mesh(rows.reshape(-1, 3), texcoords, faces, weights)


def _both_sides(mesh: Mesh) -> Mesh:
    """The mesh with its back drawn too (skins show one side only)."""
    return _joined([mesh, Mesh(mesh.vertices, mesh.texcoords, mesh.faces[:, ::-1], mesh.weights)])


def _skirt(body: Body, length: float) -> Mesh:
    """Rings from the waist down that share of the thigh; lower down each column follows the nearer leg."""
    t = load_topology()
    j, size = body.joints, body.height_m / 1.75
    lower = t.weights[:, [BONE["root"], BONE["spine03"], BONE["upperleg01.L"], BONE["upperleg01.R"]]].sum(1) > 0.5
    z = body.vertices[:, 2]
    hip, knee = j[BONE["upperleg01.L"], 2], j[BONE["lowerleg01.L"], 2]
    levels = [hip + 0.12 * size, hip, hip - 0.35 * length * (hip - knee), hip - length * (hip - knee)]
    angles = np.arange(14) / 14 * math.tau
    rings = []
    for k, level in enumerate(levels):
        near = body.vertices[lower & (np.abs(z - level) < 0.07 * size)]
        middle = (near[:, 1].max() + near[:, 1].min()) / 2
        wide, deep = np.abs(near[:, 0]).max(), np.ptp(near[:, 1]) / 2
        flare = (0.012, 0.018, 0.03, 0.045)[k] * size
        x, y = (wide + flare) * np.sin(angles), middle - (deep + 1.3 * flare) * np.cos(angles)
        rings.append(np.stack([x, y, np.full(14, level)], axis=1))
    share = np.repeat((0.0, 0.35, 0.35 + 0.45 * length, min(0.35 + 0.7 * length, 0.95)), 14)
    left = np.tile(np.clip(0.5 + 0.8 * np.sin(angles), 0, 1), 4)
    weights = _bound(56, root=1 - share, upperleg01_L=share * left, upperleg01_R=share * (1 - left))
    return _sheet(np.array(rings), weights, SKIRT, closed=True)


def _head_box(body: Body) -> tuple[Floats, Floats]:
    """(centre (3,), half size (3,)) of the skull."""
    t = load_topology()
    skull = body.vertices[(t.chart == 1) & (t.places[:, 1] > 0.8)]
    low, high = skull.min(0), skull.max(0)
    return (low + high) / 2, (high - low) / 2


def _long_hair(body: Body) -> Mesh:
    """A curtain from ear to ear round the back, down to the shoulder blades."""
    centre, half = _head_box(body)
    neck = body.joints[BONE["neck01"]]
    angles = np.linspace(1.75, math.tau - 1.75, 9)
    levels = [centre[2] + 0.5 * half[2], centre[2] - 0.5 * half[2], neck[2] + 0.02, neck[2] - 0.42 * half[2] * 2]
    back = neck[1] + 0.62 * half[1]
    rings = []
    for k, level in enumerate(levels):
        wide = half[0] * (1.0, 1.18, 1.22, 1.15)[k]
        deep = half[1] * (0.95, 1.06, 1.0, 1.15)[k]
        middle = centre[1] + 0.35 * (0, 0, 0.5, 1)[k] * max(back - centre[1], 0)
        x, y = wide * np.sin(angles), middle - deep * np.cos(angles)
        rings.append(np.stack([x, y, np.full(9, level)], axis=1))
    head = np.repeat((1.0, 1.0, 0.6, 0.25), 9)
    return _sheet(np.array(rings), _bound(36, head=head, spine01=1 - head), HAIR, closed=False)


def _bun(body: Body) -> Mesh:
    centre, half = _head_box(body)
    middle = centre + half * np.array([0, 0.85, 0.75])
    tilt, turn = np.meshgrid(np.linspace(0.1, math.pi - 0.1, 4), np.arange(6) / 6 * math.tau, indexing="ij")
    ball = np.stack([np.sin(tilt) * np.cos(turn), np.sin(tilt) * np.sin(turn), np.cos(tilt)], axis=2)
    return _sheet(middle + 0.5 * half[0] * ball, _bound(24, head=1.0), HAIR, closed=True)


def _brim(body: Body) -> Mesh:
    centre, half = _head_box(body)
    angles = np.linspace(-1.0, 1.0, 5)
    inner = centre + np.stack(
        [half[0] * np.sin(angles), -half[1] * np.cos(angles), 0 * angles + 0.42 * half[2]], axis=1
    )
    outer = inner + np.array([0, -0.55 * half[1], -0.1 * half[2]]) * np.cos(angles)[:, None]
    return _both_sides(_sheet(np.stack([inner, outer]), _bound(10, head=1.0), BAG, closed=False))


def _box(centre: Floats, half: Floats, weights_of: dict[str, float], open_top: bool = False) -> Mesh:
    """A box of six (or five) separate sides, so that its edges look sharp."""
    corners: list[Floats] = []
    faces: list[list[list[int]]] = []
    for axis in range(3):
        for sign in (-1.0, 1.0):
            if open_top and axis == 2 and sign > 0:
                continue
            u, v = (axis + 1) % 3, (axis + 2) % 3
            start = 4 * len(corners)
            quad = np.zeros((4, 3))
            quad[:, axis] = sign
            quad[:, u], quad[:, v] = (-1, 1, 1, -1), (-1, -1, 1, 1)
            corners.append(centre + quad * half)
            turn = (0, 1, 2, 0, 2, 3) if sign > 0 else (0, 2, 1, 0, 3, 2)
            faces.append([[start + i for i in turn[:3]], [start + i for i in turn[3:]]])
    vertices = np.concatenate(corners)
    unit = (vertices - centre) / half / 2 + 0.5
    texcoords = BAG.texcoord(unit[:, 2], (unit[:, 0] + unit[:, 1]) / 2)
    return Mesh(vertices, texcoords, np.array(faces).reshape(-1, 3), _bound(len(vertices), **weights_of))


def _bags(a: Appearance, body: Body) -> list[Mesh]:
    j, s = body.joints, body.height_m / 1.75
    chest = body.vertices[(load_topology().chart == 0) & (load_topology().places[:, 0] > 0.3)]
    if a.bag == "backpack":
        half = np.array([0.145, 0.075, 0.21]) * s
        centre = np.array([0, chest[:, 1].max() + 0.8 * half[1], j[BONE["spine01"], 2] - 0.06 * s])
        return [_box(centre, half, {"spine01": 0.8, "spine03": 0.2})]
    if a.bag == "shoulder":
        half = np.array([0.045, 0.13, 0.10]) * s
        hips = body.vertices[(load_topology().chart == 0) & (load_topology().places[:, 0] < 0.1)]
        centre = np.array([-np.abs(hips[:, 0]).max() - 0.3 * half[0], hips[:, 1].max() - 0.03, j[0, 2] - 0.02 * s])
        return [_box(centre, half, {"root": 1.0})]
    if a.bag == "tote":
        half = np.array([0.05, 0.17, 0.18])
        return [_box(np.array([0, 0, -0.30]), half, {"carry": 1.0}), *_handles(0.04, 0.06, -0.12)]
    if a.bag == "basket":
        half = np.array([0.14, 0.20, 0.10])
        box = _box(np.array([0, 0, -0.30]), half, {"carry": 1.0}, open_top=True)
        return [_both_sides(box), *_handles(0.02, 0.19, -0.20)]
    return []


def _handles(wide: float, reach: float, low: float) -> list[Mesh]:
    """Two slanting straps from the bag's rim to the hand."""
    straps = []
    for end in (-reach, reach):
        rows = np.array([[[-wide, 0, 0], [wide, 0, 0]], [[-wide, end, low], [wide, end, low]]]) * (0.35, 1, 1)
        straps.append(_both_sides(_sheet(rows, _bound(4, carry=1.0), BAG, closed=False)))
    return straps


def _joined(parts: list[Mesh]) -> Mesh:
    starts = np.cumsum([0] + [len(p.vertices) for p in parts])
    return Mesh(
        np.concatenate([p.vertices for p in parts]),
        np.concatenate([p.texcoords for p in parts]),
        np.concatenate([p.faces + start for p, start in zip(parts, starts, strict=False)]),
        np.concatenate([p.weights for p in parts]),
    )
