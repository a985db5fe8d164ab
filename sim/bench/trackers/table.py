"""The table of trackers, over one recording or several: means with their spread, on the terminal and as JSON."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.table import Table

from sim.bench.trackers.comparison import Row
from sim.bench.trackers.recording import Recording

FIGURES = {
    "hota": ("HOTA", 3),
    "deta": ("DetA", 3),
    "assa": ("AssA", 3),
    "idf1": ("IDF1", 3),
    "mota": ("MOTA", 3),
    "id_switches": ("id switches", 1),
    "mean_error_m": ("error m", 3),
    "camera_fps": ("frames/s in cameras", 0),
    "fps": ("frames/s with floor", 0),
}
"""Figure to its heading and how many digits are shown."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One tracker over all recordings.

    mean, sd: by figure; the standard deviation over recordings (n - 1) is nan with one. missing: why it did not run.
    """

    tracker: str
    kind: str
    mean: dict[str, float]
    sd: dict[str, float]
    missing: str | None


def summarise(rows: Iterable[Row]) -> list[Summary]:
    """Rows of several recordings, put together by tracker in the order in which they first come."""
    by_tracker: dict[str, list[Row]] = {}
    for row in rows:
        by_tracker.setdefault(row.tracker, []).append(row)
    return [_summary(same) for same in by_tracker.values()]


def tracker_table(summaries: Sequence[Summary], title: str) -> Table:
    """One row a tracker: peers, then ours, then the ceilings."""
    table = Table(title=title, title_style="bold", title_justify="left")
    table.add_column("tracker")
    for heading, _ in FIGURES.values():
        table.add_column(heading, justify="right")
    for number, one in enumerate(summaries):
        if number and summaries[number - 1].kind != one.kind:
            table.add_section()
        style = "bold" if one.kind == "ours" else None
        if one.missing is not None:
            table.add_row(one.tracker, one.missing, style="dim")
            continue
        table.add_row(one.tracker, *(_cell(one, name, digits) for name, (_, digits) in FIGURES.items()), style=style)
    return table


def margin(summaries: Sequence[Summary]) -> tuple[str, float] | None:
    """The best peer by mean HOTA, and by how much ours is ahead of it; None where no peer ran."""
    peers = [one for one in summaries if one.kind == "peer" and one.missing is None]
    ours = [one for one in summaries if one.kind == "ours"]
    if not peers or not ours:
        return None
    best = max(peers, key=lambda one: one.mean["hota"])
    return best.tracker, ours[0].mean["hota"] - best.mean["hota"]


def as_json(recordings: Sequence[Recording], rows: Sequence[Row]) -> dict[str, Any]:
    """Everything in the table, and the figures of each recording."""
    summaries = summarise(rows)
    ahead = margin(summaries)
    return {
        "recordings": [{"folder": str(one.path), **one.manifest.model_dump(mode="json")} for one in recordings],
        "trackers": [
            {
                "tracker": one.tracker, "kind": one.kind, "missing": one.missing,
                "mean": _plain(one.mean), "sd": _plain(one.sd),
                "recordings": [_plain(row.figures or {}) for row in rows if row.tracker == one.tracker],
            }
            for one in summaries
        ],
        "best_peer": ahead and ahead[0],
        "hota_ahead_of_best_peer": ahead and ahead[1],
    }  # fmt: skip


def _summary(rows: Sequence[Row]) -> Summary:
    first, mean, sd = rows[0], {}, {}
    for name in first.figures or {}:
        values = [row.figures[name] for row in rows if row.figures is not None]
        mean[name] = float(np.mean(values))
        sd[name] = float(np.std(values, ddof=1)) if len(values) > 1 else math.nan
    return Summary(first.tracker, first.kind, mean, sd, first.missing)


def _cell(one: Summary, name: str, digits: int) -> str:
    if name not in one.mean:
        return "-"
    spread = "" if math.isnan(one.sd[name]) else f" ±{one.sd[name]:.{digits}f}"
    return f"{one.mean[name]:.{digits}f}{spread}"


def _plain(figures: dict[str, float]) -> dict[str, float | None]:
    """JSON has no NaN."""
    return {name: None if math.isnan(value) else value for name, value in figures.items()}
