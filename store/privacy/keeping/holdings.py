"""What a policy's store made and still holds, by kind of record: read from its files, which stay as they are."""

import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from store.privacy.governance.audit import AuditLog
from store.privacy.keeping.kept_store import COLUMNS


@dataclass(frozen=True, slots=True)
class Holding:
    """Records of one kind: how many were ever made, and how many are left."""

    kind: str
    made: int
    kept: int


def holdings(folder: Path) -> list[Holding]:
    """Kinds of which the store in `folder` ever made a record, in the order of its tables; none without a store."""
    database = folder / "kept.sqlite"
    if not database.is_file():
        return []
    made: Counter[str] = Counter()
    for entry in AuditLog(folder / "audit.jsonl").entries():
        detail = entry["detail"]
        if entry["action"] == "collect" and isinstance(detail, dict):
            made[str(detail["kind"])] += int(detail["records"])
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return [Holding(kind, made[kind], _count(connection, kind)) for kind in COLUMNS if made[kind]]
    finally:
        connection.close()


def _count(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
