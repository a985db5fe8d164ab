"""The colour of a track, the same on the plan as in the annotated pictures."""

import colorsys


def track_colour(track: int) -> str:
    """The track's colour as `#rrggbb`."""
    red, green, blue = colorsys.hsv_to_rgb((track * 0.618034) % 1.0, 0.72, 0.78)
    return f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}"
