"""What happens in a run, as validated configuration: which store, how long, who comes, how they behave and walk."""

import difflib
import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from sim.configuration import FieldError, Name, Settings, Share, read_yaml, validated
from sim.demand import RandomShoppers, Shoppers
from sim.errors import BadInput
from sim.faults import Fault, check_times
from sim.light import Light
from sim.mechanics import Hands, Scales, Walking
from sim.people_after import AfterVisit, HandOvers, ReviewDesk
from sim.script import AtOther, Attack, MisplacedAtOpening, PlanogramError, check_cues

SCENARIOS = Path(__file__).parent / "scenarios"


OWN_PART = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
"""Form of the name of a part of one's own: package.module:Name."""
OwnPart = Annotated[str, Field(pattern=f"^{OWN_PART.pattern}$", max_length=200)]


class Tracking(Settings):
    """Parts of tracking of one's own, package.module:Name (see docs/own-tracker.md); none: the built-in one."""

    detector: OwnPart | None = Field(default=None, description="finds people and brings its own keypoints, or none")
    embedder: OwnPart | None = Field(default=None, description="describes how people look")
    tracker: OwnPart | None = Field(default=None, description="follows people over all cameras")


OFFICER, BODY_CAMERA = "officer", "body-camera"
"""Name and role of the officer, and name of the camera on the chest, in every file; nobody else may have them."""


class BodyCamera(Settings):
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


class Crowd(Settings):
    """People who are in the room from the first to the last instant, in view of the cameras, and buy nothing."""

    count: int = Field(ge=1, le=500, description="people")
    walking: Share = Field(default=0.25, description="of them, the share who walk about; the others stand in groups")


class Scenario(Settings):
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
    planogram_errors: tuple[PlanogramError, ...] = Field(
        default=(), description="where the store believes something else to lie than really does"
    )
    receipts: dict[Name, dict[str, int]] | None = Field(
        default=None, description="what a scripted scenario must end in: items by product, by party (or lone shopper)"
    )
    attack: Attack | None = Field(default=None, description="the fraud that this scenario is about; none: no fraud")
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
    review: ReviewDesk = Field(default=ReviewDesk(), description="who looks at receipts that the store is unsure of")
    hand_overs: HandOvers = Field(default=HandOvers(), description="who pays for what is handed over in the store")
    after: AfterVisit = Field(default=AfterVisit(), description="what shoppers do about their receipts")

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
        self._check_script(ids)
        for index, employee in enumerate(self.shoppers.staff):
            if employee.id in [*ids, OFFICER, *(other.id for other in self.shoppers.staff[:index])]:
                raise FieldError(f"shoppers.staff.{index}.id", employee.id, "an id that nobody else has")
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

    def _check_script(self, ids: list[str]) -> None:
        """Whoever a script names is scripted too, and nobody waits for what never comes."""
        scripted = self.shoppers.scripted
        for index, shopper in enumerate(scripted):
            others = {f"actions.{n}.to": a.to for n, a in enumerate(shopper.actions) if isinstance(a, AtOther)}
            others |= {"follows": shopper.follows or "", "dressed_as": shopper.dressed_as or ""}
            for field, other in others.items():
                if other and (other not in ids or other == shopper.id):
                    raise FieldError(f"shoppers.scripted.{index}.{field}", other, "another scripted shopper's id")
        check_cues(scripted)
        parties = {shopper.party or shopper.id for shopper in scripted if shopper.pays and not shopper.stays_outside}
        if self.receipts is not None and (wrong := sorted(set(self.receipts) ^ parties)):
            raise FieldError(
                "receipts", wrong[0], "one for each party that has an account: " + ", ".join(sorted(parties))
            )
        for name in self.attack.by if self.attack else ():
            if name not in ids:
                raise FieldError("attack.by", name, "ids of scripted shoppers")

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
    """Built-in scenarios by name; those in a folder are called FOLDER/NAME."""
    paths = sorted([*SCENARIOS.glob("*.yaml"), *SCENARIOS.glob("*/*.yaml")])
    return {path.relative_to(SCENARIOS).with_suffix("").as_posix(): path for path in paths}


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
