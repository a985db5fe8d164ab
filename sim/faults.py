"""What can go wrong in a store during a run, as validated configuration.

`sim.faulty_cameras` does it to cameras, `sim.faulty_plates` to plates, `sim.faulty_gates` to scans. The store is told
none of it.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sim.configuration import FieldError


class _Fault(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    at: float = Field(default=0.0, ge=0, le=86_400, description="seconds from opening at which it begins")


class _CameraFault(_Fault):
    camera: str = Field(description="name of a camera in use")


class _PlateFault(_Fault):
    plate: str = Field(description="id of a plate, GONDOLA-SHELF-NUMBER")
    seconds: float | None = Field(default=None, gt=0, le=86_400, description="how long; none: to the end")


class _GateFault(_Fault):
    gate: str = Field(description="id of a gate by which people come in")


class Down(_CameraFault):
    """The camera gives no pictures for a while."""

    kind: Literal["down"]
    seconds: float | None = Field(default=None, gt=0, le=86_400, description="how long; none: to the end")


class Knock(_CameraFault):
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


class Clock(_CameraFault):
    """The camera's clock is wrong: its picture for a tick shows the world of another moment."""

    kind: Literal["clock"]
    late_by: float = Field(ge=-5, le=5, description="seconds by which its pictures are older than their tick says")
    seconds: float | None = Field(default=None, gt=0, le=86_400, description="how long; none: to the end")


class Drops(_CameraFault):
    """Pictures get lost on the way, each by chance."""

    kind: Literal["drops"]
    share: float = Field(gt=0, le=1, description="of the pictures that get lost")
    seconds: float | None = Field(default=None, gt=0, le=86_400, description="how long; none: to the end")


class PlateDead(_PlateFault):
    """A plate gives no samples."""

    kind: Literal["plate_dead"]


class PlateSticks(_PlateFault):
    """A plate hangs: it repeats the last sample, whatever lies on it."""

    kind: Literal["plate_sticks"]


class PlateDrift(_PlateFault):
    """A plate's zero moves on evenly; what it has moved by then stays."""

    kind: Literal["plate_drift"]
    grams_per_minute: float = Field(ge=-10_000, le=10_000, description="how fast; not 0")

    @model_validator(mode="after")
    def _moves(self) -> Self:
        if not self.grams_per_minute:
            raise FieldError("grams_per_minute", 0, "another speed than 0")
        return self


class ScanLost(_GateFault):
    """Scans at a gate do not reach the store; the gate opens all the same."""

    kind: Literal["scan_lost"]
    count: int = Field(default=1, ge=1, le=1000, description="how many scans from then on")


class ScanTwice(_GateFault):
    """Scans at a gate reach the store twice."""

    kind: Literal["scan_twice"]
    count: int = Field(default=1, ge=1, le=1000, description="how many scans from then on")
    apart: float = Field(default=0.3, ge=0, le=30, description="seconds from the one to the other")


class ScansAtOnce(_GateFault):
    """The store gets the scans of a gate bundled: those within some seconds all come at their end, at one time."""

    kind: Literal["scans_at_once"]
    within: float = Field(gt=0, le=60, description="seconds in which scans are held back from `at` on")


CameraFault = Down | Knock | Clock | Drops
PlateFault = PlateDead | PlateSticks | PlateDrift
GateFault = ScanLost | ScanTwice | ScansAtOnce
Fault = Annotated[CameraFault | PlateFault | GateFault, Field(discriminator="kind")]


def fault_end(fault: CameraFault | PlateFault | GateFault) -> float:
    """Seconds from opening at which a fault is over; infinity where it stays, or ends with a count of scans."""
    if isinstance(fault, ScansAtOnce):
        return fault.at + fault.within
    seconds = None if isinstance(fault, Knock | ScanLost | ScanTwice) else fault.seconds
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
            name = "within" if isinstance(fault, ScansAtOnce) else "seconds"
            rest = "" if name == "within" else ", or no such field for the rest of the run"
            raise FieldError(
                f"faults.{index}.{name}", fault_end(fault) - fault.at, f"at most {seconds - fault.at:g}{rest}"
            )
