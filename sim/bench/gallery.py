"""Face galleries measured: time, memory, disk and exactness of the project's own index, with its peers beside it.

Every index is built and measured in a process of its own, so that its memory is its own. Exactness is the share of
searches whose best match is the one that brute force finds, of captures of people in the gallery (mates) and of people
who are not (impostors): an impostor's best match is what makes wrong hits.
"""

import json
import multiprocessing
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from sim.bench.peers import FLAT, PEERS, parameters, usearch_module
from sim.errors import BadInput
from store.privacy.faces.gallery import Searchable, agreement, brute_force, cache_folder, stranger_chunks
from store.privacy.faces.gallery.codes import Ids
from store.privacy.faces.gallery.face_index import FaceIndex, processors, stored_bytes
from store.privacy.faces.matcher import DIMENSION, Matcher, Vectors, strangers
from store.privacy.intervals import wilson
from store.privacy.uses.rates import GALLERY_SEED

OURS = "glass-aisle"
PRESETS = ("2018-threshold-80", "2025-median", "2025-best")
LOSSES = (0.0, 1.0, 2.0)
"""Losses of quality of the mates' captures: well taken, the matchers' reference (kiosk), and worse."""
TIMED, BATCH, WARM_UP = 200, 256, 20
SLOW_FLAT, FEW = 1_000_000, 56
"""From this size on the flat index answers few searches only: it is brute force, and takes a second for each."""
FULL_FLAT_SHARE = 0.5
"""Share of the free memory that the flat index may take at a full size; it is left out beyond."""
SMALLEST = 2000


@dataclass(frozen=True, slots=True)
class Probes:
    """Probes (N, 128) in groups: mates by preset and loss of quality, then impostors; and the exact best matches."""

    vectors: Vectors
    groups: tuple[tuple[str, int, float], ...]
    exact: tuple[Vectors, Ids]


@dataclass(frozen=True, slots=True)
class Recall:
    """Share of a group's searches whose best match is exact, 95 % interval, and mean cosine to the mate (or best)."""

    group: str
    searches: int
    cosine: float
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What one index costs and how exact it is. Milliseconds are of one search for the best match."""

    index: str
    size: int
    build_s: float | None
    disk_bytes: int
    reopen_s: float
    warm_s: float
    rss_bytes: int
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    batch_ms: float
    mates: Recall
    impostors: Recall
    groups: tuple[Recall, ...]


def print_gallery_bench(
    sizes: Sequence[int], peers_size: int, probes: int, folder: Path | None, json_file: Path | None
) -> None:
    """Measure galleries of `sizes` people, and every peer at `peers_size` (0: none); print and write what was found.

    `folder`: where indexes are kept and found again; None: a temporary folder beside the cache.
    Raises `MissingLibrary` without usearch, `BadInput` for a size too small.
    """
    usearch_module()
    for size in (*sizes, *([peers_size] if peers_size else [])):
        if size < SMALLEST:
            raise BadInput("command line", "size", size, f"{SMALLEST} or more people")
    cache_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_folder(), prefix="bench-") as temporary:
        rows = measure(sizes, peers_size, probes, folder or Path(temporary), keep=folder is not None)
    console = Console(width=max(170, Console().width))
    console.print(index_table(rows))
    console.print(recall_table([row for row in rows if row.index == OURS]))
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    console.print(f"{processors()} processors, load {load}; graphs {parameters()}", highlight=False)
    if json_file is not None:
        content = {"processors": processors(), "load": os.getloadavg(), "rows": [asdict(row) for row in rows]}
        json_file.write_text(json.dumps(content, indent=1), encoding="utf-8")


def measure(sizes: Sequence[int], peers_size: int, count: int, folder: Path, keep: bool) -> list[Measured]:
    """Every row of the table: all peers at `peers_size`, the project's own and flat at each of the sizes.

    Indexes lie in `folder`; those found there are not built again, and `keep` leaves them there.
    """
    rows = []
    for size in sorted({*sizes, *([peers_size] if peers_size else [])}):
        probes = draw_probes(size, count)
        names = list(PEERS) if size == peers_size else [OURS, *([FLAT.name] if _flat_fits(size) else [])]
        for name in names:
            # A new process for each: what an earlier index left in memory must not count.
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
                rows.append(alone.submit(measure_one, name, size, probes, folder / f"{name}-{size}").result())
            if not keep:
                shutil.rmtree(folder / f"{name}-{size}", ignore_errors=True)
    return rows


def _flat_fits(size: int) -> bool:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return size <= SLOW_FLAT
    return size * 4 * DIMENSION < FULL_FLAT_SHARE * free


def draw_probes(size: int, count: int) -> Probes:
    """`count` captures of people in the gallery and `count` of people who are not, and their exact best matches."""
    rng = np.random.default_rng(size)
    kinds = [(preset, loss) for preset in PRESETS for loss in LOSSES]
    each = max(1, count // len(kinds))
    faces = _some(size, each * len(kinds), rng)
    vectors, groups = [], []
    for (preset, loss), own in zip(kinds, np.split(faces, len(kinds)), strict=True):
        captured = Matcher.of(preset).capture(own, loss, rng)
        vectors.append(captured)
        groups.append((f"{preset}, loss {loss:g}", each, float(np.mean(np.sum(captured * own, axis=1)))))
    vectors.append(strangers(count, rng))
    together = np.concatenate(vectors)
    exact = brute_force(together, stranger_chunks(size, GALLERY_SEED))
    groups.append(("impostors", count, float(np.mean(exact[0][-count:]))))
    return Probes(together, tuple(groups), exact)


def _some(size: int, count: int, rng: np.random.Generator) -> Vectors:
    """Faces of `count` people of the gallery, from all over it."""
    chosen, first, faces = np.sort(rng.choice(size, count, replace=False)), 0, []
    for rows in stranger_chunks(size, GALLERY_SEED):
        inside = chosen[(chosen >= first) & (chosen < first + len(rows))]
        faces.append(rows[inside - first])
        first += len(rows)
    return np.asarray(rng.permutation(np.concatenate(faces)), np.float32)


def measure_one(name: str, size: int, probes: Probes, folder: Path) -> Measured:
    """Build (unless it is there), reopen, search, and compare one index with brute force."""
    peer, built = PEERS[name], None
    if not folder.exists():
        draft, begun = folder.with_name(f"{folder.name}.draft"), time.perf_counter()
        shutil.rmtree(draft, ignore_errors=True)
        peer.build(stranger_chunks(size, GALLERY_SEED), size, draft)
        draft.rename(folder)
        built = time.perf_counter() - begun
    begun = time.perf_counter()
    index = peer.open(folder)
    index.search(probes.vectors[:1], 1)
    reopened = time.perf_counter()
    if isinstance(index, FaceIndex):
        index.warm()
    for row in range(WARM_UP):
        index.search(probes.vectors[row : row + 1], 1)
    warmed = time.perf_counter()
    few = name == FLAT.name and size > SLOW_FLAT
    p50, p95, cpu = _latency(index, probes, FEW if few else TIMED)
    batch = _batch_ms(index, probes.vectors[: FEW if few else BATCH])
    groups = _recalls(index, probes, FEW // len(probes.groups) if few else len(probes.vectors))
    return Measured(
        name, size, built, stored_bytes(folder), reopened - begun, warmed - reopened, _resident_bytes(),
        p50, p95, cpu, batch, _pooled("mates", groups[:-1]), groups[-1], groups,
    )  # fmt: skip


def _latency(index: Searchable, probes: Probes, count: int) -> tuple[float, float, float]:
    """Median and 95th percentile of wall milliseconds, and mean processor milliseconds, of one search at a time."""
    rng = np.random.default_rng(len(probes.vectors))
    spent, busy = [], time.process_time()
    for row in rng.choice(len(probes.vectors), min(count, len(probes.vectors)), replace=False):
        begun = time.perf_counter()
        index.search(probes.vectors[row : row + 1], 1)
        spent.append(1000 * (time.perf_counter() - begun))
    cpu = 1000 * (time.process_time() - busy) / len(spent)
    return float(np.median(spent)), float(np.quantile(spent, 0.95)), cpu


def _batch_ms(index: Searchable, probes: Vectors) -> float:
    begun = time.perf_counter()
    index.search(probes, 1)
    return 1000 * (time.perf_counter() - begun) / len(probes)


def _recalls(index: Searchable, probes: Probes, limit: int) -> tuple[Recall, ...]:
    """Exactness of each group's first `limit` searches."""
    found, first = [], 0
    for name, count, cosine in probes.groups:
        rows = slice(first, first + min(count, limit))
        first += count
        answers = index.search(probes.vectors[rows], 1)
        measured = agreement(answers, (probes.exact[0][rows], probes.exact[1][rows]))
        found.append(Recall(name, measured.searches, cosine, measured.best_match, *measured.interval))
    return tuple(found)


def _pooled(name: str, groups: Sequence[Recall]) -> Recall:
    searches = sum(group.searches for group in groups)
    right = round(sum(group.share * group.searches for group in groups))
    cosine = float(np.mean([group.cosine for group in groups]))
    return Recall(name, searches, cosine, right / searches, *wilson(right, searches))


def _resident_bytes() -> int:
    """Memory of this process that is in use, mapped files included (Linux; elsewhere its peak)."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def index_table(rows: Sequence[Measured]) -> Table:
    """One row an index and size; ratios are to the flat index of the same size."""
    table = Table(title="Face galleries, 128 dimensions", title_style="bold", title_justify="left")
    table.add_column("index", no_wrap=True)
    for column in (
        "size", "build s", "disk GB", "RSS GB", "reopen s", "warm-up s", "p50 ms", "p95 ms", "CPU ms", "batch ms",
        "mates exact", "impostors exact", "p50 / flat", "RSS / flat",
    ):  # fmt: skip
        table.add_column(column, justify="right")
    flat = {row.size: row for row in rows if row.index == FLAT.name}
    for row in rows:
        peer = flat.get(row.size)
        table.add_row(
            row.index,
            f"{row.size:,}",
            "kept" if row.build_s is None else f"{row.build_s:.1f}",
            f"{row.disk_bytes / 1e9:.2f}",
            f"{row.rss_bytes / 1e9:.2f}",
            *(f"{value:.2f}" for value in (row.reopen_s, row.warm_s, row.p50_ms, row.p95_ms, row.cpu_ms, row.batch_ms)),
            *(f"{part.share:.4f}" for part in (row.mates, row.impostors)),
            f"{row.p50_ms / peer.p50_ms:.4f}" if peer else "no flat",
            f"{row.rss_bytes / peer.rss_bytes:.2f}" if peer else "no flat",
        )
    return table


def recall_table(rows: Sequence[Measured]) -> Table:
    """Exactness of the project's own index by group of searches, with 95 % intervals."""
    table = Table(title="Exact best match by kind of search", title_style="bold", title_justify="left")
    table.add_column("searches of")
    table.add_column("mean cosine", justify="right")
    for row in rows:
        table.add_column(f"{row.size:,}", justify="right")
    for number, group in enumerate(rows[0].groups):
        cells = [f"{part.share:.4f} ({part.low:.4f}-{part.high:.4f})" for part in (row.groups[number] for row in rows)]
        table.add_row(group.group, f"{group.cosine:.2f}", *cells)
    return table
