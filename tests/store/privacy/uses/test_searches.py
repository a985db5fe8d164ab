"""Visitors searched in galleries: rates by group, suspicion, months, and the records that remain."""

import json
from pathlib import Path

import numpy as np
import pytest
from use_scenes import shrunk

from store.errors import PolicyError
from store.privacy import Period, Policy, apply_policy, load_policy
from store.privacy.case import Case
from store.privacy.catalogue import POLICIES
from store.privacy.faces.gallery import Gallery
from store.privacy.faces.matcher import Matcher, strangers
from store.privacy.intervals import wilson
from store.privacy.keeping.kept_store import KeptStore
from store.privacy.policy import Search
from store.privacy.service.cost import load_costs
from store.privacy.uses.month import MONTH_VISITORS, usd, wrong_month, wrong_of_group
from store.privacy.uses.outcome import outcome_of
from store.privacy.uses.rates import GALLERY_SEED, enrolled_rates, rates_of
from store.privacy.uses.result import FILE


def booking_photos(gallery: int = 20_000, percent: float = 80, **changes: object) -> Search:
    fields = {"enrolled_share": 0.05, "preset": "2018-threshold-80", **changes}
    return Search(name="booking photos", gallery=gallery, threshold_percent=percent, **fields)


@pytest.mark.parametrize(("gallery", "percent"), [(20_000, 80), (20_000, 72), (3000, 70)])
def test_wrong_hits_of_each_group_are_the_published_ones(gallery: int, percent: float) -> None:
    rates, matcher = rates_of(booking_photos(gallery, percent)), Matcher.of("2018-threshold-80")
    for group, rate in rates.by_group.items():
        assert rate.low <= matcher.wrong_rate(gallery, percent, group) <= rate.high
    assert rates.wrong.low <= matcher.wrong_rate(gallery, percent) <= rates.wrong.high
    assert rates.by_group["people of colour"].value > 1.5 * rates.by_group["white"].value


def test_searches_of_one_gallery_share_one_measurement_whoever_is_searched() -> None:
    everyone, suspected = booking_photos(), booking_photos(of="suspected", suspected_share=0.02, recipient="police")
    assert rates_of(everyone) is rates_of(suspected)
    assert rates_of(everyone) is not rates_of(booking_photos(percent=72))


@pytest.mark.parametrize(("loss", "percent"), [(0.0, 75), (1.5, 50)])
def test_hits_and_mix_ups_of_enrolled_people_are_those_of_real_searches_of_them(loss: float, percent: float) -> None:
    search, matcher, rng = booking_photos(20_000, percent), Matcher.of("2018-threshold-80"), np.random.default_rng(3)
    gallery, count = Gallery.open(search.gallery, GALLERY_SEED), 1500
    faces = strangers(count, rng)
    right = wrong = 0
    for start in range(0, count, 100):
        ids = np.array(gallery.add(faces[start : start + 100]))
        scores, found = gallery.search(matcher.capture(faces[start : start + 100], loss, rng), 1)
        limits = np.array([matcher.threshold(percent, group) for group in matcher.draw_groups(100, rng)])
        hit = scores[:, 0] >= limits
        right, wrong = right + int(np.sum(hit & (found[:, 0] == ids))), wrong + int(np.sum(hit & (found[:, 0] != ids)))
        gallery.remove(list(ids))
    named, confused = enrolled_rates(search, rates_of(search), [loss], rng)
    for share, counted in ((named, right), (confused, wrong)):
        low, high = wilson(counted, count)
        assert low - 0.02 <= share <= high + 0.02


def test_a_month_is_8000_searches_or_with_suspicion_as_many_as_are_suspected(period: Period, folder: Path) -> None:
    rng = np.random.default_rng(1)
    free, bound = (
        outcome_of(shrunk(name).searches[0], shrunk(name), period, rng)
        for name in ("police-gallery", "police-gallery-suspicion")
    )
    rate = Matcher.of("2018-threshold-80").wrong_rate(20_000)
    apart = (1 - 0.05) * MONTH_VISITORS * rate  # 5 % of visitors are in the gallery
    assert wrong_month(free).low <= apart <= wrong_month(free).high
    assert wrong_month(bound).value == pytest.approx(0.02 * wrong_month(free).value, rel=0.05)
    by_group = [wrong_of_group(free, group).value for group in free.rates.by_group]
    assert sum(by_group) == pytest.approx(MONTH_VISITORS * 0.95 * free.rates.wrong.value)
    case = Case(shrunk("police-gallery"), period, KeptStore.create(folder), 1, rng, load_costs())
    assert usd(case, free) == pytest.approx(8.0)  # 8,000 calls at 0.001 dollars (COSTS: price lists of 2019 and 2026)
    case.store.close()


def loose(name: str) -> Policy:
    """The policy at a threshold at which nearly everybody matches somebody."""
    policy = shrunk(name)
    searches = tuple(row.model_copy(update={"threshold_percent": 40}) for row in policy.searches)
    return policy.model_copy(update={"searches": searches})


def test_the_records_that_remain_are_those_in_the_store_and_erasing_a_person_takes_theirs(
    period: Period, folder: Path
) -> None:
    figures = apply_policy(loose("police-gallery"), period, folder, np.random.default_rng(2))
    remains = json.loads((folder / FILE).read_text())["uses"][0]["remains"]
    store = KeptStore.open(folder, period.closes + 90_000)
    assert remains == {kind: store.count(kind) for kind in ("alerts", "disclosures", "face_templates")}
    assert min(remains.values()) > 0
    assert figures.value("search_records") == pytest.approx(sum(remains.values()) * 1000 / len(period.visits))
    account = str(period.visits[0].account)
    own = {visit.visit for visit in period.visits if visit.account == account}
    gone = store.erase(account)
    for kind in remains:
        assert gone[kind] > 0
        assert store.count(kind) == remains[kind] - gone[kind]
        assert not own & {person for (person,) in store.rows(f"SELECT person FROM {kind}")}
    store.close()


def test_alerts_from_a_foreign_gallery_are_told_abroad_too(period: Period, folder: Path) -> None:
    figures = apply_policy(loose("foreign-licences"), period, folder, np.random.default_rng(2))
    store = KeptStore.open(folder)
    alerts = store.count("alerts")
    sent = dict(store.rows("SELECT recipient, count(*) FROM disclosures WHERE kind = 'alerts' GROUP BY recipient"))
    store.close()
    assert alerts > 0
    assert set(sent.values()) == {alerts}
    assert len(sent) == figures.value("recipients_outside") == 2
    assert figures.value("recipients_abroad") == 1


@pytest.mark.parametrize(
    ("name", "gallery"),
    [
        ("police-gallery", 300_000),
        ("police-gallery-suspicion", 300_000),
        ("body-camera", 300_000),
        ("police-drivers-7m", 7_000_000),
        ("police-drivers-22m", 22_000_000),
        ("people-of-interest", 20_000_000),
    ],
)
def test_every_gallery_that_the_precedents_name_is_a_policy(name: str, gallery: int) -> None:
    assert [search.gallery for search in load_policy(name).searches] == [gallery]


def test_policies_of_the_default_scenario_need_no_gallery_above_300000() -> None:
    for name in ("checkout", "app-entry", "face-entry", "face-everywhere", "police-gallery"):
        policy = load_policy(name)
        assert max([policy.identification.accounts, *(row.gallery for row in policy.searches)]) <= 300_000


@pytest.mark.parametrize(
    ("changes", "blamed"),
    [("camera: helmet", "searches.0.camera"), ("abroad: ['']", "searches.0.abroad.0")],
)
def test_unknown_cameras_and_nameless_recipients_are_refused(tmp_path: Path, changes: str, blamed: str) -> None:
    text = (POLICIES / "police-gallery.yaml").read_text()
    file = tmp_path / "mine.yaml"
    file.write_text(text.replace("of: everyone", f"of: everyone\n    {changes}"))
    with pytest.raises(PolicyError) as caught:
        load_policy(file)
    assert caught.value.field == blamed
