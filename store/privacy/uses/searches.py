"""Visitors searched in a gallery, day by day as the store lives: what is written down and told to whom."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from store.privacy.day import DayRecords, Period
from store.privacy.faces.gallery import Gallery
from store.privacy.faces.matcher import Matcher, Vectors, faces_of
from store.privacy.faces.sensor import ENCOUNTER_S, Capture, best_captures, embed, encounters
from store.privacy.governance.opt_out import spare
from store.privacy.keeping.collect import known_persons, person_of
from store.privacy.keeping.kept_store import KeptStore, Record
from store.privacy.policy import DAY_S, Policy, Search
from store.privacy.uses.rates import GALLERY_SEED


@dataclass(frozen=True, slots=True)
class Probe:
    """A capture that is searched, under the name by which the store files it; `stay`: seconds of presence described."""

    capture: Capture
    person: str
    stay: float


def captures_of(search: Search, policy: Policy, records: DayRecords | Period) -> list[Capture]:
    """The views that a search works on: of the store's cameras, or of an officer's encounters."""
    matcher = Matcher.of(search.preset)
    if search.camera == "body":
        return encounters(records, matcher)
    return best_captures(records, matcher, policy.camera_width_px)


def search_day(
    search: Search, policy: Policy, day: DayRecords, store: KeptStore, seed: int, rng: np.random.Generator
) -> None:
    """Search one day's visitors; write down templates, alerts and disclosures as the policy says."""
    day = spare(policy, day, seed).day_for("face_templates")
    matcher = Matcher.of(search.preset)
    captures = captures_of(search, policy, day)
    probes = [
        probe
        for probe in _probes(search, policy, day, captures)
        if search.of == "everyone" or rng.random() < search.suspected_share
    ]
    asked = [probe.capture for probe in probes]
    store.audit.append(
        store.clock, "query", gallery=search.name, probes=len(asked), of=search.of, recipient=search.recipient or ""
    )
    if not asked:
        return
    gallery = Gallery.open(search.gallery, GALLERY_SEED)
    seen = sorted({capture.subject for capture in captures})
    enrolled = [subject for subject in seen if is_enrolled(subject, search.name, search.enrolled_share, seed)]
    gallery.add(faces_of(enrolled, seed))
    groups = _groups(day, asked, matcher, seed)
    vectors = embed(asked, matcher, seed, rng, groups)
    store.collect("face_templates", _templates(probes, vectors), policy.collects["face_templates"].keep_seconds)
    limits = np.array([matcher.threshold(search.threshold_percent, group) for group in groups])
    scores, found = gallery.search(vectors, 1)
    alerts = [
        (probe, int(entry), float(score))
        for probe, entry, score, limit in zip(probes, found[:, 0], scores[:, 0], limits, strict=True)
        if score >= limit
    ]
    _write(search, store, probes, alerts)


def is_enrolled(subject: str, gallery: str, share: float, seed: int) -> bool:
    """Whether somebody is in a gallery: drawn once from `share`, so that it holds on every day."""
    return _number(f"{seed}/{gallery}/{subject}") < share * 2**64


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def _probes(search: Search, policy: Policy, day: DayRecords, captures: Sequence[Capture]) -> list[Probe]:
    if search.camera == "body":
        number = round(day.opens / DAY_S) + 1
        # An officer's camera knows no visit: each encounter is somebody of whom only a face is known.
        return [Probe(capture, f"encounter-{number}-{n}", ENCOUNTER_S) for n, capture in enumerate(captures)]
    persons = known_persons(policy, day)
    stays: Mapping[str, float] = {visit.visit: visit.closed - visit.opened for visit in day.visits}
    named = [(capture, person_of(persons, capture.track)) for capture in captures]
    return [Probe(capture, person, stays.get(person, 0.0)) for capture, person in named]


def _templates(probes: Sequence[Probe], vectors: Vectors) -> list[Record]:
    """Templates taken of passers-by: nobody was asked."""
    return [
        Record(
            probe.person,
            probe.capture.t,
            probe.stay,
            (probe.capture.track if probe.capture.track >= 0 else None, probe.capture.camera, 0, vector.tobytes()),
        )
        for probe, vector in zip(probes, vectors, strict=True)
    ]


def _groups(day: DayRecords, asked: Sequence[Capture], matcher: Matcher, seed: int) -> list[str]:
    """The group of each subject: the scenario's, else drawn once for all days by the preset's shares."""
    return [
        day.truth.group_of.get(capture.subject)
        or matcher.draw_groups(1, np.random.default_rng(_number(f"{seed}/group/{capture.subject}")))[0]
        for capture in asked
    ]


def _write(
    search: Search, store: KeptStore, asked: Sequence[Probe], alerts: Sequence[tuple[Probe, int, float]]
) -> None:
    recipient = search.recipient or "store"
    rows = [
        Record(probe.person, probe.capture.t, 0.0, (search.name, entry, score, recipient))
        for probe, entry, score in alerts
    ]
    store.collect("alerts", rows, search.keep_alert_seconds)
    told = [(probe, body, "alerts") for body in (search.recipient, *search.abroad) if body for probe, _, _ in alerts]
    if search.recipient is not None and search.probes_leave:
        told += [(probe, search.recipient, "face_templates") for probe in asked]
    if search.recipient is not None or search.abroad:
        records = [Record(probe.person, probe.capture.t, 0.0, (body, kind, search.name)) for probe, body, kind in told]
        store.collect("disclosures", records, search.keep_alert_seconds)
