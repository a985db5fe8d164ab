"""Visitors searched in a gallery: the day's own searches, and as many again as an error rate needs."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import numpy.typing as npt

from store.privacy.day import DayRecords, Period
from store.privacy.faces.gallery import Gallery
from store.privacy.faces.matcher import Matcher, faces_of, strangers
from store.privacy.faces.sensor import Capture, best_captures, embed
from store.privacy.figures import Figure
from store.privacy.governance.opt_out import spare
from store.privacy.intervals import wilson
from store.privacy.keeping.collect import known_persons, person_of, template_records
from store.privacy.keeping.kept_store import KeptStore, Record
from store.privacy.policy import DAY_S, Policy, Search

GALLERY_SEED = 2018
"""Strangers of a size are the same in every run, so that their index is built once."""
COMPARISONS = 72_000_000
"""Comparisons spent on one error rate; some two seconds on a core."""
WEEKLY_VISITS = 52
CHECKS = 200
"""Searches that check a rate too low to be measured."""
FEW = 10
"""Fewer wrong matches than this say little: the preset's formula gives the rate instead."""


@dataclass(frozen=True, slots=True)
class SearchOutcome:
    """What a search does per 1,000 visits (w, with interval), and how it was found out."""

    name: str
    searched: float
    wrong: float
    wrong_low: float
    wrong_high: float
    right: float
    missed: float
    fairness: float
    search_ms: float
    expected_only: bool
    note: str


def search_day(
    search: Search, policy: Policy, day: DayRecords, store: KeptStore, seed: int, rng: np.random.Generator
) -> None:
    """Search one day's visitors; write down templates, alerts and disclosures as the policy says."""
    day = spare(policy, day, seed).day_for("face_templates")
    matcher = Matcher.of(search.preset)
    captures = best_captures(day, matcher, policy.camera_width_px)
    gallery = Gallery.open(search.gallery, GALLERY_SEED)
    persons = known_persons(policy, day)
    stays = {visit.visit: visit.closed - visit.opened for visit in day.visits}
    asked = [capture for capture in captures if search.of == "everyone" or rng.random() < search.suspected_share]
    seen = sorted({capture.subject for capture in captures})
    enrolled = [subject for subject in seen if is_enrolled(subject, search.name, search.enrolled_share, seed)]
    ids = gallery.add(faces_of(enrolled, seed))
    store.audit.append(
        store.clock, "query", gallery=search.name, probes=len(asked), of=search.of, recipient=search.recipient or ""
    )
    if asked:
        probes = embed(asked, matcher, seed, rng)
        rule = policy.collects["face_templates"]
        store.collect("face_templates", template_records(asked, probes, persons, stays), rule.keep_seconds)
        groups = _groups(day, asked, matcher, rng)
        limits = np.array([matcher.threshold(search.threshold_percent, group) for group in groups])
        scores, found = gallery.search(probes, 1)
        alerts = [
            (capture, int(entry), float(score))
            for capture, entry, score, limit in zip(asked, found[:, 0], scores[:, 0], limits, strict=True)
            if score >= limit
        ]
        _write(search, store, persons, asked, alerts)
    gallery.remove(ids)


def is_enrolled(subject: str, gallery: str, share: float, seed: int) -> bool:
    """Whether somebody is in a gallery: drawn once from `share`, so that it holds on every day."""
    digest = hashlib.sha256(f"{seed}/{gallery}/{subject}".encode()).digest()
    return int.from_bytes(digest[:8]) < share * 2**64


def _groups(day: DayRecords, asked: Sequence[Capture], matcher: Matcher, rng: np.random.Generator) -> list[str]:
    drawn = matcher.draw_groups(len(asked), rng)
    return [day.truth.group_of.get(capture.subject, group) for capture, group in zip(asked, drawn, strict=True)]


def _write(
    search: Search,
    store: KeptStore,
    persons: Mapping[int, str],
    asked: Sequence[Capture],
    alerts: Sequence[tuple[Capture, int, float]],
) -> None:
    recipient = search.recipient or "store"
    rows = [
        Record(person_of(persons, capture.track), capture.t, 0.0, (search.name, entry, score, recipient))
        for capture, entry, score in alerts
    ]
    store.collect("alerts", rows, search.keep_alert_seconds)
    if search.recipient is not None:
        sent = [(capture, "alerts") for capture, _, _ in alerts]
        sent += [(capture, "face_templates") for capture in asked] if search.probes_leave else []
        told = [
            Record(person_of(persons, capture.track), capture.t, 0.0, (search.recipient, kind, search.name))
            for capture, kind in sent
        ]
        store.collect("disclosures", told, search.keep_alert_seconds)


def measure_search(search: Search, policy: Policy, period: Period, rng: np.random.Generator) -> SearchOutcome:
    """Rates from fresh faces with the day's own losses of quality; enrolled and other visitors apart, then mixed."""
    matcher = Matcher.of(search.preset)
    captures = best_captures(period, matcher, policy.camera_width_px)
    gallery = Gallery.open(search.gallery, GALLERY_SEED)
    asked_share = 1.0 if search.of == "everyone" else search.suspected_share
    searched = asked_share * len(captures) / len(period.visits) * 1000
    seen = min(1.0, len({(c.subject, c.t // DAY_S) for c in captures}) / max(1, period.people))
    percent = search.threshold_percent
    rate, low, high, few = _wrong_rate(search, matcher, gallery, rng)
    found, confused = _enrolled_rates(search, matcher, gallery, captures, rng)
    apart, inside = 1 - search.enrolled_share, search.enrolled_share
    by_group = [matcher.wrong_rate(search.gallery, percent, row.name) for row in matcher.preset.groups]
    return SearchOutcome(
        name=search.name,
        searched=searched,
        wrong=searched * (apart * rate + inside * confused),
        wrong_low=searched * (apart * low + inside * confused),
        wrong_high=searched * (apart * high + inside * confused),
        right=searched * inside * found,
        missed=1.0 - asked_share * seen * found,
        fairness=max(by_group) / float(np.exp(np.mean(np.log(by_group)))),
        search_ms=search_ms(gallery, rng),
        expected_only=few,
        note="; ".join(
            f"{row.name}: {share * 1000:.3g} of 1,000 searches"
            for row, share in zip(matcher.preset.groups, by_group, strict=True)
        ),
    )


def _wrong_rate(
    search: Search, matcher: Matcher, gallery: Gallery, rng: np.random.Generator
) -> tuple[float, float, float, bool]:
    expected = matcher.wrong_rate(search.gallery, search.threshold_percent)
    count = int(np.clip(COMPARISONS // search.gallery, 100, 2000))
    count = count if count * expected >= FEW else CHECKS
    limits = _limits(search, matcher, count, rng)
    # A stranger's probe is a random direction at any quality: only enrolled people have a genuine score to lose.
    wrong = int(np.sum(gallery.search(strangers(count, rng), 1)[0][:, 0] >= limits))
    low, high = wilson(wrong, count)
    if wrong >= FEW:
        return wrong / count, low, high, False
    return expected, 0.0, high, True


def _limits(search: Search, matcher: Matcher, count: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    by_group = {row.name: matcher.threshold(search.threshold_percent, row.name) for row in matcher.preset.groups}
    return np.array([by_group[group] for group in matcher.draw_groups(count, rng)])


def _enrolled_rates(
    search: Search, matcher: Matcher, gallery: Gallery, captures: Sequence[Capture], rng: np.random.Generator
) -> tuple[float, float]:
    """Of searches of enrolled people: share that names them, share that names somebody else."""
    if not captures:
        return 0.0, 0.0
    count = int(np.clip(COMPARISONS // search.gallery // 3, 50, 500))
    faces = strangers(count, rng)
    ids = np.array(gallery.add(faces))
    losses = rng.choice([capture.loss for capture in captures], count)
    scores, found = gallery.search(matcher.capture(faces, losses, rng), 1)
    alert = scores[:, 0] >= _limits(search, matcher, count, rng)
    gallery.remove(list(ids))
    right = alert & (found[:, 0] == ids)
    return float(right.mean()), float((alert & ~right).mean())


def search_ms(gallery: Gallery, rng: np.random.Generator, repeats: int = 9) -> float:
    """Median milliseconds of one probe searched alone."""
    spent = []
    for probe in strangers(repeats, rng):
        start = time.perf_counter()
        gallery.search(probe[None], 1)
        spent.append(time.perf_counter() - start)
    return 1000 * median(spent)


def search_figures(policy: Policy, period: Period, outcomes: list[SearchOutcome], reviews: float) -> dict[str, Figure]:
    """Figures of searches beyond billing; `reviews` are clips seen for receipts, per 1,000 visits."""
    if not outcomes:
        reason = "faces are not searched for anything beyond billing"
        names = ("wrong_alerts", "alert_precision", "wrong_alert_year", "missed_targets", "fairness")
        return {"clips_seen": Figure(reviews), **{name: Figure(None, reason) for name in names}}
    wrong = sum(outcome.wrong for outcome in outcomes)
    right = sum(outcome.right for outcome in outcomes)
    checkers = {search.name: search.checkers for search in policy.searches}
    clips = reviews + sum((outcome.wrong + outcome.right) * checkers[outcome.name] for outcome in outcomes)
    low, high = (sum(getattr(outcome, name) for outcome in outcomes) for name in ("wrong_low", "wrong_high"))
    note = "; ".join(outcome.note for outcome in outcomes)
    if any(outcome.expected_only for outcome in outcomes):
        note = "expected from the matcher's error rate, as too few happened; " + note
    return {
        "clips_seen": Figure(clips),
        "wrong_alerts": Figure(wrong, None, low, high, note),
        "alert_precision": _precision(right, wrong),
        "wrong_alert_year": _year(wrong, low, high, period),
        "missed_targets": Figure(max(outcome.missed for outcome in outcomes)),
        "fairness": Figure(max(outcome.fairness for outcome in outcomes)),
    }


def _precision(right: float, wrong: float) -> Figure:
    if right + wrong == 0:
        return Figure(None, "no alerts: no usable capture, or nobody who matches")
    return Figure(right / (right + wrong))


def _year(wrong: float, low: float, high: float, period: Period) -> Figure:
    party = period.people / len(period.visits)
    value, least, most = (1 - (1 - min(1.0, rate / 1000 / party)) ** WEEKLY_VISITS for rate in (wrong, low, high))
    return Figure(value, None, least, most)
