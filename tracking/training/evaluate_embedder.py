"""How well an embedder finds the same person in another camera, among identities it never saw."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tracking.embed import Embedder, ReidEmbedder
from tracking.training.crops import Crops, load_crops


@dataclass(frozen=True, slots=True)
class EmbedderScore:
    """Cross-camera re-identification, fractions of one.

    Market-1501's protocol: for every query, the gallery without the query's own camera's pictures of that person.
    """

    identities: int
    queries: int
    gallery: int
    rank1: float
    """Share of queries whose nearest gallery picture shows the same person."""
    mean_ap: float
    """Mean average precision over the queries."""


def evaluate_embedder(data_dir: Path, weights: Path | None = None, embedder: Embedder | None = None) -> EmbedderScore:
    """Score an embedder on `data_dir/query` against `data_dir/bounding_box_test`.

    Args:
        data_dir: folder laid out as Market-1501.
        weights: of the network; None for the committed one.
        embedder: what to score instead of a network.

    Raises:
        MissingWeights: no network there.
        BadTrainingData: no pictures there.
    """
    embedder = embedder or ReidEmbedder(weights)
    queries, gallery = load_crops(data_dir / "query"), load_crops(data_dir / "bounding_box_test")
    similarity = _vectors(embedder, queries) @ _vectors(embedder, gallery).T
    hits, precisions = [], []
    for i in range(len(queries.images)):
        same = gallery.identities == queries.identities[i]
        usable = ~(same & (gallery.cameras == queries.cameras[i]))
        right = same[usable][np.argsort(-similarity[i][usable], kind="stable")]
        if right.any():
            hits.append(bool(right[0]))
            precisions.append(average_precision(right))
    identities = len(np.unique(queries.identities))
    return EmbedderScore(identities, len(hits), len(gallery.images), float(np.mean(hits)), float(np.mean(precisions)))


def average_precision(right: NDArray[np.bool_]) -> float:
    """Mean over the right answers of a ranking (N,) of the share of right answers up to each."""
    ranks = np.flatnonzero(right) + 1
    return float(np.mean(np.arange(1, len(ranks) + 1) / ranks)) if len(ranks) else 0.0


def _vectors(embedder: Embedder, crops: Crops) -> NDArray[np.float32]:
    height, width = crops.images.shape[1:3]
    whole = np.array([[0, 0, width, height]], np.float32)
    return np.concatenate([embedder.embed(image, whole) for image in crops.images])
