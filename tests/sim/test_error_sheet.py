import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.error_sheet import write_error_sheet
from sim.error_sheet.causes import cause_of
from sim.error_sheet.mistakes import Mistake, mistakes
from sim.error_sheet.page import MOST_SHOWN
from sim.error_sheet.records import DayFiles, day_files
from sim.errors import BadInput
from sim.run_folder import (
    FLOOR_TRACK_COLUMNS,
    TRUTH_PEOPLE_COLUMNS,
    Progress,
    RunFolder,
    RunManifest,
    day_folder,
    write_json,
    write_manifest,
    write_table,
)
from sim.store_plan import load_store
from tracking.camera import Camera, save_calibration
from tracking.formats import MotRow, write_mot
from tracking.matching import matched_pairs
from tracking.metrics import floor_metrics
from tracking.video import VideoWriter

FPS = 5
SECONDS = 12.0
PLACES = {"ann": (2.0, 2.0), "bob": (2.0, 5.0), "cem": (6.0, 2.0)}
BODY = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.7], [0.25, 0.0, 0.8], [-0.25, 0.0, 0.8]])

Row = tuple[float, int, float, float]
Looks = tuple[float, int, tuple[float, ...]]


@dataclass
class Made:
    """A made-up day: three people who stand still, each with a track of their own, until a test spoils it."""

    tracks: list[Row] = field(default_factory=list)
    hidden: set[tuple[str, float]] = field(default_factory=set)
    video: bool = False
    looks: list[Looks] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tracks = [(t, 1 + k, *place) for t in times() for k, place in enumerate(PLACES.values())]

    def change(self, rule: Callable[[Row], Row | None]) -> None:
        self.tracks = [changed for row in self.tracks if (changed := rule(row)) is not None]

    def write(self, folder: Path, day: int | None = None) -> RunFolder:
        plan = load_store("corner-shop")
        spec = plan.cameras[2]
        camera = Camera.look_at(spec.name, spec.position, spec.look_at, spec.fov_deg, 320, 180)
        folder.mkdir(parents=True)
        write_json(folder / "plan.json", plan.model_dump(mode="json"))
        write_json(folder / "scenario.json", {"name": "made-up", "fps": FPS})
        save_calibration(folder / "calibration.yaml", {camera.name: camera})
        manifest = RunManifest(scenario="made-up", seed=1, status="finished", day=day)
        write_manifest(folder, manifest.model_copy(update={"progress": Progress(t=SECONDS, seconds=SECONDS)}))
        people = [(t, who, "shopper", *place, 0.0, "", True) for t in times() for who, place in PLACES.items()]
        write_table(
            folder / "truth" / "people.parquet",
            pd.DataFrame(people, columns=list(TRUTH_PEOPLE_COLUMNS)),
            TRUTH_PEOPLE_COLUMNS,
        )
        floor = pd.DataFrame([(*row, 0.1, None) for row in self.tracks], columns=list(FLOOR_TRACK_COLUMNS))
        write_table(folder / "tracks" / "floor.parquet", floor.astype({"track": np.int64}), FLOOR_TRACK_COLUMNS)
        write_json(folder / "truth" / "numbers.json", {who: k for k, who in enumerate(PLACES, start=1)})
        self._write_boxes(folder, camera)
        if self.looks:
            rows = [(t, camera.name, track, list(look)) for t, track, look in self.looks]
            names = ("t", "camera", "track", "embedding")
            write_table(folder / "tracks" / "bodies.parquet", pd.DataFrame(rows, columns=list(names)), names)
        if self.video:
            (folder / "video").mkdir()
            with VideoWriter(folder / "video" / f"{camera.name}.mp4", 320, 180, FPS) as writer:
                for k in range(len(times())):
                    writer.write(np.full((180, 320, 3), 60 + k, np.uint8))
        return RunFolder(folder)

    def _write_boxes(self, folder: Path, camera: Camera) -> None:
        (folder / "truth" / "boxes").mkdir()
        true, found = [], []
        for t in times():
            for k, (who, place) in enumerate(PLACES.items(), start=1):
                visible = 0.0 if (who, t) in self.hidden else 0.8
                true.append(MotRow.from_box(round(t * FPS), k, box_at(camera, place), visible))
        for t, track, x, y in self.tracks:
            found.append(MotRow.from_box(round(t * FPS), track, box_at(camera, (x, y)), 0.9))
        write_mot(folder / "truth" / "boxes" / f"{camera.name}.txt", true)
        write_mot(folder / "tracks" / f"{camera.name}.txt", found)


def times() -> list[float]:
    return [k / FPS for k in range(1, round(SECONDS * FPS) + 1)]


def box_at(camera: Camera, place: tuple[float, float]) -> np.ndarray:
    pixels = camera.project(BODY + np.array([*place, 0.0]))
    return np.concatenate([pixels.min(axis=0), pixels.max(axis=0)]).astype(np.float32)


def only(day: DayFiles) -> Mistake:
    found = mistakes(day)
    assert len(found) == 1, found
    return found[0]


def test_a_perfect_run_lists_nothing(tmp_path: Path) -> None:
    run = Made().write(tmp_path / "run")
    assert mistakes(day_files(run)) == []
    page = write_error_sheet(run.path)
    assert page == run.path / "errors.html"
    assert "No mistakes were found" in page.read_text(encoding="utf-8")


def test_a_switch_is_listed_once_with_both_tracks(tmp_path: Path) -> None:
    made = Made()
    made.change(lambda row: (row[0], 9, *row[2:]) if row[1] == 1 and row[0] > 6 else row)
    one = only(day_files(made.write(tmp_path / "run")))
    assert (one.kind, one.person, one.tracks, one.swapped_with) == ("switch", "ann", (1, 9), None)
    assert (one.start, one.end) == pytest.approx((6.0, 6.2))
    assert one.cost_s == pytest.approx(6.0)
    assert one.nearest == "bob"
    assert one.nearest_m == pytest.approx(3.0)


def test_an_exchange_names_both_people_and_how_alike_they_look(tmp_path: Path) -> None:
    made = Made(looks=[(1.0, 1, (1.0, 0.0)), (1.0, 2, (0.96, 0.28))])
    made.change(lambda row: (row[0], {1: 2, 2: 1, 3: 3}[row[1]], *row[2:]) if row[0] > 6 else row)
    day = day_files(made.write(tmp_path / "run"))
    found = mistakes(day)
    assert {(one.kind, one.person, one.swapped_with) for one in found} == {
        ("switch", "ann", "bob"), ("switch", "bob", "ann"),
    }  # fmt: skip
    cause = cause_of(day, found[0])
    assert cause.group == "exchanged with somebody near"
    assert cause.words == "exchanged tracks with bob, 3.0 m away; they look nearly alike (cosine 0.96)"


def test_somebody_lost_where_no_camera_sees_them_is_said_to_be_unseen(tmp_path: Path) -> None:
    made = Made(hidden={("cem", t) for t in times() if 4 < t <= 7})
    made.change(lambda row: None if row[1] == 3 and 4 < row[0] <= 7 else row)
    day = day_files(made.write(tmp_path / "run"))
    one = only(day)
    assert (one.kind, one.person, one.tracks) == ("lost", "cem", (3,))
    assert (one.start, one.end) == pytest.approx((4.2, 7.2))
    assert cause_of(day, one).words == "seen by no camera for 3.0 s of 3.0 s"


def test_somebody_lost_in_full_view_is_said_to_be_undetected(tmp_path: Path) -> None:
    made = Made()
    made.change(lambda row: None if row[1] == 3 and 4 < row[0] <= 7 else row)
    day = day_files(made.write(tmp_path / "run"))
    assert cause_of(day, only(day)).group == "seen but not detected"


def test_a_loss_of_one_second_is_too_short_to_be_listed(tmp_path: Path) -> None:
    made = Made()
    made.change(lambda row: None if row[1] == 3 and 4 < row[0] <= 5 else row)
    assert mistakes(day_files(made.write(tmp_path / "run"))) == []


def test_somebody_never_found_is_lost_for_the_whole_time(tmp_path: Path) -> None:
    made = Made()
    made.change(lambda row: None if row[1] == 2 else row)
    one = only(day_files(made.write(tmp_path / "run")))
    assert (one.kind, one.person, one.tracks) == ("lost", "bob", ())
    assert one.seconds == pytest.approx(SECONDS)


def test_a_ghost_is_listed_once_and_its_boxes_are_said_to_show_nobody(tmp_path: Path) -> None:
    made = Made()
    made.tracks += [(t, 7, 5.0, 4.0) for t in times() if 3 < t <= 6]
    day = day_files(made.write(tmp_path / "run"))
    one = only(day)
    assert (one.kind, one.person, one.tracks, one.place) == ("ghost", None, (7,), (5.0, 4.0))
    assert (one.start, one.end) == pytest.approx((3.2, 6.2))
    assert cause_of(day, one).group == "boxes on nobody"


def test_a_track_kept_alive_without_boxes_is_said_to_be_unseen(tmp_path: Path) -> None:
    made = Made()
    made.tracks += [(t, 7, 5.0, 4.0) for t in times() if 3 < t <= 6]
    run = made.write(tmp_path / "run")
    for path in (run.path / "tracks").glob("*.txt"):
        path.write_text("".join(line for line in path.read_text().splitlines(True) if line.split(",")[1] != "7"))
    day = day_files(run)
    assert cause_of(day, only(day)).group == "kept alive without being seen"


def test_a_double_is_listed_once_with_the_track_too_many_last(tmp_path: Path) -> None:
    made = Made()
    made.tracks += [(t, 8, PLACES["cem"][0] + 0.5, PLACES["cem"][1]) for t in times() if 2 < t <= 5]
    one = only(day_files(made.write(tmp_path / "run")))
    assert (one.kind, one.person, one.tracks) == ("double", "cem", (3, 8))
    assert (one.start, one.end) == pytest.approx((2.2, 5.2))


def test_a_late_birth_counts_from_entering_to_the_first_track(tmp_path: Path) -> None:
    made = Made()
    made.change(lambda row: None if row[1] == 1 and row[0] <= 2 else row)
    one = only(day_files(made.write(tmp_path / "run")))
    assert (one.kind, one.person, one.tracks) == ("late", "ann", (1,))
    assert one.seconds == pytest.approx(2.0)


def test_switches_are_exactly_those_that_the_metrics_count() -> None:
    rng = np.random.default_rng(3)
    truth, tracks = [], []
    for t in np.arange(1, 200) / FPS:
        if rng.random() < 0.1:
            continue  # ticks with people and no track at all
        for k in range(5):
            place = rng.normal([k * 0.8, 0.0], 0.1)
            truth.append((t, f"p{k}", *place))
            if rng.random() < 0.85:
                tracks.append(
                    (t, int(rng.choice([k, k + 1, 20 + k], p=[0.9, 0.06, 0.04])), *(place + rng.normal(0, 0.4, 2)))
                )
    people = pd.DataFrame(truth, columns=["t", "person", "x", "y"])
    found = pd.DataFrame(tracks, columns=["t", "track", "x", "y"]).drop_duplicates(["t", "track"])
    pairs = matched_pairs(people, found)
    switches = sum(int((rows["track"].diff().dropna() != 0).sum()) for _, rows in pairs.groupby("person"))
    assert switches == floor_metrics(people, found)["id_switches"] > 20
    assert pairs["gap_m"].max() <= 1.0


def test_pictures_come_from_the_video_and_the_page_needs_nothing_else(tmp_path: Path) -> None:
    made = Made(video=True)
    made.tracks += [(t, 7, 3.0, 3.5) for t in times() if 3 < t <= 6]
    html = write_error_sheet(made.write(tmp_path / "run").path, tmp_path / "sheet.html").read_text(encoding="utf-8")
    assert len(re.findall(r'<img src="data:image/jpeg;base64,', html)) == 4
    assert [float(t) for t in re.findall(r"<figcaption>\w+, ([\d.]+) s", html)] == [2.7, 3.2, 4.7, 6.7]
    without_names = html.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r'(src|href)="(?!data:|#)', without_names)
    assert "http" not in without_names


def test_a_run_without_video_says_so_and_shows_plans(tmp_path: Path) -> None:
    made = Made()
    made.tracks += [(t, 7, 3.0, 3.5) for t in times() if 3 < t <= 6]
    html = write_error_sheet(made.write(tmp_path / "run").path).read_text(encoding="utf-8")
    assert "kept no video" in html
    assert html.count('class="plan near"') == 1
    assert "<img" not in html


def test_only_the_worst_are_shown_and_the_page_says_how_many_are_not(tmp_path: Path) -> None:
    made = Made()
    ghosts = MOST_SHOWN + 5
    made.tracks += [
        (t, 100 + k, 3.5 + k / 1000, 3.5) for k in range(ghosts) for t in times() if 2 < t <= (3.2 if k < 5 else 4.2)
    ]
    html = write_error_sheet(made.write(tmp_path / "run").path).read_text(encoding="utf-8")
    assert html.count('class="mistake"') == MOST_SHOWN
    assert f"The worst {MOST_SHOWN} of {ghosts} are shown" in html
    assert "5 are left out" in html
    assert "Track 104: nobody there" not in html
    assert "Track 105: nobody there" in html


def test_a_run_of_several_days_gets_a_page_a_day(tmp_path: Path) -> None:
    run = tmp_path / "run"
    first = Made()
    first.tracks += [(t, 7, 3.0, 3.5) for t in times() if 3 < t <= 6]
    first.write(day_folder(run, 1), day=1)
    Made().write(day_folder(run, 2), day=2)
    write_manifest(run, RunManifest(scenario="made-up", seed=1, status="finished", days=2))
    html = write_error_sheet(run).read_text(encoding="utf-8")
    assert 'href="days/1/errors.html"' in html
    assert "Track 7: nobody there" in (run / "days" / "1" / "errors.html").read_text(encoding="utf-8")
    assert "No mistakes" in (run / "days" / "2" / "errors.html").read_text(encoding="utf-8")


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"run\.json"):
        write_error_sheet(tmp_path)
    with pytest.raises(BadInput, match="no such folder"):
        write_error_sheet(tmp_path / "nothing")


def test_a_wrong_line_of_boxes_is_named(tmp_path: Path) -> None:
    run = Made().write(tmp_path / "run")
    path = next((run.path / "tracks").glob("*.txt"))
    path.write_text("1,2,three\n")
    with pytest.raises(BadInput, match="line 1"):
        write_error_sheet(run.path)
