"""Reads kept pictures of people as an attacker would: with the project's own re-identification network."""

from collections.abc import Sequence
from functools import cached_property
from hashlib import blake2b

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.embed import EMBEDDING_SIZE, ReidEmbedder, crops

PICTURES_AT_ONCE = 64


class NetworkReader:
    """JPEG pictures of one person each -> embeddings; a picture is read once, however many policies keep it.

    The network is loaded with the first picture, so that judging stores without pictures costs nothing.
    """

    def __init__(self) -> None:
        """Loads nothing yet."""
        self._read: dict[bytes, NDArray[np.float32]] = {}

    @cached_property
    def _embedder(self) -> ReidEmbedder:
        return ReidEmbedder()

    def describe(self, jpegs: Sequence[bytes]) -> NDArray[np.float32]:
        """One unit vector for each picture: (N, 128) float32; nan where the bytes are no picture."""
        names = [blake2b(jpeg, digest_size=16).digest() for jpeg in jpegs]
        new = {name: jpeg for name, jpeg in zip(names, jpegs, strict=True) if name not in self._read}
        for start in range(0, len(new), PICTURES_AT_ONCE):
            part = list(new)[start : start + PICTURES_AT_ONCE]
            self._read.update(zip(part, self._embed([new[name] for name in part]), strict=True))
        if not names:
            return np.zeros((0, EMBEDDING_SIZE), np.float32)
        return np.stack([self._read[name] for name in names])

    def _embed(self, jpegs: Sequence[bytes]) -> NDArray[np.float32]:
        pictures = [cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) for jpeg in jpegs]
        whole = [
            crops(np.asarray(picture, np.uint8), np.array([[0, 0, picture.shape[1], picture.shape[0]]]))[0]
            for picture in pictures
            if picture is not None
        ]
        vectors = np.full((len(jpegs), EMBEDDING_SIZE), np.nan, np.float32)
        if whole:
            vectors[[picture is not None for picture in pictures]] = self._embedder.embed_crops(np.stack(whole))
        return vectors
