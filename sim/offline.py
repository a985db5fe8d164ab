"""The pass after closing time over a run's tracks: written beside the online ones and never in their place."""

from pathlib import Path

import pandas as pd

from sim.handover import floor_area_of
from sim.recorder import BODY_TABLE
from sim.run_folder import FLOOR_TRACK_COLUMNS, RunFolder, read_table, write_table
from tracking.offline import relink

NAME = "floor-offline.parquet"


def relink_run(run: RunFolder) -> list[Path]:
    """Writes `tracks/floor-offline.parquet` of every day from what tracking found, and nothing of the truth.

    Raises:
        BadInput: a file of the run is missing or wrong.
    """
    return [_relink_day(day) for day in run.days()]


def offline_tracks(day: RunFolder) -> pd.DataFrame:
    """One day's tracks after the offline pass; the columns of `RunFolder.floor_tracks`."""
    return read_table(day.path / "tracks" / NAME, FLOOR_TRACK_COLUMNS)


def _relink_day(day: RunFolder) -> Path:
    kept = day.path / "tracks" / "bodies.parquet"
    looks = read_table(kept, BODY_TABLE) if kept.is_file() else pd.DataFrame(columns=list(BODY_TABLE))
    path = day.path / "tracks" / NAME
    write_table(path, relink(day.floor_tracks(), looks, floor_area_of(day.plan())), FLOOR_TRACK_COLUMNS)
    return path
