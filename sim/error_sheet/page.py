"""The error sheet as one page that opens anywhere."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from sim.error_sheet.causes import Cause, cause_of
from sim.error_sheet.mistakes import LEAST_SECONDS, Kind, Mistake, mistakes
from sim.error_sheet.pictures import Strip, strips
from sim.error_sheet.plans import FLOOR, locator_svg, mistake_svg
from sim.error_sheet.records import DayFiles, day_files
from sim.report import wording
from sim.report.floor_plan import floor_shapes
from sim.report.page import render
from sim.run_folder import RunFolder

MOST_SHOWN = 100
"""The worst so many are shown, by the seconds that they spoilt."""

MOST_PICTURE_BYTES = 8_000_000
"""Pictures of one page; the rest of it takes less than a megabyte."""

TITLES: dict[Kind, tuple[str, str, str]] = {
    "switch": (
        "Identity switches", "Identity switch",
        "The track of a person became another one: exactly the switches that CLEAR counts in the figures of the run.",
    ),
    "lost": (
        "Lost people", "Lost",
        f"Somebody inside the tracked area had no track within 1 m for longer than {LEAST_SECONDS:g} s, after the "
        "first track or without ever getting one.",
    ),
    "ghost": (
        "Ghosts", "Ghost",
        f"A confirmed track had nobody within 1 m for longer than {LEAST_SECONDS:g} s.",
    ),
    "double": (
        "Doubles", "Double",
        f"A second track stood within 1 m of somebody who had one, for longer than {LEAST_SECONDS:g} s.",
    ),
    "late": (
        "Late births", "Late birth",
        f"Longer than {LEAST_SECONDS:g} s passed from entering the tracked area to the first track.",
    ),
}  # fmt: skip
"""Of each kind: the heading of all, what one is called, and the definition."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One mistake as the page shows it. Times are in words; `plan` and `locator` are SVG elements."""

    anchor: str
    title: str
    when: str
    where: str
    cause: Cause
    facts: str
    plan: Markup
    locator: Markup
    strips: tuple[Strip, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """All mistakes of one kind: how many were found, their seconds, causes with counts, and those that are shown."""

    kind: Kind
    title: str
    definition: str
    count: int
    seconds: float
    causes: tuple[tuple[str, int], ...]
    entries: tuple[Entry, ...]

    @property
    def left_out(self) -> int:
        """How many are not shown."""
        return self.count - len(self.entries)


def error_sheet_html(run: RunFolder) -> str:
    """The page of one day, or of the only one; BadInput where a file is missing or wrong."""
    day = day_files(run)
    found = mistakes(day)
    causes = {id(one): cause_of(day, one) for one in found}
    worst = sorted(found, key=lambda one: -one.cost_s)[:MOST_SHOWN]
    shown = [one for one in found if one in worst]
    cut = strips(day, shown, MOST_PICTURE_BYTES)
    plan = run.plan()
    entries: dict[Kind, list[Entry]] = {}
    for one, pictures in zip(shown, cut, strict=True):
        own = entries.setdefault(one.kind, [])
        anchor = f"{one.kind}-{len(own) + 1}"
        drawn = (Markup(mistake_svg(day, one, plan)), Markup(locator_svg(one, plan)))
        x, y = one.place
        own.append(
            Entry(
                anchor, _title(one), _when(one), f"at {x:.1f}, {y:.1f} m", causes[id(one)], _facts(day, one), *drawn,
                pictures,
            )
        )  # fmt: skip
    sections = [_section(kind, found, causes, entries.get(kind, [])) for kind in TITLES]
    return render(
        "errors.html.j2",
        ("colours", "player", "parts", "page", "errors"),
        title=f"What tracking got wrong: {run.name}",
        lead=_lead(run, day, len(found)),
        warning=_warning(run),
        sections=sections,
        floor=Markup(f'<g id="{FLOOR}" class="plan">{floor_shapes(plan, run.cameras())}</g>'),
        most=MOST_SHOWN,
        left_out=len(found) - len(shown),
        total=len(found),
    )


def days_html(run: RunFolder, counts: Sequence[tuple[int, str, dict[Kind, int]]]) -> str:
    """The page of a run of several days: each day's counts with a link to its own page."""
    titles = {kind: words[0] for kind, words in TITLES.items()}
    return render(
        "errors-days.html.j2", ("colours", "parts", "page"), title=f"What tracking got wrong: {run.name}", days=counts,
        titles=titles,
    )  # fmt: skip


def _section(kind: Kind, found: Sequence[Mistake], causes: dict[int, Cause], entries: Sequence[Entry]) -> Section:
    own = [one for one in found if one.kind == kind]
    groups = Counter(causes[id(one)].group for one in own)
    heading, _, definition = TITLES[kind]
    seconds = sum(one.cost_s for one in own)
    return Section(kind, heading, definition, len(own), seconds, tuple(groups.most_common()), tuple(entries))


def _title(one: Mistake) -> str:
    match one.kind:
        case "switch":
            return f"{one.person}: track {one.tracks[0]} became {one.tracks[1]}"
        case "lost":
            return f"{one.person}: no track" + (f" after {one.tracks[0]}" if one.tracks else ", never found")
        case "ghost":
            return f"Track {one.tracks[0]}: nobody there"
        case "double":
            return f"{one.person}: track {one.tracks[1]} beside {one.tracks[0]}"
        case "late":
            return f"{one.person}: first track, {one.tracks[0]}, {one.seconds:.1f} s after entering"


def _when(one: Mistake) -> str:
    if one.kind == "switch":
        return f"{_clock(one.end)}"
    return f"{_clock(one.start)} to {_clock(one.end)} ({one.seconds:.1f} s)"


def _clock(t: float) -> str:
    return f"{wording.clock(t)}.{int(round(10 * t) % 10)}"


def _facts(day: DayFiles, one: Mistake) -> str:
    facts = []
    if one.kind == "switch":
        facts.append(
            f"swapped with {one.swapped_with}" if one.swapped_with else "nobody took the old track in exchange"
        )
        facts.append(f"the new track stayed for {one.cost_s:.1f} s")
    if one.person is not None and one.kind in ("lost", "late"):
        cameras = day.seen_by(one.person, one.start, one.end - day.tick_s)
        low, high = int(cameras.min()), int(cameras.max())
        seen = f"{low}" if low == high else f"{low} to {high}"
        facts.append(f"cameras that truly saw a quarter of the body or more: {seen}")
    if one.nearest is not None and one.nearest_m is not None:
        facts.append(
            f"nearest {'person' if one.person is None else 'other person'}: {one.nearest}, {one.nearest_m:.1f} m"
        )
    return "; ".join(facts)


def _lead(run: RunFolder, day: DayFiles, found: int) -> str:
    people, tracks = day.inside["person"].nunique(), day.tracks["track"].nunique()
    videos = any(run.video(name) for name in run.cameras())
    words = (
        f"{wording.count(people, 'person', 'people')} walked inside the tracked area and tracking made "
        f"{wording.count(tracks, 'track')} of them, with {wording.count(found, 'mistake')}. "
    )
    if videos:
        return words + (
            "Each is shown with its probable cause, the floor around it, and what the cameras saw of it before, at and "
            "after."
        )
    return words + "Each is shown with its probable cause and the floor around it. This run kept no video: no pictures."


def _warning(run: RunFolder) -> str:
    return (
        "" if run.manifest.status == "finished" else f"This run is {run.manifest.status}: what it had written counts."
    )


def write_page(html: str, path: Path) -> Path:
    """Writes a page in one step."""
    partial = path.with_name(f".{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial.write_text(html, encoding="utf-8")
    partial.replace(path)
    return path
