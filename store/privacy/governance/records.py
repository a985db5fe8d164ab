"""Which of a store's records are about somebody: by account, by track, by visit."""

from collections.abc import Iterable, Sequence

from store.privacy.keeping.kept_store import COLUMNS, KeptStore, Value

Row = dict[str, Value]
PERSONAL_TABLES = tuple(table for table in COLUMNS if table not in ("frames", "counts", "queries", "disclosures"))
"""Tables whose records can bear a person's name and are about them; frames show whoever was there."""
TRACK_TABLES = tuple(
    table
    for table, own in COLUMNS.items()
    if table != "queries" and any(column.split()[0] == "track" for column in own)
)


def columns(table: str) -> tuple[str, ...]:
    """Names of a table's columns."""
    return ("id", "person", "t", "seconds", "expires", *(own.split()[0] for own in COLUMNS[table]))


def persons_of_account(store: KeptStore, account: str) -> list[str]:
    """An account and its visits, as far as the store still knows them."""
    visits = [str(person) for (person,) in store.rows("SELECT person FROM people WHERE account = ?", (account,))]
    return sorted({account, *visits})


def persons_of_track(store: KeptStore, track: int) -> list[str]:
    """Under which names the store holds records of a floor track."""
    found = {f"track-{track}"}
    for table in TRACK_TABLES:
        found |= {
            str(person)
            for (person,) in store.rows(
                f"SELECT DISTINCT person FROM {table} WHERE track = ? AND person IS NOT NULL", (track,)
            )
        }
    return sorted(found)


def about(store: KeptStore, persons: Sequence[str], tables: Iterable[str]) -> dict[str, list[Row]]:
    """Every row of `tables` about any of `persons`, oldest first."""
    marks = ", ".join("?" * len(persons))
    found: dict[str, list[Row]] = {}
    for table in tables:
        names = columns(table)
        rows = store.rows(f"SELECT {', '.join(names)} FROM {table} WHERE person IN ({marks}) ORDER BY t, id", persons)
        found[table] = [dict(zip(names, row, strict=True)) for row in rows]
    return found


def stays(store: KeptStore, persons: Sequence[str]) -> dict[str, tuple[float, float]]:
    """First and last second (clock) of which any record about each person tells; those without records are left out.

    A receipt is written after the visit, and a template's seconds are the visit's: of both only the time counts.
    """
    spans: dict[str, tuple[float, float]] = {}
    for person in persons:
        rows = [
            row
            for table in PERSONAL_TABLES
            for row in store.rows(f"SELECT min(t), max({_end(table)}) FROM {table} WHERE person = ?", (person,))
        ]
        times = [(start, end) for start, end in rows if isinstance(start, float) and isinstance(end, float)]
        if times:
            spans[person] = (min(start for start, _ in times), max(end for _, end in times))
    return spans


def _end(table: str) -> str:
    return "t" if table in ("receipts", "face_templates", "alerts") else "t + seconds"


def showing(store: KeptStore, spans: Iterable[tuple[float, float]]) -> list[Row]:
    """Stretches of camera recording that were taken while somebody was there, each once."""
    names = columns("frames")
    found = {
        row[0]: dict(zip(names, row, strict=True))
        for start, end in spans
        for row in store.rows(
            f"SELECT {', '.join(names)} FROM frames WHERE t <= ? AND until >= ? ORDER BY t, id", (end, start)
        )
    }
    return list(found.values())
