"""People who opt out: who they are, what a store may nevertheless write down about them, and how it knows them."""

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from store.privacy.day import DayRecords, VisitRecord
from store.privacy.faces.matcher import Matcher, Vectors, faces_of
from store.privacy.faces.sensor import Capture, best_captures, embed
from store.privacy.policy import DataType, Policy

LIST_PRESET = "2025-median"
"""Matcher of an opt-out list where the policy names none."""
SHOW_EVERYBODY: tuple[DataType, ...] = ("frames", "counts")
"""Kinds of records of the whole store: nobody can be left out of them."""


def opted_out(policy: Policy, visit: VisitRecord, seed: int) -> bool:
    """Whether a visit's party opts out: drawn once for each account from the policy's share.

    So it holds on all days, and with one seed the same accounts opt out under every policy of the same share.
    """
    if policy.opt_out is None:
        return False
    digest = hashlib.sha256(f"opt-out/{seed}/{visit.account or visit.visit}".encode()).digest()
    return int.from_bytes(digest[:8]) < policy.opt_out.share * 2**64


@dataclass(frozen=True, slots=True)
class Spared:
    """A day with the people who opted out of it.

    `full`: everybody who was inside. `without`: nobody who opted out and is known to have. `made`: templates that had
    to be made to know who opted out, with their embeddings, and are not kept.
    """

    policy: Policy
    full: DayRecords
    without: DayRecords
    made: tuple[tuple[Capture, Vectors], ...] = ()

    def day_for(self, kind: DataType) -> DayRecords:
        """The day of which the store may write down records of this kind: cameras and counts show everybody inside."""
        rule = self.policy.opt_out
        if rule is None or kind in SHOW_EVERYBODY:
            return self.full
        spared = rule.collection == "nothing" or (rule.collection == "no_templates" and kind == "face_templates")
        return self.without if spared else self.full


def spare(policy: Policy, day: DayRecords, seed: int) -> Spared:
    """The day as a policy may write it down: the same day and seed always give the same.

    Where faces say who opted out, each face is matched with a list of theirs, and who is missed is recorded.
    """
    rule = policy.opt_out
    if rule is None:
        return Spared(policy, day, day)
    out = {visit.visit for visit in day.visits if opted_out(policy, visit, seed)}
    made: tuple[tuple[Capture, Vectors], ...] = ()
    if rule.recognised_by == "face":
        out, made = _recognised(policy, day, out, seed)
    if not out:
        return Spared(policy, day, day, made)
    without = _without(day, out)
    if rule.billing == "turned_away":
        without = replace(without, receipts=tuple(row for row in without.receipts if row.visit))
        return Spared(policy, without, without, made)
    return Spared(policy, day, without, made)


def _recognised(
    policy: Policy, day: DayRecords, out: set[str], seed: int
) -> tuple[set[str], tuple[tuple[Capture, Vectors], ...]]:
    """The visits whose face matched the list, and the templates that only this needed.

    Where every face is a template anyway, those are the ones that the list matched: the others are kept and counted.
    """
    rng = np.random.default_rng([seed, int(day.opens)])
    matcher = Matcher.of(policy.identification.preset or LIST_PRESET)
    captures = best_captures(day, matcher, policy.camera_width_px)
    if not captures:
        return set(), ()
    visit_of = {track: visit.visit for visit in day.visits for track in visit.tracks}
    probes = embed(captures, matcher, seed, rng)
    listed = sorted({capture.subject for capture in captures if visit_of.get(capture.track) in out})
    scores = (probes @ faces_of(listed, seed).T).max(axis=1, initial=-1.0)
    hit = {capture.track for capture, score in zip(captures, scores, strict=True) if score >= matcher.threshold()}
    everywhere = policy.identification.where == "everywhere"
    made = (
        (capture, probe)
        for capture, probe in zip(captures, probes, strict=True)
        if capture.track in hit or not everywhere
    )
    return {visit_of[track] for track in hit if track in visit_of}, tuple(made)


def _without(day: DayRecords, out: set[str]) -> DayRecords:
    """The day without these visits; their receipts lose the name."""
    tracks = {track for visit in day.visits if visit.visit in out for track in visit.tracks}
    bodies, body_vectors = _rows(day.bodies, day.body_vectors, tracks)
    poses, pose_points = _rows(day.poses, day.pose_points, tracks)
    return replace(
        day,
        visits=tuple(visit for visit in day.visits if visit.visit not in out),
        receipts=tuple(replace(row, visit="", account=None) if row.visit in out else row for row in day.receipts),
        positions=_others(day.positions, tracks),
        faces=_others(day.faces, tracks),
        bodies=bodies,
        body_vectors=body_vectors,
        crops=None if day.crops is None else _others(day.crops, tracks),
        poses=poses,
        pose_points=pose_points,
    )


def _others(table: pd.DataFrame, tracks: set[int]) -> pd.DataFrame:
    return table[~table["track"].isin(list(tracks))].reset_index(drop=True)


def _rows(
    table: pd.DataFrame | None, vectors: npt.NDArray[np.float32] | None, tracks: set[int]
) -> tuple[pd.DataFrame | None, npt.NDArray[np.float32] | None]:
    if table is None:
        return None, vectors
    kept = ~table["track"].isin(list(tracks)).to_numpy()
    return table[kept].reset_index(drop=True), None if vectors is None else vectors[kept]
