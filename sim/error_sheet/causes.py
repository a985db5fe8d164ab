"""The probable cause of a mistake, computed from what the cameras truly saw and from the boxes that tracking had."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.box_overlap import SAME_PERSON_IOU, pair_iou
from sim.error_sheet.mistakes import Mistake
from sim.error_sheet.records import DayFiles

MOSTLY = 0.5
"""What holds for this share of a mistake's ticks is its cause."""

ALIKE = 0.8
"""Cosine of two looks from which they are called nearly alike."""

TOGETHER_M = 1.0
"""People closer than this may be mixed up."""


@dataclass(frozen=True, slots=True)
class Cause:
    """`group`: under which it is counted; `words`: one line with this mistake's own figures."""

    group: str
    words: str


def cause_of(day: DayFiles, mistake: Mistake) -> Cause:
    """The probable cause of a mistake."""
    match mistake.kind:
        case "switch":
            return _of_switch(day, mistake)
        case "ghost":
            return _of_ghost(day, mistake)
        case "double":
            return _of_double(day, mistake)
        case _:
            return _of_loss(day, mistake)


def _of_switch(day: DayFiles, one: Mistake) -> Cause:
    old, new = one.tracks
    beside = f", {one.nearest} {_metres(one.nearest_m)} away" if (one.nearest_m or 9.0) <= TOGETHER_M else ""
    if one.swapped_with:
        return Cause(
            "exchanged with somebody near",
            f"exchanged tracks with {one.swapped_with}, {_gap(day, one, one.swapped_with)} away{_alike(day, one)}",
        )
    if one.seconds > 1.5 * day.tick_s:
        words = f"without a track for {one.seconds:.1f} s ({_sight(day, one)}), then found as {new} instead of {old}"
        return Cause("lost, then found under another id", words + beside)
    if (after := _follows(day, old, one.end, one.end + 1.0)) and after != one.person:
        words = f"track {old} went on with {after}, {_gap(day, one, after)} away{_alike(day, one)}"
        return Cause("the track went over to somebody near", words)
    if (before := _follows(day, new, one.start - 1.0, one.start)) and before != one.person:
        words = f"track {new} came over from {before}, {_gap(day, one, before)} away{_alike(day, one)}"
        return Cause("took over the track of somebody near", words)
    if (still := day.tracks_by_tick.place(day.frame(one.end), old)) is not None:
        off = float(np.linalg.norm(still - one.place))
        return Cause("a second track came nearer", f"track {old} still there, {_metres(off)} off; {new} is nearer")
    return Cause("the track ended and a new one began", f"track {old} ended and {new} began at once{beside}")


def _of_loss(day: DayFiles, one: Mistake) -> Cause:
    person = str(one.person)
    cameras = day.seen_by(person, one.start, one.end - day.tick_s)
    if float(np.mean(cameras == 0)) >= MOSTLY:
        return Cause("seen by no camera", f"seen by no camera for {_seconds(day, cameras == 0)} of {one.seconds:.1f} s")
    own = overlapping(day, day.true_boxes_of(person), day.boxes, one)
    shown = set(own["frame"])
    if len(shown) < MOSTLY * len(cameras):
        best = day.true_boxes_of(person)["share"][_during(day, day.true_boxes_of(person), one)].max()
        crowd = f", {one.nearest} {_metres(one.nearest_m)} away" if (one.nearest_m or 9.0) <= TOGETHER_M else ""
        words = f"no box on the person for {one.seconds - len(shown) * day.tick_s:.1f} s, {_sight(day, one)}"
        return Cause("seen but not detected", f"{words}, best view {best:.0%} visible{crowd}")
    track = int(own["id_found"].mode().iloc[0])
    return _of_detected(day, one, track, len(shown) * day.tick_s)


def _of_detected(day: DayFiles, one: Mistake, track: int, seconds: float) -> Cause:
    """Of somebody lost or late on whom there were boxes of a track."""
    gaps = _distances(day, track, str(one.person), one)
    if not len(gaps):
        words = (
            f"boxes on the person for {seconds:.1f} s were of track {track}, which was not yet or no longer believed"
        )
        return Cause("detected but not believed", words)
    whose = _follows(day, track, one.start, one.end)
    if whose is not None and whose != one.person:
        words = f"boxes on the person went to track {track}, which followed {whose}, {_gap(day, one, whose)} away"
        return Cause("one track for two people", words)
    words = f"boxes on the person were of track {track}, placed {_metres(float(np.median(gaps)))} off"
    return Cause("foot point off", f"{words}; {_sight(day, one)}")


def _of_ghost(day: DayFiles, one: Mistake) -> Cause:
    track = one.tracks[-1]
    boxes = day.boxes_of(track)
    boxes = boxes[_during(day, boxes, one)]
    unseen = one.seconds - boxes["frame"].nunique() * day.tick_s
    if unseen >= MOSTLY * one.seconds:
        return Cause(
            "kept alive without being seen", f"no camera had a box of it for {unseen:.1f} of {one.seconds:.1f} s"
        )
    owner = _owner(day, boxes, one)
    cameras = _listed(boxes["camera"].unique())
    if owner is None:
        return Cause("boxes on nobody", f"its boxes in {cameras} show nobody")
    gaps = _distances(day, track, owner, one)
    off = f"placed {_metres(float(np.median(gaps)))} off" if len(gaps) else "who has left the area"
    return Cause("foot point off", f"its boxes in {cameras} show {owner}, {off}")


def _of_double(day: DayFiles, one: Mistake) -> Cause:
    counts, extra = one.tracks
    boxes, others = (rows[_during(day, rows, one)] for rows in (day.boxes_of(extra), day.boxes_of(counts)))
    unseen = one.seconds - boxes["frame"].nunique() * day.tick_s
    if unseen >= MOSTLY * one.seconds:
        words = f"no camera had a box of track {extra} for {unseen:.1f} of {one.seconds:.1f} s, beside {counts}"
        return Cause("kept alive without being seen", words)
    owner = _owner(day, boxes, one)
    if owner is not None and owner != one.person:
        gaps = _distances(day, extra, owner, one)
        off = f"placed {_metres(float(np.median(gaps)))} off" if len(gaps) else "who has left the area"
        return Cause("foot point off", f"boxes of track {extra} show {owner}, {off}")
    mine, theirs = set(boxes["camera"]), set(others["camera"])
    if not mine & theirs and theirs:
        words = f"{_listed(theirs)} saw track {counts}, {_listed(mine)} saw {extra}; they were not joined"
        return Cause("cameras not joined", words)
    return Cause("two boxes on one person", f"boxes of both tracks in {_listed(mine & theirs or mine)}")


def overlapping(day: DayFiles, true_boxes: pd.DataFrame, boxes: pd.DataFrame, one: Mistake) -> pd.DataFrame:
    """Pairs of a true and a tracked box of the same picture during a mistake that show the same person."""
    true_boxes, boxes = (rows[_during(day, rows, one)] for rows in (true_boxes, boxes))
    pairs = true_boxes.merge(boxes, on=["camera", "frame"], suffixes=("", "_found"))
    return pairs[pair_iou(pairs) >= SAME_PERSON_IOU]


def _owner(day: DayFiles, boxes: pd.DataFrame, one: Mistake) -> str | None:
    """Whom the boxes of a track mostly show during a mistake."""
    pairs = overlapping(day, day.true_boxes, boxes, one)
    if pairs["frame"].nunique() < MOSTLY * boxes["frame"].nunique():
        return None
    names = {number: name for name, number in day.numbers.items()}
    return names.get(int(pairs["id"].mode().iloc[0])) if len(pairs) else None


def _follows(day: DayFiles, track: int, start: float, end: float) -> str | None:
    """Whom a track was mostly matched to."""
    own = day.pairs[(day.pairs["track"] == track) & day.pairs["t"].between(start - 1e-6, end + 1e-6)]["person"]
    return Counter(own).most_common(1)[0][0] if len(own) else None


def _distances(day: DayFiles, track: int, person: str, one: Mistake) -> list[float]:
    frames = range(day.frame(one.start), day.frame(one.end))
    places = [(day.tracks_by_tick.place(frame, track), day.people_by_tick.place(frame, person)) for frame in frames]
    return [float(np.linalg.norm(a - b)) for a, b in places if a is not None and b is not None]


def _during(day: DayFiles, boxes: pd.DataFrame, one: Mistake) -> pd.Series:
    return boxes["frame"].between(day.frame(one.start), day.frame(one.end) - 1)


def _sight(day: DayFiles, one: Mistake) -> str:
    """How many cameras truly saw somebody meanwhile."""
    cameras = day.seen_by(str(one.person), one.start, one.end - day.tick_s)
    if not cameras.any():
        return "seen by no camera"
    blind, lone = cameras == 0, cameras == 1
    words = []
    if blind.any():
        words.append(f"by no camera for {_seconds(day, blind)}")
    if lone.any():
        words.append(f"by one camera for {_seconds(day, lone)}")
    return "seen " + " and ".join(words) if words else f"seen by {round(float(np.median(cameras)))} cameras"


def _seconds(day: DayFiles, ticks: object) -> str:
    return f"{int(np.sum(np.asarray(ticks))) * day.tick_s:.1f} s"


def _alike(day: DayFiles, one: Mistake) -> str:
    cosine = day.likeness(one.tracks[0], one.tracks[1], one.start)
    if cosine is None:
        return ""
    return f"; {'they look nearly alike' if cosine >= ALIKE else 'they look different'} (cosine {cosine:.2f})"


def _gap(day: DayFiles, one: Mistake, other: str) -> str:
    middle = day.frame(one.end if one.kind == "switch" else (one.start + one.end) / 2)
    place = day.people_by_tick.place(middle, other)
    return "out of the area" if place is None else _metres(float(np.linalg.norm(place - one.place)))


def _metres(distance: float | None) -> str:
    return "" if distance is None else f"{distance:.1f} m"


def _listed(cameras: Iterable[str]) -> str:
    return " and ".join(sorted(cameras))
