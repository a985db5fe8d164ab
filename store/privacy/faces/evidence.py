"""The evidence for the matcher: published error rates beside what simulated searches measure, with intervals.

"law" marks figures drawn from the exact distribution of the best of N scores, which reaches galleries of millions;
"scores" marks drawn genuine scores; "vectors" marks figures from vectors that were really compared, all with all, which
checks that law; "index" marks searches of a gallery's index, which may overlook somebody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from store.privacy.faces.comparisons import Compared, compare_with_strangers, draw_best_scores
from store.privacy.faces.matcher import Matcher, impostor_quantile, strangers
from store.privacy.faces.preset import ErrorRate
from store.privacy.intervals import wilson

ACLU_SEARCHES, ACLU_GALLERY, ACLU_WRONG, ACLU_OF_COLOUR = 535, 25_000, 28, 11
"""aclu.org, July 2018: members of Congress, mugshots, wrong matches, people of colour among these."""
PINELLAS_SEARCHES, PINELLAS_GALLERY = 8_000, 7_000_000
"""Searches a month and drivers in Florida's FACES, by the article of 2018."""
KIOSK_LOSS = 1.0
_BLOCK = 50_000

Groups = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Measured:
    """A rate counted by simulation beside the rate that it should have.

    `expected` None: nothing was published to compare with; `assumed`: the expected rate is the preset's assumption.
    """

    preset: str
    what: str
    way: Literal["law", "scores", "vectors", "index"]
    expected: float | None
    hits: int
    trials: int
    assumed: bool = False

    @property
    def value(self) -> float:
        """The measured rate."""
        return self.hits / self.trials

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the measured rate (Wilson)."""
        return wilson(self.hits, self.trials)

    @property
    def inside(self) -> bool | None:
        """Whether the expected rate lies in the interval; one of 20 right ones lies outside by chance."""
        low, high = self.interval
        return None if self.expected is None else low <= self.expected <= high


def members(matcher: Matcher, count: int) -> Groups:
    """The group of each of `count` searched people, (count,), as indices of the preset's groups in its exact shares."""
    edges = np.cumsum([row.share for row in matcher.preset.groups])
    return np.minimum(np.searchsorted(edges, (np.arange(count) + 0.5) / count), len(edges) - 1)


def limits(matcher: Matcher, of: Groups, fmr: float) -> npt.NDArray[np.float64]:
    """The cosine from which a search of each of these people matches, (N,)."""
    return np.array([matcher.limit(fmr, row.name) for row in matcher.preset.groups])[of]


def preset_evidence(matcher: Matcher, searches: int, captures: int, rng: np.random.Generator) -> list[Measured]:
    """FPIR and FNIR of every operating point of a preset, each over `searches` searches; vectors over `captures`.

    The published point is searched by its groups; of kiosk pictures no figures by group were published.
    """
    preset = matcher.preset
    rows = _point_evidence(matcher, preset.published, "", (0.0, True), (searches, captures), rng)
    if preset.kiosk is not None:
        rows += _point_evidence(matcher, preset.kiosk, "kiosk ", (KIOSK_LOSS, False), (searches, captures), rng)
    return rows


def _point_evidence(
    matcher: Matcher,
    point: ErrorRate,
    title: str,
    captured: tuple[float, bool],
    counts: tuple[int, int],
    rng: np.random.Generator,
) -> list[Measured]:
    """`captured`: loss of quality, and whether by group; `counts`: searches by score, and by vectors."""
    (quality_loss, by_group), (searches, captures) = captured, counts
    of, near = (members(matcher, count) if by_group else None for count in counts)
    limit, near_limit = _limits(matcher, of, point.fmr), _limits(matcher, near, point.fmr)
    best = draw_best_scores(searches, point.gallery, rng)
    scores = matcher.genuine_scores(np.full(searches, quality_loss), rng, _named(matcher, of))
    kept = _captured(matcher, captures, near, quality_loss, rng)
    name, unpublished = matcher.preset.name, "fnir" in point.assumed
    first = _sum((scores < limit) | (best > scores))
    return [
        Measured(name, f"{title}FPIR", "law", point.fpir, _sum(best >= limit), searches, "fpir" in point.assumed),
        Measured(name, f"{title}FNIR", "scores", point.fnir, _sum(scores < limit), searches, unpublished),
        Measured(name, f"{title}FNIR", "vectors", point.fnir, _sum(kept < near_limit), captures, unpublished),
        Measured(name, f"{title}FNIR, rank 1 only", "law", None, first, searches),
    ]


def _sum(hits: Bools) -> int:
    return int(np.sum(hits))


def _limits(matcher: Matcher, of: Groups | None, fmr: float) -> npt.NDArray[np.float64]:
    return np.array(matcher.limit(fmr)) if of is None else limits(matcher, of, fmr)


def _named(matcher: Matcher, of: Groups | None) -> list[str] | None:
    names = [row.name for row in matcher.preset.groups]
    return None if of is None else [names[index] for index in of]


def _captured(
    matcher: Matcher, count: int, of: Groups | None, quality_loss: float, rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Scores between vectors of people and of new captures of them, (count,)."""
    scores = []
    for start in range(0, count, _BLOCK):
        faces = strangers(min(_BLOCK, count - start), rng)
        groups = _named(matcher, None if of is None else of[start : start + _BLOCK])
        scores.append(np.sum(faces * matcher.capture(faces, quality_loss, rng, groups), axis=1))
    return np.concatenate(scores).astype(float)


def group_evidence(matcher: Matcher, searches: int, rng: np.random.Generator) -> list[Measured]:
    """FPIR and FNIR of each group at the published point, each over `searches` searches of that group."""
    point, rows = matcher.preset.published, []
    for row in matcher.preset.groups:
        limit = matcher.threshold(group=row.name)
        found = _sum(draw_best_scores(searches, point.gallery, rng) >= limit)
        missed = _sum(matcher.genuine_scores(np.zeros(searches), rng, [row.name] * searches) < limit)
        name, fpir = matcher.preset.name, matcher.preset.group_fpir(row)
        rows += [
            Measured(name, f"FPIR {row.name}", "law", fpir, found, searches, "fpir" in point.assumed),
            Measured(name, f"FNIR {row.name}", "scores", point.fnir, missed, searches, "fnir" in point.assumed),
        ]
    return rows


def tail_evidence(compared: Compared, rates: Sequence[float]) -> list[Measured]:
    """How often real vectors of strangers score above the cosine that the law gives for each rate."""
    counts = [(rate, _sum(compared.high >= impostor_quantile(rate))) for rate in rates]
    return [
        Measured("all", f"false matches at {rate:.0e}", "vectors", rate, hits, compared.comparisons)
        for rate, hits in counts
    ]


def real_fpir(matcher: Matcher, compared: Compared, gallery: int) -> Measured:
    """FPIR of real searches of strangers in `gallery` others; expected: the published rate carried to that size."""
    of = members(matcher, len(compared.best))
    found = _sum(compared.best >= limits(matcher, of, matcher.rate()))
    return Measured(matcher.preset.name, f"FPIR in {gallery:,}", "vectors", matcher.wrong_rate(gallery), found, len(of))


def best_score_evidence(
    best: npt.NDArray[np.floating], gallery: int, way: Literal["law", "vectors", "index"]
) -> Measured:
    """How many searches of strangers have a best score above the law's median: fewer in an index that overlooks."""
    above = _sum(best >= impostor_quantile(ErrorRate(fpir=0.5, gallery=gallery, fnir=0.01).fmr))
    return Measured("all", f"best above its median, {gallery:,}", way, 0.5, above, len(best))


@dataclass(frozen=True, slots=True)
class AcluTest:
    """The ACLU's test, repeated with new faces and new mugshots: wrong matches, (repetitions, groups)."""

    groups: tuple[str, ...]
    wrong: Groups

    @property
    def totals(self) -> Groups:
        """Wrong matches of each repetition, (repetitions,)."""
        return np.asarray(self.wrong.sum(axis=1), np.int64)

    @property
    def interval(self) -> tuple[float, float]:
        """Between which 95 % of the repetitions lie."""
        low, high = np.percentile(self.totals, [2.5, 97.5])
        return float(low), float(high)

    def share(self, group: str) -> tuple[float, float, float]:
        """Share of a group among all wrong matches, with its 95 % interval."""
        hits, total = int(self.wrong[:, self.groups.index(group)].sum()), int(self.wrong.sum())
        return (hits / max(1, total), *wilson(hits, total))


def repeat_aclu_test(matcher: Matcher, repetitions: int, rng: np.random.Generator) -> AcluTest:
    """535 faces against 25,000 mugshots at threshold 80, all 13.4 million comparisons of each repetition made."""
    of, count = members(matcher, ACLU_SEARCHES), len(matcher.preset.groups)
    limit = limits(matcher, of, matcher.rate(80))
    wrong = []
    for _ in range(repetitions):
        best = compare_with_strangers(strangers(ACLU_SEARCHES, rng), ACLU_GALLERY, rng).best
        wrong.append(np.bincount(of[best >= limit], minlength=count))
    return AcluTest(tuple(row.name for row in matcher.preset.groups), np.array(wrong, np.int64))


@dataclass(frozen=True, slots=True)
class GroupMonth:
    """Wrong hits of a month's searches of one group (or of all), where nobody searched is enrolled.

    `returned`: wrong people above the threshold a search; `low`, `median`, `high`: quantiles 2.5, 50 and 97.5 % of
    simulated months; `real`: hits of one month of real searches in a real gallery, None without one.
    """

    preset: str
    percent: float | None
    group: str
    searches: int
    returned: float
    expected: float
    low: float
    median: float
    high: float
    real: int | None

    @property
    def inside(self) -> bool | None:
        """Whether the real month lies in the interval of the simulated ones."""
        return None if self.real is None else self.low <= self.real <= self.high


def month(
    matcher: Matcher,
    percent: float | None,
    gallery: int,
    searches: int,
    rng: np.random.Generator,
    best: npt.NDArray[np.floating] | None = None,
    months: int = 10_000,
) -> list[GroupMonth]:
    """Wrong hits of a month by group and in all.

    `best`: best scores of `searches` real searches of strangers in a real gallery of that size.
    """
    names = [row.name for row in matcher.preset.groups]
    of, fmr = members(matcher, searches), matcher.rate(percent)
    sizes = np.bincount(of, minlength=len(names))
    rates = np.array([matcher.fpir(gallery, fmr, name) for name in names])
    returned = np.array([gallery * matcher.group_rate(fmr, name) for name in names])
    drawn = rng.binomial(sizes, rates, (months, len(names)))
    hits = None if best is None else np.bincount(of[best >= limits(matcher, of, fmr)], minlength=len(names))
    parts = [(name, [index]) for index, name in enumerate(names)]
    whole = [("all", list(range(len(names))))] if len(names) > 1 else []
    rows = []
    for name, part in [*parts, *whole]:
        low, median, high = np.percentile(drawn[:, part].sum(axis=1), [2.5, 50, 97.5])
        count = int(sizes[part].sum())
        rows.append(
            GroupMonth(
                preset=matcher.preset.name,
                percent=percent,
                group=name,
                searches=count,
                returned=float(sizes[part] @ returned[part]) / max(1, count),
                expected=float(sizes[part] @ rates[part]),
                low=float(low),
                median=float(median),
                high=float(high),
                real=None if hits is None else int(hits[part].sum()),
            )
        )
    return rows


@dataclass(frozen=True, slots=True)
class DetPoint:
    """One threshold of the detection error trade-off: both errors by formula, and as counted over `trials` searches."""

    threshold: float
    fpir: float
    fnir: float
    false_positives: int
    misses: int
    trials: int

    @property
    def inside(self) -> bool:
        """Whether both formulas lie in the 95 % intervals of the counts."""
        pairs = ((self.fpir, self.false_positives), (self.fnir, self.misses))
        spans = [(rate, *wilson(hits, self.trials)) for rate, hits in pairs]
        return all(low <= rate <= high for rate, low, high in spans)


def det_curve(
    matcher: Matcher, gallery: int, fpirs: Sequence[float], searches: int, rng: np.random.Generator
) -> list[DetPoint]:
    """FNIR of well-taken photographs and FPIR at the thresholds at which the average FPIR is near each of `fpirs`.

    All points share one sample, so neighbouring points lie outside their intervals together.
    """
    of = members(matcher, searches)
    best = draw_best_scores(searches, gallery, rng)
    scores = matcher.genuine_scores(np.zeros(searches), rng, _named(matcher, of))
    points = []
    for wanted in fpirs:
        fmr = ErrorRate(fpir=wanted, gallery=gallery, fnir=0.01).fmr
        limit = limits(matcher, of, fmr)
        points.append(
            DetPoint(
                threshold=matcher.limit(fmr),
                fpir=matcher.fpir(gallery, fmr),
                fnir=matcher.fnir(0.0, fmr),
                false_positives=_sum(best >= limit),
                misses=_sum(scores < limit),
                trials=searches,
            )
        )
    return points
