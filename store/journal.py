"""The journal: every event of the store in one append-only file, a JSON object a line, written at once.

It is the source of recovery after a crash and of the live view; a last line that a crash cut off is dropped. That a
visit has ended is on the disk before its bill is in the books, so that not even a power cut leaves a bill of which the
journal knows no reason.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from store.errors import BadInput
from store.events import ReceiptIssued, StoreEvent, VisitClosed, event_from_json


class Journal:
    """Appends events to a file; an event without an id of its own gets the number of its line (`e1`, `e2`, ...)."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lines = _mend(self.path)
        self._file = self.path.open("a", encoding="utf-8")

    def append(self, event: StoreEvent) -> None:
        """Writes one event and hands it to the operating system, and to the disk where money follows or has moved."""
        self._lines += 1
        row = {"id": f"e{self._lines}"} | event.to_json()
        self._write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")
        if isinstance(event, VisitClosed | ReceiptIssued):
            os.fsync(self._file.fileno())

    def _write(self, text: str) -> None:
        self._file.write(text)
        self._file.flush()

    def close(self) -> None:
        """Writes through to the disk and closes the file."""
        if not self._file.closed:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def __enter__(self) -> Self:
        """The journal itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Closes the file."""
        self.close()


def read_journal(path: Path | str) -> Iterator[StoreEvent]:
    """Events of a journal in order; BadInput where a line other than a cut-off last one is no event."""
    source = Path(path)
    try:
        lines = source.read_bytes().split(b"\n")
    except OSError as error:
        raise BadInput(source, "file", str(error), "a journal") from error
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            if number == len(lines):
                return
            raise BadInput(source, f"line {number}", _shown(line), "one JSON object a line") from error
        if not isinstance(row, dict):
            raise BadInput(source, f"line {number}", _shown(line), "one JSON object a line")
        yield event_from_json(row)


def _shown(line: bytes) -> str:
    return line[:60].decode("utf-8", "replace")


def _mend(path: Path) -> int:
    """Ends a last line of which only the line break is missing, cuts off one that is unfinished; counts the whole."""
    if not path.is_file():
        return 0
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with path.open("r+b") as file:
            if _is_whole(content[whole:]):
                file.seek(0, os.SEEK_END)
                file.write(b"\n")
                return content.count(b"\n") + 1
            file.truncate(whole)
    return content.count(b"\n")


def _is_whole(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
