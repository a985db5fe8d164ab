"""Labelled pictures from the simulation: people with boxes and keypoints, re-identification crops, whole runs.

`render_dataset` makes frames of random stores, `render_reid` crops of random people, each with a bodies' split so that
what is tested was never trained on; `export_run` renders a scenario as a tracking benchmark. `write_dataset` is all of
it, the command `aisle dataset`.
"""

from sim.dataset.command import write_dataset
from sim.dataset.pose_frames import render_dataset
from sim.dataset.reid_crops import render_reid
from sim.dataset.run_export import export_run

__all__ = ["export_run", "render_dataset", "render_reid", "write_dataset"]
