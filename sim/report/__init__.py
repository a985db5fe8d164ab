"""The report of a run: one page that opens anywhere, and the computed views that the dashboard draws from too."""

from pathlib import Path

from sim.report.page import report_html
from sim.run_folder import RunFolder

__all__ = ["write_report"]


def write_report(run: Path | str) -> Path:
    """Writes `report.html` into a run folder and returns its path; BadInput where the folder is corrupt."""
    folder = RunFolder(run)
    path = folder.path / "report.html"
    partial = path.with_name(".report.html.part")
    partial.write_text(report_html(folder), encoding="utf-8")
    partial.replace(path)
    return path
