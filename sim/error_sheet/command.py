"""Writes the error sheet of a run: one page, and of a run of several days one for each day with a page over them."""

from pathlib import Path

from sim.error_sheet.mistakes import mistakes
from sim.error_sheet.page import TITLES, days_html, error_sheet_html, write_page
from sim.error_sheet.records import day_files
from sim.errors import BadInput
from sim.run_folder import RunFolder

NAME = "errors.html"


def write_error_sheet(path: Path | str, out: Path | None = None) -> Path:
    """Writes `errors.html` of a run, into its folder or as `out`, and returns its path.

    Of a run of several days each day's folder gets a page of its own, and the run one that links to them.

    Raises:
        BadInput: `path` is no run folder, a file of it is missing or wrong, or `out` is a folder.
    """
    run = RunFolder(path)
    page = out or run.path / NAME
    if page.is_dir():
        raise BadInput("command line", "--out", str(page), "the name of a file to write")
    if run.manifest.days == 1:
        return write_page(error_sheet_html(run), page)
    rows = []
    for number, day in enumerate(run.days(), start=1):
        link = write_page(error_sheet_html(day), day.path / NAME)
        kinds = [one.kind for one in mistakes(day_files(day))]
        rows.append((number, _link(link, page), {kind: kinds.count(kind) for kind in TITLES}))
    return write_page(days_html(run, rows), page)


def _link(target: Path, page: Path) -> str:
    """Address of a day's page from the page over the days: relative, so that the run folder can be moved."""
    if page.parent.resolve() in target.resolve().parents:
        return target.resolve().relative_to(page.parent.resolve()).as_posix()
    return target.resolve().as_uri()
