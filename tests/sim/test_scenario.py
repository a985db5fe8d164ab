from pathlib import Path

import pytest

from sim.errors import BadInput
from sim.scenario import list_scenarios, load_scenario

GOOD = "name: mine\ntitle: Mine\nstore: corner-shop\nseconds: 60\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(path: str | Path) -> BadInput:
    with pytest.raises(BadInput) as caught:
        load_scenario(path)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("name", list_scenarios())
def test_every_built_in_scenario_loads_under_its_own_name(name: str) -> None:
    assert load_scenario(name).name == name.replace("/", "-")


def test_unknown_name_is_refused_with_near_names() -> None:
    assert "corner-shop" in refusal("corner-shpo").allowed


def test_syntax_error_names_its_line(tmp_path: Path) -> None:
    assert refusal(write(tmp_path, GOOD + "cameras: [a, b\nseed: 1\n")).field.startswith("line ")


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("colour: red\n", "colour"),
        ("fps: 0\n", "fps"),
        ("shoppers: {random: {count: 3, put_back_probability: 12}}\n", "shoppers.random.put_back_probability"),
        ("shoppers: {random: {count: 3, couples: 2}}\n", "shoppers.random.couples"),
        ("last_call: 60\n", "last_call"),
        ("days: 31\n", "days"),
        ("groups: {a: 0.5, b: 0.4}\n", "groups"),
        ("shoppers: {regulars: {people: 3, couples: 2}}\n", "shoppers.regulars.couples"),
        ("shoppers: {regulars: {people: 3, habit: 1.5}}\n", "shoppers.regulars.habit"),
        ("shoppers: {regulars: {people: 3}, scripted: [{id: r3}]}\n", "shoppers.scripted.0.id"),
        ("cameras: [northwst]\n", "cameras.0"),
        ("shoppers: {scripted: [{id: a}, {id: a}]}\n", "shoppers.scripted.1.id"),
        (
            "shoppers: {scripted: [{id: a, actions: [{do: pick, product: colacan}]}]}\n",
            "shoppers.scripted.0.actions.0.product",
        ),
        (
            "shoppers: {scripted: [{id: a, actions: "
            "[{do: put_back, product: milk, gondola: A, shelf: 3, plates: [9]}]}]}\n",
            "shoppers.scripted.0.actions.0.plates",
        ),
        ("misplaced: [{product: milk, gondola: Z, shelf: 1, plates: [1]}]\n", "misplaced.0.gondola"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, text: str, field: str) -> None:
    assert refusal(write(tmp_path, GOOD + text)).field == field


def test_a_hand_over_needs_somebody_to_take_it(tmp_path: Path) -> None:
    text = "shoppers: {scripted: [{id: a, actions: [{do: hand_over, product: milk, to: nobody}]}]}\n"
    assert refusal(write(tmp_path, GOOD + text)).found == "nobody"


def test_an_unknown_store_is_refused(tmp_path: Path) -> None:
    assert refusal(write(tmp_path, GOOD.replace("corner-shop", "corner-shopp"))).file == "store"
