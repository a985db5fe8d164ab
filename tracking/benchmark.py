"""Anybody's tracks against anybody's truth, from files: MOTChallenge boxes by TrackEval's rules, or floor positions."""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from trackeval.datasets import MotChallenge2DBox
from trackeval.utils import TrackEvalException

from tracking.errors import BadInput
from tracking.formats import read_mot
from tracking.metrics import COMBINED, Sequence, floor_sequence, score
from tracking.wildtrack import WILDTRACK_GRID, WildtrackGrid, read_positions

_TABLES = (".parquet", ".csv")
_ON_M, _FAR_M = 1.0, 1e6
GRID_FILE = "grid.yaml"
"""Beside WILDTRACK-like annotations: the arguments of their `WildtrackGrid`, where it is not WILDTRACK's own."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What was measured.

    Args:
        kind: `boxes` (similarity is intersection over union) or `floor` (similarity is max(0, 1 - d / 2 m)).
        figures: by sequence hota, deta, assa, idf1, mota, id_switches, on the floor also mean_error_m (metres); with
            several sequences also `COMBINED`.
        notes: what a reader must know about how the files were taken.
    """

    kind: Literal["boxes", "floor"]
    figures: Mapping[str, Mapping[str, float]]
    notes: tuple[str, ...] = ()


def evaluate_tracks(gt: Path, tracks: Path) -> Benchmark:
    """Figures of tracks against the truth, by what `gt` is.

    Args:
        gt: a folder of MOTChallenge sequences (SEQUENCE/gt/gt.txt) or one of them; or floor positions: a parquet or
            csv file with columns t (seconds), person, x, y (metres), a folder of such files, or WILDTRACK's
            `annotations_positions`.
        tracks: for MOTChallenge the folder of SEQUENCE.txt files; else the file with t, track, x, y, or a folder that
            has one under each name that `gt` has.

    Raises:
        BadInput: something is missing or wrong; file, line or column are named.
    """
    for path in (gt, tracks):
        if not path.exists():
            raise BadInput(str(path), "path", "nothing there", "a folder or a file")
    sequences = _mot_sequences(gt)
    return _boxes(sequences, tracks) if sequences else _floor(gt, tracks)


def _mot_sequences(gt: Path) -> dict[str, Path]:
    """Folders by name of the MOTChallenge sequences that are meant; none where it is something else."""
    if (gt / "gt" / "gt.txt").is_file():
        return {gt.resolve().name: gt.resolve()}
    return {path.parent.parent.name: path.parent.parent for path in sorted(gt.glob("*/gt/gt.txt"))}


def _boxes(sequences: Mapping[str, Path], tracks: Path) -> Benchmark:
    folder = tracks / "data" if (tracks / "data").is_dir() else tracks
    found, notes = {}, set()
    for name, truth in sequences.items():
        result = folder / f"{name}.txt"
        if not result.is_file():
            raise BadInput(str(result), "file", "missing", f"the tracks of sequence {name}, as there is truth of it")
        rules = _rules(name, truth / "gt" / "gt.txt")
        notes.add(f"{name if rules != 'MOT17' else 'boxes'}: rules of {rules}")
        found[name] = _mot_sequence(name, truth, result, rules)
    return Benchmark("boxes", score(found), tuple(sorted(notes)))


def _rules(name: str, truth: Path) -> str:
    """Whose rules on ignored boxes hold: those of MOT15 know no classes, those of MOT20 ignore vehicles too."""
    first = truth.read_text(encoding="utf-8").split("\n", 1)[0].split(",")
    if len(first) < 8 or float(first[7]) < 1:
        return "MOT15"
    return "MOT20" if name.startswith("MOT20") else "MOT17"


def _mot_sequence(name: str, truth: Path, result: Path, rules: str) -> Sequence:
    """One sequence as TrackEval's own reader and preprocessing give it."""
    frames = [row.frame for path in (truth / "gt" / "gt.txt", result) for row in read_mot(path)]
    settings = {
        "GT_FOLDER": str(truth.parent), "TRACKERS_FOLDER": str(result.parent), "TRACKERS_TO_EVAL": [""],
        "TRACKER_SUB_FOLDER": "", "SKIP_SPLIT_FOL": True, "BENCHMARK": rules, "PRINT_CONFIG": False,
        "SEQ_INFO": {name: _length(truth, frames)},
    }  # fmt: skip
    try:
        data_set = MotChallenge2DBox(settings)
        raw = data_set.get_raw_seq_data("", name)
        sequence: Sequence = data_set.get_preprocessed_seq_data(raw, "pedestrian")
    except TrackEvalException as problem:
        raise BadInput(str(result), f"sequence {name}", str(problem), "MOTChallenge's rows") from problem
    return sequence


def _length(truth: Path, frames: list[int]) -> int:
    """Frames of a sequence: as `seqinfo.ini` says, else up to the last that any file names."""
    stated = configparser.ConfigParser()
    path = truth / "seqinfo.ini"
    if not path.is_file():
        return max(frames, default=1)
    try:
        stated.read(path, encoding="utf-8")
        return stated.getint("Sequence", "seqLength")
    except (configparser.Error, ValueError) as problem:
        raise BadInput(str(path), "Sequence.seqLength", str(problem), "the number of frames") from problem


def _floor(gt: Path, tracks: Path) -> Benchmark:
    found, errors, notes = {}, {}, []
    for name, truth_path, tracks_path in _floor_pairs(gt, tracks):
        truth = _truth(truth_path)
        result, left_out = at_ticks_of(truth, _table(tracks_path, "track"))
        if left_out:
            notes.append(f"{name}: {left_out} rows of the tracks lie between two ticks of the truth and do not count")
        if "inside" in truth:
            inside = truth["inside"].astype(bool)
            result = without_tracks_on(truth[~inside], truth[inside], result)
            truth = truth[inside]
        found[name], errors[name] = floor_sequence(truth, result)
    figures = score(found)
    for name, error in errors.items():
        figures[name]["mean_error_m"] = error
    return Benchmark("floor", figures, tuple(notes))


def _floor_pairs(gt: Path, tracks: Path) -> list[tuple[str, Path, Path]]:
    if gt.is_file() or any(gt.glob("*.json")):
        if tracks.is_dir():
            tracks = _one_table(tracks, "floor")
        return [(gt.stem, gt, tracks)]
    names = sorted({path.stem for path in gt.iterdir() if path.suffix in _TABLES})
    if not names:
        allowed = "SEQUENCE/gt/gt.txt of MOTChallenge, floor positions (parquet, csv), or WILDTRACK's annotations"
        raise BadInput(str(gt), "folder", "neither of these", allowed)
    if not tracks.is_dir():
        raise BadInput(str(tracks), "path", "a file", f"a folder, as {gt} is one")
    return [(name, _one_table(gt, name), _one_table(tracks, name)) for name in names]


def _one_table(folder: Path, name: str) -> Path:
    for suffix in _TABLES:
        if (folder / f"{name}{suffix}").is_file():
            return folder / f"{name}{suffix}"
    raise BadInput(str(folder), "files", f"no {name}", f"{name}.parquet or {name}.csv")


def _truth(path: Path) -> pd.DataFrame:
    if path.is_dir():
        return pd.DataFrame(read_positions(path, _grid(path)))
    return _table(path, "person")


def _grid(annotations: Path) -> WildtrackGrid:
    path = annotations.parent / GRID_FILE
    if not path.is_file():
        return WILDTRACK_GRID
    try:
        return WildtrackGrid(**yaml.safe_load(path.read_text(encoding="utf-8")))
    except (TypeError, ValueError, yaml.YAMLError) as problem:
        raise BadInput(str(path), "grid", str(problem), "width_m, depth_m, cell_m, origin_x_m, origin_y_m") from problem


def _table(path: Path, who: str) -> pd.DataFrame:
    """A table of floor positions with columns t, `who`, x, y."""
    try:
        table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (OSError, ValueError, UnicodeDecodeError) as problem:
        raise BadInput(str(path), "file", str(problem), "a parquet or csv table") from problem
    missing = [name for name in ("t", who, "x", "y") if name not in table]
    if missing:
        raise BadInput(str(path), "columns", ", ".join(map(str, table.columns)), f"t, {who}, x, y; no {missing[0]}")
    numbers = ["t", "x", "y"] + (["track"] if who == "track" else [])
    for name in numbers:
        values = pd.to_numeric(table[name], errors="coerce")
        if not np.isfinite(values.to_numpy(np.float64)).all():
            row = int(np.flatnonzero(~np.isfinite(values.to_numpy(np.float64)))[0])
            raise BadInput(str(path), f"row {row}, column {name}", str(table[name].iloc[row]), "a number")
    if (twice := table.duplicated(["t", who])).any():
        again = table[twice].iloc[0]
        raise BadInput(str(path), who, f"{again[who]} twice at t = {again['t']}", f"each {who} once at each time")
    return table


def at_ticks_of(truth: Any, tracks: Any) -> tuple[dict[str, NDArray[Any]], int]:
    """The rows of `tracks` at the ticks of `truth`, with its times, and how many rows lie between two ticks.

    Truth is often sparser than tracks (WILDTRACK: 2 annotations a second). Its tick is the smallest gap between its
    times; if those lie on ticks, each of them, whether anybody is there or not, gets the rows of the nearest track
    time, at most half a track interval away. Times that lie on no ticks are compared as they are.

    Args:
        truth: columns t (seconds) and others.
        tracks: columns t, track, x, y.
    """
    columns = {name: np.asarray(tracks[name]) for name in ("t", "track", "x", "y")}
    true_times, times = np.unique(np.asarray(truth["t"], np.float64)), np.unique(columns["t"].astype(np.float64))
    if len(true_times) < 2 or len(times) < 2:
        return columns, 0
    tick, interval = float(np.diff(true_times).min()), float(np.median(np.diff(times)))
    steps = (true_times - true_times[0]) / tick
    if tick < 1e-3 or np.abs(steps - np.rint(steps)).max() > 0.02:
        return columns, 0
    # From the first tick that any track has to the last.
    first, last = (int(np.rint((end - true_times[0]) / tick)) for end in (times[0], times[-1]))
    ticks = true_times[0] + tick * np.arange(min(first, 0), max(last, int(np.rint(steps[-1]))) + 1)
    right = np.clip(np.searchsorted(times, ticks), 1, len(times) - 1)
    nearest = np.where(ticks - times[right - 1] <= times[right] - ticks, right - 1, right)
    close = np.abs(times[nearest] - ticks) <= interval / 2 + 1e-6
    new_time = dict(zip(times[nearest[close]], ticks[close], strict=True))
    kept = np.isin(columns["t"], list(new_time))
    rows = {name: values[kept] for name, values in columns.items()}
    rows["t"] = np.array([new_time[t] for t in rows["t"]], np.float64)
    return rows, int((~kept).sum())


def without_tracks_on(ignored: Any, demanded: Any, tracks: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The rows of `tracks` but those on somebody who is not demanded of a tracker, such as people before the door.

    As TrackEval does with distractors: at each tick tracks and all people are matched one to one, within a metre, and
    rows matched to ignored people go.

    Args:
        ignored, demanded: columns t, x, y of people.
        tracks: columns t, track, x, y.
    """
    stamps, kept = _milliseconds(tracks["t"]), np.ones(len(tracks["t"]), bool)
    of_ignored, of_demanded = _milliseconds(ignored["t"]), _milliseconds(demanded["t"])
    track_xy = np.column_stack([tracks["x"], tracks["y"]]).astype(np.float64)
    places = [np.asarray(table[["x", "y"]], np.float64) for table in (ignored, demanded)]
    for stamp in np.intersect1d(of_ignored, stamps):
        rows = np.flatnonzero(stamps == stamp)
        people = np.concatenate([places[0][of_ignored == stamp], places[1][of_demanded == stamp]])
        gaps = np.linalg.norm(people[:, None] - track_xy[rows][None], axis=2)
        matched, column = linear_sum_assignment(np.where(gaps <= _ON_M, gaps, _FAR_M))
        on_ignored = (matched < (of_ignored == stamp).sum()) & (gaps[matched, column] <= _ON_M)
        kept[rows[column[on_ignored]]] = False
    return {name: np.asarray(values)[kept] for name, values in tracks.items()}


def _milliseconds(times: Any) -> NDArray[np.int64]:
    return np.asarray(np.rint(np.asarray(times, np.float64) * 1000), np.int64)


__all__ = ["COMBINED", "Benchmark", "at_ticks_of", "evaluate_tracks", "without_tracks_on"]
