from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.privacy.governance.disclosures import MONTH_S, disclosure_report
from store.privacy.keeping.kept_store import KeptStore, Record

HANDED = st.lists(
    st.tuples(
        st.floats(0, 4 * MONTH_S),
        st.sampled_from(["police", "cloud service"]),
        st.sampled_from(["alerts", "crops"]),
        st.sampled_from(["visit-1", "visit-2", "visit-3"]),
    ),
    max_size=12,
)

TWO = [(1.0, "police", "alerts", "visit-1"), (2.0, "police", "alerts", "visit-2")]


def handed_over(folder: Path, rows: list[tuple[float, str, str, str]]) -> KeptStore:
    store = KeptStore.create(folder)
    for t, recipient, kind, person in rows:
        store.collect("disclosures", [Record(person, t, 0.0, (recipient, kind, "why"))], 10 * MONTH_S)
    return store


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=HANDED)
def test_every_record_handed_over_is_in_one_line_and_the_log_agrees(tmp_path: Path, rows) -> None:
    store = handed_over(tmp_path / "store", rows)
    report = disclosure_report("mine", store)
    lines = Counter((line.month, line.recipient, line.kind) for line in report.lines for _ in range(line.records))
    assert lines == Counter((int(t // MONTH_S) + 1, recipient, kind) for t, recipient, kind, _ in rows)
    assert report.logged == dict(Counter(recipient for _, recipient, _, _ in rows))
    assert (report.records, report.deleted) == (len(rows), 0)
    for line in report.lines:
        people = {row[3] for row in rows if (int(row[0] // MONTH_S) + 1, row[1], row[2]) == line_key(line)}
        assert line.people == len(people)
    store.close()


def line_key(line) -> tuple[int, str, str]:
    return line.month, line.recipient, line.kind


def test_the_log_still_knows_how_many_once_the_list_is_deleted(tmp_path: Path) -> None:
    store = handed_over(
        tmp_path / "store", [(1.0, "police", "alerts", "visit-1"), (2.0, "police", "alerts", "visit-2")]
    )
    store.advance(11 * MONTH_S)
    report = disclosure_report("mine", store)
    assert report.lines == ()
    assert (report.logged, report.deleted) == ({"police": 2}, 2)


def test_an_erased_person_leaves_the_list_and_stays_in_the_count(tmp_path: Path) -> None:
    store = handed_over(
        tmp_path / "store", [(1.0, "police", "alerts", "visit-1"), (2.0, "police", "alerts", "visit-2")]
    )
    store.erase("visit-1")
    report = disclosure_report("mine", store)
    assert (report.records, report.deleted) == (1, 1)
