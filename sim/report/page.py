"""Puts a run's figures, player, receipts and policies into HTML: the report page, and the parts it shares."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sim.errors import BadInput
from sim.report import wording
from sim.report.charts import pareto_svg
from sim.report.comparison import Row, axes, comparison_rows, pareto, policy_cards
from sim.report.days import day_lines
from sim.report.floor_plan import SCALE, floor_plan_svg
from sim.report.headlines import headlines, money_rows
from sim.report.playback import Playback, pictures, playback, player_json
from sim.report.policy_pages import policy_page, policy_pages
from sim.report.receipt_sheet import receipt_sheet
from sim.report.stills import Still, stills
from sim.report.visits import VisitView, visit_views
from sim.run_folder import RunFolder, RunSummary
from sim.store_plan import StorePlan
from store.privacy.figures import Figure
from store.privacy.metric import GROUPS
from tracking.camera import Camera

TEMPLATES = Path(__file__).parent / "templates"

STILL_BUDGET = 130
"""Pictures in a report, over all cameras; about 9 kB each keeps the page well under 3 MB."""


def report_html(run: RunFolder) -> str:
    """The whole report of a run as one page that needs nothing else. What an unfinished run lacks is left out.

    That of several days has their figures and policies, and links to the reports of the days with player and receipts.
    """
    summary = run.summary if run.has_summary else None
    several = run.manifest.days > 1
    plan = run.plan()
    figures = run.policies() if summary else {}
    page = _environment().get_template("page.html.j2")
    return page.render(
        title=f"{plan.title}: {run.manifest.days if several else 'one'} {'days' if several else 'day'} in a store made "
        "of glass",
        days=day_lines(run),
        lead=_lead(run, plan, summary),
        warning=_warning(run),
        css=Markup("".join(_text(f"{name}.css") for name in ("colours", "player", "parts", "page"))),
        headlines=headlines(summary) if summary else [],
        money=money_rows(summary) if summary else [],
        player=Markup("" if several else _player(run, plan)),
        views=[] if several else visit_views(run),
        receipts=receipt_sheet(summary) if summary else None,
        names=list(figures),
        groups=comparison_groups(figures),
        titles={card.name: card.title for card in policy_cards(run)},
        pareto=[Markup(pareto_svg(pareto(figures, x, y), x, y)) for x, y in axes(figures)],
        pages=policy_pages(run) if summary else [],
        making=_making(run, summary),
    )


def render(template: str, styles: Sequence[str], **shown: Any) -> str:
    """A page of its own from a template; `styles` are style sheets of the templates' folder, in order."""
    css = Markup("".join(_text(f"{name}.css") for name in styles))
    return _environment().get_template(template).render(css=css, **shown)


def player_html(shown: Playback, plan: StorePlan, cameras: Mapping[str, Camera]) -> str:
    """The player as one HTML element with its script; its style is `player_css`."""
    return (
        _environment()
        .get_template("player.html.j2")
        .render(
            data_json=Markup(player_json(shown, plan.room.depth_m, SCALE)),
            plan_svg=Markup(floor_plan_svg(plan, cameras)),
            cameras=shown.cameras,
            ticks=[
                {"percent": 100 * m.t / shown.seconds, "t": m.t, "text": m.text, "kind": m.kind}
                for m in shown.moments
                if 0 <= m.t <= shown.seconds
            ],
            seconds=round(shown.seconds, 1),
            script=Markup(_text("player.js")),
        )
    )


def player_css() -> str:
    """Style of the player, with the page's colours."""
    return _text("colours.css") + _text("player.css")


def parts_css() -> str:
    """Style of the parts below, all under the class `ga`, with the page's colours."""
    return _text("colours.css") + _text("parts.css")


def visit_html(view: VisitView) -> str:
    """One visit: receipt beside truth, and the evidence in order."""
    return _part("visit.html.j2", "inside", view)


def comparison_html(run: RunFolder, names: Sequence[str], every_row: bool = True) -> str:
    """The policies' figures side by side; definitions and reasons on hover."""
    figures = {name: own for name, own in run.policies().items() if name in names}
    titles = {card.name: card.title for card in policy_cards(run)}
    return _part("policies.html.j2", "table", list(figures), comparison_groups(figures, every_row), titles)


def policy_pages_html(run: RunFolder, names: Sequence[str]) -> str:
    """A page for each of these policies: rules, records, every figure with its interval or reason, sources."""
    pages = [policy_page(run, name, own) for name, own in run.policies().items() if name in names]
    return _part("policies.html.j2", "pages", pages)


def comparison_groups(
    figures: Mapping[str, Mapping[str, Figure]], every_row: bool = True
) -> list[tuple[str, list[Row]]]:
    """The table's groups of rows; without `every_row` only rows in which the policies differ."""
    groups = [(title, comparison_rows(figures, group)) for group, title in GROUPS.items()]
    kept = [(title, [row for row in rows if every_row or row.differs]) for title, rows in groups]
    return [(title, rows) for title, rows in kept if rows]


def _player(run: RunFolder, plan: StorePlan) -> str:
    try:
        shown = playback(run, pictures(run, {}, _stills(run)))
    except BadInput:
        if run.has_summary:
            raise
        return ""  # tables of a run that was cut off cannot be read; the rest of the page still can
    return player_html(shown, plan, run.cameras())


def _stills(run: RunFolder) -> dict[str, tuple[Still, ...]]:
    videos = {name: path for name in run.camera_names() if (path := run.video(name))}
    seconds = run.summary.store_seconds if run.has_summary else 120.0
    every = max(2.0, seconds * len(videos) / STILL_BUDGET) if videos else 1.0
    return {name: stills(path, every) for name, path in videos.items()}


def _lead(run: RunFolder, plan: StorePlan, summary: RunSummary | None) -> str:
    cameras = wording.count(len(run.cameras()), "camera")
    if summary is None:
        return f"This run of the scenario {run.manifest.scenario} has no figures. {cameras} watched the store."
    people = wording.count(summary.people, "person", "people")
    return (
        f"{people} went shopping for {summary.store_seconds:.0f} seconds {_span(run)}in a simulated store. {cameras} "
        f"and the scales under {wording.count(len(plan.plates()), 'shelf plate')} watched; the store worked out who "
        "took what and billed them. This page sets what it concluded beside what really happened."
    )


def _span(run: RunFolder) -> str:
    return f"on {run.manifest.days} days " if run.manifest.days > 1 else ""


def _warning(run: RunFolder) -> str:
    if run.manifest.status == "interrupted":
        return "This run was interrupted. What it had written by then is shown."
    if run.manifest.status == "failed":
        return f"This run failed: {run.manifest.error or 'no reason was kept'}. What it had written is shown."
    return ""


def _making(run: RunFolder, summary: RunSummary | None) -> list[tuple[str, str]]:
    manifest = run.manifest
    rows = [
        ("Scenario", manifest.scenario),
        ("Seed", str(manifest.seed)),
        ("Started", wording.moment(manifest.started)),
    ]
    rows.append(("Seen", "rendered pictures" if manifest.seeing == "rendered" else "error model, no pictures"))
    stages = summary.speed.get("stages", {}) if summary else {}
    rows += [(f"Seconds: {name}", f"{float(seconds):.1f}") for name, seconds in stages.items()]
    memory = summary.speed.get("peak_memory_mb") if summary else None
    if isinstance(memory, int | float):
        rows.append(("Peak memory", f"{memory:,.0f} MB"))
    return rows + [(name, version) for name, version in manifest.versions.items()]


def _part(template: str, macro: str, *arguments: Any) -> str:
    module = _environment().get_template(template).module
    return f'<div class="ga">{getattr(module, macro)(*arguments)}</div>'


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters |= {
        "money": wording.money,
        "signed_money": wording.signed_money,
        "share": wording.share,
        "clock": wording.clock,
        "figure": wording.figure,
        "figure_note": wording.figure_note,
        "interval": wording.interval,
        "unit_words": wording.unit_words,
    }
    return environment


@lru_cache(maxsize=8)
def _text(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")
