"""Things of their own that shoppers set down on plates: bags, whose weight nobody knows before.

Whoever needs both hands sets the bag down, mostly right where the next thing is taken. The scales then see a gain that
no product explains, gains of whatever is put into the bag while it stands there, and in the end one loss: the bag with
all that is in it. None of it is a purchase. The last loss weighs what the gains weighed together, to the gram, and that
tells afterwards what was put back on the plate and what into the bag.
"""

from dataclasses import dataclass
from math import exp, log, pi, sqrt

from pydantic import BaseModel, ConfigDict, Field

MEASURED_G = 0.3
"""Error of a weighing beyond what the scales state, grams: drift while a bag stands there."""


class BagSettings(BaseModel):
    """How often things of the shoppers' own stand on plates; shares are our choice, for want of published ones."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    set_down: float = Field(default=0.02, ge=0, lt=1, description="share of gains that are a bag set down")
    least_g: float = Field(default=50.0, ge=0, description="a bag weighs so much at least, grams")
    range_g: float = Field(default=5000.0, gt=0, description="range of the weights of bags, grams")
    into_bag: float = Field(
        default=0.5, ge=0, lt=1, description="share of gains under a standing bag of one's own that went into it"
    )
    take_up: float = Field(default=0.3, ge=0, lt=1, description="share of losses under a bag that are the bag's")
    others: float = Field(default=0.01, ge=0, lt=1, description="factor for somebody who takes up another's bag")


@dataclass(frozen=True, slots=True, order=True)
class Bag:
    """A bag on plates: what it weighs by now, in how many weighings, and the visit whose it is."""

    visit: str
    plates: tuple[str, ...]
    grams: float
    weighings: int = 1

    def heavier(self, grams: float) -> "Bag":
        """The same bag with something more in it."""
        return Bag(self.visit, self.plates, round(self.grams + grams, 2), self.weighings + 1)

    def stands_on(self, plates: tuple[str, ...]) -> bool:
        """Whether a change on these plates may be the bag's."""
        return bool(set(self.plates) & set(plates))

    def weight(self, loss_g: float, sd_g: float) -> float:
        """Log density of a loss of `loss_g` (positive grams, sd `sd_g` of the scales) if that is the bag."""
        sd = sqrt(1 + self.weighings) * sd_g + MEASURED_G
        return log(exp(-0.5 * min(((loss_g - self.grams) / sd) ** 2, 1000.0)) / (sd * sqrt(2 * pi)) + 1e-300)


Bags = tuple[Bag, ...]
"""Bags that stand on plates, in order."""


def without(bags: Bags, bag: Bag) -> Bags:
    """The bags left when one is taken up."""
    return tuple(one for one in bags if one is not bag)


def with_more(bags: Bags, *more: Bag) -> Bags:
    """The bags and those that are new."""
    return tuple(sorted((*bags, *more)))
