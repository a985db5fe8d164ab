"""Collecting one day under one policy: what it writes down, about whom, and nothing else."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from store.privacy.day import DayRecords, Period, VisitRecord
from store.privacy.faces.matcher import Matcher, Vectors, faces_of
from store.privacy.faces.sensor import Capture, best_captures, embed, terminal_losses
from store.privacy.governance.opt_out import spare
from store.privacy.keeping.counts import released_counts, released_heat_map
from store.privacy.keeping.kept_store import KeptStore, Record, lines_text
from store.privacy.policy import Collect, DataType, Policy

SEGMENT_S = 10.0
CROP_EVERY_S = 1.0
DEFAULT_PRESET = "2025-median"


def collect_day(policy: Policy, day: DayRecords, store: KeptStore, seed: int, rng: np.random.Generator) -> None:
    """Write the day's records as this policy would. Raises nothing of its own."""
    spared = spare(policy, day, seed)
    persons = known_persons(policy, spared.day_for("tracks"))
    if policy.identification.method != "none":
        longest = max((policy.collects[kind].keep_seconds for kind in policy.keeps), default=0.0)
        for visit in spared.day_for("tracks").visits:
            if visit.account is not None:
                store.link(visit.visit, visit.account, visit.closed + longest, visit.opened, visit.closed)
    for kind, rule in policy.collects.items():
        own_day = spared.day_for(kind)
        if kind == "counts":
            _collect_counts(own_day, rule, store)
        else:
            store.collect(kind, _records(policy, kind, rule, own_day, persons, seed, rng), rule.keep_seconds)
    if spared.made:
        captures, vectors = zip(*spared.made, strict=True)
        store.collect("face_templates", template_records(captures, np.array(vectors), persons, {}), 0.0)
    _share(policy, store, day, rng)


def known_persons(policy: Policy, records: DayRecords | Period) -> Mapping[int, str]:
    """The name under which the store knows each track: its visit, or only the track where visits are not known."""
    if policy.billing == "cash_desk":
        return {}
    return {track: visit.visit for visit in records.visits for track in visit.tracks}


def person_of(persons: Mapping[int, str], track: int) -> str:
    """The person to whom a track's records belong."""
    return persons.get(track, f"track-{track}")


def _records(
    policy: Policy,
    kind: DataType,
    rule: Collect,
    day: DayRecords,
    persons: Mapping[int, str],
    seed: int,
    rng: np.random.Generator,
) -> list[Record]:
    match kind:
        case "frames":
            return _frames(day, rule)
        case "crops":
            return _crops(day, rule, persons)
        case "body_embeddings":
            return _bodies(day, persons)
        case "poses":
            return _poses(day, persons)
        case "tracks":
            return _tracks(day, persons)
        case "receipts":
            return _receipts(policy, day)
        case "counts":
            raise ValueError("counts are collected with their heat map")
        case "face_templates":
            return _templates(policy, day, persons, seed, rng)


def _inside(day: DayRecords, start: float, end: float) -> float:
    """Person-seconds in the store between two times."""
    return sum(visit.people * max(0.0, min(end, visit.closed) - max(start, visit.opened)) for visit in day.visits)


def _frames(day: DayRecords, rule: Collect) -> list[Record]:
    # Every camera shows the same people: their presence is shared out, or four cameras would count it four times.
    records = []
    for start in np.arange(day.opens, day.closes, SEGMENT_S):
        end = min(start + SEGMENT_S, day.closes)
        for camera in day.cameras:
            seconds = _inside(day, start, end) / len(day.cameras)
            own = (camera.name, end, round((end - start) * camera.fps), int(rule.blurred))
            records.append(Record(None, float(start), seconds, own))
    return records


def _spans(day: DayRecords) -> list[tuple[int, float, float]]:
    if day.positions.empty:
        return []
    spans = day.positions.groupby("track")["t"].agg(["min", "max"])
    return [(int(track), float(first), float(last)) for track, first, last in spans.itertuples()]


def _crops(day: DayRecords, rule: Collect, persons: Mapping[int, str]) -> list[Record]:
    if day.crops is None:
        return _crops_without_pictures(day, rule, persons)
    pictures = day.crops["blurred" if rule.blurred else "jpeg"]
    columns = (day.crops["t"].tolist(), day.crops["camera"].tolist(), day.crops["track"].tolist(), pictures.tolist())
    return [
        Record(person_of(persons, int(track)), float(t), CROP_EVERY_S, (int(track), camera, int(rule.blurred), picture))
        for t, camera, track, picture in zip(*columns, strict=True)
    ]


def _crops_without_pictures(day: DayRecords, rule: Collect, persons: Mapping[int, str]) -> list[Record]:
    """One record a second of tracks in a run that recorded no pictures of people."""
    return [
        Record(person_of(persons, track), float(t), min(CROP_EVERY_S, last - t), (track, "", int(rule.blurred), None))
        for track, first, last in _spans(day)
        for t in np.arange(first, last, CROP_EVERY_S)
    ]


def _poses(day: DayRecords, persons: Mapping[int, str]) -> list[Record]:
    if day.poses is None or day.pose_points is None or day.poses.empty:
        return []
    # Several cameras see one person at once: the presence is shared out among them.
    cameras = day.poses.groupby(["track", "t"])["t"].transform("size")
    seconds = (_tick(day.poses.drop_duplicates(["track", "t"])) / cameras).tolist()
    columns = (day.poses[name].tolist() for name in ("t", "camera", "track"))
    return [
        Record(person_of(persons, int(track)), float(t), spent, (int(track), camera, points.tobytes()))
        for t, camera, track, spent, points in zip(*columns, seconds, day.pose_points.astype(np.float16), strict=True)
    ]


def _bodies(day: DayRecords, persons: Mapping[int, str]) -> list[Record]:
    vectors = _mean_bodies(day)
    return [
        Record(person_of(persons, track), first, last - first, (track, vectors.get(track)))
        for track, first, last in _spans(day)
    ]


def _mean_bodies(day: DayRecords) -> dict[int, bytes]:
    if day.bodies is None or day.body_vectors is None:
        return {}
    tracks = day.bodies["track"].to_numpy()
    return {
        int(track): day.body_vectors[tracks == track].mean(axis=0).astype(np.float32).tobytes()
        for track in np.unique(tracks)
    }


def _tracks(day: DayRecords, persons: Mapping[int, str]) -> list[Record]:
    if day.positions.empty:
        return []
    tick = _tick(day.positions)
    columns = (day.positions[name].tolist() for name in ("track", "t", "x", "y", "sd"))
    return [
        Record(person_of(persons, int(track)), float(t), tick, (int(track), float(x), float(y), float(sd)))
        for track, t, x, y, sd in zip(*columns, strict=True)
    ]


def _tick(positions: pd.DataFrame) -> float:
    """Seconds between two positions of one track."""
    steps = positions.sort_values(["track", "t"]).groupby("track")["t"].diff().dropna()
    return float(steps.median()) if len(steps) else 0.0


def _receipts(policy: Policy, day: DayRecords) -> list[Record]:
    stays = {visit.visit: visit.people * (visit.closed - visit.opened) for visit in day.visits}
    return [
        Record(
            receipt.visit or None if policy.billing == "tracked" else None,
            receipt.t,
            stays.get(receipt.visit, 0.0) if policy.billing == "tracked" else 0.0,
            (receipt.cents, lines_text(receipt.lines)),
        )
        for receipt in day.receipts
    ]


def _collect_counts(day: DayRecords, rule: Collect, store: KeptStore) -> None:
    """Released counts and, where the policy has one, the heat map; the log says what budget they spent."""
    counts = released_counts(day, rule)
    records = [Record(None, t, 0.0, (float(value),)) for t, value in counts.values]
    store.collect("counts", records, rule.keep_seconds, opens=day.opens, spent=counts.spent)
    if rule.heatmap_epsilon is not None and day.floor_m is not None:
        cells = released_heat_map(day, rule)
        records = [Record(None, day.opens, 0.0, (x, y, tenths)) for (x, y), tenths in cells.values]
        store.collect("heat_maps", records, rule.keep_seconds, opens=day.opens, spent=cells.spent)


def _templates(
    policy: Policy, day: DayRecords, persons: Mapping[int, str], seed: int, rng: np.random.Generator
) -> list[Record]:
    who = policy.identification
    records: list[Record] = []
    stays = {visit.visit: visit.closed - visit.opened for visit in day.visits}
    if who.where == "gate" and who.method in ("palm", "face"):
        consent = int(policy.consent == "opt-in")
        vectors = _gate_vectors(policy, day, seed, rng)
        records += [
            Record(visit.visit, visit.opened, stays[visit.visit], (_holder(visit), "gate", consent, vector.tobytes()))
            for visit, vector in zip(day.visits, vectors, strict=True)
        ]
    if who.where == "everywhere":
        captures = best_captures(day, Matcher.of(who.preset or DEFAULT_PRESET), policy.camera_width_px)
        records += template_records(captures, _embedded(policy, captures, seed, rng), persons, stays)
    return records


def template_records(
    captures: Sequence[Capture], vectors: Vectors, persons: Mapping[int, str], stays: Mapping[str, float]
) -> list[Record]:
    """Templates taken of passers-by: nobody was asked."""
    return [
        Record(
            person_of(persons, capture.track),
            capture.t,
            stays.get(person_of(persons, capture.track), 0.0),
            (capture.track, capture.camera, 0, vector.tobytes()),
        )
        for capture, vector in zip(captures, vectors, strict=True)
    ]


def _embedded(policy: Policy, captures: Sequence[Capture], seed: int, rng: np.random.Generator) -> Vectors:
    return embed(captures, Matcher.of(policy.identification.preset or DEFAULT_PRESET), seed, rng)


def _holder(visit: VisitRecord) -> int | None:
    return visit.tracks[0] if visit.tracks else None


def holders(day: DayRecords) -> list[str]:
    """The subject who stands at the gate for each visit: whose face the visit's first track showed, else the visit."""
    first = day.faces[day.faces["track"] >= 0].drop_duplicates("track")
    seen = dict(zip(first["track"].tolist(), first["subject"].tolist(), strict=True))
    return [str(seen.get(_holder(visit), f"visit-{visit.visit}")) for visit in day.visits]


def _gate_vectors(policy: Policy, day: DayRecords, seed: int, rng: np.random.Generator) -> Vectors:
    who = policy.identification
    if who.method == "palm" or who.terminal is None:
        return faces_of([f"palm-{subject}" for subject in holders(day)], seed)
    losses = terminal_losses(who.terminal, len(day.visits), rng)
    return Matcher.of(who.preset or DEFAULT_PRESET).capture(faces_of(holders(day), seed), losses, rng)


def _share(policy: Policy, store: KeptStore, day: DayRecords, rng: np.random.Generator) -> None:
    for sharing in policy.sharing:
        rows = store.rows(f"SELECT person, t FROM {sharing.what} WHERE t >= ?", (day.opens,))
        sent = [row for row in rows if rng.random() < sharing.share]
        records = [
            Record(
                str(person) if person is not None else None, float(t or 0), 0.0, (sharing.recipient, sharing.what, "")
            )
            for person, t in sent
        ]
        store.collect("disclosures", records, policy.collects[sharing.what].keep_seconds)
