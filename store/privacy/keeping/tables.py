"""The SQLite file of a policy's store: how it is opened, laid out and cleared so that deleted bytes are gone."""

import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from store.errors import BadInput

DATABASE = "kept.sqlite"
EVERY = ("person TEXT", "t REAL", "seconds REAL", "expires REAL")
OWN = {
    "people": ("person TEXT PRIMARY KEY", "account TEXT", "expires REAL", "came REAL", "left REAL"),
    # The clock, the newest line of the audit log, whether deleted bytes may still lie in the file, and a mark of the
    # last opening.
    "standing": ("name TEXT PRIMARY KEY", "value"),
    # Erasures that have begun: who, and which holder of records has not yet been reached.
    "erasures": ("person TEXT", "holder TEXT"),
}


def open_tables(path: Path, columns: Mapping[str, tuple[str, ...]]) -> sqlite3.Connection:
    """Open the file and lay its tables where they are missing.

    Raises:
        BadInput: it has tables of another version, or is no database.
    """
    database = sqlite3.connect(path)
    try:
        _set(database)
        for table, own in (
            OWN | {name: ("id INTEGER PRIMARY KEY", *EVERY, *columns[name]) for name in columns}
        ).items():
            database.execute(f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(own)})")
            found = [str(row[1]) for row in database.execute(f"PRAGMA table_info({table})")]
            if found != (wanted := [column.split()[0] for column in own]):
                raise BadInput(path, table, ", ".join(found), f"{', '.join(wanted)}: apply the policy to the run again")
        # A crash may leave a journal that SQLite does not roll back, as nothing was written from it yet, but that holds
        # people's pages: it goes with the end of the next change, so there is one.
        database.execute("INSERT OR REPLACE INTO standing VALUES ('opened', random())")
        database.commit()
    except sqlite3.DatabaseError as error:
        database.close()
        raise BadInput(path, "file", str(error), "a store's SQLite file") from error
    except BadInput:
        database.close()
        raise
    return database


def _set(database: sqlite3.Connection) -> None:
    # Without secure_delete SQLite leaves erased bytes in free pages, and an erasure would be none.
    database.execute("PRAGMA secure_delete = ON")
    # The rollback journal holds pages as they were, erased people included. DELETE takes it away with the commit;
    # PERSIST would leave them in the folder, a write-ahead log until its next checkpoint, MEMORY survives no crash.
    database.execute("PRAGMA journal_mode = DELETE")
    database.execute("PRAGMA synchronous = NORMAL")
    # VACUUM copies everybody's records: not into a file outside the folder.
    database.execute("PRAGMA temp_store = MEMORY")


def blob_columns(columns: Mapping[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    """Table and name of every column of pictures and vectors."""
    return [(table, column.split()[0]) for table, own in columns.items() for column in own if column.endswith("BLOB")]


def clear_store(folder: Path) -> None:
    """Empty a store's folder, sub-folders included; the database goes last, so that a crash leaves it a store.

    Raises:
        BadInput: the folder holds files and none of them is a store's: nothing is deleted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    content = [path for path in folder.iterdir() if path.name != DATABASE]
    if content and not (folder / DATABASE).is_file():
        raise BadInput(folder, "folder", content[0].name, f"an empty folder, or one of a store, with {DATABASE}")
    for path in content:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    (folder / DATABASE).unlink(missing_ok=True)
