"""`aisle bench trackers`: recordings keep what the networks saw, and every tracker follows two people through one."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sim import cli
from sim.bench.trackers import command, comparison, replay
from sim.bench.trackers.comparison import OURS, PERFECT, TRUE_BOXES, Row, compare, follow, rows_in_all
from sim.bench.trackers.confidence import calibrated
from sim.bench.trackers.filming import record
from sim.bench.trackers.peers import PEERS, Peer
from sim.bench.trackers.recording import Recording
from sim.bench.trackers.replay import Followed, columns, figures, ours
from sim.bench.trackers.table import as_json, margin, summarise, tracker_table
from sim.errors import BadInput
from sim.run import RunOptions, run_scenario
from sim.scenario import load_scenario
from tests.sim.tiny_recording import FPS, SECONDS, tick_at, tiny_recording
from tracking.metrics import floor_metrics

Aisle = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return tiny_recording(tmp_path_factory.mktemp("recordings") / "tiny")


@pytest.fixture(scope="module")
def rows(tiny: Recording) -> dict[str, Row]:
    """Every tracker on the recording."""
    return {row.tracker: row for row in compare(tiny)}


@pytest.fixture
def aisle(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Aisle:
    """Calls the command in this process; exit code, output, errors."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["aisle", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        written = capsys.readouterr()
        return int(ended.value.code or 0), written.out, written.err

    return call


def same_tracks(first: Followed, second: Followed) -> bool:
    return all(np.array_equal(first.tracks[name], second.tracks[name]) for name in ("t", "track", "x", "y"))


def test_a_recording_gives_back_what_was_written(tiny: Recording) -> None:
    assert len(tiny.ticks) == round(SECONDS * FPS)
    assert any(not view.detections for tick in tiny.ticks for view in tick.views)
    for k, tick in enumerate(tiny.ticks):
        _, views, _ = tick_at((k + 1) / FPS)
        assert [view.camera for view in tick.views] == [view.camera for view in views]
        for read, written in zip(tick.views, views, strict=True):
            for one, other in zip(read.detections, written.detections, strict=True):
                assert np.array_equal(one.box, other.box)
                assert one.confidence == pytest.approx(other.confidence)
                assert np.array_equal(one.keypoints, other.keypoints)
                assert (one.keypoint_sd is None) == (other.keypoint_sd is None)
                assert one.keypoint_sd is None or np.array_equal(one.keypoint_sd, other.keypoint_sd)
            assert not written.detections or np.array_equal(read.embeddings, written.embeddings)


def test_a_recording_keeps_the_truth_beside_it(tiny: Recording) -> None:
    people, boxes, hands = tiny.people(), tiny.boxes(), tiny.hands()
    assert set(people["person"]) == {"ada", "ben"} == set(boxes.rows["person"])
    assert len(boxes.rows) == len(boxes.boxes) == len(boxes.shown) == len(boxes.keypoints) == len(boxes.embeddings)
    assert np.isfinite(boxes.embeddings).all()
    assert set(hands["side"]) == {"L"}


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_every_peer_follows_two_people_with_two_tracks(tiny: Recording, peer: Peer) -> None:
    followed = follow(tiny, peer)
    assert len(set(followed.tracks["track"].tolist())) == 2
    assert floor_metrics(tiny.inside(), followed.tracks)["idf1"] > 0.9
    assert followed.frames == 2 * len(tiny.ticks)


def test_our_tracking_and_the_ceilings_follow_two_people(rows: dict[str, Row]) -> None:
    assert len(rows) == rows_in_all(1)
    for name in (OURS, TRUE_BOXES, PERFECT):
        found = rows[name].figures
        assert found is not None
        assert found["idf1"] > 0.9
        assert found["id_switches"] == 0


def test_perfect_association_is_never_below_ours(tiny: Recording, rows: dict[str, Row]) -> None:
    """And above ours where two tracks change their people half way."""
    perfect, our = rows[PERFECT].figures, rows[OURS].figures
    assert perfect is not None
    assert our is not None
    assert perfect["hota"] >= our["hota"]
    tracks = ours(tiny).tracks
    swapped = np.where(tracks["t"] > SECONDS / 2, 3 - tracks["track"], tracks["track"])
    assert floor_metrics(tiny.inside(), {**tracks, "track": swapped})["hota"] < perfect["hota"] - 0.1


def test_no_tracker_sees_the_truth(tiny: Recording, tmp_path: Path) -> None:
    blind = tmp_path / "blind"
    shutil.copytree(tiny.path, blind)
    shutil.rmtree(blind / "truth")
    assert same_tracks(ours(Recording(blind)), ours(tiny))
    for peer in (PEERS[2], PEERS[5]):
        assert same_tracks(follow(Recording(blind), peer), follow(tiny, peer))


def test_peers_see_confidences_as_the_share_of_boxes_that_show_somebody(tiny: Recording, tmp_path: Path) -> None:
    """Of boxes with a confidence of 0.4 every second is moved off its person; those with 0.9 are right."""
    mixed = tmp_path / "mixed"
    shutil.copytree(tiny.path, mixed)
    views = pq.read_table(mixed / "views.parquet").to_pandas()
    doubtful = np.arange(len(views)) % 4 < 2
    views.loc[doubtful, "confidence"] = np.float32(0.4)
    views.loc[np.arange(len(views)) % 4 == 0, "box"] = views["box"].map(lambda box: box + np.float32(500))
    pq.write_table(pa.Table.from_pandas(views, preserve_index=False), mixed / "views.parquet")
    before = [one.confidence for tick in Recording(mixed).ticks for view in tick.views for one in view.detections]
    after = [one.confidence for tick in calibrated(Recording(mixed)) for view in tick.views for one in view.detections]
    assert {round(said, 1) for said in before} == {0.4, 0.9}
    for said, meant in zip(before, after, strict=True):
        assert meant == pytest.approx(1.0 if said > 0.5 else 0.5, abs=0.05)


def test_errors_in_metres_are_of_feet_tracks_and_hands(tiny: Recording) -> None:
    found = figures(tiny, ours(tiny))
    assert 0 < found["foot_median_m"] < 0.2
    assert found["foot_recall"] > 0.95
    assert 0 < found["track_median_m"] < 0.2
    assert found["hand_count"] > 0
    assert found["hand_median_m"] < found["hand_p95_m"]
    assert np.isnan(found["reach_median_m"])


def test_a_peer_that_is_not_installed_has_a_row_that_says_so(tiny: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trackers", None)
    monkeypatch.setitem(sys.modules, "lap", None)
    # The rest is of no interest here, and slow.
    monkeypatch.setattr(comparison, "ours", lambda *_, **__: Followed(columns([]), {}, 0))
    rows = {row.tracker: row for row in compare(tiny)}
    missing = {name for name, row in rows.items() if row.figures is None}
    assert missing == {peer.name for peer in PEERS if peer.name.startswith(("roboflow", "Ultralytics"))}
    assert rows["roboflow OC-SORT"].missing == "trackers is not installed; the extra `bench` brings it"
    cells = [list(column.cells) for column in tracker_table(summarise(rows.values()), "").columns]
    assert "lap is not installed; the extra `bench` brings it" in cells[1]


def test_several_recordings_give_mean_and_spread(tiny: Recording) -> None:
    rows = [Row("A", "peer", {"hota": 0.5}), Row(OURS, "ours", {"hota": 0.8}), Row("A", "peer", {"hota": 0.7})]
    summary = summarise(rows)
    assert [one.tracker for one in summary] == ["A", OURS]
    assert summary[0].mean["hota"] == pytest.approx(0.6)
    assert summary[0].sd["hota"] == pytest.approx(np.std([0.5, 0.7], ddof=1))
    assert margin(summary) == ("A", pytest.approx(0.2))
    table = as_json([tiny], rows)
    assert json.loads(json.dumps(table, allow_nan=False))["trackers"][0]["recordings"] == [{"hota": 0.5}, {"hota": 0.7}]


def test_the_command_prints_and_writes_every_tracker(
    tiny: Recording, rows: dict[str, Row], aisle: Aisle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(command, "record", lambda *_: tiny)
    monkeypatch.setattr(command, "compare", lambda _: rows.values())
    file = tmp_path / "figures.json"
    code, out, err = aisle("bench", "trackers", "--scenario", "quick", "--seed", 1, "--seed", 2, "--json", file)
    assert code == 0, err
    written = json.loads(file.read_text(encoding="utf-8"))
    names = [peer.name for peer in PEERS] + [OURS, TRUE_BOXES, PERFECT]
    assert [one["tracker"] for one in written["trackers"]] == names
    assert all(name in out for name in names)
    assert "ours is ahead of the best peer" in out


def test_a_scenario_that_is_none_is_refused_in_one_line(aisle: Aisle) -> None:
    code, out, err = aisle("bench", "trackers", "--scenario", "nowhere")
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
    assert "nowhere" in err


def test_a_folder_that_is_no_recording_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder, found in ((tmp_path, "no recording.json"), (tmp_path / "gone", "no such folder")):
        assert replay.main([str(folder)]) == 2
        assert capsys.readouterr().err.splitlines() == [
            f"{folder}: recording: found '{found}', allowed: a folder that `aisle bench trackers` has recorded"
        ]


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("recording.json", '{"format": 1}', "format"),
        ("recording.json", "[]", "a JSON object"),
        ("views.parquet", "no table", "a Parquet table"),
        ("frames.parquet", None, "missing"),
        ("calibration.yaml", None, "calibration.yaml"),
        ("plan.json", "{}", "plan.json"),
    ],
)
def test_a_broken_recording_is_refused(
    tiny: Recording, tmp_path: Path, file: str, content: str | None, said: str
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(tiny.path, broken)
    (broken / file).unlink()
    if content is not None:
        (broken / file).write_text(content, encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        ours(Recording(broken))


def test_frames_that_do_not_fit_the_findings_are_refused(tiny: Recording, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(tiny.path, broken)
    shutil.copy(tiny.path / "truth" / "hands.parquet", broken / "views.parquet")
    with pytest.raises(BadInput, match="embedding"):
        ours(Recording(broken))


@pytest.mark.slow
def test_a_replayed_recording_gives_the_tracks_of_a_run(tmp_path: Path) -> None:
    scenario = load_scenario("quick").model_copy(update={"seconds": 8.0, "last_call": 1.0, "end_when_empty": False})
    run = run_scenario(scenario, tmp_path / "run", RunOptions(policies=[], video=False))
    recording = record(scenario, tmp_path / "recordings")
    replayed, floor = ours(recording).tracks, run.floor_tracks()
    assert len(floor) > 0
    assert np.array_equal(replayed["track"], floor["track"])
    for name in ("t", "x", "y"):
        assert np.allclose(replayed[name], floor[name], atol=1e-5)
    stamp = (recording.path / "recording.json").stat().st_mtime_ns
    assert record(scenario, tmp_path / "recordings").path == recording.path
    assert (recording.path / "recording.json").stat().st_mtime_ns == stamp
