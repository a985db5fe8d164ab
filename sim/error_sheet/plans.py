"""A mistake on the floor plan: where the person really walked and where the tracks went, a few seconds around it."""

from html import escape

import numpy as np
import pandas as pd

from sim.error_sheet.mistakes import Mistake
from sim.error_sheet.records import DayFiles
from sim.report.colours import track_colour
from sim.report.floor_plan import SCALE, Frame, view_box
from sim.store_plan import StorePlan

AROUND_S = 4.0
"""Seconds of the paths before and after a mistake."""
WIDE_M, HIGH_M = 5.6, 4.6
"""What of the floor is shown."""
BESIDE_M = 1.5
"""The nearest other person is drawn when closer than this."""

FLOOR = "floor"
"""Id of the element with the floor itself, which the page holds once."""


def mistake_svg(day: DayFiles, mistake: Mistake, plan: StorePlan) -> str:
    """The surroundings of a mistake as one SVG element, which uses the element `#floor` of its page."""
    frame = Frame(plan.room.depth_m)
    x, y = mistake.place
    box = f"{(x - WIDE_M / 2) * SCALE:.0f} {(plan.room.depth_m - y - HIGH_M / 2) * SCALE:.0f} "
    box += f"{WIDE_M * SCALE:.0f} {HIGH_M * SCALE:.0f}"
    start, end = mistake.start - AROUND_S, mistake.end + AROUND_S
    people, tracks = _people(mistake), dict.fromkeys(mistake.tracks)
    shapes = [_truth(day, person, start, end, frame, person == mistake.person) for person in people]
    shapes += [_track(day, track, start, end, frame) for track in tracks]
    shapes.append(_spoilt(day, mistake, frame))
    at = mistake.end if mistake.kind == "switch" else (mistake.start + mistake.end) / 2
    shapes += [_person_dot(day, person, at, frame) for person in people]
    shapes += [_track_dot(day, track, at, frame) for track in tracks]
    label = escape(f"Floor around {x:.1f}, {y:.1f} m", quote=True)
    return (
        f'<svg class="plan near" viewBox="{box}" role="img" aria-label="{label}"><use href="#{FLOOR}"/>'
        + "".join(shapes)
        + "</svg>"
    )


def locator_svg(mistake: Mistake, plan: StorePlan) -> str:
    """The whole floor, small, with the place of a mistake marked."""
    left, top, width, height = view_box(plan)
    x, y = Frame(plan.room.depth_m).point(*mistake.place).split(",")
    return (
        f'<svg class="plan locator" viewBox="{left:.0f} {top:.0f} {width:.0f} {height:.0f}" aria-hidden="true">'
        f'<use href="#{FLOOR}"/><circle class="here" cx="{x}" cy="{y}" r="{0.035 * max(width, height):.0f}"/></svg>'
    )


def _people(mistake: Mistake) -> list[str]:
    near = mistake.nearest if (mistake.nearest_m or 99.0) <= BESIDE_M else None
    return [name for name in dict.fromkeys((mistake.person, mistake.swapped_with, near)) if name is not None]


def _truth(day: DayFiles, person: str, start: float, end: float, frame: Frame, own: bool) -> str:
    rows = day.people[(day.people["person"] == person) & day.people["t"].between(start, end)]
    return _lines(rows, day, frame, "truth" if own else "truth other", "")


def _track(day: DayFiles, track: int, start: float, end: float, frame: Frame) -> str:
    rows = day.tracks[(day.tracks["track"] == track) & day.tracks["t"].between(start, end)]
    return _lines(rows, day, frame, "walk", f' style="stroke: {track_colour(track)}"')


def _spoilt(day: DayFiles, mistake: Mistake, frame: Frame) -> str:
    """The stretch that was spoilt: of a ghost the track's, of everything else the person's."""
    table, name, which = (
        (day.tracks, "track", mistake.tracks[-1])
        if mistake.kind in ("ghost", "double")
        else (day.people, "person", mistake.person)
    )
    rows = table[(table[name] == which) & table["t"].between(mistake.start - 1e-6, mistake.end + 1e-6)]
    return _lines(rows, day, frame, "spoilt", "")


def _lines(rows: pd.DataFrame, day: DayFiles, frame: Frame, kind: str, style: str) -> str:
    """One polyline for each stretch without a gap."""
    rows = rows.sort_values("t")
    cuts = np.flatnonzero(np.diff(rows["t"].to_numpy(np.float64)) > 1.5 * day.tick_s) + 1
    stretches = np.split(rows[["x", "y"]].to_numpy(np.float64), cuts)
    return "".join(f'<polyline class="{kind}"{style} points="{frame.points(one)}"/>' for one in stretches if len(one))


def _person_dot(day: DayFiles, person: str, t: float, frame: Frame) -> str:
    place = day.people_by_tick.place(day.frame(t), person)
    if place is None:
        return ""
    x, y = frame.point(*place.tolist()).split(",")
    return (
        f'<circle class="truth-ring" cx="{x}" cy="{y}" r="13"/>'
        f'<text class="walker-label" x="{float(x) - 16:.0f}" y="{float(y) + 26:.0f}" text-anchor="end">'
        f"{escape(person)}</text>"
    )


def _track_dot(day: DayFiles, track: int, t: float, frame: Frame) -> str:
    place = day.tracks_by_tick.place(day.frame(t), track)
    if place is None:
        return ""
    x, y = frame.point(*place.tolist()).split(",")
    return (
        f'<circle class="dot" cx="{x}" cy="{y}" r="8" style="fill: {track_colour(track)}"/>'
        f'<text class="walker-label" x="{float(x) + 13:.0f}" y="{float(y) - 9:.0f}">track {track}</text>'
    )
