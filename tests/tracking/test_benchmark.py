"""Tracks against truth from files: the figures are TrackEval's own on the same files, wrong files are named."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import trackeval

from tracking.benchmark import COMBINED, at_ticks_of, evaluate_tracks
from tracking.errors import BadInput
from tracking.metrics import floor_metrics
from tracking.wildtrack import WILDTRACK_GRID, Standing, write_positions

FRAMES = 60


def write_sequence(rng: np.random.Generator, gt: Path, tracks: Path, name: str) -> None:
    """People with noise, misses, false boxes, swaps, distractors and boxes that do not count, as MOT17 has them."""
    truth, found = [], []
    for frame in range(1, FRAMES + 1):
        for person in range(1, 8):
            left, top = 100 * person + 3 * frame * (-1) ** person, 50 + 10 * person
            kind, counts = (8 if person == 6 else 1), int(person != 7)
            truth.append(f"{frame},{person},{left},{top},40,90,{counts},{kind},{rng.uniform(0.2, 1):.2f}")
            if rng.random() > 0.2:
                track = person if frame < 30 or person > 2 else 3 - person
                shift = rng.normal(0, 5, 4)
                row = (left + shift[0], top + shift[1], 40 + shift[2], 90 + shift[3])
                found.append(f"{frame},{track},{','.join(f'{v:.2f}' for v in row)},0.9,-1,-1,-1")
        if rng.random() < 0.3:
            found.append(f"{frame},99,900,20,30,60,0.4,-1,-1,-1")
    (gt / name / "gt").mkdir(parents=True)
    tracks.mkdir(exist_ok=True)
    (gt / name / "gt" / "gt.txt").write_text("\n".join(truth) + "\n")
    (gt / name / "seqinfo.ini").write_text(f"[Sequence]\nname={name}\nseqLength={FRAMES}\n")
    (tracks / f"{name}.txt").write_text("\n".join(found) + "\n")


@pytest.fixture
def challenge(tmp_path: Path) -> tuple[Path, Path]:
    gt, tracks = tmp_path / "gt", tmp_path / "tracks"
    rng = np.random.default_rng(4)
    for name in ("one", "two"):
        write_sequence(rng, gt, tracks, name)
    return gt, tracks


def by_trackeval(gt: Path, tracks: Path, where: Path) -> dict[str, Any]:
    """TrackEval's own evaluation of the same files, in the layout that it wants."""
    shutil.copytree(gt, where / "gt" / "MOT17-train")
    shutil.copytree(tracks, where / "results" / "MOT17-train" / "mine" / "data")
    (where / "gt" / "seqmaps").mkdir()
    (where / "gt" / "seqmaps" / "MOT17-train.txt").write_text("name\none\ntwo\n")
    quiet = {"PRINT_CONFIG": False, "PRINT_RESULTS": False, "TIME_PROGRESS": False, "PLOT_CURVES": False}
    evaluator = trackeval.Evaluator({**quiet, "OUTPUT_SUMMARY": False, "OUTPUT_DETAILED": False})
    folders = {"GT_FOLDER": str(where / "gt"), "TRACKERS_FOLDER": str(where / "results"), "PRINT_CONFIG": False}
    metrics = [trackeval.metrics.HOTA(), trackeval.metrics.CLEAR(quiet), trackeval.metrics.Identity(quiet)]
    results, _ = evaluator.evaluate([trackeval.datasets.MotChallenge2DBox(folders)], metrics)
    return dict(results["MotChallenge2DBox"]["mine"])


def test_the_figures_are_trackevals_own_on_the_same_files(challenge: tuple[Path, Path], tmp_path: Path) -> None:
    ours = evaluate_tracks(*challenge)
    theirs = by_trackeval(*challenge, tmp_path / "trackeval")
    assert ours.kind == "boxes"
    assert set(ours.figures) == {"one", "two", COMBINED}
    for name, figures in ours.figures.items():
        own = theirs["COMBINED_SEQ" if name == COMBINED else name]["pedestrian"]
        assert figures["hota"] == pytest.approx(np.mean(own["HOTA"]["HOTA"]))
        assert figures["deta"] == pytest.approx(np.mean(own["HOTA"]["DetA"]))
        assert figures["assa"] == pytest.approx(np.mean(own["HOTA"]["AssA"]))
        assert figures["idf1"] == pytest.approx(own["Identity"]["IDF1"])
        assert figures["mota"] == pytest.approx(own["CLEAR"]["MOTA"])
        assert figures["id_switches"] == own["CLEAR"]["IDSW"] > 0
        assert 0.3 < figures["hota"] < 0.95


def test_one_sequence_alone_and_results_in_a_data_folder_are_understood(challenge: tuple[Path, Path]) -> None:
    gt, tracks = challenge
    whole = evaluate_tracks(gt, tracks).figures["one"]
    shutil.move(tracks / "one.txt", tracks / "data-one.txt")
    (tracks / "data").mkdir()
    shutil.move(tracks / "data-one.txt", tracks / "data" / "one.txt")
    alone = evaluate_tracks(gt / "one", tracks).figures
    assert set(alone) == {"one"}
    assert alone["one"] == whole


def test_truth_without_classes_is_taken_as_in_mot15(challenge: tuple[Path, Path]) -> None:
    gt, tracks = challenge
    before = evaluate_tracks(gt, tracks)
    for path in gt.glob("*/gt/gt.txt"):
        rows = [line.split(",") for line in path.read_text().splitlines()]
        path.write_text("\n".join(",".join([*row[:6], "1", "-1", "-1", "-1"]) for row in rows))
    measured = evaluate_tracks(gt, tracks)
    assert any("MOT15" in note for note in measured.notes)
    # The distractor and the person who did not count are demanded now, and the tracks on them are no longer false.
    assert measured.figures["one"]["mota"] > before.figures["one"]["mota"]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda gt, tracks: (tracks / "two.txt").unlink(), "two.txt"),
        (lambda gt, tracks: (tracks / "one.txt").write_text("1,1,zero,0,5,5\n"), "line 1"),
        (lambda gt, tracks: (tracks / "one.txt").write_text("1,4,0,0,5,5,1\n1,4,9,9,5,5,1\n"), "sequence one"),
        (lambda gt, tracks: (tracks / "one.txt").write_text(f"{FRAMES + 1},4,0,0,5,5,1\n"), "sequence one"),
        (lambda gt, tracks: (gt / "one" / "seqinfo.ini").write_text("[Sequence]\nname=one\n"), "seqLength"),
    ],
    ids=["missing", "no number", "same id twice", "after the end", "no length"],
)
def test_wrong_results_are_named(challenge: tuple[Path, Path], spoil: Any, says: str) -> None:
    spoil(*challenge)
    with pytest.raises(BadInput, match=says):
        evaluate_tracks(*challenge)


def walks(fps: float, seconds: float, who: str, dx: float = 0.0) -> pd.DataFrame:
    rows = [(k / fps, person, k / fps + dx, 2.0 * person) for k in range(int(seconds * fps)) for person in (1, 2)]
    return pd.DataFrame(rows, columns=["t", who, "x", "y"])


def test_floor_files_give_the_floor_figures(tmp_path: Path) -> None:
    truth, tracks = walks(10, 3, "person"), walks(10, 3, "track", dx=0.3)
    truth.to_parquet(tmp_path / "truth.parquet")
    tracks.to_csv(tmp_path / "tracks.csv", index=False)
    measured = evaluate_tracks(tmp_path / "truth.parquet", tmp_path / "tracks.csv")
    assert measured.kind == "floor"
    assert measured.figures == {"truth": pytest.approx(floor_metrics(truth, tracks))}
    assert not measured.notes


def test_folders_of_floor_files_are_paired_by_name_and_pooled(tmp_path: Path) -> None:
    for folder, who in (("gt", "person"), ("tracks", "track")):
        (tmp_path / folder).mkdir()
        for name, error in (("a", 0.0), ("b", 0.6)):
            walks(10, 2, who, error if who == "track" else 0.0).to_csv(tmp_path / folder / f"{name}.csv", index=False)
    figures = evaluate_tracks(tmp_path / "gt", tmp_path / "tracks").figures
    assert figures["a"]["hota"] == pytest.approx(1.0)
    assert figures["b"]["hota"] < figures[COMBINED]["hota"] < figures["a"]["hota"]


def test_people_outside_the_tracked_area_are_not_demanded(tmp_path: Path) -> None:
    truth = walks(10, 2, "person").assign(inside=lambda table: table["person"] == 1)
    truth.to_parquet(tmp_path / "truth.parquet")
    tracks = walks(10, 2, "track")
    tracks[tracks["track"] == 1].to_parquet(tmp_path / "floor.parquet")
    measured = evaluate_tracks(tmp_path / "truth.parquet", tmp_path)
    assert measured.figures["truth"]["mota"] == pytest.approx(1.0)


def test_tracks_on_people_who_are_not_demanded_do_not_count_but_ghosts_do(tmp_path: Path) -> None:
    truth = walks(10, 2, "person").assign(inside=lambda table: table["person"] == 1)
    truth.to_parquet(tmp_path / "truth.parquet")
    tracks = walks(10, 2, "track", dx=0.1)
    tracks.to_parquet(tmp_path / "floor.parquet")
    both = evaluate_tracks(tmp_path / "truth.parquet", tmp_path / "floor.parquet").figures["truth"]
    assert both["mota"] == pytest.approx(1.0)
    ghost = tracks[tracks["track"] == 2].assign(track=3, y=lambda table: table["y"] + 1.5)
    pd.concat([tracks, ghost]).to_parquet(tmp_path / "floor.parquet")
    assert evaluate_tracks(tmp_path / "truth.parquet", tmp_path).figures["truth"]["mota"] == pytest.approx(0.0)


@pytest.mark.parametrize("fps", [10.0, 25.0])
def test_sparse_truth_is_compared_at_its_own_ticks(tmp_path: Path, fps: float) -> None:
    folder = tmp_path / "annotations_positions"
    folder.mkdir()
    for k in range(10):
        people = [Standing(person, 0.5 * k, 2.0 * person) for person in (1, 2)]
        write_positions(folder, 5 * k, people, WILDTRACK_GRID)
    walks(fps, 5, "track").to_parquet(tmp_path / "floor.parquet")
    measured = evaluate_tracks(folder, tmp_path / "floor.parquet")
    assert measured.figures["annotations_positions"]["mota"] == pytest.approx(1.0)
    assert measured.figures["annotations_positions"]["mean_error_m"] < 0.03
    assert "do not count" in measured.notes[0]


def test_tracks_at_ticks_where_nobody_is_still_count_against() -> None:
    truth = {"t": np.array([0.0, 0.5, 2.0])}
    tracks = {"t": np.arange(0, 3.0, 0.1), "track": np.ones(30, int), "x": np.zeros(30), "y": np.zeros(30)}
    rows, left_out = at_ticks_of(truth, tracks)
    assert rows["t"].tolist() == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    assert left_out == 24


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("t,id,x,y\n0,1,2,3\n", "no track"),
        ("t,track,x,y\n0,1,two,3\n", "row 0, column x"),
        ("t,track,x,y\n0,1,2,3\n0,1,2,4\n", "twice"),
    ],
)
def test_wrong_floor_tables_are_named(tmp_path: Path, content: str, says: str) -> None:
    walks(10, 1, "person").to_csv(tmp_path / "truth.csv", index=False)
    (tmp_path / "floor.csv").write_text(content)
    with pytest.raises(BadInput, match=says):
        evaluate_tracks(tmp_path / "truth.csv", tmp_path / "floor.csv")


def test_folders_of_neither_kind_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="neither"):
        evaluate_tracks(tmp_path, tmp_path)
    with pytest.raises(BadInput, match="nothing there"):
        evaluate_tracks(tmp_path / "a", tmp_path)
