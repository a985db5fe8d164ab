"""What a shop knows at one moment, in one small file, so that a process that is killed goes on as if nothing happened.

The journal says what happened and the books say what was billed; neither says where a plate was at rest, who stood
where a second ago, or which other readings of the day are still possible. The file is replaced as a whole at the end of
a tick, holds nothing older than the shop itself remembers, and goes when the shop closes. It says how many lines the
journal had, so that what happened after it is found there. A file that is damaged, or of another version, counts as
missing: then the journal and the books alone decide (`store.recovery`).
"""

import io
import os
import pickle
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from typing import Any, Protocol

from store.attribution import Deed, Story
from store.events import HandLook, HandPosition, TrackPosition

_MAGIC = b"glass-aisle-checkpoint-2"

_ARRAYS = {
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}
_CONTAINERS = {("collections", "deque"), ("collections", "Counter"), ("builtins", "set"), ("builtins", "frozenset")}

Memory = dict[str, dict[str, Any]]
"""What each part of a shop remembers: attributes by name."""


class Part(Protocol):
    """A part of a shop; `FIXED` names the attributes that its constructor gives it and that never change."""

    FIXED: frozenset[str]


def memory_of(part: Part) -> dict[str, Any]:
    """What a part has come to know since it was made."""
    return {name: value for name, value in vars(part).items() if name not in part.FIXED}


def recall(part: Part, memory: dict[str, Any]) -> None:
    """Gives a new part what another one knew."""
    for name, value in memory.items():
        setattr(part, name, value)


@dataclass(frozen=True, slots=True)
class Moment:
    """A shop at the end of the tick at `t` seconds, when its journal had so many `lines`."""

    t: float
    lines: int
    memory: Memory


class Checkpoint:
    """The file; `every_s` is the longest time between two moments in which nothing happens, seconds."""

    def __init__(self, path: Path | str, every_s: float = 1.0) -> None:
        self.path, self.every_s = Path(path), every_s

    def save(self, moment: Moment) -> None:
        """Replaces the file; whoever is killed meanwhile leaves the old one."""
        content = zlib.compress(pack((moment.t, moment.lines, moment.memory)), 1)
        new = self.path.with_name(self.path.name + ".new")
        new.write_bytes(_MAGIC + zlib.crc32(content).to_bytes(4, "big") + content)
        os.replace(new, self.path)

    def load(self) -> Moment | None:
        """The last moment, None where there is none that can be read."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return None
        head, body = content[: len(_MAGIC) + 4], content[len(_MAGIC) + 4 :]
        if head != _MAGIC + zlib.crc32(body).to_bytes(4, "big"):
            return None
        try:
            t, lines, memory = unpack(zlib.decompress(body))
        except (pickle.UnpicklingError, AttributeError, TypeError, ValueError, EOFError, zlib.error):
            return None
        return Moment(t, lines, memory)

    def remove(self) -> None:
        """The shop has closed: nothing of this is needed any more."""
        self.path.unlink(missing_ok=True)


def pack(value: object) -> bytes:
    """Records, arrays and plain containers as bytes."""
    out = io.BytesIO()
    _Writer(out).dump(value)
    return out.getvalue()


def unpack(content: bytes) -> Any:
    """What `pack` was given; UnpicklingError where it holds anything else."""
    return _Reader(io.BytesIO(content)).load()


def _by_fields(record: type) -> Callable[[Any], tuple[Callable[..., Any], tuple[Any, ...]]]:
    values = attrgetter(*(spec.name for spec in fields(record)))
    return lambda one: (record, values(one))


_MANY: dict[type, Callable[[Any], tuple[Callable[..., Any], tuple[Any, ...]]]] = {
    record: _by_fields(record) for record in (TrackPosition, HandPosition, HandLook)
}


class _Writer(pickle.Pickler):
    """Writes the records of which there are many as calls of their type, ten times as fast as by their state."""

    def __init__(self, out: io.BytesIO) -> None:
        # Protocol 4 writes arrays by names that a reader can be held to.
        super().__init__(out, protocol=4)
        self.dispatch_table = _MANY


class _Reader(pickle.Unpickler):
    """Reads records of the store, arrays and plain containers; nothing that a file says is called."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _ARRAYS | _CONTAINERS:
            return getattr(import_module(module), name)
        if module.startswith("store.") and name.isidentifier():
            found = getattr(import_module(module), name)
            if isinstance(found, type) and is_dataclass(found):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no record of the store")


def flat(stories: Iterable[Story]) -> tuple[list[Any], list[Any]]:
    """Stories as plain rows, their deeds in one list, each naming the one before it by number: chains can be long."""
    number: dict[int, int] = {}
    deeds: list[Any] = []
    rows = []
    for story in stories:
        new = []
        for deed in story.deeds.back() if story.deeds else ():
            if id(deed) in number:
                break
            new.append(deed)
        for deed in reversed(new):
            before = None if deed.before is None else number[id(deed.before)]
            number[id(deed)] = len(deeds)
            deeds.append((deed.change, deed.visit, deed.items, deed.giver, before))
        last = None if story.deeds is None else number[id(story.deeds)]
        rows.append((story.log_w, story.carts, story.misplaced, story.bags, last))
    return deeds, rows


def unflat(kept: tuple[list[Any], list[Any]]) -> Iterator[Story]:
    """The stories of `flat`; deeds that several share are shared again."""
    deeds: list[Deed] = []
    for change, visit, items, giver, before in kept[0]:
        deeds.append(Deed(change, visit, items, giver, None if before is None else deeds[before]))
    for log_w, carts, misplaced, bags, last in kept[1]:
        yield Story(log_w, carts, misplaced, None if last is None else deeds[last], bags)
