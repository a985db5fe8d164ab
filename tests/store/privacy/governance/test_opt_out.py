from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from store.privacy import Period, Policy, VisitRecord, apply_policy, load_policy
from store.privacy.case import Case
from store.privacy.faces.matcher import Matcher
from store.privacy.faces.sensor import best_captures
from store.privacy.governance.figures import governance_figures
from store.privacy.governance.opt_out import opted_out, spare
from store.privacy.keeping.kept_store import KeptStore
from store.privacy.policy import DAY_S, OptOut
from store.privacy.service.cost import load_costs

SEED = 3


def policy_where(name: str, **changes: object) -> Policy:
    policy = load_policy(name)
    assert policy.opt_out is not None
    return policy.model_copy(update={"opt_out": OptOut.model_validate(policy.opt_out.model_dump() | changes)})


def seen_well(period: Period) -> Period:
    """The same days with faces that every matcher can use."""
    good = {"face_px": 200.0, "yaw_deg": 3.0, "pitch_deg": 3.0, "occluded": 0.0, "blur_px": 0.2}
    return Period(tuple(replace(day, faces=day.faces.assign(**good)) for day in period.days))


def split(policy: Policy, period: Period) -> tuple[list[VisitRecord], list[VisitRecord]]:
    out = [visit for visit in period.visits if opted_out(policy, visit, SEED)]
    return out, [visit for visit in period.visits if visit not in out]


def count(store: KeptStore, sql: str, *values: object) -> int:
    return int(str(store.rows(f"SELECT count(*) FROM {sql}", values)[0][0]))


def figures(policy: Policy, period: Period, store: KeptStore) -> dict[str, float | None]:
    case = Case(policy, period, store, SEED, np.random.default_rng(1), load_costs())
    return {name: figure.value for name, figure in governance_figures(case).items()}


def test_who_opts_out_is_the_same_on_all_days_and_meets_the_share() -> None:
    policy = policy_where("app-entry", share=0.3)
    visits = [VisitRecord(f"d{day}-{n}", f"account-{n}", 1, 0.0, 1.0, (n,)) for n in range(2000) for day in (1, 2)]
    out = [opted_out(policy, visit, SEED) for visit in visits]
    assert out[::2] == out[1::2]
    assert np.mean(out) == pytest.approx(0.3, abs=0.03)


def test_nobody_opts_out_where_nobody_can(period: Period) -> None:
    policy = load_policy("police-gallery")
    assert not any(opted_out(policy, visit, SEED) for visit in period.visits)
    assert spare(policy, period.days[0], SEED).day_for("tracks") is period.days[0]


def test_a_byte_search_finds_no_record_of_people_who_opted_out(fill, period: Period) -> None:
    policy = policy_where("app-entry", share=0.4)
    out, others = split(policy, period)
    assert out
    assert others
    store = fill(policy, period, SEED)
    content = (store.folder / "kept.sqlite").read_bytes() + (store.folder / "audit.jsonl").read_bytes()
    for visit in out:
        assert visit.visit.encode() not in content
        assert str(visit.account).encode() not in content
        day = next(day for day in period.days if visit in day.visits)
        pictures = day.crops[day.crops["track"].isin(visit.tracks)]["jpeg"]
        assert len(pictures)
        assert not any(jpeg in content for jpeg in pictures)
        for table in ("tracks", "crops", "body_embeddings"):
            assert all(count(store, f"{table} WHERE track = ?", track) == 0 for track in visit.tracks)
    for visit in others:
        assert visit.visit.encode() in content
        assert count(store, "tracks WHERE person = ?", visit.visit) > 0


def test_who_pays_at_a_desk_leaves_a_receipt_without_a_name(fill, period: Period) -> None:
    policy = policy_where("app-entry", share=0.4)
    out, others = split(policy, period)
    store = fill(policy, period, SEED)
    assert count(store, "receipts WHERE person IS NULL") == len(out)
    assert count(store, "receipts WHERE person IS NOT NULL") == len(others)


def test_who_is_turned_away_leaves_no_receipt_and_is_in_no_recording(fill, period: Period) -> None:
    policy = policy_where("card-entry", share=0.4)
    out, others = split(policy, period)
    store = fill(policy, period, SEED)
    assert count(store, "receipts") == len(others) < len(others) + len(out)
    assert figures(policy, period, store)["opted_out_but_recorded"] == 0


def test_another_way_in_spares_only_the_template(fill, period: Period) -> None:
    policy = policy_where("palm-entry", share=0.4)
    out, others = split(policy, period)
    store = fill(policy, period, SEED)
    for visit in out:
        assert count(store, "face_templates WHERE person = ?", visit.visit) == 0
        assert count(store, "tracks WHERE person = ?", visit.visit) > 0
    assert count(store, "face_templates") == len(others)


def test_recordings_of_the_whole_store_show_people_who_opted_out(fill, period: Period) -> None:
    policy = policy_where("face-everywhere", share=0.5, recognised_by="declaration")
    out, _ = split(policy, period)
    everybody = fill(load_policy("face-everywhere").model_copy(update={"opt_out": None}), period, SEED)
    store = fill(policy, period, SEED)
    assert store.hours("frames") == pytest.approx(everybody.hours("frames"))
    spans = [(visit.opened, visit.closed) for visit in out]
    rows = store.rows("SELECT t, until FROM frames")
    shown = sum(any(t <= end and until >= start for start, end in spans) for t, until in rows)
    value = figures(policy, period, store)["opted_out_but_recorded"]
    assert value == pytest.approx(1000 * shown / len(period.visits))


def test_knowing_who_opted_out_by_face_takes_a_template_of_everybody_seen(fill, period: Period) -> None:
    seen = seen_well(period)
    policy = policy_where("palm-entry", share=0.4, billing="desk", collection="nothing", recognised_by="face")
    out, _ = split(policy, seen)
    store = fill(policy, seen, SEED)
    matcher = Matcher.of("2025-median")
    captured = sum(len(best_captures(day, matcher, policy.camera_width_px)) for day in seen.days)
    made = store.made("face_templates")
    assert sum(row["records"] - row["consented"] for row in made) == captured > len(out)
    assert all(count(store, "tracks WHERE person = ?", visit.visit) == 0 for visit in out)


def test_who_is_not_recognised_is_recorded_though_opted_out(fill, period: Period) -> None:
    hidden = Period(tuple(replace(day, faces=day.faces.assign(face_px=4.0)) for day in period.days))
    policy = policy_where("face-everywhere", share=0.4)
    out, _ = split(policy, hidden)
    store = fill(policy, hidden, SEED)
    assert all(count(store, "tracks WHERE person = ?", visit.visit) > 0 for visit in out)
    named = sum(
        count(store, f"{table} WHERE person = ?", visit.visit)
        for visit in out
        for table in ("tracks", "crops", "body_embeddings", "receipts")
    )
    found = figures(policy, hidden, store)["opted_out_but_recorded"]
    assert found is not None
    assert found * len(hidden.visits) / 1000 >= named > 0


def test_opting_out_costs_the_time_of_the_desk_or_of_another_way_in(fill, period: Period) -> None:
    store = fill(policy_where("app-entry"), period, SEED, period.closes + DAY_S)
    costs, baskets = load_costs(), period.baskets
    items = np.mean([basket.items for basket in baskets])
    expected = costs.desk_seconds.value + costs.desk_item_seconds.value * items - 3
    assert figures(policy_where("app-entry"), period, store)["opt_out_seconds"] == pytest.approx(expected)
    assert figures(policy_where("palm-entry"), period, store)["opt_out_seconds"] == 20
    assert figures(policy_where("card-entry"), period, store)["opt_out_seconds"] is None


def test_policies_with_one_seed_meet_the_same_people(period: Period, tmp_path: Path) -> None:
    notes = []
    for number, name in enumerate(("app-entry", "card-entry", "palm-entry")):
        policy = policy_where(name, share=0.4)
        rng = np.random.default_rng(number)
        notes.append(apply_policy(policy, period, tmp_path / name, rng, seed=SEED).value("opt_out_share"))
    out, _ = split(policy_where("app-entry", share=0.4), period)
    assert notes == [len(out) / len(period.visits)] * 3


def test_pieces_of_track_that_nobody_knew_to_be_theirs_stay_and_are_counted(fill, period: Period) -> None:
    policy = policy_where("app-entry", share=0.9)
    loose = Period(
        tuple(
            replace(day, visits=tuple(replace(visit, tracks=visit.tracks[:1]) for visit in day.visits))
            for day in period.days
        )
    )
    out, _ = split(policy, loose)
    parties = {visit.visit for visit in out if visit.people == 2}
    strays = [track for visit in period.visits if visit.visit in parties for track in visit.tracks[1:]]
    assert strays
    store = fill(policy, loose, SEED)
    left = sum(
        count(store, f"{table} WHERE track = ?", track)
        for table in ("tracks", "crops", "body_embeddings")
        for track in strays
    )
    assert figures(policy, loose, store)["opted_out_but_recorded"] == pytest.approx(1000 * left / len(loose.visits))
    assert left > 0
