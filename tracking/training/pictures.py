"""A folder of labelled frames turned into what the detector sees: dimmed, at network size, held in one array."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.background import Background, dim
from tracking.errors import TrackingError

PICTURE_WIDTH, PICTURE_HEIGHT = 512, 288
"""Large enough that a part of it shows people as a store's frame at full size does."""
KEYPOINTS = 17
LABEL_COLUMNS = 4 + KEYPOINTS * 3


class BadTrainingData(TrackingError):
    """A folder of training pictures lacks something, or a label file cannot be read."""


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Dimmed pictures with their people.

    Args:
        images: (N, 288, 512, 3) uint8 BGR.
        people: per picture (n, 55) float32: box x, y of the centre, width, height, then 17 times x, y, visibility
            (0 not labelled, 1 hidden, 2 seen); all lengths as shares of the picture.
    """

    images: NDArray[np.uint8]
    people: list[NDArray[np.float32]]

    def __len__(self) -> int:
        """Number of pictures."""
        return len(self.images)


def load_pictures(data_dir: Path, split: str, progress: Callable[[int, int], None] | None = None) -> Pictures:
    """The pictures of one split of a data set folder, dimmed once and kept beside it as an array for the next time.

    The folder holds `images/SPLIT/NAME.jpg`, the empty view of each (see `empty_view`), and `labels/SPLIT/NAME.txt`
    in YOLO's pose format.

    Args:
        data_dir: the data set.
        split: `train` or `test`.
        progress: called with (done, all) while pictures are being prepared.

    Raises:
        BadTrainingData: no pictures, an unreadable picture, a missing empty view or a label of a wrong length.
    """
    files = labelled_files(data_dir, split)
    people = [read_labels(data_dir / "labels" / split / f"{file.stem}.txt") for file in files]
    cache = data_dir / f"dimmed-{split}.npy"
    if not _is_current(cache, files):
        _prepare(data_dir, split, files, cache, progress)
    return Pictures(np.load(cache, mmap_mode="r"), people)


def labelled_files(data_dir: Path, split: str) -> list[Path]:
    """The pictures of one split that have labels (a picture is written before them), by name.

    Raises:
        BadTrainingData: there are none.
    """
    labels = data_dir / "labels" / split
    files = [f for f in sorted((data_dir / "images" / split).glob("*.jpg")) if (labels / f"{f.stem}.txt").exists()]
    if not files:
        raise BadTrainingData(f"{data_dir / 'images' / split}: no .jpg pictures with labels")
    return files


def read_labels(file: Path) -> NDArray[np.float32]:
    """The people of one YOLO pose label file: (n, 55) float32, see `Pictures`.

    Raises:
        BadTrainingData: a row that is not a class, a box and 17 keypoints.
    """
    rows = [line.split() for line in file.read_text().splitlines() if line.strip()]
    for row in rows:
        if len(row) != LABEL_COLUMNS + 1:
            raise BadTrainingData(f"{file}: a row of {len(row)} values, allowed: {LABEL_COLUMNS + 1}")
    return np.array([row[1:] for row in rows], np.float32).reshape(-1, LABEL_COLUMNS)


def read_ignored(file: Path) -> NDArray[np.float32]:
    """(n, 5) float32: box x, y of the centre, width, height as shares, and visible share, of people who do not count.

    None where there is no such file.

    Raises:
        BadTrainingData: a row that is not a class, a box and a share.
    """
    rows = [line.split() for line in file.read_text().splitlines() if line.strip()] if file.exists() else []
    for row in rows:
        if len(row) != 6:
            raise BadTrainingData(f"{file}: a row of {len(row)} values, allowed: 6")
    return np.array([row[1:] for row in rows], np.float32).reshape(-1, 5)


def read_picture(file: Path) -> NDArray[np.uint8]:
    """One picture as (H, W, 3) uint8 BGR.

    Raises:
        BadTrainingData: it is missing or no picture.
    """
    image = cv2.imread(str(file))
    if image is None:
        raise BadTrainingData(f"{file}: missing or not a picture")
    return image  # type: ignore[return-value]


def empty_view(data_dir: Path, split: str, stem: str) -> Path:
    """Where the empty view of a picture lies: pictures `1-0002-c0-000`, `1-0002-c0-001`, ... share `1-0002-c0`."""
    return data_dir / "empties" / split / f"{stem.rpartition('-')[0] or stem}.jpg"


def memory_of(empty: NDArray[np.uint8]) -> Background:
    """A camera's memory that has seen one empty picture (H, W, 3)."""
    memory = Background()
    memory.learn(empty)
    return memory


def disturb(empty: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The empty view as a camera might misremember it: small patches moved, as items taken or shelves refilled.

    So the network learns that not everything new is a person.
    """
    height, width = empty.shape[:2]
    changed = empty.copy()
    for _ in range(rng.integers(0, 7) if rng.random() < 0.5 else 0):
        h, w = int(rng.integers(6, 34)), int(rng.integers(6, 34))
        (y, v), (x, u) = rng.integers(0, height - h, 2), rng.integers(0, width - w, 2)
        changed[y : y + h, x : x + w] = empty[v : v + h, u : u + w]
    return changed


def _is_current(cache: Path, files: list[Path]) -> bool:
    names = cache.with_suffix(".json")
    return cache.exists() and names.exists() and json.loads(names.read_text()) == [file.name for file in files]


def _prepare(
    data_dir: Path, split: str, files: list[Path], cache: Path, progress: Callable[[int, int], None] | None
) -> None:
    shape = (len(files), PICTURE_HEIGHT, PICTURE_WIDTH, 3)
    partial = cache.with_suffix(".partial.npy")
    images = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=shape)
    for i, file in enumerate(files):
        frame, empty = read_picture(file), read_picture(empty_view(data_dir, split, file.stem))
        if split == "train":
            empty = disturb(empty, np.random.default_rng(i))
        images[i] = cv2.resize(dim(frame, empty), (PICTURE_WIDTH, PICTURE_HEIGHT), interpolation=cv2.INTER_LINEAR)
        if progress:
            progress(i + 1, len(files))
    images.flush()
    partial.rename(cache)
    cache.with_suffix(".json").write_text(json.dumps([file.name for file in files]))


def shuffled_batches(count: int, batch: int, start: int, stop: int, seed: int) -> list[NDArray[np.intp]]:
    """Indices of the pictures shown from the `start`-th to the `stop`-th showing, in batches of `batch`.

    Every pass over the `count` pictures has an order of its own that depends on the seed and the pass alone, so that
    an interrupted training goes on where it stopped.
    """
    passes = range(start // count, math.ceil(stop / count))
    if start >= stop:
        return []
    order = np.concatenate([np.random.default_rng((seed, p)).permutation(count) for p in passes])
    shown = order[start - passes.start * count : stop - passes.start * count]
    return [shown[i : i + batch] for i in range(0, len(shown) - batch + 1, batch)]
