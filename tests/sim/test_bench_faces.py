import json
import sys
from pathlib import Path

import pytest
from rich.console import Console

from sim import cli
from sim.bench import faces
from sim.bench.faces import DET_FPIRS, MONTHS, measure_faces, print_faces_bench, tables
from sim.errors import BadInput
from store.privacy.faces.gallery import Gallery


def test_bench_faces_prints_published_beside_measured_and_writes_the_same_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "faces.json"
    monkeypatch.setattr(faces, "MUGSHOTS", 30_000)
    options = ["--searches", "2000", "--drivers", "0", "--json", str(file)]
    monkeypatch.setattr(sys, "argv", ["aisle", "bench", "faces", *options])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code in (0, None)
    written, printed = json.loads(file.read_text("utf-8")), capsys.readouterr().out
    fpir = next(row for row in written["rates"] if row["preset"] == "2018-threshold-80" and row["what"] == "FPIR")
    assert fpir["trials"] == 2000
    assert fpir["interval"][0] < fpir["value"] < fpir["interval"][1]
    assert f"{fpir['value']:.4g}" in printed
    assert "East-Asian women" in printed
    assert {row["preset"] for row in written["months"]} == {name for name, _ in MONTHS}
    assert all(row["real"] is None for row in written["months"])
    assert [len(points) for points in written["det"].values()] == [len(DET_FPIRS)] * 3


def test_a_real_index_is_searched_where_one_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(faces, "MUGSHOTS", 1_000)
    figures = measure_faces(1_000, 500, lambda _: None)
    assert figures.drivers == 500
    searched = Gallery.open(500, faces.GALLERY_SEED)
    assert len(searched) == 500
    at_80 = next(row for row in figures.months if row.percent == 80 and row.group == "all")
    # 8,000 searches in 500 people match falsely some 8.6 times.
    assert at_80.expected == pytest.approx(8_000 * 500 * 2.15e-6, rel=0.03)
    assert at_80.real is not None
    assert 0 < at_80.real < 30
    console = Console(width=80, record=True)
    for table in tables(figures):
        console.print(table)
    assert f"{at_80.real} inside" in console.export_text()


def test_a_json_file_that_cannot_be_written_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    for file in (tmp_path / "nowhere" / "faces.json", tmp_path):
        with pytest.raises(BadInput, match="--json"):
            print_faces_bench(10**9, 10**9, file)
