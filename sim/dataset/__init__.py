"""Labelled pictures from the simulation: people with boxes and keypoints, re-identification crops, whole runs.

`render_dataset` makes frames of random stores, `render_reid` crops of random people, each with a bodies' split so that
what is tested was never trained on.
"""

from sim.dataset.pose_frames import render_dataset
from sim.dataset.reid_crops import render_reid

__all__ = ["render_dataset", "render_reid"]
