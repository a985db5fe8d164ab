import json
import re
from functools import lru_cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.report import write_report
from sim.report.charts import axis, free_height, ticks
from sim.report.comparison import axes, comparison_rows, pareto, together
from sim.report.floor_plan import floor_plan_svg, view_box, view_cone
from sim.report.headlines import headlines
from sim.report.journal import read_run_journal
from sim.report.moments import moments
from sim.report.page import report_html
from sim.report.playback import pictures, playback, player_json
from sim.report.stills import stills
from sim.report.visits import ItemLine, evidence_lines, item_lines, visit_views
from sim.report.wording import clock, figure, figure_note, moment, money, share, signed_money
from sim.run_folder import RunFolder
from sim.store_plan import StorePlan, load_store
from store.ledger import Ledger
from store.privacy.figures import Figure
from store.privacy.metric import GROUPS
from store.privacy.metrics import METRICS
from tests.dashboard.fake_run import SHOPPERS, copy_run, write_fake_run
from tracking.camera import Camera

LARGEST_BYTES = 3_000_000


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return RunFolder(write_fake_run(tmp_path_factory.mktemp("runs") / "fake"))


@pytest.fixture(scope="module")
def page(run: RunFolder) -> str:
    return write_report(run.path).read_text(encoding="utf-8")


class _Balance(HTMLParser):
    """Counts elements that are opened and not closed."""

    VOID = frozenset({"meta", "img", "input", "br", "link"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        return

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_small(page: str) -> None:
    balance = _Balance()
    balance.feed(page)
    assert balance.open == []
    assert len(page.encode()) < LARGEST_BYTES


def test_the_page_needs_nothing_else(page: str) -> None:
    without_names = page.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r'(src|href)="(?!data:)', without_names)
    assert not re.search(r"url\(|@import|https?://[^ <\"]*\.(js|css|woff)", without_names)


def test_headline_figures_come_first_and_from_the_summary(page: str, run: RunFolder) -> None:
    first = headlines(run.summary)[0]
    assert (first.title, first.value, first.detail) == ("Exact receipts", "67 %", "4 of 6 match in every item")
    assert page.index("Exact receipts") < page.index("<h2>The store</h2>") < page.index("<h2>Receipts</h2>")


def test_a_figure_that_was_not_measured_is_said_to_be_missing(run: RunFolder) -> None:
    bare = run.summary.model_copy(update={"receipts": {}, "tracking": {}, "speed": {}})
    assert {line.value for line in headlines(bare)} == {"n/a"}


def test_every_headline_has_a_definition(run: RunFolder) -> None:
    assert all(len(line.definition) > 30 for line in headlines(run.summary))


def test_the_page_of_an_unfinished_run_says_so(run: RunFolder, tmp_path: Path) -> None:
    folder = copy_run(run.path, tmp_path / "stopped", "interrupted")
    html = report_html(RunFolder(folder))
    assert "This run was interrupted" in html
    assert "<h2>Receipts</h2>" in html
    assert "<h2>Privacy and usage</h2>" not in html


def test_names_cannot_break_out_of_the_page(run: RunFolder, tmp_path: Path) -> None:
    folder = copy_run(run.path, tmp_path / "evil")
    plan = json.loads((folder / "plan.json").read_text())
    evil = "</script><script>alert(1)</script>"
    plan["title"] = evil
    for product in plan["products"]:
        product["name"] = evil
    (folder / "plan.json").write_text(json.dumps(plan))
    assert evil not in report_html(RunFolder(folder))


def test_receipts_are_judged_against_the_truth(run: RunFolder) -> None:
    views = {view.account: view for view in visit_views(run)}
    assert [views[shopper.account].verdict for shopper in SHOPPERS] == [
        "exact", "exact", "wrong", "wrong", "exact", "exact",
    ]  # fmt: skip
    assert views["cleo"].error_cents == -89
    assert views["dmitri"].error_cents == 89
    assert views["dmitri"].flagged
    assert views["cleo"].story == "1 item missing of Still water 0.5 l."


def test_evidence_names_everybody_whom_the_store_considered(run: RunFolder) -> None:
    cleo = next(view for view in visit_views(run) if view.account == "cleo")
    taken = next(line for line in cleo.evidence if line.text == "Took Sparkling water 0.7 l")
    assert [(chance.account, chance.own) for chance in taken.chances] == [("cleo", True), ("ben", False)]
    assert [line.t for line in cleo.evidence] == sorted(line.t for line in cleo.evidence)
    assert any(line.text.startswith("Credited to dmitri: Still water") for line in cleo.evidence)


def test_what_was_too_unsure_to_bill_is_said(run: RunFolder) -> None:
    journal = read_run_journal(run)
    billed = {"sparkling-water": 1}
    assert not any("too unsure" in line.detail for line in evidence_lines("visit-3", journal, billed))
    unbilled = [line.text for line in evidence_lines("visit-3", journal, {}) if "too unsure" in line.detail]
    assert unbilled == ["Took Sparkling water 0.7 l"]


def test_somebody_who_was_never_billed_is_shown(run: RunFolder, tmp_path: Path) -> None:
    folder = copy_run(run.path, tmp_path / "thief")
    rows = json.loads((folder / "truth" / "receipts.json").read_text())
    rows.append({"account": "gus", "people": ["gus-1"], "items": {"milk": 2}})
    (folder / "truth" / "receipts.json").write_text(json.dumps(rows))
    gus = visit_views(RunFolder(folder))[-1]
    assert (gus.account, gus.verdict, gus.error_cents) == ("gus", "not billed", -278)


@lru_cache(maxsize=1)
def corner_shop() -> StorePlan:
    return load_store("corner-shop")


def test_somebody_still_inside_when_the_run_ended_is_no_thief(run: RunFolder, tmp_path: Path) -> None:
    folder = copy_run(run.path, tmp_path / "cut-off", "interrupted")
    (folder / "store.sqlite").unlink()
    Ledger(f"sqlite:///{folder / 'store.sqlite'}").close()
    views = {view.account: view for view in visit_views(RunFolder(folder))}
    assert views["ada"].verdict == "still open"
    assert any(line.text.startswith("Took") for line in views["ada"].evidence)
    assert "femi" not in views  # took nothing


COUNTS = st.dictionaries(st.sampled_from(["cola-can", "milk", "rice", "unknown"]), st.integers(1, 5))


@settings(deadline=None)
@given(COUNTS, COUNTS)
def test_item_lines_lose_no_item(billed: dict[str, int], taken: dict[str, int]) -> None:
    lines = item_lines(billed, taken, corner_shop())
    assert {line.product: line.billed for line in lines if line.billed} == billed
    assert {line.product: line.taken for line in lines if line.taken} == taken


def test_a_line_says_what_is_wrong_with_it() -> None:
    assert ItemLine("a", "A", 100, 1, 3).difference == "2 items missing"
    assert ItemLine("a", "A", 100, 2, 1).difference == "1 item too many"
    assert ItemLine("a", "A", 100, 2, 1).error_cents == 100


def test_captions_come_in_order_and_at_the_shelf(run: RunFolder) -> None:
    said = list(moments(read_run_journal(run)))
    assert [moment.t for moment in said] == sorted(moment.t for moment in said)
    taken = next(moment for moment in said if moment.text.startswith("ada took"))
    assert taken.x is not None
    assert "ada was billed $2.68 for 2 items" in {moment.text for moment in said}


def test_the_player_gets_every_track_and_person(run: RunFolder) -> None:
    shown = playback(run, pictures(run, {}, {}))
    assert {path.label for path in shown.tracks} == {shopper.account for shopper in SHOPPERS}
    assert len({path.colour for path in shown.tracks}) == len(shown.tracks)
    assert len(shown.truth) == len(SHOPPERS)
    assert all(np.all(np.diff(path.t) > 0) for path in shown.tracks)
    assert shown.seconds > max(moment.t for moment in shown.moments)
    assert json.loads(player_json(shown, 6.0, 100.0))["depth"] == 6.0


def test_stills_are_taken_at_even_times(run: RunFolder) -> None:
    video = run.video("northeast")
    assert video is not None
    assert [still.t for still in stills(video, 10.0)] == [0.0, 10.0, 20.0, 30.0]


def test_a_broken_video_gives_no_stills(tmp_path: Path) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(b"no video")
    assert stills(path, 1.0) == ()


@pytest.mark.parametrize("name", ["corner-shop", "nanostore"])
def test_every_built_in_store_can_be_drawn(name: str) -> None:
    plan = load_store(name)
    svg = floor_plan_svg(plan, {})
    assert svg.count('class="gondola"') == len(plan.gondolas)
    assert svg.count('class="gate"') == len(plan.gates)
    left, top, width, height = view_box(plan)
    assert (left, top) < (0, 0)
    assert width > 100 * plan.room.width_m
    assert height > 100 * plan.room.depth_m


def test_a_view_cone_opens_the_way_the_camera_looks() -> None:
    camera = Camera.look_at("c", (1.0, 1.0, 3.0), (4.0, 1.0, 0.0), 90.0, 640, 360)
    cone = view_cone(camera, 2.0)
    assert cone[0] == pytest.approx([1.0, 1.0])
    assert np.linalg.norm(cone[1:] - cone[0], axis=1) == pytest.approx(np.full(len(cone) - 1, 2.0))
    assert cone[1:].mean(axis=0)[0] > 2.0
    assert cone[1:].mean(axis=0)[1] == pytest.approx(1.0, abs=1e-6)


def _figures(values: dict[str, tuple[float, float]]) -> dict[str, dict[str, Figure]]:
    return {name: {"identified_share": Figure(x), "exact_receipts": Figure(y)} for name, (x, y) in values.items()}


def test_the_front_holds_exactly_those_that_nobody_beats() -> None:
    figures = _figures({"open": (1.0, 0.9), "mild": (0.2, 0.9), "none": (0.0, 0.4), "bad": (0.5, 0.3)})
    best = {point.policy for point in pareto(figures, "identified_share", "exact_receipts") if point.best}
    assert best == {"mild", "none"}


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=8))
def test_there_is_always_somebody_on_the_front(places: list[tuple[float, float]]) -> None:
    figures = _figures({str(n): place for n, place in enumerate(places)})
    assert any(point.best for point in pareto(figures, "identified_share", "exact_receipts"))


def test_policies_at_one_place_share_a_label_and_none_is_lost() -> None:
    figures = _figures({"a": (0.1, 0.5), "b": (0.1, 0.5), "c": (0.9, 0.9)})
    groups = together(pareto(figures, "identified_share", "exact_receipts"))
    assert [[point.policy for point in group] for group in groups] == [["a", "b"], ["c"]]


def test_policies_without_a_figure_are_left_out_of_the_plot() -> None:
    figures = _figures({"a": (0.1, 0.5), "b": (0.2, 0.6)})
    figures["c"] = {"identified_share": Figure(None, "nothing kept"), "exact_receipts": Figure(1.0)}
    assert {point.policy for point in pareto(figures, "identified_share", "exact_receipts")} == {"a", "b"}
    assert axes(figures) == [("identified_share", "exact_receipts")]


def test_the_best_of_a_row_follows_the_metric() -> None:
    figures = _figures({"a": (0.1, 0.5), "b": (0.2, 0.6)})
    (privacy,) = comparison_rows(figures, "privacy")
    (usage,) = comparison_rows(figures, "usage")
    assert [privacy.is_best(cell) for cell in privacy.cells if cell] == [True, False]
    assert [usage.is_best(cell) for cell in usage.cells if cell] == [False, True]


def test_the_table_keeps_the_order_of_the_registry(run: RunFolder) -> None:
    rows = [row.name for group in GROUPS for row in comparison_rows(run.policies(), group)]
    assert rows == list(METRICS)


def test_money_and_shares_are_written_for_people() -> None:
    assert money(1240) == "$12.40"
    assert money(-5) == "-$0.05"
    assert signed_money(120) == "+$1.20"
    assert share(0.666) == "67 %"
    assert share(0.034) == "3.4 %"
    assert moment("2026-01-05T09:00:00+00:00") == "5 Jan 2026, 09:00 UTC"
    assert clock(75.9) == "1:15"
    assert figure(0.25, "share") == "25 %"
    assert figure(189.4, "cents per visit") == "$1.89"
    assert figure(1234567.0, "per 1,000 visits") == "1,234,567"
    assert figure_note(Figure(0.5, low=0.4, high=0.6, note="few"), "share") == "0.5. 95 % interval 40 % to 60 %. few"


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9))
def test_ticks_lie_within_what_is_shown(values: list[float]) -> None:
    found = ticks(values)
    assert found
    assert all(min(values) - 1e-6 <= value <= max(values) + 1e-6 for value in found)
    assert len(found) <= 9


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9))
def test_an_axis_keeps_every_point_inside(values: list[float]) -> None:
    place = axis(values, 80.0, 600.0)
    assert all(80.0 <= place(value) <= 600.0 for value in values)


def test_labels_do_not_cover_each_other() -> None:
    taken: list[tuple[float, float]] = []
    for _ in range(6):
        taken.append((100.0, free_height(100.0, 50.0, taken)))
    heights = sorted(y for _, y in taken)
    assert min(b - a for a, b in pairwise(heights)) >= 15.0
