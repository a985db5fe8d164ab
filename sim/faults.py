"""What can go wrong with a store's cameras during a run, as validated configuration; `sim.faulty_cameras` does it."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sim.configuration import FieldError


class _Fault(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    camera: str = Field(description="name of a camera in use")
    at: float = Field(default=0.0, ge=0, le=86_400, description="seconds from opening at which it begins")


class Down(_Fault):
    """The camera gives no pictures for a while."""

    kind: Literal["down"]
    seconds: float | None = Field(default=None, gt=0, le=86_400, description="how long; none: to the end")


class Knock(_Fault):
    """Somebody knocks the camera: from then on it looks elsewhere, and nobody tells the tracker."""

    kind: Literal["knock"]
    pan_deg: float = Field(default=0.0, ge=-90, le=90, description="about the vertical, to the left positive")
    tilt_deg: float = Field(default=0.0, ge=-90, le=90, description="upwards positive")
    roll_deg: float = Field(default=0.0, ge=-180, le=180, description="about the optical axis, clockwise positive")

    @model_validator(mode="after")
    def _turns(self) -> Self:
        if not (self.pan_deg or self.tilt_deg or self.roll_deg):
            raise FieldError("pan_deg", 0, "another angle than 0 here, in tilt_deg or in roll_deg")
        return self


class Clock(_Fault):
    """The camera's clock is wrong: its picture for a tick shows the world of another moment."""

    kind: Literal["clock"]
    late_by: float = Field(ge=-5, le=5, description="seconds by which its pictures are older than their tick says")
    seconds: float | None = Field(default=None, gt=0, le=86_400, description="how long; none: to the end")


class Drops(_Fault):
    """Pictures get lost on the way, each by chance."""

    kind: Literal["drops"]
    share: float = Field(gt=0, le=1, description="of the pictures that get lost")
    seconds: float | None = Field(default=None, gt=0, le=86_400, description="how long; none: to the end")


Fault = Annotated[Down | Knock | Clock | Drops, Field(discriminator="kind")]


def fault_end(fault: Fault) -> float:
    """Seconds from opening at which a fault is over; infinity where it stays."""
    seconds = None if isinstance(fault, Knock) else fault.seconds
    return float("inf") if seconds is None else fault.at + seconds


def check_times(faults: tuple[Fault, ...], seconds: float) -> None:
    """Refuses faults that a run of `seconds` never sees, or not whole.

    Raises:
        FieldError: the first such field.
    """
    for index, fault in enumerate(faults):
        if fault.at >= seconds:
            raise FieldError(f"faults.{index}.at", fault.at, f"before the run's end at {seconds:g} seconds")
        if seconds < fault_end(fault) < float("inf"):
            most = f"at most {seconds - fault.at:g}, or no such field for the rest of the run"
            raise FieldError(f"faults.{index}.seconds", fault_end(fault) - fault.at, most)
