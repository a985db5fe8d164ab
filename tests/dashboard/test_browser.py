"""The served dashboard and the report page in a real browser."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from sim.report import write_report

LIMIT_MS = 90_000
expect.set_options(timeout=LIMIT_MS)
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1360, "height": 1000})
    opened.set_default_timeout(LIMIT_MS)
    faults: list[str] = []
    opened.on("pageerror", lambda fault: faults.append(str(fault)))
    yield opened
    opened.close()
    assert faults == []


def keep(page: Page, name: str) -> None:
    """Keeps a picture for whoever wants to look, in the folder of the variable GLASS_AISLE_SCREENSHOTS."""
    folder = os.environ.get("GLASS_AISLE_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_the_list_of_runs_shows_the_chosen_runs_figures(page: Page, served: str) -> None:
    page.goto(f"{served}/?run=fake")
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    expect(page.get_by_text("4 of 6 match in every item")).to_be_visible()
    expect(page.get_by_role("button", name="Start the run")).to_be_visible()
    keep(page, "runs")


def test_the_store_plays_plan_and_videos_on_one_clock(page: Page, served: str) -> None:
    page.goto(f"{served}/store?run=fake")
    player = page.frame_locator("iframe").locator(".player")
    expect(player).to_have_attribute("data-ready", "yes")
    videos = player.locator("video")
    expect(videos).to_have_count(4)
    page.wait_for_function(
        "() => [...document.querySelector('iframe').contentDocument.querySelectorAll('video')]"
        ".every(v => v.readyState >= 2)",
    )
    player.locator(".time").evaluate("slider => { slider.value = 21; slider.dispatchEvent(new Event('input')); }")
    expect(player).to_have_attribute("data-now", "21.00")
    expect(player.get_by_text("dmitri took Lemonade, can (55 % sure)")).to_be_visible()
    assert videos.evaluate_all("found => found.every(v => Math.abs(v.currentTime - 21) < 0.2)")
    player.get_by_role("button", name="Play").click()
    page.wait_for_timeout(700)
    player.get_by_role("button", name="Pause").click()
    now = float(player.get_attribute("data-now") or 0)
    assert now > 21.0
    keep(page, "store")


def test_a_receipt_stands_beside_its_truth(page: Page, served: str) -> None:
    page.goto(f"{served}/receipts?run=fake")
    expect(page.get_by_role("heading", name="The visit of cleo")).to_be_visible()
    expect(page.get_by_text("1 item missing of Still water 0.5 l.")).to_be_visible()
    keep(page, "receipts")


def test_policies_stand_side_by_side_and_in_a_plot(page: Page, served: str) -> None:
    page.goto(f"{served}/privacy?run=fake")
    expect(page.get_by_role("cell", name="People identified").first).to_be_visible()
    expect(page.locator("th", has_text="police-gallery")).to_be_visible()
    keep(page, "privacy")
    page.get_by_role("tab", name="Pareto plot").click()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    keep(page, "pareto")


def test_the_report_plays_without_a_network(page: Page, finished_run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere.html"
    shutil.copy(write_report(finished_run), copy)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(copy.as_uri())
    player = page.locator(".player")
    expect(player).to_have_attribute("data-ready", "yes")
    player.locator(".time").evaluate("slider => { slider.value = 21; slider.dispatchEvent(new Event('input')); }")
    expect(player.get_by_text("dmitri took Lemonade, can (55 % sure)")).to_be_visible()
    expect(player.locator("svg.plan .walker:visible")).to_have_count(4)
    player.get_by_role("button", name="Play").click()
    page.wait_for_timeout(500)
    player.get_by_role("button", name="Pause").click()
    assert float(player.get_attribute("data-now") or 0) > 21.0
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    keep(page, "report")


def test_the_report_can_be_printed(page: Page, finished_run: Path) -> None:
    page.goto(write_report(finished_run).as_uri())
    try:
        printed = page.pdf()
    except Error as error:  # only headless browsers print
        pytest.skip(f"this browser cannot print: {error}")
    assert printed.startswith(b"%PDF")
