"""Paints a person: one texture with a chart for every part of the body, so that hems are sharp and cost no vertices.

On each chart a row is a place along the limb and a column an angle around it (front to back, the same left and right;
see `bake_bodies.topology`). The atlas is 256 x 256; each chart is a rectangle of it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.appearance import Appearance, Colour, skin_colour
from sim.bodies import Body, Floats, load_topology

SIZE = 256
MARGIN = 3  # texels that mipmaps may mix across a chart's edge


@dataclass(frozen=True, slots=True)
class Chart:
    """A rectangle of the atlas (texels) and the places (low, high) along the limb that it spans."""

    x: int
    y: int
    width: int
    height: int
    low: float
    high: float

    def texcoord(self, place: Floats, around: Floats) -> Floats:
        """(N, 2) texture coordinates of places along and around the limb."""
        v = (place - self.low) / (self.high - self.low)
        inner_w, inner_h = self.width - 2 * MARGIN, self.height - 2 * MARGIN
        u = (self.x + MARGIN + np.clip(around, 0, 1) * inner_w) / SIZE
        return np.stack([u, (self.y + MARGIN + np.clip(v, 0, 1) * inner_h) / SIZE], axis=1)

    def grid(self) -> tuple[Floats, Floats]:
        """Place and around of every texel of the chart, (height, width) each."""
        rows = (np.arange(self.height) - MARGIN + 0.5) / (self.height - 2 * MARGIN)
        columns = (np.arange(self.width) - MARGIN + 0.5) / (self.width - 2 * MARGIN)
        place, around = np.meshgrid(self.low + rows * (self.high - self.low), columns, indexing="ij")
        return place, around


TORSO = Chart(0, 0, 64, 128, -0.5, 1.05)
HEAD = Chart(64, 0, 64, 128, -0.2, 1.9)
ARM = Chart(128, 0, 64, 128, -0.3, 3.6)
LEG = Chart(192, 0, 64, 128, -0.4, 3.4)
SKIRT = Chart(0, 128, 64, 128, 0.0, 1.0)
HAIR = Chart(64, 128, 64, 64, 0.0, 1.0)
BAG = Chart(128, 128, 64, 64, 0.0, 1.0)
BY_LIMB = (TORSO, HEAD, ARM, LEG)

SLEEVE_END = {"none": -0.05, "short": 0.62, "long": 1.93}
LEG_END = {"trousers": 1.92, "shorts": 0.92, "skirt": 0.82}
WAIST, NECKLINE = 0.14, 0.93
COAT = 0.68  # looseness from which an upper garment is a coat


def painted(appearance: Appearance, body: Body) -> NDArray[np.uint8]:
    """The atlas (256, 256, 3) uint8 RGB of that person."""
    atlas: Floats = np.full((SIZE, SIZE, 3), 0.5)
    _paint(atlas, TORSO, _torso(appearance))
    _paint(atlas, HEAD, _head(appearance, body))
    _paint(atlas, ARM, _arm(appearance))
    _paint(atlas, LEG, _leg(appearance))
    _paint(atlas, SKIRT, _tails(appearance))
    _paint(atlas, HAIR, np.broadcast_to(appearance.hair_colour, (HAIR.height, HAIR.width, 3)))
    _paint(atlas, BAG, _bag(appearance))
    pixels: NDArray[np.uint8] = (np.clip(atlas, 0, 1) * 255).astype(np.uint8)
    return pixels


def _paint(atlas: Floats, chart: Chart, colours: Floats) -> None:
    atlas[chart.y : chart.y + chart.height, chart.x : chart.x + chart.width] = colours


def _skin(appearance: Appearance, place: Floats) -> Floats:
    return np.broadcast_to(np.array(skin_colour(appearance.skin_tone)), (*place.shape, 3)).copy()


def _upper(appearance: Appearance, place: Floats, around: Floats, across: float) -> Floats:
    return _printed(appearance.upper_print, appearance.upper_colour, appearance.print_colour, place, around * across)


def _lower(appearance: Appearance, place: Floats, around: Floats) -> Floats:
    lighter: Colour = tuple(min(1.0, 0.25 + 0.75 * c) for c in appearance.lower_colour)  # type: ignore[assignment]
    return _printed(appearance.lower_print, appearance.lower_colour, lighter, place * 0.8, around)


def _printed(kind: str, ground: Colour, ink: Colour, place: Floats, around: Floats) -> Floats:
    """Cloth with a print; `place` counts torso lengths, `around` half torso girths."""
    up, out = place * 6.0, around * 6.0
    marks = {
        "plain": np.zeros_like(place),
        "stripes": (out % 1.0 < 0.42).astype(float),
        "hoops": (up % 1.0 < 0.45).astype(float),
        "checks": 0.5 * (up % 1.0 < 0.5) + 0.5 * (out % 1.0 < 0.5),
        "dots": ((up % 1.0 - 0.5) ** 2 + (out % 1.0 - 0.5) ** 2 < 0.075).astype(float),
        "block": (place > 0.55).astype(float),
        "logo": ((np.abs(place - 0.68) < 0.13) & (around < 0.17)).astype(float),
    }[kind]
    cloth: Floats = np.array(ground) + marks[..., None] * (np.array(ink) - np.array(ground))
    return cloth


def _torso(a: Appearance) -> Floats:
    place, around = TORSO.grid()
    colours = _upper(a, place, around, 1.0)
    neckline = NECKLINE - 0.10 * np.exp(-((around / 0.16) ** 2)) * (1 - a.looseness)
    if a.sleeve == "none":
        neckline = neckline - 0.07
    colours[place > neckline] = skin_colour(a.skin_tone)
    hem = hem_place(a)
    colours[place < hem] = _lower(a, place, around)[place < hem]
    belt = (place > hem - 0.03) & (place < hem)
    colours[belt] *= 0.6
    if a.looseness > COAT:  # a coat or jacket, open or zipped in front
        colours[(around < 0.02) & (place > hem) & (place < neckline)] *= 0.45
    if a.bag == "backpack":
        straps = (np.abs(around - 0.24) < 0.045) & (place > 0.45)
        colours[straps] = a.bag_colour
    return colours


def hem_place(appearance: Appearance) -> float:
    """Where the upper garment ends on the torso's chart: at the waist if tight or over a skirt, else lower if loose."""
    return WAIST if appearance.lower == "skirt" else WAIST - 0.36 * appearance.looseness


def has_tails(appearance: Appearance) -> bool:
    """Whether the upper garment is a coat that falls over the thighs."""
    return appearance.looseness > COAT and appearance.lower != "skirt"


def _tails(a: Appearance) -> Floats:
    """A skirt, or the tails of a coat."""
    place, around = SKIRT.grid()
    if not has_tails(a):
        return _lower(a, place, around)
    colours = _upper(a, -0.7 * place, around, 1.0)
    colours[around < 0.02] *= 0.45
    return colours


def _arm(a: Appearance) -> Floats:
    place, around = ARM.grid()
    skin = _skin(a, place)
    cloth = _upper(a, 1.0 - place * 0.55, 0.5 + around * 0.4, 1.0)
    if a.upper_print == "block":
        cloth = np.broadcast_to(np.array(a.print_colour), cloth.shape).copy()
    end = SLEEVE_END[a.sleeve]
    cloth[np.abs(place - end) < 0.05] *= 0.85
    return np.where((place < end)[..., None], cloth, skin)


def _leg(a: Appearance) -> Floats:
    place, around = LEG.grid()
    colours = _skin(a, place)
    cloth = _lower(a, place * 0.7, around)
    end = LEG_END[a.lower]
    colours[place < end] = cloth[place < end]
    shoes = place > 1.92
    colours[shoes] = a.shoe_colour
    colours[(place > 1.84) & (place <= 1.92) & (end < 1.5)] = 0.9
    return colours


def _bag(a: Appearance) -> Floats:
    place, around = BAG.grid()
    colours = np.broadcast_to(np.array(a.bag_colour), (*place.shape, 3)).copy()
    if a.bag == "basket":
        colours[(place * 8 % 1 < 0.4) | (around * 8 % 1 < 0.3)] *= 0.6
    else:
        colours[np.abs(place - 0.5) < 0.06] *= 0.55
        colours[place > 0.93] *= 0.7
    return colours


def _head(a: Appearance, body: Body) -> Floats:
    """Face and scalp. Eyes and nose are put where this body's own are on the chart."""
    place, around = HEAD.grid()
    skin = np.array(skin_colour(a.skin_tone))
    colours = _skin(a, place)
    t = load_topology()
    nose = float(t.places[t.nose_vertex, 1])
    eye = 1.0
    hair = np.array(a.hair_colour) * 0.9
    if a.beard:
        beard = (place < nose - 0.18) & (place > 0.1) & (around < 0.42)
        colours[beard] = 0.35 * skin + 0.65 * hair
    lips = (np.abs(place - (nose - 0.27)) < 0.045) & (around < 0.10)
    colours[lips] = skin * (0.82, 0.55, 0.52)
    white = ((place - eye) / 0.055) ** 2 + ((around - 0.13) / 0.06) ** 2 < 1
    colours[white] = (0.93, 0.92, 0.9)
    iris = ((place - eye) / 0.055) ** 2 + ((around - 0.13) / 0.028) ** 2 < 1
    colours[iris] = (0.13, 0.09, 0.07)
    brow = (np.abs(place - eye - 0.13) < 0.03) & (np.abs(around - 0.13) < 0.075)
    colours[brow] = 0.25 * skin + 0.75 * hair
    if a.glasses:
        ring = ((place - eye) / 0.14) ** 2 + ((around - 0.13) / 0.105) ** 2
        colours[((ring > 0.62) & (ring < 1.15)) | ((np.abs(place - eye) < 0.02) & (around > 0.2) & (around < 0.5))] = (
            0.08
        )
    cover = scalp(a.hair, place, around)
    colour = {"cap": a.bag_colour, "scarf": a.bag_colour}.get(a.hair, a.hair_colour)
    if a.hair == "cap":
        colours[scalp("short", place, around)] = a.hair_colour
    colours[cover] = colour
    if a.hair == "none":
        stubble = scalp("short", place, around)
        colours[stubble] = 0.8 * skin + 0.2 * hair
    return colours


def scalp(hair: str, place: Floats, around: Floats) -> NDArray[np.bool_]:
    """Where on the head's chart that hair style covers the skin (boolean, as `place`)."""
    if hair == "none":
        return np.zeros(place.shape, dtype=bool)
    if hair == "cap":
        return place > 1.27
    if hair == "scarf":
        return (place > 1.32 - 0.1 * around) | (around > 0.30) | (place < 0.12)
    # The hair line: above the forehead in front, round the ears, down the nape.
    line = np.interp(
        around, [0.0, 0.16, 0.27, 0.36, 0.42, 0.55, 0.7, 1.0], [1.42, 1.40, 1.22, 1.0, 1.05, 0.75, 0.4, 0.3]
    )
    if hair in ("long", "full"):
        line = np.interp(around, [0.0, 0.14, 0.26, 0.34, 0.5, 1.0], [1.40, 1.36, 1.05, 0.55, 0.1, 0.0])
    return place > line
