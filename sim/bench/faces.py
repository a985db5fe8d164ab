"""The face matcher's evidence: published error rates beside measured ones, as tables and as JSON."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from sim.errors import BadInput
from store.privacy.faces.comparisons import compare_with_strangers
from store.privacy.faces.evidence import (
    ACLU_GALLERY,
    ACLU_OF_COLOUR,
    ACLU_SEARCHES,
    ACLU_WRONG,
    PINELLAS_GALLERY,
    PINELLAS_SEARCHES,
    AcluTest,
    DetPoint,
    GroupMonth,
    Measured,
    best_score_evidence,
    det_curve,
    group_evidence,
    month,
    preset_evidence,
    real_fpir,
    repeat_aclu_test,
    tail_evidence,
)
from store.privacy.faces.gallery import Gallery
from store.privacy.faces.matcher import Matcher, Vectors, impostor_quantile, strangers
from store.privacy.faces.preset import list_presets
from store.privacy.uses.rates import GALLERY_SEED

MUGSHOTS = 300_000
FEW = 5
"""Fewer expected hits than this decide nothing: such rows are left out."""
TAIL_RATES = (1e-6, 1e-7, 1e-8, 1e-9)
DET_FPIRS = tuple(float(rate) for rate in np.geomspace(1e-4, 0.9, 61))
MONTHS: tuple[tuple[str, float | None], ...] = (
    ("2018-threshold-80", 80.0),
    ("2018-threshold-80", 99.0),
    ("2025-median", None),
    ("2025-best", None),
)


@dataclass(frozen=True, slots=True)
class FaceFigures:
    """Everything that the bench measures; `drivers`: people in the gallery of the month."""

    searches: int
    rates: list[Measured]
    groups: list[Measured]
    real: list[Measured]
    aclu: AcluTest
    drivers: int
    months: list[GroupMonth]
    det: dict[str, list[DetPoint]]

    def as_json(self) -> dict[str, Any]:
        """The figures with values, intervals and verdicts, ready for JSON."""
        low, high = self.aclu.interval
        return {
            "searches": self.searches,
            **{name: [_row(row) for row in getattr(self, name)] for name in ("rates", "groups", "real")},
            "aclu": {
                "repetitions": len(self.aclu.wrong),
                "wrong": self.aclu.totals.tolist(),
                "interval": [low, high],
                "published": ACLU_WRONG,
                "inside": low <= ACLU_WRONG <= high,
                "shares": {group: self.aclu.share(group) for group in self.aclu.groups},
            },
            "drivers": self.drivers,
            "months": [{**asdict(row), "inside": row.inside} for row in self.months],
            "det": {name: [{**asdict(row), "inside": row.inside} for row in rows] for name, rows in self.det.items()},
        }


def _row(row: Measured) -> dict[str, Any]:
    return {**asdict(row), "value": row.value, "interval": row.interval, "inside": row.inside}


def print_faces_bench(searches: int, drivers: int, file: Path | None) -> None:
    """Measures and prints everything; writes it to `file` too, if given.

    Raises:
        BadInput: `file` cannot be written, which is found out before anything is measured.
    """
    if file is not None:
        try:
            file.touch()
        except OSError as error:
            raise BadInput("command line", "--json", str(file), "a file that can be written") from error
        if not file.is_file():
            raise BadInput("command line", "--json", str(file), "a file, not a folder")
    console, progress = Console(), Console(stderr=True)
    with progress.status("measuring") as status:
        figures = measure_faces(searches, drivers, status.update)
    if file is not None:
        file.write_text(json.dumps(figures.as_json(), indent=1), encoding="utf-8")
    for table in tables(figures):
        console.print(table)
        console.print()


def measure_faces(searches: int, drivers: int, say: Callable[[str], None], seed: int = 1) -> FaceFigures:
    """All figures: each rate over `searches` searches, and real comparisons in proportion.

    `drivers`: people in the real index of the month; 0 computes the month by formula alone.
    """
    matchers = [Matcher.of(name) for name in list_presets()]
    streams = [np.random.default_rng([seed, number]) for number in range(6)]
    rates, groups, det = [], [], {}
    for matcher in matchers:
        say(f"{searches:,} searches of {matcher.preset.name}")
        rates += preset_evidence(matcher, searches, searches, streams[0])
        groups += group_evidence(matcher, searches, streams[1]) if len(matcher.preset.groups) > 1 else []
        gallery = matcher.preset.published.gallery
        det[matcher.preset.name] = det_curve(matcher, gallery, DET_FPIRS, searches, streams[2])
    say("comparing strangers with strangers")
    real = _real_rates(matchers, searches, streams[3])
    say("the ACLU's test, again and again")
    aclu = repeat_aclu_test(Matcher.of("2018-threshold-80"), max(5, searches // 5000), streams[4])
    say(f"{PINELLAS_SEARCHES:,} searches in a real index of {drivers:,} (built on first use)")
    best = _search_drivers(drivers, streams[5]) if drivers else None
    if best is not None:
        say(f"{drivers:,} strangers compared without an index")
        exact = compare_with_strangers(strangers(max(100, searches // 1000), streams[3]), drivers, streams[3]).best
        real += [best_score_evidence(exact, drivers, "vectors"), best_score_evidence(best, drivers, "index")]
    size = drivers or PINELLAS_GALLERY
    months = [
        row
        for name, percent in MONTHS
        for row in month(Matcher.of(name), percent, size, PINELLAS_SEARCHES, streams[5], best)
    ]
    return FaceFigures(searches, rates, groups, real, aclu, size, months, det)


def _real_rates(matchers: Sequence[Matcher], searches: int, rng: np.random.Generator) -> list[Measured]:
    floor, rows = impostor_quantile(TAIL_RATES[0]), []
    for gallery, probes in ((ACLU_GALLERY, max(100, searches // 10)), (MUGSHOTS, max(10, searches // 125))):
        compared = compare_with_strangers(strangers(probes, rng), gallery, rng, floor)
        rows += [real_fpir(matcher, compared, gallery) for matcher in matchers]
        rows += tail_evidence(compared, TAIL_RATES)
    return [row for row in rows if row.expected is not None and row.expected * row.trials >= FEW]


def _search_drivers(drivers: int, rng: np.random.Generator) -> Vectors:
    gallery = Gallery.open(drivers, GALLERY_SEED)
    parts = [gallery.search(strangers(500, rng), 1)[0][:, 0] for _ in range(PINELLAS_SEARCHES // 500)]
    return np.concatenate(parts)


def tables(figures: FaceFigures) -> Iterable[Table]:
    """The figures as tables, published beside measured."""
    for name, points in figures.det.items():
        rows = [row for row in (*figures.rates, *figures.groups) if row.preset == name]
        yield _rate_table(_preset_title(name, figures.searches), rows)
        yield _det_table(name, points)
    yield _rate_table(
        "Strangers really compared; expected: the published rate in such a gallery",
        [replace(row, what=f"{row.what}, {row.preset}") if row.preset != "all" else row for row in figures.real],
    )
    yield _aclu_table(figures.aclu)
    yield _month_table(figures)


def _preset_title(name: str, searches: int) -> str:
    preset = Matcher.of(name).preset
    kiosk = "" if preset.kiosk is None else f", kiosk pictures in {preset.kiosk.gallery:,}"
    ways = "law: from the best score's exact distribution; scores: drawn; vectors: compared"
    return f"{name}: {searches:,} searches in {preset.published.gallery:,}{kiosk}\n({ways}; * assumed, not published)"


def _table(title: str, *columns: str) -> Table:
    table = Table(
        title=title, title_style="bold", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False
    )
    for number, column in enumerate(columns):
        table.add_column(
            column, justify="right" if number else "left", no_wrap=number > 0, min_width=0 if number else 18
        )
    return table


def _rate_table(title: str, rows: Sequence[Measured]) -> Table:
    table = _table(title, "rate", "by", "expected", "measured", "95 % interval", "verdict")
    for row in rows:
        low, high = row.interval
        expected = "-" if row.expected is None else f"{row.expected:.4g}{'*' if row.assumed else ''}"
        table.add_row(row.what, row.way, expected, f"{row.value:.4g}", f"{low:.3g}–{high:.3g}", _verdict(row.inside))
    judged = [row.inside for row in rows if row.inside is not None]
    table.caption = f"{sum(judged)} of {len(judged)} inside; one of 20 right ones lies outside by chance"
    return table


def _verdict(inside: bool | None) -> str:
    return "-" if inside is None else "inside" if inside else "[yellow]outside[/]"


def _aclu_table(aclu: AcluTest) -> Table:
    title = f"The ACLU's test of 2018, {len(aclu.wrong)} times: {ACLU_SEARCHES} faces, {ACLU_GALLERY:,} mugshots, at 80"
    table = _table(title, "", "published", "simulated", "95 %", "verdict")
    low, high = aclu.interval
    mean = f"{aclu.totals.mean():.1f}"
    table.add_row(
        "wrong matches", str(ACLU_WRONG), mean, f"{low:.0f} to {high:.0f} a test", _verdict(low <= ACLU_WRONG <= high)
    )
    share, least, most = aclu.share("people of colour")
    published = ACLU_OF_COLOUR / ACLU_WRONG
    table.add_row(
        "share of people of colour among them (20 % of the faces)",
        f"{published:.3f}",
        f"{share:.3f}",
        f"{least:.3f} to {most:.3f} in all",
        _verdict(least <= published <= most),
    )
    return table


def _month_table(figures: FaceFigures) -> Table:
    title = (
        f"A month of {PINELLAS_SEARCHES:,} searches in {figures.drivers:,} drivers, nobody searched among them:\n"
        "searches that return somebody (a wrong person), and how many wrong people a search returns;\n"
        "95 %: of simulated months"
    )
    columns = ("searches", "formula", "95 %", "really", "a search")
    table = _table(title, "", *columns)
    for (preset, percent), rows in groupby(figures.months, key=lambda row: (row.preset, row.percent)):
        table.add_row(f"[bold]{preset}[/]{'' if percent is None else f' at {percent:.0f} %'}")
        for row in rows:
            table.add_row(
                f"  {row.group}",
                f"{row.searches:,}",
                f"{row.expected:,.1f}",
                f"{row.low:,.0f}–{row.high:,.0f}",
                "-" if row.real is None else f"{row.real:,} {_verdict(row.inside)}",
                f"{row.returned:.2g}",
            )
    table.caption = "really: found in the index; too few where it overlooks somebody (see above)"
    return table


def _det_table(name: str, points: Sequence[DetPoint]) -> Table:
    size = Matcher.of(name).preset.published.gallery
    table = _table(
        f"{name}: error trade-off in {size:,}, well-taken photographs", "threshold (cosine)", "FPIR", "counted",
        "FNIR", "counted",
    )  # fmt: skip
    for row in points[::10]:
        table.add_row(
            f"{row.threshold:.3f}",
            f"{row.fpir:.3g}",
            f"{row.false_positives / row.trials:.3g}",
            f"{row.fnir:.3g}",
            f"{row.misses / row.trials:.3g}",
        )
    inside = sum(row.inside for row in points)
    table.caption = (
        f"{inside} of {len(points)} thresholds: both formulas inside (one sample, so neighbours stray together)"
    )
    return table
