"""Rules for embedders."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracking.conformance.rules import Rule, require
from tracking.conformance.sample import people, sample
from tracking.embed import Embedder


def _one_row_a_box(embedder: Embedder) -> None:
    rows = _rows(embedder, people())
    require(rows.ndim == 2 and len(rows) == len(people()), f"shape {rows.shape} for {len(people())} boxes")
    require(rows.dtype == np.float32, f"{rows.dtype}")
    width = _rows(embedder, people()[:1]).shape[1]
    require(width == rows.shape[1], f"{rows.shape[1]} numbers each for two people, {width} for one")


def _unit_vectors(embedder: Embedder) -> None:
    lengths = np.linalg.norm(_rows(embedder, people()), axis=1)
    require(bool(np.isfinite(lengths).all() and (np.abs(lengths - 1) < 1e-3).all()), f"lengths {lengths.tolist()}")


def _no_boxes(embedder: Embedder) -> None:
    rows = _rows(embedder, np.zeros((0, 4)))
    require(rows.ndim == 2 and len(rows) == 0, f"shape {rows.shape}")


def _rows_follow_boxes(embedder: Embedder) -> None:
    forth, back = _rows(embedder, people()), _rows(embedder, people()[::-1].copy())
    apart = float(np.abs(forth - back[::-1]).max())
    require(apart < 1e-2, f"rows differ by {apart:.3f} when the boxes come in another order")


def _looks_matter(embedder: Embedder) -> None:
    boxes = np.concatenate([people()[:2], people()[:1] + 2.0])
    first, second, again = _rows(embedder, boxes).astype(np.float64)
    require(
        float(first @ again) > float(first @ second),
        f"a person is {first @ again:.3f} like herself two pixels aside, {first @ second:.3f} like somebody else",
    )


def _edges_are_taken(embedder: Embedder) -> None:
    height, width = sample().shape[:2]
    boxes = np.array([(-30, -20, 40, 90), (width - 20, height - 50, width + 60, height + 40), (50, 50, 50.4, 50.4)])
    rows = _rows(embedder, boxes)
    require(bool(np.isfinite(rows).all()) and len(rows) == 3, f"shape {rows.shape}, finite: {np.isfinite(rows).all()}")


def _same_again(embedder: Embedder) -> None:
    apart = float(np.abs(_rows(embedder, people()) - _rows(embedder, people())).max())
    require(apart < 1e-5, f"a second call differs by {apart:.5f}")


def _frame_is_left_alone(embedder: Embedder) -> None:
    picture = np.array(sample())
    before = picture.copy()
    embedder.embed(picture, people().astype(np.float32))
    require(bool((picture == before).all()), "the frame was changed")


def _rows(embedder: Embedder, boxes: NDArray[np.floating]) -> NDArray[np.float32]:
    return embedder.embed(sample(), np.asarray(boxes, np.float32))


EMBEDDER_RULES = (
    Rule("gives one float32 row a box, all of one width", _one_row_a_box),
    Rule("gives unit vectors", _unit_vectors),
    Rule("takes no boxes", _no_boxes),
    Rule("gives its rows in the order of the boxes", _rows_follow_boxes),
    Rule("finds a person more like herself than like somebody else", _looks_matter),
    Rule("takes boxes that reach over the edge of the frame, or are next to nothing", _edges_are_taken),
    Rule("gives the same for the same", _same_again),
    Rule("leaves the frame as it is", _frame_is_left_alone),
)
