"""The report's sheet on receipts shows what the run's files say, and leaves out what they do not."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from sim.evaluate import receipts_block
from sim.receipt_tables import calibration_table, label_table, money_table
from sim.report import write_report
from sim.report.receipt_charts import reliability_svg, review_svg
from sim.report.receipt_sheet import receipt_sheet
from sim.run_folder import RunFolder, write_json, write_summary
from store.scoring import score_visits
from tests.dashboard.fake_run import write_fake_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """The fake run with its figures computed, and labels on two visits."""
    folder = write_fake_run(tmp_path_factory.mktemp("runs") / "fake", video=False)
    plain = RunFolder(folder)
    labels = {"cleo": ["couple", "wheelchair"], "dmitri": ["couple"]}
    rows = [row | {"labels": labels.get(row["account"], [])} for row in plain.truth_receipts()]
    write_json(folder / "truth" / "receipts.json", rows)
    block = receipts_block(RunFolder(folder))
    write_summary(folder, plain.summary.model_copy(update={"receipts": block}))
    return RunFolder(folder)


def test_money_by_cause_adds_up_to_what_the_summary_says(run: RunFolder):
    receipts = run.summary.receipts
    assert receipts["undercharged_cents"] > 0
    assert sum(receipts["money"]["over"].values()) == receipts["overcharged_cents"]
    shown = {row.title: row.total for row in receipt_sheet(run.summary).money}
    cents = {name: round(100 * float(text.strip("$"))) for name, text in shown.items() if text.startswith("$")}
    assert sum(cents.values()) == receipts["overcharged_cents"] + receipts["undercharged_cents"]


def test_every_label_has_a_row(run: RunFolder):
    rows = {row.label: row for row in receipt_sheet(run.summary).labels}
    assert list(rows) == ["couple", "unlabelled", "wheelchair"]
    assert (rows["couple"].visits, rows["couple"].exact) == ("2", "0 %")
    assert rows["unlabelled"].exact == "100 %"


def test_the_page_shows_the_sheet_and_its_charts_are_well_formed(run: RunFolder):
    page = write_report(run.path).read_text(encoding="utf-8")
    for words in ("Where the money went wrong", "By kind of visit", "as sure as it should be", "review by people buys"):
        assert words in page
    charts = re.findall(r'<svg class="pareto receipts".*?</svg>', page, flags=re.S)
    assert len(charts) == 4
    assert all(ET.fromstring(chart) is not None for chart in charts)


def test_dots_stand_where_the_bins_say(run: RunFolder):
    block = run.summary.receipts["calibration"]["attribution"]
    drawn = ET.fromstring(reliability_svg(block, "who"))
    dots = [float(dot.attrib["cy"]) for dot in drawn.iter("{http://www.w3.org/2000/svg}circle")]
    assert len(dots) == len(block["bins"])
    right = [one["share_right"] for one in block["bins"]]
    assert sorted(range(len(dots)), key=lambda k: -dots[k]) == sorted(range(len(right)), key=lambda k: right[k])


def test_the_review_curve_is_drawn_from_left_to_right(run: RunFolder):
    drawn = ET.fromstring(review_svg(run.summary.receipts["review"]["curve"], "exact_rate", "exact"))
    line = next(one for one in drawn.iter() if one.attrib.get("class") == "curve")
    places = [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
    assert [x for x, _ in places] == sorted(x for x, _ in places)
    assert places[0][1] > places[-1][1]  # review makes more receipts exact, and up is better


def test_a_summary_of_before_shows_nothing_that_it_does_not_have(tmp_path: Path):
    old = RunFolder(write_fake_run(tmp_path / "fake", video=False))
    sheet = receipt_sheet(old.summary)
    assert not any((sheet.money, sheet.labels, sheet.calibration, sheet.review, sheet.settled))
    assert "What review by people buys" not in write_report(old.path).read_text(encoding="utf-8")


def test_tables_on_the_terminal_have_a_row_for_every_cause_label_and_statement(run: RunFolder):
    prices = {product.id: product.price_cents for product in run.plan().products}
    visits = score_visits(run.truth_receipts(), run.receipts(), prices)
    assert money_table(visits).row_count == 11
    assert label_table(run.summary.receipts["by_label"]).row_count == 3
    assert calibration_table(run.summary.receipts["calibration"]).row_count == 3
