"""How people behave after the visit, as scenario fields: who reviews receipts, and who disputes them.

Published figures stand in the fields' descriptions with their source; what is our own choice says so.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from store.disputes import DisputeRules
from store.handing import HandOverRule

Share = Annotated[float, Field(ge=0, le=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReviewDesk(_Model):
    """The people who look at receipts that the store is not sure of, and at disputes, one after the other."""

    below: Share = Field(default=0.85, description="receipts less sure than this are reviewed; our choice")
    reviewers: int = Field(default=1, ge=1, le=1000, description="how many work at once")
    pick_up_s: float = Field(
        default=60.0, ge=0, le=86_400, description="from the receipt until its clips lie before a reviewer; our choice"
    )
    work_s: float = Field(
        default=30.0,
        gt=0,
        le=3600,
        description="median seconds of work a receipt; none published, 30 s is the placeholder of docs/figures.md",
    )
    work_sigma: float = Field(default=0.5, ge=0, le=2, description="log standard deviation of that; our choice")
    wage_cents_per_hour: float = Field(
        default=1500.0, ge=0, le=100_000, description="15 dollars an hour, as at a cash desk (11 to 20, 2009-2025)"
    )
    misses: Share = Field(
        default=0.05, description="of wrong receipts and true disputes, those judged wrongly; none published, a knob"
    )
    spoils: Share = Field(
        default=0.01, description="of right receipts and false disputes, those judged wrongly; none published, a knob"
    )


class AfterVisit(_Model):
    """What shoppers do about their receipts."""

    notices: Share = Field(
        default=0.5, description="of visits charged too much, those whose shopper disputes it; none published, a knob"
    )
    disputes_falsely: Share = Field(
        default=0.005,
        description="of visits with items, those whose shopper disputes something truly taken: about half (46 %, "
        "Chargebacks911 2019, cuinsight.com) of chargebacks at 1 % of sales, from which on card networks call a shop "
        "risky (a quarter of merchants are above: Kount 2018)",
    )
    delay_median_s: float = Field(
        default=6 * 3600.0, gt=0, le=1e8, description="from the receipt to the dispute, median; our choice"
    )
    delay_sigma: float = Field(default=1.5, ge=0, le=4, description="log standard deviation of that; our choice")
    sends_twice: Share = Field(default=0.02, description="of requests, those sent twice by a slow phone; our choice")
    appeals: Share = Field(default=0.3, description="of rejected disputes, those made again; our choice")
    rules: DisputeRules = DisputeRules()


class HandOvers(_Model):
    """Who pays for what one shopper gives another in the store; receipts are scored by the same rule."""

    rule: HandOverRule = Field(
        default="carrier-pays", description="picker-pays, carrier-pays, or party-pays: on the carrier's family's bill"
    )
    handed: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="probability that the store gives to an item having passed when hands of two met and something was "
        "seen in them; 0: it does not look for hand-overs, and carrier-pays fails where they happen",
    )
    families: dict[str, str] = Field(
        default={}, description="for party-pays: party of a token to the party that pays for it; others pay themselves"
    )
