"""What scripted shoppers do, action by action, and what lies in a wrong place at opening: validated configuration."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sim.configuration import FieldError, Name, Settings


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


class HandOver(Settings):
    """Give items to another shopper, standing face to face."""

    do: Literal["hand_over"]
    at: float | None = Field(default=None, ge=0, description="second of the hand-over, at the earliest")
    product: str = Field(description="id of a product that the shopper has by then")
    to: Name = Field(description="id of a scripted shopper")


class Wait(Settings):
    """Stand still."""

    do: Literal["wait"]
    at: float | None = Field(default=None, ge=0, description="second at which the waiting begins, at the earliest")
    seconds: float = Field(ge=0, le=3600)


class Walk(Settings):
    """Walk to a point of the floor."""

    do: Literal["walk"]
    at: float | None = Field(default=None, ge=0, description="second of setting out, at the earliest")
    x: float = Field(description="metres, floor frame")
    y: float = Field(description="metres, floor frame")


Action = Annotated[Pick | PutBack | HandOver | Wait | Walk, Field(discriminator="do")]


class ScriptedShopper(Settings):
    """Somebody who does exactly what is written, in that order."""

    id: Name
    party: Name | None = Field(default=None, description="shoppers of one party share a token; none: alone")
    arrive: float = Field(default=1.0, ge=0, le=86_400, description="seconds from opening, at the earliest")
    age_group: Literal["child", "adult", "elder"] = "adult"
    actions: tuple[Action, ...] = ()


class MisplacedAtOpening(Settings):
    """Items that already lie at a place which is not their product's own when the store opens."""

    product: str = Field(description="id of a product of the store")
    gondola: str
    shelf: int = Field(ge=1, le=40)
    plates: tuple[int, ...] = Field(min_length=1)
    quantity: int = Field(default=1, ge=1, le=20)
