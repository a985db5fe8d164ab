"""Who came in without a scan: guests, and whether they belong to those behind whom they came in.

A family of which one shows the token is one purchase; somebody who slips in behind a stranger is not. The gate cannot
tell them apart, and neither can where they stand during the first seconds. What tells is the rest of the visit: people
who belong together are near each other again and again, and leave one right behind the other. Both are weighed as
likelihoods, so that a guest who keeps apart, or leaves at another time, stays a guest.

A person looks at every bill that has a guest's things on it, and at that of a visit to which one may have belonged
after all. A thief who keeps at somebody's side from gate to gate for a minute is taken for company. Staff have no token
either and are guests too: what they bring to the shelves was in nobody's cart.
"""

from dataclasses import dataclass
from math import exp, log

from pydantic import BaseModel, ConfigDict, Field

from store.visit import Member
from store.whereabouts import distance


class CompanySettings(BaseModel):
    """How togetherness speaks.

    On two simulated busy days (28 pairs of one party, 189 of two) parties were near each other for 90 % of the time and
    others for 19 %, and left 6 s and 28 s apart in the mean. `companions` is our choice: nobody pays for a stranger.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    behind_s: float = Field(default=4.0, ge=0, le=60, description="passages so soon after another: right behind")
    companions: float = Field(
        default=0.1, gt=0, lt=1, description="share of those without a scan right behind others who belong to them"
    )
    near_m: float = Field(default=1.5, gt=0, le=10, description="so near are people who are together, metres")
    entry_s: float = Field(default=10.0, ge=0, le=60, description="first seconds inside, in which all are near anyway")
    look_s: float = Field(default=5.0, gt=0, le=600, description="who is near now still is within so many seconds")
    near: float = Field(default=0.8, gt=0, lt=1, description="share of the time in which companions are near")
    near_strangers: float = Field(default=0.2, gt=0, lt=1, description="the same for people who do not belong together")
    leave_s: float = Field(default=6.0, gt=0, le=600, description="companions leave so far apart in the mean, seconds")
    strangers_leave_s: float = Field(default=20.0, gt=0, le=3600, description="strangers, in a small shop, seconds")
    belongs: float = Field(default=0.95, gt=0, lt=1, description="least probability of a guest who belongs to a visit")
    wait: float = Field(default=0.1, gt=0, lt=1, description="a bill waits for guests so likely to belong to it")


@dataclass(slots=True)
class Guest:
    """Somebody without a scan: `visit` names whom the cameras follow, `host` the visit behind which they came, if any.

    `near_s` and `apart_s` are the seconds in which both were seen inside, near each other or not; `settled` says that
    it is decided whose they are.
    """

    visit: str
    host: str | None
    near_s: float = 0.0
    apart_s: float = 0.0
    settled: bool = False

    def seen(self, own: Member, hosts: list[Member], seconds: float, settings: CompanySettings) -> None:
        """Counts `seconds` in which the guest (`own`) and some of the host's members were followed."""
        if not hosts or own.seen < own.entered + settings.entry_s:
            return
        if min(distance(own.x, own.y, one.x, one.y) for one in hosts) < settings.near_m:
            self.near_s += seconds
        else:
            self.apart_s += seconds

    def belongs(self, apart_s: float, both_left: bool, settings: CompanySettings) -> float:
        """Probability of belonging to the host if they left `apart_s` seconds apart, or one has been gone so long."""
        near = log(settings.near / settings.near_strangers)
        apart = log((1 - settings.near) / (1 - settings.near_strangers))
        left = apart_s / settings.strangers_leave_s - apart_s / settings.leave_s
        if both_left:
            left = log(settings.strangers_leave_s / settings.leave_s) - apart_s / settings.leave_s
        before = log(settings.companions / (1 - settings.companions))
        odds = before + (self.near_s * near + self.apart_s * apart) / settings.look_s + left
        return 1 / (1 + exp(-max(min(odds, 50.0), -50.0)))
