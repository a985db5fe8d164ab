"""What scripted shoppers do, action by action, and what lies in a wrong place at opening: validated configuration.

Nothing in a script has to happen at a second of the clock: `after` waits for what somebody else has done (a `cue`),
`sync` makes hands arrive together, and `dwell` draws a new pause for every action and seed.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sim.configuration import FieldError, Name, Settings


class Step(Settings):
    """What every action has: when it begins, and who may wait for its end."""

    at: float | None = Field(
        default=None, ge=0, description="second of the deed, at the earliest: the hand is there, the walk begins"
    )
    after: Name | None = Field(default=None, description="cue that must have been given before this begins")
    cue: Name | None = Field(default=None, description="given to everybody when this is done")


class _Place(Settings):
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


class ShelfStep(Step, _Place):
    """An action at a shelf."""

    product: str = Field(description="id of a product of the store")
    aside: float | None = Field(
        default=None, ge=-0.8, le=0.8, description="stand so many metres to the right of the place's middle, shoulder "
        "to shoulder with others if need be; none: the best free spot"
    )  # fmt: skip
    sync: Name | None = Field(default=None, description="hands of all actions of that name arrive at the same instant")


class Pick(ShelfStep):
    """Take items, from the product's own place or from where they lie."""

    do: Literal["pick"]
    quantity: int = Field(default=1, ge=1, le=20)
    together: bool = Field(default=False, description="all items in one grab, else one grab an item")
    into: Literal["bag", "clothes"] = Field(default="bag", description="where it goes; under clothes it is hidden")
    decoy_g: float | None = Field(
        default=None, gt=0, le=20_000, description="grams of a decoy that the other hand leaves on the plate meanwhile"
    )


class PutBack(ShelfStep):
    """Put items back, at the product's own place or elsewhere, which misplaces them."""

    do: Literal["put_back"]
    quantity: int = Field(default=1, ge=1, le=20)
    behind: bool = Field(default=False, description="at the back of the plate, behind what stands there")


class Lift(ShelfStep):
    """Take one item off the plate and set it back at once, without letting go."""

    do: Literal["lift"]
    seconds: float = Field(default=0.6, ge=0.1, le=10, description="off the plate")


class Touch(ShelfStep):
    """Reach in, touch an item and take nothing."""

    do: Literal["touch"]


class Push(ShelfStep):
    """Push an item of the product from its place onto other plates of the same shelf, behind what stands there."""

    do: Literal["push"]
    to: tuple[int, ...] = Field(min_length=1, description="plates of the same shelf on which it then stands")


class Lean(ShelfStep):
    """Lean on the plates with a hand."""

    do: Literal["lean"]
    seconds: float = Field(default=3.0, ge=0.5, le=60)
    newton: float = Field(default=25.0, gt=0, le=300, description="mean force on the plates; it sways")
    meanwhile: bool = Field(default=False, description="whether the next actions happen while the hand still leans")


class SetDownBag(ShelfStep):
    """Set the own bag down on the plates, with all that is in it; it is taken up again before the next walk."""

    do: Literal["set_down_bag"]
    grams: float = Field(default=350.0, gt=0, le=5_000, description="of the empty bag with what one has along")


class TakeUpBag(Step):
    """Take the bag up from where it was set down."""

    do: Literal["take_up_bag"]


class Look(ShelfStep):
    """Stand before a place, head over the shelf, and look."""

    do: Literal["look"]
    seconds: float = Field(default=4.0, ge=0, le=600)


class HandOver(Step):
    """Give items to another shopper, standing face to face."""

    do: Literal["hand_over"]
    product: str = Field(description="id of a product that the shopper has by then")
    to: Name = Field(description="id of a scripted shopper")


class PassOver(Step):
    """Pass an item over the gate to somebody who waits outside."""

    do: Literal["pass_over"]
    product: str = Field(description="id of a product that the shopper has by then")
    to: Name = Field(description="id of a scripted shopper who waits outside")


class SwapBags(Step):
    """Exchange bags, with all that is in them, with another shopper."""

    do: Literal["swap_bags"]
    to: Name = Field(description="id of a scripted shopper")


class Talk(Step):
    """Walk up to another shopper and talk; that one stays meanwhile."""

    do: Literal["talk"]
    to: Name = Field(description="id of a scripted shopper")
    seconds: float = Field(default=5.0, ge=0, le=600)


class Wait(Step):
    """Stand still."""

    do: Literal["wait"]
    seconds: float = Field(ge=0, le=3600)


class Walk(Step):
    """Walk to a point of the floor."""

    do: Literal["walk"]
    x: float = Field(description="metres, floor frame")
    y: float = Field(description="metres, floor frame")


class ChangeClothes(Step):
    """Take off or put on the jacket where one stands; needs `jacket`."""

    do: Literal["change_clothes"]
    seconds: float = Field(default=5.0, ge=0.5, le=120)


class BlockCamera(Step):
    """Stand under a camera and hold something before its lens until a cue."""

    do: Literal["block_camera"]
    camera: str = Field(description="name of a camera of the store")
    until: Name = Field(description="cue at which it is taken away")


class LeaveBasket(Step):
    """Put the basket or bag on the floor, with all that is in it, and leave it there."""

    do: Literal["leave_basket"]


Action = Annotated[
    Pick | PutBack | Lift | Touch | Push | Lean | SetDownBag | TakeUpBag | Look | HandOver | PassOver | SwapBags | Talk
    | Wait | Walk | ChangeClothes | BlockCamera | LeaveBasket,
    Field(discriminator="do"),
]  # fmt: skip

AtOther = HandOver | PassOver | SwapBags | Talk
"""Actions with somebody else, named in `to`."""


class ScriptedShopper(Settings):
    """Somebody who does exactly what is written, in that order."""

    id: Name
    party: Name | None = Field(default=None, description="shoppers of one party share a token; none: alone")
    arrive: float = Field(default=1.0, ge=0, le=86_400, description="seconds from opening, at the earliest")
    arrive_within: float = Field(default=0.0, ge=0, le=3_600, description="and by chance up to so much later, seconds")
    dwell: tuple[float, float] = Field(
        default=(0.0, 0.0), description="least and greatest pause before an action, seconds; drawn anew for each"
    )
    age_group: Literal["child", "adult", "elder"] = "adult"
    bag: Literal["none", "backpack", "shoulder", "tote", "basket"] | None = Field(
        default=None, description="what the shopper carries; none given: by chance"
    )
    jacket: bool = Field(default=False, description="comes in a jacket, which a change of clothes takes off")
    dressed_as: Name | None = Field(default=None, description="scripted shopper whose clothes this one wears too")
    scans: bool = Field(default=True, description="whether the token is shown at the gate")
    follows: Name | None = Field(
        default=None, description="scripted shopper behind whom this one slips through the gate"
    )
    turns_round: Literal["before", "behind"] | None = Field(
        default=None, description="shows the token and goes back, before the gate's beam or right behind it"
    )
    stays_outside: bool = Field(default=False, description="waits before the gate, never comes in, and goes away")
    pays: bool = Field(default=True, description="whether there is an account at all; a tailgater has none")
    labels: tuple[Name, ...] = Field(default=(), description="what this visit is, beside what follows from the script")
    actions: tuple[Action, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        low, high = self.dwell
        if not 0 <= low <= high <= 600:
            raise FieldError("dwell", list(self.dwell), "least and greatest seconds, 0 ... 600")
        for index, action in enumerate(self.actions):
            if isinstance(action, ChangeClothes) and not self.jacket:
                raise FieldError(f"actions.{index}.do", action.do, "a shopper with `jacket: true`")
            if isinstance(action, SetDownBag | LeaveBasket | SwapBags) and self.bag not in ("tote", "basket"):
                raise FieldError(f"actions.{index}.do", action.do, "a shopper with `bag: tote` or `bag: basket`")
        if (self.stays_outside or self.turns_round) and self.actions:
            raise FieldError("actions", len(self.actions), "none for who stays outside or turns round")
        return self


class MisplacedAtOpening(Settings):
    """Items that already lie at a place which is not their product's own when the store opens."""

    product: str = Field(description="id of a product of the store")
    gondola: str
    shelf: int = Field(ge=1, le=40)
    plates: tuple[int, ...] = Field(min_length=1)
    quantity: int = Field(default=1, ge=1, le=20)


class PlanogramError(Settings):
    """A place of which the store's computers believe that another product lies there."""

    gondola: str
    shelf: int = Field(ge=1, le=40)
    plates: tuple[int, ...] = Field(min_length=1, description="exactly those of one slot")
    believed: str = Field(description="id of the product that the store believes to be there")


class Attack(Settings):
    """A fraud that a scenario is about: who tries to get away with what."""

    kind: Name = Field(description="name of the attack in tables")
    by: tuple[Name, ...] = Field(min_length=1, description="ids of the scripted shoppers who take part")
    items: dict[str, int] = Field(min_length=1, description="items meant not to be paid for, by product")


def check_cues(shoppers: tuple[ScriptedShopper, ...]) -> None:
    """Refuses scripts in which somebody waits for what never happens.

    Raises:
        FieldError: a cue that nobody gives, or an instant at which only one hand arrives.
    """
    steps = [(s, a, action) for s, one in enumerate(shoppers) for a, action in enumerate(one.actions)]
    cues = {action.cue for _, _, action in steps if action.cue}
    syncs = [action.sync for _, _, action in steps if isinstance(action, ShelfStep) and action.sync]
    for s, a, action in steps:
        where = f"shoppers.scripted.{s}.actions.{a}"
        waits = {"after": action.after, **({"until": action.until} if isinstance(action, BlockCamera) else {})}
        for field, name in waits.items():
            if name is not None and name not in cues:
                raise FieldError(
                    f"{where}.{field}", name, "a cue that some action gives: " + (", ".join(sorted(cues)) or "none")
                )
        if isinstance(action, ShelfStep) and action.sync and syncs.count(action.sync) < 2:
            raise FieldError(f"{where}.sync", action.sync, "a name that another action has too")
