"""How a scenario lights its store: the level, how it shifts during a run, and the noise of cameras in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from sim.configuration import FieldError

_LEAST_CHANGE = 0.025
"""Of brightness, or a tenth of it in the other two: pictures of the empty store are drawn anew from this change on."""


@dataclass(frozen=True, slots=True)
class LightLevel:
    """The light of an instant, by its differences from the store plan's; see `LightChange` for the fields."""

    brightness: float = 1.0
    warmth: float = 0.0
    slant: float = 0.0

    def differs(self, other: LightLevel) -> bool:
        """Whether anybody could see the difference."""
        brighter = abs(self.brightness / other.brightness - 1)
        return max(brighter, 0.1 * abs(self.warmth - other.warmth), 0.1 * abs(self.slant - other.slant)) > _LEAST_CHANGE

    def tint(self) -> NDArray[np.float64]:
        """(3,) factors on red, green and blue."""
        return self.brightness * np.array([1 + 0.1 * self.warmth, 1.0, 1 - 0.15 * self.warmth])

    def lamp_shares(self, across: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N,) factors on lamps that hang at `across` (N,), 0 at the west wall and 1 at the east wall."""
        return np.asarray(np.maximum(0.0, 1 + self.slant * (2 * across - 1)), np.float64)


class LightChange(BaseModel):
    """The light at one time; between two of them it shifts evenly."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: float = Field(ge=0, le=86_400, description="seconds from opening")
    brightness: float = Field(default=1.0, ge=0.05, le=2, description="factor on the store's own")
    warmth: float = Field(default=0.0, ge=-1, le=1, description="-1 bluish, 1 yellowish")
    slant: float = Field(default=0.0, ge=-1, le=1, description="-1 all light from the west, 1 from the east, as by day")


class Light(BaseModel):
    """Light and cameras' noise of a run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    noise_sd: float = Field(default=3.0, ge=0, le=40, description="sensor noise, grey levels; more in the dark")
    changes: tuple[LightChange, ...] = Field(default=(), description="in order of time; none: as in the store's plan")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for index, (before, after) in enumerate(zip(self.changes, self.changes[1:], strict=False), start=1):
            if after.at <= before.at:
                raise FieldError(f"changes.{index}.at", after.at, f"later than the change before, {before.at:g}")
        return self

    def level(self, t: float) -> LightLevel:
        """The light at `t` seconds; before the first change as at the first, after the last as at the last."""
        if not self.changes:
            return LightLevel()
        times = [change.at for change in self.changes]
        values = ([getattr(change, field) for change in self.changes] for field in ("brightness", "warmth", "slant"))
        return LightLevel(*(float(np.interp(t, times, column)) for column in values))
