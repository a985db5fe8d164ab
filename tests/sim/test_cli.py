"""Bad input: one clear line that names file, field, value found and values allowed, and exit code 2."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from sim import cli, graphics
from sim.store_plan import STORES

Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def aisle(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Calls the command in this process; returns its exit code and what it wrote to the terminal."""

    def call(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["aisle", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        written = capsys.readouterr()
        return int(ended.value.code or 0), written.out + written.err

    return call


def one_line(text: str) -> str:
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    return lines[0]


def store_file(folder: Path, change: Change) -> Path:
    content = yaml.safe_load((STORES / "corner-shop.yaml").read_text(encoding="utf-8"))
    change(content)
    path = folder / "store.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def test_an_unknown_scenario_name_is_answered_with_near_names(aisle: Callable[..., tuple[int, str]]) -> None:
    code, text = aisle("run", "corner-shpo")
    assert code == 2
    assert "corner-shpo" in one_line(text)
    assert "corner-shop" in text


def test_yaml_syntax_errors_name_file_and_line(aisle: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("name: x\nseconds: [1, 2\nstore: corner-shop\n", encoding="utf-8")
    code, text = aisle("check", path)
    assert code == 2
    assert "broken.yaml" in one_line(text)
    assert "line 3" in text


def test_an_unknown_field_is_named_with_the_known_ones(aisle: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text("name: x\ntitle: x\nseconds: 60\nspeeed: 3\n", encoding="utf-8")
    code, text = aisle("check", path)
    assert code == 2
    assert "speeed" in one_line(text)
    assert "seconds" in text


@pytest.mark.parametrize(
    ("field", "change", "says"),
    [
        ("room.height_m", lambda plan: plan["room"].update(height_m=280), "12"),
        ("gondolas.0", lambda plan: plan["gondolas"][0].update(x=55.0), "inside the room"),
        ("cameras.0.position", lambda plan: _camera_into_shelf(plan), "gondola"),
        ("slots.0.product", lambda plan: plan["gondolas"][0]["shelves"][0]["slots"][0].pop("product"), "required"),
        ("products.0.weight_g", lambda plan: plan["products"][0].pop("weight_g"), "required"),
        ("products.0.price_cents", lambda plan: plan["products"][0].update(price_cents=-5), "0"),
    ],
    ids=["unit range", "gondola outside", "camera in shelf", "plate without product", "no weight", "negative price"],
)
def test_a_wrong_store_plan_names_field_and_rule(
    aisle: Callable[..., tuple[int, str]], tmp_path: Path, field: str, change: Change, says: str
) -> None:
    code, text = aisle("check", store_file(tmp_path, change))
    assert code == 2
    assert field in one_line(text)
    assert "found" in text
    assert says in text


def _camera_into_shelf(plan: dict[str, Any]) -> None:
    gondola = plan["gondolas"][0]
    plan["cameras"][0].update(position=[gondola["x"], gondola["y"], 1.0], look_at=[0.5, 0.5, 0.0])


def test_a_policy_that_keeps_nothing_but_promises_erasure_reports_is_refused(
    aisle: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    from store.privacy import policy

    content = yaml.safe_load((Path(policy.__file__).parent / "policies" / "app-entry.yaml").read_text("utf-8"))
    content["name"] = "keeps-nothing"
    content["collects"] = {}
    path = tmp_path / "policy.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    code, text = aisle("check", path)
    assert code == 2
    assert "erasure_reports" in one_line(text)


def test_a_wrong_matcher_preset_is_named_by_file_and_field(
    aisle: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    path = tmp_path / "preset.yaml"
    path.write_text("name: x\ntitle: x\nsources: [x]\npublished: {fpir: 3, gallery: 10, fnir: 0.1}\n", encoding="utf-8")
    code, text = aisle("check", path)
    assert code == 2
    for part in ("preset.yaml", "published.fpir", "less than 1"):
        assert part in one_line(text)


@pytest.mark.parametrize("manifest", ["{not json", "[]", json.dumps({"scenario": "x", "seed": "many"})])
def test_a_corrupt_run_folder_is_named(aisle: Callable[..., tuple[int, str]], tmp_path: Path, manifest: str) -> None:
    (tmp_path / "run.json").write_text(manifest, encoding="utf-8")
    for command in ("evaluate", "compare"):
        code, text = aisle(command, tmp_path)
        assert code == 2
        assert "run.json" in one_line(text)


def test_a_folder_that_is_no_run_is_named(aisle: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    code, text = aisle("evaluate", tmp_path / "nothing-here")
    assert code == 2
    assert "nothing-here" in one_line(text)


def test_an_output_folder_with_something_in_it_loses_nothing(
    aisle: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    (tmp_path / "precious.txt").write_text("mine", encoding="utf-8")
    code, text = aisle("run", "quick", "--out", tmp_path)
    assert code == 2
    assert "empty" in one_line(text)
    assert (tmp_path / "precious.txt").read_text(encoding="utf-8") == "mine"


def test_a_missing_graphics_library_is_one_line_that_names_the_package(
    aisle: Callable[..., tuple[int, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MUJOCO_GL")
    monkeypatch.setattr(graphics, "_LIBRARIES", {"osmesa": ("libNowhere.so",), "egl": ("libNowhereEither.so",)})
    code, text = aisle("run", "quick", "--out", tmp_path / "run")
    assert code == 2
    assert "libosmesa6" in one_line(text)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("evaluate",), "--gt and --tracks"),
        (("evaluate", "--gt", "."), "both --gt and --tracks"),
        (("evaluate", "--gt", "nowhere", "--tracks", "."), "nowhere"),
        (("evaluate", "run", "--json", "figures.json"), "summary.json"),
        (("track", "none.mp4", "--calibration", "c.yaml", "--out", "out"), "none.mp4"),
        (("track", "a.mp4", "--calibration", "c.yaml", "--out", "out", "--input-width", "650"), "multiple of 32"),
        (("track", "a=rtsp://u:secret@127.0.0.1:1/s", "--calibration", "c.yaml", "--out", "out"), "connection"),
    ],
)
def test_wrong_questions_about_other_peoples_files_are_one_line(
    aisle: Callable[..., tuple[int, str]], arguments: tuple[str, ...], says: str
) -> None:
    code, text = aisle(*arguments)
    assert code == 2
    assert says in one_line(text)
    assert "secret" not in text


def test_tracks_are_measured_against_truth_and_the_figures_kept(
    aisle: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    rows = [f"{k / 10},1,{k / 10},2.0" for k in range(30)]
    for name, who in (("truth", "person"), ("floor", "track")):
        (tmp_path / f"{name}.csv").write_text("\n".join([f"t,{who},x,y", *rows]), encoding="utf-8")
    files = ("--gt", tmp_path / "truth.csv", "--tracks", tmp_path, "--json", tmp_path / "figures.json")
    code, text = aisle("evaluate", *files)
    assert code == 0, text
    assert "HOTA" in text
    assert json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))["truth"]["hota"] == pytest.approx(1.0)


def test_every_built_in_file_is_valid(aisle: Callable[..., tuple[int, str]]) -> None:
    root = Path(cli.__file__).parent
    files = [
        *root.glob("s*/*.yaml"),
        *root.glob("experiments/*.yaml"),
        *root.parent.glob("store/privacy/policies/*.yaml"),
        *root.parent.glob("store/privacy/faces/presets/*.yaml"),
    ]
    code, text = aisle("check", *files)
    assert code == 0, text
    assert len(text.strip().splitlines()) == len(files)


def test_the_catalogue_lists_every_built_in_file(aisle: Callable[..., tuple[int, str]]) -> None:
    code, text = aisle("scenarios")
    assert code == 0
    for name in ("corner-shop", "nanostore", "quick", "camera-count", "app-entry", "police-gallery", "2025-median"):
        assert name in text


def test_help_names_every_command_of_the_contract() -> None:
    names = {command.callback.__name__ for command in cli.app.registered_commands if command.callback}
    assert names >= {
        "scenarios", "check", "run", "evaluate", "compare", "sessions", "experiment", "dataset", "train", "track",
        "bench", "dashboard",
    }  # fmt: skip


@pytest.mark.parametrize("url", ["books", "mysql://host/books", "sqlite:///no/such/folder/books.sqlite"])
def test_a_ledger_that_cannot_be_opened_ends_the_run_before_it_begins(
    aisle: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str
) -> None:
    monkeypatch.setattr(graphics, "choose_backend", lambda: None)
    code, text = aisle("run", "corner-shop", "--ledger", url, "--out", tmp_path / "run")
    assert code == 2
    assert url in one_line(text)
    assert "allowed" in text
    assert not (tmp_path / "run").exists()
