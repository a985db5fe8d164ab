"""An officer's body camera: its views are searched under its own policy, and by nobody else."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from use_scenes import shrunk, with_officer

from store.privacy import METRICS, CameraRecord, DayRecords, Period, apply_policy
from store.privacy.day import BODY_CAMERA
from store.privacy.faces.matcher import Matcher
from store.privacy.faces.sensor import ENCOUNTER_S, best_captures, encounters, looks
from store.privacy.keeping.kept_store import KeptStore

WALL_CLOCK = {"search_ms", "compute_seconds", "searches_month_seconds"}
MEDIAN = Matcher.of("2025-median")


def met(times: dict[str, list[float]], **changes: object) -> Period:
    """A period in which an officer's camera sees these people at these times, well."""
    good = {"face_px": 60.0, "yaw_deg": 5.0, "pitch_deg": 5.0, "occluded": 0.0, "blur_px": 0.5, **changes}
    rows = [
        {"t": t, "subject": who, "camera": BODY_CAMERA, "track": -1, **good} for who, ts in times.items() for t in ts
    ]
    camera = (CameraRecord("cam0", 640, 360, 100),)
    return Period.of(DayRecords(1000.0, camera, (), faces=pd.DataFrame(rows).assign(capture_id=range(len(rows)))))


@given(st.lists(st.floats(0, 900), min_size=1, max_size=20, unique=True))
def test_views_further_apart_than_half_a_minute_are_encounters_of_their_own(times: list[float]) -> None:
    gaps = np.diff(np.sort(times))
    assert len(encounters(met({"ann": times}), MEDIAN)) == 1 + int(np.sum(gaps > ENCOUNTER_S))


def test_people_met_at_once_are_encounters_of_their_own_and_the_best_view_stands_for_each() -> None:
    period = met({"ann": [1.0, 2.0], "bob": [1.0, 2.0]})
    faces = period.days[0].faces
    faces.loc[faces["t"] == 2.0, "yaw_deg"] = 0.0
    found = encounters(Period.of(replace(period.days[0], faces=faces)), MEDIAN)
    assert sorted((c.subject, c.t) for c in found) == [("ann", 2.0), ("bob", 2.0)]


def test_an_officer_recognises_only_faces_that_the_officers_own_camera_shows_large_enough() -> None:
    assert encounters(met({"ann": [1.0]}, face_px=39.0), MEDIAN) == []
    assert len(encounters(met({"ann": [1.0]}, face_px=40.0), MEDIAN)) == 1


def test_the_stores_own_cameras_never_use_an_officers_views() -> None:
    period = met({"ann": [1.0]})
    tracked = Period.of(replace(period.days[0], faces=period.days[0].faces.assign(track=7)))
    assert best_captures(tracked, MEDIAN, 3840) == []
    assert looks(tracked, MEDIAN, 3840) == []


@pytest.mark.parametrize("name", ["face-everywhere", "police-gallery", "missing-child", "entrance-watchlist"])
def test_other_policies_figures_do_not_change_when_an_officer_walks_through(
    name: str, period: Period, tmp_path: Path
) -> None:
    without, walked = (
        apply_policy(shrunk(name), case, tmp_path / label, np.random.default_rng(3))
        for label, case in (("without", period), ("with", with_officer(period)))
    )
    for metric in METRICS.keys() - WALL_CLOCK:
        assert without[metric] == walked[metric], metric


def test_a_body_camera_searches_whom_it_met_and_not_whom_the_store_saw(period: Period, folder: Path) -> None:
    walked = with_officer(period)
    figures = apply_policy(shrunk("body-camera"), walked, folder, np.random.default_rng(3))
    found = encounters(walked, Matcher.of("2018-threshold-80"))
    store = KeptStore.open(folder)
    templates = store.rows("SELECT person, camera, track FROM face_templates")
    store.close()
    assert len(templates) == len(found) > 0
    assert {camera for _, camera, _ in templates} == {BODY_CAMERA}
    assert {track for _, _, track in templates} == {None}
    assert len({person for person, _, _ in templates}) == len(templates)
    assert not {person for person, _, _ in templates} & {visit.visit for visit in walked.visits}
    assert figures.value("wrong_alerts") > 0


def test_without_an_officer_the_policy_says_that_none_came(period: Period, folder: Path) -> None:
    figures = apply_policy(shrunk("body-camera"), period, folder, np.random.default_rng(3))
    assert figures["wrong_alerts"].reason == figures["searches_month_wrong"].reason
    assert "no officer" in str(figures["wrong_alerts"].reason)
    assert figures.value("templates_without_consent") == 0
