"""Questions, subject access and transparency from the command line, on a run with stores that were filled by hand."""

import re
import shutil
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from sim import cli
from sim.governance import parsed_justification
from sim.report.access_page import access_html
from sim.run_folder import RunFolder
from store.privacy import load_policy
from store.privacy.governance.access import AccessReport, access_report, longest_stop
from store.privacy.governance.queries import QueryDesk, Request, Subject
from store.privacy.keeping.kept_store import KeptStore, Record
from store.privacy.policy import DAY_S
from tests.dashboard.fake_run import write_fake_run

PICTURE = cv2.imencode(".jpg", np.full((40, 20, 3), 90, np.uint8))[1].tobytes()
HOSTILE = "<script>alert('you')</script>"
Aisle = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = write_fake_run(tmp_path_factory.mktemp("runs") / "fake")
    for name in ("app-entry", "checkout"):
        store = KeptStore.create(path / "policies" / name)
        if name == "app-entry":
            keep(store, "visit-1", "ada", 5.0)
            keep(store, "visit-2", "ben", 9.0)
        store.advance(DAY_S)
        store.close()
    return path


@pytest.fixture
def run(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "fake"))


def keep(store: KeptStore, visit: str, account: str, t: float, camera: str = "northeast") -> None:
    """Three positions, a picture, a template and a receipt of one visit."""
    store.link(visit, account, 100 * DAY_S)
    ways = [Record(visit, t + step, 0.1, (int(t), 3.0 + step, 2.0, 0.1)) for step in (0.0, 0.5, 1.0)]
    store.collect("tracks", ways, 7 * DAY_S)
    store.collect("crops", [Record(visit, t, 1.0, (int(t), camera, 0, PICTURE))], 7 * DAY_S)
    numbers = np.full(128, 0.01, np.float32).tobytes()
    store.collect("face_templates", [Record(visit, t, 20.0, (int(t), camera, 0, numbers))], 7 * DAY_S)
    store.collect("receipts", [Record(visit, t + 20, 20.0, (129, '{"cola-can": 1}'))], 700 * DAY_S)


@pytest.fixture
def aisle(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Aisle:
    """Calls the command in this process; returns its exit code, output and errors."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["aisle", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        written = capsys.readouterr()
        return int(ended.value.code or 0), written.out, written.err

    return call


DISPUTE = ("--policy", "app-entry", "--purpose", "settle a dispute", "--as", "customer service")


def test_a_granted_question_is_answered_in_one_line(aisle: Aisle, run: Path) -> None:
    code, out, _ = aisle("query", run, *DISPUTE, "--person", "ada", "--justification", "dispute 7")
    assert code == 0
    assert len(out.splitlines()) == 1
    assert "6 records about ada: 1 crop, 1 face template, 3 tracks, 1 receipt" in out


def test_a_refused_question_ends_with_1_and_says_why_in_one_line(aisle: Aisle, run: Path) -> None:
    code, out, _ = aisle("query", run, *DISPUTE, "--person", "ada")
    assert code == 1
    assert len(out.splitlines()) == 1
    assert out.startswith("refused")
    assert "needs a dispute number (stated); shown: none" in out


def test_a_court_is_answered_about_a_track_and_the_answer_is_a_disclosure(aisle: Aisle, run: Path) -> None:
    court = ("--policy", "app-entry", "--purpose", "answer a court's order", "--as", "police", "--track", 9)
    code, out, _ = aisle("query", run, *court, "--justification", "warrant: 26-1042")
    assert (code, "approval of store management" in out) == (1, True)
    code, out, _ = aisle("query", run, *court, "--justification", "warrant: 26-1042", "--approver", "store management")
    assert (code, "6 records about track-9" in out) == (0, True)
    code, out, _ = aisle("disclosures", run, "--policy", "app-entry", "--policy", "checkout")
    assert code == 0
    assert "app-entry: by its log 6 to police." in out
    assert "checkout: nothing left the store." in out


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("--person", "nobody"), "--person: found 'nobody', allowed: one of: ada, ben"),
        ((), "--person: found 'neither', allowed: either --person ACCOUNT or --track N"),
        (("--person", "ada", "--track", "1"), "allowed: either --person ACCOUNT or --track N"),
    ],
)
def test_a_question_about_nobody_is_bad_input(aisle: Aisle, run: Path, arguments: tuple[str, ...], field: str) -> None:
    code, _, errors = aisle("query", run, *DISPUTE, *arguments)
    assert code == 2
    assert len(errors.strip().splitlines()) == 1
    assert field in errors


def test_unknown_accounts_policies_runs_and_places_are_bad_input(aisle: Aisle, run: Path, tmp_path: Path) -> None:
    for arguments, words in (
        (("access", run, "nobody"), "ACCOUNT: found 'nobody'"),
        (("access", run, "ada", "--policy", "ap-entry"), "did you mean app-entry"),
        (("access", run, "ada", "--policy", "app-entry", "--out", tmp_path / "no" / "a.html"), "--out"),
        (("access", tmp_path / "none", "ada"), "no such folder"),
        (("disclosures", tmp_path / "none"), "no such folder"),
    ):
        code, _, errors = aisle(*arguments)
        assert code == 2
        assert len(errors.strip().splitlines()) == 1
        assert words in errors


def test_the_page_is_written_beside_the_run_or_where_it_is_wanted(aisle: Aisle, run: Path, tmp_path: Path) -> None:
    assert aisle("access", run, "ada", "--policy", "app-entry", "--policy", "checkout")[0] == 0
    beside = (run / "access-ada.html").read_text(encoding="utf-8")
    assert aisle("access", run, "ada", "--policy", "app-entry", "--out", tmp_path / "me.html")[0] == 0
    alone = (tmp_path / "me.html").read_text(encoding="utf-8")
    assert "Cash desks, no tracking" in beside
    assert "Cash desks, no tracking" not in alone
    assert "This store finds 6 records under your name, of 1 visit." in alone


def page_of(run: Path, policy: str, account: str) -> tuple[str, AccessReport]:
    folder = RunFolder(run)
    store = KeptStore.open(run / "policies" / policy, DAY_S)
    report = access_report(load_policy(policy), store, account)
    store.close()
    return access_html(folder, account, [report]), report


def test_the_page_has_the_persons_records_and_no_other_persons(run: Path) -> None:
    page, _ = page_of(run, "app-entry", "ada")
    (points,) = re.findall(r'class="trail"[^>]*points="([^"]+)"', page)
    assert len(points.split()) == 3
    assert "a template of 128 numbers" in page
    assert "you were not asked" in page
    assert "Cola, can" in page
    assert page.count("data:image/jpeg;base64,") == 1
    assert "visit-2" not in page
    assert "ben" not in re.sub(r"<style>.*?</style>", "", page, flags=re.S).split()


def test_a_store_that_knows_nobody_says_so(run: Path) -> None:
    page, _ = page_of(run, "checkout", "ada")
    assert "This store does not know who you are. It finds nothing under your name." in page
    assert "<polyline" not in page


def test_what_has_expired_is_named_with_its_time_and_not_shown(run: Path) -> None:
    store = KeptStore.open(run / "policies" / "app-entry", DAY_S)
    store.advance(8 * DAY_S)
    report = access_report(load_policy("app-entry"), store, "ada")
    store.close()
    page = access_html(RunFolder(run), "ada", [report])
    assert "Pictures: deleted after 7 days, the last of yours by day 8, 0:25 min after opening." in page
    assert "data:image" not in page
    assert "1 x Cola, can" in page


def test_the_plan_rings_the_place_of_the_longest_stay(run: Path) -> None:
    page, report = page_of(run, "app-entry", "ada")
    stop = longest_stop(report.visits)
    assert stop is not None
    depth = RunFolder(run).plan().room.depth_m
    (x, y), *_ = re.findall(r'class="stop" cx="([\d.]+)" cy="([\d.]+)"', page)
    assert (float(x) / 100, depth - float(y) / 100) == pytest.approx(stop[:2], abs=0.01)


def test_hostile_names_are_shown_and_not_run(run: Path) -> None:
    store = KeptStore.open(run / "policies" / "app-entry", DAY_S)
    keep(store, "visit-3", HOSTILE, DAY_S, camera=HOSTILE)
    store.collect("disclosures", [Record("visit-3", DAY_S, 0.0, (HOSTILE, "crops", HOSTILE))], DAY_S)
    asked = Request(HOSTILE, HOSTILE, Subject(account=HOSTILE), "stated", HOSTILE, HOSTILE)
    QueryDesk(load_policy("app-entry"), store).ask(asked)
    store.close()
    page, report = page_of(run, "app-entry", HOSTILE)
    assert report.records > 0
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert") >= 6
    assert "alert" not in " ".join(tags_of(page))


def tags_of(page: str) -> list[str]:
    """Every tag of the page with its attributes, without titles and labels, which are text."""
    found: list[str] = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append(" ".join([tag, *(f"{name}={value}" for name, value in attrs if name != "aria-label")]))

    Tags().feed(page)
    return found


def test_the_page_needs_no_other_file(run: Path) -> None:
    page, _ = page_of(run, "app-entry", "ada")
    assert re.findall(r'(?:src|href)="(?!#)([^"]+)"', page) == []
    assert [url for url in re.findall(r"url\(([^)]{0,30})", page) if not url.startswith("data:")] == []


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("", ("none", "")),
        ("  ", ("none", "")),
        ("dispute 7", ("stated", "dispute 7")),
        ("warrant: 26-1042", ("warrant", "26-1042")),
        ("Suspicion : seen running", ("suspicion", "seen running")),
        ("case 3: a wallet", ("stated", "case 3: a wallet")),
        ("warrant:", ("warrant", "")),
    ],
)
def test_a_justification_is_its_kind_and_its_words(text: str, parsed: tuple[str, str]) -> None:
    assert parsed_justification(text) == parsed
