"""The numbers of the fusion, with units and bounds."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class FloorSettings(BaseModel):
    """How observations become tracks on the floor."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    acceleration: float = Field(default=0.8, gt=0, le=20, description="power of random acceleration, m^2/s^3")
    top_speed: float = Field(default=2.2, gt=0, le=10, description="fastest walker inside a store, m/s")
    bias_factor: float = Field(
        default=2.0, ge=1, le=20, description="factor on variances: one camera errs alike for a while"
    )
    gate: float = Field(default=13.8, gt=0, le=200, description="chi square (2 degrees of freedom) of a new pairing")
    member_gate: float = Field(default=30.0, gt=0, le=400, description="the same while the tracklet stays the same")
    gate_m: float = Field(default=1.6, gt=0, le=10, description="greatest distance of a pairing, metres")
    member_bonus: float = Field(default=3.0, ge=0, le=50, description="log odds for a tracklet to stay with its track")
    provisional_cost: float = Field(default=1.0, ge=0, le=50, description="log odds against tracks not yet confirmed")
    greatest_cost: float = Field(default=11.0, gt=0, le=100, description="pairings that cost more are refused")
    appearance_limit: float = Field(default=4.0, ge=0, le=50, description="one look moves log odds by at most this")
    direct_seconds: float = Field(
        default=1.5, gt=0, le=60, description="unseen for longer: found again by re-linking only"
    )
    confirm_ticks: int = Field(
        default=3, ge=1, le=100, description="ticks seen before a track at an entrance is believed"
    )
    opening_seconds: float = Field(
        default=1.0, ge=0, le=60, description="who is seen so soon after the first tick was there before, not at a door"
    )
    relink_ticks: int = Field(default=4, ge=1, le=100, description="ticks seen before a lost track is looked for")
    vouching_ticks: int = Field(
        default=2, ge=0, le=100, description="ticks of a second camera that make a track likely"
    )
    lonely_ticks: int = Field(default=10, ge=1, le=1000, description="ticks that one camera alone needs instead")
    intruder_seconds: float = Field(
        default=2.0, gt=0, le=60, description="seen by two cameras for so long: believed anywhere"
    )
    loner_seconds: float = Field(default=20.0, gt=0, le=600, description="the same for one camera, if it walks")
    loner_metres: float = Field(default=1.0, gt=0, le=100, description="how far it must have walked")
    provisional_patience: float = Field(
        default=0.6, gt=0, le=60, description="seconds unseen that end a provisional track"
    )
    exit_patience: float = Field(default=1.0, gt=0, le=60, description="seconds unseen at an entrance that end a track")
    memory_seconds: float = Field(default=300.0, gt=0, le=86400, description="how long a lost track is looked for")
    ended_seconds: float = Field(default=15.0, ge=0, le=3600, description="how long an ended one may come back")
    coast_seconds: float = Field(default=1.0, ge=0, le=60, description="unseen walkers are still reported for so long")
    hold_seconds: float = Field(default=4.0, ge=0, le=600, description="unseen people who stood still, for so long")
    still_speed: float = Field(default=0.35, ge=0, le=5, description="slower counts as standing still, m/s")
    merge_m: float = Field(default=0.7, gt=0, le=5, description="tracks closer than this may be one person, metres")
    merge_ticks: int = Field(default=4, ge=1, le=1000, description="after so many ticks without being seen as two")
    contact_m: float = Field(default=1.0, gt=0, le=5, description="people closer than this may be confused, metres")
    contact_seconds: float = Field(
        default=10.0, gt=0, le=600, description="how long a confusion is looked for afterwards"
    )
    swap_margin: float = Field(default=4.0, gt=0, le=100, description="log odds for two identities to be exchanged")
    audit_seconds: float = Field(
        default=1.0, gt=0, le=60, description="how often everybody is held against everybody's looks"
    )
    audit_times: int = Field(default=3, ge=1, le=100, description="so many times running before it is believed")
    audit_margin: float = Field(default=3.0, gt=0, le=100, description="log odds for identities to move")
    audit_rival: float = Field(default=0.5, ge=0, le=100, description="log odds against it after a contact")
    audit_stranger: float = Field(default=3.0, ge=0, le=100, description="the same without one")
    audit_intruder: float = Field(
        default=4.0, ge=0, le=100, description="log odds against being somebody who never came in"
    )
    ghost_looks: int = Field(
        default=200, ge=0, le=100000, description="looks that make one who never came in worth remembering"
    )
    max_tracks: int = Field(
        default=200, ge=2, le=10000, description="bound on remembered tracks; the oldest lost go first"
    )
