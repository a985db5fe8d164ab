"""The colour of a track, the same on the plan as in the annotated pictures."""

from tracking.annotate import track_colour as track_bgr


def track_colour(track: int) -> str:
    """The track's colour as `#rrggbb`."""
    blue, green, red = track_bgr(track)
    return f"#{red:02x}{green:02x}{blue:02x}"
