"""Made-up periods for the tests of uses: with children of stated age, with an officer walking through, cut to size."""

from dataclasses import replace

import numpy as np
import pandas as pd

from store.privacy import DayRecords, Period, Policy, load_policy
from store.privacy.day import BODY_CAMERA
from store.privacy.policy import Collect


def shrunk(name: str, largest: int = 20_000, **changes: object) -> Policy:
    """A built-in policy with galleries of at most `largest` people, and nobody who opts out."""
    policy = load_policy(name)
    if policy.opt_out is not None:
        policy = policy.model_copy(update={"opt_out": policy.opt_out.model_copy(update={"share": 0.0})})
    searches = tuple(row.model_copy(update={"gallery": min(row.gallery, largest)}) for row in policy.searches)
    return policy.model_copy(update={"searches": searches, **changes})


def keeping(policy: Policy, **kept: float) -> Policy:
    """The policy with these kinds of data kept for so many seconds instead."""
    rules = {kind: Collect(keep_seconds=seconds) for kind, seconds in kept.items()}
    return policy.model_copy(update={"collects": {**policy.collects, **rules}})


def with_children(period: Period, children: set[str]) -> Period:
    """The same days, on which these people are children: shorter, and of that age by the truth."""
    return Period(tuple(_with_children(day, children) for day in period.days))


def _with_children(day: DayRecords, children: set[str]) -> DayRecords:
    points = np.array(day.pose_points)
    points[day.poses["track"].map(day.truth.subject_of_track).isin(children).to_numpy(), :, 1] *= 0.65
    ages = {name: "child" if name in children else "adult" for name in day.truth.household_of}
    return replace(day, pose_points=points, truth=replace(day.truth, age_group_of=ages))


def with_officer(period: Period) -> Period:
    """The same days, on which an officer meets everybody whom cam0 saw, closely and without a tracker."""
    return Period(tuple(_with_officer(day) for day in period.days))


def _with_officer(day: DayRecords) -> DayRecords:
    seen = day.faces[day.faces["camera"] == "cam0"]
    met = seen.assign(
        camera=BODY_CAMERA, track=-1, face_px=60.0, yaw_deg=10.0, pitch_deg=5.0, occluded=0.0, blur_px=0.5
    )
    return replace(day, faces=pd.concat([day.faces, met], ignore_index=True))
