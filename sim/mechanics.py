"""How people walk, how hands move and how plates weigh, as validated configuration."""

from pydantic import Field

from sim.configuration import Settings


class Walking(Settings):
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


class Hands(Settings):
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


class Scales(Settings):
    """The load cells under the plates: MuJoCo bodies on sprung, damped slides."""

    noise_sd_g: float = Field(default=1.0, ge=0, le=50, description="white noise of a sample, grams; our choice")
    drift_g_per_hour: float = Field(default=5.0, ge=0, le=500, description="sd of the zero's random walk after an hour")
    quantum_g: float = Field(default=0.5, ge=0, le=50, description="readings are multiples of this; 0 for none")
    stiffness: float = Field(default=12_000.0, ge=1_000, le=1_000_000, description="newtons a metre")
    damping: float = Field(default=160.0, ge=10, le=5_000, description="newton seconds a metre; settles 6 kg in 0.3 s")
    plate_kg: float = Field(default=1.5, ge=0.05, le=20, description="the plate itself, tared")
    item_sd: float = Field(default=0.01, ge=0, le=0.3, description="spread of real items about the product's weight")
