from pathlib import Path

import pytest
from worlds import run

from sim.configuration import read_yaml, validated
from sim.errors import BadInput
from sim.scenario import Scenario, load_scenario
from sim.sessions import read_sessions, session_receipts, sessions_to_scenarios
from sim.store_plan import load_store
from sim.world import World

NANOSTORE = Path(__file__).parents[3] / "shared" / "data" / "nanostore"
SESSIONS, PRODUCTS = NANOSTORE / "sessions.csv", NANOSTORE / "products.csv"
real = pytest.mark.skipif(not SESSIONS.is_file(), reason="the nanostore's files are not beside the repository")


@pytest.fixture(scope="module")
def scenarios(tmp_path_factory: pytest.TempPathFactory) -> list[Scenario]:
    paths = sessions_to_scenarios(SESSIONS, PRODUCTS, tmp_path_factory.mktemp("sessions"))
    return [validated(Scenario, read_yaml(path), path) for path in paths]


@real
def test_all_sessions_and_events_are_read() -> None:
    sessions = read_sessions(SESSIONS)
    # Counts from the data's own description.
    assert len(sessions) == 19
    assert sum(map(len, sessions.values())) == 95


@real
def test_every_session_becomes_a_scenario_of_its_name(scenarios: list[Scenario]) -> None:
    assert [scenario.name for scenario in scenarios] == list(read_sessions(SESSIONS))


@real
@pytest.mark.slow
def test_every_re_enacted_session_ends_in_the_receipts_of_its_events(scenarios: list[Scenario]) -> None:
    plan, sessions = load_store("nanostore"), read_sessions(SESSIONS)
    for scenario in scenarios:
        world = World(plan, scenario.model_copy(update={"weigh_hz": 10}), seed=1)
        ticks, _ = run(world)
        got = {receipt["people"][0]: receipt["items"] for receipt in world.truth_receipts()}
        assert got == {receipt.shopper: receipt.items for receipt in session_receipts(sessions[scenario.name])}
        assert not ticks[-1].people


@real
def test_events_keep_the_order_of_the_clock(scenarios: list[Scenario]) -> None:
    for scenario in scenarios:
        for shopper in scenario.shoppers.scripted:
            times = [action.at for action in shopper.actions]
            assert times == sorted(times, key=lambda t: t or 0.0)
            assert shopper.arrive < (times[0] or 0.0)


HEADING = "session,event,second,shopper,action,product_id,quantity,gondola,shelf,plates\n"
ROW = "s,1,0,ann,pick,071063437089,1,2,5,4 5\n"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (HEADING.replace("plates", "plate") + ROW, "plates"),
        (HEADING + ROW.replace("pick", "eat"), "row 1, action"),
        (HEADING + ROW + ROW.replace(",1,2,5", ",many,2,5"), "row 2, quantity"),
        (HEADING + ROW.replace("4 5", "x"), "row 1, plates"),
        (HEADING + "s,1,0\n", "row 1"),
        (HEADING, "rows"),
    ],
)
def test_a_broken_table_is_refused_with_row_and_field(tmp_path: Path, text: str, part: str) -> None:
    path = tmp_path / "sessions.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=part):
        read_sessions(path)


def test_a_session_with_an_unknown_product_or_gondola_is_refused(tmp_path: Path) -> None:
    products = tmp_path / "products.csv"
    products.write_text("product_id,weight_g\n071063437089,105.5\n", encoding="utf-8")
    path = tmp_path / "sessions.csv"
    for row, field in ((ROW.replace("071063437089", "0"), "product"), (ROW.replace(",2,5,4 5", ",9,5,4"), "gondola")):
        path.write_text(HEADING + row, encoding="utf-8")
        with pytest.raises(BadInput, match=field):
            sessions_to_scenarios(path, products, tmp_path / "out")


def test_a_session_without_clock_is_spaced_and_says_so(tmp_path: Path) -> None:
    products, path = tmp_path / "products.csv", tmp_path / "sessions.csv"
    products.write_text("product_id,weight_g\n071063437089,105.5\n", encoding="utf-8")
    path.write_text(HEADING + ROW.replace(",1,0,", ",1,,") + ROW.replace(",1,0,", ",2,,"), encoding="utf-8")
    (written,) = sessions_to_scenarios(path, products, tmp_path / "out")
    scenario = load_scenario(written)
    first, second = (action.at or 0.0 for action in scenario.shoppers.scripted[0].actions)
    assert second - first == pytest.approx(6.0, abs=0.2)
    assert "no clock" in scenario.description
