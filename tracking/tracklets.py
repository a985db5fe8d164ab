"""Tracklets: who is who from frame to frame within one camera, by DeepSORT with our own embeddings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from deep_sort_realtime.deepsort_tracker import DeepSort
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from tracking.box_filter import BoxFilter
from tracking.observation import Detection


class TrackletSettings(BaseModel):
    """How DeepSORT links the detections of one camera."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_age_frames: int = Field(default=8, ge=1, le=600, description="frames a tracklet survives unseen")
    max_cosine_distance: float = Field(default=0.35, gt=0, le=2, description="appearance gate, 1 - cosine")
    max_iou_distance: float = Field(default=0.7, gt=0, le=1, description="overlap gate, 1 - IoU")
    budget: int = Field(default=15, ge=1, le=1000, description="embeddings remembered for each tracklet")


class Tracklets:
    """The tracklets of one camera; make one for each camera.

    DeepSORT smooths boxes with a Kalman filter that lags behind whoever turns; here it only says which detections
    belong together, and places on the floor come from the detections themselves.
    """

    def __init__(self, settings: TrackletSettings | None = None) -> None:
        """Start with no tracklets."""
        settings = settings or TrackletSettings()
        # Without a budget the remembered embeddings, and the time to search them, grow all day.
        self._sort = DeepSort(
            max_age=settings.max_age_frames,
            max_cosine_distance=settings.max_cosine_distance,
            max_iou_distance=settings.max_iou_distance,
            n_init=2,
            nn_budget=settings.budget,
            embedder=None,
        )
        self._sort.tracker.kf = BoxFilter()

    def update(self, detections: Sequence[Detection], embeddings: NDArray[np.float32]) -> list[int | None]:
        """The tracklet of each detection of the next frame.

        Args:
            detections: people found in the frame, possibly none.
            embeddings: (N, D) float32 unit rows, one for each detection.

        Returns:
            One id for each detection, counted from 1 and never used twice; None for boxes without area.
        """
        usable = [k for k, found in enumerate(detections) if (found.box[2:] > found.box[:2]).all()]
        # Degenerate boxes are dropped here: DeepSORT would drop them too, and then pair the rest with wrong embeddings.
        rows = [(_left_top_size(detections[k]), float(detections[k].confidence), None) for k in usable]
        tracks = self._sort.update_tracks(rows, embeds=[embeddings[k] for k in usable], others=usable)
        ids: list[int | None] = [None] * len(detections)
        for track in tracks:
            # `others` is set only when a detection of this very frame belongs to the track.
            if track.time_since_update == 0 and track.others is not None:
                ids[track.others] = int(track.track_id)
        return ids


def _left_top_size(found: Detection) -> list[float]:
    left, top, right, bottom = (float(value) for value in found.box)
    return [left, top, right - left, bottom - top]
