"""`aisle bench gallery`: every index is really built, reopened and compared with brute force."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sim import cli
from sim.bench import peers
from sim.bench.gallery import LOSSES, OURS, PRESETS, draw_probes, index_table, measure_one
from sim.bench.peers import PEERS
from store.privacy.faces.gallery import stranger_chunks
from store.privacy.uses.searches import GALLERY_SEED

SIZE = 2000
Aisle = Callable[..., tuple[int, str, str]]


@pytest.fixture
def aisle(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Aisle:
    """Calls the command in this process, with a cache of its own; exit code, output, errors."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["aisle", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        written = capsys.readouterr()
        return int(ended.value.code or 0), written.out, written.err

    return call


def test_probes_of_mates_have_the_presets_scores_and_the_exact_best_matches() -> None:
    probes = draw_probes(SIZE, 180)
    originals = np.concatenate(list(stranger_chunks(SIZE, GALLERY_SEED)))
    scores = probes.vectors @ originals.T
    assert np.array_equal(probes.exact[1][:, 0], scores.argmax(axis=1))
    assert len(probes.groups) == len(PRESETS) * len(LOSSES) + 1
    assert sum(count for _, count, _ in probes.groups) == len(probes.vectors) == 360
    cosines = [cosine for _, _, cosine in probes.groups[:-1]]
    assert all(low < high for high, low in zip(cosines[::3], cosines[2::3], strict=True))


@pytest.mark.parametrize(
    ("what", "option", "value"),
    [("speed", "--size", 1000), ("gallery", "--seconds", 20), ("faces", "--run", "x"), ("policies", "--probes", 200)],
)
def test_an_option_of_another_bench_is_refused_in_one_line(aisle: Aisle, what: str, option: str, value: object) -> None:
    code, out, err = aisle("bench", what, option, value)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert f"{option}: found" in err
    assert f"for bench {what}" in err


def test_the_command_measures_every_index_and_writes_figures(aisle: Aisle, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    code, out, err = aisle("bench", "gallery", "--size", SIZE, "--peers-size", SIZE, "--probes", 100, "--json", file)
    assert code == 0, err
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
    assert [row["index"] for row in rows] == list(PEERS)
    for row in rows:
        assert row["index"] in out
        assert row["disk_bytes"] > SIZE * 128
        assert 0 < row["p50_ms"] <= row["p95_ms"]
        assert row["rss_bytes"] > row["disk_bytes"]
        assert row["impostors"]["share"] > 0.9
    exact = {row["index"]: row for row in rows}
    assert exact["faiss flat"]["mates"]["share"] == exact["faiss flat"]["impostors"]["share"] == 1.0
    assert exact[OURS]["mates"]["share"] >= 0.99
    assert list((tmp_path / "cache" / "glass-aisle").iterdir()) == []


def test_a_kept_index_is_not_built_again(tmp_path: Path) -> None:
    probes = draw_probes(SIZE, 100)
    first, again = (measure_one(OURS, SIZE, probes, tmp_path / "index") for _ in range(2))
    assert first.build_s is not None
    assert again.build_s is None
    assert again.mates == first.mates
    assert "kept" in [str(cell) for cell in index_table([again]).columns[2].cells]


def test_a_missing_usearch_is_said_in_one_line(aisle: Aisle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "usearch.index", None)
    code, _, err = aisle("bench", "gallery")
    assert code == 2
    assert err.strip() == "aisle: usearch is not installed; the extra `bench` brings it"
    with pytest.raises(peers.MissingLibrary):
        peers.usearch_module()


def test_a_size_too_small_to_say_anything_is_refused_in_one_line(aisle: Aisle) -> None:
    code, _, err = aisle("bench", "gallery", "--size", 500)
    assert code == 2
    assert "size: found 500" in err
    assert len(err.strip().splitlines()) == 1


def test_something_that_cannot_be_measured_is_refused(aisle: Aisle) -> None:
    code, _, err = aisle("bench", "galery")
    assert code == 2
    assert "galery" in err
