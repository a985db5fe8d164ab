"""What a simulated person looks like: everything that is needed to draw them, as plain values."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.bodies import body_indices, load_body
from sim.errors import BadInput

Colour = tuple[float, float, float]
"""Red, green, blue, each 0 ... 1."""

CHOICES: Mapping[str, tuple[str, ...]] = {
    "hair": ("none", "short", "full", "long", "bun", "cap", "scarf"),
    "sleeve": ("none", "short", "long"),
    "lower": ("trousers", "shorts", "skirt"),
    "print": ("plain", "stripes", "hoops", "checks", "dots", "block", "logo"),
    "bag": ("none", "backpack", "shoulder", "tote", "basket"),
}

# Ten tones from the lightest to the darkest human skin: the Monk Skin Tone scale (Ellis Monk and Google, 2022), sRGB.
MONK_TONES = ("f6ede4", "f3e7db", "f7ead0", "eadaba", "d7bd96", "a07e56", "825c43", "604134", "3a312a", "292420")

_HAIR_COLOURS = ((0.07, 0.06, 0.06), (0.16, 0.10, 0.07), (0.30, 0.19, 0.11), (0.45, 0.24, 0.12), (0.72, 0.56, 0.33))
_GREY_HAIR = ((0.55, 0.55, 0.55), (0.8, 0.8, 0.79), (0.35, 0.34, 0.33))


@dataclass(frozen=True, slots=True)
class Appearance:
    """One person's looks. `skin_tone` runs from 0 (lightest) to 9 (darkest) on the Monk scale.

    Raises BadInput for an unknown style, a colour outside 0 ... 1, a skin tone outside 0 ... 9 or an unknown body.
    """

    body: int
    skin_tone: float
    hair: str
    hair_colour: Colour
    beard: bool
    glasses: bool
    sleeve: str
    upper_colour: Colour
    upper_print: str
    print_colour: Colour
    looseness: float
    """Of the upper garment: 0 tight ... 1 coat."""
    lower: str
    lower_colour: Colour
    lower_print: str
    shoe_colour: Colour
    bag: str
    bag_colour: Colour
    arm_sway: float
    """Factor on the swing of the arms, 0.4 ... 1.6."""

    def __post_init__(self) -> None:
        """Refuses bad values."""
        load_body(self.body)
        for field, choices in (
            *((f, CHOICES[f]) for f in ("hair", "sleeve", "lower", "bag")),
            ("upper_print", CHOICES["print"]),
            ("lower_print", CHOICES["print"]),
        ):
            if getattr(self, field) not in choices:
                raise BadInput("Appearance", field, getattr(self, field), ", ".join(choices))
        for field, low, high in (("skin_tone", 0, 9), ("looseness", 0, 1), ("arm_sway", 0.4, 1.6)):
            if not low <= getattr(self, field) <= high:
                raise BadInput("Appearance", field, getattr(self, field), f"{low} ... {high}")
        for field in COLOURS:
            colour = getattr(self, field)
            if len(colour) != 3 or not all(0 <= c <= 1 for c in colour):
                raise BadInput("Appearance", field, colour, "three numbers, 0 ... 1")

    def to_dict(self) -> dict[str, Any]:
        """Plain values that JSON and YAML can hold; `from_dict` takes them back."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in dataclasses.asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Appearance":
        """The appearance of such values. Raises BadInput for missing, unknown or wrong fields."""
        names = {f.name for f in dataclasses.fields(cls)}
        for wrong in sorted(names ^ set(values)):
            raise BadInput("Appearance", wrong, values.get(wrong), "exactly the fields " + ", ".join(sorted(names)))
        fields: dict[str, Any] = {k: tuple(v) if k in COLOURS else v for k, v in values.items()}
        return cls(**fields)


COLOURS = ("hair_colour", "upper_colour", "print_colour", "lower_colour", "shoe_colour", "bag_colour")


def sample_appearance(rng: np.random.Generator, split: str = "all", age_group: str | None = None) -> Appearance:
    """A random person whose body is of that split ("train", "held-out", "all") and age group, if one is given.

    Without an age group, one person in seven is a child and one in six an elder. Raises BadInput for unknown names.
    """
    group = age_group or str(rng.choice(["child", "adult", "elder"], p=[0.14, 0.69, 0.17]))
    body = load_body(int(rng.choice(body_indices(split, group))))
    female, child, elder = body.female, group == "child", group == "elder"
    tone = float(np.round(rng.uniform(0, 9), 2))
    natural = _HAIR_COLOURS if tone < 4.5 or rng.random() < 0.06 else _HAIR_COLOURS[:2]
    hair_colours = _GREY_HAIR if (elder and rng.random() < 0.8) or rng.random() < 0.06 * (not child) else natural
    hair = (0.01, 0.12, 0.25, 0.36, 0.14, 0.04, 0.08) if female else (0.14, 0.52, 0.16, 0.04, 0.01, 0.13, 0.0)
    if child:
        hair = (0.0, 0.2, 0.15, 0.45, 0.1, 0.1, 0.0) if female else (0.02, 0.58, 0.2, 0.05, 0.0, 0.15, 0.0)
    lower = (0.66, 0.11, 0.23) if female else (0.84, 0.16, 0.0)
    bag = (0.55, 0.27, 0.0, 0.0, 0.18) if child else (0.32, 0.17, 0.15 + 0.08 * female, 0.15, 0.21 - 0.08 * female)
    upper = _garment_colour(rng)
    return Appearance(
        body=body.index,
        skin_tone=tone,
        hair=str(rng.choice(CHOICES["hair"], p=hair)),
        hair_colour=_varied(rng, hair_colours[int(rng.choice(len(hair_colours)))]),
        beard=bool(not female and not child and rng.random() < 0.3),
        glasses=bool(rng.random() < (0.5 if elder else 0.2)),
        sleeve=str(rng.choice(CHOICES["sleeve"], p=(0.08 if female else 0.02, 0.42, 0.50 if female else 0.56))),
        upper_colour=upper,
        upper_print=str(rng.choice(CHOICES["print"], p=(0.36, 0.08, 0.16, 0.12, 0.07, 0.11, 0.10))),
        print_colour=_contrasting(rng, upper),
        looseness=float(np.round(rng.beta(1.6, 2.2), 2)),
        lower=str(rng.choice(CHOICES["lower"], p=lower)),
        lower_colour=_lower_colour(rng),
        lower_print=str(rng.choice(CHOICES["print"], p=(0.88, 0.04, 0.02, 0.04, 0.02, 0.0, 0.0))),
        shoe_colour=_round(rng.choice([0.06, 0.25, 0.9]) * rng.uniform(0.85, 1, 3))
        if rng.random() < 0.75
        else _garment_colour(rng),
        bag=str(rng.choice(CHOICES["bag"], p=bag)),
        bag_colour=_garment_colour(rng),
        arm_sway=float(np.round(rng.uniform(0.6, 1.4), 2)),
    )


def skin_colour(tone: float) -> Colour:
    """Colour of a skin tone 0 ... 9 between the steps of the Monk scale."""
    steps = np.array([[int(h[k : k + 2], 16) / 255 for k in (0, 2, 4)] for h in MONK_TONES])
    r, g, b = (float(np.interp(tone, np.arange(len(steps)), steps[:, k])) for k in range(3))
    return r, g, b


def _round(colour: np.ndarray) -> Colour:
    r, g, b = (float(c) for c in np.round(np.clip(colour, 0, 1), 3))
    return r, g, b


def _varied(rng: np.random.Generator, colour: Colour) -> Colour:
    return _round(np.array(colour) * rng.uniform(0.85, 1.15) + rng.normal(0, 0.01, 3))


def _garment_colour(rng: np.random.Generator) -> Colour:
    """Any hue; greys, near-blacks and whites as often as shops sell them (about 45 %)."""
    if rng.random() < 0.45:
        grey = rng.choice([rng.uniform(0.05, 0.18), rng.uniform(0.3, 0.65), rng.uniform(0.82, 0.97)])
        return _round(grey + rng.normal(0, 0.015, 3))
    return _from_hsv(rng.uniform(0, 1), rng.uniform(0.35, 0.95), rng.uniform(0.25, 0.95))


def _lower_colour(rng: np.random.Generator) -> Colour:
    """Mostly blues of denim, blacks, greys and browns."""
    kind = rng.choice(4, p=(0.38, 0.27, 0.2, 0.15))
    if kind == 0:
        return _from_hsv(rng.uniform(0.57, 0.64), rng.uniform(0.25, 0.65), rng.uniform(0.2, 0.65))
    if kind == 1:
        return _round(rng.uniform(0.04, 0.3) + rng.normal(0, 0.012, 3))
    if kind == 2:
        return _from_hsv(rng.uniform(0.06, 0.12), rng.uniform(0.15, 0.6), rng.uniform(0.25, 0.8))
    return _garment_colour(rng)


def _contrasting(rng: np.random.Generator, colour: Colour) -> Colour:
    """The most different of a few garment colours, so that a print can be seen."""
    options = [_garment_colour(rng) for _ in range(4)]
    return max(options, key=lambda o: sum((a - b) ** 2 for a, b in zip(o, colour, strict=True)))


def _from_hsv(h: float, s: float, v: float) -> Colour:
    k = (np.array([5.0, 3.0, 1.0]) + 6 * h) % 6
    return _round(v - v * s * np.clip(np.minimum(k, 4 - k), 0, 1))
