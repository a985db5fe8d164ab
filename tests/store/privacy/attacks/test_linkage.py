from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from made_up import made_up_period

from store.privacy import Period, Policy, load_policy
from store.privacy.attacks.kept_frames import BLURRED, GONE, PLAIN, KeptFrames
from store.privacy.attacks.kept_walks import kept_walks
from store.privacy.attacks.linkage import CHANNELS, Linkage, attack, linkage_figures
from store.privacy.attacks.person_visits import PersonVisits
from store.privacy.case import Case
from store.privacy.keeping.kept_store import KeptStore, Record


def attacked(case: Case) -> Linkage:
    people = PersonVisits.of(case.period)
    return attack(case, people, kept_walks(case.store, people), np.random.default_rng(1))


@pytest.mark.parametrize(
    ("policy", "metric"),
    [
        ("face-everywhere", "link_face"),
        ("face-everywhere", "link_body"),
        ("app-entry", "link_crops"),
        ("blurred", "link_crops"),
        ("app-entry", "link_account"),
        ("edge-only", "link_gait"),
        ("edge-only", "link_unnamed"),
        ("checkout", "link_basket"),
    ],
)
def test_what_is_kept_links_people_who_come_back_in_other_clothes(applied, policy: str, metric: str) -> None:
    figure = applied[policy].figures[metric]
    assert figure.low > 0, (policy, metric, figure)


def test_counts_and_nameless_receipts_link_nobody(applied) -> None:
    figures = applied["counting-only"].figures
    for metric in ("linkability", "link_unnamed", "creep", "infer_party", "infer_household"):
        assert (figures[metric].value, figures[metric].low, figures[metric].high) == (0, 0, 0), metric
    for channel in set(CHANNELS) - {"basket"}:
        assert figures[f"link_{channel}"].reason


def test_a_recorder_of_an_ordinary_shop_shows_the_people_whom_its_pictures_show(applied) -> None:
    figures = applied["checkout"].figures
    assert figures["link_crops"].low > 0
    assert figures["link_face"].value is None
    assert figures["link_gait"].low > 0
    assert "in kept frames" in figures["link_gait"].note
    assert "basket" not in figures["linkability"].note


def test_a_face_is_read_in_pictures_only_where_pixels_suffice_and_no_blur_hides_it(applied, apply, period) -> None:
    everywhere = load_policy("face-everywhere")
    assert "can be read" in applied["face-everywhere"].figures["link_crops"].note
    assert "large and sharp" in applied["app-entry"].figures["link_crops"].note
    blurred = everywhere.collects["crops"].model_copy(update={"blurred": True})
    hidden = everywhere.model_copy(update={"collects": {**everywhere.collects, "crops": blurred}})
    assert "heads blurred" in apply(hidden, period).figures["link_crops"].note


def test_the_control_finds_nothing_in_shuffled_records_of_any_seed(apply) -> None:
    for seed in range(4):
        figures = apply("app-entry", made_up_period(days=2, people=9, seed=seed)).figures
        control = figures["link_control"]
        assert control.low <= 0 <= control.high
        assert abs(control.value) < 0.1
        assert figures["linkability"].value > control.high


def test_the_attack_never_reads_the_truth(applied) -> None:
    for name in ("face-everywhere", "edge-only", "checkout"):
        case = applied[name].case
        seeing = attacked(case)
        blind = replace(case, period=Period(tuple(replace(day, truth=Untouchable()) for day in case.period.days)))
        np.testing.assert_array_equal(seeing.everything, attacked(blind).everything)


class Untouchable:
    """In place of the truth: nobody may look."""

    def __getattribute__(self, name: str) -> object:
        raise AssertionError(f"the attack read {name} of the truth")


def test_scrambled_truth_leaves_guesses_but_no_hits(applied) -> None:
    case = applied["edge-only"].case
    names = list(case.period.truth.subject_of_track.values())
    shuffled = iter(np.random.default_rng(2).permutation(names).tolist())
    days = tuple(
        replace(day, truth=replace(day.truth, subject_of_track={t: next(shuffled) for t in day.truth.subject_of_track}))
        for day in case.period.days
    )
    scrambled = replace(case, period=Period(days))
    people = PersonVisits.of(scrambled.period)
    figure = linkage_figures(scrambled, people, attacked(case), np.random.default_rng(1))["linkability"]
    assert figure.low < 0.05
    assert figure.value < 0.15


def keeps(policy: str, seconds: float) -> Policy:
    loaded = load_policy(policy)
    rules = {kind: rule.model_copy(update={"keep_seconds": seconds}) for kind, rule in loaded.collects.items()}
    return loaded.model_copy(update={"collects": rules})


def test_linkability_falls_when_retention_is_cut(apply, period: Period) -> None:
    shares = [apply(keeps("app-entry", days * 86_400), period).figures for days in (7, 2.5, 0.5)]
    values = [figures.value("linkability") for figures in shares]
    assert values[0] > values[1] > values[2]
    assert values[2] == 0
    assert shares[2]["link_crops"].reason == "not kept: no picture is left"


def test_history_grows_with_the_days_and_not_past_what_is_kept(apply) -> None:
    grown = [
        apply("app-entry", made_up_period(days, 12, seed=2, comes=0.9)).figures.value("creep") for days in (2, 3, 5)
    ]
    assert grown[0] < grown[1] < grown[2]
    short = apply(keeps("app-entry", 2.5 * 86_400), made_up_period(5, 12, seed=2, comes=0.9)).figures
    assert short.value("creep") < grown[1]


def test_nobody_who_comes_back_is_a_reason(apply) -> None:
    two = made_up_period(days=2, people=6, comes=1.0, seed=1)
    away = replace(
        two.days[1],
        truth=replace(two.days[1].truth, subject_of_track={t: f"new-{t}" for t in two.days[1].truth.subject_of_track}),
    )
    figures = apply("app-entry", Period((two.days[0], away))).figures
    assert figures["linkability"].reason == "nobody who came on one day came again on a later one"


def test_one_day_imagines_everybody_to_come_back(apply, period: Period) -> None:
    figures = apply("app-entry", Period.of(period.days[0])).figures
    assert figures["linkability"].low > 0
    assert "imagined" in figures["linkability"].note
    assert figures["link_gait"].reason.startswith("one day")


def test_the_same_seed_gives_the_same_figures(apply: Callable, period: Period, applied) -> None:
    again = apply("edge-only", period).figures
    for metric in ("linkability", "link_gait", "link_control", "creep", "unicity_body", "infer_party"):
        assert again[metric] == applied["edge-only"].figures[metric]


def test_frames_show_what_happened_while_they_are_kept(folder) -> None:
    store = KeptStore.create(folder)
    store.collect("frames", [Record(None, 10.0 * n, 0.0, ("c", 10.0 * n + 10, 100, n % 2)) for n in (1, 2, 4)], 1000.0)
    state = KeptFrames.of(store).state(["c"] * 5 + ["d"], [9.9, 10.0, 29.9, 35.0, 40.0, 15.0])
    assert state.tolist() == [GONE, BLURRED, PLAIN, GONE, PLAIN, GONE]
    store.close()
