"""The ledger of a run: a file in its folder, or books that other stores write to at the same time."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from store.book_copy import copy_shop
from store.errors import BadInput
from store.ledger import Ledger


def check_ledger(url: str | None) -> None:
    """Refuses a URL that opens no database; BadInput names it in one line."""
    if url is None:
        return
    if ":memory:" in url or url in ("sqlite://", "sqlite:///"):
        raise BadInput("command line", "--ledger", url, "a database that stays: sqlite:///FILE or postgresql://...")
    Ledger(url).close()


@contextmanager
def run_ledger(out: Path, url: str | None) -> Iterator[Ledger]:
    """The open ledger of a run into folder `out`.

    Without `url` it is `store.sqlite` there. Else the run is a shop of its own in the books behind `url`, named after
    its folder and a number that no other run has; when it ends, its part is copied to `store.sqlite`.
    """
    own = f"sqlite:///{out / 'store.sqlite'}"
    if url is None:
        ledger = Ledger(own)
        try:
            yield ledger
        finally:
            ledger.close()
        return
    ledger = Ledger(url, shop_name(out))
    try:
        yield ledger
    finally:
        copy = Ledger(own)
        try:
            copy_shop(ledger, copy)
        finally:
            copy.close()
            ledger.close()


def shop_name(out: Path) -> str:
    """A name for a run's shop in shared books, for example `corner-shop-seed7.1f0c94ab`."""
    days = out.parent.name == "days"
    folder = f"{out.parent.parent.name}-day{out.name}" if days else out.resolve().name
    plain = re.sub(r"[^A-Za-z0-9._-]", "-", folder).lstrip("0123456789._-") or "run"
    return f"{plain[:31]}.{uuid.uuid4().hex[:8]}"
