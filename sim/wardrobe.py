"""What a person who comes again wears: the body, skin, hair, glasses and gait stay, clothes change."""

from dataclasses import replace

import numpy as np

from sim.appearance import Appearance, sample_appearance
from sim.bodies import load_body
from sim.clothes import COAT
from sim.demand import Regulars

UPPER = ("sleeve", "upper_colour", "upper_print", "print_colour", "looseness")
LOWER = ("lower", "lower_colour", "lower_print")
SHOES = ("shoe_colour",)
BAG = ("bag", "bag_colour")


def clothes_of_day(usual: Appearance, settings: Regulars, rng: np.random.Generator) -> Appearance:
    """The person of `usual` as dressed for one visit.

    Either in the usual clothes, or in new ones drawn as for any person of that sex and age group, in which shoes, bag
    and coat may be the usual ones. A cap or headscarf is part of the hair and stays; it has the colour of the bag.
    """
    if rng.random() >= settings.other_clothes:
        return usual
    fresh = _other_outfit(usual, rng)
    keeps_shoes, keeps_bag, keeps_coat = rng.random(3) < (settings.same_shoes, settings.same_bag, settings.same_coat)
    worn = [*LOWER]
    worn += [] if keeps_shoes else SHOES
    worn += [] if keeps_bag else BAG
    worn += [] if keeps_coat and usual.looseness >= COAT else UPPER
    return replace(usual, **{field: getattr(fresh, field) for field in worn})


def _other_outfit(usual: Appearance, rng: np.random.Generator) -> Appearance:
    """Somebody of the same sex and age group, for the clothes."""
    body = load_body(usual.body)
    while True:
        fresh = sample_appearance(rng, age_group=body.age_group)
        if load_body(fresh.body).female == body.female:
            return fresh


def uniform(rng: np.random.Generator) -> Appearance:
    """Somebody in trousers, for the clothes that all wear."""
    return replace(sample_appearance(rng, age_group="adult"), lower="trousers")


def in_uniform(looks: Appearance, worn: Appearance) -> Appearance:
    """The person of `looks` in the clothes, shoes and bag that are `worn`; a cap or scarf has the bag's colour too."""
    return replace(looks, **{field: getattr(worn, field) for field in (*UPPER, *LOWER, *SHOES, *BAG)})


def jacket_on_and_off(looks: Appearance, rng: np.random.Generator) -> tuple[Appearance, Appearance]:
    """The person in a jacket over what they wear, and without it; trousers, shoes and bag stay."""
    below = looks if looks.looseness < COAT else replace(looks, looseness=COAT / 2)
    fresh = _other_outfit(looks, rng)
    jacket = replace(
        below, sleeve="long", looseness=float(rng.uniform(COAT, 1.0)), upper_colour=fresh.upper_colour,
        upper_print="plain", print_colour=fresh.print_colour,
    )  # fmt: skip
    return jacket, below
