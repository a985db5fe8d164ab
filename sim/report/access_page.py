"""The page "What this store knows about you": one section a policy, in words for somebody who never saw the store."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape

from sim.report.access_words import Section, moment, section
from sim.report.floor_plan import SCALE, Frame, floor_plan_svg
from sim.report.page import render
from sim.run_folder import RunFolder
from store.privacy.governance.access import AccessReport, Picture, VisitKnown, longest_stop

TRAILS = ("#b23a2b", "#0b6a6a", "#6d4b8f", "#a96f0a", "#3867a6", "#2c7a4b")
"""Colours of visits on the plan."""
FIRST_PICTURES = 11
"""Pictures of a visit that are shown before the reader asks for the others."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture on the page: the class that draws it, and what is known of it."""

    name: str
    picture: Picture

    @property
    def taken(self) -> str:
        """Where and when, in words."""
        when = moment(self.picture.t).removesuffix(" min after opening")
        return ", ".join(filter(None, (self.picture.camera, when, "blurred" if self.picture.blurred else "")))


@dataclass(frozen=True, slots=True)
class Part:
    """One policy on the page: its words, its plan with the person's ways, and its pictures."""

    words: Section
    report: AccessReport
    plan: Markup | None
    pictures: int
    first: tuple[Shown, ...]
    others: tuple[Shown, ...]

    @property
    def unseen(self) -> int:
        """Pictures that the store has a record of, in a run that did not keep them."""
        return self.pictures - len(self.first) - len(self.others)


def access_html(run: RunFolder, account: str, reports: Sequence[AccessReport]) -> str:
    """The whole page for one account under several policies; it needs no other file."""
    plan = run.plan()
    names = {product.id: product.name for product in plan.products}
    drawn, frame = floor_plan_svg(plan, run.cameras()), Frame(plan.room.depth_m)
    gallery: dict[str, bytes] = {}
    parts = [_part(report, names, drawn, frame, gallery) for report in reports]
    styles = ("colours", "player", "parts", "page", "access")
    return render("access.html.j2", styles, account=account, run=run.name, parts=parts, pictures=_pictures_css(gallery))


def _part(report: AccessReport, names: Mapping[str, str], drawn: str, frame: Frame, gallery: dict[str, bytes]) -> Part:
    pictures = [picture for visit in report.visits for picture in visit.pictures]
    shown = [_shown(picture, picture.jpeg, gallery) for picture in pictures if picture.jpeg]
    walked = any(visit.paths for visit in report.visits)
    return Part(
        words=section(report, names),
        report=report,
        plan=Markup(drawn.replace('<g class="moving"></g>', _ways(report.visits, frame))) if walked else None,
        pictures=len(pictures),
        first=tuple(shown[:FIRST_PICTURES]),
        others=tuple(shown[FIRST_PICTURES:]),
    )


def _shown(picture: Picture, jpeg: bytes, gallery: dict[str, bytes]) -> Shown:
    """Pictures are drawn by a class each, so that one that several policies kept is on the page once."""
    name = "p" + hashlib.sha256(jpeg).hexdigest()[:12]
    gallery[name] = jpeg
    return Shown(name, picture)


def _pictures_css(gallery: dict[str, bytes]) -> Markup:
    rules = (
        f".access .{name}{{background-image:url(data:image/jpeg;base64,{base64.b64encode(jpeg).decode()})}}"
        for name, jpeg in gallery.items()
    )
    return Markup("\n".join(rules))


def _ways(visits: Sequence[VisitKnown], frame: Frame) -> str:
    """Every position of every track, one line a track; companions' are dashed."""
    drawn = []
    for number, visit in enumerate(visits):
        colour = TRAILS[number % len(TRAILS)]
        for order, path in enumerate(visit.paths):
            places = np.array([(x, y) for _, x, y in path.points], dtype=np.float64)
            dashes = ' stroke-dasharray="14 10"' if order else ""
            title = escape(f"Visit {number + 1}: {len(places):,} places of track {path.track}")
            drawn.append(
                f'<g><title>{title}</title><polyline class="trail" stroke="{colour}"{dashes} '
                f'points="{frame.points(places)}"/></g>'
            )
    stop = longest_stop(visits)
    if stop is not None:
        x, y = frame.point(stop[0], stop[1]).split(",")
        drawn.append(f'<circle class="stop" cx="{x}" cy="{y}" r="{0.5 * SCALE:.0f}"/>')
    return f'<g class="moving">{"".join(drawn)}</g>'
