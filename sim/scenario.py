"""What happens in a run, as validated configuration: which store, how long, who comes, how they behave and walk.

Published figures behind the defaults stand in the fields' descriptions with their source; what is our own choice
says so.
"""

import difflib
import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sim.configuration import FieldError, read_yaml, validated
from sim.errors import BadInput
from sim.faults import Fault, check_times
from sim.light import Light

SCENARIOS = Path(__file__).parent / "scenarios"

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=60)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RandomShoppers(_Model):
    """Shoppers who decide for themselves: when they come, what they want, what they put back."""

    count: int = Field(default=0, ge=0, le=500, description="people, companions included")
    couples: int = Field(default=0, ge=0, le=100, description="pairs on one token among them, whatever the chances")
    families: int = Field(default=0, ge=0, le=100, description="adults among them with a child at hand, one token each")
    second_children: int = Field(default=0, ge=0, le=100, description="families with a second child at the other hand")
    companion_probability: Share = Field(
        default=0.2,
        description="chance that a shopper beyond the couples brings somebody on the same token; groups in crowds are "
        "zero-truncated Poisson (PLoS ONE 0010047), the share is our choice",
    )
    child_share: Share = Field(default=0.25, description="of companions, children; our choice")
    elder_share: Share = Field(default=0.17, description="of the others, elders; our choice")
    arrive_from: float = Field(default=1.0, ge=0, le=86_400, description="the first arrival, seconds from opening")
    arrive_within: float = Field(
        default=60.0,
        ge=0,
        le=86_400,
        description="the others arrive within so many seconds of the first: a Poisson process, given its count",
    )
    items_mean: float = Field(
        default=4.25, ge=1, le=60, description="mean items wanted; 4.25 in UK convenience stores 2021 (trade figure)"
    )
    items_sigma: float = Field(
        default=0.6,
        ge=0,
        le=2,
        description="log standard deviation of the Poisson-lognormal basket (J. Retailing Cons. Serv. 54, 2020)",
    )
    buys_nothing: Share = Field(
        default=0.4, description="share who look and leave; 60 % of entrants buy (US convenience stores 2014, 2018)"
    )
    dwell_median: float = Field(
        default=5.0,
        ge=0,
        le=120,
        description="seconds before the shelf until the hand moves; with the reach itself a pick takes 13 s in the "
        "mean, most under 10 s (2,422 watched picks)",
    )
    dwell_sigma: float = Field(
        default=0.9,
        ge=0,
        le=2,
        description="log standard deviation of the dwell, so that and mean as above",
    )
    dwell_most: float = Field(default=60.0, ge=0.1, le=600, description="no dwell is longer, seconds")
    put_back_probability: Share = Field(
        default=0.15,
        description="chance that a taken item is put back; only 30 % of held items are bought in mixed retail "
        "(mytotalretail.com), which is high for groceries, so this is a knob",
    )
    misplace_probability: Share = Field(
        default=0.1, description="of put-backs, the share at another product's place; no published figure, a knob"
    )
    double_probability: Share = Field(default=0.1, description="chance to take two of a product; our choice")
    clothes: Literal["varied", "uniform"] = Field(
        default="varied", description="whether each dresses as they like, or all wear the same clothes, shoes and bag"
    )
    changes_clothes: Share = Field(
        default=0.0,
        description="share who come in a jacket and take it off in a fitting room, unseen, after a third of their list",
    )


class Regulars(_Model):
    """People who live near and come again: who of them comes on a day, and what stays the same about them.

    A regular has one name, body, skin, hair, walk, household, account and taste over all days of a run. All figures
    here are knobs of our own; no published one was found for a single small shop.
    """

    people: int = Field(default=0, ge=0, le=500, description="regulars in all, each couple two of them")
    couples: int = Field(default=0, ge=0, le=100, description="pairs among them who share a household and an account")
    return_probability: Share = Field(default=0.6, description="chance that a household comes on a day")
    alone: Share = Field(default=0.3, description="chance that of a couple that comes only one does")
    other_clothes: Share = Field(
        default=0.8, description="chance, at each visit, of other clothes than the usual ones; new ones every time"
    )
    same_shoes: Share = Field(default=0.5, description="of visits in other clothes, the share in the usual shoes")
    same_bag: Share = Field(default=0.5, description="of visits in other clothes, the share with the usual bag")
    same_coat: Share = Field(default=0.5, description="of visits in other clothes, the share in the usual coat, if any")
    favourites: int = Field(default=4, ge=0, le=100, description="products that a household buys again and again")
    habit: Share = Field(
        default=0.5, description="chance that an item wanted is one of the household's favourites not yet on the list"
    )

    @model_validator(mode="after")
    def _enough_for_couples(self) -> Self:
        if 2 * self.couples > self.people:
            raise FieldError("couples", self.couples, "at most half of the people")
        return self


class _Place(_Model):
    """A place on a shelf; none of the fields: the product's own place."""

    gondola: str | None = Field(default=None, description="id of a gondola of the store")
    shelf: int | None = Field(default=None, ge=1, le=40, description="1 is the top shelf")
    plates: tuple[int, ...] = Field(default=(), description="plates of that shelf, 1 is the leftmost to a shopper")

    @model_validator(mode="after")
    def _whole_or_none(self) -> Self:
        given = [self.gondola is not None, self.shelf is not None, bool(self.plates)]
        if any(given) and not all(given):
            raise FieldError("gondola, shelf, plates", "some of them", "all three, or none for the product's own place")
        return self


class Pick(_Place):
    """Take items, from the product's own place or from where they lie."""

    do: Literal["pick"]
    at: float | None = Field(default=None, ge=0, description="second at which the hand takes hold, at the earliest")
    product: str = Field(description="id of a product of the store")
    quantity: int = Field(default=1, ge=1, le=20)
    together: bool = Field(default=False, description="all items in one grab, else one grab an item")


class PutBack(_Place):
    """Put items back, at the product's own place or elsewhere, which misplaces them."""

    do: Literal["put_back"]
    at: float | None = Field(default=None, ge=0, description="second at which the hand lets go, at the earliest")
    product: str = Field(description="id of a product that the shopper has by then")
    quantity: int = Field(default=1, ge=1, le=20)


class HandOver(_Model):
    """Give items to another shopper, standing face to face."""

    do: Literal["hand_over"]
    at: float | None = Field(default=None, ge=0, description="second of the hand-over, at the earliest")
    product: str = Field(description="id of a product that the shopper has by then")
    to: Name = Field(description="id of a scripted shopper")


class Wait(_Model):
    """Stand still."""

    do: Literal["wait"]
    at: float | None = Field(default=None, ge=0, description="second at which the waiting begins, at the earliest")
    seconds: float = Field(ge=0, le=3600)


class Walk(_Model):
    """Walk to a point of the floor."""

    do: Literal["walk"]
    at: float | None = Field(default=None, ge=0, description="second of setting out, at the earliest")
    x: float = Field(description="metres, floor frame")
    y: float = Field(description="metres, floor frame")


Action = Annotated[Pick | PutBack | HandOver | Wait | Walk, Field(discriminator="do")]


class ScriptedShopper(_Model):
    """Somebody who does exactly what is written, in that order."""

    id: Name
    party: Name | None = Field(default=None, description="shoppers of one party share a token; none: alone")
    arrive: float = Field(default=1.0, ge=0, le=86_400, description="seconds from opening, at the earliest")
    age_group: Literal["child", "adult", "elder"] = "adult"
    actions: tuple[Action, ...] = ()


class Shoppers(_Model):
    """Who comes on a day: random shoppers, regulars, scripted ones, or all of them.

    Regulars draw their lists and dwells from the settings of random shoppers; these come once, regulars come again,
    and scripted shoppers come every day and dress as regulars do.
    """

    random: RandomShoppers = RandomShoppers()
    regulars: Regulars = Regulars()
    scripted: tuple[ScriptedShopper, ...] = ()


class MisplacedAtOpening(_Model):
    """Items that already lie at a place which is not their product's own when the store opens."""

    product: str = Field(description="id of a product of the store")
    gondola: str
    shelf: int = Field(ge=1, le=40)
    plates: tuple[int, ...] = Field(min_length=1)
    quantity: int = Field(default=1, ge=1, le=20)


class Walking(_Model):
    """How people walk: JuPedSim's collision-free speed model, version 2."""

    speed_factor: float = Field(
        default=0.8, ge=0.2, le=1.5, description="of the free walking speed (1.35, 1.15, 0.9, 0.8 m/s for men, women, "
        "children, elders: Weidmann, RiMEA) between shelves; our choice"
    )  # fmt: skip
    speed_sd: float = Field(
        default=0.15, ge=0, le=0.4, description="standard deviation of a person's own factor; Weidmann: 0.26 / 1.34"
    )
    radius_m: float = Field(
        default=0.25, ge=0.15, le=0.4, description="half an adult's shoulder width (0.255 m), scaled with body height"
    )
    time_gap: float = Field(default=0.6, ge=0.05, le=3, description="seconds kept to the person ahead; JuPedSim: 1.0")
    patience: float = Field(default=2.5, ge=0.5, le=60, description="seconds without progress before a new plan; ours")


class Hands(_Model):
    """How hands take and put things."""

    reach_seconds: float = Field(default=0.8, ge=0.2, le=5, description="hand from the side to the item; our choice")
    hold_seconds: float = Field(default=0.9, ge=0.1, le=10, description="item in the hand before it is stowed")
    press_newton: float = Field(
        default=2.5,
        ge=0,
        le=50,
        description="mean force of a grasping hand on a plate, up or down; our choice",
    )
    press_seconds: float = Field(default=0.5, ge=0.05, le=3, description="how long it does so")


class Scales(_Model):
    """The load cells under the plates: MuJoCo bodies on sprung, damped slides."""

    noise_sd_g: float = Field(default=1.0, ge=0, le=50, description="white noise of a sample, grams; our choice")
    drift_g_per_hour: float = Field(default=5.0, ge=0, le=500, description="sd of the zero's random walk after an hour")
    quantum_g: float = Field(default=0.5, ge=0, le=50, description="readings are multiples of this; 0 for none")
    stiffness: float = Field(default=12_000.0, ge=1_000, le=1_000_000, description="newtons a metre")
    damping: float = Field(default=160.0, ge=10, le=5_000, description="newton seconds a metre; settles 6 kg in 0.3 s")
    plate_kg: float = Field(default=1.5, ge=0.05, le=20, description="the plate itself, tared")
    item_sd: float = Field(default=0.01, ge=0, le=0.3, description="spread of real items about the product's weight")


OWN_PART = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
"""Form of the name of a part of one's own: package.module:Name."""
OwnPart = Annotated[str, Field(pattern=f"^{OWN_PART.pattern}$", max_length=200)]


class Tracking(_Model):
    """Parts of tracking of one's own, package.module:Name (see docs/own-tracker.md); none: the built-in one."""

    detector: OwnPart | None = Field(default=None, description="finds people and brings its own keypoints, or none")
    embedder: OwnPart | None = Field(default=None, description="describes how people look")
    tracker: OwnPart | None = Field(default=None, description="follows people over all cameras")


OFFICER, BODY_CAMERA = "officer", "body-camera"
"""Name and role of the officer, and name of the camera on the chest, in every file; nobody else may have them."""


class BodyCamera(_Model):
    """An officer who comes for a while with a camera on the chest, needs no token and is never billed."""

    arrive: float = Field(default=10.0, ge=0, le=86_400, description="when the officer comes, seconds from opening")
    stay: float = Field(default=60.0, ge=1, le=86_400, description="seconds inside before the officer heads out")
    height_m: float = Field(default=1.3, ge=0.8, le=1.7, description="of the lens above the floor, standing")
    tilt_deg: float = Field(default=5.0, ge=-30, le=45, description="upwards from level, when standing; our choice")
    width: int = Field(default=1920, ge=160, le=3840, multiple_of=2, description="pixels")
    height: int = Field(default=1080, ge=120, le=2160, multiple_of=2, description="pixels")
    fov_deg: float = Field(default=100.0, ge=40, le=140, description="horizontal, of the lens without distortion")
    distortion: tuple[float, float, float, float, float] = Field(
        default=(-0.06, 0.005, 0.0, 0.0, 0.0), description="k1, k2, p1, p2, k3 of OpenCV: barrel distortion; our choice"
    )
    fps: int = Field(default=5, ge=1, le=30, description="pictures a second, a divisor of the store cameras'")


class Crowd(_Model):
    """People who are in the room from the first to the last instant, in view of the cameras, and buy nothing."""

    count: int = Field(ge=1, le=500, description="people")
    walking: Share = Field(default=0.25, description="of them, the share who walk about; the others stand in groups")


class Scenario(_Model):
    """One run's script. Everything random in it follows from `seed`."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=80)
    title: str
    description: str = Field(default="", description="what a reader should know, for example how times were made")
    store: str = Field(default="corner-shop", description="a built-in store's name, or a file")
    seconds: float = Field(ge=5, le=86_400, description="length of a day of the run, store seconds")
    days: int = Field(default=1, ge=1, le=30, description="days of the run; the shelves are filled up every night")
    seed: int = Field(default=1, ge=0, le=2**31 - 1)
    fps: int = Field(default=10, ge=2, le=30, description="camera pictures a second")
    weigh_hz: int = Field(default=60, ge=10, le=240, description="samples a second of every plate")
    cameras: tuple[str, ...] | None = Field(default=None, description="names of the store's cameras in use; none: all")
    policies: tuple[str, ...] = Field(
        default=("checkout", "app-entry", "face-entry", "face-everywhere", "police-gallery")
    )
    last_call: float = Field(default=25.0, ge=0, le=3600, description="seconds before the end at which people head out")
    end_when_empty: bool = Field(default=False, description="stop early, a while after the last shopper has left")
    shoppers: Shoppers = Shoppers()
    groups: dict[str, Share] = Field(
        default={}, description="demographic groups and their shares of the people; none: no groups are stated"
    )
    misplaced: tuple[MisplacedAtOpening, ...] = ()
    walking: Walking = Walking()
    hands: Hands = Hands()
    scales: Scales = Scales()
    tracking: Tracking = Tracking()
    body_camera: BodyCamera | None = Field(default=None, description="an officer with a body camera; none: nobody")
    crowd: Crowd | None = Field(default=None, description="a crowd beside the shoppers; none: nobody")
    light: Light = Field(default=Light(), description="what differs from the light of the store's plan")
    faults: tuple[Fault, ...] = Field(
        default=(), description="what goes wrong with cameras, plates, gates; nobody is told"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.last_call >= self.seconds:
            raise FieldError("last_call", self.last_call, f"less than the run's {self.seconds:g} seconds")
        ids = [shopper.id for shopper in self.shoppers.scripted]
        for index, shopper in enumerate(self.shoppers.scripted):
            if shopper.id in ids[:index]:
                raise FieldError(f"shoppers.scripted.{index}.id", shopper.id, "an id that no other shopper has")
            if self.crowd is not None and shopper.id in {f"guest{number}" for number in range(1, self.crowd.count + 1)}:
                raise FieldError(f"shoppers.scripted.{index}.id", shopper.id, "an id that nobody of the crowd has")
            if shopper.id in {f"r{number}" for number in range(1, self.shoppers.regulars.people + 1)}:
                raise FieldError(f"shoppers.scripted.{index}.id", shopper.id, "an id that no regular has (r1, r2 ...)")
            for number, action in enumerate(shopper.actions):
                if isinstance(action, HandOver) and (action.to not in ids or action.to == shopper.id):
                    raise FieldError(
                        f"shoppers.scripted.{index}.actions.{number}.to",
                        action.to,
                        "another scripted shopper's id",
                    )
        self._check_parties(self.shoppers.random)
        if self.groups and abs(sum(self.groups.values()) - 1) > 1e-6:
            raise FieldError("groups", sum(self.groups.values()), "shares that add up to 1")
        self._check_body_camera(ids)
        check_times(self.faults, self.seconds)
        for index, change in enumerate(self.light.changes):
            if change.at > self.seconds:
                raise FieldError(f"light.changes.{index}.at", change.at, f"within the run's {self.seconds:g} seconds")
        if self.cameras is not None and not self.cameras:
            raise FieldError("cameras", "an empty list", "at least one camera, or no such field for all")
        return self

    @staticmethod
    def _check_parties(random: RandomShoppers) -> None:
        if 2 * random.couples > random.count:
            raise FieldError("shoppers.random.couples", random.couples, "at most half of the count")
        if random.second_children > random.families:
            raise FieldError("shoppers.random.second_children", random.second_children, "at most one a family")
        left = random.count - 2 * random.couples - random.second_children
        if 2 * random.families > left:
            raise FieldError("shoppers.random.families", random.families, f"at most {left // 2}, as the count allows")

    def _check_body_camera(self, ids: list[str]) -> None:
        camera = self.body_camera
        if camera is None:
            return
        if self.fps % camera.fps:
            raise FieldError("body_camera.fps", camera.fps, f"a divisor of the store cameras' {self.fps} a second")
        if camera.arrive >= self.seconds - self.last_call:
            allowed = f"before the last call at {self.seconds - self.last_call:g} seconds"
            raise FieldError("body_camera.arrive", camera.arrive, allowed)
        if OFFICER in ids:
            where = f"shoppers.scripted.{ids.index(OFFICER)}.id"
            raise FieldError(where, OFFICER, "another id, as the one with the body camera is called so")


def list_scenarios() -> dict[str, Path]:
    """Built-in scenarios by name."""
    return {path.stem: path for path in sorted(SCENARIOS.glob("*.yaml"))}


def load_scenario(name_or_path: str | Path) -> Scenario:
    """A built-in scenario by name, or the one in a YAML file, checked against its store.

    Raises:
        BadInput: no such scenario (near names are proposed), YAML that cannot be read, an unknown field, a value out
            of range, or a product, gondola, plate or camera that the scenario's store does not have.
    """
    builtin = list_scenarios()
    path = builtin.get(str(name_or_path), Path(name_or_path))
    if not path.is_file():
        near = difflib.get_close_matches(str(name_or_path), builtin, n=3, cutoff=0.4) or list(builtin)
        raise BadInput("scenario", "name", str(name_or_path), "a file or one of " + ", ".join(near))
    scenario = validated(Scenario, read_yaml(path), path)
    from sim.scenario_checks import check_scenario  # the checks need the models of this file
    from sim.store_plan import load_store

    check_scenario(scenario, load_store(scenario.store), path)
    return scenario
