"""The load cells: one MuJoCo body a plate on a sprung, damped slide, weighed by its force sensor."""

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from sim.errors import BadInput
from sim.mechanics import Scales
from sim.store_places import PlatePlace

GRAVITY = 9.81
_NO_SENSORS = int(mujoco.mjtDisableBit.mjDSBL_SENSOR)
STEPS_HZ = 240.0
"""Physics steps a second, at least: the lightest plate swings at 14 Hz."""


@dataclass(frozen=True, slots=True)
class Press:
    """A hand on a plate: a smooth push (or lift, if negative) of `newton` at its peak, from `start` for `seconds`.

    The peak lasts `hold` seconds, which come on top.
    """

    plate: int
    start: float
    seconds: float
    newton: float
    hold: float = 0.0

    @property
    def end(self) -> float:
        """When the hand has let go."""
        return self.start + self.seconds + self.hold

    def force(self, t: float) -> float:
        """Newtons at time t."""
        since = t - self.start
        peak = self.seconds / 2
        since -= min(max(0.0, since - peak), self.hold)
        share = since / self.seconds
        return float(self.newton * np.sin(np.pi * share) ** 2) if 0 < share < 1 else 0.0


class PlateScales:
    """All plates of a store, stepped together.

    Args:
        plates: the plates, in the order of every array here.
        settings: noise, drift, quantum and mechanics.
        sample_hz: samples a second.
        rng: noise and drift.

    Raises:
        BadInput: there is no plate.
    """

    def __init__(
        self, plates: Sequence[PlatePlace], settings: Scales, sample_hz: int, rng: np.random.Generator
    ) -> None:
        if not plates:
            raise BadInput("scales", "plates", 0, "at least one plate")
        self.settings, self.sample_hz, self._rng = settings, sample_hz, rng
        self._substeps = int(np.ceil(STEPS_HZ / sample_hz))
        self._model = mujoco.MjModel.from_xml_string(_xml(plates, settings, 1.0 / (sample_hz * self._substeps)))
        self._data = mujoco.MjData(self._model)
        self._bodies = np.array([self._model.body(place.id).id for place in plates])
        self._load_kg = np.zeros(len(plates))
        self._presses: list[Press] = []
        self._drift_g = np.zeros(len(plates))
        self._samples = 0
        self._newtons: list[NDArray[np.float64]] = []

    def load(self, plate: int, grams: float) -> None:
        """Puts `grams` on a plate (negative: takes them off); it moves the plate from now on."""
        self._load_kg[plate] += grams / 1000
        self._model.body_mass[self._bodies[plate]] = self.settings.plate_kg + self._load_kg[plate]

    def settle(self) -> None:
        """Lets every plate rest in its balance at once, as before opening."""
        mass = self.settings.plate_kg + self._load_kg
        self._data.qpos[:] = -mass * GRAVITY / self.settings.stiffness
        self._data.qvel[:] = 0

    def press(self, press: Press) -> None:
        """A hand will touch a plate."""
        self._presses.append(press)

    def load_g(self) -> NDArray[np.float64]:
        """(P,) what lies on the plates, grams: the truth."""
        return self._load_kg * 1000

    def advance(self, t: float) -> None:
        """Moves the plates up to time `t` and samples the load cells at every 1 / `sample_hz` on the way."""
        last = int(np.floor(t * self.sample_hz + 1e-6))
        for sample in range(self._samples + 1, last + 1):
            self._step((sample - 1) / self.sample_hz)
            self._newtons.append(self._data.sensordata[2::3].copy())
        self._samples = last
        if self._presses:
            self._presses = [press for press in self._presses if press.end > t]
            self._push(t)

    def readings(self) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """The samples since the last call: times (S,) in seconds and grams relative to tare (S, P)."""
        newtons = np.array(self._newtons, dtype=np.float64).reshape(-1, len(self._bodies))
        self._newtons = []
        times = np.arange(self._samples - len(newtons) + 1, self._samples + 1) / self.sample_hz
        return times, self._read(newtons)

    def _step(self, t: float) -> None:
        """One sample's time; the sensors, which cost half, are computed in its last substep only."""
        options, dt = self._model.opt, self._model.opt.timestep
        options.disableflags |= _NO_SENSORS
        if self._presses:
            for substep in range(self._substeps - 1):
                self._push(t + substep * dt)
                mujoco.mj_step(self._model, self._data)
            self._push(t + (self._substeps - 1) * dt)
        elif self._substeps > 1:
            mujoco.mj_step(self._model, self._data, nstep=self._substeps - 1)
        options.disableflags &= ~_NO_SENSORS
        mujoco.mj_step(self._model, self._data)

    def _push(self, t: float) -> None:
        self._data.xfrc_applied[:, 2] = 0
        for press in self._presses:
            self._data.xfrc_applied[self._bodies[press.plate], 2] -= press.force(t)

    def _read(self, newtons: NDArray[np.float64]) -> NDArray[np.float32]:
        """Amplifier and converter: zero drift, white noise, quantisation."""
        settings = self.settings
        grams = newtons / GRAVITY * 1000 - settings.plate_kg * 1000
        step_sd = settings.drift_g_per_hour * np.sqrt(1.0 / (3600 * self.sample_hz))
        walk = self._rng.normal(0, step_sd, grams.shape).cumsum(axis=0) + self._drift_g
        if len(walk):
            self._drift_g = walk[-1]
        grams = grams + walk + self._rng.normal(0, settings.noise_sd_g, grams.shape)
        if settings.quantum_g > 0:
            grams = np.round(grams / settings.quantum_g) * settings.quantum_g
        out: NDArray[np.float32] = grams.astype(np.float32)
        return out


def _xml(plates: Sequence[PlatePlace], settings: Scales, timestep: float) -> str:
    bodies = "".join(
        f"<body name='{place.id}' pos='{place.centre[0]:.5g} {place.centre[1]:.5g} {place.centre[2]:.5g}'>"
        f"<joint type='slide' axis='0 0 1' stiffness='{settings.stiffness}' damping='{settings.damping}'/>"
        f"<inertial pos='0 0 0' mass='{settings.plate_kg}' diaginertia='.01 .01 .01'/><site name='{place.id}'/></body>"
        for place in plates
    )
    sensors = "".join(f"<force site='{place.id}'/>" for place in plates)
    # Collisions, limits and friction do not occur, so the constraint solver is left out.
    return (
        f"<mujoco><option timestep='{timestep:.9g}' gravity='0 0 -{GRAVITY}' integrator='Euler'>"
        f"<flag contact='disable' constraint='disable'/></option>"
        f"<worldbody>{bodies}</worldbody><sensor>{sensors}</sensor></mujoco>"
    )
