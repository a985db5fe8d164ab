"""Erasing one person from a policy's store, with the proof, and with what is out of reach."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from store.errors import BadInput
from store.privacy.governance.audit import Witness
from store.privacy.keeping.kept_store import Forgets, KeptStore
from store.privacy.keeping.residue import residue


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure deleted and what it could not reach.

    `deleted`: records by table and holder. `searched`: number of names and of pieces of pictures and vectors that the
    byte search looked for in `files` files. `left`: what it found, one line each; empty when the person is gone.
    `outside`: records about the person that had left the store, by (recipient, kind). `others_outside`: recipients of
    this store of whose records no list by person is left.
    """

    deleted: Mapping[str, int]
    searched: int
    files: int
    left: tuple[str, ...]
    outside: Mapping[tuple[str, str], int]
    others_outside: tuple[str, ...]
    log: Witness


def erase_person(folder: Path, identity: str, holders: Sequence[Forgets] = ()) -> Erasure:
    """Erase an account or a visit from the store in a folder and search every byte of it afterwards.

    Raises:
        BadInput: there is no store, or it holds nothing of that account.
        AuditError: the store's audit log was tampered with.
    """
    if not (folder / "kept.sqlite").is_file():
        raise BadInput(folder, "folder", "no kept.sqlite", "the folder of a policy that was applied to the run")
    store = KeptStore.open(folder, holders=holders)
    try:
        known = sorted({str(row[0]) for row in store.rows("SELECT account FROM people")})
        if not any(store.knows(identity).values()):
            raise BadInput(folder, "account", identity, f"one that this store knows: {', '.join(known) or 'none'}")
        traces = store.traces(identity)
        marks = ", ".join("?" * len(traces.names))
        query = f"SELECT recipient, kind FROM disclosures WHERE person IN ({marks})"
        outside = Counter((str(recipient), str(kind)) for recipient, kind in store.rows(query, traces.names))
        told = {str(name) for row in store.made("disclosures") for name in row["recipients"]}
        deleted = store.erase(identity)
        log = store.audit.witness
    finally:
        store.close()
    return Erasure(
        deleted={table: count for table, count in deleted.items() if count},
        searched=len(traces.names) + len(traces.pieces),
        files=sum(path.is_file() for path in folder.rglob("*")),
        left=tuple(residue(folder, traces)),
        outside=dict(outside),
        others_outside=tuple(sorted(told - {recipient for recipient, _ in outside})),
        log=log,
    )
